//! Who hears: subscription index and read points

//! The composition root: configuration in, running node out

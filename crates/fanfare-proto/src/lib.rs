//! The words of Fanfare and the protocols that carry them

//! Where messages are ordered and kept

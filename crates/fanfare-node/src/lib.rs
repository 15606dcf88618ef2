//! One running node: commit thread, tail, catch-up, sessions

//! Sockets: the acceptor, the front, held-open sessions

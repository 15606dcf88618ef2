//! WebSocket (RFC 6455) with permessage-deflate (RFC 7692), the server's side, without sockets: bytes in, messages
//! and violations out; messages in, frames out.
//!
//! A session that receives nothing costs no buffer: bytes are lent to [`Decoder`], which keeps what belongs to an
//! unfinished message only. Frames are the same for every reader, and a message is compressed once: both sides
//! forget the context after each message.

mod close;
mod decoder;
mod deflate;
mod extension;
mod frame;
mod handshake;

mod text;

pub use close::CloseCode;
pub use decoder::{Decoder, Received, Violation};
pub use deflate::{Deflater, Inflater};
pub use extension::Compression;
pub use frame::{Opcode, close_frame, frame};
pub use handshake::{Handshake, SUBPROTOCOL};

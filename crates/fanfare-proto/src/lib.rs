//! The words of Fanfare and the protocols that carry them.
//!
//! Every other crate speaks in these types. Nothing here opens a socket, reads a file or asks a clock:
//! bytes and times are arguments. The parts:
//!
//! - names: [`Channel`], [`Pattern`];
//! - places: [`Position`], [`Epoch`], [`LogId`], [`Mark`], [`Cursor`], [`Time`];
//! - what is said: [`Publish`], [`Message`], [`Content`], [`Event`], [`Gap`];
//! - what is asked: [`Request`], [`Command`], [`Subscribe`], [`Start`], [`History`], [`Selection`];
//! - what is answered: [`Reply`], [`Receipt`], [`HistoryPage`];
//! - what bytes mean: [`protocol`], [`Wire`], [`websocket`];
//! - rules: [`Namespace`], [`Grant`], [`limits`];
//! - refusals: [`Code`], [`Refusal`].

mod accept;
mod answer;
mod channel;
mod chunk;
mod code;
mod command;
mod cursor;
mod door;
mod duration;
mod encoder;
mod envelope;
mod event;
mod form;
mod grant;
mod head;
mod json;
pub mod limits;
mod media;
mod message;
mod name;
mod namespace;
mod origins;
mod pattern;
mod percent;
mod position;
pub mod problem;
pub mod protocol;
mod query;
mod quote;
mod reply;
mod request;
mod response;
mod route;
mod selection;
mod session;
mod start;
mod time;
mod unknown;
pub mod websocket;
mod wire;

pub use accept::{Accept, Wanted};
pub use answer::{HistoryPage, Receipt};
pub use channel::Channel;
pub use chunk::Chunks;
pub use code::{Code, Refusal, Retry};
pub use command::{Command, History, Start, Subscribe};
pub use cursor::{Cursor, CursorError, CursorPart};
pub use door::{BARE_PARAMETERS, Batch, LATER_FIELDS, read_bare, read_batch};
pub use duration::parse_duration;
pub use encoder::Encoder;
pub use envelope::envelope;
pub use event::{Event, Gap, GapReason, Greeting};
pub use form::Form;
pub use grant::Grant;
pub use head::{BodyLength, Head, Version};
pub use message::{Content, Message, Publish, TagValue, Tags};
pub use name::NameError;
pub use namespace::{Keeping, Namespace, NamespaceId, Namespaces, Retention};
pub use origins::Origins;
pub use pattern::Pattern;
pub use percent::decode_path;
pub use position::{Epoch, LogId, LogSet, Mark, Position};
pub use protocol::ProtocolId;
pub use query::Query;
pub use reply::Reply;
pub use request::{Request, RequestId};
pub use response::{answer_head, no_content, refusal_response, refuse, stream_head};
pub use route::{Hold, LATER_PARAMETERS, RESERVED, Route, route};
pub use selection::Selection;
pub use session::SessionId;
pub use time::{HttpDate, Time};
pub use unknown::unknown_field;
pub use wire::{Framing, Wire};

//! Publishing many lines: read ahead a little, sent in batches, in order, each with an id, so that what is sent
//! again is not said twice.

mod batch;
mod fields;
mod given;
mod intake;
mod lines;
mod sender;

pub use batch::Shape;
pub use fields::Fields;
pub use given::given;
pub use intake::{End, Intake};
pub use lines::read_lines;
pub use sender::Sender;

//! Sources: what brings messages in from elsewhere.
//!
//! - [`Source`]: what is asked for messages from time to time; one file each;
//! - [`Sources`]: the one loop that asks them, and publishes what they have.

mod host;
mod pull;
mod source;

pub use host::Host;
pub use pull::Sources;
pub use source::Source;

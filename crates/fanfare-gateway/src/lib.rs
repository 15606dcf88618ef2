//! Gateways: what messages leave by to somebody else's service.
//!
//! - [`Gateway`]: how one service is given something; one file each, the first is [`WebhookGateway`];
//! - [`Deliveries`]: the one loop over all targets, each a cursor in the log of its own.

mod deliveries;
mod gateway;
mod shared;
mod signature;
mod unit;
mod walk;
mod webhook;

pub use deliveries::Deliveries;
pub use gateway::{Delivering, Delivery, Gateway, Outcome};
pub use shared::Options;
pub use webhook::WebhookGateway;

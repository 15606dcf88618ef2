//! Publish and hear on a Fanfare server, over whatever transport gets through.
//!
//! ```no_run
//! # async fn example() -> Result<(), fanfare_client::Error> {
//! use fanfare_client::{Client, Event};
//!
//! let client = Client::new("http://localhost:8080")?;
//! client.publish("ops/deploys", "deploy finished").key("web-1").await?;
//!
//! let mut subscription = client.subscribe(["ops/**"]).last(10).start();
//! while let Some(event) = subscription.next().await {
//!     match event? {
//!         Event::Message(message) => println!("{} {:?}", message.channel, message.text()),
//!         Event::Gap(gap) => eprintln!("{gap}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A subscription is a cursor and a connection. The connection may end at any time and is opened again, on another
//! transport if need be: what is heard goes on after the cursor, so nothing is missing and nothing comes twice.
//!
//! - [`Client`]: one server; [`Publishing`], [`PageRequest`]: what is asked of it once;
//! - [`Scheduling`], [`Scheduled`], [`SchedulesPage`]: what is for later; [`Condition`]: when something holds;
//! - [`AckedReader`], [`AckedReadersPage`]: readers whose place the server keeps;
//! - [`Webhook`], [`WebhookHealth`]: who is sent messages; [`Presence`], [`Member`]: who is there;
//! - [`Subscription`], [`Event`], [`State`], [`Transport`]: what is heard for long;
//! - [`Message`], [`Gap`], [`Receipt`], [`Page`], [`ChannelInfo`]: what it answers;
//! - [`Error`], [`Refusal`], [`Backoff`]: what went wrong, and when to try again.
//!
//! Deliberately not here: a file of cursors (keep [`Subscription::cursor`]), and what the wire looks like, which
//! `docs/wire.md` says.

mod address;
mod answer;
mod backoff;
mod client;
mod condition;
mod connection;
mod ear;
mod error;
mod hand;
mod held;
mod message;
mod pages;
mod presence;
mod publish;
mod reach;
mod reader;
mod schedule;
mod subscription;
mod target;
mod transport;
mod wanted;
mod webhook;

pub use answer::{ChannelInfo, Page, Receipt};
pub use backoff::Backoff;
pub use client::Client;
pub use condition::Condition;
pub use ear::{Event, Start, State};
pub use error::{Error, Refusal};
pub use fanfare_proto::Retry;
pub use message::{Gap, Message};
pub use pages::PageRequest;
pub use presence::{Member, Presence};
pub use publish::{Publishing, Scheduling};
pub use reader::{AckedReader, AckedReadersPage};
pub use schedule::{DamagedSchedule, Scheduled, SchedulesPage};
pub use subscription::{Subscribing, Subscription};
pub use transport::Transport;
pub use webhook::{Webhook, WebhookHealth};

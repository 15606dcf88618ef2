//! The node's door for who is present.

use crate::Node;
use fanfare_proto::{Attendance, Channel, Grant, Pattern, Refusal};
use std::time::Duration;

impl Node {
    /// Who is present on a channel.
    pub fn presence(&self, grant: &Grant, channel: &Channel) -> Result<Attendance, Refusal> {
        let pattern = Pattern::from(channel);
        self.logs_for(grant, [&pattern])?;
        Ok(self.inner().crowds.look(channel, self.now()))
    }

    /// From now on, a member whose last session has ended is present so much longer.
    pub fn set_presence_grace(&self, grace: Duration) {
        self.inner().crowds.set_grace(grace, self.now());
    }
}

//! Dead letters: what somebody could not be given, for whoever looks for it.

use fanfare_proto::{Channel, Code, Content, Message, Publish, Refusal, TagValue};

/// Where the dead letters of a reader or a webhook are.
pub(crate) fn channel(reader: &str) -> Result<Channel, Refusal> {
    let channel = Channel::parse(&format!("$dead/{reader}"));
    channel.map_err(|error| Refusal::new(Code::BAD_NAME, error.to_string()))
}

/// A message for `$dead/<reader>`, as it was, with tags that say where from and why. The same message of the same reader goes
/// there once.
pub(crate) fn dead_letter(
    reader: &str,
    message: &Message,
    delivery: &str,
    why: &str,
) -> Result<Publish, Refusal> {
    let channel = channel(reader)?;
    // In its channel it amended a message; here it is one that says so.
    let mut content = Content { amends: None, became: None, ..message.content.clone() };
    if let Some(amends) = message.content.amends {
        let target = TagValue::Number(amends.target().0 as f64);
        content.tags.insert(format!("dead_{}", amends.field()).into(), target);
    }
    for (name, value) in
        [("dead_channel", message.channel.as_str()), ("dead_delivery", delivery), ("dead_why", why)]
    {
        content.tags.insert(name.into(), TagValue::Text(value.into()));
    }
    let id = Some(format!("{reader}/{delivery}").into());
    Ok(Publish { channel, id, when: None, ttl: None, content })
}

//! Dead letters: what somebody could not be given, for whoever looks for it.

use fanfare_proto::{Channel, Code, Message, Publish, Refusal, TagValue};

/// A message for `$dead/<reader>`, as it was, with tags that say where from and why. The same message of the same reader goes
/// there once.
pub(crate) fn dead_letter(
    reader: &str,
    message: &Message,
    delivery: &str,
    why: &str,
) -> Result<Publish, Refusal> {
    let channel = Channel::parse(&format!("$dead/{reader}"));
    let channel = channel.map_err(|error| Refusal::new(Code::BAD_NAME, error.to_string()))?;
    let mut content = message.content.clone();
    for (name, value) in
        [("dead_channel", message.channel.as_str()), ("dead_delivery", delivery), ("dead_why", why)]
    {
        content.tags.insert(name.into(), TagValue::Text(value.into()));
    }
    let id = Some(format!("{reader}/{delivery}").into());
    Ok(Publish { channel, id, when: None, ttl: None, content })
}

//! Whether a message may edit or delete an earlier one, and what an edit has of it (design rule 11).
//!
//! This is asked by whoever has the right to write the log, so nothing changes between the answer and the append.

use fanfare_proto::{Amends, Code, Message, Publish, Refusal, Time, target_gone};
use fanfare_store::{Draft, Original};

/// Judges what a message says of an earlier one. An edit that names no key keeps that of its original. Answers when it expires,
/// if it does not say: when the original does, as the edits before have it.
///
/// `found` is what was there, `batch` what is appended before it in the same transaction.
pub(crate) fn judge(
    publish: &mut Publish,
    found: Option<&Original>,
    publisher: Option<&str>,
    batch: &[Draft],
    now: Time,
) -> Result<Option<Time>, Refusal> {
    let Some(amends) = publish.content.amends else { return Ok(None) };
    let before = batch.iter().rev().find(|draft| {
        draft.channel == publish.channel && draft.content.amends.map(Amends::target) == Some(amends.target())
    });
    let expires = before.map_or(found.and_then(|found| found.expires), |before| before.expires);
    let original = original(found, publish, amends, expires.is_some_and(|expires| expires <= now))?;
    if before.is_some_and(|before| matches!(before.content.amends, Some(Amends::Deletes(_)))) {
        return Err(target_gone(amends, &format!("was deleted; {}", next_of(amends))));
    }
    if original.publisher.is_some() && original.publisher.as_deref() != publisher {
        let detail = format!(
            "{}: message {} is somebody else's; only who published it may edit or delete it",
            amends.field(),
            amends.target()
        );
        return Err(Refusal::new(Code::FORBIDDEN, detail));
    }
    let Amends::Replaces(_) = amends else { return Ok(None) };
    let key = &original.content.key;
    if publish.content.key.as_ref().is_some_and(|said| Some(said) != key.as_ref()) {
        let detail = format!(
            "key: message {} has {}, and an edit keeps it; leave `key` out",
            amends.target(),
            key.as_ref().map_or("no key".to_owned(), |key| format!("the key `{key}`"))
        );
        return Err(Refusal::new(Code::BAD_FIELD, detail));
    }
    publish.content.key.clone_from(key);
    Ok(expires)
}

/// What to do where nothing is left of the original.
fn next_of(amends: Amends) -> &'static str {
    match amends {
        Amends::Replaces(_) => "publish a new one instead",
        Amends::Deletes(_) => "there is nothing left to delete",
    }
}

/// The original that is named, if it still is there.
fn original<'a>(
    found: Option<&'a Original>,
    publish: &Publish,
    amends: Amends,
    is_expired: bool,
) -> Result<&'a Message, Refusal> {
    let target = amends.target();
    let next = next_of(amends);
    // The text of what has expired is there until it is let go: a delete takes it.
    let there = |_: &&Original| matches!(amends, Amends::Deletes(_)) || !is_expired;
    let Some(Original { message, .. }) = found.filter(there) else {
        let why = format!(
            "is not in `{}`: it never was, it has expired, or it was let go; {next}",
            publish.channel
        );
        return Err(target_gone(amends, &why));
    };
    if let Some(Amends::Deletes(other)) = message.content.amends {
        let detail =
            format!("{}: message {target} is itself the delete of message {other}; {next}", amends.field());
        return Err(Refusal::new(Code::NOT_ORIGINAL, detail));
    }
    if let Some(other) = message.content.amends {
        let detail = format!(
            "{}: message {target} is itself one that `{}` message {}; name that one",
            amends.field(),
            other.field(),
            other.target()
        );
        return Err(Refusal::new(Code::NOT_ORIGINAL, detail));
    }
    if message.content.is_erased() {
        return Err(target_gone(amends, &format!("was deleted; {next}")));
    }
    Ok(message)
}

//! What each reader must have heard.

use crate::reader::{Heard, Reader};
use crate::talker::selects;
use crate::wants::passes;
use crate::world::{CHANNELS, Manner, Published, SELECTIONS};

/// Every message that a reader wants comes once and in order, or is in a gap that was told, or a newer one stands for it.
pub fn check(reader: &Reader, published: &[Published]) {
    let context = || format!("selection {:?}, heard {:#?}", SELECTIONS[reader.selection], reader.heard);
    let (mut gaps, mut epoch) = (Vec::new(), false);
    let mut heard = vec![0; published.len()];
    let mut newest = [0; 16];
    for (at, event) in reader.heard.iter().enumerate() {
        match event {
            Heard::Gap { from, to, reason } => {
                gaps.push((*from, *to));
                epoch |= reason == "epoch";
            }
            Heard::Message { channel, position, body } => {
                let found = published.iter().position(|published| published.body == *body);
                let index = found.unwrap_or_else(|| panic!("{body} was never published"));
                assert_eq!(
                    (published[index].position, CHANNELS[published[index].channel]),
                    (*position, &**channel)
                );
                let (removed, before) = &reader.removed;
                assert!(at < *before || !removed.contains(body), "was removed: {body}; {}", context());
                let wanted = selects(reader.selection, published[index].channel)
                    && passes(reader.filter, index, &published[index]);
                assert!(wanted, "not wanted: {body}; {}", context());
                // Positions of a live log begin anew with each start of the server.
                assert!(newest[published[index].channel] <= index, "out of order: {body}; {}", context());
                newest[published[index].channel] = index + 1;
                heard[index] += 1;
            }
        }
    }
    let wanted = |(index, message): &(usize, &Published)| {
        selects(reader.selection, message.channel) && passes(reader.filter, *index, message)
    };
    for (index, message) in published.iter().enumerate().filter(wanted) {
        assert!(heard[index] <= 1, "twice: {}; {}", message.body, context());
        assert!(
            index >= reader.allowed || heard[index] == 0,
            "before its start: {}; {}",
            message.body,
            context()
        );
        let told = gaps.iter().any(|(from, to)| (*from..=*to).contains(&message.position));
        // What was live when a server ended is gone: who had begun before is told that.
        let gone = message.gone && (epoch || index < reader.gone_before);
        let superseded = || {
            let later = published.iter().enumerate().skip(index + 1).filter(|other| wanted(other));
            let mut later =
                later.filter(|(_, other)| (other.channel, other.key) == (message.channel, message.key));
            match reader.manner {
                Manner::Everything => false,
                Manner::InTicks => message.key > 0 && later.next().is_some(),
                Manner::FromLatest => later.next().is_some_and(|(other, _)| other < reader.latest_until),
            }
        };
        let lost = index >= reader.wanted && heard[index] == 0 && !told && !gone && !superseded();
        assert!(!lost, "lost silently: {index} at {}; {}", message.position, context());
    }
}

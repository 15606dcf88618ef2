//! An export: messages as lines, each whole or not there.

use super::fingerprint::fingerprint;
use super::target::Target;
use super::trouble::of_store;
use crate::failure::Failure;
use crate::showing::Bar;
use crate::stderr::tell;
use fanfare_proto::{
    Cursor, CursorPart, Epoch, LogId, Message, Pattern, Position, Selection, View, archive_line, limits,
};
use fanfare_store::{Look, Order, Piece, Read as ReadPage, StoreError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is exported.
pub struct Chosen {
    selection: Selection,
    /// What each line says of it; nothing if it is everything.
    name: Option<String>,
}

impl Chosen {
    /// What these patterns mean; without any, everything.
    pub fn new(patterns: Vec<Pattern>, look: &Look) -> Result<Chosen, StoreError> {
        if patterns.is_empty() {
            let selection = look.everything()?.viewed(Some(View::Current));
            return Ok(Chosen { selection, name: None });
        }
        let mut texts: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
        texts.sort_unstable();
        texts.dedup();
        let name = Some(fingerprint(texts.join("\n").as_bytes()));
        Ok(Chosen { selection: Selection::new(patterns).viewed(Some(View::Current)), name })
    }

    /// What it is known by, unless it is everything.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// What an export came to.
#[derive(Debug, Default)]
pub struct Export {
    /// Messages written.
    pub messages: u64,
    /// Everything up to here is written.
    pub through: Position,
    /// Ranges of positions that could not be read, and one if the newest are lost.
    pub unreadable: u64,
}

impl Export {
    /// Writes what a store has of a selection after a place, up to where its log ends now.
    pub fn run(
        store: &Path,
        look: &mut Look,
        chosen: Chosen,
        after: Position,
        mut target: Target,
    ) -> Result<Export, Failure> {
        let failed = |error| of_store(store, error);
        let (head, epoch) = (look.head().map_err(failed)?, look.epoch());
        let (messages, bytes, order) = (limits::EXPORT_MESSAGES, limits::COMMIT_BYTES, Order::Forward);
        let Chosen { selection, name } = chosen;
        let mut read = ReadPage { selection, from: after, began: Position::START, order, messages, bytes };
        let mut export = Export { through: after, ..Export::default() };
        if let Some(lost) = look.lost() {
            tell(format_args!("warning: the store has lost messages: {lost}"));
            export.unreadable += 1;
        }
        let written = Arc::new(AtomicU64::new(after.0));
        target.on_interrupt(written.clone())?;
        let (mut bar, mut lines) = (Bar::new(), Vec::new());
        while read.from < head {
            bar.count("exporting", read.from.0 - after.0, head.0 - after.0);
            match look.next(&read).map_err(failed)? {
                Piece::Page(page) => {
                    let begins = read.from == after && after > Position::START;
                    if let Some(gap) = page.gap.filter(|_| begins) {
                        tell(format_args!(
                            "warning: of what came after {} something is gone, up to {} ({})",
                            gap.from,
                            gap.to,
                            gap.reason.name()
                        ));
                    }
                    for message in page.messages.iter().filter(|message| is_exported(message, head)) {
                        export.messages += 1;
                        line(message, epoch, name.as_deref(), &mut lines);
                    }
                    target.write(&lines)?;
                    lines.clear();
                    read.from = page.through;
                }
                Piece::Unreadable { from, to, why } => {
                    tell(format_args!("warning: after {from} nothing up to {to} can be read: {why}"));
                    export.unreadable += 1;
                    read.from = to;
                }
            }
            export.through = read.from.min(head);
            written.store(export.through.0, Relaxed);
        }
        target.finish(export.unreadable)?;
        Ok(export)
    }
}

/// Edits are in their originals.
fn is_exported(message: &Message, head: Position) -> bool {
    message.position <= head && message.content.amends.is_none()
}

fn line(message: &Message, epoch: Epoch, selection: Option<&str>, lines: &mut Vec<u8>) {
    let place = CursorPart { log: LogId::KEPT, epoch, position: message.position };
    archive_line(message, &Cursor::new([place]), selection, lines);
    lines.push(b'\n');
}

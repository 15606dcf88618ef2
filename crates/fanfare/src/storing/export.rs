//! The file of an export: a message a line, each whole or not there, so that an interrupted one can be gone on with.

use super::trouble::of_store;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::showing::Bar;
use crate::stderr::tell;
use fanfare_proto::{
    Cursor, CursorPart, LogId, Message, Position, Selection, archive_line, limits, read_archive_line,
};
use fanfare_store::{Look, Order, Piece, Read as ReadPage};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes read at once when looking for the last line of a file.
const BLOCK: u64 = 64 * 1024;

/// Where lines go.
pub enum Target {
    /// Whoever reads stdout.
    Stdout,
    /// A file; what is in it stays.
    File(PathBuf, File),
}

impl Target {
    /// A new file, which only this user may read, or one to be replaced.
    pub fn create(path: &Path, replace: bool) -> Result<Target, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(replace).create_new(!replace).mode(0o600);
        match options.open(path) {
            Ok(file) => Ok(Target::File(path.to_owned(), file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = format!("{} exists already, and was left as it is", path.display());
                let next = "--resume goes on after its last line; --force replaces it";
                Err(Failure::new(Exit::FAILED, what).next(next))
            }
            Err(error) => Err(trouble(path, &error)),
        }
    }

    /// A file to go on with, and the cursor of its last whole line; what follows that is cut off.
    pub fn resume(path: &Path) -> Result<(Target, Option<Cursor>), Failure> {
        let failed = |error| trouble(path, &error);
        let mut file = OpenOptions::new().read(true).append(true).open(path).map_err(failed)?;
        let end = file.metadata().map_err(failed)?.len();
        let Some((line, end)) = last_line(&mut file, end).map_err(failed)? else {
            file.set_len(0).map_err(failed)?;
            return Ok((Target::File(path.to_owned(), file), None));
        };
        let foreign = |why: &str| {
            let what = format!("the last line of {} is not of an export: {why}", path.display());
            Failure::new(Exit::FAILED, what).next("export to another file")
        };
        let text = std::str::from_utf8(&line).map_err(|_| foreign("it is not UTF-8"))?;
        let read = read_archive_line(text).map_err(|refusal| foreign(&refusal.detail))?;
        let cursor = read.cursor.ok_or_else(|| foreign("it has no `cursor`"))?;
        file.set_len(end).map_err(failed)?;
        Ok((Target::File(path.to_owned(), file), Some(cursor)))
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), Failure> {
        match self {
            Target::Stdout => {
                io::stdout().lock().write_all(lines).map_err(|error| Failure::of_output(&error))
            }
            Target::File(path, file) => file.write_all(lines).map_err(|error| trouble(path, &error)),
        }
    }

    fn finish(&mut self) -> Result<(), Failure> {
        match self {
            Target::Stdout => io::stdout().lock().flush().map_err(|error| Failure::of_output(&error)),
            Target::File(path, file) => file.sync_all().map_err(|error| trouble(path, &error)),
        }
    }
}

fn trouble(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::io(format_args!("{} cannot be written", path.display()), error);
    match error.kind() {
        io::ErrorKind::StorageFull => failure.next("make room on the disk; --resume goes on where it ended"),
        _ => failure,
    }
}

/// The last line that has an end, without it, and where the next one begins.
fn last_line(file: &mut File, end: u64) -> io::Result<Option<(Vec<u8>, u64)>> {
    let (mut tail, mut start) = (Vec::new(), end);
    loop {
        if let Some(last) = tail.iter().rposition(|byte| *byte == b'\n') {
            let before = tail[..last].iter().rposition(|byte| *byte == b'\n');
            if let Some(first) = before.map(|before| before + 1).or((start == 0).then_some(0)) {
                return Ok(Some((tail[first..last].to_vec(), start + last as u64 + 1)));
            }
        }
        if start == 0 || tail.len() > limits::ARCHIVE_LINE_BYTES {
            return Ok(None);
        }
        let from = start.saturating_sub(BLOCK);
        let mut block = vec![0; usize::try_from(start - from).unwrap_or_default()];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut block)?;
        block.append(&mut tail);
        (tail, start) = (block, from);
    }
}

/// What an export came to.
#[derive(Debug, Default)]
pub struct Export {
    /// Messages written.
    pub messages: u64,
    /// Everything up to here is written.
    pub through: Position,
    /// Ranges of positions that could not be read.
    pub unreadable: u64,
}

impl Export {
    /// Writes what a store has of a selection after a place, up to where its log ends now.
    pub fn run(
        store: &Path,
        look: &mut Look,
        selection: Selection,
        after: Position,
        mut target: Target,
    ) -> Result<Export, Failure> {
        let failed = |error| of_store(store, error);
        let (head, epoch) = (look.head().map_err(failed)?, look.epoch());
        let (messages, bytes, order) = (limits::EXPORT_MESSAGES, limits::COMMIT_BYTES, Order::Forward);
        let mut read = ReadPage { selection, from: after, order, messages, bytes };
        let mut export = Export { through: after, ..Export::default() };
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
                    for message in page.messages.iter().filter(|message| message.position <= head) {
                        export.messages += 1;
                        line(message, epoch, &mut lines);
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
        }
        target.finish()?;
        Ok(export)
    }
}

fn line(message: &Message, epoch: fanfare_proto::Epoch, lines: &mut Vec<u8>) {
    let place = CursorPart { log: LogId::KEPT, epoch, position: message.position };
    archive_line(message, &Cursor::new([place]), None, lines);
    lines.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_is_found_wherever_blocks_end() {
        let long = "x".repeat(BLOCK as usize);
        for (text, found) in [
            ("", None),
            ("cut", None),
            ("\n", Some(("", 1))),
            ("one\n", Some(("one", 4))),
            ("one\ntwo\ncut", Some(("two", 8))),
            (&format!("one\n{long}\n{long}"), Some((&*long, 5 + BLOCK))),
            (&format!("{}\nlast\n", &long[..long.len() - 5]), Some(("last", BLOCK + 1))),
        ] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let last = last_line(&mut file, text.len() as u64).unwrap();
            assert_eq!(last, found.map(|(line, end)| (line.as_bytes().to_vec(), end)));
        }
    }
}

//! An export that was begun, and is to be gone on with. Nothing is cut off that may be something else.

use super::target::{Target, trouble};
use crate::exit::Exit;
use crate::failure::Failure;
use fanfare_proto::{Archived, Cursor, limits, read_archive_line};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes read at once when looking for the last line of a file.
const BLOCK: u64 = 64 * 1024;
/// Bytes of a line that was cut which say what it is: a channel of the longest name, and what follows it.
const HEAD: u64 = 4 * 1024;

/// The file of an export.
pub struct Begun {
    path: PathBuf,
    file: File,
    /// Where the next line begins; what is there was cut.
    end: u64,
    /// The last whole line.
    last: Option<Last>,
}

struct Last {
    cursor: Cursor,
    selection: Option<Box<str>>,
}

impl Begun {
    /// Opens it, and changes nothing yet.
    pub fn open(path: &Path) -> Result<Begun, Failure> {
        let failed = |error| trouble(path, &error);
        let mut file = OpenOptions::new().read(true).append(true).open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let (last, end) = match last_line(&mut file, size).map_err(failed)? {
            Some((line, end)) => (Some(Last::read(path, &line)?), end),
            None => (None, 0),
        };
        let mut cut = Vec::new();
        file.seek(SeekFrom::Start(end)).map_err(failed)?;
        file.by_ref().take(HEAD).read_to_end(&mut cut).map_err(failed)?;
        if size - end > limits::ARCHIVE_LINE_BYTES as u64 || !may_begin(&cut) {
            let what = format!("{} does not end as an export does, and was left as it is", path.display());
            let next = "look at what follows its last line and take it out; or export to another file";
            return Err(Failure::new(Exit::FAILED, what).next(next));
        }
        Ok(Begun { path: path.to_owned(), file, end, last })
    }

    /// Where its last whole line is.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.last.as_ref().map(|last| &last.cursor)
    }

    /// Holds that it has the messages of this selection up to there, and not those of another one.
    pub fn expect(&self, selection: Option<&str>) -> Result<(), Failure> {
        if self.last.as_ref().is_none_or(|last| last.selection.as_deref() == selection) {
            return Ok(());
        }
        let what = format!(
            "{} was made with other --channel patterns, and would lack earlier messages of these",
            self.path.display()
        );
        let next = "give the patterns it was made with, in any order; or export to another file";
        Err(Failure::new(Exit::USAGE, what).next(next))
    }

    /// Cuts off what is no whole line, to go on there.
    pub fn go_on(self) -> Result<Target, Failure> {
        self.file.set_len(self.end).map_err(|error| trouble(&self.path, &error))?;
        Ok(Target::File(self.path, self.file))
    }
}

impl Last {
    fn read(path: &Path, line: &[u8]) -> Result<Last, Failure> {
        let foreign = |why: &str| {
            let what = format!("the last line of {} is not of an export: {why}", path.display());
            Failure::new(Exit::FAILED, what).next("export to another file")
        };
        let text = std::str::from_utf8(line).map_err(|_| foreign("it is not UTF-8"))?;
        let read = read_archive_line(text).map_err(|refusal| foreign(&refusal.detail))?;
        let Archived { cursor, selection, .. } = read;
        Ok(Last { cursor: cursor.ok_or_else(|| foreign("it has no `cursor`"))?, selection })
    }
}

/// Whether a line of an export can begin so: `{"channel":"...","position":`.
fn may_begin(cut: &[u8]) -> bool {
    let agree = |text: &[u8], expected: &[u8]| text.starts_with(expected) || expected.starts_with(text);
    let begins = br#"{"channel":""#;
    let Some(name) = cut.strip_prefix(begins) else { return begins.starts_with(cut) };
    let mut escaped = false;
    let ends = name.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    match ends {
        Some(end) => agree(&name[end..], br#"","position":"#),
        None => name.len() <= 2 * limits::NAME_BYTES,
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
        // A whole line, and one that was cut.
        if start == 0 || tail.len() > 2 * limits::ARCHIVE_LINE_BYTES {
            return Ok(None);
        }
        let from = start.saturating_sub(BLOCK.max(tail.len() as u64));
        let mut block = vec![0; usize::try_from(start - from).unwrap_or_default()];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut block)?;
        block.append(&mut tail);
        (tail, start) = (block, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

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

    #[test]
    fn the_beginning_of_a_line_is_known_wherever_it_was_cut() {
        let line = r#"{"channel":"a\"b\\","position":7,"time":"#;
        for end in 0..=line.len() {
            assert!(may_begin(&line.as_bytes()[..end]), "{}", &line[..end]);
        }
        for other in ["\n", "{ ", "{}", r#"{"chance""#, r#"{"channel":"a","time":"1"}"#, r#"{"channel":"a"}"#]
        {
            assert!(!may_begin(other.as_bytes()), "{other}");
        }
        assert!(!may_begin(format!(r#"{{"channel":"{}"#, "x".repeat(2_000)).as_bytes()));
    }
}

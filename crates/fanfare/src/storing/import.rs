//! The file of an import: read once to see whether every line is good, and then once more into the store, in batches. How
//! far it is, the store keeps beside each batch, in the same transaction.

use super::fingerprint::fingerprint;
use super::trouble::of_store;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::showing::Bar;
use crate::stderr::tell;
use fanfare_proto::{Archived, Time, limits, read_archive_line};
use fanfare_store::{Draft, Log, Records, SqliteLog};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The kind of the store's records about imports; their keys are what files begin with.
const KIND: &str = "import";
/// How far the clock of whoever exported may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(60);

/// What can be chosen.
pub struct ImportOptions {
    /// The folder of the store.
    pub data: PathBuf,
    /// The file.
    pub file: PathBuf,
    /// Whether to import once more what is in already.
    pub again: bool,
    /// Whether messages that are older than the store's newest get its time.
    pub raise_times: bool,
}

/// An import under way.
pub struct Import {
    options: ImportOptions,
    /// None is made before every line is known to be good.
    log: Option<SqliteLog>,
    now: Time,
    /// What the file is known by.
    key: String,
    begun: Place,
    size: u64,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Place {
    /// Lines that are in the store.
    lines: u64,
    /// Bytes of these; of the last one without its line end, which may come later.
    bytes: u64,
    /// What the last one of them is known by.
    last: String,
}

/// Messages that go in together, and how far the import is then.
struct Batch {
    messages: Vec<(Draft, Time)>,
    place: Place,
}

/// One line of the file.
struct Line {
    number: u64,
    /// Where the next one begins.
    end: u64,
    /// Where its text ends; there may be a line end in between, or not yet.
    text_end: u64,
    text: Vec<u8>,
    too_long: bool,
}

impl Import {
    /// Opens the store and the file, and looks where to go on.
    pub fn open(options: ImportOptions, now: Time) -> Result<Import, Failure> {
        let file = open(&options.file)?;
        let size = file.metadata().map_err(|error| unreadable(&options.file, &error))?;
        if !size.is_file() {
            let what = format!("{} is not a file; lines are read twice", options.file.display());
            return Err(Failure::new(Exit::USAGE, what).next("save them to a file first"));
        }
        let first =
            Lines::new(file, &Place::default()).next().map_err(|error| unreadable(&options.file, &error))?;
        let key = first.map_or_else(String::new, |line| fingerprint(&line.text));
        let failed = |error| of_store(&options.data, error);
        let log = SqliteLog::open_if_there(&options.data).map_err(failed)?;
        let record = log.as_ref().map(|log| log.get(KIND, &key)).transpose().map_err(failed)?.flatten();
        let record = record.filter(|_| !options.again);
        let begun = record.and_then(|record| serde_json::from_slice(&record.value).ok()).unwrap_or_default();
        Ok(Import { options, log, now, key, begun, size: size.len() })
    }

    /// Lines that are in since before.
    pub fn begun(&self) -> u64 {
        self.begun.lines
    }

    /// Checks every line, and imports all of them, if all are good. Answers how many messages.
    pub fn run(mut self) -> Result<u64, Failure> {
        let begun = self.check_begun()?;
        let turn = self.on_interrupt()?;
        let mut bar = Bar::new();
        self.check(&begun, &mut bar)?;
        let failed = |error| of_store(&self.options.data, error);
        let log = match self.log.take() {
            Some(log) => log,
            None => SqliteLog::open_as_it_is(&self.options.data).map_err(failed)?,
        };
        let mut lines = self.lines(&begun)?;
        let mut imported = 0;
        loop {
            let Some(Batch { messages, place }) = self.batch(&mut lines)? else { return Ok(imported) };
            imported += messages.len() as u64;
            let note = serde_json::to_vec(&place).unwrap_or_default();
            let mut lines_in = turn.lock().unwrap_or_else(PoisonError::into_inner);
            log.import(messages, KIND, &self.key, &note).map_err(failed)?;
            *lines_in = place.lines;
            drop(lines_in);
            bar.bytes("importing", place.bytes, self.size);
        }
    }

    /// Has an interrupt fall between two batches, and say how far it is: as many lines as what is answered holds.
    fn on_interrupt(&self) -> Result<Arc<Mutex<u64>>, Failure> {
        let lines_in = Arc::new(Mutex::new(self.begun.lines));
        let (turn, file, again) =
            (lines_in.clone(), self.options.file.display().to_string(), self.options.again);
        on_interrupt(move || {
            let lines_in = turn.lock().unwrap_or_else(PoisonError::into_inner);
            let command = if again { "the same command without --again" } else { "the same command" };
            match *lines_in {
                0 => tell(format_args!("interrupted: nothing of {file} is in the store yet")),
                lines => tell(format_args!(
                    "interrupted: {lines} lines of {file} are in the store; {command} goes on after them"
                )),
            }
            std::process::exit(Exit::INTERRUPTED.number.into());
        })?;
        Ok(lines_in)
    }

    /// What is in must be what the file begins with. Answers where the lines after it begin.
    fn check_begun(&self) -> Result<Place, Failure> {
        let path = &self.options.file;
        let changed = || {
            let lines = self.begun.lines;
            let what =
                format!("{} has changed before line {lines}, up to which it is in the store", path.display());
            let next = "put only what is new into another file; --again imports the whole file once more";
            Failure::new(Exit::FAILED, what).next(next)
        };
        if self.begun.lines == 0 {
            return Ok(self.begun.clone());
        }
        let mut lines = Lines::new(open(path)?, &Place::default());
        while let Some(line) = lines.next().map_err(|error| unreadable(path, &error))? {
            if line.end >= self.begun.bytes {
                let same = line.text_end <= self.begun.bytes && fingerprint(&line.text) == self.begun.last;
                let begun = Place { bytes: line.end, ..self.begun.clone() };
                return if same { Ok(begun) } else { Err(changed()) };
            }
        }
        Err(changed())
    }

    /// Reads all lines, and tells which are bad.
    fn check(&self, begun: &Place, bar: &mut Bar) -> Result<(), Failure> {
        let path = &self.options.file;
        let (mut lines, mut bad, mut early) = (self.lines(begun)?, 0, 0);
        let newest = self.log.as_ref().map_or(Time(0), |log| log.status().time);
        let mut newest = (newest, "the newest message of the store");
        while let Some(line) = lines.next().map_err(|error| unreadable(path, &error))? {
            bar.bytes("reading", line.end, self.size);
            match self.read(&line) {
                Ok(archived) if archived.time < newest.0 && !self.options.raise_times => {
                    early += 1;
                    if early <= limits::EARLY_LINES {
                        let (number, time, (than, whose)) = (line.number, archived.time, newest);
                        tell(format_args!("line {number}: time: {time} is before that of {whose}, {than}"));
                    }
                }
                Ok(archived) => newest = (newest.0.max(archived.time), "a line before it"),
                Err(why) => {
                    bad += 1;
                    if bad <= limits::BAD_LINES {
                        tell(format_args!("line {}: {why}", line.number));
                    }
                }
            }
        }
        let (what, next) = match (bad, early) {
            (0, 0) => return Ok(()),
            (0, _) => (
                format!("lines whose time is before one that they would follow, {early} in all"),
                "time in a log never goes back: --raise-times gives them the later time; or import into an empty store",
            ),
            _ => (
                format!("bad lines, {} in all", bad + early),
                "mend these lines or take them out, and import again",
            ),
        };
        let what = format!("{} has {what}; nothing of it was imported", path.display());
        Err(Failure::new(Exit::DAMAGED, what).next(next))
    }

    /// The next messages; `None` at the end.
    fn batch(&self, lines: &mut Lines) -> Result<Option<Batch>, Failure> {
        let (mut messages, mut bytes, mut last) = (Vec::new(), 0, None);
        while messages.len() < limits::COMMIT_MESSAGES && bytes < limits::COMMIT_BYTES {
            let read = lines.next().map_err(|error| unreadable(&self.options.file, &error))?;
            let Some(line) = read else { break };
            let archived = self.read(&line).map_err(|why| {
                let what = format!(
                    "{} changed while it was read: line {}: {why}",
                    self.options.file.display(),
                    line.number
                );
                Failure::new(Exit::FAILED, what)
                    .next("import it again: it goes on after the last line that is in")
            })?;
            bytes += archived.publish.content.size();
            messages.push(draft(archived));
            last = Some(line);
        }
        let place =
            |line: Line| Place { lines: line.number, bytes: line.text_end, last: fingerprint(&line.text) };
        Ok(last.map(place).map(|place| Batch { messages, place }))
    }

    /// The message of a line, or what is wrong with it.
    fn read(&self, line: &Line) -> Result<Archived, String> {
        if line.too_long {
            return Err(format!(
                "it has more than the {} bytes that a line may have",
                limits::ARCHIVE_LINE_BYTES
            ));
        }
        let text = std::str::from_utf8(&line.text).map_err(|error| format!("it is not UTF-8: {error}"))?;
        let archived = read_archive_line(text).map_err(|refusal| refusal.detail)?;
        let (time, body) = (archived.time, archived.publish.content.body.len());
        if body > limits::BODY_BYTES_MAX {
            return Err(format!("body: it has {body} bytes; at most {} are allowed", limits::BODY_BYTES_MAX));
        }
        if time > self.now.after(AHEAD) {
            return Err(format!("time: {time} is still to come; it is {} now", self.now));
        }
        Ok(archived)
    }

    fn lines(&self, begun: &Place) -> Result<Lines, Failure> {
        let mut file = open(&self.options.file)?;
        let sought = file.seek(SeekFrom::Start(begun.bytes));
        sought.map_err(|error| unreadable(&self.options.file, &error))?;
        Ok(Lines::new(file, begun))
    }
}

fn draft(archived: Archived) -> (Draft, Time) {
    let Archived { time, publisher, expires, publish, .. } = archived;
    let draft =
        Draft { channel: publish.channel, id: publish.id, publisher, expires, content: publish.content };
    (draft, time)
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::io(format_args!("{} cannot be read", path.display()), error)
}

/// The lines of a file, from a place on; empty ones are left out.
struct Lines {
    reader: BufReader<File>,
    number: u64,
    end: u64,
}

impl Lines {
    /// The file stands at the place.
    fn new(file: File, place: &Place) -> Lines {
        Lines { reader: BufReader::with_capacity(1 << 16, file), number: place.lines, end: place.bytes }
    }

    fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut text = Vec::new();
            if self.part(&mut text)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let too_long = text.len() > limits::ARCHIVE_LINE_BYTES && !text.ends_with(b"\n");
            if too_long {
                while !text.ends_with(b"\n") {
                    text.clear();
                    if self.part(&mut text)? == 0 {
                        break;
                    }
                }
            }
            let read = text.len();
            while text.ends_with(b"\n") || text.ends_with(b"\r") {
                text.pop();
            }
            if too_long || !text.is_empty() {
                let text_end = self.end - (read - text.len()) as u64;
                return Ok(Some(Line { number: self.number, end: self.end, text_end, text, too_long }));
            }
        }
    }

    fn part(&mut self, text: &mut Vec<u8>) -> io::Result<usize> {
        let most = limits::ARCHIVE_LINE_BYTES as u64 + 1;
        let read = self.reader.by_ref().take(most).read_until(b'\n', text)?;
        self.end += read as u64;
        Ok(read)
    }
}

//! Where one is: the cursor, in memory and, if wanted, in a file that outlives the process.

use crate::exit::Exit;
use crate::failure::Failure;
use fanfare_proto::Cursor;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The cursor of what has been handled.
#[derive(Debug, Default)]
pub struct Place {
    cursor: Option<String>,
    file: Option<PathBuf>,
}

impl Place {
    /// A place that is forgotten at the end.
    pub fn in_memory() -> Place {
        Place::default()
    }

    /// The place that a file keeps; the file is made at the first message, if one can be made there now.
    pub fn in_file(path: &Path) -> Result<Place, Failure> {
        let beside = beside(path);
        let writable = File::create(&beside).and_then(|_| fs::remove_file(&beside));
        writable.map_err(|error| unwritable(path, &error))?;
        let file = Some(path.to_owned());
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place { cursor: None, file }),
            Err(error) => return Err(Failure::io(format_args!("{} cannot be read", path.display()), &error)),
        };
        let cursor = String::from_utf8(text).unwrap_or_default();
        let cursor = cursor.trim();
        if Cursor::parse(cursor).is_err() {
            let failure = Failure::new(Exit::FAILED, format!("{} does not hold a cursor", path.display()));
            return Err(failure.next("name another file, or remove this one to start anew"));
        }
        Ok(Place { cursor: Some(cursor.to_owned()), file })
    }

    /// The cursor, once something was heard.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// What lies up to here was handled. The file is replaced at once or not at all.
    pub fn reach(&mut self, cursor: &str) -> Result<(), Failure> {
        if self.cursor.as_deref() == Some(cursor) {
            return Ok(());
        }
        self.cursor = Some(cursor.to_owned());
        let Some(file) = &self.file else { return Ok(()) };
        let beside = beside(file);
        fs::write(&beside, format!("{cursor}\n"))
            .and_then(|()| fs::rename(&beside, file))
            .map_err(|error| unwritable(file, &error))
    }
}

/// Where the next content of a file is written before it takes its place.
fn beside(file: &Path) -> PathBuf {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    beside.into()
}

fn unwritable(file: &Path, error: &io::Error) -> Failure {
    Failure::io(format_args!("{} cannot be written", file.display()), error)
        .next("name a file in a folder that is there and that this user may write to")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{CursorPart, Epoch, LogId, Position};

    #[test]
    fn a_place_outlives_its_value() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("place");
        let mut place = Place::in_file(&path).unwrap();
        assert_eq!(place.cursor(), None);
        let cursor = |position| {
            let (log, epoch) = (LogId::KEPT, Epoch(7));
            Cursor::new([CursorPart { log, epoch, position: Position(position) }]).to_string()
        };
        place.reach(&cursor(1)).unwrap();
        place.reach(&cursor(2)).unwrap();
        assert_eq!(Place::in_file(&path).unwrap().cursor(), Some(&*cursor(2)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_of_something_else_is_not_taken_for_a_place() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("place");
        for text in ["", "\n", "two words", "\u{fffd}", &"a".repeat(5000)] {
            fs::write(&path, text).unwrap();
            let failure = Place::in_file(&path).unwrap_err();
            assert!(failure.what.contains("does not hold a cursor"), "{text:?}: {failure:?}");
        }
    }
}

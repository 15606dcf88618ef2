//! A chunked request body (RFC 9112 section 7.1), read strictly and in any pieces. It finds where the request ends,
//! which is where the next one begins; it does not copy.
//!
//! ```text
//!  5;name=value CR LF  hello CR LF  0 CR LF  trailer: value CR LF  CR LF
//!  |  extension        |            |        |                     +- end of the request
//!  size, hexadecimal   data         last     trailer, ignored
//! ```

use crate::head::is_token;
use crate::{Code, Refusal, limits};

/// Reads a chunked body as it comes.
#[derive(Debug, Clone, Default)]
pub struct Chunks {
    place: Place,
    /// Bytes of data so far.
    data: u64,
    /// Bytes of sizes' extensions and of trailers so far.
    beside: usize,
}

/// Where in the grammar the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the size; how many digits came, and their value.
    Size(u8, u64),
    /// In the extension of a chunk of this size.
    Extension(u64),
    /// Before the LF of the line of a chunk of this size.
    SizeEnd(u64),
    /// In data; so many bytes are left.
    Data(u64),
    /// Before the CR, then the LF, that follow data.
    DataCr,
    DataLf,
    /// At the start of a trailer line, in its name, in its value, before its LF.
    Trailer,
    TrailerName,
    TrailerValue,
    TrailerEnd,
    /// Before the last LF.
    End,
    /// Behind it.
    Done,
}

impl Default for Place {
    fn default() -> Place {
        Place::Size(0, 0)
    }
}

/// Digits of a chunk's size: 60 bits, so that sizes never overflow.
const SIZE_DIGITS: u8 = 15;

impl Chunks {
    /// At the start of a body.
    pub fn new() -> Chunks {
        Chunks::default()
    }

    /// Reads on. `Some(n)`: the request ends behind the first `n` of these bytes. `None`: all of them belong to it,
    /// and more must come. After a refusal the connection is to be closed.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        let mut at = 0;
        while at < bytes.len() && self.place != Place::Done {
            if let Place::Data(left) = self.place {
                let taken = left.min((bytes.len() - at) as u64);
                // At most the length of a slice.
                at += taken as usize;
                self.data = self.data.saturating_add(taken);
                self.place = if taken == left { Place::DataCr } else { Place::Data(left - taken) };
                continue;
            }
            self.place = self.step(bytes[at])?;
            at += 1;
        }
        Ok((self.place == Place::Done).then_some(at))
    }

    /// Bytes of data so far, without what delimits them.
    pub fn data_bytes(&self) -> u64 {
        self.data
    }

    fn step(&mut self, byte: u8) -> Result<Place, Refusal> {
        let place = match (self.place, byte) {
            (Place::Size(digits, size), _) => return self.size(digits, size, byte),
            (Place::Extension(size), b'\r') => Place::SizeEnd(size),
            (Place::Extension(size), byte) if is_visible(byte) => self.beside(Place::Extension(size))?,
            (Place::SizeEnd(0), b'\n') => Place::Trailer,
            (Place::SizeEnd(size), b'\n') => Place::Data(size),
            (Place::DataCr, b'\r') => Place::DataLf,
            (Place::DataLf, b'\n') => Place::default(),
            (Place::Trailer, b'\r') => Place::End,
            (Place::TrailerName, b':') => Place::TrailerValue,
            (Place::Trailer | Place::TrailerName, byte) if is_token(byte) => {
                self.beside(Place::TrailerName)?
            }
            (Place::TrailerValue, b'\r') => Place::TrailerEnd,
            (Place::TrailerValue, byte) if is_visible(byte) || byte >= 0x80 => {
                self.beside(Place::TrailerValue)?
            }
            (Place::TrailerEnd, b'\n') => Place::Trailer,
            (Place::End, b'\n') => Place::Done,
            (Place::DataCr | Place::DataLf, _) => {
                return bad("a chunk is longer or shorter than its size says");
            }
            (_, b'\n') => return bad("a line of a chunked body ends with LF alone; lines end with CR LF"),
            (_, byte) => return bad(&format!("{byte:#04x} does not belong at this place of a chunked body")),
        };
        Ok(place)
    }

    fn size(&self, digits: u8, size: u64, byte: u8) -> Result<Place, Refusal> {
        match (byte, char::from(byte).to_digit(16)) {
            (_, Some(_)) if digits == SIZE_DIGITS => bad("the size of a chunk has more than 15 digits"),
            (_, Some(digit)) => Ok(Place::Size(digits + 1, size << 4 | u64::from(digit))),
            (b';', _) if digits > 0 => Ok(Place::Extension(size)),
            (b'\r', _) if digits > 0 => Ok(Place::SizeEnd(size)),
            (b'\n', _) => bad("the size of a chunk ends with LF alone; lines end with CR LF"),
            _ => bad(&format!("{byte:#04x} in the size of a chunk, which is hexadecimal digits")),
        }
    }

    /// Extensions and trailers mean nothing here, but somebody may send them without end.
    fn beside(&mut self, place: Place) -> Result<Place, Refusal> {
        self.beside += 1;
        if self.beside <= limits::CHUNK_BESIDE_BYTES {
            return Ok(place);
        }
        let detail =
            format!("chunk extensions and trailers have more than {} bytes", limits::CHUNK_BESIDE_BYTES);
        Err(Refusal::new(Code::HEAD_TOO_LARGE, detail))
    }
}

fn is_visible(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~')
}

fn bad<T>(detail: &str) -> Result<T, Refusal> {
    Err(Refusal::new(Code::BAD_REQUEST, detail))
}

//! permessage-deflate without context takeover (RFC 7692): each message stands for itself, so one compressor and one
//! decompressor serve all sessions of a worker, and a compressed message is the same for all of them.

use super::{CloseCode, Violation};
use flate2::{Compress, Compression as Level, Decompress, FlushCompress, FlushDecompress, Status};

/// What a flushed block ends with; it is not sent (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
/// The sizes of a window: powers of two, from the smallest that our compressor has.
pub(super) const WINDOW_BITS: std::ops::RangeInclusive<u8> = 9..=15;
/// Shorter messages are sent as they are.
const LEAST: usize = 64;
/// How hard a compressor tries: each message is compressed once for all its readers.
const LEVEL: Level = Level::new(4);
/// Bytes by which buffers grow.
const STEP: usize = 16 * 1024;

/// Compresses messages. One for each worker.
#[derive(Default)]
pub struct Deflater {
    /// By the size of the window.
    compressors: [Option<Box<Compress>>; 7],
}

impl Deflater {
    /// Compresses a message for a window of so many bits, 9 to 15; `None` if it is not worth it.
    pub fn deflate(&mut self, payload: &[u8], window_bits: u8) -> Option<Vec<u8>> {
        let place = self.compressors.get_mut(usize::from(window_bits.checked_sub(*WINDOW_BITS.start())?))?;
        if payload.len() < LEAST {
            return None;
        }
        let make = || Box::new(Compress::new_with_window_bits(LEVEL, false, window_bits));
        let compressor = place.get_or_insert_with(make);
        compressor.reset();
        // Room for what grows instead: a compressor that runs out of room is left in a state of which it may panic.
        let mut out = Vec::with_capacity(payload.len() + payload.len() / 4 + LEAST);
        let flushed = compressor.compress_vec(payload, &mut out, FlushCompress::Sync);
        let whole = flushed.is_ok()
            && compressor.total_in() == payload.len() as u64
            && out.len() < out.capacity()
            && out.ends_with(&TAIL);
        if !whole {
            *place = None;
            return None;
        }
        out.truncate(out.len() - TAIL.len());
        (out.len() < payload.len()).then(|| {
            out.shrink_to_fit();
            out
        })
    }
}

/// Reads compressed messages. One for each worker.
pub struct Inflater {
    decompressor: Decompress,
    /// The last message read.
    message: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater { decompressor: Decompress::new(false), message: Vec::new() }
    }
}

impl Inflater {
    /// Reads a message of at most so many bytes. More is a violation, found before a byte too many is kept.
    pub(super) fn inflate(&mut self, payload: &[u8], most: usize) -> Result<&[u8], Violation> {
        self.message.clear();
        self.message.shrink_to(STEP);
        self.decompressor.reset(false);
        self.read(payload, most)?;
        self.read(&TAIL, most)?;
        Ok(&self.message)
    }

    fn read(&mut self, mut input: &[u8], most: usize) -> Result<(), Violation> {
        let damaged = || Violation::new(CloseCode::INVALID_PAYLOAD, "the compressed message is damaged");
        loop {
            // One byte of room beyond the limit shows that there is more.
            let room = STEP.min((most + 1).saturating_sub(self.message.len()));
            self.message.reserve_exact(room);
            let (read, written) = (self.decompressor.total_in(), self.message.len());
            let status = self.decompressor.decompress_vec(input, &mut self.message, FlushDecompress::Sync);
            let status = status.map_err(|_| damaged())?;
            if self.message.len() > most {
                return Err(Violation::new(CloseCode::TOO_LARGE, "the message is too large"));
            }
            input = &input[(self.decompressor.total_in() - read) as usize..];
            match status {
                // A block may say that it is the last one (RFC 7692 section 7.2.3.5).
                Status::StreamEnd if input.is_empty() => return Ok(()),
                Status::StreamEnd => self.decompressor.reset(false),
                Status::BufError | Status::Ok
                    if input.is_empty() && self.message.len() < self.message.capacity() =>
                {
                    return Ok(());
                }
                Status::BufError
                    if self.message.len() == written && self.message.len() < self.message.capacity() =>
                {
                    return Err(damaged());
                }
                Status::BufError | Status::Ok => {}
            }
        }
    }
}

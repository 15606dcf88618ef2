//! Bodies of answers that are large: what all of them together may hold until they are written.

use bytes::Bytes;
use fanfare_proto::{Code, Refusal, limits};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes of large answers that are not written yet, at most [`limits::OUTGO_BYTES`], or one answer.
#[derive(Clone, Default)]
pub struct Outgo(Arc<AtomicUsize>);

/// An answer's bytes, counted until they are written or nobody wants them any more.
struct Counted {
    bytes: Vec<u8>,
    outgo: Outgo,
}

impl Outgo {
    /// How many there are.
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts these bytes until nobody has them any more, if there is room for them.
    pub fn count(&self, bytes: Vec<u8>) -> Result<Bytes, Refusal> {
        let others = self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        let counted = Counted { bytes, outgo: self.clone() };
        if others > 0 && others + counted.bytes.len() > limits::OUTGO_BYTES {
            return Err(Refusal::new(Code::BUSY, "answers that nobody reads take all the room there is"));
        }
        Ok(Bytes::from_owner(counted))
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.outgo.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_make_room_when_they_go() {
        let outgo = Outgo::default();
        let body = |bytes| outgo.count(vec![0; bytes]);
        let large = body(limits::OUTGO_BYTES + 1).unwrap();
        assert_eq!(body(1).map(drop).unwrap_err().code, Code::BUSY);
        drop(large);
        let both = (body(limits::OUTGO_BYTES / 2), body(limits::OUTGO_BYTES / 2));
        assert!(both.0.is_ok() && both.1.is_ok() && body(1).is_err());
        drop(both);
        assert_eq!(outgo.0.load(Ordering::Relaxed), 0);
    }
}

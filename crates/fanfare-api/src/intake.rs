//! Request bodies: read whole, within the limit of what they are for, and within what all requests together may
//! hold. A body that says it is longer is refused before a byte of it is read.

use axum::body::Body;
use bytes::Bytes;
use fanfare_proto::{Code, Refusal, limits};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What all requests hold now.
#[derive(Clone, Default)]
pub(crate) struct Intake {
    /// Bytes of bodies, at most [`limits::INTAKE_BYTES`].
    bytes: Arc<AtomicUsize>,
    /// Bodies of many parts, at most [`limits::PARTED_BODIES`]: each keeps its request for as long as its camera likes.
    parted: Arc<AtomicUsize>,
}

/// The place of a body of many parts and the bytes that it holds, until it is dropped.
pub(crate) struct Place {
    share: Share,
}

/// A body, and its share of the intake until it is dropped.
pub(crate) struct Held {
    /// The whole body.
    pub(crate) bytes: Bytes,
    share: Share,
}

struct Share {
    intake: Intake,
    bytes: usize,
}

impl Intake {
    /// Takes a place for a body of many parts.
    pub(crate) fn take_place(&self) -> Result<Place, Refusal> {
        let place = Place { share: Share { intake: self.clone(), bytes: 0 } };
        if self.parted.fetch_add(1, Ordering::Relaxed) < limits::PARTED_BODIES {
            return Ok(place);
        }
        let detail = format!("{} bodies of many parts are being read already", limits::PARTED_BODIES);
        Err(Refusal::new(Code::BUSY, detail))
    }

    /// Reads a body of at most `limit` bytes, exactly as it is.
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body, limit: usize) -> Result<Held, Refusal> {
        if declared(headers).is_some_and(|length| length > limit as u64) {
            return Err(too_large(limit));
        }
        if let Some(coding) = headers.get(header::CONTENT_ENCODING).filter(|coding| *coding != "identity") {
            return Err(Refusal::new(
                Code::BAD_FIELD,
                format!("Content-Encoding {coding:?} is not decoded here; send the body as it is"),
            ));
        }
        let mut share = Share { intake: self.clone(), bytes: 0 };
        let bytes = read_frames(body, limit, &mut share).await?;
        Ok(Held { bytes, share })
    }
}

/// Copied, so that a message kept for long does not keep the connection's buffer.
async fn read_frames(mut body: Body, limit: usize, share: &mut Share) -> Result<Bytes, Refusal> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        share.grow(data.len())?;
        whole.extend_from_slice(&data);
    }
    Ok(whole.into_boxed_slice().into())
}

impl Held {
    /// Splits the body from its share of the intake, which is held until the second is dropped.
    pub(crate) fn split(self) -> (Bytes, impl Sized) {
        (self.bytes, self.share)
    }
}

impl Share {
    fn shrink(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.intake.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.bytes += bytes;
        if self.intake.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= limits::INTAKE_BYTES {
            return Ok(());
        }
        Err(Refusal::new(Code::BUSY, "the bodies of other requests take all the room there is"))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.intake.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Place {
    /// So many bytes are held now.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Refusal> {
        let more = bytes.saturating_sub(self.share.bytes);
        self.share.shrink(self.share.bytes.saturating_sub(bytes));
        self.share.grow(more)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.share.intake.parted.fetch_sub(1, Ordering::Relaxed);
    }
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(Code::TOO_LARGE, format!("the body is larger than the {limit} bytes allowed here"))
}

fn broken(error: axum::Error) -> Refusal {
    Refusal::new(Code::BAD_REQUEST, format!("the body ended too early: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(intake: &Intake, body: &'static str) -> Result<Held, Refusal> {
        intake.read(&HeaderMap::new(), Body::from(body), 100).await
    }

    #[test]
    fn bodies_of_many_parts_have_so_many_places() {
        let intake = Intake::default();
        let places: Vec<_> = (0..limits::PARTED_BODIES).map(|_| intake.take_place().unwrap()).collect();
        assert_eq!(intake.take_place().err().map(|refusal| refusal.code), Some(Code::BUSY));
        drop(places);
        assert!(intake.take_place().is_ok());
    }

    #[tokio::test]
    async fn all_bodies_together_have_a_limit() {
        let intake = Intake::default();
        intake.bytes.store(limits::INTAKE_BYTES - 8, Ordering::Relaxed);
        let first = read(&intake, "12345").await.unwrap();
        assert_eq!(read(&intake, "1234").await.err().map(|refusal| refusal.code), Some(Code::BUSY));
        let (bytes, share) = first.split();
        assert_eq!(&*bytes, b"12345");
        assert!(read(&intake, "1234").await.is_err());
        drop(share);
        assert!(read(&intake, "1234").await.is_ok());
        assert_eq!(intake.bytes.load(Ordering::Relaxed), limits::INTAKE_BYTES - 8);
    }
}

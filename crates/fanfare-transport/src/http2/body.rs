//! The body of a request for the API: its frames, at the pace that a body must have.

use crate::call::BoxError;
use crate::pace::Pace;
use bytes::Bytes;
use fanfare_proto::limits;
use h2::RecvStream;
use hyper::body::{Body, Frame};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until};

/// A body as it comes.
pub(super) struct Incoming {
    stream: RecvStream,
    pace: Pace,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Incoming {
    pub(super) fn new(stream: RecvStream, grace: Duration) -> Incoming {
        Incoming { stream, pace: Pace::new(grace), timer: None }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(data) = this.stream.poll_data(cx) else {
            let pace = &mut this.pace;
            let timer =
                this.timer.get_or_insert_with(|| Box::pin(sleep_until(pace.wait(Instant::now()).into())));
            ready!(timer.as_mut().poll(cx));
            let why = format!("the body arrived slower than {} bytes a second", limits::BODY_RATE);
            return Poll::Ready(Some(Err(why.into())));
        };
        this.timer = None;
        Poll::Ready(match data {
            None => None,
            Some(Err(error)) => Some(Err(error.into())),
            Some(Ok(data)) => {
                this.pace.receive(data.len(), Instant::now());
                let _ = this.stream.flow_control().release_capacity(data.len());
                Some(Ok(Frame::data(data)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }
}

//! One server over HTTP: requests, answers and refusals.

use crate::address::Address;
use crate::error::{Error, Problem, Refusal};
use crate::target::Target;
use fanfare_proto::Retry;
use http::{HeaderMap, StatusCode};
use reqwest::{RequestBuilder, Response};
use std::fmt::Display;
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// Time to build a connection.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Time until an answer begins, and between two of its parts.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Bytes of a body that a slow line takes in a second: a large one is given so much longer.
const SLOW_LINE_BYTES: usize = 64 * 1024;
/// Time until an answer begins that the server holds back until there is something.
const HELD_TIME: Duration = Duration::from_secs(60);
/// Time until an answer has ended.
const WHOLE_TIME: Duration = Duration::from_secs(120);
/// Bytes of a refusal.
const REFUSAL_BYTES: usize = 64 * 1024;
/// Bytes of an answer that is read whole: more than the largest page.
const ANSWER_BYTES: usize = 512 * 1024 * 1024;

/// A server, and connections to it.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    address: Address,
    http: reqwest::Client,
}

/// A whole answer.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Its links (RFC 8288).
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all("link").iter().filter_map(|link| link.to_str().ok())
    }
}

impl Reach {
    pub fn new(given: &str) -> Result<Reach, Error> {
        let address = Address::parse(given)?;
        let builder = reqwest::Client::builder()
            .user_agent(concat!("fanfare/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIME)
            .tcp_nodelay(true);
        let builder = if address.is_local() { builder.no_proxy() } else { builder };
        let wrong = |_| Error::Address { address: given.to_owned(), why: "TLS cannot be set up here" };
        Ok(Reach { http: builder.build().map_err(wrong)?, address })
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// A whole answer.
    pub async fn get(&self, target: &Target, accept: &str) -> Result<Answer, Error> {
        let request = self.http.get(self.address.of(target)).header("accept", accept);
        self.whole(request, ANSWER_TIME).await
    }

    /// A whole answer that may be held back.
    pub async fn held(&self, target: &Target, accept: &str) -> Result<Answer, Error> {
        let request = self.http.get(self.address.of(target)).header("accept", accept);
        self.whole(request, HELD_TIME).await
    }

    /// A whole answer to a body.
    pub async fn post(&self, target: &Target, headers: &HeaderMap, body: Vec<u8>) -> Result<Answer, Error> {
        let sending = Duration::from_secs((body.len() / SLOW_LINE_BYTES) as u64);
        let request = self.http.post(self.address.of(target)).headers(headers.clone()).body(body);
        self.whole(request, ANSWER_TIME + sending).await
    }

    /// A whole answer to a body that is to be in the place of another.
    pub async fn put(&self, target: &Target, body: Vec<u8>) -> Result<Answer, Error> {
        self.whole(self.http.put(self.address.of(target)).body(body), ANSWER_TIME).await
    }

    /// A whole answer to the wish that something goes.
    pub async fn delete(&self, target: &Target) -> Result<Answer, Error> {
        self.whole(self.http.delete(self.address.of(target)), ANSWER_TIME).await
    }

    /// An answer that is read as it comes.
    pub async fn stream(&self, target: &Target, accept: &str) -> Result<Response, Error> {
        let request = self.http.get(self.address.of(target)).header("accept", accept);
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        self.accepted(response).await
    }

    /// Reads it to its end, if it begins within a time.
    async fn whole(&self, request: RequestBuilder, begins: Duration) -> Result<Answer, Error> {
        let silent = |waited| Error::Silent { url: self.address.as_str().to_owned(), waited };
        let read = async {
            let response = timeout(begins, request.send()).await.map_err(|_| silent(begins))?;
            let response = response.map_err(|error| self.unreachable(error))?;
            let mut response = self.accepted(response).await?;
            let body = self.read(&mut response, ANSWER_BYTES).await?;
            let body = String::from_utf8(body).map_err(|error| self.odd(error))?;
            Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
        };
        timeout(WHOLE_TIME, read).await.unwrap_or_else(|_| Err(self.stalled(WHOLE_TIME)))
    }

    async fn read(&self, response: &mut Response, most: usize) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        loop {
            let chunk = timeout(ANSWER_TIME, response.chunk()).await;
            let chunk = chunk.map_err(|_| self.stalled(ANSWER_TIME))?;
            let Some(chunk) = chunk.map_err(|error| self.unreachable(error))? else { return Ok(body) };
            if body.len() + chunk.len() > most {
                return Err(self.odd(format_args!("more than {most} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
    }

    /// A refusal by our server has a problem document; one by a proxy before it only a status.
    async fn accepted(&self, mut response: Response) -> Result<Response, Error> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let body = self.read(&mut response, REFUSAL_BYTES).await.unwrap_or_default();
        let refusal = match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => problem.into(),
            Err(_) => {
                let detail = format!(
                    "{} answered {status}, without what a Fanfare server says",
                    self.address.as_str()
                );
                Refusal { detail, ..refused_by_another(status) }
            }
        };
        Err(Error::Refused(Refusal { after: after.map(Duration::from_secs).or(refusal.after), ..refusal }))
    }

    /// An answer began and does not go on.
    fn stalled(&self, waited: Duration) -> Error {
        let why = format!("its answer did not end in {} s", waited.as_secs());
        Error::Unreachable { url: self.address.as_str().to_owned(), why }
    }

    /// Nobody answered, or not to the end.
    pub fn unreachable(&self, error: reqwest::Error) -> Error {
        Error::Unreachable { url: self.address.as_str().to_owned(), why: why(&error) }
    }

    /// What came is not what a Fanfare server says.
    pub fn odd(&self, why: impl Display) -> Error {
        Error::Odd { url: self.address.as_str().to_owned(), why: why.to_string() }
    }
}

/// What a status without a problem document means.
pub(crate) fn refused_by_another(status: StatusCode) -> Refusal {
    let lasts = matches!(status, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED);
    let passes = matches!(status.as_u16(), 408 | 425 | 429) || (status.is_server_error() && !lasts);
    Refusal {
        code: 0,
        name: "not-fanfare".into(),
        detail: format!("it answered {status}"),
        retry: if passes { Retry::Later } else { Retry::Never },
        after: None,
    }
}

/// What an error means for a person: the innermost reason, for the outer ones only say where it came up.
fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("it takes no connection within {} s", CONNECT_TIME.as_secs());
    }
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                return "the server closed the connection".into();
            }
            if let Some(why) = why_io(error) {
                return why;
            }
        }
    }
    inner.to_string()
}

/// What an error of the system means; `None` if it only wraps another.
pub(crate) fn why_io(error: &io::Error) -> Option<String> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some("nothing listens there".into()),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Some("the connection was cut".into()),
        _ => error.raw_os_error().map(|_| error.to_string()),
    }
}

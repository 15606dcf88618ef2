//! Requests to one server.

use super::target::Target;
use super::trouble::{Duty, Refused, Trouble};
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use serde::Deserialize;
use std::io::{self, BufReader, Read};
use std::time::Duration;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body, Proxy, Timeout};

/// Time to build a connection.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// A held-open response says something every 25 seconds, so after this silence its server is gone.
const SILENCE_OF_A_STREAM: Duration = Duration::from_secs(60);
/// No other answer takes this long.
const SILENCE_OF_AN_ANSWER: Duration = Duration::from_secs(120);
/// Bytes of an answer that is read whole: more than the largest page of history.
const ANSWER_BYTES: u64 = 512 * 1024 * 1024;
/// Bytes of a refusal.
const REFUSAL_BYTES: u64 = 64 * 1024;

/// Which server.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Where the server is
    #[arg(long, value_name = "URL", env = "FANFARE_SERVER", hide_env_values = true)]
    #[arg(default_value = "http://127.0.0.1:8080")]
    server: String,
}

/// A server.
pub struct Remote {
    base: String,
    agent: Agent,
}

/// How long a response may be silent before its server is taken for gone.
#[derive(Debug, Clone, Copy)]
pub enum Silence {
    /// It is held open.
    Stream,
    /// It ends.
    Answer,
}

/// A whole answer.
pub struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl ServerArgs {
    /// The server that is meant.
    pub fn remote(&self, silence: Silence) -> Result<Remote, Failure> {
        let given = self.server.trim_end_matches('/');
        let base = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
        let usage = |why: &str| {
            let what = format!("`{}` is not the address of a server: {why}", self.server);
            Failure::new(Exit::USAGE, what)
                .next("write it as http://127.0.0.1:8080 or https://push.example.org")
        };
        let uri: Uri = base.parse().map_err(|_| usage("it is not a URL"))?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| usage("it has no host"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.query().is_some() {
            return Err(usage("it must be http or https, without a query"));
        }
        let silence = match silence {
            Silence::Stream => SILENCE_OF_A_STREAM,
            Silence::Answer => SILENCE_OF_AN_ANSWER,
        };
        let proxy = if is_here(host) { None } else { Proxy::try_from_env() };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(proxy)
            .timeout_connect(Some(CONNECT_TIME))
            .timeout_per_read(Some(silence))
            .user_agent(concat!("fanfare/", env!("CARGO_PKG_VERSION")));
        Ok(Remote { base, agent: config.build().new_agent() })
    }
}

/// No proxy leads to this machine.
fn is_here(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl Remote {
    /// Where it is.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// A whole answer.
    pub fn get(&self, target: &Target, accept: &str) -> Result<Answer, Trouble> {
        whole(self.ask(target, accept)?).map_err(|why| self.unreachable(why))
    }

    /// An answer that is read as it comes.
    pub fn stream(&self, target: &Target, accept: &str) -> Result<BufReader<impl Read + use<>>, Trouble> {
        let response = self.ask(target, accept)?;
        Ok(BufReader::with_capacity(64 * 1024, response.into_body().into_reader()))
    }

    /// A whole answer to a body.
    pub fn post(&self, target: &Target, content_type: Option<&str>, body: &[u8]) -> Result<Answer, Trouble> {
        let mut request = self.agent.post(self.full(target));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let response = request.send(body).map_err(|error| self.unreachable(error))?;
        whole(self.accepted(response)?).map_err(|why| self.unreachable(why))
    }

    fn ask(&self, target: &Target, accept: &str) -> Result<Response<Body>, Trouble> {
        let answer = self.agent.get(self.full(target)).header("accept", accept).call();
        self.accepted(answer.map_err(|error| self.unreachable(error))?)
    }

    fn full(&self, target: &Target) -> String {
        format!("{}{}", self.base, target.as_str())
    }

    fn accepted(&self, response: Response<Body>) -> Result<Response<Body>, Trouble> {
        if response.status().is_success() {
            return Ok(response);
        }
        Err(Trouble::Refused(refused(response)))
    }

    fn unreachable(&self, error: impl Into<ureq::Error>) -> Trouble {
        Trouble::Unreachable { url: self.base.clone(), why: why(error) }
    }
}

/// What an error means for a person.
pub fn why(error: impl Into<ureq::Error>) -> String {
    match error.into() {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "nothing listens there".to_owned()
        }
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::Timeout(Timeout::PerRead) => "it says nothing any more".to_owned(),
        ureq::Error::Timeout(_) => "it does not answer".to_owned(),
        error => error.to_string(),
    }
}

fn whole(response: Response<Body>) -> Result<Answer, ureq::Error> {
    let (parts, mut body) = response.into_parts();
    let body = body.with_config().limit(ANSWER_BYTES).read_to_vec()?;
    Ok(Answer { headers: parts.headers, body })
}

#[derive(Deserialize)]
struct Document {
    detail: String,
    retry: Duty,
}

/// A refusal by our server has a problem document; one by a proxy before it only a status.
fn refused(response: Response<Body>) -> Refused {
    let status = response.status();
    let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let after = after.map(Duration::from_secs);
    let body = response.into_body().with_config().limit(REFUSAL_BYTES).read_to_vec().unwrap_or_default();
    match serde_json::from_slice::<Document>(&body) {
        Ok(Document { detail, retry }) => Refused { detail, duty: retry, after },
        Err(_) => {
            let passes = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
            let duty = if passes { Duty::Later } else { Duty::Never };
            Refused { detail: format!("it answered {status}"), duty, after }
        }
    }
}

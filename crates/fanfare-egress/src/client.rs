//! The client: everything that the server asks of elsewhere goes through it.

use crate::crowd::Crowd;
use crate::error::{EgressError, Step};
use crate::exchange::{Answer, Call};
use crate::redirect::{self, RedirectError};
use crate::resolver::{Resolver, SystemResolver};
use crate::{Addresses, connection};
use fanfare_proto::limits;
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

/// What a client may, and what it takes. The numbers are those of [`limits`] but for tests.
pub struct Options {
    /// Where it may connect to.
    pub addresses: Addresses,
    /// Who finds names.
    pub resolver: Arc<dyn Resolver>,
    /// Whose certificates are good; the system says so if nothing else does.
    pub tls: Option<Arc<ClientConfig>>,
    /// [`limits::EGRESS_CONNECT_TIME`].
    pub connect_time: Duration,
    /// [`limits::EGRESS_TIME`].
    pub time: Duration,
    /// [`limits::EGRESS_HEAD_BYTES`].
    pub head_bytes: usize,
    /// [`limits::EGRESS_ANSWER_BYTES`].
    pub body_bytes: usize,
    /// [`limits::EGRESS_REDIRECTS`].
    pub redirects: usize,
    /// [`limits::EGRESS_TARGET_REQUESTS`].
    pub target_requests: usize,
    /// [`limits::EGRESS_REQUESTS`].
    pub requests: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            addresses: Addresses::default(),
            resolver: Arc::new(SystemResolver::default()),
            tls: None,
            connect_time: limits::EGRESS_CONNECT_TIME,
            time: limits::EGRESS_TIME,
            head_bytes: limits::EGRESS_HEAD_BYTES,
            body_bytes: limits::EGRESS_ANSWER_BYTES,
            redirects: limits::EGRESS_REDIRECTS,
            target_requests: limits::EGRESS_TARGET_REQUESTS,
            requests: limits::EGRESS_REQUESTS,
        }
    }
}

/// Sends requests, guarded. Cheap to clone; clones share the limits.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    options: Options,
    /// Read when it is first needed: a machine without certificates still calls what has none.
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
    crowd: Crowd,
}

impl Client {
    /// A client.
    pub fn new(options: Options) -> Client {
        let crowd = Crowd::new(options.target_requests, options.requests);
        Client(Arc::new(Inner { options, tls: OnceLock::new(), crowd }))
    }

    /// Sends a request and answers what came back, whatever its status; redirects are followed as
    /// [`RedirectError`] says. Needs a runtime of tokio with IO and time.
    pub async fn send(&self, call: Call) -> Result<Answer, EgressError> {
        let allowed = self.0.options.time;
        let whole = timeout(allowed, self.followed(call)).await;
        whole.unwrap_or(Err(EgressError::Timeout { step: Step::Whole, allowed }))
    }

    async fn followed(&self, mut call: Call) -> Result<Answer, EgressError> {
        let most = self.0.options.redirects;
        for followed in 0.. {
            let answer = self.once(&call).await?;
            match redirect::next(&call, &answer)? {
                None => return Ok(answer),
                Some(_) if followed == most => {
                    let (status, error) = (answer.status.as_u16(), RedirectError::TooMany(most));
                    return Err(EgressError::Redirect { status, error });
                }
                Some(next) => call = next,
            }
        }
        unreachable!("the loop ends at the limit of redirects")
    }

    async fn once(&self, call: &Call) -> Result<Answer, EgressError> {
        let Inner { options, tls, crowd } = &*self.0;
        let _place = crowd.enter(call.target.origin())?;
        let connect = connection::connect(&call.target, &*options.resolver, &options.addresses, || {
            tls_of(options, tls)
        });
        let allowed = options.connect_time;
        let stream = timeout(allowed, connect).await;
        let stream = stream.unwrap_or(Err(EgressError::Timeout { step: Step::Connect, allowed }))?;
        connection::send(stream, call, options).await
    }
}

fn tls_of(
    options: &Options,
    once: &OnceLock<Result<Arc<ClientConfig>, String>>,
) -> Result<Arc<ClientConfig>, EgressError> {
    let tls = once.get_or_init(|| options.tls.clone().map_or_else(system_tls, Ok));
    tls.clone().map_err(EgressError::Certificates)
}

fn system_tls() -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier());
    Ok(Arc::new(config.map_err(|error| error.to_string())?.with_no_client_auth()))
}

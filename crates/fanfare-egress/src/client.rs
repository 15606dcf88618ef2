//! The client: everything that the server asks of elsewhere goes through it.

use crate::connection;
use crate::crowd::Crowd;
use crate::error::{EgressError, RedirectError, Step};
use crate::exchange::{Answer, Call};
use crate::options::Options;
use crate::redirect;
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::{Arc, OnceLock};
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

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

//! Webhooks: messages as requests of HTTP.

use crate::gateway::{Delivering, Delivery, Gateway, Outcome};
use crate::signature;
use fanfare_egress::{Answer, Call, Client, EgressError, Target};
use fanfare_proto::{Time, limits};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::time::Duration;

const SIGNATURE: HeaderName = HeaderName::from_static("fanfare-signature");
const WEBHOOK: HeaderName = HeaderName::from_static("fanfare-webhook-id");
const DELIVERY: HeaderName = HeaderName::from_static("fanfare-delivery");
const ATTEMPT: HeaderName = HeaderName::from_static("fanfare-attempt");
const AGENT: &str = concat!("fanfare/", env!("CARGO_PKG_VERSION"));

/// Posts to an address that somebody named.
pub struct WebhookGateway {
    client: Client,
    now: fn() -> Time,
}

impl WebhookGateway {
    /// A gateway that calls through this client, by this clock.
    pub fn new(client: Client, now: fn() -> Time) -> WebhookGateway {
        WebhookGateway { client, now }
    }

    fn call(&self, delivery: &Delivery) -> Result<Call, String> {
        let target = Target::parse(&delivery.webhook.url).map_err(|error| error.to_string())?;
        let seconds = (self.now)().0 / 1000;
        let signature = signature::sign(delivery.webhook.secret.reveal(), seconds, &delivery.body);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(AGENT));
        headers.insert(ATTEMPT, HeaderValue::from(delivery.attempt));
        let texts = [(SIGNATURE, &*signature), (WEBHOOK, &*delivery.webhook.id), (DELIVERY, &*delivery.id)];
        for (name, text) in texts {
            headers.insert(name, HeaderValue::from_str(text).map_err(|error| error.to_string())?);
        }
        Ok(Call::post(target, headers, delivery.body.clone()))
    }
}

impl Gateway for WebhookGateway {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(async move {
            let call = match self.call(delivery) {
                Ok(call) => call,
                Err(why) => return Outcome::Failed { why, after: None },
            };
            match self.client.send(call).await {
                Ok(answer) => outcome(&answer, (self.now)()),
                Err(EgressError::Busy { .. }) => Outcome::Busy,
                Err(error) => Outcome::Failed { why: error.to_string(), after: None },
            }
        })
    }
}

fn outcome(answer: &Answer, now: Time) -> Outcome {
    match answer.status {
        status if status.is_success() => Outcome::Taken,
        StatusCode::GONE => Outcome::Gone,
        status => {
            let asked = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            let after = asked.then(|| retry_after(&answer.headers, now)).flatten();
            Outcome::Failed { why: format!("the target answered {}", status.as_u16()), after }
        }
    }
}

/// Seconds or a date (RFC 9110 section 10.2.3), not longer than a limit.
fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let after = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let then = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
            Duration::from_millis(u64::try_from(then).ok()?.saturating_sub(now.0))
        }
    };
    Some(after.min(limits::WEBHOOK_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry: Option<&'static str>) -> Outcome {
        let mut headers = HeaderMap::new();
        headers.extend(retry.map(|text| (header::RETRY_AFTER, HeaderValue::from_static(text))));
        let status = StatusCode::from_u16(status).unwrap();
        outcome(&Answer { status, headers, body: Default::default() }, Time(1_790_000_000_000))
    }

    #[test]
    fn what_a_target_answers_says_what_comes_of_it() {
        let failed = |status: u16, after: Option<u64>| Outcome::Failed {
            why: format!("the target answered {status}"),
            after: after.map(Duration::from_secs),
        };
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(answered(status, None), Outcome::Taken);
        }
        assert_eq!(answered(410, None), Outcome::Gone);
        for status in [300, 304, 400, 401, 404, 500, 502] {
            assert_eq!(answered(status, Some("7")), failed(status, None));
        }
        for status in [429, 503] {
            assert_eq!(answered(status, None), failed(status, None));
            assert_eq!(answered(status, Some("7")), failed(status, Some(7)));
            assert_eq!(answered(status, Some("999999999")), failed(status, Some(3600)));
            assert_eq!(answered(status, Some("Mon, 21 Sep 2026 14:13:40 GMT")), failed(status, Some(20)));
            assert_eq!(answered(status, Some("Mon, 01 Jan 2001 00:00:00 GMT")), failed(status, Some(0)));
            assert_eq!(answered(status, Some("soon")), failed(status, None));
        }
    }
}

//! Which redirects are followed (RFC 9110 section 15.4), and as what. The next address is checked from the beginning.
//!
//! | asked | answered | followed |
//! |---|---|---|
//! | `GET`, `HEAD` | 301, 302, 303, 307, 308 | to any target; to another origin without the caller's headers |
//! | anything else | 307, 308 | to the same origin only: a body and a signature are for whom they were made |
//! | anything else | 301, 302, 303 | no: the request would become another one |
//!
//! From `https` to `http`: never.

use crate::error::{EgressError, RedirectError};
use crate::exchange::{Answer, Call};
use http::{Method, StatusCode, header};

/// The request that an answer asks for, if it is a redirect.
pub(crate) fn next(call: &Call, answer: &Answer) -> Result<Option<Call>, EgressError> {
    let status = answer.status;
    let is_redirect = matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !is_redirect {
        return Ok(None);
    }
    let next = follow(call, answer);
    next.map(Some).map_err(|error| EgressError::Redirect { status: status.as_u16(), error })
}

fn follow(call: &Call, answer: &Answer) -> Result<Call, RedirectError> {
    let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let target = call.target.join(location.ok_or(RedirectError::NoLocation)?)?;
    if call.target.is_secure() && !target.is_secure() {
        return Err(RedirectError::Downgrade);
    }
    let is_same = target.origin() == call.target.origin();
    if call.method == Method::GET || call.method == Method::HEAD {
        let headers = if is_same { call.headers.clone() } else { Default::default() };
        return Ok(Call { target, headers, ..call.clone() });
    }
    if !matches!(answer.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
        return Err(RedirectError::OtherMethod);
    }
    if !is_same {
        return Err(RedirectError::OtherOrigin);
    }
    Ok(Call { target, ..call.clone() })
}

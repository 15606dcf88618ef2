//! The answer to a publish, now, later or when something holds.

use crate::answer;
use axum::response::Response;
use fanfare_proto::{ConditionView, Planned, Receipt, channel_path};
use http::{HeaderValue, StatusCode, header};

/// 201 and where the message is; 200 if its id had been accepted before.
pub(crate) fn response(receipt: &Receipt) -> Response {
    let mut body = Vec::new();
    receipt.write(&mut body);
    let mut response = answer::json_bytes(body);
    *response.status_mut() = if receipt.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    answer::mark_cursor(&mut response, &receipt.cursor);
    let location = format!("{}/$at/{}", channel_path(receipt.channel.as_str()), receipt.position);
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// 202, when it is due and where the schedule is.
pub(crate) fn scheduled(planned: &Planned) -> Response {
    let mut body = Vec::new();
    planned.write_receipt(&mut body);
    let mut response = answer::json_bytes(body);
    *response.status_mut() = StatusCode::ACCEPTED;
    if let Ok(value) = HeaderValue::from_str(&format!("/schedules/{}", planned.id)) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// All of a schedule.
pub(crate) fn planned(planned: &Planned) -> Response {
    let mut body = Vec::new();
    planned.write(&mut body);
    answer::json_bytes(body)
}

/// 201 and where the condition is.
pub(crate) fn made(condition: &ConditionView) -> Response {
    let mut body = Vec::new();
    condition.write_receipt(&mut body);
    let mut response = answer::json_bytes(body);
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(value) = HeaderValue::from_str(&format!("/conditions/{}", condition.kept.id)) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// All of a condition.
pub(crate) fn condition(condition: &ConditionView) -> Response {
    let mut body = Vec::new();
    condition.write(&mut body);
    answer::json_bytes(body)
}

//! The answer to a publish.

use crate::{answer, links};
use axum::response::Response;
use fanfare_node::Receipt;
use fanfare_proto::Refusal;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// A receipt as publishers see it.
#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    channel: &'a str,
    position: u64,
    cursor: String,
    id: &'a str,
    time: String,
}

impl Shown<'_> {
    pub(crate) fn of(receipt: &Receipt) -> Shown<'_> {
        Shown {
            channel: receipt.channel.as_str(),
            position: receipt.position.0,
            cursor: receipt.cursor.to_string(),
            id: &receipt.id,
            time: receipt.time.to_string(),
        }
    }
}

/// 201 and where the message is; 200 if its id had been accepted before.
pub(crate) fn response(receipt: &Receipt) -> Result<Response, Refusal> {
    let mut response = answer::json(&Shown::of(receipt))?;
    *response.status_mut() = if receipt.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    answer::mark_cursor(&mut response, &receipt.cursor);
    let location = format!("{}/$at/{}", links::channel_path(receipt.channel.as_str()), receipt.position);
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

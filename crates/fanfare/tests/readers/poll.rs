//! Long polling: one response after the other, each held until there is something.

use super::Reader;
use super::response::{Response, bad};
use std::io;
use std::net::SocketAddr;

pub fn read(
    reader: &mut Reader,
    address: SocketAddr,
    target: &str,
    enough: &mut dyn FnMut(&Reader) -> bool,
) -> io::Result<()> {
    while !enough(reader) {
        let mut response = Response::get(address, &reader.target(target, "wait=10"), "application/json")?;
        match response.status {
            200 => take(reader, &response.body()?),
            204 => {}
            status => return Err(bad(&format!("status {status}"))),
        }
    }
    Ok(())
}

/// Takes a page: `{"messages":[...],"cursor":"...","gap":null|{...}}`, and `gaps` if there is more than one.
pub fn take(reader: &mut Reader, body: &[u8]) {
    let page: serde_json::Value = serde_json::from_slice(body).unwrap();
    match page["gaps"].as_array() {
        Some(gaps) => gaps.iter().for_each(|gap| reader.take_gap(gap)),
        None => reader.take(&page),
    }
    page["messages"].as_array().unwrap().iter().for_each(|message| reader.take(message));
    reader.take_cursor(&page);
}

//! Plain polling: pages of history until there is enough.

use super::Reader;
use super::poll::take;
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
        let mut response = Response::get(address, &reader.target(target, "limit=7"), "application/json")?;
        if response.status != 200 {
            return Err(bad(&format!("status {}", response.status)));
        }
        take(reader, &response.body()?);
        std::thread::yield_now();
    }
    Ok(())
}

//! The two held-open streams: Server-Sent Events, read as the HTML standard says (section 9.2.6), and lines of JSON.

use super::Reader;
use super::response::{Response, bad};
use std::io;
use std::net::SocketAddr;

type Enough<'a> = &'a mut dyn FnMut(&Reader) -> bool;

/// What one event's lines have said so far.
#[derive(Default)]
struct Fields {
    event: String,
    data: String,
}

pub fn events(reader: &mut Reader, address: SocketAddr, target: &str, enough: Enough<'_>) -> io::Result<()> {
    let target = reader.target(target, "as=envelope");
    let mut response = Response::get(address, &target, "text/event-stream")?;
    let (mut text, mut fields, mut id) = (String::new(), Fields::default(), reader.cursor.clone());
    while !enough(reader) {
        let line = next_line(&mut response, &mut text)?;
        if line.is_empty() {
            dispatch(reader, std::mem::take(&mut fields), id.clone());
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => id = Some(value.to_owned()),
            "event" => fields.event = value.to_owned(),
            "data" => {
                fields.data.push_str(value);
                fields.data.push('\n');
            }
            "retry" => assert!(value.parse::<u32>().is_ok(), "{line}"),
            _ => return Err(bad(&line)),
        }
    }
    Ok(())
}

fn dispatch(reader: &mut Reader, fields: Fields, id: Option<String>) {
    reader.cursor = id;
    if !fields.data.is_empty() {
        assert!(fields.event.is_empty() || fields.event.starts_with('$'), "{}", fields.event);
        reader.take(&serde_json::from_str(&fields.data).unwrap());
    }
}

pub fn lines(reader: &mut Reader, address: SocketAddr, target: &str, enough: Enough<'_>) -> io::Result<()> {
    let target = reader.target(target, "via=stream");
    let mut response = Response::get(address, &target, "*/*")?;
    let mut text = String::new();
    while !enough(reader) {
        let line = next_line(&mut response, &mut text)?;
        let value = serde_json::from_str(&line).unwrap();
        reader.take(&value);
        reader.take_cursor(&value);
    }
    Ok(())
}

/// The next whole line. A response that is not 200, or has ended, is an error.
fn next_line(response: &mut Response, text: &mut String) -> io::Result<String> {
    if response.status != 200 {
        return Err(bad(&format!("status {}", response.status)));
    }
    loop {
        if let Some(end) = text.find('\n') {
            let line = text.drain(..=end).collect::<String>();
            return Ok(line[..end].to_owned());
        }
        let chunk = response.chunk()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        text.push_str(std::str::from_utf8(&chunk).map_err(|_| bad("not UTF-8"))?);
    }
}

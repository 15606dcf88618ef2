//! What scripts are called with: pushlets, whose page never ends, and JSONP, one script for each answer.

use super::response::{Response, bad};
use super::{Reader, poll};
use std::io;
use std::net::SocketAddr;

type Enough<'a> = &'a mut dyn FnMut(&Reader) -> bool;

pub fn pushlet(reader: &mut Reader, address: SocketAddr, target: &str, enough: Enough<'_>) -> io::Result<()> {
    let target = reader.target(target, "via=pushlet&callback=parent.onpush");
    let mut response = Response::get(address, &target, "text/html")?;
    if response.status != 200 {
        return Err(bad(&format!("status {}", response.status)));
    }
    let (mut page, mut in_body) = (String::new(), false);
    while !enough(reader) {
        let line = response.line()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        page.push_str(&line);
        if !in_body {
            let Some((_, body)) = page.split_once("<body>") else { continue };
            (page, in_body) = (body.to_owned(), true);
        }
        while let Some((script, rest)) = page.split_once("</script>") {
            let call = script.trim_start().strip_prefix("<script>fanfare('").unwrap();
            let said = call.strip_suffix(")").unwrap();
            let said = said.strip_suffix(",1").unwrap_or(said).strip_suffix('\'').unwrap();
            let value = serde_json::from_str(&unquote(said)).unwrap();
            reader.take(&value);
            reader.take_cursor(&value);
            page = rest.to_owned();
        }
    }
    Ok(())
}

pub fn jsonp(reader: &mut Reader, address: SocketAddr, target: &str, enough: Enough<'_>) -> io::Result<()> {
    while !enough(reader) {
        let target = reader.target(target, "via=jsonp&callback=app.page&wait=10");
        let mut response = Response::get(address, &target, "*/*")?;
        if response.status != 200 {
            return Err(bad(&format!("status {}", response.status)));
        }
        let body = String::from_utf8(response.body()?).unwrap();
        let call = body.strip_prefix("/**/app.page(JSON.parse('").unwrap().strip_suffix("'));\n").unwrap();
        poll::take(reader, unquote(call).as_bytes());
    }
    Ok(())
}

/// A string of JavaScript (ECMA-262 section 12.9.4), with the escapes that are used here.
fn unquote(inner: &str) -> String {
    let (mut text, mut rest) = (String::new(), inner.chars());
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next().unwrap() {
                '\\' => text.push('\\'),
                kind => {
                    let digits: String = rest.by_ref().take(if kind == 'x' { 2 } else { 4 }).collect();
                    text.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
                }
            },
            c => text.push(c),
        }
    }
    text
}

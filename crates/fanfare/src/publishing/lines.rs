//! Lines from a stream into the intake.

use super::batch::Shape;
use super::intake::{End, Intake};
use crate::failure::Failure;
use crate::stderr::tell;
use fanfare_proto::limits;
use std::io::{self, BufRead, Read};

/// Bytes of a line that is worth looking at.
const LINE_BYTES: u64 = limits::BATCH_BYTES as u64;

/// Reads lines until they are over or nobody wants more. A line that is too long is told and passed over.
pub fn read_lines(mut reader: impl BufRead, shape: &Shape, intake: &Intake) {
    let mut line = Vec::new();
    for number in 1.. {
        let body = match next(&mut reader, &mut line) {
            Ok(Some(body)) => body,
            Ok(None) => return intake.end(End::Over),
            Err(error) => return intake.end(End::Failed(Failure::io("the lines cannot be read", &error))),
        };
        let entry = body.map(|body| shape.entry(number, body)).filter(|entry| entry.fits());
        match entry {
            Some(entry) => {
                if !intake.push(entry) {
                    return;
                }
            }
            None => {
                tell(format_args!("line {number} is too long to be sent with others; --file sends it alone"));
                intake.refuse();
            }
        }
    }
}

/// The next line without its end. The outer `None` is the end, the inner one a line that is too long.
fn next<'l>(reader: &mut impl BufRead, line: &'l mut Vec<u8>) -> io::Result<Option<Option<&'l [u8]>>> {
    line.clear();
    reader.by_ref().take(LINE_BYTES).read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() as u64 == LINE_BYTES && line.last() != Some(&b'\n') {
        pass_over(reader)?;
        return Ok(Some(None));
    }
    let body = line.strip_suffix(b"\n").unwrap_or(line);
    Ok(Some(Some(body.strip_suffix(b"\r").unwrap_or(body))))
}

/// Reads to the end of the line and keeps nothing of it.
fn pass_over(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        let over = end.is_some() || used == 0;
        reader.consume(used);
        if over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publishing::intake::Taken;
    use serde_json::{Map, Value};

    fn read(text: &[u8]) -> (Vec<Value>, u64) {
        let intake = Intake::default();
        let fields = Map::from_iter([("channel".to_owned(), Value::from("a"))]);
        read_lines(text, &Shape::new(&fields, "r".into(), true), &intake);
        let mut found = Vec::new();
        loop {
            match intake.take() {
                Taken::Batch(batch) => {
                    let envelopes = batch.entries().iter().map(|entry| &entry.envelope);
                    found.extend(envelopes.map(|text| serde_json::from_slice::<Value>(text).unwrap()));
                }
                Taken::End(_, refused) => return (found, refused),
            }
        }
    }

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        let (found, refused) = read(b"one\n\n two \r\nthree");
        let bodies: Vec<&str> = found.iter().map(|envelope| envelope["body"].as_str().unwrap()).collect();
        assert_eq!((bodies, refused), (vec!["one", "", " two ", "three"], 0));
    }

    #[test]
    fn a_line_that_is_too_long_does_not_end_the_others() {
        let long = vec![b'x'; limits::BATCH_BYTES + 5];
        let nearly = vec![b'"'; limits::BATCH_BYTES / 2 + 5];
        let (found, refused) = read(&[&b"a\n"[..], &long, b"\n", &nearly, b"\nb\n"].concat());
        let ids: Vec<&str> = found.iter().map(|envelope| envelope["id"].as_str().unwrap()).collect();
        assert_eq!((ids, refused), (vec!["r-1", "r-4"], 2));
    }
}

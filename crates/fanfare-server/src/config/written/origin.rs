//! Which pages may read responses.

use serde::Deserialize;

/// Origins as a list, or as text with commas.
#[derive(Deserialize)]
#[serde(untagged, expecting = "it is not a list of texts")]
enum Lines {
    List(Vec<String>),
    Commas(String),
}

/// Origins: scheme, host and perhaps a port (RFC 6454 section 6.2), or `*`.
#[derive(Deserialize)]
#[serde(try_from = "Lines")]
pub(in super::super) struct OriginList(pub(in super::super) Vec<String>);

/// As many as responses can name: an index of one byte.
const MOST: usize = u8::MAX as usize;

impl TryFrom<Lines> for OriginList {
    type Error = String;

    fn try_from(lines: Lines) -> Result<OriginList, String> {
        let list = match lines {
            Lines::List(list) => list,
            Lines::Commas(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        };
        let list: Vec<String> = list.into_iter().filter(|origin| !origin.is_empty()).collect();
        if list.len() > MOST {
            return Err(format!("these are {} origins, more than {MOST}", list.len()));
        }
        match list.iter().find(|origin| !is_origin(origin)) {
            Some(wrong) => Err(format!(
                "{wrong:?} is not an origin: scheme and host in lower case, without a slash at the end"
            )),
            None => Ok(OriginList(list)),
        }
    }
}

/// Exactly what browsers send: no path, no slash at the end, no capitals, no user.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return text == "*" };
    let good =
        |c: char| c.is_ascii_graphic() && !c.is_ascii_uppercase() && !matches!(c, '/' | '?' | '#' | '@');
    !scheme.is_empty() && scheme.chars().all(good) && !host.is_empty() && host.chars().all(good)
}

//! Which pages may read responses.

use super::{Reasons, Written};

/// Origins: scheme, host and perhaps a port (RFC 6454 section 6.2), or `*`. As text they have commas between.
pub(in super::super) struct OriginList(pub(in super::super) Vec<String>);

/// As many as responses can name: an index of one byte.
const MOST: usize = u8::MAX as usize;

impl TryFrom<Written> for OriginList {
    type Error = Reasons;

    fn try_from(written: Written) -> Result<OriginList, Reasons> {
        let not_a_list = "it is not a list of texts";
        let list: Vec<String> = match written {
            Written::List(list) => {
                list.into_iter().map(Written::text).collect::<Result<_, _>>().map_err(|_| not_a_list)?
            }
            Written::Text(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            Written::Bare(_) | Written::Other => return Err(not_a_list.into()),
        };
        let list: Vec<String> = list.into_iter().filter(|origin| !origin.is_empty()).collect();
        let mut reasons = Vec::new();
        if list.len() > MOST {
            reasons.push(format!("these are {} origins, more than {MOST}", list.len()));
        }
        let wrong = list.iter().filter(|origin| !is_origin(origin));
        reasons.extend(wrong.map(|wrong| {
            format!("{wrong:?} is not an origin: scheme and host in lower case, without a slash at the end")
        }));
        if reasons.is_empty() { Ok(OriginList(list)) } else { Err(Reasons(reasons)) }
    }
}

/// Exactly what browsers send: no path, no slash at the end, no capitals, no user.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return text == "*" };
    let good =
        |c: char| c.is_ascii_graphic() && !c.is_ascii_uppercase() && !matches!(c, '/' | '?' | '#' | '@');
    !scheme.is_empty() && scheme.chars().all(good) && !host.is_empty() && host.chars().all(good)
}

//! Ranges of addresses.

use super::{Reasons, Written};
use fanfare_egress::IpNet;

/// Ranges as CIDR writes them (RFC 4632), or single addresses. As text they have commas between.
pub(in super::super) struct RangeList(pub(in super::super) Vec<IpNet>);

/// Each is looked at for each connection.
const MOST: usize = 64;

impl TryFrom<Written> for RangeList {
    type Error = Reasons;

    fn try_from(written: Written) -> Result<RangeList, Reasons> {
        let not_a_list = "it is not a list of texts";
        let list: Vec<String> = match written {
            Written::List(list) => {
                list.into_iter().map(Written::text).collect::<Result<_, _>>().map_err(|_| not_a_list)?
            }
            Written::Text(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            Written::Bare(_) | Written::Other => return Err(not_a_list.into()),
        };
        let list: Vec<String> = list.into_iter().filter(|range| !range.is_empty()).collect();
        if list.len() > MOST {
            return Err(Reasons(vec![format!("these are {} ranges, more than {MOST}", list.len())]));
        }
        let (mut ranges, mut reasons) = (Vec::new(), Vec::new());
        for text in &list {
            match range(text) {
                Some(range) => ranges.push(range),
                None => reasons.push(format!(
                    "{text:?} is not an address such as \"127.0.0.1\", nor a network such as \"127.0.0.0/8\"; names are not taken"
                )),
            }
        }
        if reasons.is_empty() { Ok(RangeList(ranges)) } else { Err(Reasons(reasons)) }
    }
}

/// Bits beyond the prefix are a mistake: whoever writes `10.0.0.1/8` may mean one address.
fn range(text: &str) -> Option<IpNet> {
    let range =
        text.parse().ok().or_else(|| text.parse().ok().map(|address: std::net::IpAddr| address.into()))?;
    Some(range).filter(|range: &IpNet| range.addr() == range.network())
}

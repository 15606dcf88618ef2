//! What the kernel says of single TCP connections.

use crate::outcome::Result;
use std::collections::HashMap;
use std::fs;

/// Bytes that wait on each connection to this port on which the end that listens has some that the other has no room for:
/// what waits at both ends.
pub fn waiting(port: u16) -> Result<Vec<u64>> {
    Ok(waiting_in(&fs::read_to_string("/proc/net/tcp")?, port))
}

fn waiting_in(table: &str, port: u16) -> Vec<u64> {
    let connections = table.lines().skip(1).filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (local, remote) = (words.next()?, words.next()?);
        let (unsent, unread) = words.nth(1)?.split_once(':')?;
        let count = |digits| u64::from_str_radix(digits, 16).ok();
        Some(((local, remote), (count(unsent)?, count(unread)?)))
    });
    let connections: HashMap<_, _> = connections.collect();
    let listens = format!(":{port:04X}");
    let full =
        connections.iter().filter(|((local, _), (unsent, _))| local.ends_with(&listens) && *unsent > 0);
    full.map(|((local, remote), (unsent, _))| {
        unsent + connections.get(&(*remote, *local)).map_or(0, |other| other.1)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_waits_at_both_ends_is_counted() {
        let table = "sl local_address rem_address st tx_queue rx_queue\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n\
             1: 0100007F:1F90 0200007F:2711 01 00000010:00000000\n\
             2: 0200007F:2711 0100007F:1F90 01 00000000:00000100\n\
             3: 0100007F:1F90 0200007F:2712 01 00000000:00000000\n\
             4: 0100007F:1F91 0200007F:2713 01 00000010:00000000\n";
        assert_eq!(super::waiting_in(table, 8080), [0x110]);
    }
}

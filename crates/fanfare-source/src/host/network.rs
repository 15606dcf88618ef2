//! The network: `/proc/net/dev`.

use serde_json::{Value, json};

/// Bytes since the start, over all interfaces but the loopback.
pub(super) struct Bytes {
    received: u64,
    sent: u64,
}

/// Reads one line for each interface (`eth0: received packets ... sent packets ...`).
pub(super) fn parse(text: &str) -> Bytes {
    let mut all = Bytes { received: 0, sent: 0 };
    for line in text.lines() {
        let Some((name, counters)) = line.split_once(':') else { continue };
        let counters: Vec<u64> = counters.split_whitespace().map_while(|word| word.parse().ok()).collect();
        if let (false, Some(received), Some(sent)) = (name.trim() == "lo", counters.first(), counters.get(8))
        {
            all.received += received;
            all.sent += sent;
        }
    }
    all
}

impl Bytes {
    pub(super) fn figures(&self, before: &Bytes, seconds: f64) -> Value {
        let rate = |now: u64, before: u64| (now.saturating_sub(before) as f64 / seconds).round();
        json!({
            "received_bytes_per_second": rate(self.received, before.received),
            "sent_bytes_per_second": rate(self.sent, before.sent),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_added_up_without_the_loopback() {
        let text = |received: u64| {
            format!(
                "Inter-|   Receive\n face |bytes packets\n    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n  \
                 eth0:{received} 1 0 0 0 0 0 0 50 1 0 0 0 0 0 0\n wlan0: 10 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n"
            )
        };
        let figures = parse(&text(2100)).figures(&parse(&text(100)), 2.0);
        assert_eq!(figures, json!({"received_bytes_per_second": 1000.0, "sent_bytes_per_second": 0.0}));
    }
}

//! Memory: `/proc/meminfo`.

use super::rounded;
use serde_json::{Value, json};

/// Reads what there is (`MemTotal: 16384 kB`).
pub(super) fn figures(text: &str) -> Option<Value> {
    let bytes = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    };
    let (total, available) = (bytes("MemTotal")?, bytes("MemAvailable")?);
    let used = total.saturating_sub(available);
    let mut figures = json!({
        "used_percent": rounded(used as f64 * 100.0 / total.max(1) as f64),
        "used_bytes": used,
        "total_bytes": total,
    });
    if let (Some(swap), Some(free)) = (bytes("SwapTotal"), bytes("SwapFree")) {
        figures["swap_used_bytes"] = swap.saturating_sub(free).into();
    }
    Some(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_what_is_not_available() {
        let text = "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    750 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n";
        let wanted = json!({
            "used_percent": 25.0, "used_bytes": 256_000, "total_bytes": 1_024_000, "swap_used_bytes": 6144,
        });
        assert_eq!(figures(text), Some(wanted));
        assert_eq!(figures("MemTotal: x kB"), None);
    }
}

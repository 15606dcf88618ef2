//! Names that nobody knows, answered with the one that was probably meant.

use crate::{Code, Refusal, quote};

/// The refusal of an unknown name of a `kind` (`parameter`, `field`, ...): it says which was probably meant, or which
/// there are.
pub fn unknown_field(kind: &str, name: &str, known: &[&str]) -> Refusal {
    let shown = quote::shown(name);
    let hint = match nearest(name, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => "none is known here".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    };
    Refusal::new(Code::UNKNOWN_FIELD, format!("the {kind} `{shown}` is not known; {hint}"))
}

/// The known name that differs least, if a slip of the keyboard explains it.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // The distance is quadratic in the length, and no name is as long as this.
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&lower, other);
    let (least, meant) = known.iter().map(|other| (distance(other), *other)).min()?;
    (least <= 1 + meant.len() / 4).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_named() {
        let known = ["after", "last", "since", "via", "wait"];
        for (name, meant) in
            [("afer", "after"), ("Last", "last"), ("sicne", "since"), ("wiat", "wait"), ("vai", "via")]
        {
            assert!(
                unknown_field("parameter", name, &known).detail.contains(&format!("`{meant}`?")),
                "{name}"
            );
        }
        let refusal = unknown_field("parameter", "colour", &known);
        assert!(refusal.detail.ends_with("known here: after, last, since, via, wait"), "{refusal}");
        assert!(unknown_field("field", &"x".repeat(10_000), &known).detail.len() < 200);
    }
}

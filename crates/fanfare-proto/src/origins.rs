//! Origins whose pages may read responses (CORS, Fetch standard section 3.3).

/// The configured origins; at most 255. `*` allows every origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<Box<str>>);

impl Origins {
    /// These origins, as text such as `https://example.org`, or `*`.
    pub fn new(origins: impl IntoIterator<Item = impl Into<Box<str>>>) -> Origins {
        Origins(origins.into_iter().take(usize::from(u8::MAX)).map(Into::into).collect())
    }

    /// Which entry allows a request from this origin. `null`, which sandboxed pages of anyone share, is allowed
    /// only where it is listed itself.
    pub fn find(&self, origin: &str) -> Option<u8> {
        let every = |entry: &str| entry == "*" && origin != "null";
        let found = self.0.iter().position(|entry| **entry == *origin || every(entry));
        found.map(|index| index as u8)
    }

    /// The value of `Access-Control-Allow-Origin` for an entry.
    pub fn value(&self, index: u8) -> Option<&str> {
        self.0.get(usize::from(index)).map(|entry| &**entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_allowed() {
        let listed = Origins::new(["https://a.example", "*"]);
        assert_eq!(
            listed.find("https://a.example").and_then(|index| listed.value(index)),
            Some("https://a.example")
        );
        assert_eq!(listed.find("https://b.example").and_then(|index| listed.value(index)), Some("*"));
        assert_eq!(listed.find("null"), None);
        assert_eq!(Origins::new(["*", "null"]).find("null"), Some(1));
        assert_eq!(Origins::default().find("https://a.example"), None);
    }
}

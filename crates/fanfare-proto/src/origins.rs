//! Origins whose pages may read responses (CORS, Fetch standard section 3.3).

/// The configured origins; at most 255. `*` allows every origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<Box<str>>);

impl Origins {
    /// These origins, as text such as `https://example.org`, or `*`.
    pub fn new(origins: impl IntoIterator<Item = impl Into<Box<str>>>) -> Origins {
        Origins(origins.into_iter().take(usize::from(u8::MAX)).map(Into::into).collect())
    }

    /// Which entry allows a request from this origin.
    pub fn find(&self, origin: &str) -> Option<u8> {
        let found = self.0.iter().position(|entry| **entry == *origin || **entry == *"*");
        found.map(|index| index as u8)
    }

    /// The value of `Access-Control-Allow-Origin` for an entry.
    pub fn value(&self, index: u8) -> Option<&str> {
        self.0.get(usize::from(index)).map(|entry| &**entry)
    }
}

//! Filters: which messages of its channels a subscription wants, by what they carry. The grammar is ours, small, and
//! read and evaluated in time linear in its length; `docs/preferences.md` describes it.
//!
//! - [`Filter`]: a filter that was read once. Equal filters are equal values, however they were spaced.
//! - [`Paths`]: the paths into bodies that all filters of a worker ask for, each once.
//! - [`Fields`]: what one body has at these paths, found in one pass however many filters look at it.
//! - [`BoundFilter`]: a filter that knows where its fields are, and so accepts or refuses without looking them up.
//!
//! Not here: who shares a filter, and when it is asked.

mod bound;
mod error;
mod field;
mod fields;
mod judge;
mod parse;
mod paths;
mod print;
mod read;
mod scan;
mod tree;
mod value;

pub use bound::BoundFilter;
pub use error::FilterError;
pub use fields::Fields;
pub use paths::Paths;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tree::Tree;

/// What a subscription wants of its channels. Cheap to clone.
#[derive(Clone)]
pub struct Filter(Arc<Parsed>);

struct Parsed {
    /// The one way to write this filter. It has all that the tree has, so comparing it compares filters.
    text: Box<str>,
    tree: Tree,
}

impl Filter {
    /// Reads a filter of at most [`limits::FILTER_BYTES`](crate::limits::FILTER_BYTES).
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        let tree = parse::parse(text)?;
        let text = print::print(&tree);
        // So what is printed can be read again.
        error::check_length(&text, "the filter, written out in full,")
            .map_err(|error| FilterError { column: 1, ..error })?;
        Ok(Filter(Arc::new(Parsed { text: text.into(), tree })))
    }

    /// A filter that wants one key.
    pub fn of_key(key: &str) -> Result<Filter, FilterError> {
        Filter::parse(&format!("key = \"{}\"", key.replace('\\', "\\\\").replace('"', "\\\"")))
    }

    /// The filter as text: always the same for equal filters, and read as the same filter.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether it asks for the body or something in it. If not, its answer does not depend on [`Fields`].
    pub fn reads_body(&self) -> bool {
        !self.0.tree.paths.is_empty()
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Filter) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.text == other.0.text
    }
}

impl Eq for Filter {}

impl Hash for Filter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({})", self.as_str())
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

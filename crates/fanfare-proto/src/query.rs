//! The query of a request target: names and values, decoded.

use crate::percent::decode_query;
use crate::{Code, Refusal, unknown_field};
use std::borrow::Cow;

/// The parameters of a query, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query<'a> {
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Query<'a> {
    /// Decodes a query as it stands behind the `?`. A parameter without `=` has an empty value.
    pub fn parse(text: &'a str) -> Result<Query<'a>, Refusal> {
        let parts = text.split('&').filter(|part| !part.is_empty());
        let decoded = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode_query(name)?, decode_query(value)?))
        });
        Ok(Query { parameters: decoded.collect::<Result<_, Refusal>>()? })
    }

    /// Parameters that came in another way, decoded.
    pub fn of(parameters: Vec<(&'a str, String)>) -> Query<'a> {
        let parameters = parameters.into_iter().map(|(name, value)| (name.into(), value.into()));
        Query { parameters: parameters.collect() }
    }

    /// The value of a parameter that may be given once.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        if self.parameters.is_empty() {
            return Ok(None);
        }
        let mut values = self.parameters.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refusal::new(Code::BAD_FIELD, format!("`{name}` is given twice"))),
        }
    }

    /// The values of a parameter that may be given often.
    pub fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.parameters.iter().filter(move |(other, _)| other == name).map(|(_, value)| &**value)
    }

    /// Names and values, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|(name, _)| &**name)
    }

    /// Refuses parameters that are not among the known ones. Those of `later` are words of Fanfare that this
    /// version does not understand yet.
    pub fn only(&self, known: &[&str], later: &[&str]) -> Result<(), Refusal> {
        match self.names().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) if later.contains(&name) => {
                Err(Refusal::new(Code::NOT_YET, format!("`{name}` is not supported by this version yet")))
            }
            Some(name) => Err(unknown_field("parameter", name, known)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_counted() {
        let query = Query::parse("channel=a%2Fb&&channel=c+d&empty&x=1=2&%61=b").unwrap();
        assert_eq!(query.all("channel").collect::<Vec<_>>(), ["a/b", "c d"]);
        assert_eq!((query.one("empty"), query.one("x")), (Ok(Some("")), Ok(Some("1=2"))));
        assert_eq!((query.one("a"), query.one("missing")), (Ok(Some("b")), Ok(None)));
        assert_eq!(query.one("channel").unwrap_err().code, Code::BAD_FIELD);
        assert_eq!(Query::parse("a=%FF").unwrap_err().code, Code::BAD_REQUEST);
        assert_eq!(Query::parse("").unwrap(), Query::default());
    }

    #[test]
    fn unknown_parameters_are_refused() {
        let query = Query::parse("last=1&filter=a").unwrap();
        assert_eq!(query.only(&["last"], &["filter"]).unwrap_err().code, Code::NOT_YET);
        assert_eq!(query.only(&["lasts", "filter"], &[]).unwrap_err().code, Code::UNKNOWN_FIELD);
        assert_eq!(query.only(&["last", "filter"], &[]), Ok(()));
    }
}

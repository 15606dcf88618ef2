//! The text of a filter from left to right: white space, words, signs, numbers and quoted text, each read once.

use super::FilterError;
use crate::{parse_duration, quote};
use std::borrow::Cow;

/// Words of the grammar. A tag of such a name is written `tags.in`.
pub(super) const WORDS: [&str; 10] =
    ["and", "deleted", "edited", "exists", "false", "in", "not", "or", "starts_with", "true"];

/// What other languages write, and what it is here.
const OTHERS: [(&str, &str); 5] = [
    ("==", "write `=`"),
    ("<>", "write `!=`"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`"),
];

pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

/// A number as it is written.
pub(super) enum Number {
    Plain(f64),
    /// A duration, in seconds.
    Seconds(f64),
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Scanner<'t> {
        Scanner { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Where the next thing that is not white space begins.
    pub(super) fn place(&mut self) -> usize {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at
    }

    /// Where the next character stands.
    pub(super) fn here(&self) -> usize {
        self.at
    }

    /// Whether these characters come next.
    pub(super) fn comes(&self, sign: &str) -> bool {
        self.rest().starts_with(sign)
    }

    /// The character that comes next.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes these characters, if they come next.
    pub(super) fn take(&mut self, sign: &str) -> bool {
        let found = self.comes(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    /// The letters, digits, `_` and `-` that come next; perhaps none.
    pub(super) fn word(&self) -> &'t str {
        let rest = self.rest();
        &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())]
    }

    /// Takes what [`word`](Scanner::word) tells.
    pub(super) fn take_word(&mut self) -> &'t str {
        let word = self.word();
        self.at += word.len();
        word
    }

    /// Takes this word, after white space, if it comes next.
    pub(super) fn take_exactly(&mut self, word: &str) -> bool {
        self.place();
        let found = self.word() == word;
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Takes a number or a duration; a digit or `-` comes next.
    pub(super) fn number(&mut self) -> Result<Number, FilterError> {
        let (start, rest) = (self.at, self.rest());
        let mut before = ' ';
        let end = rest.find(|c: char| {
            let sign = c == '+' && matches!(before, 'e' | 'E');
            before = c;
            !(sign || c == '.' || is_word(c))
        });
        let text = &rest[..end.unwrap_or(rest.len())];
        self.at += text.len();
        // What a body has is read by the same function, so that equal numbers are equal.
        if let Ok(number) = serde_json::from_str::<f64>(text) {
            // Adding zero makes the negative zero positive.
            return Ok(Number::Plain(number + 0.0));
        }
        match parse_duration(text) {
            Ok(duration) if text.ends_with(|c: char| c.is_ascii_alphabetic()) => {
                Ok(Number::Seconds(duration.as_millis() as f64 / 1000.0))
            }
            _ if text.parse::<f64>().is_ok_and(f64::is_infinite) => {
                let wrong = format!("`{}` is too large a number", quote::shown(text));
                Err(self.error(start, wrong, "numbers go from -1.7e308 to 1.7e308"))
            }
            _ => {
                let wrong = format!("`{}` is neither a number nor a duration", quote::shown(text));
                Err(self.error(start, wrong, "write for example 20, -1.5 or 1e6, 500ms, 5m, 1h30m or 2d"))
            }
        }
    }

    /// Takes text in quotes; a quote comes next.
    pub(super) fn quoted(&mut self) -> Result<Box<str>, FilterError> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices();
        let opening = chars.next().map(|(_, c)| c);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, c @ ('\\' | '"' | '\''))) => text.push(c),
                    Some((_, c)) => {
                        let wrong = format!("`\\{}` means nothing", c.escape_debug());
                        return Err(self.error(
                            start + at,
                            wrong,
                            "`\\` stands before a quote or another `\\`",
                        ));
                    }
                    None => break,
                },
                c if Some(c) == opening => {
                    self.at = start + at + c.len_utf8();
                    return Ok(text.into());
                }
                c => text.push(c),
            }
        }
        let allowed = format!("text ends with the quote it began with, `{}`", opening.unwrap_or('"'));
        Err(self.error(start, "the text that begins here does not end", allowed))
    }

    /// Says what is wrong at a place.
    pub(super) fn error(
        &self,
        at: usize,
        wrong: impl Into<String>,
        allowed: impl Into<Cow<'static, str>>,
    ) -> FilterError {
        let column = self.text[..at].chars().count() + 1;
        FilterError { column, wrong: wrong.into(), allowed: allowed.into() }
    }

    /// Says that what comes next, after white space, is not what may come.
    pub(super) fn unexpected(&mut self, allowed: &str) -> FilterError {
        let at = self.place();
        let (word, rest) = (self.word(), self.rest());
        let Some(next) = rest.chars().next() else {
            return self.error(at, "the filter ends here", format!("allowed here: {allowed}"));
        };
        let other = OTHERS.iter().find(|(sign, _)| rest.starts_with(sign));
        let shown = match other {
            Some((sign, _)) => *sign,
            None if word.is_empty() => &rest[..next.len_utf8()],
            None => word,
        };
        let small = word.to_ascii_lowercase();
        let allowed = match other {
            Some((_, meant)) => (*meant).to_owned(),
            None if word != small && WORDS.contains(&&*small) => format!("write `{small}`, in small letters"),
            None => format!("allowed here: {allowed}"),
        };
        self.error(at, format!("`{}` cannot stand here", quote::shown(shown)), allowed)
    }
}

/// Whether a name can have this character without quotes.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

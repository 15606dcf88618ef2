//! The grammar, from the whole down to a single test: one character is looked at once, and levels are counted.

use super::FilterError;
use super::error::check_length;
use super::field;
use super::scan::{Number, Scanner};
use super::tree::{Fate, Field, Node, Operator, Path, Tree};
use super::value::Literal;
use crate::{Time, limits};

/// What a test begins with.
const TEST: &str = "a field such as `priority`, `tags.room` or `body.price`, then a comparison; `exists(...)`, \
                    `starts_with(...)`, `edited`, `deleted`, `not` or `(`";
/// What follows a field.
const COMPARISON: &str = "`=`, `!=`, `<`, `<=`, `>`, `>=` or `in`";
/// What a moment may look like.
const MOMENT: &str = "a time in quotes such as \"2026-11-23T10:00:00Z\" (RFC 3339)";

/// Reads a filter.
pub(super) fn parse(text: &str) -> Result<Tree, FilterError> {
    check_length(text, "the filter")?;
    let mut parser = Parser { scan: Scanner::new(text), levels: 0, paths: Vec::new() };
    let root = parser.any()?;
    parser.scan.place();
    match parser.scan.peek() {
        None => Ok(Tree { root, paths: parser.paths.into() }),
        Some(_) => Err(parser.scan.unexpected("`and`, `or` or the end")),
    }
}

struct Parser<'t> {
    scan: Scanner<'t>,
    /// Parentheses and `not` that are open.
    levels: usize,
    paths: Vec<Path>,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Node, FilterError> {
        let mut nodes = Vec::new();
        loop {
            match self.all()? {
                Node::Any(inner) => nodes.extend(inner),
                node => nodes.push(node),
            }
            if !self.scan.take_exactly("or") {
                return Ok(joined(nodes, Node::Any));
            }
        }
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut nodes = Vec::new();
        loop {
            match self.not()? {
                Node::All(inner) => nodes.extend(inner),
                node => nodes.push(node),
            }
            if !self.scan.take_exactly("and") {
                return Ok(joined(nodes, Node::All));
            }
        }
    }

    fn not(&mut self) -> Result<Node, FilterError> {
        let at = self.scan.place();
        if self.scan.take_exactly("not") {
            return Ok(Node::Not(Box::new(self.deeper(at, Self::not)?)));
        }
        if self.scan.take("(") {
            let node = self.deeper(at, Self::any)?;
            self.sign(")", "`and`, `or` or `)`")?;
            return Ok(node);
        }
        self.test()
    }

    /// Reads what is inside of a parenthesis or a `not` at this place.
    fn deeper(
        &mut self,
        at: usize,
        inner: fn(&mut Self) -> Result<Node, FilterError>,
    ) -> Result<Node, FilterError> {
        if self.levels == limits::FILTER_DEPTH {
            let allowed = format!("at most {} are allowed", limits::FILTER_DEPTH);
            return Err(self.scan.error(at, "too many parentheses and `not` inside of each other", allowed));
        }
        self.levels += 1;
        let node = inner(self)?;
        self.levels -= 1;
        Ok(node)
    }

    fn test(&mut self) -> Result<Node, FilterError> {
        if self.scan.take_exactly("exists") {
            self.sign("(", "`(`; a tag of this name is `tags.exists`")?;
            let at = self.scan.place();
            let field = self.field("`key`, `event`, `tags.name` or `body.name`")?;
            if let Field::Channel | Field::Priority | Field::Time = field {
                let allowed = "`exists` is asked of `key`, `event`, tags and the body";
                return Err(self.scan.error(at, "every message has this", allowed));
            }
            self.sign(")", "`)`")?;
            return Ok(Node::Exists(field));
        }
        if self.scan.take_exactly("starts_with") {
            return self.starts_with();
        }
        if let Some(fate) = self.fate()? {
            return Ok(Node::Became(fate));
        }
        let field = self.field(TEST)?;
        if self.scan.take_exactly("in") {
            return Ok(Node::In(field.clone(), self.list(&field)?));
        }
        let operator = self.operator()?;
        let at = self.scan.place();
        match self.literal(&field)? {
            Literal::Bool(_) if operator.is_order() => Err(self.scan.error(
                at,
                "neither of true and false is larger",
                "compare them with `=` or `!=`",
            )),
            literal => Ok(Node::Compare(field, operator, literal)),
        }
    }

    fn fate(&mut self) -> Result<Option<Fate>, FilterError> {
        let at = self.scan.place();
        let Some((word, fate)) = Fate::ALL.into_iter().find(|(word, _)| self.scan.take_exactly(word)) else {
            return Ok(None);
        };
        self.scan.place();
        let compares =
            self.scan.word() == "in" || matches!(self.scan.peek(), Some('=' | '!' | '<' | '>' | '.' | '['));
        if compares { Err(field::alone(&self.scan, at, word)) } else { Ok(Some(fate)) }
    }

    fn starts_with(&mut self) -> Result<Node, FilterError> {
        self.sign("(", "`(`; a tag of this name is `tags.starts_with`")?;
        let at = self.scan.place();
        let field = self.field("`channel`, `key`, `event`, `tags.name` or `body.name`")?;
        if let Field::Priority | Field::Time = field {
            let allowed = "`starts_with` is asked of `channel`, `key`, `event`, tags and the body";
            return Err(self.scan.error(at, "this is not text", allowed));
        }
        self.sign(",", "a comma, then text in quotes")?;
        self.scan.place();
        let Some('"' | '\'') = self.scan.peek() else {
            return Err(self.scan.unexpected("text in quotes"));
        };
        let start = self.scan.quoted()?;
        self.sign(")", "`)`")?;
        Ok(Node::StartsWith(field, start))
    }

    fn field(&mut self, allowed: &str) -> Result<Field, FilterError> {
        field::read(&mut self.scan, &mut self.paths, allowed)
    }

    fn operator(&mut self) -> Result<Operator, FilterError> {
        self.scan.place();
        if self.scan.word() == "not" {
            return Err(self.scan.unexpected("`not` stands before the field: `not room in (\"hall\")`"));
        }
        // What these begin with is no sign of ours.
        let other = ["==", "<>"].iter().any(|sign| self.scan.comes(sign));
        let found = Operator::ALL.into_iter().find(|(sign, _)| !other && self.scan.take(sign));
        found.map(|(_, operator)| operator).ok_or_else(|| self.scan.unexpected(COMPARISON))
    }

    fn list(&mut self, field: &Field) -> Result<Vec<Literal>, FilterError> {
        self.sign("(", "`(` and a list such as (\"kitchen\", \"hall\")")?;
        let mut list = Vec::new();
        loop {
            let at = self.scan.place();
            if list.len() == limits::FILTER_LIST {
                let allowed = format!("at most {} values are allowed", limits::FILTER_LIST);
                return Err(self.scan.error(at, "the list is too long", allowed));
            }
            list.push(self.literal(field)?);
            self.scan.place();
            if self.scan.take(")") {
                return Ok(list);
            }
            self.sign(",", "a comma or `)`")?;
        }
    }

    /// Reads what a field may be compared with.
    fn literal(&mut self, field: &Field) -> Result<Literal, FilterError> {
        let at = self.scan.place();
        let any = matches!(field, Field::Tag(_) | Field::Body(_));
        match (self.scan.peek(), field) {
            (Some('"' | '\''), Field::Time) => {
                let text = self.scan.quoted()?;
                moment(&text).map(Literal::Moment).ok_or_else(|| {
                    let shown = crate::quote::shown(&text);
                    self.scan.error(at, format!("`{shown}` is not a time"), format!("allowed here: {MOMENT}"))
                })
            }
            (
                Some('"' | '\''),
                Field::Channel | Field::Event | Field::Key | Field::Tag(_) | Field::Body(_),
            ) => Ok(Literal::Text(self.scan.quoted()?)),
            (Some('-' | '0'..='9'), Field::Priority | Field::Tag(_) | Field::Body(_)) => {
                match self.scan.number()? {
                    Number::Plain(number) => Ok(Literal::Number(number)),
                    Number::Seconds(seconds) if any => Ok(Literal::Number(seconds)),
                    Number::Seconds(_) => {
                        Err(self.scan.error(at, "a priority is not a duration", "allowed here: 1 to 5"))
                    }
                }
            }
            _ if any && self.scan.take_exactly("true") => Ok(Literal::Bool(true)),
            _ if any && self.scan.take_exactly("false") => Ok(Literal::Bool(false)),
            (_, Field::Channel | Field::Event | Field::Key) => Err(self.scan.unexpected("text in quotes")),
            (_, Field::Priority) => Err(self.scan.unexpected("a number, 1 to 5")),
            (_, Field::Time) => Err(self.scan.unexpected(MOMENT)),
            (_, Field::Tag(_) | Field::Body(_)) => {
                Err(self.scan.unexpected("a number, a duration such as 5m, text in quotes, true or false"))
            }
        }
    }

    /// Takes a sign that has to come next, after white space.
    fn sign(&mut self, sign: &str, allowed: &str) -> Result<(), FilterError> {
        self.scan.place();
        if self.scan.take(sign) { Ok(()) } else { Err(self.scan.unexpected(allowed)) }
    }
}

/// The one node, or what joins them.
fn joined(nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match <[Node; 1]>::try_from(nodes) {
        Ok([node]) => node,
        Err(nodes) => join(nodes),
    }
}

/// Reads a moment that is not a mere number: those could be after the last that RFC 3339 can write.
fn moment(text: &str) -> Option<Time> {
    text.contains('-').then(|| Time::parse(text).ok())?
}

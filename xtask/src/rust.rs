//! A Rust file as a flat list of tokens.
//!
//! The checks ask for names, braces and lines, and they must see into macro calls too; a syntax tree would hide
//! those. Delimiters are tokens of their own, `::` is one token, comments are absent, doc comments are
//! `#[doc = ...]`.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// As it is written.
    pub text: String,
    /// Counted from 1.
    pub line: usize,
    /// Whether it is a word: a name or a keyword.
    pub word: bool,
}

/// A Rust file.
#[derive(Debug, Default)]
pub struct Rust {
    /// Everything.
    pub tokens: Vec<Token>,
    /// Everything but inline `#[cfg(test)] mod`.
    pub code: Vec<Token>,
    /// Lines that inline `#[cfg(test)] mod` take.
    pub test_lines: usize,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of `fn`.
    pub line: usize,
    /// From `fn` to the closing brace.
    pub lines: usize,
}

/// A name that the file gives to a type, a trait or a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// `struct`, `mod`, ...
    pub kind: &'a str,
    /// The name.
    pub name: &'a str,
    /// Where.
    pub line: usize,
}

impl Rust {
    /// Reads the text of a file. The error says where it is not Rust.
    pub fn parse(text: &str) -> Result<Rust, String> {
        let stream: TokenStream = text.parse().map_err(|error: proc_macro2::LexError| {
            let at = error.span().start();
            format!("line {}: not Rust: {error}", at.line)
        })?;
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let mut rust = Rust { tokens, ..Rust::default() };
        let mut index = 0;
        while index < rust.tokens.len() {
            if let Some(end) = inline_test(&rust.tokens, index) {
                rust.test_lines += rust.tokens[end].line - rust.tokens[index].line + 1;
                index = end + 1;
            } else {
                rust.code.push(rust.tokens[index].clone());
                index += 1;
            }
        }
        Ok(rust)
    }

    /// Every function with a body, those in macro calls and tests too.
    pub fn functions(&self) -> Vec<Function> {
        let starts = pairs(&self.tokens).filter(|(_, word, name)| word.text == "fn" && name.word);
        let whole = starts.filter_map(|(index, word, name)| {
            let mut at = index + 2;
            while !matches!(text(&self.tokens, at), "{" | ";" | "") {
                at = closing(&self.tokens, at) + 1;
            }
            let body = text(&self.tokens, at) == "{";
            let lines = self.tokens.get(closing(&self.tokens, at))?.line - word.line + 1;
            body.then(|| Function { name: name.text.clone(), line: word.line, lines })
        });
        whole.collect()
    }

    /// Every type, trait and module that the file names.
    pub fn names(&self) -> impl Iterator<Item = Named<'_>> {
        let named = pairs(&self.tokens).filter(|(_, kind, name)| {
            name.word && matches!(&*kind.text, "struct" | "enum" | "union" | "trait" | "type" | "mod")
        });
        named.map(|(_, kind, name)| Named { kind: &kind.text, name: &name.text, line: name.line })
    }
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    let mut colon = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |text: String, line: usize, word: bool| out.push(Token { text, line, word });
        let joined = std::mem::take(&mut colon);
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis | Delimiter::None => ("(", ")"),
                };
                push(open.into(), line, false);
                flatten(group.stream(), out);
                out.push(Token { text: close.into(), line: group.span_close().end().line, word: false });
            }
            TokenTree::Ident(ident) => push(ident.to_string(), line, true),
            TokenTree::Literal(literal) => push(literal.to_string(), line, false),
            TokenTree::Punct(punct) if punct.as_char() == ':' && joined => {
                if let Some(last) = out.last_mut() {
                    last.text = "::".into();
                }
            }
            TokenTree::Punct(punct) => {
                colon = punct.as_char() == ':' && punct.spacing() == Spacing::Joint;
                push(punct.as_char().to_string(), line, false);
            }
        }
    }
}

/// The text of the token at an index, empty behind the end.
pub fn text(tokens: &[Token], index: usize) -> &str {
    tokens.get(index).map_or("", |token| &token.text)
}

/// Whether the tokens at an index read like this.
pub fn reads(tokens: &[Token], index: usize, texts: &[&str]) -> bool {
    texts.iter().enumerate().all(|(step, wanted)| text(tokens, index + step) == *wanted)
}

/// The index of the delimiter that closes the one at an index; the index itself if it opens nothing.
pub fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match &*token.text {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

fn pairs(tokens: &[Token]) -> impl Iterator<Item = (usize, &Token, &Token)> {
    tokens.windows(2).enumerate().map(|(index, pair)| (index, &pair[0], &pair[1]))
}

/// If an inline `#[cfg(test)] mod` begins at an index: the index of its last token.
fn inline_test(tokens: &[Token], index: usize) -> Option<usize> {
    if !is_test_only(tokens, index) {
        return None;
    }
    let mut at = index;
    while reads(tokens, at, &["#", "["]) {
        at = closing(tokens, at + 1) + 1;
    }
    let brace = at + 2;
    (text(tokens, at) == "mod" && text(tokens, brace) == "{").then(|| closing(tokens, brace))
}

/// Whether `#[cfg(test)]` begins at an index.
pub fn is_test_only(tokens: &[Token], index: usize) -> bool {
    reads(tokens, index, &["#", "[", "cfg", "(", "test", ")", "]"])
}

/// A name's words in lower case: `SlowReader` and `slow_reader` are `slow`, `reader`.
pub fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, &letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let inner = before.is_some_and(|before| !before.is_uppercase());
        let last_capital = before.is_some() && after.is_some_and(|after| after.is_lowercase());
        if letter == '_' || letter.is_uppercase() && (inner || last_capital) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter != '_', words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> Rust {
        Rust::parse(text).unwrap()
    }

    #[test]
    fn paths_and_delimiters_are_tokens() {
        let texts: Vec<String> = rust("use a::{b};").tokens.into_iter().map(|token| token.text).collect();
        assert_eq!(texts, ["use", "a", "::", "{", "b", "}", ";"]);
    }

    #[test]
    fn a_type_annotation_is_not_a_path() {
        assert!(rust("let a: b = c;").tokens.iter().all(|token| token.text != "::"));
    }

    #[test]
    fn inline_tests_are_not_code() {
        let read = rust("fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n");
        assert_eq!(read.test_lines, 5);
        assert!(read.tokens.iter().any(|token| token.text == "b"));
        assert!(read.code.iter().all(|token| token.text != "b"));
        assert!(read.code.iter().any(|token| token.text == "c"));
    }

    #[test]
    fn a_test_module_in_its_own_file_is_code() {
        assert_eq!(rust("#[cfg(test)]\nmod tests;\n").test_lines, 0);
    }

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        let found =
            rust("/// Doc.\nfn a(f: fn(u8) -> [u8; 2])\nwhere\n{\n}\ntrait T { fn b(); }\n").functions();
        assert_eq!(found, [Function { name: "a".into(), line: 2, lines: 4 }]);
    }

    #[test]
    fn functions_in_macro_calls_are_seen() {
        let found = rust("proptest! {\n fn a(x in 0..9) {\n }\n}").functions();
        assert_eq!(found, [Function { name: "a".into(), line: 2, lines: 2 }]);
    }

    #[test]
    fn names_are_types_traits_and_modules() {
        let read = rust("pub struct A; enum B {} trait C {} type D = A; mod e; fn f() { let g = 1; }");
        let names: Vec<&str> = read.names().map(|named| named.name).collect();
        assert_eq!(names, ["A", "B", "C", "D", "e"]);
    }

    #[test]
    fn words_of_names() {
        assert_eq!(words("SlowReader"), ["slow", "reader"]);
        assert_eq!(words("slow_reader"), ["slow", "reader"]);
        assert_eq!(words("SSEReader2"), ["sse", "reader2"]);
        assert_eq!(words("_A"), ["a"]);
    }

    #[test]
    fn what_is_not_rust_is_refused() {
        assert!(Rust::parse("fn a() {\n").is_err());
    }
}

//! Tokens.

use std::ops::Range;

use crate::error::CompileError;

/// A token of the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Int(i64),
    Num(f64),
    Str(Box<str>),
    /// A name; keywords too, since after a dot they are names like any other.
    Name(Box<str>),
    /// An operator or bracket.
    Sym(&'static str),
    End,
}

/// Operators and brackets, longer ones before those they begin with.
const SYMBOLS: [&str; 32] = [
    ".![", ".?[", "==", "!=", "<=", ">=", "&&", "||", "?:", "?.", "++", "--", "(", ")", "{", "}", "[", "]",
    ",", ".", ":", "?", "+", "-", "*", "/", "%", "!", "<", ">", "=", "|",
];

/// Reads tokens one by one, so that a template can leave an expression in the middle of its text.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    pub(crate) fn error(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: Option<&str>,
    ) -> CompileError {
        CompileError { message: message.into(), span, hint: hint.map(str::to_owned), text: self.text.into() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// The next token and where it stands.
    pub(crate) fn next(&mut self) -> Result<(Token, Range<usize>), CompileError> {
        self.at += self.rest().len() - self.rest().trim_start().len();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok((Token::End, start..start)) };
        let token = match first {
            '\'' | '"' => self.string(first)?,
            '0'..='9' => self.number()?,
            c if c.is_alphabetic() || c == '_' => {
                let rest = self.rest();
                let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                self.at += len;
                Token::Name(rest[..len].into())
            }
            c => self.symbol(c)?,
        };
        Ok((token, start..self.at))
    }

    fn symbol(&mut self, first: char) -> Result<Token, CompileError> {
        let start = self.at;
        let Some(symbol) = SYMBOLS.iter().find(|s| self.rest().starts_with(**s)) else {
            let end = start + first.len_utf8();
            let hint = match first {
                '“' | '”' | '„' | '‘' | '’' | '«' | '»' => Some("use straight quotes: \" or '"),
                '&' => Some("write && or AND"),
                '$' => Some("${…} is for templates; here write the expression itself"),
                '@' | '#' => Some("bean and variable references are not part of the language"),
                _ => None,
            };
            return Err(self.error(
                start..end,
                format!("unexpected character `{}`", first.escape_debug()),
                hint,
            ));
        };
        self.at += symbol.len();
        let (message, hint) = match *symbol {
            "=" => ("assignment is not allowed", "use == to compare"),
            "|" => ("unexpected character `|`", "write || or OR"),
            // Two minus signs before a value are a double negation, which nobody means either.
            "++" | "--" => ("increments are not part of the language", "add or subtract with + or -"),
            s => return Ok(Token::Sym(s)),
        };
        Err(self.error(start..self.at, message, Some(hint)))
    }

    /// A quote is written twice inside; a backslash is a character like any other.
    fn string(&mut self, quote: char) -> Result<Token, CompileError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(len) = rest.find(quote) else {
                return Err(self.error(
                    start..self.text.len(),
                    "the string has no closing quote",
                    Some("a quote inside a string is written twice"),
                ));
            };
            out.push_str(&rest[..len]);
            self.at += len + 1;
            if !self.rest().starts_with(quote) {
                return Ok(Token::Str(out.into()));
            }
            out.push(quote);
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Token, CompileError> {
        let start = self.at;
        let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits(self.rest());
        let mut integer = true;
        if self.rest().starts_with('.') {
            let fraction = digits(&self.rest()[1..]);
            if fraction > 0 {
                integer = false;
                self.at += 1 + fraction;
            }
        }
        let span = start..self.at;
        if self.rest().starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return Err(self.error(
                start..self.at + 1,
                "a number runs into a name",
                Some("put text in quotes, or a space between"),
            ));
        }
        let text = &self.text[span.clone()];
        if integer {
            text.parse()
                .map(Token::Int)
                .map_err(|_| self.error(span, "the integer does not fit 64 bits", None))
        } else {
            let n: f64 = text.parse().map_err(|_| self.error(span.clone(), "not a number", None))?;
            if n.is_finite() {
                Ok(Token::Num(n))
            } else {
                Err(self.error(span, "the number is too large", None))
            }
        }
    }
}

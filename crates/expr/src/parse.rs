//! The parser: recursive descent with a depth that is checked before it recurses.

use std::ops::Range;

use crate::ast::{Ast, Ident, Kind, Op};
use crate::error::CompileError;
use crate::lex::{Lexer, Token};
use crate::program::Limits;

/// Depth that no limit exceeds, so that the stack of a thread always suffices.
const DEEPEST: usize = 100;

/// How tightly operators bind.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const RELATION: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;

type Parsed<T = Ast> = Result<T, CompileError>;

/// Parses one expression out of a text.
pub(crate) struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token,
    span: Range<usize>,
    /// End of the token before this one.
    end: usize,
    depth: usize,
    nodes: usize,
    max_depth: usize,
    max_nodes: usize,
    template: bool,
}

/// Parse a text that is one expression.
pub(crate) fn parse(text: &str, limits: &Limits) -> Parsed {
    let mut parser = Parser::new(text, 0, limits, false)?;
    let ast = parser.expr()?;
    if parser.token == Token::End {
        return Ok(ast);
    }
    let hint = match &parser.token {
        Token::Sym("!") => Some("`!` stands before what it negates"),
        Token::Str(_) => Some("join strings with +"),
        Token::Name(n) if n.eq_ignore_ascii_case("between") || n.eq_ignore_ascii_case("instanceof") => {
            Some("between and instanceof are not part of the language")
        }
        Token::Sym("==" | "!=" | "<" | "<=" | ">" | ">=") => {
            Some("compare two values at a time and join with AND")
        }
        _ => None,
    };
    Err(parser.unexpected("the end of the expression", hint))
}

impl<'t> Parser<'t> {
    pub(crate) fn new(text: &'t str, at: usize, limits: &Limits, template: bool) -> Parsed<Self> {
        let mut lexer = Lexer::new(text, at);
        if text.len() > limits.max_length {
            let message = format!("the expression is longer than {} bytes", limits.max_length);
            return Err(lexer.error(0..0, message, None));
        }
        let (token, span) = lexer.next()?;
        Ok(Self {
            lexer,
            token,
            span,
            end: at,
            depth: 0,
            nodes: 0,
            max_depth: limits.max_depth.min(DEEPEST),
            max_nodes: limits.max_nodes,
            template,
        })
    }

    /// In a template: the end of the closing brace, which must come now.
    pub(crate) fn closing_brace(&self) -> Parsed<usize> {
        if self.token == Token::Sym("}") { Ok(self.span.end) } else { Err(self.unexpected("`}`", None)) }
    }

    fn advance(&mut self) -> Parsed<Token> {
        let (token, span) = self.lexer.next()?;
        self.end = self.span.end;
        self.span = span;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(&self.token, Token::Sym(s) if *s == symbol)
    }

    fn eat(&mut self, symbol: &str) -> Parsed<bool> {
        let found = self.is(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol)? { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"), None)) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Name(n) if n.eq_ignore_ascii_case(word))
    }

    fn unexpected(&self, wanted: &str, hint: Option<&str>) -> CompileError {
        let found = match &self.token {
            Token::End => "the expression ends".to_owned(),
            Token::Int(i) => format!("`{i}` comes"),
            Token::Num(n) => format!("`{n}` comes"),
            Token::Str(_) => "a string comes".to_owned(),
            Token::Name(n) => format!("`{n}` comes"),
            Token::Sym(s) => format!("`{s}` comes"),
        };
        self.lexer.error(self.span.clone(), format!("{found} where {wanted} is expected"), hint)
    }

    fn too_deep(&self, span: Range<usize>) -> CompileError {
        let message = format!("the expression is nested more than {} deep", self.max_depth);
        self.lexer.error(span, message, Some("shorten chains, or list values with `in {…}`"))
    }

    fn node(&mut self, start: usize, kind: Kind) -> Parsed {
        self.nodes += 1;
        let span = start..self.end;
        if self.nodes > self.max_nodes {
            let message = format!("the expression has more than {} parts", self.max_nodes);
            return Err(self.lexer.error(span, message, None));
        }
        let height = Ast::height_of(&kind);
        if height > self.max_depth {
            return Err(self.too_deep(span));
        }
        Ok(Ast { kind, span, height })
    }

    fn enter(&mut self) -> Parsed<()> {
        if self.depth >= self.max_depth {
            return Err(self.too_deep(self.span.clone()));
        }
        self.depth += 1;
        Ok(())
    }

    /// A whole expression: `? :` and `?:` bind least tightly and group from the right.
    pub(crate) fn expr(&mut self) -> Parsed {
        let start = self.span.start;
        self.enter()?;
        let mut ast = self.operators(OR)?;
        if self.is("?:") || self.is("?") {
            ast = self.choice(start, ast)?;
        }
        self.depth -= 1;
        Ok(ast)
    }

    fn choice(&mut self, start: usize, condition: Ast) -> Parsed {
        if self.eat("?:")? {
            let other = self.expr()?;
            return self.node(start, Kind::Elvis(Box::new(condition), Box::new(other)));
        }
        self.expect("?")?;
        let yes = self.expr()?;
        self.expect(":")?;
        let no = self.expr()?;
        self.node(start, Kind::Ternary(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    /// How tightly the operator that comes next binds, and which it is; none for AND and OR.
    fn operator(&self) -> Option<(u8, Option<Op>)> {
        Some(match &self.token {
            Token::Sym(symbol) => match *symbol {
                "||" => (OR, None),
                "&&" => (AND, None),
                "==" => (RELATION, Some(Op::Eq)),
                "!=" => (RELATION, Some(Op::Ne)),
                "<" => (RELATION, Some(Op::Lt)),
                "<=" => (RELATION, Some(Op::Le)),
                ">" => (RELATION, Some(Op::Gt)),
                ">=" => (RELATION, Some(Op::Ge)),
                "+" => (SUM, Some(Op::Add)),
                "-" => (SUM, Some(Op::Sub)),
                "*" => (PRODUCT, Some(Op::Mul)),
                "/" => (PRODUCT, Some(Op::Div)),
                "%" => (PRODUCT, Some(Op::Rem)),
                _ => return None,
            },
            Token::Name(word) => match word.to_ascii_lowercase().as_str() {
                "or" => (OR, None),
                "and" => (AND, None),
                "eq" => (RELATION, Some(Op::Eq)),
                "ne" => (RELATION, Some(Op::Ne)),
                "lt" => (RELATION, Some(Op::Lt)),
                "le" => (RELATION, Some(Op::Le)),
                "gt" => (RELATION, Some(Op::Gt)),
                "ge" => (RELATION, Some(Op::Ge)),
                "matches" => (RELATION, Some(Op::Matches)),
                "in" | "not" => (RELATION, Some(Op::In)),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Operators that bind at least so tightly. One function for all levels keeps the stack low.
    fn operators(&mut self, least: u8) -> Parsed {
        let start = self.span.start;
        // What comes after an operand may bind no tighter than the operand itself.
        let mut most = PRODUCT;
        let mut left = if least <= NOT && (self.is("!") || self.is_word("not")) {
            self.advance()?;
            most = AND;
            self.negation(start)?
        } else {
            self.unary()?
        };
        while let Some((level, op)) = self.operator() {
            if level < least || level > most {
                break;
            }
            most = if level == RELATION { AND } else { level };
            left = match op {
                None => self.joined(start, level, left)?,
                Some(op) if level == RELATION => self.relation(start, op, left)?,
                Some(op) => self.arithmetic(start, level, op, left)?,
            };
        }
        Ok(left)
    }

    fn arithmetic(&mut self, start: usize, level: u8, op: Op, left: Ast) -> Parsed {
        self.advance()?;
        let right = self.operators(level + 1)?;
        self.node(start, Kind::Binary(op, Box::new(left), Box::new(right)))
    }

    fn negation(&mut self, start: usize) -> Parsed {
        self.enter()?;
        let inner = self.operators(NOT)?;
        self.depth -= 1;
        self.node(start, Kind::Not(Box::new(inner)))
    }

    /// Operands joined by the same of AND and OR.
    fn joined(&mut self, start: usize, level: u8, first: Ast) -> Parsed {
        let mut items = vec![first];
        while self.operator() == Some((level, None)) {
            self.advance()?;
            items.push(self.operators(level + 1)?);
        }
        self.node(start, if level == AND { Kind::And(items) } else { Kind::Or(items) })
    }

    fn relation(&mut self, start: usize, mut op: Op, left: Ast) -> Parsed {
        let negated = self.is_word("not");
        self.advance()?;
        if negated {
            op = match self.operator() {
                Some((_, Some(op @ (Op::In | Op::Matches)))) if !self.is_word("not") => op,
                _ => return Err(self.unexpected("`in`", None)),
            };
            self.advance()?;
        }
        let right = self.operators(SUM)?;
        let relation = self.node(start, Kind::Binary(op, Box::new(left), Box::new(right)))?;
        if negated { self.node(start, Kind::Not(Box::new(relation))) } else { Ok(relation) }
    }

    fn unary(&mut self) -> Parsed {
        if self.is("-") { self.minus() } else { self.postfix() }
    }

    fn minus(&mut self) -> Parsed {
        let start = self.span.start;
        self.advance()?;
        let inner = self.postfix()?;
        self.node(start, Kind::Neg(Box::new(inner)))
    }

    fn postfix(&mut self) -> Parsed {
        let start = self.span.start;
        let mut left = self.primary()?;
        loop {
            left = match &self.token {
                Token::Sym("." | "?.") => self.access(start, left)?,
                Token::Sym("[") => self.indexed(start, left)?,
                Token::Sym(".![") => self.projection(start, left)?,
                Token::Sym(".?[") => return Err(self.selection()),
                _ => return Ok(left),
            };
        }
    }

    /// `.![name]` or `.![profile.name]`
    fn projection(&mut self, start: usize, left: Ast) -> Parsed {
        self.advance()?;
        let first = self.ident()?;
        let mut name = String::from(first.name);
        while self.eat(".")? {
            name.push('.');
            name.push_str(&self.ident()?.name);
        }
        let ident = Ident { name: name.into(), span: first.span.start..self.end };
        self.expect("]")?;
        self.node(start, Kind::Project(Box::new(left), ident))
    }

    fn selection(&self) -> CompileError {
        let hint = "groups are chosen by criteria: user.getGroups({'group.profile.name': \"Sales\"}).![name]";
        self.lexer.error(self.span.clone(), "selections are not part of the language", Some(hint))
    }

    fn access(&mut self, start: usize, left: Ast) -> Parsed {
        self.advance()?;
        let name = self.ident()?;
        let kind = if self.is("(") {
            let args = self.args()?;
            Kind::Method(Box::new(left), name, args)
        } else {
            Kind::Member(Box::new(left), name)
        };
        self.node(start, kind)
    }

    fn indexed(&mut self, start: usize, left: Ast) -> Parsed {
        self.advance()?;
        let index = self.expr()?;
        self.expect("]")?;
        self.node(start, Kind::Index(Box::new(left), Box::new(index)))
    }

    fn ident(&mut self) -> Parsed<Ident> {
        if !matches!(self.token, Token::Name(_)) {
            return Err(self.unexpected("a name", None));
        }
        let span = self.span.clone();
        match self.advance()? {
            Token::Name(name) => Ok(Ident { name, span }),
            _ => Err(self.unexpected("a name", None)),
        }
    }

    fn args(&mut self) -> Parsed<Vec<Ast>> {
        self.expect("(")?;
        let mut args = Vec::new();
        if !self.is(")") {
            args.push(self.expr()?);
            while self.eat(",")? {
                args.push(self.expr()?);
            }
        }
        self.expect(")")?;
        Ok(args)
    }

    fn primary(&mut self) -> Parsed {
        match &self.token {
            Token::Int(_) | Token::Num(_) | Token::Str(_) => self.literal(),
            Token::Name(_) => self.named(),
            Token::Sym("(") => self.parenthesised(),
            Token::Sym("{") => self.braces(),
            _ => Err(self.unexpected("a value", None)),
        }
    }

    fn literal(&mut self) -> Parsed {
        let start = self.span.start;
        let kind = match self.advance()? {
            Token::Int(i) => Kind::Int(i),
            Token::Num(n) => Kind::Num(n),
            Token::Str(s) => Kind::Str(s),
            _ => Kind::Null,
        };
        self.node(start, kind)
    }

    fn parenthesised(&mut self) -> Parsed {
        let start = self.span.start;
        self.advance()?;
        let mut inner = self.expr()?;
        self.expect(")")?;
        inner.span = start..self.end;
        Ok(inner)
    }

    fn named(&mut self) -> Parsed {
        let start = self.span.start;
        let mut name = self.ident()?;
        if self.template && &*name.name == "fn" && self.eat(":")? {
            name = self.ident()?;
        }
        if let Some(kind) = self.reserved(&name)? {
            return self.node(start, kind);
        }
        if self.is("(") {
            let args = self.args()?;
            return self.node(start, Kind::Call(name, args));
        }
        self.node(start, Kind::Name(name.name))
    }

    /// Names that are values; those that are operators are misplaced here.
    fn reserved(&self, name: &Ident) -> Parsed<Option<Kind>> {
        let message = match name.name.to_ascii_lowercase().as_str() {
            "null" => return Ok(Some(Kind::Null)),
            "true" => return Ok(Some(Kind::Bool(true))),
            "false" => return Ok(Some(Kind::Bool(false))),
            word @ ("and" | "or" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "matches" | "in" | "not") => {
                format!("`{word}` comes where a value is expected")
            }
            "new" => "constructors are not part of the language".to_owned(),
            _ => return Ok(None),
        };
        Err(self.lexer.error(name.span.clone(), message, None))
    }

    /// `{1, 2}` or `{'key': value}`
    fn braces(&mut self) -> Parsed {
        let start = self.span.start;
        self.expect("{")?;
        if self.eat("}")? {
            return self.node(start, Kind::List(Vec::new()));
        }
        let first = self.expr()?;
        if !self.is(":") {
            let mut items = vec![first];
            while self.eat(",")? {
                items.push(self.expr()?);
            }
            self.expect("}")?;
            return self.node(start, Kind::List(items));
        }
        let mut entries = Vec::new();
        let mut key = first;
        loop {
            let name = match key.kind {
                Kind::Str(name) | Kind::Name(name) => Ident { name, span: key.span },
                _ => return Err(self.lexer.error(key.span, "a key must be a string", None)),
            };
            self.expect(":")?;
            entries.push((name, self.expr()?));
            if !self.eat(",")? {
                break;
            }
            key = self.expr()?;
        }
        self.expect("}")?;
        self.node(start, Kind::Map(entries))
    }
}

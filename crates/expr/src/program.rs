//! Compiled expressions.

use std::ops::Range;

use crate::changes;
use crate::check::Checker;
use crate::error::{CompileError, EvalError};
use crate::eval;
use crate::node::{Cond, Node};
use crate::outline::{Outline, Place, Shape};
use crate::parse::{self, Parser};
use crate::scope::{Person, Reads, Scope, Slot, Type};
use crate::val::Val;
use crate::value::Value;

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The condition of a rule: boolean.
    Condition,
    /// The value of an attribute: any type.
    Mapping,
}

/// Bounds of an expression's size and of the work it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text, in bytes.
    pub max_length: usize,
    /// Deepest nesting; never more than 100, whatever is set.
    pub max_depth: usize,
    /// Most nodes of the syntax tree.
    pub max_nodes: usize,
    /// Most work of one evaluation: bytes scanned and produced by functions.
    pub max_cost: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_length: 16 << 10, max_depth: 64, max_nodes: 4096, max_cost: 1 << 20 }
    }
}

/// One sub-expression in an explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its text.
    pub text: String,
    /// Where it stands in the whole, in bytes.
    pub span: Range<usize>,
    /// How deep it is nested, 0 for the whole.
    pub depth: usize,
    /// Its outcome; null also if it failed.
    pub value: Value,
    /// The attributes it reads, as they are written, and their values; only of parts that aren't made of others.
    pub operands: Vec<(String, Value)>,
    /// Why it has no outcome.
    pub error: Option<EvalError>,
    /// Did it decide the outcome of the whole?
    pub decisive: bool,
}

/// A checked expression, ready to be evaluated; immutable and shared between threads.
#[derive(Debug)]
pub struct Program {
    text: Box<str>,
    node: Node,
    outlines: Vec<Outline>,
    purpose: Purpose,
    result: Type,
    reads: Reads,
    max_cost: u64,
}

impl Program {
    /// Check and compile an expression.
    pub fn compile(
        text: &str,
        purpose: Purpose,
        scope: &dyn Scope,
        limits: &Limits,
    ) -> Result<Program, CompileError> {
        let ast = parse::parse(text, limits)?;
        let mut checker = Checker::new(text, scope, limits);
        let (outline, result) = match purpose {
            Purpose::Condition => (checker.condition(&ast)?, Type::Bool),
            Purpose::Mapping => checker.outline(&ast)?,
        };
        if purpose == Purpose::Condition
            && let Shape::Leaf(Node::Const(Value::Null), _) = outline.shape
        {
            return Err(checker.error(&ast.span, "a condition is needed here, not null", None));
        }
        let node = outline.to_node();
        Ok(Program {
            text: text.into(),
            node: if purpose == Purpose::Condition { node.into_cond().into() } else { node },
            outlines: vec![outline],
            purpose,
            result,
            reads: checker.into_reads(),
            max_cost: limits.max_cost,
        })
    }

    /// Compile a template such as `${fn:toLowerCase(source.email)}`. Text without `${` is an expression.
    ///
    /// A template of one expression and nothing else has the type of that expression; any other is a string.
    pub fn compile_template(text: &str, scope: &dyn Scope, limits: &Limits) -> Result<Program, CompileError> {
        if !text.contains("${") {
            return Self::compile(text, Purpose::Mapping, scope, limits);
        }
        let mut checker = Checker::new(text, scope, limits);
        let (mut nodes, mut outlines, mut types) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(found) = text[at..].find("${") {
            let open = at + found;
            if found > 0 {
                nodes.push(Node::Const(text[at..open].into()));
                types.push(Type::Str);
            }
            let mut parser = Parser::new(text, open + 2, limits, true)?;
            let ast = parser.expr()?;
            at = parser.closing_brace()?;
            let (outline, ty) = checker.outline(&ast)?;
            if let Type::List(_) = ty
                && (open > 0 || at < text.len())
            {
                let hint = Some("join it with Arrays.toCsvString".to_owned());
                return Err(checker.error(&ast.span, "an array can't be part of a text", hint));
            }
            nodes.push(outline.to_node());
            outlines.push(outline);
            types.push(ty);
            if outlines.len() > limits.max_nodes {
                return Err(checker.error(&ast.span, "the template has too many parts", None));
            }
        }
        if at < text.len() {
            nodes.push(Node::Const(text[at..].into()));
            types.push(Type::Str);
        }
        let whole = <[Node; 1]>::try_from(nodes);
        let (node, result) = match (whole, types.first()) {
            (Ok([single]), Some(ty)) => (single, *ty),
            (Ok([single]), None) => (single, Type::Any),
            (Err(nodes), _) => (Node::Concat(nodes.into()), Type::Str),
        };
        Ok(Program {
            text: text.into(),
            node,
            outlines,
            purpose: Purpose::Mapping,
            result,
            reads: checker.into_reads(),
            max_cost: limits.max_cost,
        })
    }

    /// Does the condition hold? Null counts as false.
    pub fn matches<P: Person + ?Sized>(&self, person: &P) -> Result<bool, EvalError> {
        eval::matches(&self.node, person, self.max_cost)
    }

    /// The value for a person.
    pub fn eval<'a, P: Person + ?Sized>(&'a self, person: &'a P) -> Result<Val<'a>, EvalError> {
        eval::value(&self.node, person, self.max_cost)
    }

    /// What the outcome depends on.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The earliest instant after `person.now()` at which the passing of time alone may change the outcome. Until
    /// then it stays as it is; at that instant it need not change, if another part decides.
    pub fn next_change<P: Person + ?Sized>(&self, person: &P) -> Option<i64> {
        if !self.reads.now {
            return None;
        }
        changes::next(&self.node, person, self.max_cost)
    }

    /// An attribute that must equal one of these strings for the condition to hold, so that an index over rules can
    /// pass over it for everybody else.
    pub fn equality_guard(&self) -> Option<(Slot, &[Box<str>])> {
        match &self.node {
            Node::Cond(cond) => match &**cond {
                Cond::All(parts) => parts.iter().find_map(Cond::equality),
                other => other.equality(),
            },
            _ => None,
        }
    }

    /// The parts joined by AND, OR, NOT and `? :`, each with its outcome, the whole first, depth first. Of a template
    /// these are the expressions in it.
    pub fn explain<P: Person + ?Sized>(&self, person: &P) -> Vec<Step> {
        let mut steps = Vec::new();
        let place = Place { depth: 0, decisive: true, condition: self.purpose == Purpose::Condition };
        for outline in &self.outlines {
            outline.explain(person, &self.text, self.max_cost, place, &mut steps);
        }
        steps
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The type of the outcome.
    pub fn result_type(&self) -> Type {
        self.result
    }
}

/// An expression in the uniform spelling: same meaning, single spaces, `AND`, `OR`, `NOT`, double quotes and no
/// parentheses that aren't needed.
///
/// ```
/// use muster_expr::{Limits, normalize};
/// let text = normalize("(user.a eq 'x')&&!user.b", &Limits::default()).unwrap();
/// assert_eq!(text, "user.a == \"x\" AND NOT user.b");
/// ```
pub fn normalize(text: &str, limits: &Limits) -> Result<String, CompileError> {
    parse::parse(text, limits).map(|ast| ast.to_string())
}

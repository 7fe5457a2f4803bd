//! The parts of an expression as its writer sees them, kept beside the optimised nodes for `explain`.

use std::ops::Range;

use crate::eval;
use crate::node::{Cond, Node};
use crate::program::Step;
use crate::scope::Person;
use crate::value::Value;

/// A part and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    pub(crate) span: Range<usize>,
    pub(crate) shape: Shape,
}

/// How a part is put together.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// With the attributes it reads and where they stand.
    Leaf(Node, Box<[(Range<usize>, Node)]>),
    All(Vec<Outline>),
    Any(Vec<Outline>),
    Not(Box<Outline>),
    /// Condition, value if it holds, value if not.
    Choose(Box<[Outline; 3]>),
}

impl Outline {
    /// The part as it is evaluated.
    pub(crate) fn to_node(&self) -> Node {
        let conds = |parts: &[Outline]| parts.iter().map(|p| p.to_node().into_cond()).collect::<Vec<_>>();
        match &self.shape {
            Shape::Leaf(node, _) => node.clone(),
            Shape::All(parts) => Cond::all(conds(parts)).into(),
            Shape::Any(parts) => Cond::any(conds(parts)).into(),
            Shape::Not(inner) => inner.to_node().into_cond().negated().into(),
            Shape::Choose(parts) => {
                let [test, yes, no] = &**parts;
                match test.to_node().into_cond() {
                    Cond::Const(true) => yes.to_node(),
                    Cond::Const(false) => no.to_node(),
                    test => Node::Choose(Box::new((test, yes.to_node(), no.to_node()))),
                }
            }
        }
    }

    /// Appends the outcome of this part and of those it is made of. `condition` says that null counts as false here.
    pub(crate) fn explain<P: Person + ?Sized>(
        &self,
        person: &P,
        text: &str,
        max_cost: u64,
        place: Place,
        steps: &mut Vec<Step>,
    ) {
        let node = self.to_node();
        let value = || eval::value(&node, person, max_cost).map(crate::val::Val::into_value);
        let result = if place.condition {
            match (eval::matches(&node, person, max_cost), &self.shape) {
                // A part without a value counts as false; that it has none is worth telling.
                (Ok(false), Shape::Leaf(..)) => value(),
                (outcome, _) => outcome.map(Value::Bool),
            }
        } else {
            value()
        };
        let (value, error) = match result {
            Ok(value) => (value, None),
            Err(error) => (Value::Null, Some(error)),
        };
        let holds = if error.is_none() && value.is_null() { Some(false) } else { value.as_bool() };
        let part = |span: &Range<usize>| text.get(span.clone()).unwrap_or_default().to_owned();
        let mut operands: Vec<(String, Value)> = Vec::new();
        if let Shape::Leaf(_, read) = &self.shape {
            for (span, node) in read {
                let name = part(span);
                // What was read is the whole part when that is an attribute by itself.
                if *span == self.span || operands.iter().any(|(known, _)| *known == name) {
                    continue;
                }
                if let Ok(val) = eval::value(node, person, max_cost) {
                    operands.push((name, val.into_value()));
                }
            }
        }
        steps.push(Step {
            text: part(&self.span),
            operands,
            span: self.span.clone(),
            depth: place.depth,
            value,
            error,
            decisive: place.decisive,
        });
        let under = |decisive: bool, condition: bool| Place {
            depth: place.depth + 1,
            decisive: place.decisive && decisive,
            condition,
        };
        match &self.shape {
            Shape::Leaf(..) => {}
            Shape::All(parts) | Shape::Any(parts) => {
                // All parts made AND true or OR false; else the first that says otherwise did it.
                let every = holds == Some(matches!(self.shape, Shape::All(_)));
                let mut decided = false;
                for part in parts {
                    let outcome = eval::matches(&part.to_node(), person, max_cost).ok();
                    let decisive = every || (!decided && outcome == holds);
                    decided |= decisive && !every;
                    part.explain(person, text, max_cost, under(decisive, true), steps);
                }
            }
            Shape::Not(inner) => inner.explain(person, text, max_cost, under(true, true), steps),
            Shape::Choose(parts) => {
                let [test, yes, no] = &**parts;
                let taken = eval::matches(&test.to_node(), person, max_cost).ok();
                test.explain(person, text, max_cost, under(true, true), steps);
                yes.explain(person, text, max_cost, under(taken == Some(true), place.condition), steps);
                no.explain(person, text, max_cost, under(taken == Some(false), place.condition), steps);
            }
        }
    }
}

/// Where a part stands within the whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) depth: usize,
    pub(crate) decisive: bool,
    pub(crate) condition: bool,
}

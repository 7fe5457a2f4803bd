//! When the passing of time alone changes an outcome.

use crate::ast::Op;
use crate::eval;
use crate::node::{Cond, Node};
use crate::scope::Person;

/// The earliest instant after `person.now()` at which a comparison with the time may turn out otherwise.
pub(crate) fn next<P: Person + ?Sized>(node: &Node, person: &P, max_cost: u64) -> Option<i64> {
    let mut search = Search { person, max_cost, best: None };
    search.node(node);
    search.best
}

struct Search<'p, P: ?Sized> {
    person: &'p P,
    max_cost: u64,
    best: Option<i64>,
}

impl<P: Person + ?Sized> Search<'_, P> {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Cond(cond) => self.cond(cond),
            Node::Choose(parts) => {
                // While the condition is not a matter of time, the other branch is never taken.
                let (test, yes, no) = &**parts;
                match self.settled(test) {
                    Some(true) => self.node(yes),
                    Some(false) => self.node(no),
                    None => {
                        self.cond(test);
                        self.node(yes);
                        self.node(no);
                    }
                }
            }
            other => {
                let (mut nodes, mut conds) = (Vec::new(), Vec::new());
                other.children(&mut |n| nodes.push(n), &mut |c| conds.push(c));
                for inner in nodes {
                    self.node(inner);
                }
                for inner in conds {
                    self.cond(inner);
                }
            }
        }
    }

    fn cond(&mut self, cond: &Cond) {
        match cond {
            // One part that time can't change decides for good.
            Cond::All(parts) if parts.iter().any(|p| self.settled(p) == Some(false)) => {}
            Cond::Any(parts) if parts.iter().any(|p| self.settled(p) == Some(true)) => {}
            Cond::Time { op, date, offset } => {
                self.node(date);
                self.threshold(*op, date, *offset);
            }
            other => {
                let (mut nodes, mut conds) = (Vec::new(), Vec::new());
                other.children(&mut |n| nodes.push(n), &mut |c| conds.push(c));
                for inner in nodes {
                    self.node(inner);
                }
                for inner in conds {
                    self.cond(inner);
                }
            }
        }
    }

    /// The outcome of a condition that time doesn't change.
    fn settled(&self, cond: &Cond) -> Option<bool> {
        if timed(cond) { None } else { eval::condition(cond, self.person, self.max_cost).ok() }
    }

    fn threshold(&mut self, op: Op, date: &Node, offset: i64) {
        let Ok(value) = eval::value(date, self.person, self.max_cost) else { return };
        let Some(at) = value.as_str().and_then(|text| self.person.instant(text)) else { return };
        // `date <= now + offset` begins to hold, and `>` ceases to, at `date - offset`; the others one millisecond later.
        let late = i64::from(matches!(op, Op::Lt | Op::Ge));
        let Some(at) = at.checked_sub(offset).and_then(|t| t.checked_add(late)) else { return };
        if at > self.person.now() {
            self.best = Some(self.best.map_or(at, |best| best.min(at)));
        }
    }
}

/// Does the outcome depend on the time?
pub(crate) fn timed(cond: &Cond) -> bool {
    let mut found = matches!(cond, Cond::Time { .. });
    let mut inner = false;
    cond.children(&mut |n| inner |= timed_node(n), &mut |c| found |= timed(c));
    found || inner
}

fn timed_node(node: &Node) -> bool {
    let mut found = false;
    let mut inner = false;
    node.children(&mut |n| inner |= timed_node(n), &mut |c| found |= timed(c));
    found || inner
}

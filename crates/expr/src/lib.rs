//! The expression language of group rules and mappings: Okta's, with lists, dates and a static check added.
//!
//! A text is compiled against a [`Scope`] (which attributes, links and groups there are) into a [`Program`], which is
//! evaluated for a [`Person`]. Nothing here does I/O or reads a clock; size and work are bounded by [`Limits`].
//!
//! # Values that are not there
//!
//! | where | what null does |
//! |---|---|
//! | a condition, an operand of AND, OR, NOT, the test of `? :` | counts as false, so `!null` is true |
//! | `==`, `!=` | equals only null |
//! | `<`, `<=`, `>`, `>=`, `in`, `matches` | false |
//! | `+` with a string | the empty string; null if all operands are null |
//! | arithmetic | null |
//! | `a ?: b` | `b`, as also for the empty string |
//! | `String.len`, `Arrays.size` | 0 |
//! | `Arrays.isEmpty` | true |
//! | `String.startsWith`, `String.stringContains`, `Arrays.contains` | false |
//! | `String.append`, `String.join` | left out |
//! | `String.stringSwitch` | the default |
//! | `Arrays.add`, `Arrays.flatten`, `Arrays.clear`, `Arrays.toCsvString` | an empty array |
//! | `withinDays` and its kin | false |
//! | every other function | null |
//!
//! # Failures
//!
//! A part of AND or OR that settles the outcome outweighs one that fails (a division by zero, a text that is no
//! number), whatever their order. A condition that fails has no outcome: [`Program::matches`] returns the error.
//!
//! # Time
//!
//! `Time.now()`, perhaps with `.plusDays(n)`, `.minusHours(n)` and the like, can only be compared with a date, and
//! [`Program::next_change`] tells when such a comparison turns. Days are of 24 hours; a date without a time is the
//! beginning of its day in the person's zone, as [`Person::instant`] says.

mod ast;
mod calls;
mod changes;
mod check;
mod error;
mod eval;
mod eval_func;
mod eval_time;
mod funcs;
#[doc(hidden)]
pub mod fuzz;
mod groups;
mod iso3166;
mod joda;
mod lex;
mod node;
mod outline;
mod parse;
mod pattern;
mod program;
mod relate;
mod scope;
mod suggest;
mod time;
mod val;
mod value;

pub use error::{CompileError, EvalError};
pub use pattern::Pattern;
pub use program::{Limits, Program, Purpose, Step, normalize};
pub use scope::{GroupSelector, GroupText, InternalProperty, Item, LinkId, Person, Reads, Scope, Slot, Type};
pub use val::Val;
pub use value::Value;

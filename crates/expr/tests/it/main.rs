//! Tests of the expression language, in one binary.
// Helpers outside test functions fail a test in the same way.
#![allow(clippy::panic, clippy::unwrap_used)]

mod dates;
mod document;
mod errors;
mod functions;
mod laws;
mod nulls;
mod programs;

use muster_expr::fuzz::{Sample, SamplePerson};
use muster_expr::{CompileError, EvalError, Limits, Program, Purpose, Value};

/// The value of a mapping for one of the sample's people: 0 has values, 1 odd ones, 2 none.
fn result(text: &str, person: usize) -> Result<Value, EvalError> {
    let program = Program::compile(text, Purpose::Mapping, &Sample, &Limits::default())
        .unwrap_or_else(|error| panic!("{text}\n{error}"));
    program.eval(&SamplePerson::all()[person]).map(muster_expr::Val::into_value)
}

/// The value for the person who has values everywhere.
fn value(text: &str) -> Value {
    result(text, 0).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// The value for the person who has none.
fn blank(text: &str) -> Value {
    result(text, 2).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// The error of a condition that must be refused.
fn refused(text: &str) -> CompileError {
    match Program::compile(text, Purpose::Condition, &Sample, &Limits::default()) {
        Ok(_) => panic!("{text} was accepted"),
        Err(error) => error,
    }
}

/// A condition that must be accepted.
fn condition(text: &str) -> Program {
    Program::compile(text, Purpose::Condition, &Sample, &Limits::default())
        .unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// Expressions and the values they must have.
fn table(rows: &[(&str, Value)]) {
    for (text, wanted) in rows {
        assert_eq!(value(text), *wanted, "{text}");
    }
}

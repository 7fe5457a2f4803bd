//! Errors of compiling and of evaluating.

use std::fmt;
use std::ops::Range;

/// An expression that can't be used, and why.
///
/// It prints as the place, the line, a caret line under it and, if there is one, a hint:
///
/// ```text
/// 1:6: unknown attribute `departmnt`
///   user.departmnt == "Sales"
///        ^^^^^^^^^
///   hint: did you mean `department`?
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What would be right, if that can be guessed.
    pub hint: Option<String>,
    /// The text of the expression.
    pub text: Box<str>,
}

impl CompileError {
    /// Line and column of the beginning, counted in characters from 1.
    pub fn line_column(&self) -> (usize, usize) {
        let start = floor_boundary(&self.text, self.span.start);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// The nearest character boundary at or before a byte position.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Longest part of a line that is shown before and after the place.
        const CONTEXT: usize = 60;
        let (line, column) = self.line_column();
        write!(f, "{line}:{column}: {}", self.message)?;
        let start = floor_boundary(&self.text, self.span.start);
        let end = floor_boundary(&self.text, self.span.end.max(start));
        let line_start = self.text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |i| start + i);
        let from = floor_boundary(&self.text, start.saturating_sub(CONTEXT).max(line_start)).max(line_start);
        let to = floor_boundary(&self.text, end.min(line_end).saturating_add(CONTEXT).min(line_end));
        let clean = |c: char| if c.is_control() { ' ' } else { c };
        let shown: String = self.text[from..to].chars().map(clean).collect();
        let indent = self.text[from..start].chars().count();
        let marked = self.text[start..end.clamp(start, line_end)].chars().count().max(1);
        write!(f, "\n  {shown}\n  {}{}", " ".repeat(indent), "^".repeat(marked))?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CompileError {}

/// An evaluation that failed; the expression has no value for this person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// The work or memory needed exceeds the limit.
    #[error("the evaluation takes more work than the limit allows")]
    TooCostly,
    /// A text can't be converted to a number.
    #[error("`{0}` can't be converted to a number")]
    NotANumber(String),
    /// A text can't be read as a date.
    #[error("`{0}` is not a date")]
    NotADate(String),
    /// A result that doesn't fit a 64-bit integer or is not finite.
    #[error("the number is out of range")]
    OutOfRange,
    /// A division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A value of a type that the operator or function doesn't take.
    #[error("{wanted} is needed here, not {found}")]
    WrongType {
        /// What is needed.
        wanted: &'static str,
        /// What there was.
        found: &'static str,
    },
}

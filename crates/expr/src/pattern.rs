//! Regular expressions: whole-string match, bounded in size.

use regex::{Regex, RegexBuilder};

/// Longest pattern.
const MAX_LENGTH: usize = 2_000;
/// Most memory of a compiled pattern and of each of its caches.
const MAX_BYTES: usize = 2 << 20;

/// A compiled regular expression that must match the whole of a text.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compile; the error is a message for people.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!("the pattern is longer than {MAX_LENGTH} bytes"));
        }
        // The pattern stands on its own first: one like `a)|(b` must not become valid by being wrapped.
        let build = |text: &str| {
            RegexBuilder::new(text).size_limit(MAX_BYTES).dfa_size_limit(MAX_BYTES).nest_limit(60).build()
        };
        build(text)
            .and_then(|_| build(&format!("\\A(?:{text})\\z")))
            .map(Pattern)
            .map_err(|error| Self::explain(&error))
    }

    fn explain(error: &regex::Error) -> String {
        match error {
            regex::Error::CompiledTooBig(_) => "the pattern needs too much memory".to_owned(),
            other => {
                let text = other.to_string();
                if text.contains("look-around") {
                    "look-ahead and look-behind are not supported in patterns".to_owned()
                } else if text.contains("backreference") {
                    "back-references are not supported in patterns".to_owned()
                } else {
                    let last = text.lines().last().unwrap_or_default();
                    format!("not a valid pattern: {}", last.trim_start_matches("error: "))
                }
            }
        }
    }

    /// Does the whole text match?
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

//! How generated numbers are written: `P{00000}` is a `P` and a number of at least five digits.

/// The text around a number, and how many digits it has at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    before: String,
    digits: usize,
    after: String,
}

/// A 64-bit integer has no more.
const MOST_DIGITS: usize = 18;

impl NumberFormat {
    /// Reads a format.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "generate: {text:?} must hold the number's place once, as braces around 1 to {MOST_DIGITS} zeros \
                 (\"P{{00000}}\")"
            )
        };
        let (before, rest) = text.split_once('{').ok_or_else(wrong)?;
        let (zeros, after) = rest.split_once('}').ok_or_else(wrong)?;
        let place = !zeros.is_empty() && zeros.len() <= MOST_DIGITS && zeros.bytes().all(|b| b == b'0');
        if !place || [before, after].iter().any(|part| part.contains(['{', '}'])) {
            return Err(wrong());
        }
        Ok(Self { before: before.to_owned(), digits: zeros.len(), after: after.to_owned() })
    }

    /// A number as it is written. One that has more digits than there are zeros gets all of them.
    pub fn show(&self, number: i64) -> String {
        format!("{}{number:0width$}{}", self.before, self.after, width = self.digits)
    }

    /// Whether a text is a number written so.
    pub fn fits(&self, text: &str) -> bool {
        let number = text.strip_prefix(&self.before).and_then(|rest| rest.strip_suffix(&self.after));
        number.is_some_and(|n| n.len() >= self.digits && n.bytes().all(|b| b.is_ascii_digit()))
    }
}

//! Mistakes in a file, with their place.

use std::fmt;

/// A part of the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// A place in the file, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The line a mistake is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line's text, or the part of a long one that matters.
    pub line: String,
    /// How many characters stand before the mistake.
    pub indent: usize,
    /// How many characters it has.
    pub width: usize,
}

/// A mistake: where it is, what it is and what to do.
///
/// Shown, it begins with `line:column`, so that a file's name and a colon can be put before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct OrgFileError {
    /// Where it is; `None` if it isn't about a single place.
    pub position: Option<Position>,
    /// The table and key it is about (`apps.hr.feed`); empty if the text isn't TOML.
    pub path: String,
    /// What is wrong and what to do.
    pub reason: String,
    /// The line; never one that may hold a secret.
    pub excerpt: Option<Excerpt>,
}

impl fmt::Display for OrgFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)?;
        if let (Some(Position { line, .. }), Some(excerpt)) = (self.position, &self.excerpt) {
            let number = line.to_string();
            let margin = number.len();
            write!(f, "\n  {number} | {}", excerpt.line)?;
            let (indent, width) = (excerpt.indent, excerpt.width);
            write!(f, "\n  {:margin$} | {:indent$}{}", "", "", "^".repeat(width))?;
        }
        Ok(())
    }
}

/// The text of a file, for telling where in it something is.
#[derive(Clone, Copy)]
pub(crate) struct Source<'t> {
    text: &'t str,
}

/// The longest line an excerpt shows whole.
const WIDEST: usize = 120;
/// What it shows before the mistake on a longer one.
const BEFORE: usize = 40;

impl<'t> Source<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text }
    }

    pub(crate) fn error(self, at: Span, path: &str, reason: String) -> OrgFileError {
        let start = self.boundary(at.start);
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(line_start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let position = Position {
            line: before.matches('\n').count() + 1,
            column: self.text.get(line_start..start).unwrap_or_default().chars().count() + 1,
        };
        let marked = self.text.get(start..self.boundary(at.end.max(start))).unwrap_or_default();
        let width = marked.lines().next().unwrap_or_default().chars().count().max(1);
        let excerpt = (!self.may_hold_secret(line_start + line.len(), path))
            .then(|| cut(line, position.column - 1, width));
        OrgFileError { position: Some(position), path: path.to_owned(), reason, excerpt }
    }

    /// The place itself, or the next before it at which a character begins.
    fn boundary(self, at: usize) -> usize {
        let at = at.min(self.text.len());
        (0..=at).rev().find(|&i| self.text.is_char_boundary(i)).unwrap_or_default()
    }

    /// Whether the line that ends here belongs to secrets. Somebody may have put one in by mistake, and what is
    /// printed ends up in logs. Where the text isn't TOML, the lines since the last header have to tell.
    fn may_hold_secret(self, line_end: usize, path: &str) -> bool {
        let before = self.text.get(..line_end).unwrap_or_default();
        path.contains("secret")
            || before
                .lines()
                .rev()
                .scan(false, |past_header, line| {
                    let shown = !*past_header;
                    *past_header = line.trim_start().starts_with('[');
                    shown.then_some(line)
                })
                .any(|line| line.contains("secret"))
    }
}

fn cut(line: &str, indent: usize, width: usize) -> Excerpt {
    let plain = |text: String| text.replace('\t', " ");
    if line.chars().count() <= WIDEST {
        return Excerpt { line: plain(line.to_owned()), indent, width };
    }
    let skipped = indent.saturating_sub(BEFORE);
    let mut shown: String = line.chars().skip(skipped).take(WIDEST).collect();
    let mut indent = indent - skipped;
    if skipped > 0 {
        shown.insert(0, '…');
        indent += 1;
    }
    let width = width.min(shown.chars().count().saturating_sub(indent)).max(1);
    Excerpt { line: plain(shown), indent, width }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, start: usize, end: usize) -> String {
        Source::new(text).error(Span { start, end }, "a.b", "is wrong".to_owned()).to_string()
    }

    #[test]
    fn tells_line_and_column_in_characters() {
        assert_eq!(shown("é = 1\nfür = 2\n", 7, 11), "2:1: a.b: is wrong\n  2 | für = 2\n    | ^^^");
        assert_eq!(shown("é = 1", 5, 6), "1:5: a.b: is wrong\n  1 | é = 1\n    |     ^");
        assert_eq!(shown("a = 1\n", 6, 6), "2:1: a.b: is wrong\n  2 | \n    | ^");
        assert_eq!(shown("", 9, 12), "1:1: a.b: is wrong\n  1 | \n    | ^");
    }

    #[test]
    fn long_lines_are_cut() {
        let text = format!("{}X{}", "a".repeat(200), "b".repeat(200));
        let shown = shown(&text, 200, 201);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1].find('X').unwrap() - '…'.len_utf8() + 1, lines[2].find('^').unwrap());
        assert!(lines[1].chars().count() < 130);
    }

    #[test]
    fn lines_of_secrets_are_not_shown() {
        for text in ["[apps.x.secrets]\ntoken = \"hunter2\"", "[apps.x]\nsecrets = {\n token = hunter2 }"] {
            let at = text.find("hunter2").unwrap();
            assert!(!shown(text, at, at + 1).contains("hunter2"), "{text}");
        }
        let after = "[apps.x.secrets]\ntoken = \"env:X\"\n[org]\nname = 7";
        assert!(shown(after, after.len() - 1, after.len()).contains("name = 7"));
    }
}

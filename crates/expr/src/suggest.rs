//! "Did you mean": the nearest of the known names.

/// The name nearest to what was written, unless all are far from it.
pub(crate) fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    /// Longest word compared; the work is quadratic in it.
    const LONGEST: usize = 64;
    let wanted: Vec<char> = written.chars().flat_map(char::to_lowercase).take(LONGEST).collect();
    let allowed = wanted.len() / 3 + 1;
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let chars: Vec<char> = name.chars().flat_map(char::to_lowercase).take(LONGEST).collect();
        if chars.len().abs_diff(wanted.len()) > allowed {
            continue;
        }
        let distance = distance(&wanted, &chars);
        if distance <= allowed
            && distance < wanted.len().max(1)
            && best.is_none_or(|(d, n)| (distance, name) < (d, n))
        {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// A sentence with the nearest name, if there is one.
pub(crate) fn did_you_mean<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    nearest(written, names).map(|name| format!("did you mean `{name}`?"))
}

/// Insertions, deletions and replacements between two words, and exchanges of neighbours as one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            next[j] = replaced.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                next[j] = next[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

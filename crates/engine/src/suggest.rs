//! "Did you mean …?"

/// A hint with the name nearest to `name`, or nothing if none is near: `; did you mean "department"?`.
pub fn did_you_mean<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let near = names
        .map(|n| (distance(&name.to_lowercase(), &n.to_lowercase()), n))
        .filter(|(d, n)| *d <= 1 + n.chars().count() / 4)
        .min();
    near.map_or_else(String::new, |(_, n)| format!("; did you mean {n:?}?"))
}

/// The edit distance (insert, delete, replace a character, swap two neighbours).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    // The character before in `a`, and the row before this one.
    let mut before: Option<(char, Vec<usize>)> = None;
    for (i, ca) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX);
            let replaced = at(&row, j) + usize::from(ca != *cb);
            let left = next.last().copied().unwrap_or(usize::MAX);
            let mut best = replaced.min(at(&row, j + 1).saturating_add(1)).min(left.saturating_add(1));
            if let (Some((pa, two_up)), Some(two_left)) = (&before, j.checked_sub(1))
                && b.get(two_left) == Some(&ca)
                && pa == cb
            {
                best = best.min(at(two_up, two_left).saturating_add(1));
            }
            next.push(best);
        }
        before = Some((ca, std::mem::replace(&mut row, next)));
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_swapped_are_one_slip() {
        for (a, b, expected) in
            [("id", "di", 1), ("dept", "dpet", 1), ("title", "titel", 1), ("a", "", 1), ("abc", "cba", 2)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
        assert_eq!(did_you_mean("di", ["dept", "id"].into_iter()), "; did you mean \"id\"?");
    }
}

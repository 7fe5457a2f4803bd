//! The two places where `SQLite` needs its own words.

/// How many values the lists of a statement have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lists {
    /// One each: the statement compares with it. Most statements are about one person.
    OfOne,
    /// Any number.
    OfMany,
}

/// Rewrites a statement: a list is matched through `json_each`, and row locks are dropped, since there is one writer.
pub(super) fn rewrite(sql: &str, lists: Lists) -> String {
    let mut out = String::with_capacity(sql.len() + 32);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("= ANY(") {
        let (list, after) = after.split_once(')').unwrap_or((after, ""));
        out.push_str(before);
        match lists {
            Lists::OfOne => out.extend(["= ", list]),
            Lists::OfMany => out.extend(["IN (SELECT value FROM json_each(", list, "))"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out.replace(" FOR UPDATE SKIP LOCKED", "")
}

#[cfg(test)]
mod tests {
    use super::{Lists, rewrite};

    #[test]
    fn lists_become_json() {
        assert_eq!(
            rewrite(
                "SELECT a FROM t WHERE b = ANY($1) AND c = ANY($2) LIMIT 1 FOR UPDATE SKIP LOCKED",
                Lists::OfMany
            ),
            "SELECT a FROM t WHERE b IN (SELECT value FROM json_each($1)) \
             AND c IN (SELECT value FROM json_each($2)) LIMIT 1"
        );
        assert_eq!(
            rewrite("SELECT a FROM t WHERE b = ANY($1)", Lists::OfOne),
            "SELECT a FROM t WHERE b = $1"
        );
        assert_eq!(rewrite("SELECT 1", Lists::OfMany), "SELECT 1");
    }
}

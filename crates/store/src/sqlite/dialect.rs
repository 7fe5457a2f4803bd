//! The two places where `SQLite` needs its own words.

/// Rewrites a statement: a list is matched through `json_each`, and row locks are dropped, since there is one writer.
pub(super) fn rewrite(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 32);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("= ANY(") {
        let (list, after) = after.split_once(')').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str("IN (SELECT value FROM json_each(");
        out.push_str(list);
        out.push_str("))");
        rest = after;
    }
    out.push_str(rest);
    out.replace(" FOR UPDATE SKIP LOCKED", "")
}

#[cfg(test)]
mod tests {
    use super::rewrite;

    #[test]
    fn lists_become_json() {
        assert_eq!(
            rewrite("SELECT a FROM t WHERE b = ANY($1) AND c = ANY($2) LIMIT 1 FOR UPDATE SKIP LOCKED"),
            "SELECT a FROM t WHERE b IN (SELECT value FROM json_each($1)) \
             AND c IN (SELECT value FROM json_each($2)) LIMIT 1"
        );
        assert_eq!(rewrite("SELECT 1"), "SELECT 1");
    }
}

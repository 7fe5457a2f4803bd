//! The document of the language tells the truth.

use std::path::Path;

use muster_expr::fuzz::function_names;

use crate::value;

fn document() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/expressions.md")).unwrap()
}

/// Pieces between backquotes that are joined by an arrow: an expression and its result.
fn examples(text: &str) -> Vec<(&str, &str)> {
    let pieces: Vec<&str> = text.split('`').collect();
    pieces.windows(3).filter(|w| w[1] == " → " || w[1] == "\n→ ").map(|w| (w[0], w[2])).collect()
}

#[test]
fn every_example_of_the_document_has_the_result_it_names() {
    let text = document();
    let all = examples(&text);
    assert!(all.len() > 110, "{} examples", all.len());
    for (expression, result) in all {
        assert_eq!(value(expression), value(result), "{expression}");
    }
}

#[test]
fn every_function_is_in_the_document_with_an_example() {
    let text = document();
    let used = examples(&text).into_iter().map(|(expression, _)| expression).collect::<Vec<_>>().join("\n");
    // Followed only where the org has such a link or source.
    let elsewhere = ["getAssistantUser", "hasWorkdayUser", "findWorkdayUser"];
    for name in function_names() {
        assert!(text.contains(&format!("{name}(")), "{name} is not described");
        let shown = used.contains(&format!("{name}("));
        assert!(shown || elsewhere.contains(&name), "{name} has no example");
    }
}

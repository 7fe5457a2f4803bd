//! Laws, over generated expressions.

use std::path::Path;

use muster_expr::fuzz;
use proptest::prelude::*;

/// Parts of the language, put together at random.
const WORDS: &[&str] = &[
    "user",
    ".",
    "user.department",
    "user.login",
    "user.isContractor",
    "user.level",
    "user.rate",
    "user.startDate",
    "user.endDate",
    "user.colors",
    "user.any",
    "user.nothing",
    "Time.now()",
    ".plusDays(3)",
    ".minusDays(400)",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "?",
    "?:",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    " AND ",
    " OR ",
    " NOT ",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    " in ",
    " not in ",
    " matches ",
    "\"Sales\"",
    "'a'",
    "\"2026-03-17\"",
    "\"\"",
    "0",
    "1",
    "2.5",
    "true",
    "false",
    "null",
    "String.len(",
    "String.replace(",
    "String.toLowerCase(",
    "String.startsWith(",
    "Arrays.add(",
    "Arrays.contains(",
    "Convert.toInt(",
    "isMemberOfGroup(\"00g1\")",
    "user.isMemberOf({'group.id':",
    "user.getLinkedObject(\"manager\").email",
    ".contains(",
    ".toString(",
    ".parseStringTime(",
    ".toZone(\"Asia/Tokyo\")",
    ".withinDays(3)",
    ".plusHours(",
    ".minusDays(user.level)",
    "\"yyyy-MM-dd'T'HH:mm:ss.SSSZZ\"",
    "user.getGroups(",
    ".![name]",
    "getFilteredGroups({\"00g2\"},\"group.id\",1)",
    "findDirectoryUser().department",
    "hasDirectoryUser()",
    "getManagerUser(\"active_directory\").email",
    ".substring(",
    "${",
    "fn:",
    "ä",
    "\n",
    "\"",
    "'",
    "\\",
];

/// Text that is an expression of the grammar, most of it of the right types.
fn expression() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec![
        "user.department",
        "user.login",
        "user.firstName",
        "user.country",
        "\"Sales\"",
        "'it''s'",
        "\"\"",
        "user.any",
        "user.getLinkedObject(\"manager\").email",
        "user.getInternalProperty(\"status\")",
        "null",
    ])
    .prop_map(str::to_owned);
    let text = text.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            inner.clone().prop_map(|a| format!("String.toLowerCase({a})")),
            inner.clone().prop_map(|a| format!("String.substring({a}, 1, 3)")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("String.replace({a}, {b}, {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("String.substringBefore({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} ?: {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("(user.isContractor ? {a} : {b})")),
        ]
    });
    let number = prop_oneof![
        Just("user.level".to_owned()),
        Just("user.rate".to_owned()),
        (-9i64..99).prop_map(|i| i.to_string()),
        text.clone().prop_map(|a| format!("String.len({a})")),
        (0i64..9, prop::sample::select(vec!["+", "-", "*", "/", "%"]))
            .prop_map(|(i, op)| format!("user.level {op} {i}")),
    ];
    let relation = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let now = (prop::sample::select(vec!["user.startDate", "user.endDate"]), 0usize..4, -400i64..400)
        .prop_map(|(date, op, days)| {
            format!("{date} {} Time.now().plusDays({days})", ["<", "<=", ">", ">="][op])
        });
    let leaf = prop_oneof![
        3 => (text.clone(), relation.clone(), text.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (number.clone(), relation, number).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => now,
        1 => (text.clone(), text.clone()).prop_map(|(a, b)| format!("String.startsWith({a}, {b})")),
        1 => text.clone().prop_map(|a| format!("{a} in {{\"Sales\", \"a\", {a}}}")),
        1 => text.prop_map(|a| format!("String.toLowerCase({a}) matches \"[a-z]*\"")),
        1 => Just("user.isContractor".to_owned()),
        1 => Just("isMemberOfGroupName(\"Sales US\")".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.clone().prop_map(|a| format!("NOT {a}")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn generated_expressions_keep_the_laws(text in expression()) {
        fuzz::run(text.as_bytes());
    }

    #[test]
    fn random_words_keep_the_laws(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..30)) {
        fuzz::run(words.concat().as_bytes());
    }

    #[test]
    fn dates_written_in_any_format_keep_the_laws(
        parts in prop::collection::vec(
            (prop::sample::select("GCyYxweEDMdaKhHkmsSZzu'- :.é".chars().collect::<Vec<_>>()), 1usize..6),
            0..8,
        ),
        text in "[0-9]{1,4}[-./ :]?[0-9]{1,2}[-./ :]?[0-9A-Za-z]{1,4}",
    ) {
        let format: String = parts.iter().flat_map(|(c, n)| std::iter::repeat_n(*c, *n)).collect();
        fuzz::run(format!("user.endDate.toString(\"{format}\")").as_bytes());
        fuzz::run(format!("(user.any ?: \"{text}\").parseStringTime(\"{format}\")").as_bytes());
        fuzz::run(format!("\"{text}\".parseStringTime(\"{format}\")").as_bytes());
    }

    #[test]
    fn a_date_written_in_a_format_is_read_as_itself(millis in -62_135_596_800_000i64..253_402_300_799_000) {
        let iso = crate::value(&format!("Time.fromUnixToIso8601({millis})"));
        let iso = iso.as_str().unwrap_or_default();
        for format in [
            "yyyy-MM-dd'T'HH:mm:ss.SSSZZ",
            "EEEE, d MMMM yyyy h:mm:ss.SSS a Z",
            "DDDyyyy kkmmss SSS",
            "SSSssmmHHddMMyyyy",
        ] {
            let written = crate::value(&format!("Time.fromIso8601ToString(\"{iso}\", \"{format}\")"));
            let written = written.as_str().unwrap_or_default();
            let read = crate::value(&format!("Time.fromStringToIso8601(\"{written}\", \"{format}\")"));
            prop_assert_eq!(read.as_str(), Some(iso), "{} {}", format, written);
        }
    }

    #[test]
    fn random_bytes_keep_the_laws(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzz::run(&bytes);
    }
}

#[test]
fn the_corpus_keeps_the_laws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/expr");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        fuzz::run(&std::fs::read(entry.unwrap().path()).unwrap());
        seen += 1;
    }
    assert!(seen >= 30, "{seen} seeds");
}

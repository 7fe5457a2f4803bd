//! Every way a file can be wrong that we know of, and what is said about it.

use std::fmt::Write as _;
use std::io::{self, Read};

use muster_connectors::csv::{Column, FeedFormat, FeedReader, FeedRow, Kind, RejectedRow, ValidRow};

use super::{format, gzip, read_all, text};
use muster_expr::Value;

/// Rows in short: `line key values` or `line key? reason`.
fn shown(bytes: &[u8], format: &FeedFormat) -> Vec<String> {
    let show = |row| match row {
        FeedRow::Valid(ValidRow { line, key, terminated, values, .. }) => {
            let values: Vec<String> = values
                .iter()
                .map(|value| match value {
                    Value::Null => "-".to_owned(),
                    Value::Str(text) => text.to_string(),
                    other => format!("{other:?}"),
                })
                .collect();
            format!("{line} {key} {}{}", values.join("|"), if terminated { " left" } else { "" })
        }
        FeedRow::Gone(row) => format!("{} {} gone", row.line, row.key),
        FeedRow::Rejected(RejectedRow { line, key, reason }) => {
            format!("{line} {}: {reason}", key.as_deref().unwrap_or("?"))
        }
    };
    read_all(bytes, format).unwrap().into_iter().map(show).collect()
}

fn failure(bytes: &[u8], format: &FeedFormat) -> String {
    read_all(bytes, format).unwrap_err().to_string()
}

#[test]
fn rows() {
    let few = "2 1: 3 fields where the header has 4; a field with ',' in it needs quotes";
    let cases: &[(&str, &[u8], &[&str])] = &[
        ("plain", b"1,Ann,1992-01-01,active\n", &["2 1 Ann|1992-01-01"]),
        ("no newline at the end", b"1,Ann,1992-01-01,active", &["2 1 Ann|1992-01-01"]),
        ("CR LF", b"1,Ann,1992-01-01,\r\n2,Bo,1992-01-01,\r\n", &["2 1 Ann|1992-01-01", "3 2 Bo|1992-01-01"]),
        (
            "blank lines",
            b"\n\r\n1,Ann,1992-01-01,active\n\n\n2,Bo,1992-01-01,\n",
            &["4 1 Ann|1992-01-01", "7 2 Bo|1992-01-01"],
        ),
        (
            "leavers, in any case",
            b"1,,1992-01-01,terminated\n2,,1992-01-01, TERMINATED \n3,,1992-01-01,term\n",
            &["2 1 -|1992-01-01 left", "3 2 -|1992-01-01 left", "4 3 -|1992-01-01"],
        ),
        (
            "quotes",
            b"1,\"Ann \"\"A\"\", Dr.\n2nd line\",1992-01-01,\n2,Bo,1992-01-01,\n",
            &["2 1 Ann \"A\", Dr.\n2nd line|1992-01-01", "4 2 Bo|1992-01-01"],
        ),
        ("a quote within a field", b"1,5\" disk,1992-01-01,\n", &["2 1 5\" disk|1992-01-01"]),
        ("blank is no value", b"1,   ,1992-01-01,\n", &["2 1 -|1992-01-01"]),
        ("blanks around a key", b" 1\t,Ann, 1992-01-01 ,\n", &["2 1 Ann|1992-01-01"]),
        ("too few fields", b"1,Ann,1992-01-01\n2,Bo,1992-01-01,\n", &[few, "3 2 Bo|1992-01-01"]),
        (
            "too many fields",
            b"1,Ann,Dr.,1992-01-01,\n",
            &["2 1: 5 fields where the header has 4; a field with ',' in it needs quotes"],
        ),
        (
            "a quote that swallows the next row",
            b"1,\"Ann,1992-01-01,\n2,Bo\",1992-01-01,\n3,Cy,1992-01-01,\n",
            &["2 1 Ann,1992-01-01,\n2,Bo|1992-01-01", "4 3 Cy|1992-01-01"],
        ),
        (
            "a quote that swallows fields as well",
            b"1,\"Ann,1992-01-01,\n2,Bo\",,1992-01-01,\n",
            &["2 ?: 5 fields where the header has 4; a field with ',' in it needs quotes"],
        ),
        (
            "a quote around the key and more",
            b"\"1,Ann\",1992-01-01,\n",
            &["2 ?: 3 fields where the header has 4; a field with ',' in it needs quotes"],
        ),
        (
            "empty key",
            b",Ann,1992-01-01,\n \t,Bo,1992-01-01,\n",
            &["2 ?: the key in column id is empty", "3 ?: the key in column id is empty"],
        ),
        (
            "key with a line end",
            b"\"1\n2\",Ann,1992-01-01,\n",
            &["2 ?: the key in column id has control characters: \"1\\n2\""],
        ),
        ("NUL", b"1,A\0n,1992-01-01,\n", &["2 1: column name contains a NUL character"]),
        (
            "unreadable date",
            b"1,Ann,31.12.92,\n",
            &["2 1: column hired is \"31.12.92\" but should be a date such as 1992-12-31"],
        ),
        (
            "a day that isn't",
            b"1,Ann,1992-02-30,\n",
            &["2 1: column hired is \"1992-02-30\" but should be a date such as 1992-12-31"],
        ),
        ("empty but required", b"1,Ann,,\n", &["2 1: column hired is empty but required"]),
        ("nothing but a header", b"", &[]),
    ];
    for (name, rows, expected) in cases {
        let bytes = [b"id,name,hired,status\n", *rows].concat();
        assert_eq!(shown(&bytes, &format()), *expected, "{name}");
        assert_eq!(shown(&gzip(&bytes), &format()), *expected, "{name}, packed");
        let marked = [b"\xef\xbb\xbf", &bytes[..]].concat();
        assert_eq!(shown(&marked, &format()), *expected, "{name}, with byte order mark");
        assert_eq!(shown(&gzip(&marked), &format()), *expected, "{name}, with byte order mark, packed");
    }
}

#[test]
fn kinds() {
    let list = Kind::List { separator: ";".into() };
    let unreadable = "column v is \"x\" but should be";
    let cases: &[(Kind, &str, Result<Value, String>)] = &[
        (Kind::Text, "  x ", Ok(text("  x "))),
        (Kind::Integer, "-12", Ok(Value::Int(-12))),
        (Kind::Integer, " 9223372036854775807 ", Ok(Value::Int(i64::MAX))),
        (Kind::Integer, "x", Err(format!("{unreadable} a whole number"))),
        (
            Kind::Integer,
            "9223372036854775808",
            Err("column v is \"9223372036854775808\" but should be a whole number".into()),
        ),
        (Kind::Integer, "1.5", Err("column v is \"1.5\" but should be a whole number".into())),
        (Kind::Number, "1.5", Ok(Value::Num(1.5))),
        (Kind::Number, "NaN", Err("column v is \"NaN\" but should be a number such as 12.5".into())),
        (Kind::Number, "1e999", Err("column v is \"1e999\" but should be a number such as 12.5".into())),
        (Kind::Boolean, "Yes", Ok(Value::Bool(true))),
        (Kind::Boolean, "0", Ok(Value::Bool(false))),
        (Kind::Boolean, "x", Err(format!("{unreadable} true or false"))),
        (list.clone(), "a; b;;c ", Ok(Value::List(vec![text("a"), text("b"), text("c")]))),
        (list.clone(), " ; ", Ok(Value::Null)),
        (list, "", Ok(Value::Null)),
        (Kind::Date, "1992-01-01T00:00:00Z", Ok(text("1992-01-01T00:00:00Z"))),
        (Kind::Boolean, "", Ok(Value::Null)),
        (Kind::Text, &"é".repeat(40), Err("column v is 80 bytes long, the limit is 64".into())),
    ];
    for (kind, field, expected) in cases {
        let columns = vec![Column::new("v", kind.clone())];
        let format = FeedFormat { max_field_bytes: 64, ..FeedFormat::new("id", columns) };
        let bytes = format!("id,v\n1,{field}\n");
        let found = match read_all(bytes.as_bytes(), &format).unwrap().remove(0) {
            FeedRow::Valid(row) => Ok(row.values[0].clone()),
            FeedRow::Rejected(row) => Err(row.reason),
            FeedRow::Gone(row) => panic!("{row:?}"),
        };
        assert_eq!(found, *expected, "{kind:?} of {field:?}");
    }
}

#[test]
fn whole_feeds() {
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("empty", b"".to_vec(), "the feed is empty: not even a header"),
        ("only blank lines", b"\n\r\n\n".to_vec(), "the feed is empty: not even a header"),
        ("empty, packed", gzip(b""), "the feed is empty: not even a header"),
        ("UTF-32", b"\xff\xfe\0\0i\0\0\0".to_vec(), "the feed is UTF-32, not text; export it again"),
        ("a workbook", b"PK\x03\x04rest".to_vec(), "the feed is an Excel workbook or a ZIP archive"),
        ("zstd", b"\x28\xb5\x2f\xfdrest".to_vec(), "the feed is packed with zstd"),
        ("column twice", b"id,name,hired,status,name\n".to_vec(), "the header names column \"name\" twice"),
        (
            "no key",
            b"number,name,hired,status\n".to_vec(),
            "line 1: column \"id\" is missing; the columns found are: number, name, hired, status",
        ),
        (
            "no status",
            b"id,name,hired\n".to_vec(),
            "line 1: column \"status\" is missing; the columns found are",
        ),
        (
            "cut in a quote",
            b"id,name,hired,status\n1,Ann,1992-01-01,\n2,\"Bo,1992-01-01,\n3,Cy,1992-01-01,\n".to_vec(),
            "the feed is cut short: the quote opened in the row of line 3 is never closed; fetch the file again",
        ),
        (
            "cut right after a quote",
            b"id,name,hired,status\n1,\"".to_vec(),
            "the feed is cut short: the quote opened in the row of line 2 is never closed",
        ),
        (
            "cut in a header's quote",
            b"id,\"name".to_vec(),
            "the feed is cut short: the quote opened in the row of line 1",
        ),
        (
            "not really gzip",
            b"\x1f\x8b\x08garbage that is no gzip".to_vec(),
            "the gzip stream of the feed is damaged after line 0 (",
        ),
    ];
    for (name, bytes, expected) in cases {
        let found = failure(bytes, &format());
        assert!(found.starts_with(expected), "{name}: {found}");
    }
}

#[test]
fn a_gzip_stream_cut_anywhere_is_noticed() {
    let mut bytes = "id,name,hired,status\n".to_owned();
    for id in 0..300 {
        writeln!(bytes, "{id},Name {},1992-01-01,active", id * 7919 % 1000).unwrap();
    }
    let packed = gzip(bytes.as_bytes());
    assert_eq!(read_all(&packed, &format()).unwrap().len(), 300);
    for cut in 2..packed.len() {
        let found = failure(&packed[..cut], &format());
        assert!(
            found.starts_with("the feed is cut short: its gzip stream ends in the middle"),
            "cut at {cut}: {found}"
        );
    }
}

#[test]
fn several_gzip_streams_in_a_row_are_one_feed() {
    let bytes = [gzip(b"id,name,hired,status\n1,Ann,1992-01-01,\n"), gzip(b"2,Bo,1992-01-01,\n")].concat();
    assert_eq!(shown(&bytes, &format()), ["2 1 Ann|1992-01-01", "3 2 Bo|1992-01-01"]);
}

#[test]
fn unknown_columns_are_refused_if_asked() {
    let strict = FeedFormat { ignore_unknown_columns: false, ..format() };
    assert!(read_all(b"id,name,hired,status\n", &strict).is_ok());
    let found = failure(b"id,name,phone,hired,status,room\n", &strict);
    assert!(found.starts_with("line 1: unknown columns: phone, room; add them"), "{found}");
}

#[test]
fn limits_hold() {
    let small = FeedFormat { max_row_bytes: 100, max_field_bytes: 50, max_rows: 3, ..format() };
    let long = "x".repeat(300);
    let bytes = format!("id,name,hired,status\n1,{long},1992-01-01,\n2,Bo,1992-01-01,\n");
    assert_eq!(
        shown(bytes.as_bytes(), &small),
        ["2 ?: the row is longer than 100 bytes; is a quote not closed?", "3 2 Bo|1992-01-01",]
    );
    let commas = format!("id,name,hired,status\n1{}\n2,Bo,1992-01-01,\n", ",".repeat(100_000));
    let found = shown(commas.as_bytes(), &format());
    assert!(found[0].starts_with("2 ?: the row is longer than"), "{}", found[0]);
    assert_eq!(found[1], "3 2 Bo|1992-01-01");
    let many = "id,name,hired,status\n1,A,1992-01-01,\n2,A,1992-01-01,\n3,A,1992-01-01,\n4,A,1992-01-01,\n";
    let found = failure(many.as_bytes(), &small);
    assert!(found.starts_with("the feed has more than 3 rows; raise max_rows"), "{found}");
    let bytes = format!("id,name,hired,status\n{},A,1992-01-01,\n", "9".repeat(60));
    assert_eq!(
        shown(bytes.as_bytes(), &small),
        ["2 ?: the key in column id is 60 bytes long, the limit is 50"]
    );
}

#[test]
fn settings_that_contradict_themselves_are_refused() {
    for (format, expected) in [
        (FeedFormat { date_format: Some("%~".into()), ..format() }, "date_format \"%~\" can't be understood"),
        (FeedFormat { delimiter: Some(b'"'), ..format() }, "'\"' can't be the delimiter"),
        (FeedFormat { max_row_bytes: 0, ..format() }, "max_row_bytes is 0"),
        (
            FeedFormat::new("id", vec![Column::new("l", Kind::List { separator: String::new() })]),
            "the separator of list column \"l\" is empty",
        ),
    ] {
        let found = failure(b"id,name,hired,status,l\n", &format);
        assert!(found.starts_with(&format!("the format of the feed is wrong: {expected}")), "{found}");
    }
}

#[test]
fn settings_are_written_as_people_would() {
    let text = r#"{
        "key": "id", "delimiter": ";", "date_format": "%d.%m.%Y",
        "terminated": {"column": "status", "values": ["left"]},
        "columns": [
            {"name": "hired", "kind": "date", "required": true},
            {"name": "skills", "kind": {"list": {"separator": "|"}}},
            {"name": "name"}
        ]
    }"#;
    let format: FeedFormat = serde_json::from_str(text).unwrap();
    assert_eq!(
        shown(b"id;hired;skills;name;status\n1;31.12.1992;;Ann;Left\n", &format),
        ["2 1 1992-12-31|-|Ann left"]
    );
    let again: FeedFormat = serde_json::from_str(&serde_json::to_string(&format).unwrap()).unwrap();
    assert_eq!(again, format);
    for wrong in
        [r#"{"key": "id", "columns": [], "delimiter": "\n"}"#, r#"{"key": "id", "columns": [], "sep": 1}"#]
    {
        assert!(serde_json::from_str::<FeedFormat>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_failing_disk_is_told_apart_from_a_short_file() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    let bytes = &b"id,name,hired,status\n1,Ann,1992-01-01,\n"[..];
    let mut reader = FeedReader::open(bytes.chain(Broken), &format()).unwrap();
    assert!(matches!(reader.next(), Some(Ok(FeedRow::Valid(_)))));
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert_eq!(
        error,
        "reading the feed failed after line 2: the disk is on fire; nothing of it has been used, try again"
    );
    assert!(reader.next().is_none());
}

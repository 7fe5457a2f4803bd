//! What the header tells: the delimiter, and which column is which.

use muster_connectors::csv::{Column, FeedFormat, FeedReader, FeedRow, Kind, Marked};

use super::read_all;

fn format() -> FeedFormat {
    let department =
        Column { names: vec!["Dept".into(), "Abteilung".into()], ..Column::new("department", Kind::Text) };
    FeedFormat::new("id", vec![Column::new("id", Kind::Text), department, Column::new("title", Kind::Text)])
}

/// Rows in short.
fn read(text: &str, format: &FeedFormat) -> Result<Vec<String>, String> {
    let show = |row: FeedRow| match row {
        FeedRow::Valid(row) => {
            let values = row.values.iter().map(|value| value.as_str().unwrap_or("-"));
            values.collect::<Vec<_>>().join("|")
        }
        FeedRow::Gone(row) => format!("{} is gone", row.key),
        FeedRow::Rejected(row) => row.reason,
    };
    let rows = read_all(text.as_bytes(), format).map_err(|error| error.to_string())?;
    Ok(rows.into_iter().map(show).collect())
}

#[test]
fn the_delimiter_is_the_one_that_gives_the_columns_expected() {
    for text in [
        "id,department,title\n1,\"a;b\",\"c\td|e\"\n",
        "id;department;title\n1;\"a;b\";c\td|e\n",
        "id\tdepartment\ttitle\n1\ta;b\t\"c\td|e\"\n",
        "id|department|title\n1|a;b|\"c\td|e\"\n",
        "\n\r\n\"id\"|\"department\"|\"title\"\n1|a;b|\"c\td|e\"\n",
        // Others may stand in the header as well.
        "id;department;title;\"town, street\";a,b,c,d\n1;\"a;b\";c\td|e;x;y\n",
    ] {
        assert_eq!(read(text, &format()).unwrap(), ["1|a;b|c\td|e"], "{text}");
    }
    let alone = FeedFormat::new("id", Vec::new());
    assert_eq!(read("id\n1\n2\n", &alone).unwrap(), ["", ""], "one column needs none");
}

#[test]
fn a_delimiter_that_is_given_wins() {
    let semicolon = FeedFormat { delimiter: Some(b';'), ..format() };
    let found = read("id,department,title\n", &semicolon).unwrap_err();
    assert!(
        found.starts_with(
            "line 1: column \"id\" is missing (the header is one field; is the delimiter ',' rather than ';'?)"
        ),
        "{found}"
    );
    let other = FeedFormat { delimiter: Some(b'^'), ..format() };
    assert_eq!(read("id^department^title\n1^a,b^c;d\n", &other).unwrap(), ["1|a,b|c;d"]);
}

#[test]
fn a_header_that_tells_no_delimiter_is_refused() {
    let found = read("id^department^title\n1^a^b\n", &format()).unwrap_err();
    assert_eq!(
        found,
        "line 1: the header has none of the columns expected, be the delimiter a comma, a semicolon, a tab or |; give the \
         delimiter in the app's feed settings; the header is \"id^department^title\""
    );
    let only_key = FeedFormat::new("id", Vec::new());
    let found = read("id;x,id\n", &only_key).unwrap_err();
    assert!(
        found.starts_with(
            "line 1: the header has the columns expected whether the delimiter is ',' or ';'; give"
        ),
        "{found}"
    );
    // One column short is told as what it is.
    let found = read("id;department;grade\n", &format()).unwrap_err();
    assert!(found.starts_with("line 1: column \"title\" is missing"), "{found}");
}

#[test]
fn columns_go_by_their_other_names_in_any_case_and_order() {
    for header in ["id,department,title", "ID, Department ,TITLE", "id,Dept,title", "Id,ABTEILUNG,Title"] {
        assert_eq!(read(&format!("{header}\n1,Lab,Dr\n"), &format()).unwrap(), ["1|Lab|Dr"], "{header}");
    }
    assert_eq!(read("title,Abteilung,id\nDr,Lab,1\n", &format()).unwrap(), ["1|Lab|Dr"]);
    // Two that differ in case alone are told apart by their very names.
    let both = FeedFormat::new("id", vec![Column::new("Name", Kind::Text), Column::new("name", Kind::Text)]);
    assert_eq!(read("id,name,Name\n1,a,b\n", &both).unwrap(), ["b|a"]);
}

#[test]
fn a_header_in_which_a_column_is_there_twice_is_refused() {
    for (header, expected) in [
        (
            "id,Dept,Abteilung,title",
            "line 1: both \"Dept\" and \"Abteilung\" may be the column \"department\"; correct",
        ),
        (
            "id,Department,DEPARTMENT,title",
            "line 1: both \"Department\" and \"DEPARTMENT\" may be the column",
        ),
        (
            "id,department,Dept,title",
            "line 1: both \"department\" and \"Dept\" may be the column \"department\"",
        ),
    ] {
        let found = read(&format!("{header}\n"), &format()).unwrap_err();
        assert!(found.starts_with(expected), "{found}");
    }
    let both = FeedFormat::new("id", vec![Column::new("Name", Kind::Text), Column::new("name", Kind::Text)]);
    let found = read("id,NAME,x\n", &both).unwrap_err();
    assert!(found.starts_with("line 1: \"NAME\" may be several of the columns expected"), "{found}");
}

#[test]
fn a_missing_column_is_refused_with_the_one_it_may_be_now() {
    for (header, expected) in [
        (
            "id,department,tittle",
            "line 1: column \"title\" is missing (did you mean \"tittle\"? give the column names = [\"tittle\"] if it is called \
             so now); the columns found are: id, department, tittle",
        ),
        (
            "id,Dept,grade",
            "line 1: column \"title\" is missing (and \"grade\" is unknown: give the column names = [\"grade\"] if it is \
             called so now)",
        ),
        // Of several unknown ones none is likelier than the others.
        ("id,Dept,grade,room", "line 1: column \"title\" is missing; the columns found are"),
        ("id,department", "line 1: column \"title\" is missing; the columns found are"),
    ] {
        let found = read(&format!("{header}\n"), &format()).unwrap_err();
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_partial_feed_may_lack_columns_but_none_by_another_name() {
    let deleted = Some(Marked { column: "op".into(), values: vec!["D".into()] });
    let required = Column::new("title", Kind::Text).required();
    let mut columns = format().columns;
    columns[2] = required;
    let full = FeedFormat { deleted, columns, ..format() };
    let partial = FeedFormat { partial: true, ..full.clone() };
    let text = "id;Op;title\n1;U;Dr\n2;d;\n3;;\n";
    let reader = FeedReader::open(text.as_bytes(), &partial).unwrap();
    assert_eq!(reader.absent(), [1]);
    let empty = "column title is empty but required";
    assert_eq!(read(text, &partial).unwrap(), ["1|-|Dr", "2 is gone", empty]);
    let found = read("id,op,departmnt,title\n", &partial).unwrap_err();
    assert!(
        found.starts_with("line 1: column \"department\" is missing (did you mean \"departmnt\"?"),
        "{found}"
    );
    let found = read("id,department,title\n", &partial).unwrap_err();
    assert!(found.starts_with("line 1: column \"op\" is missing"), "a delta must tell what is gone: {found}");
    // A full feed needs no such column, and everything else.
    assert_eq!(read("id,department,title\n1,Lab,Dr\n", &full).unwrap(), ["1|Lab|Dr"]);
    assert!(read("id,op,title\n", &full).is_err());
    let strict = FeedFormat { ignore_unknown_columns: false, ..full };
    assert_eq!(read("id,department,title,op\n1,Lab,Dr,I\n", &strict).unwrap(), ["1|Lab|Dr"]);
}

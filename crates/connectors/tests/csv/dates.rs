//! Dates whose form nobody has set.

use std::fmt::Write as _;
use std::path::Path;

use muster_connectors::csv::{Column, FeedFormat, FeedReader, Kind, SortedItem, sorted};

fn format() -> FeedFormat {
    FeedFormat::new("id", vec![Column::new("begins", Kind::Date), Column::new("ends", Kind::Date)])
}

/// The dates of a column of a feed as they are understood, and what is said about it.
fn read(dates: &[(&str, &str)], format: &FeedFormat) -> Result<(Vec<String>, Vec<String>), String> {
    let mut text = "id;begins;ends\n".to_owned();
    for (n, (begins, ends)) in dates.iter().enumerate() {
        writeln!(text, "{n:03};{begins};{ends}").unwrap();
    }
    let reader = FeedReader::open(text.as_bytes(), format).map_err(|error| error.to_string())?;
    let feed = sorted(reader, 200, Path::new("/tmp")).map_err(|error| error.to_string())?;
    let remarks = feed.summary().remarks.iter().filter(|r| r.starts_with("column")).cloned().collect();
    let show = |item: Result<SortedItem, _>| match item.unwrap() {
        SortedItem::Valid(row) => {
            let texts = row.values.iter().map(|value| value.as_str().unwrap_or("-").to_owned());
            texts.collect::<Vec<_>>().join(" ")
        }
        SortedItem::Rejected { reason, .. } => reason,
        SortedItem::Gone(row) => row.key,
    };
    Ok((feed.map(show).collect(), remarks))
}

#[test]
fn a_day_beyond_the_twelfth_proves_the_order_for_its_whole_column() {
    let (dates, remarks) =
        read(&[("1/2/2026", "1/2/2026"), ("31/12/2026", "12/31/2026"), ("", "2026-03-04")], &format())
            .unwrap();
    assert_eq!(dates, ["2026-02-01 2026-01-02", "2026-12-31 2026-12-31", "- 2026-03-04"]);
    assert_eq!(
        remarks,
        [
            "column begins: dates with '/' are read as day, month, year, going by \"31/12/2026\" on line 3",
            "column ends: dates with '/' are read as month, day, year, going by \"12/31/2026\" on line 3"
        ]
    );
}

#[test]
fn dots_mean_the_day_first_unless_the_column_proves_otherwise() {
    let (dates, remarks) = read(&[("1.2.2026", "1.2.2026"), ("", "1.31.2026")], &format()).unwrap();
    assert_eq!(dates, ["2026-02-01 2026-01-02", "- 2026-01-31"]);
    assert_eq!(remarks.len(), 2);
    assert!(remarks[0].ends_with("read as day, month, year, going by \"1.2.2026\" on line 2"), "{remarks:?}");
}

#[test]
fn what_is_the_same_either_way_needs_no_proof() {
    let (dates, remarks) = read(&[("05/05/2026", "2026-05-05")], &format()).unwrap();
    assert_eq!((dates, remarks), (vec!["2026-05-05 2026-05-05".to_owned()], vec![]));
}

#[test]
fn a_column_that_may_be_read_both_ways_is_refused() {
    let found = read(&[("05/05/2026", ""), ("01/02/2026", "31/12/2026")], &format()).unwrap_err();
    assert_eq!(
        found,
        "column begins: nothing tells whether the day or the month comes first in its dates, such as \"01/02/2026\" on line 3; \
         say in the app's feed settings how its dates are written (such as date_format = \"%d/%m/%Y\")"
    );
    let found = read(&[("01-02-2026", "")], &format()).unwrap_err();
    assert!(found.starts_with("column begins: nothing tells"), "{found}");
}

#[test]
fn a_column_written_in_two_ways_is_refused() {
    let found = read(&[("", "12/31/2026"), ("", "31/12/2026")], &format()).unwrap_err();
    assert!(
        found.starts_with(
            "column ends: its dates are written in two ways, the day first in \"31/12/2026\" on line 3, the month first in \
             \"12/31/2026\" on line 2; say"
        ),
        "{found}"
    );
}

#[test]
fn rows_that_are_left_out_prove_nothing_and_what_is_no_date_is_left_out() {
    let wrong = "column begins is \"31/02/2026\" but should be a date such as 1992-12-31";
    let (dates, _) = read(&[("31/02/2026", ""), ("13/01/2026", "")], &format()).unwrap();
    assert_eq!(dates, [wrong, "2026-01-13 -"]);
    assert!(read(&[("31/12/2026", "no date"), ("01/02/2026", "")], &format()).is_err());
}

#[test]
fn what_is_set_counts_a_column_before_the_feed() {
    let mut format = format();
    format.date_format = Some("%d/%m/%Y".into());
    format.columns[1].date_format = Some("%Y%m%d".into());
    let (dates, remarks) = read(&[("01/02/2026", "20260304"), ("2026-01-02", "")], &format).unwrap();
    let wrong = "column begins is \"2026-01-02\" but should be a date written as %d/%m/%Y";
    assert_eq!((dates, remarks), (vec!["2026-02-01 2026-03-04".to_owned(), wrong.to_owned()], vec![]));
}

//! Sorted feeds: order, duplicates, and that running out of memory changes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use muster_connectors::csv::{FeedReader, FeedRow, FeedSummary, SortedItem, sorted};
use proptest::prelude::*;

use super::{format, read_all};

fn sort(bytes: &[u8], memory: usize) -> (Vec<SortedItem>, FeedSummary) {
    let dir = tempfile::tempdir().unwrap();
    let mut feed = sorted(FeedReader::open(bytes, &format()).unwrap(), memory, dir.path()).unwrap();
    let items = feed.by_ref().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "files are left behind");
    (items, feed.into_summary())
}

fn reason(item: &SortedItem) -> &str {
    match item {
        SortedItem::Rejected { reason, .. } => reason,
        other => panic!("{other:?} isn't rejected"),
    }
}

#[test]
fn by_the_bytes_of_the_key() {
    let bytes = "id,name,hired,status\nb,,1992-01-01,\n10,,1992-01-01,\né,,1992-01-01,\n9,,1992-01-01,\nB,,1992-01-01,\n\
                 12345678a,,1992-01-01,\n12345678,,1992-01-01,\n";
    let (items, _) = sort(bytes.as_bytes(), usize::MAX);
    let keys: Vec<&str> = items.iter().map(SortedItem::key).collect();
    assert_eq!(keys, ["10", "12345678", "12345678a", "9", "B", "b", "é"]);
}

#[test]
fn no_row_of_a_duplicate_key_counts() {
    let mut bytes =
        "id,name,hired,status\n1,Ann,1992-01-01,\n7,Bo,1992-01-01,\n1,Ann,1992-01-01,\n".to_owned();
    bytes.push_str("8,Cy,1992-01-01,\n8,Cy,nonsense,\n9,Di,nonsense,\n,Ed,1992-01-01,\n");
    for _ in 0..100 {
        bytes.push_str("5,Flo,1992-01-01,\n");
    }
    for memory in [0, usize::MAX] {
        let (items, summary) = sort(bytes.as_bytes(), memory);
        let keys: Vec<&str> = items.iter().map(SortedItem::key).collect();
        assert_eq!(keys, ["1", "5", "7", "8", "9"]);
        assert_eq!(reason(&items[0]), "duplicate key 1 on lines 2 and 4");
        assert_eq!(
            reason(&items[1]),
            "duplicate key 5 on lines 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 and 90 more"
        );
        assert!(matches!(&items[2], SortedItem::Valid(row) if row.line == 3));
        assert_eq!(
            reason(&items[3]),
            "duplicate key 8 on lines 5 and 6; line 6: column hired is \"nonsense\" but should be a date such as 1992-12-31"
        );
        assert!(reason(&items[4]).starts_with("column hired is \"nonsense\""));
        let lines: Vec<u64> = summary.sample.iter().map(|row| row.line).collect();
        assert_eq!(lines, [8, 2, 9, 5, 7]);
        assert_eq!(
            summary,
            FeedSummary {
                rows: 107,
                valid: 1,
                rejected: 106,
                unreadable_keys: 1,
                bytes: bytes.len() as u64,
                sample: summary.sample.clone(),
                ..FeedSummary::default()
            }
        );
    }
}

#[test]
fn the_sample_of_rejected_rows_is_bounded_and_the_count_is_not() {
    let mut bytes = "id,name,hired,status\n".to_owned();
    for id in 0..5000 {
        writeln!(bytes, "{id},,nonsense,").unwrap();
    }
    let (items, summary) = sort(bytes.as_bytes(), usize::MAX);
    assert_eq!((items.len(), summary.rejected, summary.sample.len()), (5000, 5000, 1000));
}

#[test]
fn a_feed_cut_short_gives_nothing() {
    let bytes = b"id,name,hired,status\n1,Ann,1992-01-01,\n2,\"Bo";
    let dir = tempfile::tempdir().unwrap();
    assert!(sorted(FeedReader::open(&bytes[..], &format()).unwrap(), usize::MAX, dir.path()).is_err());
}

#[test]
fn a_missing_folder_is_named() {
    let bytes = b"id,name,hired,status\n1,Ann,1992-01-01,\n";
    let dir = std::path::Path::new("/nonexistent/spill");
    let error = sorted(FeedReader::open(&bytes[..], &format()).unwrap(), 0, dir).unwrap_err().to_string();
    assert!(error.starts_with("sorting the feed in /nonexistent/spill failed: "), "{error}");
}

proptest! {
    #[test]
    fn spilling_changes_nothing(
        rows in prop::collection::vec(("[a-c]{1,4}", "[a-z]{0,20}", 0_u8..10), 0..300),
        memory in 0_usize..4000,
    ) {
        let mut bytes = "id,name,hired,status\n".to_owned();
        for (key, name, fate) in &rows {
            let (key, date) = match fate {
                0 => ("", "1992-01-01"),
                1 => (key.as_str(), "nonsense"),
                _ => (key.as_str(), "1992-01-01"),
            };
            let status = if *fate == 2 { "terminated" } else { "active" };
            writeln!(bytes, "{key},{name},{date},{status}").unwrap();
        }
        let (items, summary) = sort(bytes.as_bytes(), usize::MAX);
        prop_assert_eq!(&sort(bytes.as_bytes(), memory), &(items.clone(), summary.clone()));

        // Judged a second way: by a map of all rows.
        let mut by_key: BTreeMap<String, Vec<FeedRow>> = BTreeMap::new();
        let mut unreadable = 0;
        for row in read_all(bytes.as_bytes(), &format()).unwrap() {
            let key = match &row {
                FeedRow::Valid(row) => Some(row.key.clone()),
                FeedRow::Rejected(row) => row.key.clone(),
                FeedRow::Gone(row) => Some(row.key.clone()),
            };
            match key {
                Some(key) => by_key.entry(key).or_default().push(row),
                None => unreadable += 1,
            }
        }
        prop_assert_eq!(summary.unreadable_keys, unreadable);
        prop_assert_eq!(items.len(), by_key.len());
        for (item, (key, rows)) in items.iter().zip(&by_key) {
            prop_assert_eq!(item.key(), key);
            match (item, &rows[..]) {
                (SortedItem::Valid(found), [FeedRow::Valid(expected)]) => prop_assert_eq!(found, expected),
                (SortedItem::Rejected { line, reason, .. }, [FeedRow::Rejected(expected)]) => {
                    prop_assert_eq!((line, reason), (&expected.line, &expected.reason));
                }
                (SortedItem::Rejected { .. }, [_, _, ..]) => {}
                other => panic!("{other:?}"),
            }
        }
        prop_assert_eq!(summary.rows, rows.len() as u64);
        prop_assert_eq!(summary.valid + summary.rejected, summary.rows);
    }
}

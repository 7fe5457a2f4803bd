//! Three rosters of one company, as its HR system exported them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;

use muster_connectors::csv::{Column, FeedFormat, FeedReader, Kind, Marked, SortedItem, ValidRow, sorted};
use serde::Deserialize;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../demo/hr-employees")
}

fn format() -> FeedFormat {
    let text = |name: &str| Column::new(name, Kind::Text).required();
    let columns = vec![
        text("first_name"),
        text("last_name"),
        Column::new("hire_date", Kind::Date).required(),
        text("department_number"),
        text("department"),
        text("title"),
        Column::new("manager_employee_number", Kind::Text),
        Column::new("termination_date", Kind::Date),
    ];
    let terminated = Some(Marked { column: "status".into(), values: vec!["terminated".into()] });
    let strict = FeedFormat::new("employee_number", columns);
    FeedFormat { terminated, ignore_unknown_columns: false, ..strict }
}

fn roster(date: &str, memory: usize) -> BTreeMap<String, ValidRow> {
    let path = folder().join(format!("hr-{date}.csv.gz"));
    let reader = FeedReader::open(File::open(&path).unwrap(), &format()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut feed = sorted(reader, memory, dir.path()).unwrap();
    let mut rows = BTreeMap::new();
    for item in feed.by_ref() {
        match item.unwrap() {
            SortedItem::Valid(row) => rows.insert(row.key.clone(), row),
            other => panic!("{other:?}"),
        };
    }
    let summary = feed.into_summary();
    assert_eq!((summary.rows, summary.rejected), (rows.len() as u64, 0));
    assert_eq!(summary.bytes, path.metadata().unwrap().len());
    rows
}

/// What is known to have happened between two feeds, by employee numbers.
#[derive(Deserialize)]
struct Truth {
    from: Option<String>,
    to: String,
    active: usize,
    rows: usize,
    #[serde(default)]
    hired: BTreeSet<String>,
    #[serde(default)]
    left: BTreeSet<String>,
    #[serde(default)]
    moved_department: BTreeSet<String>,
    #[serde(default)]
    changed_title: BTreeSet<String>,
    #[serde(default)]
    changed_manager: BTreeSet<String>,
}

#[test]
fn the_rosters_say_what_is_known_to_have_happened() {
    let truths: Vec<Truth> =
        serde_json::from_reader(File::open(folder().join("truth.json")).unwrap()).unwrap();
    assert_eq!(truths.len(), 3);
    for truth in truths {
        let rows = roster(&truth.to, 64 * 1024);
        assert_eq!(rows.len(), truth.rows);
        let active: Vec<&ValidRow> = rows.values().filter(|row| !row.terminated).collect();
        assert_eq!(active.len(), truth.active);

        let Some(from) = truth.from else { continue };
        let before = roster(&from, usize::MAX);
        let was = |key: &str| before.get(key).filter(|row| !row.terminated);
        let keys = |hit: &dyn Fn(&ValidRow) -> bool| -> BTreeSet<String> {
            active.iter().filter(|row| hit(row)).map(|row| row.key.clone()).collect()
        };
        let changed = |index: usize| {
            keys(&|row| was(&row.key).is_some_and(|old| old.values[index] != row.values[index]))
        };
        assert_eq!(keys(&|row| was(&row.key).is_none()), truth.hired);
        assert_eq!(changed(3), truth.moved_department);
        assert_eq!(changed(5), truth.changed_title);
        assert_eq!(changed(6), truth.changed_manager);
        let is_here = |key: &str| rows.get(key).is_some_and(|row| !row.terminated);
        let left = before.keys().filter(|key| was(key).is_some() && !is_here(key));
        assert_eq!(left.cloned().collect::<BTreeSet<_>>(), truth.left);

        // The hash changes where the content does, and only there.
        for row in rows.values() {
            let Some(old) = before.get(&row.key) else { continue };
            let same = (old.terminated, &old.values) == (row.terminated, &row.values);
            assert_eq!(old.content_hash() == row.content_hash(), same, "{}", row.key);
        }
    }
}

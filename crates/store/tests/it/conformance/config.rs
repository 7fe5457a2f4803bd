//! Configuration versions.

use muster_store::config::{self, ConfigItemPut, ConfigWrites};
use muster_store::{Store, StoreError};

use super::Open;

pub(crate) fn run(open: Open<'_>) {
    versions_load_as_they_were(&open("config"));
}

fn put(kind: &str, item: i64, name: &str) -> ConfigItemPut {
    ConfigItemPut { kind: kind.into(), item, name: name.into(), body: format!("{{\"name\":\"{name}\"}}") }
}

fn publish(
    store: &Store,
    version: i64,
    put: Vec<ConfigItemPut>,
    ended: &[(&str, i64)],
) -> Result<(), StoreError> {
    let ended = ended.iter().map(|(kind, item)| ((*kind).to_owned(), *item)).collect();
    let writes = ConfigWrites { version, plan: version + 100, created: version + 1000, put, ended };
    store.write(|tx| config::publish(tx, &writes))
}

fn names(store: &Store, version: i64) -> Vec<String> {
    store.read(|tx| config::items_at(tx, version)).unwrap().into_iter().map(|item| item.name).collect()
}

fn versions_load_as_they_were(store: &Store) {
    assert_eq!(store.read(config::current_version).unwrap(), None);
    assert_eq!(store.read(config::applied_through).unwrap(), 0);
    publish(store, 1, vec![put("rule", 1, "a"), put("rule", 2, "b"), put("app", 1, "hr")], &[]).unwrap();
    publish(store, 2, vec![put("rule", 1, "a2"), put("group", 9, "g")], &[("rule", 2)]).unwrap();
    publish(store, 3, vec![put("rule", 4, "never")], &[("rule", 4), ("group", 9)]).unwrap();
    assert_eq!(names(store, 1), ["hr", "a", "b"]);
    assert_eq!(names(store, 2), ["hr", "g", "a2"]);
    assert_eq!(names(store, 3), ["hr", "a2"]);
    let error = publish(store, 3, vec![put("rule", 5, "late")], &[]).unwrap_err();
    assert!(matches!(error, StoreError::Constraint { .. }), "{error:?}");
    assert_eq!(names(store, 3), ["hr", "a2"]);
    store
        .write(|tx| {
            let history = config::item_history(tx, "rule", 1)?;
            let spans: Vec<_> =
                history.iter().map(|row| (row.from_version, row.until_version, row.plan)).collect();
            assert_eq!(spans, [(1, Some(2), 101), (2, None, 102)]);
            let changed = config::items_changed(tx, 1, 2)?;
            let spans: Vec<_> = changed.iter().map(|row| (row.name.as_str(), row.from_version)).collect();
            assert_eq!(spans, [("g", 2), ("a", 1), ("a2", 2), ("b", 1)]);
            assert_eq!(config::items_named(tx, "rule", "a2")?.len(), 1);
            assert!(config::items_named(tx, "rule", "a")?.is_empty());

            assert_eq!(config::current_version(tx)?.map(|row| row.version), Some(3));
            assert_eq!(config::unapplied_versions(tx)?.len(), 3);
            assert_eq!(config::applied_through(tx)?, 0);
            assert_eq!(config::mark_applied(tx, 2, 5)?, 1);
            assert_eq!(config::applied_through(tx)?, 0, "the run of the first is still walking");
            assert_eq!(config::mark_applied(tx, 1, 6)?, 1);
            assert_eq!(config::applied_through(tx)?, 2);
            assert_eq!(config::unapplied_versions(tx)?[0].version, 3);
            assert_eq!(config::versions_before(tx, 3, 1)?[0].applied_through, Some(5));
            assert_eq!(config::mark_applied(tx, 3, 7)?, 1);
            assert_eq!(config::applied_through(tx)?, 3);
            Ok(())
        })
        .unwrap();
}

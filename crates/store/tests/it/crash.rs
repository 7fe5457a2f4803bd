//! A process that dies in the middle of a transaction leaves what was committed before, and nothing else.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use muster_store::people::{MembershipRow, PeopleWrites, write_people};
use muster_store::{OpenOptions, Store, lookups, meta};

/// Tells the child where the store is; without it the child's test does nothing.
const FOLDER: &str = "MUSTER_STORE_CRASH_FOLDER";

/// Runs a test of this binary in a process of its own.
fn child(test: &str, folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([test, "--exact"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for(there: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !there() {
        assert!(Instant::now() < deadline, "the child never came so far");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_process_leaves_the_former_state() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child("crash::child_that_waits_to_be_killed", folder.path());
    wait_for(|| folder.path().join("in-the-middle").exists());
    assert!(fs::metadata(folder.path().join("muster.db-wal")).unwrap().len() > 10 << 20);
    child.kill().unwrap();
    child.wait().unwrap();

    let store = Store::open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(store.read(|tx| meta::get(tx, "acknowledged")).unwrap().as_deref(), Some("yes"));
    assert_eq!(store.read(|tx| lookups::group_size(tx, 1)).unwrap(), 0);
    assert_eq!(store.read(|tx| meta::get(tx, "big 0")).unwrap(), None);
    // The lock of the dead is nobody's.
    store.write(|tx| meta::set(tx, "after", "yes")).unwrap();
}

#[test]
fn child_that_waits_to_be_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let store = Store::open(&folder, &OpenOptions::create()).unwrap();
    store.write(|tx| meta::set(tx, "acknowledged", "yes")).unwrap();
    let memberships =
        (1..=1000).map(|user_key| MembershipRow { user_key, group_key: 1, since: 1, plan: 1 }).collect();
    let writes = PeopleWrites { memberships, ..PeopleWrites::default() };
    // With the rows, more than the cache holds: some of it is in the log of writes before the commit.
    let big = "x".repeat(1 << 20);
    store
        .write(|tx| {
            write_people(tx, &writes)?;
            (0..160).try_for_each(|n| meta::set(tx, &format!("big {n}"), &big))?;
            fs::write(Path::new(&folder).join("in-the-middle"), "").unwrap();
            thread::sleep(Duration::from_secs(120));
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_was_acknowledged_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child("crash::child_that_writes_until_it_is_killed", folder.path());
    let acknowledged = || fs::read_to_string(folder.path().join("acknowledged")).unwrap_or_default();
    wait_for(|| acknowledged().lines().count() > 500);
    child.kill().unwrap();
    child.wait().unwrap();

    let told = acknowledged();
    let store = Store::open(folder.path(), &OpenOptions::default()).unwrap();
    let kept: Vec<String> = store.read(meta::all).unwrap().into_iter().map(|(name, _)| name).collect();
    for name in told.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        assert!(kept.iter().any(|k| k == name), "{name} was acknowledged and is gone");
    }
}

#[test]
fn child_that_writes_until_it_is_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let store = Store::open(&folder, &OpenOptions::create()).unwrap();
    let file = fs::OpenOptions::new().create(true).append(true).open(Path::new(&folder).join("acknowledged"));
    let file = file.unwrap();
    thread::scope(|scope| {
        for one in 0..8 {
            let (store, mut file) = (&store, &file);
            scope.spawn(move || {
                for no in 0..100_000 {
                    let name = format!("write {one} {no}");
                    store.write(|tx| meta::set(tx, &name, "")).unwrap();
                    file.write_all(format!("{name}\n").as_bytes()).unwrap();
                }
            });
        }
    });
}

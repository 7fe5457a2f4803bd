//! The queue of accounts.

use muster_store::accounts::{
    self, Claim, Ending, Learned, Lease, OrphanRow, RemoteLink, Settlement, claim_dirty, settle,
};
use muster_store::people::{AccountPut, AccountRow, PeopleWrites, write_people};
use muster_store::tasks::{NewTask, open_tasks};
use muster_store::{Store, StoreError};

use super::Open;

const CLAIM: Claim<'_> = Claim { app: 1, lane_max: 2, limit: 10, owner: "a", now: 100, lease_ms: 50 };

pub(crate) fn run(open: Open<'_>) {
    the_urgent_comes_first(&open("order"));
    leases_are_fenced(&open("fenced"));
    later_and_failed_wait_for_their_time(&open("later"));
    new_work_keeps_what_workers_know(&open("upsert"));
    two_nodes_share_the_work(open);
    remote_ids_are_linked_and_unique(&open("remote"));
    counts_tell_where_work_stands(&open("counts"));
}

fn put(account_key: i64, lane: i64, wanted_rev: i64) -> AccountPut {
    AccountPut {
        account_key,
        user_key: Some(account_key),
        app_key: 1,
        lane,
        wanted_rev,
        ..AccountPut::default()
    }
}

fn write(store: &Store, accounts: Vec<AccountPut>) {
    let writes = PeopleWrites { accounts, ..PeopleWrites::default() };
    store.write(|tx| write_people(tx, &writes)).unwrap();
}

fn claim(store: &Store, claim: Claim<'_>) -> Vec<AccountRow> {
    store.write(|tx| claim_dirty(tx, &claim)).unwrap()
}

fn end(store: &Store, row: &AccountRow, ending: Ending) -> bool {
    let lease = Lease { account_key: row.account_key, token: row.lease_token };
    let settlement = Settlement { lease, learned: None, ending };
    store.write(|tx| settle(tx, std::slice::from_ref(&settlement))).unwrap()[0]
}

fn get(store: &Store, account_key: i64) -> AccountRow {
    store.read(|tx| accounts::accounts(tx, &[account_key])).unwrap().remove(0)
}

fn keys(rows: &[AccountRow]) -> Vec<i64> {
    rows.iter().map(|row| row.account_key).collect()
}

fn the_urgent_comes_first(store: &Store) {
    write(store, vec![put(1, 2, 1), put(2, 1, 1), put(3, 0, 1), put(4, 1, 1), put(5, 1, 0)]);
    write(store, vec![AccountPut { app_key: 2, ..put(6, 0, 1) }]);
    assert_eq!(store.read(accounts::apps_with_dirty).unwrap(), [1, 2]);
    assert_eq!(keys(&claim(store, Claim { limit: 2, lane_max: 0, ..CLAIM })), [3]);
    assert_eq!(keys(&claim(store, Claim { limit: 2, ..CLAIM })), [2, 4]);
    assert_eq!(keys(&claim(store, CLAIM)), [1]);
    assert_eq!(keys(&claim(store, CLAIM)), [0; 0]);
}

fn leases_are_fenced(store: &Store) {
    write(store, vec![put(1, 1, 1)]);
    let old = claim(store, CLAIM).remove(0);
    assert_eq!((old.lease_owner.as_deref(), old.lease_token, old.lease_until), (Some("a"), 1, Some(150)));
    let lease = Lease { account_key: 1, token: 1 };
    assert_eq!(store.write(|tx| accounts::note_attempts(tx, &[(lease, "{\"id\":7}")])).unwrap(), [true]);
    assert_eq!(store.write(|tx| accounts::renew_leases(tx, &[lease], 160)).unwrap(), [true]);
    assert_eq!(store.read(|tx| accounts::next_wakeup(tx, 1)).unwrap(), Some(161));
    assert_eq!(claim(store, Claim { now: 160, ..CLAIM }).len(), 0);

    let new = claim(store, Claim { now: 161, owner: "b", ..CLAIM }).remove(0);
    assert_eq!(new.attempt.as_deref(), Some("{\"id\":7}"), "who takes over knows of the call in flight");
    assert!(!end(store, &old, Ending::Done { done_rev: 1 }));
    assert_eq!(store.write(|tx| accounts::note_attempts(tx, &[(lease, "{}")])).unwrap(), [false]);
    assert_eq!(store.write(|tx| accounts::renew_leases(tx, &[lease], 999)).unwrap(), [false]);
    assert_eq!(get(store, 1), new);

    let learned = Learned { remote_id: Some("r1".into()), known: Some("{}".into()), known_at: 170 };
    let lease = Lease { account_key: 1, token: new.lease_token };
    let done = Settlement { lease, learned: Some(learned), ending: Ending::Done { done_rev: 1 } };
    assert_eq!(store.write(|tx| settle(tx, &[done.clone(), done.clone()])).unwrap(), [true, false]);
    let row = get(store, 1);
    assert_eq!((row.done_rev, row.remote_id.as_deref(), row.known_at), (1, Some("r1"), Some(170)));
    assert_eq!((row.lease_until, row.lease_owner, row.attempt, row.attempts), (None, None, None, 0));
    assert_eq!(store.read(|tx| accounts::next_wakeup(tx, 1)).unwrap(), None);
    assert!(store.read(accounts::apps_with_dirty).unwrap().is_empty());
}

fn later_and_failed_wait_for_their_time(store: &Store) {
    write(store, vec![put(1, 1, 1), put(2, 1, 1), put(3, 1, 1)]);
    let rows = claim(store, CLAIM);
    let later = Ending::Later { next_attempt: 500, error: Some("busy".into()), attempt: Some("{}".into()) };
    assert!(end(store, &rows[0], later));
    let failed = Ending::Failed { failed_rev: 1, error: "bad name".into(), attempt: None };
    assert!(end(store, &rows[1], failed));
    assert!(end(store, &rows[2], Ending::Released));
    assert_eq!(keys(&claim(store, Claim { now: 499, ..CLAIM })), [3]);
    let row = get(store, 1);
    assert_eq!((row.attempts, row.error.as_deref(), row.attempt.as_deref()), (1, Some("busy"), Some("{}")));
    assert_eq!(keys(&claim(store, Claim { now: 500, ..CLAIM })), [1]);
    assert_eq!(keys(&store.read(|tx| accounts::failed_accounts(tx, 1, 0, 9)).unwrap()), [2]);
    assert_eq!(keys(&claim(store, Claim { now: i64::MAX / 2, ..CLAIM })), [3, 1]);

    write(store, vec![put(2, 1, 2)]);
    let row = claim(store, CLAIM).remove(0);
    assert_eq!(row.account_key, 2, "new work is tried although the old failed");
    write(store, vec![put(2, 1, 3)]);
    assert!(end(store, &row, Ending::Failed { failed_rev: 2, error: "bad name".into(), attempt: None }));
    let row = claim(store, CLAIM).remove(0);
    assert_eq!(row.account_key, 2, "work that came meanwhile hasn't failed");
    assert!(end(store, &row, Ending::Failed { failed_rev: 3, error: "bad name".into(), attempt: None }));
    assert_eq!(claim(store, CLAIM).len(), 0);
    assert_eq!(store.write(|tx| accounts::retry_now(tx, &[2])).unwrap(), 1);
    assert_eq!(keys(&claim(store, CLAIM)), [2]);
}

fn new_work_keeps_what_workers_know(store: &Store) {
    write(store, vec![put(1, 0, 1)]);
    let row = claim(store, CLAIM).remove(0);
    let learned = Learned { remote_id: Some("r".into()), known: Some("{}".into()), known_at: 1 };
    let lease = Lease { account_key: 1, token: row.lease_token };
    let later = Ending::Later { next_attempt: 900, error: Some("busy".into()), attempt: None };
    let settlement = Settlement { lease, learned: Some(learned), ending: later };
    store.write(|tx| settle(tx, std::slice::from_ref(&settlement))).unwrap();

    write(store, vec![AccountPut { wanted: Some("{}".into()), ..put(1, 1, 1) }]);
    let row = get(store, 1);
    assert_eq!((row.next_attempt, row.lane, row.remote_id.as_deref()), (900, 0, Some("r")));
    write(store, vec![put(1, 1, 2)]);
    let row = get(store, 1);
    assert_eq!((row.next_attempt, row.attempts, row.lane), (0, 0, 0), "what was urgent stays so");
    assert_eq!((row.remote_id.as_deref(), row.known.as_deref(), row.wanted), (Some("r"), Some("{}"), None));
    let row = claim(store, CLAIM).remove(0);
    assert!(end(store, &row, Ending::Done { done_rev: 2 }));
    write(store, vec![put(1, 2, 3)]);
    assert_eq!(get(store, 1).lane, 2);
}

fn two_nodes_share_the_work(open: Open<'_>) {
    let stores = [open("nodes"), open("nodes")];
    write(&stores[0], (1..=200).map(|key| put(key, 1, 1)).collect());
    let threads: Vec<_> = stores
        .into_iter()
        .map(|store| {
            std::thread::spawn(move || {
                let mut mine = Vec::new();
                loop {
                    let rows = claim(&store, Claim { limit: 7, ..CLAIM });
                    if rows.is_empty() {
                        return mine;
                    }
                    mine.extend(keys(&rows));
                }
            })
        })
        .collect();
    let mut all: Vec<i64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    all.sort_unstable();
    assert_eq!(all, (1..=200).collect::<Vec<_>>());
}

fn remote_ids_are_linked_and_unique(store: &Store) {
    write(store, vec![put(1, 1, 1), put(2, 1, 1)]);
    let link = |account_key, remote: Option<&str>| RemoteLink {
        account_key,
        remote_id: remote.map(str::to_owned),
        known: Some("{}".into()),
        known_at: 5,
    };
    let orphan = OrphanRow { account_key: 3, app_key: 1, remote_id: "r3".into(), ..OrphanRow::default() };
    store
        .write(|tx| {
            accounts::add_orphans(tx, std::slice::from_ref(&orphan))?;
            assert_eq!(accounts::set_remote(tx, &[link(1, Some("r1")), link(2, Some("r2"))])?, 2);
            let heads = accounts::remote_ids(tx, 1, "r1", 9)?;
            assert_eq!(
                heads.iter().map(|head| (head.account_key, head.user_key)).collect::<Vec<_>>(),
                [(2, Some(2)), (3, None)]
            );
            assert_eq!(keys(&accounts::accounts_by_remote_id(tx, 1, &["r3", "r1"])?), [1, 3]);
            assert_eq!(keys(&accounts::accounts_of_app(tx, 1, 1, 9)?), [2, 3]);
            assert_eq!((accounts::account_total(tx, 1)?, accounts::orphan_total(tx, 1)?), (3, 1));
            Ok(())
        })
        .unwrap();
    let error = store.write(|tx| accounts::set_remote(tx, &[link(1, Some("r3"))])).unwrap_err();
    assert!(matches!(error, StoreError::Constraint { .. }), "{error:?}");
    store
        .write(|tx| {
            assert_eq!(accounts::remove_orphans(tx, &[1, 3])?, 1);
            assert_eq!(accounts::set_remote(tx, &[link(1, Some("r3"))])?, 1);
            accounts::set_remote(tx, &[link(2, None)])
        })
        .unwrap();
    assert_eq!(get(store, 2).remote_id, None);
}

fn counts_tell_where_work_stands(store: &Store) {
    write(store, (1..=6).map(|key| put(key, 1, 1)).collect());
    let rows = claim(store, Claim { limit: 5, ..CLAIM });
    assert!(end(store, &rows[0], Ending::Done { done_rev: 1 }));
    assert!(end(store, &rows[1], Ending::Failed { failed_rev: 1, error: "no".into(), attempt: None }));
    assert!(end(store, &rows[2], Ending::Later { next_attempt: 400, error: None, attempt: None }));
    let task = NewTask { dedupe: "account:4".into(), account_key: Some(4), ..NewTask::default() };
    store.write(|tx| open_tasks(tx, std::slice::from_ref(&task))).unwrap();
    let counts = store.read(|tx| accounts::queue_counts(tx, 120)).unwrap();
    assert_eq!(counts.len(), 1);
    let count = counts[0];
    assert_eq!((count.dirty, count.failed, count.waiting, count.leased, count.by_hand), (5, 1, 1, 2, 1));
    assert_eq!(store.read(|tx| accounts::next_wakeup(tx, 1)).unwrap(), Some(0));
}

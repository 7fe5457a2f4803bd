//! Tasks, mail, secrets, what is known of apps, guards' windows, meta.

use muster_store::app_state::{self, AppStateRow, Rate};
use muster_store::guard_window::{self, Taken};
use muster_store::mail::{self, NewMail};
use muster_store::secrets::{self, SecretRow};
use muster_store::tasks::{self, NewTask};
use muster_store::{Store, meta};

use super::Open;

pub(crate) fn run(open: Open<'_>) {
    tasks_are_open_once(&open("tasks"));
    mail_is_sent_once(&open("mail"));
    the_newest_secret_counts(&open("secrets"));
    apps_have_one_state(&open("app-state"));
    rates_hold_over_all_nodes(open);
    windows_add_up(&open("windows"));
    meta_is_set_by_name(&open("meta"));
}

fn task(dedupe: &str, owner: Option<&str>) -> NewTask {
    NewTask {
        kind: "REVIEW".into(),
        dedupe: dedupe.into(),
        title: format!("Look at {dedupe}"),
        body: "{}".into(),
        app_key: Some(1),
        user_key: Some(2),
        account_key: Some(3),
        account_rev: Some(4),
        plan_key: Some(5),
        owner: owner.map(str::to_owned),
        due: Some(6),
        created: 7,
    }
}

fn tasks_are_open_once(store: &Store) {
    store
        .write(|tx| {
            tasks::open_tasks(tx, &[task("a", Some("zoe")), task("b", Some("ann")), task("c", None)])?;
            let open = tasks::open_after(tx, 0, 9)?;
            assert_eq!(open.len(), 3);
            assert_eq!(open[0].task, task("a", Some("zoe")));
            assert_eq!(tasks::open_after(tx, open[0].task_key, 1)?, [open[1].clone()]);
            assert_eq!(tasks::mark_notified(tx, &[open[0].task_key], 10)?, 1);
            let mut told: Vec<_> =
                tasks::unnotified(tx, 9)?.into_iter().map(|task| task.task.dedupe).collect();
            told.sort();
            assert_eq!(told, ["b", "c"]);

            let renewed = NewTask { title: "Again".into(), ..task("a", Some("zoe")) };
            tasks::open_tasks(tx, std::slice::from_ref(&renewed))?;
            let found = tasks::open_by_dedupe(tx, &["a"])?;
            assert_eq!((found[0].task_key, found[0].notified), (open[0].task_key, Some(10)));
            assert_eq!(found[0].task, renewed);
            assert_eq!(tasks::open_of_accounts(tx, &[3, 4])?.len(), 3);
            assert_eq!(tasks::open_counts(tx)?[0].open, 3);

            assert_eq!(tasks::finish_tasks(tx, &[found[0].task_key], 20, "zoe")?, 1);
            assert_eq!(tasks::finish_tasks(tx, &[found[0].task_key], 21, "ann")?, 0);
            assert_eq!(tasks::finish_by_dedupe(tx, &["b", "a"], 22, "system")?, 1);
            let done = tasks::task(tx, found[0].task_key)?.unwrap();
            assert_eq!((done.done, done.done_by.as_deref()), (Some(20), Some("zoe")));
            assert_eq!(tasks::done_before(tx, i64::MAX, 9)?.len(), 2);
            tasks::open_tasks(tx, &[task("a", None)])?;
            assert_ne!(tasks::open_by_dedupe(tx, &["a"])?[0].task_key, found[0].task_key);
            Ok(())
        })
        .unwrap();
}

fn mail_is_sent_once(store: &Store) {
    let message = |subject: &str| NewMail {
        recipients: "[\"a@example.com\"]".into(),
        subject: subject.into(),
        body: "text".into(),
        created: 1,
    };
    store
        .write(|tx| {
            mail::enqueue(tx, &[message("one"), message("two"), message("three")])?;
            assert_eq!(mail::due(tx, 2, 100)?, 3);
            let first = mail::take(tx, 2, 100, 200)?.unwrap();
            assert_eq!((&first.mail, first.attempts), (&message("one"), 1));
            let second = mail::take(tx, 2, 100, 200)?.unwrap();
            assert_eq!(second.mail, message("two"), "what is taken is nobody else's");
            mail::mark_sent(tx, first.mail_key, 9)?;
            mail::mark_failed(tx, second.mail_key, "busy", 1, 150)?;
            assert_eq!(mail::take(tx, 2, 149, 200)?.unwrap().mail, message("three"));
            assert_eq!(mail::take(tx, 2, 149, 200)?, None, "its time hasn't come");
            assert_eq!(mail::take(tx, 2, 150, 250)?.unwrap().mail, message("two"));
            // Who died in between leaves it to others.
            assert_eq!(mail::take(tx, 2, 200, 300)?.unwrap().mail, message("three"));
            mail::mark_failed(tx, second.mail_key, "refused", 2, 0)?;
            assert_eq!((mail::take(tx, 2, 999, 999)?, mail::waiting(tx, 2)?), (None, 0), "given up");
            assert_eq!(mail::retry_now(tx)?, 1);
            assert_eq!(mail::take(tx, 2, 999, 999)?.unwrap().mail, message("two"));
            assert_eq!(mail::mails_before(tx, i64::MAX, 9)?[2].sent, Some(9));
            Ok(())
        })
        .unwrap();
}

fn the_newest_secret_counts(store: &Store) {
    let make = |sealed: &[u8], deadline| SecretRow {
        owner_kind: "app".into(),
        owner_key: 1,
        name: "token".into(),
        reference: Some("env:TOKEN".into()),
        sealed: Some(sealed.to_vec()),
        deadline,
        plan: 3,
        ..SecretRow::default()
    };
    store
        .write(|tx| {
            let first = secrets::add_secret(tx, &make(b"old", None))?;
            let second = secrets::add_secret(tx, &make(b"new", Some(50)))?;
            let found = secrets::secret(tx, "app", 1, "token")?.unwrap();
            assert_eq!(found, SecretRow { secret_key: second, ..make(b"new", Some(50)) });
            assert!(!format!("{found:?}").contains("sealed"));
            assert_eq!(
                secrets::secret_by_key(tx, first)?.unwrap().sealed.as_deref(),
                Some(b"old".as_slice())
            );
            assert_eq!(secrets::secrets_of(tx, "app", 1)?.len(), 2);
            assert_eq!(secrets::secret(tx, "app", 2, "token")?, None);
            assert_eq!(secrets::drop_expired(tx, 50)?, 0);
            assert_eq!(secrets::drop_expired(tx, 51)?, 1);
            assert_eq!(secrets::secret(tx, "app", 1, "token")?.unwrap().secret_key, first);
            Ok(())
        })
        .unwrap();
}

fn apps_have_one_state(store: &Store) {
    store
        .write(|tx| {
            assert_eq!(app_state::app_state(tx, 1)?, None);
            app_state::note_failure(tx, 1, "down", Some(100))?;
            app_state::note_failure(tx, 1, "still down", Some(200))?;
            app_state::note_listed(tx, 1, 7)?;
            app_state::note_feed(tx, 1, 8)?;
            let expected = AppStateRow {
                app_key: 1,
                paused_until: Some(200),
                failures: 2,
                error: Some("still down".into()),
                listed_at: Some(7),
                last_feed: Some(8),
                ..AppStateRow::default()
            };
            assert_eq!(app_state::app_state(tx, 1)?, Some(expected.clone()));
            app_state::note_success(tx, 1)?;
            let state = app_state::app_state(tx, 1)?.unwrap();
            assert_eq!((state.failures, state.error, state.paused_until), (0, None, None));
            app_state::put_app_state(tx, &expected)?;
            assert_eq!(app_state::app_states(tx)?, [expected]);
            Ok(())
        })
        .unwrap();
}

fn rates_hold_over_all_nodes(open: Open<'_>) {
    let (one, other) = (open("rates"), open("rates"));
    let rate = Rate { per_minute: 6, burst: 3 };
    let take = |store: &Store, wanted, now| {
        let granted = store.write(|tx| app_state::take_calls(tx, 1, wanted, rate, now)).unwrap();
        (granted.calls, granted.wait_until)
    };
    assert_eq!(take(&one, 2, 1000), (2, None));
    assert_eq!(take(&other, 2, 1000), (1, Some(11_000)));
    // Asking often doesn't keep a slow rate from refilling.
    for now in 1001..1100 {
        assert_eq!(take(&one, 1, now).0, 0);
    }
    assert_eq!(take(&one, 1, 10_990).0, 0);
    assert_eq!(take(&one, 1, 11_000), (1, None));
    assert_eq!(take(&one, 9, 9_000_000).0, 3);
    assert_eq!(take(&one, 1, 5).0, 0);
}

fn windows_add_up(store: &Store) {
    let row = |what: &str, bucket, taken| Taken {
        scope: "org".into(),
        what: what.into(),
        subject: 1,
        bucket,
        taken,
    };
    store
        .write(|tx| {
            guard_window::add(tx, &[row("deactivated", 1, 5), row("deactivated", 2, 7), row("app", 2, 1)])?;
            guard_window::add(tx, &[row("deactivated", 2, -3)])?;
            let sums = |tx: &mut dyn muster_store::Tx, after| {
                guard_window::sums(tx, "org", "deactivated", &[1, 2], after)
            };
            assert_eq!(sums(tx, 0)?, [(1, 9)], "another scope, what or subject counts for itself");
            assert_eq!(sums(tx, 1)?, [(1, 4)]);
            assert_eq!(guard_window::prune(tx, 2)?, 1);
            assert_eq!(sums(tx, 0)?, [(1, 4)]);
            Ok(())
        })
        .unwrap();
}

fn meta_is_set_by_name(store: &Store) {
    store
        .write(|tx| {
            meta::set(tx, "clock", "real")?;
            meta::set(tx, "clock", "given")?;
            assert_eq!(meta::get(tx, "clock")?.as_deref(), Some("given"));
            assert_eq!(meta::get(tx, "nothing")?, None);
            Ok(())
        })
        .unwrap();
}

//! Plans, blocks, runs, the log, feeds.

use std::io::{self, Read};

use muster_store::feeds::{self, FeedReader, FeedRow};
use muster_store::log::{self, Events};
use muster_store::plans::{self, PlanBlock, PlanRow};
use muster_store::runs::{self, RunRow};
use muster_store::{Store, StoreError, block};

use super::Open;

pub(crate) fn run(open: Open<'_>) {
    plans_round_trip_and_compare_before_they_set(&open("plans"));
    blocks_come_in_order(&open("blocks"));
    runs_have_one_runner(&open("runs"));
    log_positions_have_no_gaps(&open("log"));
    feeds_are_spooled(&open("feeds"));
}

fn plan(plan_key: i64, status: &str) -> PlanRow {
    PlanRow {
        plan_key,
        status: status.into(),
        trigger: "{}".into(),
        trigger_key: "import:1".into(),
        actor: "system".into(),
        created: 1,
        as_of: 2,
        applied: Some(3),
        premises: "{\"p\":1}".into(),
        changes: Some("[]".into()),
        counts: "{\"c\":1}".into(),
        notes: "[1]".into(),
        config_version: Some(4),
        successor: Some(5),
        undo_of: Some(6),
        force: true,
    }
}

fn plans_round_trip_and_compare_before_they_set(store: &Store) {
    store
        .write(|tx| {
            for (key, status) in [(1, "APPLIED"), (2, "HELD"), (3, "APPLIED"), (4, "PLANNED")] {
                plans::insert_plan(tx, &plan(key, status))?;
            }
            assert_eq!(plans::plan(tx, 2)?, Some(plan(2, "HELD")));
            assert_eq!(plans::plan(tx, 9)?, None);
            let keys = |plans: Vec<PlanRow>| plans.iter().map(|plan| plan.plan_key).collect::<Vec<_>>();
            assert_eq!(keys(plans::plans_before(tx, i64::MAX, &[], 3)?), [4, 3, 2]);
            assert_eq!(keys(plans::plans_before(tx, 3, &[], 9)?), [2, 1]);
            assert_eq!(keys(plans::plans_before(tx, i64::MAX, &["APPLIED", "HELD"], 2)?), [3, 2]);
            assert_eq!(keys(plans::plans_by_trigger(tx, "import:1", &["HELD", "PLANNED"])?), [4, 2]);
            assert_eq!(keys(plans::plans_by_trigger_prefix(tx, "import:", &["HELD", "PLANNED"])?), [4, 2]);
            assert_eq!(keys(plans::plans_by_trigger_prefix(tx, "import:1:", &["HELD"])?), [0; 0]);
            assert_eq!(keys(plans::undos_of(tx, 6)?), [1, 2, 3, 4]);

            assert!(!plans::set_status(tx, 2, &["PLANNED"], "APPLYING")?);
            assert!(plans::set_status(tx, 2, &["PLANNED", "HELD"], "SUPERSEDED")?);
            assert!(!plans::set_status(tx, 2, &["PLANNED", "HELD"], "APPLYING")?);
            let changed =
                PlanRow { status: "STOPPED".into(), changes: None, counts: "{}".into(), ..plan(3, "") };
            assert!(plans::update_plan(tx, &changed)?);
            assert_eq!(plans::plan(tx, 3)?, Some(changed));
            assert!(!plans::update_plan(tx, &plan(9, "HELD"))?);
            plans::insert_plan(tx, &plan(5, "HELD"))
        })
        .unwrap();
    let error = store.write(|tx| plans::insert_plan(tx, &plan(6, "HELD"))).unwrap_err();
    assert!(matches!(error, StoreError::Constraint { .. }), "one held plan a trigger: {error:?}");
}

fn blocks_come_in_order(store: &Store) {
    let make = |no: i64| PlanBlock {
        plan_key: 1,
        kind: "BEFORE".into(),
        no,
        first_key: no * 10,
        last_key: no * 10 + 9,
        count: 2,
        body: block::pack([format!("{{\"n\":{no}}}"), "[]".to_owned()]).unwrap(),
    };
    store
        .write(|tx| {
            plans::insert_plan(tx, &plan(1, "APPLIED"))?;
            assert_eq!(plans::last_block(tx, 1, "BEFORE")?, -1);
            plans::put_blocks(tx, &[make(0), make(1), make(2)])?;
            plans::put_blocks(tx, &[PlanBlock { kind: "EFFECTS".into(), ..make(0) }])?;
            assert_eq!(plans::last_block(tx, 1, "BEFORE")?, 2);
            let numbers = |blocks: Vec<PlanBlock>| blocks.iter().map(|block| block.no).collect::<Vec<_>>();
            assert_eq!(numbers(plans::blocks_after(tx, 1, "BEFORE", -1, 2)?), [0, 1]);
            assert_eq!(numbers(plans::blocks_after(tx, 1, "BEFORE", 1, 2)?), [2]);
            assert_eq!(numbers(plans::blocks_before(tx, 1, "BEFORE", i64::MAX, 2)?), [2, 1]);
            let found = plans::blocks_of_key(tx, 1, "BEFORE", 15)?;
            assert_eq!(found, [make(1)]);
            assert_eq!(found[0].lines()?, ["{\"n\":1}", "[]"]);
            assert_eq!(plans::drop_blocks(tx, 1, "EFFECTS")?, 1);
            assert_eq!(plans::last_block(tx, 1, "BEFORE")?, 2);
            Ok(())
        })
        .unwrap();
}

fn runs_have_one_runner(store: &Store) {
    let fresh =
        RunRow { plan_key: 1, phase: "WALK".into(), total: 10, started: 1, updated: 1, ..RunRow::default() };
    store
        .write(|tx| {
            plans::insert_plan(tx, &plan(1, "APPLYING"))?;
            runs::insert_run(tx, &fresh)?;
            assert_eq!(runs::run(tx, 1)?, Some(fresh.clone()));
            let mut mine = runs::claim_run(tx, 1, "a", 100, 50)?.unwrap();
            assert_eq!((mine.lease_token, mine.lease_until), (1, Some(150)));
            assert_eq!(runs::claim_run(tx, 1, "b", 149, 50)?, None);
            mine.position = Some("00007".into());
            mine.done = 7;
            mine.lease_until = Some(200);
            assert!(runs::advance_run(tx, &mine)?);
            assert_eq!(runs::unfinished_runs(tx)?, std::slice::from_ref(&mine));

            let theirs = runs::claim_run(tx, 1, "b", 201, 50)?.unwrap();
            assert_eq!(theirs.position.as_deref(), Some("00007"));
            assert!(!runs::advance_run(tx, &mine)?);
            assert!(!runs::end_run(tx, 1, mine.lease_token, runs::DONE, 202)?);
            assert!(runs::end_run(tx, 1, theirs.lease_token, "WALK", 203)?);
            let again = runs::claim_run(tx, 1, "a", 204, 50)?.unwrap();
            assert!(runs::end_run(tx, 1, again.lease_token, runs::DONE, 205)?);
            assert!(runs::unfinished_runs(tx)?.is_empty());
            assert_eq!(runs::claim_run(tx, 1, "a", 999, 50)?, None);
            Ok(())
        })
        .unwrap();
}

fn log_positions_have_no_gaps(store: &Store) {
    let events = |plan_key: Option<i64>, count: usize| Events {
        published: 5,
        plan_key,
        actor: "system".into(),
        first_key: plan_key.unwrap_or(0) * 10,
        last_key: plan_key.unwrap_or(0) * 10 + 5,
        lines: (0..count).map(|n| format!("[{n}]")).collect(),
    };
    let failed = store.write(|tx| {
        log::append(tx, &events(None, 4))?;
        Err::<(), _>(StoreError::Nested)
    });
    assert!(failed.is_err());
    store
        .write(|tx| {
            assert_eq!(log::last_position(tx)?, 0);
            assert_eq!(log::append(tx, &events(Some(1), 3))?, 1);
            assert_eq!(log::append(tx, &events(None, 0))?, 4);
            assert_eq!(log::append(tx, &events(None, 2))?, 4);
            assert_eq!(log::append(tx, &events(Some(1), 1))?, 6);
            assert_eq!(log::last_position(tx)?, 6);

            let mut seen = Vec::new();
            let mut position = 0;
            loop {
                let blocks = log::blocks_after(tx, position, 1)?;
                let Some(block) = blocks.first() else { break };
                // A reader that stops in the middle of a block goes on there.
                let next = block.events()?.into_iter().find(|(at, _)| *at > position).unwrap();
                position = next.0;
                seen.push(next);
            }
            assert_eq!(seen.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
            assert_eq!(seen[4].1, "[1]");
            let positions =
                |blocks: Vec<log::LogBlock>| blocks.iter().map(|block| block.position).collect::<Vec<_>>();
            assert_eq!(positions(log::blocks_before(tx, i64::MAX, 2)?), [6, 4]);
            assert_eq!(positions(log::blocks_before(tx, 4, 2)?), [1]);
            assert_eq!(positions(log::blocks_of_plan(tx, 1, 0, 9)?), [1, 6]);
            assert_eq!(positions(log::blocks_of_user(tx, 12, i64::MAX, 9)?), [6, 1]);
            Ok(())
        })
        .unwrap();
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("cable pulled"))
    }
}

fn feeds_are_spooled(store: &Store) {
    let feed = FeedRow {
        feed_key: 1,
        app_key: 5,
        name: "hr.csv".into(),
        received: 10,
        state: feeds::SPOOLING.into(),
        ..FeedRow::default()
    };
    let dead = FeedRow { feed_key: 2, ..feed.clone() };
    store.write(|tx| feeds::insert_feed(tx, &feed).and_then(|()| feeds::insert_feed(tx, &dead))).unwrap();
    // Not a multiple of a chunk, and hard to compress.
    let mut state = 1_u32;
    let content: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(2_500_001)
    .collect();
    assert_eq!(feeds::spool(store, 1, &mut content.as_slice()).unwrap(), 2_500_001);
    assert_eq!(feeds::spool(store, 2, &mut &content[..10]).unwrap(), 10);
    let mut back = Vec::new();
    FeedReader::new(store, 1).read_to_end(&mut back).unwrap();
    assert!(back == content);
    assert_eq!(FeedReader::new(store, 9).read(&mut [0; 4]).unwrap(), 0);

    assert!(matches!(feeds::spool(store, 2, &mut Broken), Err(StoreError::Input(_))));

    let applied = FeedRow {
        hash: "ab".into(),
        bytes: 9,
        rows: 8,
        valid: 7,
        rejected: 1,
        state: "APPLIED".into(),
        ..feed
    };
    store
        .write(|tx| {
            assert!(feeds::update_feed(tx, &applied)?);
            assert_eq!(feeds::feed(tx, 1)?.as_ref(), Some(&applied));
            assert_eq!(feeds::last_feed(tx, 5, "APPLIED")?.as_ref(), Some(&applied));
            assert_eq!(feeds::feeds_by_hash(tx, 5, "ab")?, std::slice::from_ref(&applied));
            assert_eq!(feeds::feeds_of_app(tx, 5, i64::MAX, 9)?.len(), 2);
            // A delta is nothing that a full feed is compared with.
            let delta = FeedRow { feed_key: 3, delta: true, ..applied.clone() };
            feeds::insert_feed(tx, &delta)?;
            assert_eq!(feeds::feed(tx, 3)?.as_ref(), Some(&delta));
            assert_eq!(feeds::last_feed(tx, 5, "APPLIED")?.as_ref(), Some(&applied));
            assert_eq!(feeds::drop_abandoned(tx, 10)?, 0);
            assert_eq!(feeds::drop_abandoned(tx, 11)?, 1);
            assert_eq!(feeds::feed(tx, 2)?, None);
            feeds::drop_content(tx, &[1])
        })
        .unwrap();
    assert_eq!(FeedReader::new(store, 1).read(&mut [0; 4]).unwrap(), 0);
}

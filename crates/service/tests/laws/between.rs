//! Changes of the configuration that come between the chunks of a run.

use muster_service::ImportOptions;
use muster_service::plan::Quiet;
use muster_store::runs;
use proptest::prelude::*;

use crate::laws::{Photographer, check, live, told};
use crate::settings::setting;
use crate::sim::{APPLY, Sim, open};
use crate::world::{Life, Step, configuring, life, personal, world};

/// Law 1 while a run walks: whatever is changed by hand before it is taken up again, rules and assignments included,
/// what is stored in the end is what follows from scratch.
#[test]
fn what_comes_between_the_chunks_of_a_run_is_not_lost() {
    // Through the org file a run would be ended first.
    let by_hand = prop_oneof![
        2 => personal(),
        3 => configuring().prop_filter("by hand", |s| !matches!(s, Step::Rule { .. } | Step::Once { .. })),
    ];
    let run = prop_oneof![2 => configuring(), 1 => setting().prop_map(Step::Setting)];
    let strategy = (world(), life(0..4), run, prop::collection::vec(by_hand, 1..4), 1usize..3);
    check(60, strategy, |(world, Life(steps), last, between, chunk)| {
        let all: Vec<Step> = steps.iter().chain([last]).cloned().collect();
        let mut sim = Sim::new(world, &all, *chunk);
        live(&mut sim, steps);
        let photographer = Photographer::of(&sim);
        let force = ImportOptions { force: true, ..APPLY };
        if sim.act_with(last, force, &photographer).is_err() {
            return Ok(());
        }
        for (no, dir) in photographer.pictures().into_iter().enumerate() {
            let muster = open(dir.path(), *chunk);
            told(muster.set_clock(muster_engine::Millis(sim.now())))?;
            let mut later = Sim { muster, ..sim.copy(*chunk) };
            for step in between {
                later.outside(step);
                let _ = later.act(step, force);
            }
            for run in later.muster.store().read(runs::unfinished_runs).unwrap() {
                let end = |tx: &mut dyn muster_store::Tx| {
                    runs::end_run(tx, run.plan_key, run.lease_token, &run.phase, 0)
                };
                later.muster.store().write(end).unwrap();
            }
            let at = |e: String| format!("{last:?} stopped at {no}, then {between:?}:\n{e}");
            told(later.muster.resume_runs(&Quiet)).map_err(at)?;
            later.as_from_scratch().map_err(at)?;
        }
        Ok(())
    });
}

//! What guards add up is what plans took.

use std::collections::BTreeMap;

use muster_engine::plan::{Finding, Loss};
use muster_service::Muster;
use muster_service::plan::{PlanStatus, PlanView};

use crate::sim::{Broken, law};

const HOUR: i64 = 3_600_000;
const HOURS: i64 = 24;

/// By what is taken and the hour.
pub(crate) type Windows = BTreeMap<(String, i64), i64>;

/// What is charged.
pub(crate) fn windows(muster: &Muster) -> Windows {
    let mut all = Windows::new();
    let rows = "SELECT what, bucket, taken FROM guard_window";
    muster
        .store()
        .read(|tx| {
            all.clear();
            tx.query(rows, &[], &mut |row| {
                *all.entry((row.string(0)?, row.int(1)?)).or_default() += row.int(2)?;
                Ok(())
            })
        })
        .unwrap();
    all.retain(|_, n| *n != 0);
    all
}

fn add(all: &mut Windows, plan: &PlanView, sign: i64) {
    let waived: Vec<Loss> = plan.notes.findings.iter().filter_map(Finding::loss).collect();
    for (loss, n) in plan.counts.tally.losses().into_iter().filter(|(loss, _)| !waived.contains(loss)) {
        let what = match loss {
            Loss::Person => "people",
            Loss::App(_) => "app",
            Loss::Group(_) => "group",
            Loss::Value(_) => "attribute",
            Loss::Account(_) => "account",
        };
        *all.entry((what.to_owned(), plan.created.div_euclid(HOUR))).or_default() += sign * n as i64;
    }
}

/// Each plan that happened is charged what it took, and gives back what the one it takes back was charged.
pub(crate) fn charged(muster: &Muster) -> Result<(), Broken> {
    let plans = muster.plans(None, 10_000).unwrap();
    let by_key: BTreeMap<i64, &PlanView> = plans.iter().map(|p| (p.id, p)).collect();
    let mut wanted = Windows::new();
    for plan in plans.iter().filter(|p| matches!(p.status, PlanStatus::Applied | PlanStatus::Undone)) {
        add(&mut wanted, plan, 1);
        if let Some(undone) = plan.undo_of.and_then(|key| by_key.get(&key))
            && undone.created.div_euclid(HOUR) > plan.created.div_euclid(HOUR) - HOURS
        {
            add(&mut wanted, undone, -1);
        }
    }
    wanted.retain(|_, n| *n != 0);
    let got = windows(muster);
    law(got == wanted, || format!("charged: {got:?}\ntaken:   {wanted:?}"))
}

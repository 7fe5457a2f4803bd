//! Apps without an interface: what is to be done becomes tasks for people.
//!
//! An account that waits for a person counts as failed at its revision, so no worker takes it up again until what is
//! wanted changes or the task is done. A batch is one transaction: nothing leaves Muster, so there is nothing to lease.

use std::collections::HashMap;

use muster_engine::Millis;
use muster_engine::model::AppKey;
use muster_engine::outbound::{Call, DesiredAccount, RemoteAccount};
use muster_store::Tx;
use muster_store::accounts::{Claim, Ending, Settlement, claim_dirty, settle};
use muster_store::tasks::{self, NewTask, TaskRow};

use super::AppProgress;
use super::job::Job;
use super::record::ACTOR;
use super::target::{Target, owner};
use crate::clock::machine_now;
use crate::error::Result;
use crate::muster::Muster;
use crate::tasks::words::{self, About, ByHand, People};

/// How many accounts a transaction takes.
const BATCH: usize = 500;
/// A lease that never leaves its transaction.
const LEASE_MS: i64 = 1_000;

/// Makes tasks of all dirty accounts of an app, unless the time is over before.
///
/// # Errors
/// If the store fails.
pub(crate) fn work_off(muster: &Muster, target: &Target, is_over: &dyn Fn() -> bool) -> Result<AppProgress> {
    let mut counts = AppProgress::default();
    loop {
        let at = muster.clock.now();
        let (claimed, in_line) = muster.store.write(|tx| batch(tx, &muster.node, target, at))?;
        counts.brought_into_line += in_line;
        if claimed < BATCH || is_over() {
            return Ok(counts);
        }
    }
}

impl Muster {
    /// The same for the app of that key, if it is worked in by hand.
    pub(crate) fn work_off_by_hand(&self, app: AppKey) -> Result<()> {
        let opened = self.store.try_read(|tx| {
            let config = self.config_in(tx)?;
            Target::open(self, tx, &config, app)
        })?;
        if let Ok(target) = opened
            && !target.capabilities.automatic
        {
            work_off(self, &target, &|| false)?;
        }
        Ok(())
    }
}

fn batch(tx: &mut dyn Tx, node: &str, target: &Target, at: Millis) -> muster_store::Result<(usize, u64)> {
    let now = machine_now();
    let claim = Claim { app: target.app.0, lane_max: 2, limit: BATCH, owner: node, now, lease_ms: LEASE_MS };
    let rows = claim_dirty(tx, &claim)?;
    let keys: Vec<i64> = rows.iter().map(|row| row.account_key).collect();
    let open: HashMap<i64, TaskRow> = tasks::open_of_accounts(tx, &keys)?
        .into_iter()
        .filter_map(|task| Some((task.task.account_key?, task)))
        .collect();
    let jobs: Vec<Job> = rows
        .iter()
        .map(|row| {
            let mut job = Job::new(row);
            // There is no id; what a person said to have done is all that is known.
            job.known = row.known.as_deref().and_then(|text| serde_json::from_str(text).ok());
            job
        })
        .collect();
    let people = People::load(tx, jobs.iter().filter_map(|job| job.user))?;
    let (mut over, mut opened, mut settlements, mut in_line) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for job in &jobs {
        let before = open.get(&job.account.0);
        let dedupe = words::account_dedupe(job.account);
        let ending = match task(target, job, before, &people, at) {
            None => {
                over.push(dedupe);
                in_line += 1;
                Ending::Done { done_rev: job.rev }
            }
            Some(task) => {
                let told_otherwise =
                    before.is_some_and(|before| before.notified.is_some() && before.task.body != task.body);
                if told_otherwise {
                    over.push(dedupe);
                }
                opened.push(task);
                Ending::Failed { failed_rev: job.rev, error: "waits for a person".to_owned(), attempt: None }
            }
        };
        settlements.push(Settlement { lease: job.lease, learned: None, ending });
    }
    settle(tx, &settlements)?;
    // A task somebody was told of isn't rewritten behind her back: it ends, and a new one is told.
    let over: Vec<&str> = over.iter().map(String::as_str).collect();
    tasks::finish_by_dedupe(tx, &over, at.0, ACTOR)?;
    tasks::open_tasks(tx, &opened)?;
    Ok((jobs.len(), in_line))
}

/// What a person is to do; `None` if nothing.
fn task(
    target: &Target,
    job: &Job,
    before: Option<&TaskRow>,
    people: &People,
    at: Millis,
) -> Option<NewTask> {
    let desired = job.desired.as_ref()?;
    let about = About {
        app: target.app,
        app_name: &target.name,
        owner: owner(&target.provisioning),
        days: target.provisioning.task_days,
        account: job.account,
        user: job.user,
        rev: job.rev,
        at,
    };
    if let Some(user_name) = target.would_touch(job) {
        return Some(words::protected(&about, people, user_name));
    }
    let (what, after) = match job.calls(target.allowed).first() {
        Some(Call::Create) => (ByHand::Create, Some(after(desired, None))),
        Some(Call::Update) => (ByHand::Change, Some(after(desired, job.known.as_ref()))),
        Some(Call::SetActive(true)) => (ByHand::Enable, Some(after(desired, job.known.as_ref()))),
        Some(Call::SetActive(false)) => {
            (ByHand::Disable, job.known.clone().map(|known| RemoteAccount { active: false, ..known }))
        }
        Some(Call::Delete) => (ByHand::Delete, None),
        None => {
            // She may have made it already, though she hasn't said so yet.
            let told = before.is_some_and(|before| before.notified.is_some());
            let unwanted = desired.state != muster_engine::outbound::AccountState::Active;
            if !(told && unwanted && job.known.is_none()) {
                return None;
            }
            (ByHand::TakeBack, None)
        }
    };
    let mut task = words::by_hand(&about, people, what, desired, job.known.as_ref(), after.as_ref());
    if let Some(before) = before.filter(|before| before.task.body == task.body) {
        task.due = before.task.due;
        task.created = before.task.created;
    }
    Some(task)
}

/// What the app will hold when the task is done.
fn after(desired: &DesiredAccount, known: Option<&RemoteAccount>) -> RemoteAccount {
    let mut attributes = known.map(|known| known.attributes.clone()).unwrap_or_default();
    attributes.extend(desired.attributes.clone());
    RemoteAccount {
        id: words::BY_HAND_ID.to_owned(),
        external_id: Some(desired.external_id.clone()),
        user_name: desired.user_name.clone(),
        active: true,
        attributes,
    }
}

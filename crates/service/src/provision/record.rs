//! Writing down how work on accounts ended: one transaction for many.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use muster_engine::Millis;
use muster_engine::model::{AppKey, IdKind, public_id};
use muster_engine::outbound::Call;
use muster_store::accounts::{Ending, Learned, Settlement};
use muster_store::{Tx, accounts, app_state, log, tasks};

use super::carry_out::{Did, News, Outcome, Verdict};
use super::delay;
use super::points::point;
use super::target::{Target, owner};
use crate::events::{Event, EventOutcome, EventTarget};
use crate::tasks::words::{self, ByHand, People};

/// Who the log names for what workers do.
pub(super) const ACTOR: &str = "provisioning";

/// The end of work on an account of an app.
#[derive(Clone)]
pub(super) struct Finished {
    pub(super) target: Arc<Target>,
    pub(super) outcome: Outcome,
}

/// What a worker found out about an app as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Signal {
    /// It asked to be left alone for so many milliseconds.
    Busy { wait: i64, error: String },
    /// It doesn't answer.
    Trouble { error: String },
    /// It refuses us.
    Refused { error: String },
    /// It answers again.
    Healthy,
}

impl Signal {
    pub(super) fn busy(wait: Duration, error: String) -> Self {
        Self::Busy { wait: i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 4), error }
    }
}

/// What is to be written.
#[derive(Clone, Default)]
pub(super) struct Batch {
    pub(super) finished: Vec<Finished>,
    pub(super) signals: Vec<(Arc<Target>, Signal)>,
}

/// Writes a batch; `at` is the org's time, `now` the machine's. Gives what became of each account, in order; `None` where
/// its lease was lost, so that somebody else has it.
pub(super) fn write(
    tx: &mut dyn Tx,
    batch: &Batch,
    at: Millis,
    now: i64,
) -> muster_store::Result<Vec<Option<Verdict>>> {
    let mut verdicts: Vec<Verdict> = batch.finished.iter().map(|one| one.outcome.verdict.clone()).collect();
    refuse_linked(tx, batch, &mut verdicts)?;
    clear_notes(tx, batch)?;
    point("before_settle");
    let settlements: Vec<Settlement> =
        batch.finished.iter().zip(&verdicts).map(|(one, verdict)| settlement(one, verdict, now)).collect();
    let held = accounts::settle(tx, &settlements)?;
    let kept: Vec<(&Finished, &Verdict)> = batch
        .finished
        .iter()
        .zip(&verdicts)
        .zip(&held)
        .filter_map(|(pair, held)| held.then_some(pair))
        .collect();
    write_tasks(tx, &kept, at)?;
    write_events(tx, &kept, at)?;
    for (target, signal) in &batch.signals {
        write_signal(tx, target, signal, at, now)?;
    }
    Ok(verdicts.into_iter().zip(held).map(|(verdict, held)| held.then_some(verdict)).collect())
}

/// An account of an app belongs to one person only: what somebody else was linked to meanwhile is refused here, before
/// the store refuses the whole batch. Those that belonged to nobody are taken over.
fn refuse_linked(tx: &mut dyn Tx, batch: &Batch, verdicts: &mut [Verdict]) -> muster_store::Result<()> {
    let mut by_app: BTreeMap<AppKey, Vec<(usize, &str)>> = BTreeMap::new();
    for (at, one) in batch.finished.iter().enumerate() {
        let outcome = &one.outcome;
        if let News::Holds(account) = &outcome.learned
            && outcome.job.remote_id.as_deref() != Some(account.id.as_str())
        {
            by_app.entry(one.target.app).or_default().push((at, &account.id));
        }
    }
    for (app, links) in by_app {
        let ids: Vec<&str> = links.iter().map(|(_, id)| *id).collect();
        let rows = accounts::accounts_by_remote_id(tx, app.0, &ids)?;
        let orphans: Vec<i64> =
            rows.iter().filter(|row| row.user_key.is_none()).map(|row| row.account_key).collect();
        accounts::remove_orphans(tx, &orphans)?;
        let linked = rows.iter().filter(|row| row.user_key.is_some());
        let owners: HashMap<&str, i64> =
            linked.filter_map(|row| Some((row.remote_id.as_deref()?, row.account_key))).collect();
        let mut seen = HashSet::new();
        for (at, id) in links {
            let Some((one, verdict)) = batch.finished.get(at).zip(verdicts.get_mut(at)) else { continue };
            let anothers = owners.get(id).is_some_and(|owner| *owner != one.outcome.job.account.0);
            if anothers || !seen.insert(id) {
                *verdict = Verdict::Failed {
                    error: format!(
                        "the account `{id}` of {} is linked to another person already: give this one another user name",
                        one.target.name
                    ),
                };
            }
        }
    }
    Ok(())
}

/// What is given back without a call has nothing in flight, but was noted as if it had.
fn clear_notes(tx: &mut dyn Tx, batch: &Batch) -> muster_store::Result<()> {
    let untried = batch.finished.iter().filter(|one| {
        one.outcome.verdict == Verdict::GivenBack && !one.outcome.keeps_note && one.outcome.job.note.is_some()
    });
    let notes: Vec<_> = untried.map(|one| (one.outcome.job.lease, "")).collect();
    if !notes.is_empty() {
        accounts::note_attempts(tx, &notes)?;
    }
    Ok(())
}

fn settlement(one: &Finished, verdict: &Verdict, now: i64) -> Settlement {
    let (outcome, job) = (&one.outcome, &one.outcome.job);
    let linked_to_another = matches!(verdict, Verdict::Failed { .. }) && *verdict != outcome.verdict;
    let learned = match &outcome.learned {
        News::Holds(account) if !linked_to_another => Some(Learned {
            remote_id: Some(account.id.clone()),
            known: serde_json::to_string(account).ok(),
            known_at: now,
        }),
        News::Gone => Some(Learned { remote_id: None, known: None, known_at: now }),
        News::Holds(_) | News::None => None,
    };
    let attempt = || job.note.as_ref().filter(|_| outcome.keeps_note).map(super::job::Note::to_json);
    let wait =
        || delay::account(job.attempts, (job.account.0 as u64) ^ (job.lease.token as u64).rotate_left(32));
    let ending = match verdict {
        Verdict::Done => Ending::Done { done_rev: job.rev },
        Verdict::Later { after, error } => {
            let asked = after.map_or(0, |after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 2));
            Ending::Later {
                next_attempt: now + wait().max(asked),
                error: Some(error.clone()),
                attempt: attempt(),
            }
        }
        Verdict::Unknown { error } => {
            Ending::Later { next_attempt: now + wait(), error: Some(error.clone()), attempt: attempt() }
        }
        Verdict::Failed { error } | Verdict::InDoubt { error } => {
            Ending::Failed { failed_rev: job.rev, error: error.clone(), attempt: attempt() }
        }
        Verdict::Protected { user_name } => {
            let error = format!("the account `{user_name}` is protected");
            Ending::Failed { failed_rev: job.rev, error, attempt: attempt() }
        }
        Verdict::ByHand { .. } => {
            let error = "waits for a person".to_owned();
            Ending::Failed { failed_rev: job.rev, error, attempt: attempt() }
        }
        // The app's pause holds it back, not a time of its own.
        Verdict::Refused { error } => {
            Ending::Later { next_attempt: now, error: Some(error.clone()), attempt: attempt() }
        }
        Verdict::GivenBack => Ending::Released,
    };
    Settlement { lease: job.lease, learned, ending }
}

fn write_tasks(tx: &mut dyn Tx, kept: &[(&Finished, &Verdict)], at: Millis) -> muster_store::Result<()> {
    let over: Vec<String> = kept
        .iter()
        .filter(|(one, verdict)| **verdict == Verdict::Done && one.outcome.job.failed_before)
        .map(|(one, _)| words::account_dedupe(one.outcome.job.account))
        .collect();
    if !over.is_empty() {
        let over: Vec<&str> = over.iter().map(String::as_str).collect();
        tasks::finish_by_dedupe(tx, &over, at.0, ACTOR)?;
    }
    let failed: Vec<_> = kept
        .iter()
        .filter(|(_, verdict)| {
            matches!(
                verdict,
                Verdict::Failed { .. }
                    | Verdict::InDoubt { .. }
                    | Verdict::Protected { .. }
                    | Verdict::ByHand { .. }
            )
        })
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let people = People::load(tx, failed.iter().filter_map(|(one, _)| one.outcome.job.user))?;
    let opened: Vec<_> = failed
        .iter()
        .filter_map(|(one, verdict)| {
            let job = &one.outcome.job;
            let about = words::About {
                app: one.target.app,
                app_name: &one.target.name,
                owner: owner(&one.target.provisioning),
                days: one.target.provisioning.task_days,
                account: job.account,
                user: job.user,
                rev: job.rev,
                at,
            };
            Some(match verdict {
                Verdict::Protected { user_name } => words::protected(&about, &people, user_name),
                Verdict::ByHand { call } => {
                    let what = if *call == Call::Delete { ByHand::Delete } else { ByHand::Disable };
                    words::by_hand(&about, &people, what, job.desired.as_ref()?, job.known.as_ref(), None)
                }
                Verdict::Failed { error } => {
                    words::failed(&about, &people, job.desired.as_ref(), error, false)
                }
                Verdict::InDoubt { error } => {
                    words::failed(&about, &people, job.desired.as_ref(), error, true)
                }
                _ => return None,
            })
        })
        .collect();
    tasks::open_tasks(tx, &opened)
}

/// What was done; nothing, if it turned out to be somebody else's account.
pub(super) fn did<'a>(one: &'a Finished, verdict: &Verdict) -> &'a [Did] {
    if *verdict == one.outcome.verdict { &one.outcome.did } else { &[] }
}

fn event_type(did: Did) -> &'static str {
    match did {
        Did::Created => "application.provision.user.push",
        Did::Updated => "application.provision.user.push_profile",
        Did::Deactivated => "application.provision.user.deactivate",
        Did::Reactivated => "application.provision.user.reactivate",
        Did::Deleted => "application.provision.user.delete",
        Did::Linked => "application.provision.user.sync",
    }
}

fn failed_type(call: Option<Call>) -> &'static str {
    event_type(match call {
        Some(Call::Create) => Did::Created,
        Some(Call::Update) => Did::Updated,
        Some(Call::SetActive(true)) => Did::Reactivated,
        Some(Call::SetActive(false)) => Did::Deactivated,
        Some(Call::Delete) => Did::Deleted,
        None => Did::Linked,
    })
}

fn write_events(tx: &mut dyn Tx, kept: &[(&Finished, &Verdict)], at: Millis) -> muster_store::Result<()> {
    let mut events = log::Events { published: at.0, actor: ACTOR.to_owned(), ..log::Events::default() };
    for (one, verdict) in kept {
        let (outcome, job) = (&one.outcome, &one.outcome.job);
        let failure = match verdict {
            Verdict::Failed { error } | Verdict::InDoubt { error } => {
                Some((failed_type(outcome.failed_call), EventOutcome::failure(error.as_str())))
            }
            Verdict::Protected { user_name } => {
                let error = format!("the account `{user_name}` is protected");
                Some((failed_type(outcome.failed_call), EventOutcome::failure(error)))
            }
            _ => None,
        };
        let done = did(one, verdict).iter().map(|did| (event_type(*did), EventOutcome::success()));
        let before = events.lines.len();
        for (event_type, outcome) in done.chain(failure) {
            let event = Event {
                event_type,
                actor: ACTOR.to_owned(),
                outcome,
                published: at,
                targets: targets(&one.target, job.account, job.user, job.desired.as_ref()),
                plan: None,
            };
            events.lines.push(event.to_line());
        }
        if let Some(user) = job.user.filter(|_| events.lines.len() > before) {
            events.first_key = if events.first_key == 0 { user.0 } else { events.first_key.min(user.0) };
            events.last_key = events.last_key.max(user.0);
        }
    }
    if !events.lines.is_empty() {
        log::append(tx, &events)?;
    }
    Ok(())
}

/// What an event about an account is about.
pub(super) fn targets(
    target: &Target,
    account: muster_engine::model::AccountKey,
    user: Option<muster_engine::model::UserKey>,
    desired: Option<&muster_engine::outbound::DesiredAccount>,
) -> Vec<EventTarget> {
    let user = user.map(|user| EventTarget {
        kind: "User",
        id: public_id(IdKind::User, user.0),
        display_name: None,
    });
    let app = EventTarget {
        kind: "AppInstance",
        id: public_id(IdKind::App, target.app.0),
        display_name: Some(target.name.clone()),
    };
    let account = EventTarget {
        kind: "AppUser",
        id: public_id(IdKind::Account, account.0),
        display_name: desired.map(|desired| desired.user_name.clone()),
    };
    user.into_iter().chain([app, account]).collect()
}

/// Notes what is known of an app as a whole, for the workers of all nodes.
pub(super) fn write_signal(
    tx: &mut dyn Tx,
    target: &Target,
    signal: &Signal,
    at: Millis,
    now: i64,
) -> muster_store::Result<()> {
    let app = target.app.0;
    let failures = app_state::app_state(tx, app)?.map_or(0, |state| state.failures);
    match signal {
        Signal::Busy { wait, error } => app_state::note_failure(tx, app, error, Some(now + wait)),
        Signal::Trouble { error } => {
            app_state::note_failure(tx, app, error, Some(now + delay::app_in_trouble(failures)))
        }
        Signal::Refused { error } => {
            app_state::note_failure(tx, app, error, Some(now + delay::app_refusing(failures)))?;
            let provisioning = &target.provisioning;
            let days = provisioning.task_days;
            let task = words::refused(target.app, &target.name, owner(provisioning), days, error, at);
            tasks::open_tasks(tx, &[task])
        }
        Signal::Healthy => {
            app_state::note_success(tx, app)?;
            tasks::finish_by_dedupe(tx, &[&words::refused_dedupe(target.app)], at.0, ACTOR).map(drop)
        }
    }
}

//! What a plan wants done to one person, before it is known what follows.

use muster_connectors::csv::content_hash;
use muster_engine::Value;
use muster_engine::facts::{Before, Fact, FactValue, Facts, MembershipKind, Record, RecordState};
use muster_engine::model::{AppKey, ItemKey, Millis, PlanKey, UserKey, UserStatus};
use serde::{Deserialize, Serialize};

use super::queue::{WaitBefore, Waiting};

/// One change to a person's facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum Op {
    /// A fact says this from now on; `None` takes back what it said.
    Say { fact: Fact, value: Option<FactValue> },
    /// A row of a feed.
    Row {
        app: AppKey,
        external_id: String,
        line: u64,
        ended: bool,
        values: Vec<Value>,
        hash: i64,
        /// The columns that the feed doesn't have: the record keeps what it says there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<usize>,
    },
    /// A full feed has no row for a record, or a row says that it is gone.
    Gone { app: AppKey, external_id: String },
    /// A line of the inverse of a plan that is undone.
    Restore { line: Before },
    /// A value given once is again what it was before the plan that is undone, if it still is what that plan made it.
    Keep { attribute: String, value: Option<Value>, after: Option<Value> },
    /// She gets a fact that somebody else gives away.
    Adopt { fact: Fact, value: FactValue },
    /// She gives a fact away.
    Give { fact: Fact },
    /// Unique values and accounts of the person whom the next work is about become hers.
    Take(Taken),
    /// Her dates that have come are put off until then. `back`: her clock stands at the first instant, if it still
    /// is at the second; without it where it is.
    Postpone { back: Option<(Millis, Millis)>, until: Millis },
    /// The plan that made her known is undone.
    Unmake { made_by: PlanKey },
    /// A rule is deleted with the memberships it gave: none of them is kept.
    Lose { rule: ItemKey },
    /// The record is hers no more, and speaks for nobody.
    Unlink { app: AppKey, external_id: String },
    /// The record is hers no more, since it is somebody else's; she keeps what it says of her.
    Forgo { app: AppKey, external_id: String },
    /// A row waits from now on, or waits no more. `seen`: the plan whose word it was when this was decided.
    Wait { app: AppKey, external_id: String, seen: Option<PlanKey>, row: Option<Box<Waiting>> },
    /// A row waits again as it did before the plan that is undone, or waits no more.
    Rewait { line: Box<WaitBefore> },
}

/// What one person takes over from another besides facts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Taken {
    /// From whom (to whom, where it is kept with the one who gave).
    pub(crate) other: UserKey,
    /// Unique values: attribute, value (case folded).
    pub(crate) claims: Vec<(String, String)>,
    /// Accounts, by app.
    pub(crate) accounts: Vec<AppKey>,
}

/// Which person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Who {
    /// Somebody known.
    Known(UserKey),
    /// Whoever the first row of a new record turns out to be: somebody it matches, or somebody new.
    Match,
    /// Somebody new.
    New,
    /// Nobody yet: a row that waits.
    Nobody,
}

/// What a plan wants done to one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Work {
    /// Whom.
    pub(crate) who: Who,
    /// What, in order.
    pub(crate) ops: Vec<Op>,
    /// Time goes on for her: she is derived with the plan's instant, not with her last.
    #[serde(default)]
    pub(crate) advance: bool,
    /// Other works of the same plan may be about her.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) again: bool,
    /// The revision of her that it was decided on; if she has another one by now it is decided anew. Not kept with a
    /// plan that waits: what changes until it is applied is judged there.
    #[serde(skip)]
    pub(crate) seen: Option<i64>,
    /// Where the stream of works stands after this one, for a run that goes on later.
    #[serde(default)]
    pub(crate) position: String,
}

impl Work {
    /// The feed's row among the ops: line and key.
    pub(crate) fn row(&self) -> Option<(u64, &str)> {
        self.ops.iter().find_map(|op| match op {
            Op::Row { line, external_id, .. } => Some((*line, external_id.as_str())),
            _ => None,
        })
    }

    /// Whom it takes something from: the next work is about that person, and both are done together.
    pub(crate) fn takes(&self) -> Option<&Taken> {
        self.ops.iter().find_map(|op| match op {
            Op::Take(taken) => Some(taken),
            _ => None,
        })
    }

    /// The key of the record that the work ends, if it is a feed's.
    pub(crate) fn ends(&self) -> Option<&str> {
        self.ops.iter().find_map(|op| match op {
            Op::Row { external_id, ended: true, .. } | Op::Gone { external_id, .. } => {
                Some(external_id.as_str())
            }
            _ => None,
        })
    }

    /// The source whose feed the work comes from, and the key.
    pub(crate) fn record(&self) -> Option<(AppKey, &str)> {
        self.ops.iter().find_map(|op| match op {
            Op::Row { app, external_id, .. } | Op::Gone { app, external_id } => {
                Some((*app, external_id.as_str()))
            }
            _ => None,
        })
    }
}

/// Something an undo couldn't restore, because somebody has spoken since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedSince {
    pub(crate) fact: Fact,
    pub(crate) by: Option<PlanKey>,
}

/// Applies ops to facts; gives the lines of the inverse.
pub(crate) fn apply(
    facts: &mut Facts,
    ops: &[Op],
    at: Millis,
    plan: PlanKey,
    since: &mut Vec<ChangedSince>,
) -> Vec<Before> {
    let mut befores = Vec::new();
    for op in ops {
        match op {
            Op::Say { fact, value } => {
                let at = if *fact == Fact::Lifecycle { after_sources(facts, at) } else { at };
                befores.extend(facts.say(fact.clone(), value.clone(), at, plan));
            }
            Op::Row { app, external_id, ended, values, hash, kept, .. } => {
                let fact = Fact::Record { app: *app, external_id: external_id.clone() };
                let state = if *ended { RecordState::Ended } else { RecordState::Living };
                let known = match facts.get(&fact) {
                    Some(FactValue::Record(r)) => Some(r.clone()),
                    _ => None,
                };
                let (mut values, mut hash) = (values.clone(), *hash);
                if let Some(known) = known.as_ref().filter(|_| !kept.is_empty()) {
                    hash = keep_values(&mut values, kept, &known.values, *ended);
                }
                let record = Record {
                    state,
                    values,
                    hash,
                    said_at: known
                        .as_ref()
                        .filter(|r| r.state == state)
                        .map_or_else(|| after_admin(facts, at), |r| r.said_at),
                    first_seen: known.as_ref().map_or(at, |r| r.first_seen),
                    fresh: known.is_none(),
                };
                befores.extend(facts.say(fact, Some(FactValue::Record(record)), at, plan));
            }
            Op::Gone { app, external_id } => {
                let fact = Fact::Record { app: *app, external_id: external_id.clone() };
                if let Some(FactValue::Record(r)) = facts.get(&fact).cloned()
                    && r.state == RecordState::Living
                {
                    let ended = Record {
                        state: RecordState::Ended,
                        said_at: after_admin(facts, at),
                        fresh: false,
                        ..r
                    };
                    befores.extend(facts.say(fact, Some(FactValue::Record(ended)), at, plan));
                }
            }
            Op::Restore { line } => restore(facts, line, at, plan, &mut befores, since),
            Op::Unmake { made_by } if facts.created_plan == *made_by => {
                let gone = FactValue::Lifecycle(UserStatus::Deprovisioned);
                let at = after_sources(facts, at);
                befores.extend(facts.say(Fact::Lifecycle, Some(gone), at, plan));
            }
            Op::Keep { attribute, value, after } => {
                if facts.kept.get(attribute) == after.as_ref() {
                    match value {
                        Some(v) => facts.kept.insert(attribute.clone(), v.clone()),
                        None => facts.kept.remove(attribute),
                    };
                }
            }
            Op::Adopt { fact, value } => {
                let line = facts.say(fact.clone(), Some(value.clone()), at, plan);
                befores.extend(line.map(|line| Before { moved: true, ..line }));
            }
            Op::Give { fact } => befores.extend(facts.give(fact)),
            Op::Unlink { app, external_id } | Op::Forgo { app, external_id } => {
                let fact = Fact::Record { app: *app, external_id: external_id.clone() };
                befores.extend(facts.give(&fact));
            }
            // Her clock, her claims and her accounts aren't facts, and a row that waits is nobody's.
            Op::Unmake { .. } | Op::Postpone { .. } | Op::Take(_) | Op::Wait { .. } | Op::Rewait { .. } => {}
            Op::Lose { rule } => {
                let of_rule = |(_, kind, origin): &(_, MembershipKind, i64)| {
                    *kind == MembershipKind::Kept && *origin == rule.0
                };
                let lost: Vec<Fact> = facts
                    .memberships()
                    .filter(of_rule)
                    .map(|(group, kind, origin)| Fact::Membership { group, kind, origin })
                    .collect();
                befores.extend(lost.into_iter().filter_map(|fact| facts.say(fact, None, at, plan)));
            }
        }
    }
    befores
}

/// Lets a row say what the record says where the feed has no column; gives the hash of what it says then.
pub(crate) fn keep_values(values: &mut [Value], kept: &[usize], known: &[Value], ended: bool) -> i64 {
    for at in kept {
        if let (Some(value), Some(known)) = (values.get_mut(*at), known.get(*at)) {
            value.clone_from(known);
        }
    }
    content_hash(ended, values) as i64
}

/// The instant of an admin's word: it is later than what sources have said, even if the clock stands still.
fn after_sources(facts: &Facts, at: Millis) -> Millis {
    facts.records().map(|(_, _, r, _)| Millis(r.said_at.0 + 1)).max().map_or(at, |last| last.max(at))
}

/// The instant of a source's word: of two at one instant the source's counts, so it isn't before the admin's.
fn after_admin(facts: &Facts, at: Millis) -> Millis {
    facts.lifecycle().map_or(at, |(_, said, _)| said.max(at))
}

/// Restores one fact. A record that the undone plan brought for somebody it made stays as a withdrawn one, and what it
/// said of her profile stays: she keeps what she was called, and with it her claims.
fn restore(
    facts: &mut Facts,
    line: &Before,
    at: Millis,
    plan: PlanKey,
    befores: &mut Vec<Before>,
    since: &mut Vec<ChangedSince>,
) {
    let now = facts.said.get(&line.fact);
    if let (Fact::Record { .. }, None, Some(said)) = (&line.fact, &line.before, now)
        && !line.moved
        && Some(said.plan) == line.after
        && line.after == Some(facts.created_plan)
        && let Some(FactValue::Record(r)) = said.value.clone()
    {
        let withdrawn = Record { state: RecordState::Withdrawn, said_at: at, fresh: false, ..r };
        befores.extend(facts.say(line.fact.clone(), Some(FactValue::Record(withdrawn)), at, plan));
        return;
    }
    if let (Fact::Profile { .. }, None, Some(said)) = (&line.fact, &line.before, now)
        && Some(said.plan) == line.after
        && line.after == Some(facts.created_plan)
    {
        return;
    }
    match facts.restore(line) {
        Ok(before) => befores.extend(before),
        Err(by) => since.push(ChangedSince { fact: line.fact.clone(), by }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_what_the_record_says_now_where_its_feed_has_no_column() {
        let row = |values: Vec<Value>, kept: Vec<usize>, ended: bool| {
            let hash = content_hash(ended, &values) as i64;
            Op::Row { app: AppKey(1), external_id: "k".to_owned(), line: 2, ended, values, hash, kept }
        };
        let all = |text: &str, n: i64| vec![Value::from("k"), Value::from(text), Value::Int(n)];
        let mut facts = Facts::default();
        let mut say = |op: Op| apply(&mut facts, &[op], Millis(5), PlanKey(1), &mut Vec::new()).len();
        assert_eq!(say(row(all("Lab", 1), Vec::new(), false)), 1);
        // It was worked out when the record said something else.
        assert_eq!(say(row(all("old", 2), vec![1], true)), 1);
        let fact = Fact::Record { app: AppKey(1), external_id: "k".to_owned() };
        let Some(FactValue::Record(record)) = facts.get(&fact) else { panic!("no record") };
        assert_eq!((&record.values, record.state), (&all("Lab", 2), RecordState::Ended));
        assert_eq!(record.hash, content_hash(true, &all("Lab", 2)) as i64);
    }
}

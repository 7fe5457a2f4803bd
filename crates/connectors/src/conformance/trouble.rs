//! The checks where something goes wrong in the application.

use std::time::Duration;

use muster_engine::outbound::{AccountState, DesiredAccount, RemoteAccount};

use super::{
    Fault, Harness, Report, Trouble, expect_error, failed, skipped,
    suite::{Subject, holds},
};
use crate::connector::{Connector, ConnectorError, ErrorKind, LookUp};

type Checked = Result<(), Trouble>;

pub(super) async fn run(harness: &dyn Harness, connector: &dyn Connector, report: &mut Report) {
    let on = Subject { harness, connector };
    report.add("asked to wait", on.asked_to_wait().await);
    report.add("unreachable", on.unreachable().await);
    report.add("silence after the work", on.unknown("silence", Fault::WorkThenSilence, true).await);
    report.add("connection cut after the work", on.unknown("cut", Fault::WorkThenCut, true).await);
    report.add("connection cut within the answer", on.unknown("cut-answer", Fault::CutAnswer, true).await);
    report.add("page for people", on.unknown("page", Fault::PageForPeople, false).await);
    report.add("broken on the other side", on.unknown("broken", Fault::Broken, false).await);
    report.add("not accepted", on.not_accepted().await);
    report.add("account rejected", on.rejected().await);
}

/// The calls that change something, each on an account of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Write {
    Create,
    Update,
    Deactivate,
    Delete,
}

impl Subject<'_> {
    async fn faulty(&self, fault: Fault) -> Result<Box<dyn Connector>, Trouble> {
        self.harness.faulty(fault).await.ok_or_else(|| skipped("the harness can't arrange it"))
    }

    async fn asked_to_wait(&self) -> Checked {
        let wait = Duration::from_secs(7);
        let is_right = |kind: &ErrorKind| *kind == ErrorKind::Later(Some(wait));
        let desired = self.desired("wait");
        let faulty = self.faulty(Fault::TooManyRequests(wait)).await?;
        expect_error(self.harness, faulty.create(&desired).await, is_right)?;
        if !self.find(&desired).await?.is_empty() {
            return Err(failed("the account was made all the same"));
        }
        let faulty = self.faulty(Fault::TooManyRequests(wait)).await?;
        expect_error(self.harness, faulty.list(None).await, is_right).map(|_| ())
    }

    async fn unreachable(&self) -> Checked {
        let faulty = self.faulty(Fault::Unreachable).await?;
        let is_right = |kind: &ErrorKind| matches!(kind, ErrorKind::Later(_));
        expect_error(self.harness, faulty.create(&self.desired("unreachable")).await, is_right)?;
        expect_error(self.harness, faulty.check().await, is_right).map(|_| ())
    }

    /// A fault after which it isn't known whether a write was done; `is_done` says whether it was.
    async fn unknown(&self, name: &str, fault: Fault, is_done: bool) -> Checked {
        let is_later = |kind: &ErrorKind| matches!(kind, ErrorKind::Later(_));
        let by_name = LookUp::UserName(self.desired(name).user_name);
        let faulty = self.faulty(fault.clone()).await?;
        expect_error(self.harness, faulty.find(&by_name).await, is_later)?;
        let capabilities = self.connector.capabilities();
        for write in [Write::Create, Write::Update, Write::Deactivate, Write::Delete] {
            let can_do = match write {
                Write::Create | Write::Update => true,
                Write::Deactivate => capabilities.deactivate,
                Write::Delete => capabilities.delete,
            };
            if can_do {
                self.unknown_write(name, &fault, write, is_done).await.map_err(|trouble| match trouble {
                    Trouble::Failed(why) => failed(format!("{write:?}: {why}")),
                    other @ Trouble::Skipped(_) => other,
                })?;
            }
        }
        Ok(())
    }

    async fn unknown_write(&self, name: &str, fault: &Fault, write: Write, is_done: bool) -> Checked {
        let before = self.desired(&format!("{name}-{write:?}"));
        let mut desired = before.clone();
        let created = match write {
            Write::Create => None,
            _ => Some(self.connector.create(&before).await?),
        };
        let id = created.as_ref().map(|account| account.id.as_str()).unwrap_or_default();
        let faulty = self.faulty(fault.clone()).await?;
        let result: Result<Option<RemoteAccount>, ConnectorError> = match write {
            Write::Create => faulty.create(&desired).await.map(Some),
            Write::Update => {
                desired.attributes = self.harness.attributes(1);
                faulty.update(id, created.as_ref(), &desired).await.map(Some)
            }
            Write::Deactivate => {
                desired.state = AccountState::Inactive;
                faulty.set_active(id, false).await.map(Some)
            }
            Write::Delete => faulty.delete(id).await.map(|()| None),
        };
        // A connector may read before it writes: then the fault struck the read, and nothing was done.
        let struck_read = matches!(&result, Err(error) if matches!(error.kind, ErrorKind::Later(_)));
        let may_read = matches!(write, Write::Update | Write::Deactivate);
        expect_error(self.harness, result, |kind| *kind == ErrorKind::Unknown || (struck_read && may_read))?;
        let is_done = is_done && !struck_read;
        let found = self.find(&desired).await?;
        match (write, found.as_slice()) {
            (Write::Create, []) if !is_done => Ok(()),
            (Write::Delete, []) if is_done => Ok(()),
            (Write::Create, [account]) if is_done => holds(account, &desired),
            (Write::Delete, [account]) if !is_done => holds(account, &before),
            (Write::Update | Write::Deactivate, [account]) => {
                holds(account, if is_done { &desired } else { &before })
            }
            (_, found) => Err(failed(format!("a look-up finds {found:?}"))),
        }
    }

    async fn not_accepted(&self) -> Checked {
        let is_right = |kind: &ErrorKind| *kind == ErrorKind::Refused;
        let faulty = self.faulty(Fault::NotAccepted).await?;
        expect_error(self.harness, faulty.check().await, is_right)?;
        let faulty = self.faulty(Fault::NotAccepted).await?;
        expect_error(self.harness, faulty.create(&self.desired("not-accepted")).await, is_right).map(|_| ())
    }

    async fn rejected(&self) -> Checked {
        let words = "the name is on the list of names that nobody may have";
        let faulty = self.faulty(Fault::RejectsAccount(words.to_owned())).await?;
        let result = faulty.create(&self.desired("rejected")).await;
        let error = expect_error(self.harness, result, |kind| *kind == ErrorKind::Rejected)?;
        if error.message.contains(words) {
            Ok(())
        } else {
            Err(failed(format!("its words are lost: {error}")))
        }
    }

    async fn find(&self, desired: &DesiredAccount) -> Result<Vec<RemoteAccount>, Trouble> {
        Ok(self.connector.find(&LookUp::UserName(desired.user_name.clone())).await?)
    }
}

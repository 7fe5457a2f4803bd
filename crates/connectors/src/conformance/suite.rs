//! The checks that need nothing to go wrong.

use std::collections::BTreeSet;

use muster_engine::{
    Value,
    outbound::{AccountAttributes, AccountState, DesiredAccount, RemoteAccount},
};

use super::{Harness, Report, Trouble, expect_error, failed, skipped};
use crate::connector::{Connector, ErrorKind, LookUp};

/// User names which have been sent wrong by somebody.
const ODD_NAMES: [&str; 9] = [
    "o'brien",
    "say \"hi\"",
    "back\\slash",
    "Zoë Åström",
    "日本語",
    "plus+tag@example.org",
    "100% & more? #1",
    "a/b;c=d",
    "(x) eq [y]",
];

type Checked = Result<(), Trouble>;

/// How many pages a list may take before it is taken for endless.
const MAX_PAGES: usize = 10_000;

pub(super) async fn run(harness: &dyn Harness, connector: &dyn Connector, report: &mut Report) {
    let on = Subject { harness, connector };
    report.add("check", connector.check().await.map_err(Trouble::from));
    report.add("create", on.create().await);
    report.add("create an inactive account", on.create_inactive().await);
    report.add("create a duplicate", on.duplicate().await);
    report.add("find by id", on.find_by_id().await);
    report.add("find by external id", on.find_by_external_id().await);
    report.add("find by user name", on.find_by_user_name().await);
    report.add("find odd user names", on.find_odd_names().await);
    report.add("list over pages", on.list().await);
    report.add("update changes only what is named", on.update_only_named(false).await);
    report.add("update changes only what is named, knowing", on.update_only_named(true).await);
    report.add("update takes values away", on.update_to_null(false).await);
    report.add("update takes values away, knowing", on.update_to_null(true).await);
    report.add("update changes user name, reference and state", on.update_identity().await);
    report.add("set active", on.set_active().await);
    report.add("delete", on.delete().await);
    report.add("update a vanished account", on.vanished().await);
}

/// The application under test, and accounts for it.
pub(super) struct Subject<'a> {
    pub(super) harness: &'a dyn Harness,
    pub(super) connector: &'a dyn Connector,
}

impl Subject<'_> {
    /// An account nobody has made, by a name of the check.
    pub(super) fn desired(&self, name: &str) -> DesiredAccount {
        DesiredAccount {
            external_id: format!("{}ref-{name}", self.harness.prefix()),
            user_name: format!("{}{name}", self.harness.prefix()),
            state: AccountState::Active,
            attributes: self.harness.attributes(0),
        }
    }

    pub(super) async fn by_id(&self, id: &str) -> Result<RemoteAccount, Trouble> {
        let mut found = self.connector.find(&LookUp::Id(id.to_owned())).await?;
        match (found.pop(), found.is_empty()) {
            (Some(account), true) => Ok(account),
            (_, _) => Err(failed(format!("account {id} isn't found by its id"))),
        }
    }

    async fn create(&self) -> Checked {
        let desired = self.desired("create");
        let created = self.connector.create(&desired).await?;
        if created.id.is_empty() {
            return Err(failed("the account has no id"));
        }
        holds(&created, &desired)?;
        holds(&self.by_id(&created.id).await?, &desired)
    }

    async fn create_inactive(&self) -> Checked {
        if !self.connector.capabilities().deactivate {
            return Err(skipped("accounts can't be inactive"));
        }
        let desired = DesiredAccount { state: AccountState::Inactive, ..self.desired("inactive") };
        let created = self.connector.create(&desired).await?;
        // An application may make all accounts active; then it must say so.
        let held = self.by_id(&created.id).await?;
        if held.active == created.active { Ok(()) } else { Err(failed("the state answered isn't that held")) }
    }

    async fn duplicate(&self) -> Checked {
        if !self.connector.capabilities().unique_user_names {
            return Err(skipped("user names aren't unique"));
        }
        let desired = self.desired("duplicate");
        self.connector.create(&desired).await?;
        let again = DesiredAccount { external_id: format!("{}-2", desired.external_id), ..desired };
        let result = self.connector.create(&again).await;
        expect_error(self.harness, result, |kind| *kind == ErrorKind::Conflict).map(|_| ())
    }

    async fn find_by_id(&self) -> Checked {
        let created = self.connector.create(&self.desired("by-id")).await?;
        let found = self.by_id(&created.id).await?;
        if found != created {
            return Err(failed(format!("created was {created:?}, found {found:?}")));
        }
        self.finds_none(&LookUp::Id("no-such-id".to_owned())).await
    }

    async fn find_by_external_id(&self) -> Checked {
        if !self.connector.capabilities().find_by_external_id {
            return Err(skipped("the application doesn't find by reference"));
        }
        let desired = self.desired("by-reference");
        let created = self.connector.create(&desired).await?;
        self.finds_one(&LookUp::ExternalId(desired.external_id.clone()), &created.id).await?;
        self.finds_none(&LookUp::ExternalId(format!("{}-x", desired.external_id))).await
    }

    async fn find_by_user_name(&self) -> Checked {
        let desired = self.desired("by-name");
        let created = self.connector.create(&desired).await?;
        self.finds_one(&LookUp::UserName(desired.user_name.clone()), &created.id).await?;
        let shorter = desired.user_name.trim_end_matches('e').to_owned();
        self.finds_none(&LookUp::UserName(shorter)).await?;
        self.finds_none(&LookUp::UserName(format!("{}-x", desired.user_name))).await
    }

    async fn find_odd_names(&self) -> Checked {
        for name in ODD_NAMES {
            let desired = self.desired(name);
            let created = self.connector.create(&desired).await?;
            self.finds_one(&LookUp::UserName(desired.user_name), &created.id).await?;
            if self.connector.capabilities().find_by_external_id {
                self.finds_one(&LookUp::ExternalId(desired.external_id), &created.id).await?;
            }
        }
        Ok(())
    }

    async fn finds_one(&self, by: &LookUp, id: &str) -> Checked {
        let found = self.connector.find(by).await?;
        match found.as_slice() {
            [only] if only.id == id => Ok(()),
            others => Err(failed(format!("{by:?} should find {id}, found {others:?}"))),
        }
    }

    async fn finds_none(&self, by: &LookUp) -> Checked {
        match self.connector.find(by).await?.as_slice() {
            [] => Ok(()),
            others => Err(failed(format!("{by:?} should find nothing, found {others:?}"))),
        }
    }

    /// All accounts, and over how many pages.
    async fn all(&self) -> Result<(Vec<RemoteAccount>, usize), Trouble> {
        let (mut accounts, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = self.connector.list(cursor.as_deref()).await?;
            accounts.extend(page.accounts);
            pages += 1;
            cursor = match page.next {
                None => return Ok((accounts, pages)),
                Some(_) if pages == MAX_PAGES => return Err(failed("the list doesn't end")),
                next => next,
            };
        }
    }

    async fn list(&self) -> Checked {
        if !self.connector.capabilities().list {
            return Err(skipped("the application doesn't list"));
        }
        let mut expected: BTreeSet<String> =
            self.all().await?.0.into_iter().map(|account| account.id).collect();
        for number in 0..7 {
            let created = self.connector.create(&self.desired(&format!("list-{number}"))).await?;
            if !expected.insert(created.id) {
                return Err(failed("a new account was in the list before"));
            }
        }
        let (accounts, pages) = self.all().await?;
        let listed: BTreeSet<String> = accounts.iter().map(|account| account.id.clone()).collect();
        if listed != expected || accounts.len() != expected.len() {
            return Err(failed(format!(
                "{} accounts are there, {} were listed",
                expected.len(),
                accounts.len()
            )));
        }
        if pages < 3 {
            return Err(skipped(format!("the list took {pages} page(s): set a smaller page size")));
        }
        let desired = self.desired("list-0");
        let Some(account) = accounts.iter().find(|account| account.user_name == desired.user_name) else {
            return Err(failed("an account isn't listed by its user name"));
        };
        holds(account, &desired)
    }

    async fn update_only_named(&self, knowing: bool) -> Checked {
        let before = self.desired(&format!("named-{knowing}"));
        let created = self.connector.create(&before).await?;
        let Some((name, value)) = self.harness.attributes(1).into_iter().next() else {
            return Err(skipped("the harness has no attributes"));
        };
        let named = AccountAttributes::from([(name.clone(), value.clone())]);
        let desired = DesiredAccount { attributes: named, ..before.clone() };
        let updated = self.connector.update(&created.id, knowing.then_some(&created), &desired).await?;
        holds(&updated, &desired)?;
        let mut expected = before;
        expected.attributes.insert(name, value);
        holds(&self.by_id(&created.id).await?, &expected)
    }

    async fn update_to_null(&self, knowing: bool) -> Checked {
        let before = self.desired(&format!("null-{knowing}"));
        for name in before.attributes.keys() {
            let mut before = self.desired(&format!("null-{knowing}-{name}"));
            let created = self.connector.create(&before).await?;
            let one = AccountAttributes::from([(name.clone(), Value::Null)]);
            let desired = DesiredAccount { attributes: one, ..before.clone() };
            // Twice: taking away what isn't there is nothing.
            let updated = self.connector.update(&created.id, knowing.then_some(&created), &desired).await?;
            self.connector.update(&created.id, knowing.then_some(&updated), &desired).await?;
            before.attributes.insert(name.clone(), Value::Null);
            holds(&self.by_id(&created.id).await?, &before)?;
            // And back again.
            before.attributes = self.harness.attributes(1);
            let updated = self.connector.update(&created.id, knowing.then_some(&updated), &before).await?;
            holds(&updated, &before)?;
            holds(&self.by_id(&created.id).await?, &before)?;
        }
        Ok(())
    }

    async fn update_identity(&self) -> Checked {
        let created = self.connector.create(&self.desired("identity")).await?;
        let mut desired = self.desired("identity-2");
        if self.connector.capabilities().deactivate {
            desired.state = AccountState::Inactive;
        }
        let updated = self.connector.update(&created.id, Some(&created), &desired).await?;
        holds(&updated, &desired)?;
        if updated.id != created.id {
            return Err(failed("the account has another id"));
        }
        if self.connector.capabilities().find_by_external_id {
            self.finds_one(&LookUp::ExternalId(desired.external_id.clone()), &created.id).await?;
        }
        self.finds_one(&LookUp::UserName(desired.user_name.clone()), &created.id).await?;
        desired.state = AccountState::Active;
        holds(&self.connector.update(&created.id, None, &desired).await?, &desired)
    }

    async fn set_active(&self) -> Checked {
        if !self.connector.capabilities().deactivate {
            return Err(skipped("accounts can't be inactive"));
        }
        let mut desired = self.desired("set-active");
        let created = self.connector.create(&desired).await?;
        for active in [false, false, true, true] {
            desired.state = if active { AccountState::Active } else { AccountState::Inactive };
            holds(&self.connector.set_active(&created.id, active).await?, &desired)?;
            holds(&self.by_id(&created.id).await?, &desired)?;
        }
        Ok(())
    }

    async fn delete(&self) -> Checked {
        if !self.connector.capabilities().delete {
            return Err(skipped("accounts can't be deleted"));
        }
        let desired = self.desired("delete");
        let created = self.connector.create(&desired).await?;
        self.connector.delete(&created.id).await?;
        self.connector.delete(&created.id).await?;
        self.finds_none(&LookUp::Id(created.id)).await?;
        self.finds_none(&LookUp::UserName(desired.user_name)).await
    }

    async fn vanished(&self) -> Checked {
        if !self.connector.capabilities().delete {
            return Err(skipped("accounts can't be deleted"));
        }
        let before = self.desired("vanished");
        let created = self.connector.create(&before).await?;
        self.connector.delete(&created.id).await?;
        let desired = DesiredAccount { attributes: self.harness.attributes(1), ..before };
        let is_right = |kind: &ErrorKind| *kind == ErrorKind::NotFound;
        for known in [None, Some(&created)] {
            expect_error(self.harness, self.connector.update(&created.id, known, &desired).await, is_right)?;
        }
        for active in [false, true] {
            expect_error(self.harness, self.connector.set_active(&created.id, active).await, is_right)?;
        }
        Ok(())
    }
}

/// Whether an account is as desired.
pub(super) fn holds(account: &RemoteAccount, desired: &DesiredAccount) -> Checked {
    let active = desired.state == AccountState::Active;
    if account.user_name.to_lowercase() != desired.user_name.to_lowercase() {
        return Err(failed(format!("the user name is `{}`, not `{}`", account.user_name, desired.user_name)));
    }
    if account.external_id.as_ref().is_some_and(|id| *id != desired.external_id) {
        return Err(failed(format!(
            "the reference is {:?}, not `{}`",
            account.external_id, desired.external_id
        )));
    }
    if account.active != active {
        return Err(failed(format!("active is {}, not {active}", account.active)));
    }
    for (name, wanted) in &desired.attributes {
        let held = account.attributes.get(name).unwrap_or(&Value::Null);
        if held != wanted {
            return Err(failed(format!("`{name}` is {held:?}, not {wanted:?}")));
        }
    }
    Ok(())
}

/// A connector which isn't automatic.
pub(super) async fn refuses_all(harness: &dyn Harness, connector: &dyn Connector) -> Checked {
    let desired = Subject { harness, connector }.desired("manual");
    let is_right = |kind: &ErrorKind| *kind == ErrorKind::Rejected;
    expect_error(harness, connector.list(None).await, is_right)?;
    expect_error(harness, connector.find(&LookUp::UserName(desired.user_name.clone())).await, is_right)?;
    expect_error(harness, connector.create(&desired).await, is_right)?;
    expect_error(harness, connector.update("1", None, &desired).await, is_right)?;
    expect_error(harness, connector.set_active("1", false).await, is_right)?;
    expect_error(harness, connector.delete("1").await, is_right).map(|_| ())
}

/// Deletes what the suite made, as far as that can be done.
pub(super) async fn clean_up(harness: &dyn Harness, connector: &dyn Connector) {
    let capabilities = connector.capabilities();
    if !(capabilities.list && capabilities.delete) {
        return;
    }
    let Ok((accounts, _)) = (Subject { harness, connector }).all().await else { return };
    for account in accounts.iter().filter(|account| account.user_name.starts_with(harness.prefix())) {
        // What is left is for the target's owner to see; the report has told the reason by then.
        let _ = connector.delete(&account.id).await;
    }
}

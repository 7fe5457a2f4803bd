//! What tasks say to people.

use std::collections::HashMap;
use std::fmt::Write as _;

use muster_engine::model::{AccountKey, AppKey, UserKey};
use muster_engine::outbound::{AccountAttributes, DesiredAccount, RemoteAccount};
use muster_engine::{Millis, Value};
use muster_store::tasks::NewTask;
use muster_store::{Tx, lookups};
use serde_json::json;

/// An account is to be created or made usable by hand.
pub const PROVISION: &str = "provision_by_hand";
/// An account is to be changed by hand.
pub const UPDATE: &str = "update_by_hand";
/// An account is to be taken away by hand.
pub const DEPROVISION: &str = "deprovision_by_hand";
/// The app refused an account.
pub const FAILED: &str = "provisioning_failed";
/// Accounts of the app can't be told apart.
pub const IN_DOUBT: &str = "account_in_doubt";
/// The account that would be the person's is protected.
pub const PROTECTED: &str = "account_protected";
/// The app refuses us, or isn't set up right.
pub const REFUSED: &str = "app_refused";
/// A job that runs by itself failed.
pub const JOB_FAILED: &str = "job_failed";
/// An app's last day is near.
pub const EXPIRES: &str = "app_expires";
/// A mail can't be delivered.
pub const MAIL_FAILED: &str = "mail_failed";

/// Rows of a source wait until somebody says whose they are.
pub const MATCHES: &str = "matches_to_confirm";

/// Stands for the id that an account kept by hand hasn't got.
pub(crate) const BY_HAND_ID: &str = "by-hand";

const DAY: i64 = 86_400_000;

/// At most one open task has it: an account waits for one thing at a time.
pub(crate) fn account_dedupe(account: AccountKey) -> String {
    format!("account/{account}")
}

/// The same for an app as a whole.
pub(crate) fn refused_dedupe(app: AppKey) -> String {
    format!("app_refused/{app}")
}

/// At most one open task about a job.
pub(crate) fn job_dedupe(job: &str) -> String {
    format!("job/{job}")
}

/// At most one open task about a source's rows that wait.
pub(crate) fn matches_dedupe(app: AppKey) -> String {
    format!("matches/{app}")
}

/// Rows of a source wait until somebody says whose they are.
pub(crate) fn matches_to_confirm(app: AppKey, name: &str, open: i64, owner: String, at: Millis) -> NewTask {
    let rows = if open == 1 { "1 row waits".to_owned() } else { format!("{open} rows wait") };
    let what = format!(
        "Of these rows it isn't certain whose they are: until somebody says so, nobody is created or linked for them.\n\
         Look with: muster matches --app {name}\nThen say it with: muster match confirm, link, new or ignore"
    );
    NewTask {
        kind: MATCHES.to_owned(),
        dedupe: matches_dedupe(app),
        title: format!("{rows} in {name} to be confirmed"),
        body: json!({ "what": what, "open": open }).to_string(),
        app_key: Some(app.0),
        owner: (!owner.is_empty()).then_some(owner),
        created: at.0,
        due: Some(at.0 + 7 * DAY),
        ..NewTask::default()
    }
}

/// At most one open task about a recipient.
pub(crate) fn mail_dedupe(recipient: &str) -> String {
    format!("mail/{recipient}")
}

/// A job failed and will be tried again.
pub(crate) fn job_failed(job: &str, reason: &str, failures: i64, at: i64) -> NewTask {
    let times = if failures == 1 { String::new() } else { format!(" {failures} times in a row") };
    let what = format!(
        "{reason}\nIt is tried again by itself, less and less often; this task ends when it has succeeded."
    );
    NewTask {
        kind: JOB_FAILED.to_owned(),
        dedupe: job_dedupe(job),
        title: format!("The scheduled job {job} failed{times}"),
        body: json!({ "what": what, "job": job, "error": reason }).to_string(),
        created: at,
        ..NewTask::default()
    }
}

/// An app's last day is near.
pub(crate) fn expires(
    dedupe: &str,
    name: &str,
    app: AppKey,
    owner: &str,
    last: &str,
    over: Millis,
    at: Millis,
) -> NewTask {
    let what = format!(
        "When the day is over, everybody who has {name} loses it. To keep it, set a later day in the org file \
         (apps.{name}.expires) or take the line out; else there is nothing to do but to tell people."
    );
    NewTask {
        kind: EXPIRES.to_owned(),
        dedupe: dedupe.to_owned(),
        title: format!("{last} is the last day of {name}"),
        body: json!({ "what": what, "expires": last }).to_string(),
        app_key: Some(app.0),
        owner: (!owner.is_empty()).then(|| owner.to_owned()),
        due: Some(over.0),
        created: at.0,
        ..NewTask::default()
    }
}

/// A mail was given up.
pub(crate) fn mail_failed(recipient: &str, subject: &str, reason: &str, at: Millis) -> NewTask {
    let what = format!(
        "{reason}\nThe mail was {subject:?}. Correct the address (an app's owner, the org's admins) or the mail \
         settings in the org file, then: muster notify"
    );
    NewTask {
        kind: MAIL_FAILED.to_owned(),
        dedupe: mail_dedupe(recipient),
        title: format!("Mail to {recipient} can't be delivered"),
        body: json!({ "what": what, "recipient": recipient, "error": reason }).to_string(),
        created: at.0,
        ..NewTask::default()
    }
}

/// People by the names others know them by.
#[derive(Debug, Default)]
pub(crate) struct People(HashMap<UserKey, String>);

impl People {
    /// Loads the given people.
    pub(crate) fn load(tx: &mut dyn Tx, keys: impl Iterator<Item = UserKey>) -> muster_store::Result<Self> {
        let mut keys: Vec<i64> = keys.map(|key| key.0).collect();
        keys.sort_unstable();
        keys.dedup();
        let heads = lookups::profiles_of(tx, &keys)?;
        Ok(Self(heads.into_iter().map(|head| (UserKey(head.user_key), name(&head))).collect()))
    }

    /// A person, as in `Ann Archer (ann@example.org)`.
    pub(crate) fn name(&self, user: Option<UserKey>) -> String {
        match user.and_then(|user| self.0.get(&user)) {
            Some(name) => name.clone(),
            None => "somebody unknown here".to_owned(),
        }
    }
}

fn name(head: &lookups::UserHead) -> String {
    let profile: serde_json::Value = serde_json::from_str(&head.profile).unwrap_or_default();
    let text =
        |key: &str| profile.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    let full = match (text("displayName"), text("firstName"), text("lastName")) {
        (Some(name), ..) => Some(name.to_owned()),
        (None, Some(first), Some(last)) => Some(format!("{first} {last}")),
        (None, first, last) => first.or(last).map(str::to_owned),
    };
    match (full, &head.login) {
        (Some(name), Some(login)) => format!("{name} ({login})"),
        (Some(name), None) => name,
        (None, Some(login)) => login.clone(),
        (None, None) => format!("person {}", head.user_key),
    }
}

/// What a task about an account is about.
pub(crate) struct About<'a> {
    pub(crate) app: AppKey,
    pub(crate) app_name: &'a str,
    pub(crate) owner: Option<String>,
    pub(crate) days: u32,
    pub(crate) account: AccountKey,
    pub(crate) user: Option<UserKey>,
    pub(crate) rev: i64,
    pub(crate) at: Millis,
}

impl About<'_> {
    fn task(&self, kind: &str, title: String, body: &serde_json::Value) -> NewTask {
        NewTask {
            kind: kind.to_owned(),
            dedupe: account_dedupe(self.account),
            title,
            body: body.to_string(),
            app_key: Some(self.app.0),
            user_key: self.user.map(|user| user.0),
            account_key: Some(self.account.0),
            account_rev: Some(self.rev),
            plan_key: None,
            owner: self.owner.clone(),
            due: Some(self.at.0 + i64::from(self.days) * DAY),
            created: self.at.0,
        }
    }
}

/// An account failed, or can't be told from others.
pub(crate) fn failed(
    about: &About<'_>,
    people: &People,
    desired: Option<&DesiredAccount>,
    error: &str,
    in_doubt: bool,
) -> NewTask {
    let person = people.name(about.user);
    let app = about.app_name;
    let (kind, title, advice) = if in_doubt {
        (
            IN_DOUBT,
            format!("Which account in {app} belongs to {person}?"),
            "Put it right in the application, then retry this task.",
        )
    } else {
        (
            FAILED,
            format!("The account of {person} in {app} failed"),
            "Correct what the application complains of (the person's data, or the application), then retry this task; \
             a change of the person's data retries by itself.",
        )
    };
    let what = format!("{app} said: {error}\n{advice}");
    let user_name = desired.map(|desired| desired.user_name.as_str());
    about.task(
        kind,
        title,
        &json!({ "what": what, "person": person, "app": app, "userName": user_name, "error": error }),
    )
}

/// The account that would be a person's is one that Muster leaves alone.
pub(crate) fn protected(about: &About<'_>, people: &People, user_name: &str) -> NewTask {
    let person = people.name(about.user);
    let app = about.app_name;
    let what = format!(
        "The account `{user_name}` in {app} is protected (provisioning.protected_accounts): nothing was done about it. \
         Give {person} another user name there, or take `{user_name}` out of protected_accounts, then retry this task."
    );
    about.task(
        PROTECTED,
        format!("The account of {person} in {app} would be a protected one"),
        &json!({ "what": what, "person": person, "app": app, "userName": user_name }),
    )
}

/// An app as a whole can't be served.
pub(crate) fn refused(
    app: AppKey,
    name: &str,
    owner: Option<String>,
    days: u32,
    error: &str,
    at: Millis,
) -> NewTask {
    let what = format!(
        "{error}\nNothing is lost: the accounts wait. Check the address, the token and the rights of the connection; \
         it is tried again by itself from time to time, and at once by `muster sync --app {name}`."
    );
    NewTask {
        kind: REFUSED.to_owned(),
        dedupe: refused_dedupe(app),
        title: format!("{name} refuses to be provisioned"),
        body: json!({ "what": what, "app": name, "error": error }).to_string(),
        app_key: Some(app.0),
        owner,
        due: Some(at.0 + i64::from(days) * DAY),
        created: at.0,
        ..NewTask::default()
    }
}

/// Something a person is to do in an app without an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByHand {
    /// Make an account.
    Create,
    /// Change its attributes.
    Change,
    /// Make it usable again.
    Enable,
    /// Make it unusable.
    Disable,
    /// Delete it.
    Delete,
    /// An account that was asked for isn't wanted any more.
    TakeBack,
}

/// A task to be done by hand; `after` is what the app will hold when it is done.
pub(crate) fn by_hand(
    about: &About<'_>,
    people: &People,
    what: ByHand,
    desired: &DesiredAccount,
    known: Option<&RemoteAccount>,
    after: Option<&RemoteAccount>,
) -> NewTask {
    let person = people.name(about.user);
    let app = about.app_name;
    let user_name = known.map_or(&desired.user_name, |known| &known.user_name);
    let changes = changes(desired, known);
    let (kind, title, mut words) = match what {
        ByHand::Create => {
            let mut words = format!("Create an account in {app}:\n  user name: {user_name}");
            for (name, value) in desired.attributes.iter().filter(|(_, value)| !value.is_null()) {
                let _ = write!(words, "\n  {name}: {}", shown(value));
            }
            (PROVISION, format!("Create an account for {person} in {app}"), words)
        }
        ByHand::Change => (
            UPDATE,
            format!("Change the account of {person} in {app}"),
            format!("Change the account `{user_name}` in {app}:"),
        ),
        ByHand::Enable => (
            PROVISION,
            format!("Enable the account of {person} in {app} again"),
            format!("Make the account `{user_name}` in {app} usable again."),
        ),
        ByHand::Disable => (
            DEPROVISION,
            format!("Disable the account of {person} in {app}"),
            format!("Make the account `{user_name}` in {app} unusable."),
        ),
        ByHand::Delete => (
            DEPROVISION,
            format!("Delete the account of {person} in {app}"),
            format!("Delete the account `{user_name}` in {app}."),
        ),
        ByHand::TakeBack => (
            DEPROVISION,
            format!("No account for {person} in {app} after all"),
            format!(
                "The account `{user_name}` in {app} isn't wanted any more: if you have made it, remove it."
            ),
        ),
    };
    let told = if what == ByHand::Change { changes } else { Vec::new() };
    for (name, from, to) in &told {
        let _ = write!(words, "\n  {name}: {} → {}", shown(from), shown(to));
    }
    let told: Vec<_> =
        told.iter().map(|(name, from, to)| json!({ "attribute": name, "from": from, "to": to })).collect();
    let attributes: Option<&AccountAttributes> = (what == ByHand::Create).then_some(&desired.attributes);
    about.task(
        kind,
        title,
        &json!({
            "what": words, "person": person, "app": app, "userName": user_name,
            "attributes": attributes, "changes": told, "after": after,
        }),
    )
}

fn changes<'a>(
    desired: &'a DesiredAccount,
    known: Option<&'a RemoteAccount>,
) -> Vec<(&'a str, Value, Value)> {
    let Some(known) = known else { return Vec::new() };
    let mut changes = Vec::new();
    if desired.user_name != known.user_name {
        changes.push(("user name", known.user_name.as_str().into(), desired.user_name.as_str().into()));
    }
    for (name, to) in &desired.attributes {
        let from = known.attributes.get(name).unwrap_or(Value::NULL);
        if from != to {
            changes.push((name.as_str(), from.clone(), to.clone()));
        }
    }
    if !known.active {
        changes.push(("usable", false.into(), true.into()));
    }
    changes
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        value => value.to_text().filter(|text| !text.is_empty()).map_or("(empty)".to_owned(), Into::into),
    }
}

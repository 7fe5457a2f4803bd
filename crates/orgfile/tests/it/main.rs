//! Reading, comparing and writing org files.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod changes;
mod law;
mod mistakes;
mod shipped;

use muster_engine::{Config, Org, UserKey, compile};
use muster_orgfile::{ItemChange, OrgFile, OrgFileError, parse};

/// What the file says must change, new items numbered after those there are.
fn changes(file: &OrgFile, org: &Org) -> Result<Vec<ItemChange>, Vec<OrgFileError>> {
    let mut last = org.items().iter().map(|(key, _)| key.0).max().unwrap_or_default();
    let mut next = || {
        last += 1;
        last
    };
    file.changes(org, &mut next, &|login| {
        login.strip_prefix("user").and_then(|n| n.parse().ok()).map(UserKey)
    })
}

/// An org with the changes made.
fn apply(org: &Org, changes: Vec<ItemChange>) -> Org {
    let mut org = org.clone();
    for change in changes {
        org.set(change.kind, change.key, change.item);
    }
    org
}

fn read(text: &str) -> OrgFile {
    parse(text).unwrap_or_else(|errors| panic!("{}", told(&errors)))
}

/// The org a text describes, on its own.
fn org(text: &str) -> Org {
    let none = Org::default();
    apply(&none, changes(&read(text), &none).unwrap_or_else(|errors| panic!("{}", told(&errors))))
}

fn compiled(org: &Org) -> Config {
    compile(1, org.clone()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn told(errors: &[OrgFileError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

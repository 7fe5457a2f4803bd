//! Which crate may use which.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use crate::metadata::{Kind, Metadata};

/// What a crate of the workspace may use of the others.
enum Uses {
    /// These, and nothing else.
    Only(&'static [&'static str]),
    /// All of them.
    Anything,
}

/// The layers, from the core outwards. A crate that isn't named here fails the check: decide first where it stands.
const LAYERS: &[(&str, Uses)] = &[
    ("muster-expr", Uses::Only(&[])),
    ("muster-query", Uses::Only(&[])),
    ("muster-engine", Uses::Only(&["muster-expr"])),
    ("muster-orgfile", Uses::Only(&["muster-engine"])),
    ("muster-scim", Uses::Only(&["muster-query"])),
    ("muster-store", Uses::Only(&["muster-engine", "muster-query"])),
    ("muster-connectors", Uses::Only(&["muster-engine", "muster-scim", "muster-query", "muster-expr"])),
    (
        "muster-service",
        Uses::Only(&[
            "muster-engine",
            "muster-orgfile",
            "muster-store",
            "muster-connectors",
            "muster-expr",
            "muster-query",
        ]),
    ),
    ("muster-api", Uses::Only(&["muster-service", "muster-query", "muster-engine"])),
    ("muster-demo-app", Uses::Only(&["muster-scim", "muster-query"])),
    ("muster-testkit", Uses::Anything),
    ("muster", Uses::Anything),
    ("xtask", Uses::Anything),
];

/// Crates that do no I/O and stay testable in seconds. Their tests keep to the layers as well.
const PURE: &[&str] = &["muster-expr", "muster-query", "muster-engine", "muster-orgfile", "muster-scim"];

/// What would make a pure crate impure.
const IMPURE: &[&str] = &["tokio", "rusqlite", "reqwest", "postgres", "tokio-postgres", "axum", "hyper"];

/// Crates nothing may bring in, each with the reason; the same as in deny.toml.
const BANNED: &[(&str, &str)] = &[
    ("openssl", "TLS is rustls; a system library would have to be there on every machine"),
    ("openssl-sys", "TLS is rustls; a system library would have to be there on every machine"),
    ("native-tls", "TLS is rustls, the same on every machine"),
    ("chrono", "time is jiff; two time libraries disagree sooner or later"),
];

pub(super) fn check(metadata: &Metadata, findings: &mut Findings) {
    check_layers(metadata, findings);
    for pure in PURE {
        for impure in IMPURE {
            if let Some(way) = metadata.way(pure, impure) {
                findings.error(format!(
                    "{pure} is pure but uses {impure}, by way of {}; move what needs it to a crate further out",
                    way.join(" -> ")
                ));
            }
        }
    }
    for package in &metadata.packages {
        if let Some((name, reason)) = BANNED.iter().find(|(name, _)| *name == package.name) {
            let users: BTreeSet<&str> = users(metadata, &package.id);
            findings.error(format!(
                "{name} {} is banned ({reason}); used by {}, turn off the feature that brings it in",
                package.version,
                users.into_iter().collect::<Vec<_>>().join(", ")
            ));
        }
    }
}

fn check_layers(metadata: &Metadata, findings: &mut Findings) {
    let layers: BTreeMap<&str, &Uses> = LAYERS.iter().map(|(name, uses)| (*name, uses)).collect();
    let members: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    for package in metadata.members() {
        let name = package.name.as_str();
        let Some(uses) = layers.get(name) else {
            findings.error(format!("crate {name} has no layer; add it to xtask/src/check/crates.rs"));
            continue;
        };
        let Uses::Only(allowed) = uses else { continue };
        for dependency in &package.dependencies {
            let used = dependency.name.as_str();
            // Tests outside the pure crates may use what they test against.
            let exempt = dependency.kind == Some(Kind::Dev) && !PURE.contains(&name);
            // A crate may name itself for its own tests.
            if members.contains(used) && used != name && !exempt && !allowed.contains(&used) {
                let allowed =
                    if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
                findings.error(format!(
                    "{name} may not use {used}, only {allowed}; dependencies point downwards"
                ));
            }
        }
    }
}

fn users<'m>(metadata: &'m Metadata, id: &str) -> BTreeSet<&'m str> {
    let uses = |user: &str| {
        let node = metadata.resolve.nodes.iter().find(|node| node.id == user);
        node.is_some_and(|node| node.deps.iter().any(|edge| edge.pkg == id))
    };
    metadata
        .packages
        .iter()
        .filter(|package| uses(&package.id))
        .map(|package| package.name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of engine and store; engine reaches tokio through a helper, by the given kind of dependency.
    fn workspace(engine_uses: &str, kind: Option<&str>) -> Metadata {
        let package = |name: &str, dependencies: serde_json::Value| json!({"id": format!("id-{name}"), "name": name, "version": "1.0.0", "dependencies": dependencies});
        let edge =
            |to: &str, kind: Option<&str>| json!({"pkg": format!("id-{to}"), "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [
                package("muster-engine", json!([{"name": engine_uses, "kind": kind}])),
                package("muster-store", json!([{"name": "muster-engine", "kind": null}])),
                package("helper", json!([])),
                package("tokio", json!([])),
                package("chrono", json!([])),
            ],
            "workspace_members": ["id-muster-engine", "id-muster-store"],
            "target_directory": "/nowhere",
            "resolve": {"nodes": [
                {"id": "id-muster-engine", "deps": [edge(engine_uses, kind)]},
                {"id": "id-muster-store", "deps": [edge("muster-engine", None), edge("chrono", None)]},
                {"id": "id-helper", "deps": [edge("tokio", None)]},
                {"id": "id-tokio", "deps": []},
                {"id": "id-chrono", "deps": []},
            ]},
        });
        serde_json::from_value(metadata).unwrap()
    }

    fn errors(metadata: &Metadata) -> Vec<String> {
        let mut findings = Findings::default();
        check(metadata, &mut findings);
        findings.errors
    }

    #[test]
    fn impurity_is_found_over_others_but_not_in_tests() {
        let found = errors(&workspace("helper", None));
        assert!(
            found[0].starts_with(
                "muster-engine is pure but uses tokio, by way of muster-engine -> helper -> tokio"
            ),
            "{found:?}"
        );
        assert_eq!(errors(&workspace("helper", Some("dev"))).len(), 1, "only the banned crate");
    }

    #[test]
    fn arrows_point_downwards_in_tests_of_the_core_too() {
        for kind in [None, Some("dev")] {
            let found = errors(&workspace("muster-store", kind));
            assert!(
                found[0].starts_with("muster-engine may not use muster-store, only muster-expr"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn banned_crates_are_named_with_who_brings_them() {
        let found = errors(&workspace("helper", Some("dev")));
        assert!(found[0].starts_with("chrono 1.0.0 is banned"), "{found:?}");
        assert!(found[0].contains("used by muster-store"), "{found:?}");
    }
}

//! Whom a person's links lead to, and by whose word.

use std::collections::HashMap;

use muster_engine::config::LinkWay;
use muster_engine::facts::Fact;
use muster_engine::model::{IdKind, public_id};
use muster_store::{Tx, lookups};

use super::answer::{LinkReason, WhyLink};
use super::subject::Subject;
use crate::edit::DELETED;
use crate::error::Result;
use crate::plan::others;

/// All links that hold something, in the order of the configuration, and who is found there.
pub(super) fn explain(tx: &mut dyn Tx, subject: &Subject) -> Result<Vec<WhyLink>> {
    let config = &subject.config;
    let mut all: Vec<(WhyLink, Option<i64>)> = Vec::new();
    for link in &config.links {
        let Some((_, key)) = subject.derived.links.iter().find(|(item, _)| *item == link.item) else {
            continue;
        };
        let found = others::found(tx, config, link.way, [key.clone()].into())?;
        let because = match link.way {
            LinkWay::Attribute { holds, matches } => LinkReason::Attribute {
                attribute: config.attribute_name(holds).to_owned(),
                matches: config.attribute_name(matches).to_owned(),
                value: subject.value(holds).clone(),
            },
            LinkWay::Said => {
                let said = subject.person.facts.said.get(&Fact::Link { link: link.name.clone() });
                LinkReason::Admin { said: said.map(|said| subject.said(said)) }
            }
        };
        let link = WhyLink { name: link.name.clone(), id: None, login: None, because };
        all.push((link, found.first().map(|(_, user)| *user)));
    }
    let users: Vec<i64> = all.iter().filter_map(|(_, user)| *user).collect();
    let heads: HashMap<i64, Option<String>> = lookups::profiles_of(tx, &users)?
        .into_iter()
        .filter(|head| head.status != DELETED)
        .map(|head| (head.user_key, head.login))
        .collect();
    let told = |(mut link, user): (WhyLink, Option<i64>)| {
        if let Some((user, login)) = user.and_then(|user| Some((user, heads.get(&user)?))) {
            link.id = Some(public_id(IdKind::User, user));
            link.login.clone_from(login);
        }
        link
    };
    Ok(all.into_iter().map(told).collect())
}

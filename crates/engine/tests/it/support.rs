//! A small org and a person in it.

use std::collections::BTreeMap;

use muster_engine::derive::{Derived, Nobody, derive};
use muster_engine::facts::{Fact, FactValue, Facts, MembershipKind, Record, RecordState, Said};
use muster_engine::model::{
    App, AppGroup, AppKey, AttributeDef, AttributeType, Column, Direction, Feed, Group, GroupKey, GroupKind,
    GroupRule, ItemKey, LeaverAction, Mapping, Millis, Org, PlanKey, Provisioning, PushWhen, Source, UserKey,
    UserStatus, WhenTaken,
};
use muster_engine::{Config, ConfigError, Value, compile};

pub(crate) const EVERYONE: GroupKey = GroupKey(1);
pub(crate) const HR: AppKey = AppKey(10);
pub(crate) const AGENCY: AppKey = AppKey(11);
pub(crate) const CRM: AppKey = AppKey(12);

/// Two sources of equal columns, HR before the agency, one application, three groups and no rule.
pub(crate) fn org() -> Org {
    let mut org = Org::default();
    org.groups
        .insert(EVERYONE, Group { name: "Everyone".into(), kind: GroupKind::BuiltIn, ..Group::default() });
    for (key, name) in [(2, "A"), (3, "B"), (4, "C")] {
        org.groups.insert(GroupKey(key), Group { name: name.into(), ..Group::default() });
    }
    org.attributes.insert(
        ItemKey(20),
        AttributeDef { name: "startDate".into(), kind: AttributeType::Date, ..AttributeDef::default() },
    );
    for (key, name, priority) in [(HR, "hr", 1), (AGENCY, "agency", 2)] {
        let column = |name: &str, kind| Column { name: name.into(), kind, ..Column::default() };
        let text = |name| column(name, AttributeType::String);
        let date = |name| column(name, AttributeType::Date);
        let columns =
            vec![text("id"), text("login"), text("title"), date("start"), date("end"), text("zone")];
        let app = App {
            name: name.into(),
            feed: Some(Feed { key: "id".into(), columns, ..Feed::default() }),
            source: Some(Source { priority, ..Source::default() }),
            ..App::default()
        };
        org.apps.insert(key, app);
        let mappings = [
            ("login", "login"),
            ("email", "login"),
            ("firstName", "id"),
            ("lastName", "id"),
            ("title", "title"),
            ("startDate", "start"),
        ];
        for (at, (target, column)) in mappings.into_iter().enumerate() {
            let mapping = Mapping {
                app: key,
                direction: Direction::ToUser,
                target: target.into(),
                expression: format!("appuser.{column}"),
                next: Vec::new(),
                when: PushWhen::Always,
                taken: WhenTaken::Refuse,
            };
            org.mappings.insert(ItemKey(key.0 * 100 + at as i64), mapping);
        }
    }
    let crm = App { name: "crm".into(), provisioning: Some(Provisioning::default()), ..App::default() };
    org.apps.insert(CRM, crm);
    org
}

pub(crate) fn source(org: &mut Org, app: AppKey) -> &mut Source {
    org.apps.get_mut(&app).unwrap().source.as_mut().unwrap()
}

pub(crate) fn rule(org: &mut Org, key: i64, when: &str, groups: &[i64]) {
    let rule = GroupRule {
        name: format!("rule {key}"),
        expression: when.into(),
        groups: groups.iter().map(|&g| GroupKey(g)).collect(),
        ..GroupRule::default()
    };
    org.rules.insert(ItemKey(key), rule);
}

pub(crate) fn give(org: &mut Org, key: i64, group: GroupKey, priority: u32, values: &[(&str, &str)]) {
    let profile = values.iter().map(|(n, v)| ((*n).to_owned(), Value::from(*v))).collect();
    org.app_groups.insert(ItemKey(key), AppGroup { app: CRM, group, priority, profile });
}

pub(crate) fn compiled(org: Org) -> Config {
    compile(1, org).unwrap_or_else(|e| panic!("{e:?}"))
}

pub(crate) fn mistakes(org: Org) -> Vec<ConfigError> {
    compile(1, org).err().unwrap_or_default()
}

/// A person with facts, each said by a plan of its own.
#[derive(Default)]
pub(crate) struct Person(pub(crate) Facts);

impl Person {
    pub(crate) fn new() -> Self {
        Self(Facts { user: UserKey(7), ..Facts::default() })
    }

    fn say(mut self, fact: Fact, value: FactValue, at: i64) -> Self {
        let plan = PlanKey(self.0.said.len() as i64);
        self.0.said.insert(fact, Said { value: Some(value), at: Millis(at), plan });
        self
    }

    pub(crate) fn record(self, app: AppKey, state: RecordState, said_at: i64) -> Self {
        self.record_with(app, state, said_at, "clerk", "")
    }

    pub(crate) fn record_with(
        self,
        app: AppKey,
        state: RecordState,
        said_at: i64,
        title: &str,
        start: &str,
    ) -> Self {
        let text = |t: &str| if t.is_empty() { Value::Null } else { Value::from(t) };
        let record = Record {
            state,
            values: vec![text("k1"), text("ann@x.io"), text(title), text(start)],
            hash: 0,
            said_at: Millis(said_at),
            first_seen: Millis(0),
            fresh: false,
        };
        self.say(Fact::Record { app, external_id: "k1".into() }, FactValue::Record(record), said_at)
    }

    /// A record that lives, from one day to another ("" is none), of somebody in a time zone.
    pub(crate) fn dated(self, app: AppKey, key: &str, said_at: i64, [start, end, zone]: [&str; 3]) -> Self {
        let text = |t: &str| if t.is_empty() { Value::Null } else { Value::from(t) };
        let values = [key, "ann@x.io", key, start, end, zone].map(text).into();
        let record = Record {
            state: RecordState::Living,
            values,
            hash: 0,
            said_at: Millis(said_at),
            first_seen: Millis(said_at),
            fresh: false,
        };
        self.say(Fact::Record { app, external_id: key.into() }, FactValue::Record(record), said_at)
    }

    /// Her record goes by another key from now on.
    pub(crate) fn renamed(mut self, app: AppKey, key: &str) -> Self {
        let said = self.0.said.remove(&Fact::Record { app, external_id: "k1".into() }).unwrap();
        self.0.said.insert(Fact::Record { app, external_id: key.into() }, said);
        self
    }

    pub(crate) fn admin(self, status: UserStatus, at: i64) -> Self {
        self.say(Fact::Lifecycle, FactValue::Lifecycle(status), at)
    }

    pub(crate) fn member(self, group: i64, kind: MembershipKind, origin: i64) -> Self {
        let fact = Fact::Membership { group: GroupKey(group), kind, origin };
        self.say(fact, FactValue::Membership { until: None }, 0)
    }

    pub(crate) fn assigned(self, until: Option<i64>, values: &[(&str, &str)]) -> Self {
        let profile: BTreeMap<String, Value> =
            values.iter().map(|(n, v)| ((*n).to_owned(), Value::from(*v))).collect();
        self.say(
            Fact::Assignment { app: CRM },
            FactValue::Assignment { profile, until: until.map(Millis) },
            0,
        )
    }

    /// The login is hers.
    pub(crate) fn claim(mut self) -> Self {
        self.0.claims.push(muster_engine::Claim {
            attribute: "login".into(),
            value: "ann@x.io".into(),
            shown: "ann@x.io".into(),
            base: "ann@x.io".into(),
            held: true,
            since: Millis(0),
            plan: PlanKey(0),
        });
        self
    }

    pub(crate) fn derived(&self, config: &Config, as_of: i64) -> Derived {
        derive(config, &self.0, &Nobody, Millis(as_of))
    }
}

/// An instant.
pub(crate) fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

pub(crate) fn leaving(org: &mut Org, app: AppKey, action: LeaverAction) {
    source(org, app).on_leave = action;
}

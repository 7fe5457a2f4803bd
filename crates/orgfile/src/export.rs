//! An org as a file.

use muster_engine::model::schema::{AttributeDef, base_attributes};
use muster_engine::{
    App, AppKey, AttributeType, Column, Confirm, Direction, Encoding, Feed, FeedMode, Group, GroupKey,
    GroupKind, GroupRule, GuardLimits, GuardSettings, IdKind, LeaveAt, LeaverAction, LinkDef, MailSettings,
    Mapping, Marked, MatchTier, OnReturn, Org, OrgSettings, Provisioning, PushWhen, Retention, RuleStatus,
    Source, UserKey, WhenTaken, public_id,
};

use crate::names::{
    ENCODINGS, EXACT, KINDS, LEAVE_AT, LEAVERS, MAIL_TLS, MODES, NEW, PARTIAL, RETURNS, TAKEN, TYPES,
    UNASSIGNED, WHEN, word,
};
use crate::read::app::FIRST;
use crate::write::{Rows, expression, join, list, number, text, texts, value};

/// Writes an org down: everything in the order of its names, defaults left out. `login_of` gives a person's login; one
/// without is written by her public id.
///
/// Reading the text and asking for its changes to the same org gives none, provided that the org has its settings and
/// its built-in group. Groups imported from apps aren't written: the file doesn't set them.
pub fn export(org: &Org, login_of: &dyn Fn(UserKey) -> Option<String>) -> String {
    let mut out = String::from("# The whole org, for `muster org apply`.\n");
    let mut rows = Rows::default();
    rows.put("name", text(&org.settings.name));
    rows.put("timezone", text(&org.settings.timezone));
    rows.unless(org.settings.admins.is_empty(), "admins", || texts(&org.settings.admins));
    for (name, said) in [("legal_hold", &org.settings.legal_hold), ("tell_leaver", &org.settings.tell_leaver)]
    {
        if let Some(said) = said {
            rows.put(name, text(said));
        }
    }
    let days = org.settings.postpone_days;
    rows.unless(days == OrgSettings::default().postpone_days, "postpone_days", || days.to_string());
    let guard = guard_rows(&org.settings.guard);
    rows.unless(guard.is_empty(), "guard", || guard.inline());
    rows.unless(org.settings.protected_users.is_empty(), "protected_users", || {
        user_names(&org.settings.protected_users, login_of)
    });
    rows.table(&mut out, "org");
    for (name, rows) in
        [("mail", mail_rows(&org.settings.mail)), ("retention", retention_rows(&org.settings.retention))]
    {
        if !rows.is_empty() {
            rows.table(&mut out, &format!("org.{name}"));
        }
    }
    export_attributes(&mut out, org);
    for link in sorted(org.links.values(), |l| &l.name) {
        export_link(&mut out, link);
    }
    export_groups(&mut out, org);
    for rule in sorted(org.rules.values(), |r| &r.name) {
        export_rule(&mut out, org, rule, login_of);
    }
    let mut apps: Vec<(&AppKey, &App)> = org.apps.iter().collect();
    apps.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    for (key, app) in apps {
        export_app(&mut out, org, *key, app);
    }
    out
}

fn sorted<'a, T>(items: impl Iterator<Item = &'a T>, name: impl Fn(&T) -> &str) -> Vec<&'a T> {
    let mut items: Vec<&T> = items.collect();
    items.sort_by(|a, b| name(a).cmp(name(b)));
    items
}

fn group_names(org: &Org, groups: &[GroupKey]) -> String {
    let names: Vec<String> =
        groups.iter().filter_map(|key| org.group_title(*key)).map(|name| text(&name)).collect();
    list(&names)
}

/// People by login, or by public id where they have none.
fn user_names(users: &[UserKey], login_of: &dyn Fn(UserKey) -> Option<String>) -> String {
    let login = |key: &UserKey| login_of(*key).unwrap_or_else(|| public_id(IdKind::User, key.0));
    texts(&users.iter().map(login).collect::<Vec<_>>())
}

fn limit_rows(limits: &GuardLimits) -> Rows {
    let mut rows = Rows::default();
    for (name, said) in
        [("percent", limits.percent.map(u64::from)), ("minimum", limits.minimum), ("count", limits.count)]
    {
        if let Some(n) = said {
            rows.put(name, n.to_string());
        }
    }
    rows
}

fn guard_rows(guard: &GuardSettings) -> Rows {
    let default = GuardSettings::default();
    let mut rows = Rows::default();
    rows.unless(guard.percent == default.percent, "percent", || guard.percent.to_string());
    rows.unless(guard.minimum == default.minimum, "minimum", || guard.minimum.to_string());
    if let Some(count) = guard.count {
        rows.put("count", count.to_string());
    }
    rows.unless(guard.feed_percent == default.feed_percent, "feed_percent", || {
        guard.feed_percent.to_string()
    });
    rows.unless(guard.window_hours == default.window_hours, "window_hours", || {
        guard.window_hours.to_string()
    });
    for (name, limits) in [
        ("people", &guard.people),
        ("apps", &guard.apps),
        ("groups", &guard.groups),
        ("attributes", &guard.attributes),
        ("deletions", &guard.deletions),
    ] {
        rows.unless(limits.says_nothing(), name, || limit_rows(limits).inline());
    }
    rows
}

fn mail_rows(mail: &MailSettings) -> Rows {
    let default = MailSettings::default();
    let mut rows = Rows::default();
    rows.unless(mail.smtp == default.smtp, "smtp", || text(&mail.smtp));
    rows.unless(mail.password == default.password, "password", || text(&mail.password));
    rows.unless(mail.from == default.from, "from", || text(&mail.from));
    rows.unless(mail.tls == default.tls, "tls", || text(word(MAIL_TLS, &mail.tls)));
    rows.unless(mail.ca == default.ca, "ca", || text(&mail.ca));
    rows.unless(mail.digest_minutes == default.digest_minutes, "digest_minutes", || {
        mail.digest_minutes.to_string()
    });
    rows
}

fn retention_rows(kept: &Retention) -> Rows {
    let default = Retention::default();
    let mut rows = Rows::default();
    for (name, days, usual) in [
        ("log", kept.log, default.log),
        ("undo", kept.undo, default.undo),
        ("plans", kept.plans, default.plans),
        ("feeds", kept.feeds, default.feeds),
        ("tasks", kept.tasks, default.tasks),
        ("mail", kept.mail, default.mail),
    ] {
        rows.unless(days == usual, name, || days.to_string());
    }
    rows
}

fn export_attributes(out: &mut String, org: &Org) {
    let base = base_attributes();
    for def in sorted(org.attributes.values(), |a| &a.name) {
        let start = base.iter().find(|b| b.name == def.name).cloned();
        let path = join("attributes", &def.name);
        attribute_rows(def, start.as_ref()).table(out, &path);
    }
}

/// What differs from the base attribute, if it is one; the type of any other is always said.
fn attribute_rows(def: &AttributeDef, base: Option<&AttributeDef>) -> Rows {
    fn limit<T: PartialEq + Copy>(
        rows: &mut Rows,
        name: &str,
        now: Option<T>,
        base: Option<T>,
        show: impl Fn(T) -> String,
    ) {
        rows.unless(now == base, name, || now.map_or_else(|| text("none"), show));
    }
    let mut rows = Rows::default();
    rows.unless(base.is_some_and(|base| def.kind == base.kind), "type", || text(word(TYPES, &def.kind)));
    let other = AttributeDef::default();
    let base = base.unwrap_or(&other);
    rows.unless(def.title == base.title, "title", || text(&def.title));
    rows.unless(def.required == base.required, "required", || def.required.to_string());
    rows.unless(def.unique == base.unique, "unique", || def.unique.to_string());
    rows.unless(def.indexed == base.indexed, "indexed", || def.indexed.to_string());
    rows.unless(def.sources == base.sources, "sources", || texts(&def.sources));
    if let Some(generate) = &def.generate {
        rows.put("generate", text(generate));
    }
    rows.unless(def.allowed == base.allowed, "enum", || {
        list(&def.allowed.iter().map(value).collect::<Vec<_>>())
    });
    if let Some(pattern) = &def.pattern {
        rows.put("pattern", expression(pattern));
    }
    limit(&mut rows, "min_length", def.min_length, base.min_length, |n| n.to_string());
    limit(&mut rows, "max_length", def.max_length, base.max_length, |n| n.to_string());
    limit(&mut rows, "minimum", def.minimum, base.minimum, number);
    limit(&mut rows, "maximum", def.maximum, base.maximum, number);
    rows
}

fn export_link(out: &mut String, link: &LinkDef) {
    let mut rows = Rows::default();
    if let Some(keys) = &link.keys {
        rows.put("attribute", text(&keys.attribute));
        rows.put("matches", text(&keys.matches));
    }
    for (name, said) in [
        ("title", &link.title),
        ("description", &link.description),
        ("associated", &link.associated),
        ("associated_title", &link.associated_title),
        ("associated_description", &link.associated_description),
    ] {
        rows.unless(said.is_empty(), name, || text(said));
    }
    rows.table(out, &join("links", &link.name));
}

fn export_groups(out: &mut String, org: &Org) {
    let mut rows = Rows::default();
    for group in sorted(org.groups.values(), |g| &g.name) {
        let shown = match group.kind {
            GroupKind::OktaGroup => true,
            GroupKind::BuiltIn => !group.description.is_empty(),
            GroupKind::AppGroup => false,
        };
        rows.unless(!shown, &group.name, || group_row(group));
    }
    if !rows.is_empty() {
        rows.table(out, "groups");
    }
}

fn group_row(group: &Group) -> String {
    if !group.protected && group.guard.says_nothing() {
        return text(&group.description);
    }
    let mut rows = Rows::default();
    rows.unless(group.description.is_empty(), "description", || text(&group.description));
    rows.unless(!group.protected, "protected", || true.to_string());
    rows.unless(group.guard.says_nothing(), "guard", || limit_rows(&group.guard).inline());
    rows.inline()
}

fn export_rule(out: &mut String, org: &Org, rule: &GroupRule, login_of: &dyn Fn(UserKey) -> Option<String>) {
    let mut rows = Rows::default();
    rows.put("when", expression(&rule.expression));
    rows.put("groups", group_names(org, &rule.groups));
    rows.unless(rule.except_users.is_empty(), "except_users", || user_names(&rule.except_users, login_of));
    rows.unless(rule.except_groups.is_empty(), "except_groups", || group_names(org, &rule.except_groups));
    rows.unless(rule.status == RuleStatus::Active, "active", || false.to_string());
    rows.table(out, &join("rules", &rule.name));
}

fn export_app(out: &mut String, org: &Org, key: AppKey, app: &App) {
    let path = join("apps", &app.name);
    let mut rows = Rows::default();
    rows.unless(app.label.is_empty(), "label", || text(&app.label));
    rows.put("kind", text(word(KINDS, &app.kind)));
    rows.unless(!app.inactive, "active", || false.to_string());
    if let Some(last) = &app.expires {
        rows.put("expires", last.clone());
    }
    if let Some(days) = app.warn_days {
        rows.put("warn_days", days.to_string());
    }
    rows.unless(app.extra.is_empty(), "extra", || {
        text(&serde_json::Value::Object(app.extra.clone()).to_string())
    });
    let given: Vec<_> = org
        .app_groups
        .values()
        .filter(|given| given.app == key)
        .filter_map(|given| org.group_title(given.group).map(|name| (name, given)))
        .collect();
    let plain = given.iter().all(|(_, given)| given.priority == 0 && given.profile.is_empty());
    let mut names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    rows.unless(names.is_empty() || !plain, "groups", || texts(&names));
    rows.table(out, &path);
    if let Some(feed) = &app.feed {
        export_feed(out, &path, feed);
    }
    if let Some(source) = &app.source {
        source_rows(source).table(out, &format!("{path}.source"));
    }
    export_mappings(out, org, key, Direction::ToUser, &format!("{path}.to_user"));
    if let Some(provisioning) = &app.provisioning {
        provisioning_rows(provisioning).table(out, &format!("{path}.provisioning"));
    }
    let mut rows = Rows::default();
    app.settings.iter().for_each(|(name, setting)| rows.put(name, value(setting)));
    if !rows.is_empty() {
        rows.table(out, &format!("{path}.settings"));
    }
    let mut rows = Rows::default();
    app.secrets.iter().for_each(|(name, reference)| rows.put(name, text(reference)));
    if !rows.is_empty() {
        rows.table(out, &format!("{path}.secrets"));
    }
    export_mappings(out, org, key, Direction::ToApp, &format!("{path}.to_app"));
    if !plain {
        let mut given = given;
        given.sort_by(|(a, x), (b, y)| (x.priority, a).cmp(&(y.priority, b)));
        for (name, given) in given {
            let mut rows = Rows::default();
            rows.unless(given.priority == 0, "priority", || given.priority.to_string());
            let mut profile = Rows::default();
            given.profile.iter().for_each(|(name, given)| profile.put(name, value(given)));
            rows.unless(profile.is_empty(), "profile", || profile.inline());
            rows.table(out, &join(&format!("{path}.groups"), &name));
        }
    }
    if let Some(guard) = &app.guard {
        guard_rows(guard).table(out, &format!("{path}.guard"));
    }
}

fn export_feed(out: &mut String, path: &str, feed: &Feed) {
    let mut rows = Rows::default();
    rows.put("key", text(&feed.key));
    rows.unless(feed.mode == FeedMode::Full, "mode", || text(word(MODES, &feed.mode)));
    rows.unless(feed.encoding == Encoding::Auto, "encoding", || text(word(ENCODINGS, &feed.encoding)));
    if let Some(delimiter) = feed.delimiter {
        rows.put("delimiter", text(&delimiter.to_string()));
    }
    if let Some(format) = &feed.date_format {
        rows.put("date_format", text(format));
    }
    if let Some(separator) = feed.list_separator {
        rows.put("list_separator", text(&separator.to_string()));
    }
    for (name, mark) in [("terminated", &feed.terminated), ("deleted", &feed.deleted)] {
        if let Some(Marked { column, values }) = mark {
            let mut inner = Rows::default();
            inner.put("column", text(column));
            inner.put("values", texts(values));
            rows.put(name, inner.inline());
        }
    }
    if let Some(column) = &feed.groups {
        rows.put("groups", text(column));
    }
    rows.unless(!feed.ignore_unknown_columns, "ignore_unknown_columns", || true.to_string());
    if let Some(path) = &feed.path {
        rows.put("path", text(path));
    }
    rows.table(out, &format!("{path}.feed"));
    let mut columns = Rows::default();
    for column in &feed.columns {
        columns.put(&column.name, column_row(column));
    }
    columns.table(out, &format!("{path}.feed.columns"));
}

/// A column: its type, or a table if there is more to say.
fn column_row(column: &Column) -> String {
    let kind = text(word(TYPES, &column.kind));
    if !column.required && column.names.is_empty() && column.date_format.is_none() {
        return kind;
    }
    let mut rows = Rows::default();
    rows.unless(column.kind == AttributeType::String, "type", || kind);
    rows.unless(!column.required, "required", || true.to_string());
    rows.unless(column.names.is_empty(), "names", || texts(&column.names));
    if let Some(format) = &column.date_format {
        rows.put("date_format", text(format));
    }
    rows.inline()
}

fn source_rows(source: &Source) -> Rows {
    let mut rows = Rows::default();
    rows.unless(source.priority == FIRST, "priority", || source.priority.to_string());
    rows.unless(source.match_on.is_empty(), "match_on", || texts(&source.match_on));
    rows.unless(source.tiers.is_empty(), "match", || {
        let tier = |tier: &MatchTier| format!("{{ on = {} }}", texts(&tier.on));
        list(&source.tiers.iter().map(tier).collect::<Vec<_>>())
    });
    rows.unless(source.confirm == Confirm::default(), "confirm", || confirm_rows(source.confirm).inline());
    rows.unless(source.on_leave == LeaverAction::default(), "on_leave", || {
        text(word(LEAVERS, &source.on_leave))
    });
    rows.unless(source.on_return == OnReturn::default(), "on_return", || {
        text(word(RETURNS, &source.on_return))
    });
    rows.unless(!source.ends_person, "ends_person", || true.to_string());
    rows.unless(!source.stage, "stage", || true.to_string());
    rows.unless(source.leave == LeaveAt::default(), "leave", || text(word(LEAVE_AT, &source.leave)));
    rows.unless(!source.several, "several", || true.to_string());
    let texts = [
        ("starts", &source.starts),
        ("ends", &source.ends),
        ("schedule", &source.schedule),
        ("timezone", &source.timezone),
    ];
    for (name, said) in texts {
        if let Some(said) = said {
            rows.put(name, text(said));
        }
    }
    rows
}

fn confirm_rows(confirm: Confirm) -> Rows {
    let default = Confirm::default();
    let mut rows = Rows::default();
    rows.unless(confirm.exact == default.exact, "exact", || text(word(EXACT, &confirm.exact)));
    rows.unless(confirm.partial == default.partial, "partial", || text(word(PARTIAL, &confirm.partial)));
    rows.unless(confirm.new == default.new, "new", || text(word(NEW, &confirm.new)));
    rows.unless(confirm.partial_score == default.partial_score, "partial_score", || {
        confirm.partial_score.to_string()
    });
    rows.unless(confirm.check_names, "check_names", || false.to_string());
    rows
}

fn provisioning_rows(kept: &Provisioning) -> Rows {
    let default = Provisioning::default();
    let mut rows = Rows::default();
    rows.unless(kept.enabled == default.enabled, "enabled", || kept.enabled.to_string());
    rows.unless(kept.create == default.create, "create", || kept.create.to_string());
    rows.unless(kept.update == default.update, "update", || kept.update.to_string());
    rows.unless(kept.on_unassign == default.on_unassign, "on_unassign", || {
        text(word(UNASSIGNED, &kept.on_unassign))
    });
    rows.unless(kept.disable_suspended == default.disable_suspended, "disable_suspended", || {
        kept.disable_suspended.to_string()
    });
    rows.unless(kept.before_start == default.before_start, "before_start", || kept.before_start.to_string());
    rows.unless(kept.concurrency == default.concurrency, "concurrency", || kept.concurrency.to_string());
    rows.unless(kept.owner == default.owner, "owner", || text(&kept.owner));
    rows.unless(kept.task_days == default.task_days, "task_days", || kept.task_days.to_string());
    let numbers = [
        ("rate_limit", kept.rate_limit),
        ("before_start_days", kept.before_start_days),
        ("grace_days", Some(kept.grace_days).filter(|days| *days > 0)),
        ("leaver_grace_days", Some(kept.leaver_grace_days).filter(|days| *days > 0)),
        ("delete_after_days", kept.delete_after_days),
    ];
    for (name, said) in numbers {
        if let Some(said) = said {
            rows.put(name, said.to_string());
        }
    }
    rows.unless(kept.keep_assignments == default.keep_assignments, "keep_assignments", || {
        kept.keep_assignments.to_string()
    });
    rows.unless(kept.protected_accounts.is_empty(), "protected_accounts", || texts(&kept.protected_accounts));
    rows.unless(kept.combine.is_empty(), "combine", || texts(&kept.combine));
    rows
}

fn export_mappings(out: &mut String, org: &Org, app: AppKey, direction: Direction, path: &str) {
    let mappings = org.mappings.values().filter(|m| m.app == app && m.direction == direction);
    let mut rows = Rows::default();
    for mapping in sorted(mappings, |m: &Mapping| &m.target) {
        let texts = std::iter::once(&mapping.expression).chain(&mapping.next);
        let shown = match texts.map(|text| expression(text)).collect::<Vec<_>>() {
            several if !mapping.next.is_empty() => list(&several),
            one => one.concat(),
        };
        let once = mapping.when != PushWhen::default();
        // Nothing is ever taken in an app as far as its mapping can tell.
        let counted = mapping.taken != WhenTaken::default() && direction == Direction::ToUser;
        if once || counted {
            let mut whole = Rows::default();
            whole.put("expression", shown);
            whole.unless(!once, "when", || text(word(WHEN, &mapping.when)));
            whole.unless(!counted, "taken", || text(word(TAKEN, &mapping.taken)));
            rows.put(&mapping.target, whole.inline());
        } else {
            rows.put(&mapping.target, shown);
        }
    }
    if !rows.is_empty() {
        rows.table(out, path);
    }
}

//! Sources whose records mappings to apps read: each by its name, and those that are a directory or Workday together.

use muster_expr::{Slot, Type, Value};

use crate::facts::{Facts, RecordState};
use crate::model::{AppKey, Org};

/// The root of the first of them; the others follow.
pub(crate) const ROOT_RECORDS: u16 = 16;

/// Functions that find a record among several sources, and how those sources are named.
const FINDERS: [(&str, &str); 2] =
    [("findDirectoryUser", "active_directory"), ("findWorkdayUser", "workday")];

/// One or several sources that stand under one name.
#[derive(Clone, Debug)]
pub struct RecordRoot {
    /// The name of the app, or of the function that finds the record.
    pub name: String,
    /// Each source, with the place in its records of each column; `None` where it hasn't the column.
    sources: Vec<(AppKey, Vec<Option<usize>>)>,
    /// The columns of all of them.
    pub(super) columns: Vec<(String, Type)>,
}

static TRUE: Value = Value::Bool(true);
static FALSE: Value = Value::Bool(false);

impl RecordRoot {
    /// The value in one of its slots: whether there is exactly one living record of hers, or a column of that record.
    pub fn value<'a>(&self, facts: &'a Facts, index: u16) -> &'a Value {
        let known = |app: AppKey| self.sources.iter().find(|(key, _)| *key == app);
        let mut living = facts
            .records()
            .filter(|(.., record, _)| record.state == RecordState::Living)
            .filter_map(|(app, _, record, _)| known(app).map(|(_, places)| (record, places)));
        let (only, second) = (living.next(), living.next());
        let Some(column) = usize::from(index).checked_sub(1) else {
            return if only.is_some() && second.is_none() { &TRUE } else { &FALSE };
        };
        match (only, second) {
            (Some((record, places)), None) => {
                let place = places.get(column).copied().flatten();
                place.and_then(|at| record.values.get(at)).unwrap_or(Value::NULL)
            }
            _ => Value::NULL,
        }
    }

    /// How one of its slots is written.
    pub fn slot_name(&self, index: u16) -> String {
        let finder = FINDERS.iter().any(|(name, _)| *name == self.name);
        match usize::from(index).checked_sub(1).and_then(|at| self.columns.get(at)) {
            Some((column, _)) if finder => format!("{}().{column}", self.name),
            Some((column, _)) => format!("{}.{column}", self.name),
            None => format!("{}()", self.name.replacen("find", "has", 1)),
        }
    }
}

/// The roots of an org.
pub(super) fn roots(org: &Org) -> Vec<RecordRoot> {
    let sources = || org.apps.iter().filter(|(_, app)| app.source.is_some() && app.feed.is_some());
    let mut roots: Vec<RecordRoot> =
        sources().map(|(key, app)| root(org, app.name.clone(), &[*key])).collect();
    for (finder, name) in FINDERS {
        let fits = |other: &str| {
            other.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let keys: Vec<AppKey> = sources().filter(|(_, app)| fits(&app.name)).map(|(key, _)| *key).collect();
        if !keys.is_empty() {
            roots.push(root(org, finder.to_owned(), &keys));
        }
    }
    roots
}

fn root(org: &Org, name: String, keys: &[AppKey]) -> RecordRoot {
    let mut columns: Vec<(String, Type)> = Vec::new();
    let feeds = || keys.iter().filter_map(|key| Some((*key, org.apps.get(key)?.feed.as_ref()?)));
    for column in feeds().flat_map(|(_, feed)| &feed.columns) {
        let kind = column.kind.expr_type();
        match columns.iter_mut().find(|(known, _)| *known == column.name) {
            Some((_, known)) if *known != kind => *known = Type::Any,
            Some(_) => {}
            None => columns.push((column.name.clone(), kind)),
        }
    }
    let places = |feed: &crate::model::feed::Feed| {
        columns.iter().map(|(name, _)| feed.columns.iter().position(|c| c.name == *name)).collect()
    };
    let sources = feeds().map(|(key, feed)| (key, places(feed))).collect();
    RecordRoot { name, sources, columns }
}

/// The slot of a column, or without one of whether there is a record.
pub(super) fn slot(roots: &[RecordRoot], name: &str, column: Option<&str>) -> Option<(Slot, Type)> {
    let at = roots.iter().position(|r| r.name == name)?;
    let root = ROOT_RECORDS.checked_add(u16::try_from(at).ok()?)?;
    let Some(column) = column else { return Some((Slot { root, index: 0 }, Type::Bool)) };
    let columns = &roots.get(at)?.columns;
    let index = columns.iter().position(|(known, _)| known == column)?;
    let kind = columns.get(index).map(|(_, kind)| *kind)?;
    Some((Slot { root, index: u16::try_from(index + 1).ok()? }, kind))
}

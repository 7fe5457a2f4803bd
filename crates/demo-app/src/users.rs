//! The users the application holds, and the file they are kept in.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    io::{self, Write},
    path::Path,
    time::Instant,
};

use muster_query::{Filter, field};
use muster_scim::User;
use serde_json::{Value, json};

/// The users by id, which is also the order they were created in.
#[derive(Default)]
pub(crate) struct Users {
    by_id: BTreeMap<String, User>,
    by_name: HashMap<String, BTreeSet<String>>,
    by_external_id: HashMap<String, BTreeSet<String>>,
    last_id: u64,
    changed: bool,
    /// Since when accounts have been inactive, by their user names in lower case.
    inactive: HashMap<String, Instant>,
}

impl Users {
    /// Reads the file; there are no users if it doesn't exist.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut document: Value = serde_json::from_slice(&text)?;
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, "it isn't a file of this application");
        let mut users = Self {
            last_id: document.get("lastId").and_then(Value::as_u64).ok_or_else(invalid)?,
            ..Self::default()
        };
        let Some(Value::Array(list)) = document.get_mut("users").map(Value::take) else {
            return Err(invalid());
        };
        for user in list {
            let user = User::from_json(user).ok_or_else(invalid)?;
            let id = user.id().ok_or_else(invalid)?;
            users.put(&id, Some(user));
        }
        users.changed = false;
        Ok(users)
    }

    /// The document for the file, if something has changed since it was last asked for.
    pub(crate) fn take_changed(&mut self) -> Option<Value> {
        std::mem::take(&mut self.changed).then(|| json!({ "lastId": self.last_id, "users": self.all() }))
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        self.by_id.values().cloned().map(User::into_json).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&User> {
        self.by_id.get(id)
    }

    /// An id nobody has had.
    pub(crate) fn new_id(&mut self) -> String {
        self.last_id += 1;
        format!("u{:09}", self.last_id)
    }

    /// Sets or removes a user and gives back what was there before.
    pub(crate) fn put(&mut self, id: &str, user: Option<User>) -> Option<User> {
        self.changed = true;
        let before = self.by_id.remove(id);
        self.note_active(before.as_ref(), user.as_ref());
        for (keys, is_new) in [(before.as_ref().map(keys), false), (user.as_ref().map(keys), true)] {
            let Some((name, external_id)) = keys else { continue };
            for (index, key) in [(&mut self.by_name, name), (&mut self.by_external_id, external_id)] {
                let Some(key) = key else { continue };
                let ids = index.entry(key.clone()).or_default();
                if is_new {
                    ids.insert(id.to_owned());
                } else {
                    ids.remove(id);
                }
                if ids.is_empty() {
                    index.remove(&key);
                }
            }
        }
        if let Some(user) = user {
            self.by_id.insert(id.to_owned(), user);
        }
        before
    }

    /// Notes when an account becomes inactive, and that it is no more.
    fn note_active(&mut self, before: Option<&User>, now: Option<&User>) {
        let is_active = |user: &User| field(user.as_object(), "active") != Some(&Value::Bool(false));
        let name = |user: &User| user.user_name().map(str::to_lowercase);
        if let Some(name) = before.filter(|_| now.is_none_or(is_active)).and_then(name) {
            self.inactive.remove(&name);
        }
        if let Some(name) = now.filter(|user| !is_active(user)).and_then(name) {
            self.inactive.entry(name).or_insert_with(Instant::now);
        }
    }

    /// Since when the account of this name has been inactive.
    pub(crate) fn inactive_since(&self, user_name: &str) -> Option<Instant> {
        self.inactive.get(&user_name.to_lowercase()).copied()
    }

    /// Whether somebody else has this user name, in whatever case.
    pub(crate) fn is_taken(&self, user_name: &str, by_other_than: Option<&str>) -> bool {
        self.by_name
            .get(&user_name.to_lowercase())
            .is_some_and(|ids| ids.iter().any(|id| Some(id.as_str()) != by_other_than))
    }

    /// The users which match, a page of them, and how many there are.
    pub(crate) fn find(&self, filter: Option<&Filter>, skip: usize, take: usize) -> (Vec<Value>, usize) {
        let page = |users: &mut dyn Iterator<Item = &User>| {
            let mut users = users.skip(skip);
            users.by_ref().take(take).cloned().map(User::into_json).collect::<Vec<_>>()
        };
        let Some(filter) = filter else { return (page(&mut self.by_id.values()), self.by_id.len()) };
        // What provisioning asks for all the time must not read all users.
        let indexed = match filter.equalities().as_deref() {
            Some([(name, Value::String(text))]) if name.is("userName") => {
                Some(self.by_name.get(&text.to_lowercase()))
            }
            Some([(name, Value::String(text))]) if name.is("externalId") => {
                Some(self.by_external_id.get(text))
            }
            _ => None,
        };
        let found: Vec<&User> = match indexed {
            Some(ids) => ids.into_iter().flatten().filter_map(|id| self.by_id.get(id)).collect(),
            None => self.by_id.values().filter(|user| is_match(filter, user)).collect(),
        };
        (page(&mut found.iter().copied()), found.len())
    }
}

fn is_match(filter: &Filter, user: &User) -> bool {
    // RFC 7643, section 3.1: ids are compared exactly.
    filter.matches(user.as_object(), &|name| name.is("id") || name.is("externalId"))
}

fn keys(user: &User) -> (Option<String>, Option<String>) {
    (user.user_name().map(str::to_lowercase), user.external_id().map(str::to_owned))
}

/// Writes beside the file and then takes its place, so that it is always whole.
pub(crate) fn write_file(path: &Path, document: &Value) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = fs::File::create(&beside)?;
    file.write_all(serde_json::to_string_pretty(document)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

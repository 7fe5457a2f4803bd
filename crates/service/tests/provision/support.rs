use std::path::Path;
use std::time::Duration;

use muster_demo_app::{Config, DemoApp};
use muster_engine::Value;
use muster_engine::derive::Wanted;
use muster_engine::model::{
    App, AppKey, AppKind, IdKind, Item, ItemKind, OrgSettings, Provisioning, public_id,
};
use muster_engine::outbound::AccountState;
use muster_service::Muster;
use muster_service::provision::{SyncOptions, SyncReport};
use muster_store::config::{ConfigItemPut, ConfigWrites, current_version, publish};
use muster_store::people::{AccountPut, AccountRow, PeopleWrites, UserRow, write_people};
use muster_store::{accounts, keys, log};
use serde_json::json;

/// An org in a folder of its own, with applications that run in this process.
pub(crate) struct Org {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) muster: Muster,
    pub(crate) runtime: tokio::runtime::Runtime,
}

impl Org {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let muster = Muster::open(&dir.path().join("data"), true, None).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self { dir, muster, runtime }
    }

    pub(crate) fn data(&self) -> &Path {
        self.muster.dir()
    }

    pub(crate) fn publish(&self, kind: ItemKind, name: &str, item: &Item) -> i64 {
        self.muster
            .store()
            .write(|tx| {
                let version = current_version(tx)?.map_or(0, |version| version.version) + 1;
                let key = keys::allocate(tx, "item", 1)?;
                let put = ConfigItemPut {
                    kind: kind.as_str().into(),
                    item: key,
                    name: name.into(),
                    body: item.to_json(),
                };
                publish(tx, &ConfigWrites { version, put: vec![put], ..ConfigWrites::default() })?;
                Ok(key)
            })
            .unwrap()
    }

    pub(crate) fn admins(&self, admins: &[&str]) {
        let admins = admins.iter().map(|&admin| admin.to_owned()).collect();
        self.publish(
            ItemKind::Org,
            "org",
            &Item::Org(Box::new(OrgSettings { admins, ..OrgSettings::default() })),
        );
    }

    /// Adds an application that is worked in by hand.
    pub(crate) fn manual(&self, name: &str, owner: &str) -> AppKey {
        let provisioning = Provisioning { owner: owner.into(), ..Provisioning::default() };
        let app = App {
            name: name.into(),
            kind: AppKind::Manual,
            provisioning: Some(provisioning),
            ..App::default()
        };
        AppKey(self.publish(ItemKind::App, name, &Item::App(Box::new(app))))
    }

    /// Starts an application and adds it; `settings` are the connector's.
    pub(crate) fn scim(&self, name: &str, config: Config, settings: &[(&str, Value)]) -> (AppKey, DemoApp) {
        let token = self.dir.path().join(format!("{name}.token"));
        std::fs::write(&token, &config.token).unwrap();
        let demo = self.runtime.block_on(DemoApp::start(config)).unwrap();
        let mut all = vec![("base_url", Value::from(demo.base_url.as_str()))];
        all.extend(settings.iter().cloned());
        let app = App {
            name: name.into(),
            kind: AppKind::Scim,
            provisioning: Some(Provisioning { concurrency: 8, ..Provisioning::default() }),
            settings: all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            secrets: [("token".to_owned(), format!("file:{}", token.display()))].into(),
            ..App::default()
        };
        (AppKey(self.publish(ItemKind::App, name, &Item::App(Box::new(app)))), demo)
    }

    /// Sets what is wanted of the person `user` in an app. Gives the account's key.
    pub(crate) fn want(
        &self,
        app: AppKey,
        users: impl IntoIterator<Item = i64>,
        state: AccountState,
        title: &str,
    ) {
        self.want_as(app, users.into_iter().map(|user| (user, user_name(user))), state, title);
    }

    pub(crate) fn want_as(
        &self,
        app: AppKey,
        users: impl IntoIterator<Item = (i64, String)>,
        state: AccountState,
        title: &str,
    ) {
        let users: Vec<(i64, String)> = users.into_iter().collect();
        self.muster
            .store()
            .write(|tx| {
                let mut writes = PeopleWrites::default();
                for (user, name) in &users {
                    let rows = muster_store::people::load_people(tx, &[*user])?;
                    let old = rows.first().and_then(|p| p.accounts.iter().find(|row| row.app_key == app.0));
                    writes.users.push(UserRow {
                        user_key: *user,
                        status: "ACTIVE".into(),
                        login: Some(user_name(*user)),
                        profile: format!(r#"{{"firstName":"First{user}","lastName":"Last{user}"}}"#),
                        ..UserRow::default()
                    });
                    let base = match old {
                        Some(old) => AccountPut::from(old.clone()),
                        None => AccountPut {
                            account_key: keys::allocate(tx, "account", 1)?,
                            user_key: Some(*user),
                            app_key: app.0,
                            scope: Some("DIRECT".into()),
                            lane: 1,
                            ..AccountPut::default()
                        },
                    };
                    writes.accounts.push(AccountPut {
                        wanted: Some(wanted(name, state, *user, title)),
                        wanted_rev: base.wanted_rev + 1,
                        lane: i64::from(state == AccountState::Active),
                        ..base
                    });
                }
                write_people(tx, &writes)
            })
            .unwrap();
    }

    pub(crate) fn sync(&self) -> SyncReport {
        self.muster.sync(&SyncOptions::default(), &()).unwrap()
    }

    pub(crate) fn sync_for(&self, seconds: u64) -> SyncReport {
        let timeout = Some(Duration::from_secs(seconds));
        self.muster.sync(&SyncOptions { timeout, app: None }, &()).unwrap()
    }

    pub(crate) fn accounts(&self, app: AppKey) -> Vec<AccountRow> {
        self.muster.store().read(|tx| accounts::accounts_of_app(tx, app.0, 0, 100_000)).unwrap()
    }

    /// The lines of the log.
    pub(crate) fn log(&self) -> Vec<serde_json::Value> {
        let blocks = self.muster.store().read(|tx| log::blocks_after(tx, 0, 100_000)).unwrap();
        let lines = blocks.iter().flat_map(|block| block.events().unwrap());
        lines.map(|(_, line)| serde_json::from_str(&line).unwrap()).collect()
    }
}

pub(crate) fn user_name(user: i64) -> String {
    format!("user{user:05}@example.org")
}

pub(crate) fn external_id(user: i64) -> String {
    public_id(IdKind::User, user)
}

fn wanted(name: &str, state: AccountState, user: i64, title: &str) -> String {
    let attributes = vec![
        ("name.familyName".into(), Value::from(format!("Last{user}"))),
        ("name.givenName".into(), Value::from(format!("First{user}"))),
        ("title".into(), Value::from(title)),
    ];
    Wanted { state, user_name: name.to_owned(), attributes }.to_json()
}

/// The application holds exactly these people, each once, as they should be.
pub(crate) fn assert_holds(demo: &DemoApp, users: impl IntoIterator<Item = i64>, title: &str) {
    let mut held = demo.users();
    held.sort_by_key(|user| user["externalId"].as_str().unwrap_or_default().to_owned());
    let mut expected: Vec<(String, i64)> = users.into_iter().map(|user| (external_id(user), user)).collect();
    expected.sort();
    assert_eq!(held.len(), expected.len());
    for (held, (reference, user)) in held.iter().zip(expected) {
        assert_eq!(held["externalId"], reference, "{held}");
        assert_eq!(held["userName"], user_name(user), "{held}");
        assert_eq!(held["name"]["familyName"], format!("Last{user}"), "{held}");
        assert_eq!(held["title"], title, "{held}");
        assert_eq!(held["active"], true, "{held}");
    }
}

/// Somebody who works in the application itself.
pub(crate) struct ByHand {
    base_url: String,
}

impl ByHand {
    pub(crate) fn new(demo: &DemoApp) -> Self {
        Self { base_url: demo.base_url.clone() }
    }

    pub(crate) fn create(&self, org: &Org, name: &str, reference: Option<&str>) {
        let mut user = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name });
        if let Some(reference) = reference {
            user["externalId"] = reference.into();
        }
        self.send(org, "POST", "/Users", &user.to_string());
    }

    pub(crate) fn delete(&self, org: &Org, id: &str) {
        self.send(org, "DELETE", &format!("/Users/{id}"), "");
    }

    fn send(&self, org: &Org, method: &str, path: &str, body: &str) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let address = self.base_url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        let request = format!(
            "{method} /scim/v2{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer demo-token\r\n\
             content-type: application/scim+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        org.runtime.block_on(async {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer))
                .await
                .unwrap()
                .unwrap();
            assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        });
    }
}

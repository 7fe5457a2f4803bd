//! An org with two sources and three applications that run here; commands and a server at any instant.

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use muster_demo_app::{Config, DemoApp};
use serde_json::{Value, json};

/// Two sources whose records have dates, three applications.
const ORG: &str = r#"
[org]
name = "Events"
timezone = "Europe/Berlin"
admins = ["it@events.example"]
legal_hold = "legalHold"

[attributes]
legalHold = "boolean"

[attributes.employeeNumber]
unique = true

[links.manager]
attribute = "managerId"
matches = "employeeNumber"

[groups]
Staff = "Everybody with a number"
Sales = ""
Leads = ""
"By hand" = ""

[rules.Staff]
when = 'user.employeeNumber != null'
groups = ["Staff"]

[rules.Sales]
when = 'user.department == "Sales"'
groups = ["Sales"]

[rules.Leads]
when = 'user.title == "Lead"'
groups = ["Leads"]

[apps.hr]
kind = "csv"
[apps.hr.feed]
key = "number"
terminated = { column = "state", values = ["left"] }
[apps.hr.feed.columns]
number = { required = true }
first = "string"
last = "string"
department = "string"
title = "string"
country = "string"
boss = "string"
begins = "date"
ends = "date"
zone = "string"
hold = "boolean"
state = "string"
[apps.hr.source]
match_on = ["employeeNumber"]
starts = "begins"
ends = "ends"
[apps.hr.to_user]
login = { expression = 'String.toLowerCase(appuser.first + "." + appuser.last) + "@events.example"', taken = "counter" }
email = 'String.toLowerCase(appuser.first + "." + appuser.last) + "@events.example"'
firstName = 'appuser.first'
lastName = 'appuser.last'
department = 'appuser.department'
title = 'appuser.title'
countryCode = 'appuser.country'
managerId = 'appuser.boss'
employeeNumber = 'appuser.number'
timezone = 'appuser.zone'
userType = '"employee"'

[apps.agency]
kind = "csv"
[apps.agency.feed]
key = "badge"
[apps.agency.feed.columns]
badge = { required = true }
number = "string"
first = "string"
last = "string"
department = "string"
ends = "date"
[apps.agency.source]
priority = 2
match_on = ["employeeNumber"]
confirm = { check_names = false }
ends = "ends"
[apps.agency.to_user]
login = { expression = 'String.toLowerCase(appuser.first + "." + appuser.last) + "@events.example"', taken = "counter" }
email = 'String.toLowerCase(appuser.first + "." + appuser.last) + "@events.example"'
firstName = 'appuser.first'
lastName = 'appuser.last'
department = 'appuser.department'
employeeNumber = 'appuser.number'
userType = '"contractor"'

[apps.mail]
kind = "scim"
[apps.mail.provisioning]
before_start = true
before_start_days = 3
leaver_grace_days = 2
[apps.mail.groups.Staff]
[apps.mail.to_app]
userName = 'user.login'
displayName = 'user.firstName + " " + user.lastName'
title = 'user.title'
userType = 'user.userType'

[apps.crm]
kind = "scim"
[apps.crm.provisioning]
grace_days = 7
delete_after_days = 30
[apps.crm.groups.Leads]
priority = 0
profile = { nickName = "lead" }
[apps.crm.groups.Sales]
priority = 1
profile = { nickName = "seller" }
[apps.crm.to_app]
userName = 'user.login'
displayName = 'user.firstName + " " + user.lastName'

[apps.lab]
kind = "scim"
[apps.lab.provisioning]
on_unassign = "delete"
disable_suspended = true
[apps.lab.groups."By hand"]
[apps.lab.to_app]
userName = 'user.login'
"#;

/// The columns of the HR feed, but for the number in front.
pub(crate) const HR: &str = "number,first,last,department,title,country,boss,begins,ends,zone,hold,state\n";

/// Where a change by hand comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum From {
    CommandLine,
    Http,
}

pub(crate) const BY_HAND: [From; 2] = [From::CommandLine, From::Http];

pub(crate) struct Org {
    dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    apps: Vec<(&'static str, DemoApp)>,
    now: String,
    feeds: u32,
    file: String,
    token: OnceCell<String>,
}

/// An account as an application holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) active: bool,
    pub(crate) all: Value,
}

impl Org {
    /// The org on the first of March 2027, eight in the morning in Berlin.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// The same, with more in its file.
    pub(crate) fn with(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut file = ORG.to_owned();
        let mut apps = Vec::new();
        std::fs::write(dir.path().join("token"), Config::default().token).unwrap();
        for name in ["mail", "crm", "lab"] {
            let app = runtime.block_on(DemoApp::start(Config::default())).unwrap();
            let _ = write!(
                file,
                "\n[apps.{name}.settings]\nbase_url = \"{}\"\n[apps.{name}.secrets]\ntoken = \"file:{}\"\n",
                app.base_url,
                dir.path().join("token").display()
            );
            apps.push((name, app));
        }
        file.push_str(more);
        let org = Self {
            dir,
            runtime,
            apps,
            now: "2027-03-01T07:00:00Z".to_owned(),
            feeds: 0,
            file,
            token: OnceCell::new(),
        };
        org.apply(&org.file.clone());
        org
    }

    /// Applies an org file.
    pub(crate) fn apply(&self, file: &str) -> Value {
        std::fs::write(self.dir.path().join("org.toml"), file).unwrap();
        self.json(&["org", "apply", "org.toml"])
    }

    /// Changes the org file and applies it.
    pub(crate) fn change(&mut self, from: &str, to: &str) -> Value {
        assert!(self.file.contains(from), "{from}");
        self.file = self.file.replacen(from, to, 1);
        self.apply(&self.file)
    }

    /// It is that instant from now on.
    pub(crate) fn at(&mut self, now: &str) -> &mut Self {
        now.clone_into(&mut self.now);
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.current_dir(self.dir.path()).args(args).args(["--data-dir", "data"]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MUSTER_")) {
            command.env_remove(name);
        }
        command.env("MUSTER_CLOCK", &self.now);
        command
    }

    /// Runs a command that must end so.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str], status: i32) -> String {
        let output = self.command(args).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {out}\n{err}");
        out
    }

    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.run(&args, 0)).unwrap()
    }

    /// Imports a feed of the HR system: rows, the columns of a row parted by commas, those at the end left out.
    #[track_caller]
    pub(crate) fn hr(&mut self, rows: &[&str]) -> Value {
        self.import("hr", HR, rows)
    }

    /// Imports a feed of the agency.
    #[track_caller]
    pub(crate) fn agency(&mut self, rows: &[&str]) -> Value {
        self.import("agency", "badge,number,first,last,department,ends\n", rows)
    }

    #[track_caller]
    pub(crate) fn import(&mut self, app: &str, header: &str, rows: &[&str]) -> Value {
        let name = self.feed(header, rows);
        self.json(&["import", "--app", app, &name])
    }

    /// Shows what a feed would do.
    #[track_caller]
    pub(crate) fn preview(&mut self, app: &str, header: &str, rows: &[&str]) -> Value {
        let name = self.feed(header, rows);
        self.json(&["import", "--app", app, &name, "--preview"])
    }

    /// Writes a feed; gives its name.
    fn feed(&mut self, header: &str, rows: &[&str]) -> String {
        self.feeds += 1;
        let columns = header.matches(',').count();
        let mut text = header.to_owned();
        for row in rows {
            text.push_str(row);
            text.push_str(&",".repeat(columns - row.matches(',').count()));
            text.push('\n');
        }
        let name = format!("feed{}.csv", self.feeds);
        std::fs::write(self.dir.path().join(&name), text).unwrap();
        name
    }

    /// Imports a feed that tells changes.
    #[track_caller]
    pub(crate) fn delta(&mut self, app: &str, text: &str) -> Value {
        self.feeds += 1;
        let name = format!("feed{}.csv", self.feeds);
        std::fs::write(self.dir.path().join(&name), text).unwrap();
        self.json(&["import", "--app", app, "--delta", &name])
    }

    /// Does what is due and brings every account into line.
    #[track_caller]
    pub(crate) fn sync(&self) -> &Self {
        self.run(&["sync"], 0);
        self
    }

    /// The person of a login.
    #[track_caller]
    pub(crate) fn user(&self, name: &str) -> Value {
        self.json(&["users", "--login", &login(name)])
    }

    #[track_caller]
    pub(crate) fn status(&self, name: &str) -> String {
        self.user(name)["status"].as_str().unwrap().to_owned()
    }

    /// The mails that went out, newest last.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.run(&["notify"], 0);
        let mut files: Vec<_> = std::fs::read_dir(self.dir.path().join("data/mail"))
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        files.sort_by_key(|f| {
            let name = f.file_name().unwrap().to_string_lossy().into_owned();
            name.split('-').next().unwrap().parse::<u64>().unwrap()
        });
        files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect()
    }

    /// The account of a login in an application.
    pub(crate) fn account(&self, app: &str, name: &str) -> Option<Account> {
        let found: Vec<Value> =
            self.app(app).users().into_iter().filter(|u| u["userName"] == login(name).as_str()).collect();
        assert!(found.len() <= 1, "{found:?}");
        found.into_iter().next().map(|all| Account {
            id: all["id"].as_str().unwrap().to_owned(),
            active: all["active"] == true,
            all: {
                let mut all = all;
                all.as_object_mut().unwrap().remove("meta");
                all
            },
        })
    }

    /// Whether a login has a usable account in an application.
    pub(crate) fn can_use(&self, app: &str, name: &str) -> bool {
        self.account(app, name).is_some_and(|a| a.active)
    }

    pub(crate) fn app(&self, name: &str) -> &DemoApp {
        &self.apps.iter().find(|(n, _)| *n == name).unwrap().1
    }

    /// Makes an account in an application as its own admin would; gives its id.
    pub(crate) fn make_by_hand(&self, app: &str, name: &str) -> String {
        let app = self.app(app);
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": login(name),
            "active": true,
        });
        let answer: Value = self.runtime.block_on(async {
            let ask = reqwest::Client::new()
                .post(format!("{}/Users", app.base_url))
                .bearer_auth(Config::default().token)
                .json(&body);
            ask.send().await.unwrap().json().await.unwrap()
        });
        answer["id"].as_str().unwrap().to_owned()
    }

    /// Makes an account usable or unusable as the application's own admin would.
    pub(crate) fn set_active(&self, app: &str, name: &str, active: bool) {
        let id = self.account(app, name).unwrap().id;
        let app = self.app(app);
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "active", "value": active }],
        });
        let status = self.runtime.block_on(async {
            let ask = reqwest::Client::new()
                .patch(format!("{}/Users/{id}", app.base_url))
                .bearer_auth(Config::default().token)
                .json(&body);
            ask.send().await.unwrap().status()
        });
        assert!(status.is_success(), "{status}");
    }

    /// Asks a server on this org, which is started for it.
    #[track_caller]
    pub(crate) fn http(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let token = self.token.get_or_init(|| self.run(&["token", "create", "--name", "test"], 0));
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("http://")
                    .nth(1)
                    .map(|rest| rest.split([' ', '"', '/']).next().unwrap().to_owned())
            })
            .unwrap();
        let drained = std::thread::spawn(move || lines.map_while(Result::ok).count());
        let method: reqwest::Method = method.parse().unwrap();
        let answer = self.runtime.block_on(async {
            let mut ask = reqwest::Client::new()
                .request(method, format!("http://{address}{path}"))
                .header("Authorization", format!("SSWS {}", token.trim()));
            if let Some(body) = body {
                ask = ask.json(&body);
            }
            let answer = ask.send().await.unwrap();
            (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
        });
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        child.wait().unwrap();
        drained.join().unwrap();
        answer
    }

    /// An admin's word about somebody's life.
    #[track_caller]
    pub(crate) fn lifecycle(&self, from: From, what: &str, name: &str) {
        match from {
            From::CommandLine => drop(self.run(&["user", what, &login(name)], 0)),
            From::Http => {
                let path = format!("/api/v1/users/{}/lifecycle/{what}", login(name));
                let (status, body) = self.http("POST", &path, Some(json!({})));
                assert_eq!(status, 200, "{body}");
            }
        }
    }
}

/// The login of somebody's name.
pub(crate) fn login(name: &str) -> String {
    format!("{}@events.example", name.to_lowercase().replace(' ', "."))
}

//! A small org in a directory of its own, and the binary run on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) const ORG: &str = r#"
[org]
name = "Small"
admins = ["it@small.example"]

[attributes]
departmentNumber = "string"

[attributes.employeeNumber]
unique = true

[attributes.email]
unique = true

[attributes.level]
type = "integer"
maximum = 12

[groups]
"Sales" = "Who sells"
"By hand" = "Whoever is put in"

[rules."Sales by department"]
when = 'user.department == "Sales"'
groups = ["Sales"]

[apps.hr]
kind = "csv"

[apps.hr.feed]
key = "number"
terminated = { column = "state", values = ["left"] }

[apps.hr.feed.columns]
number = { required = true }
first = { required = true }
last = { required = true }
department = "string"
state = "string"

[apps.hr.source]
match_on = ["employeeNumber"]

[apps.hr.to_user]
login = { expression = 'String.toLowerCase(appuser.first + "." + appuser.last) + "@small.example"', taken = "counter" }
email = { expression = 'String.toLowerCase(appuser.first + "." + appuser.last) + "@small.example"', taken = "counter" }
firstName = 'appuser.first'
lastName = 'appuser.last'
department = 'appuser.department'
employeeNumber = 'appuser.number'

[apps.keys]
kind = "manual"
groups = ["Sales"]

[apps.keys.provisioning]
owner = "reception@small.example"

[apps.keys.to_app]
holder = 'user.firstName'
"#;

pub(crate) const FEED: &str = "\
number,first,last,department,state
1,Ada,Adams,Sales,
2,Bea,Brown,Sales,
3,Cem,Clark,Finance,
4,Dan,Dale,Finance,
5,Eve,Early,Finance,left
";

/// A directory with nothing in it, and what is run in it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }

    /// The same, if it ended so.
    #[track_caller]
    pub(crate) fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.out, self.err);
        self
    }

    /// The same, if it says each of these on standard error.
    #[track_caller]
    pub(crate) fn complains(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word:?} isn't in: {}", self.err);
        }
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// With the small org and its people.
    pub(crate) fn with_people() -> Self {
        let place = Self::new();
        place.write("org.toml", ORG);
        place.write("feed.csv", FEED);
        place.run(&["org", "apply", "org.toml"]).ended(0);
        place.run(&["import", "--app", "hr", "feed.csv"]).ended(0);
        place
    }

    /// With a hundred and twenty people more.
    pub(crate) fn with_many() -> Self {
        let place = Self::with_people();
        place.write("many.csv", &Self::many(120));
        place.run(&["import", "--app", "hr", "many.csv"]).ended(0);
        place
    }

    /// A feed with so many people besides the small one's.
    pub(crate) fn many(n: usize) -> String {
        let rows = (0..n).map(|i| format!("{},First{i},Last{i},Sales,\n", 100 + i));
        std::iter::once(FEED.to_owned()).chain(rows).collect::<Vec<_>>().concat()
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.current_dir(self.path()).args(args).args(["--data-dir", "data"]);
        for name in ["MUSTER_CLOCK", "MUSTER_DATA_DIR", "MUSTER_DATABASE_URL"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().unwrap().into()
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        self.run(&args).ended(0).json()
    }

    /// How many plans there are, and the directory and the configuration as they stand.
    pub(crate) fn standing(&self) -> Value {
        let export = self.json(&["org", "export"]);
        serde_json::json!([
            self.json(&["users", "--all"]),
            self.json(&["accounts", "--all"]),
            self.json(&["groups"]),
            export
        ])
    }
}

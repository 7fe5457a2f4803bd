//! What the demo is made of, carried in the binary: the org file, the feeds, and what is true of them.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context, Result};
use serde::Deserialize;

const ORG: &str = include_str!("../../../demo/org.toml");
const TRUTH: &str = include_str!("../../../demo/hr-employees/truth.json");
const NOTICE: &str = include_str!("../../../demo/hr-employees/NOTICE");

/// How many lines of the damaged feed are left, its header among them.
const LEFT: usize = 300;

/// A feed as the HR system delivered it.
#[derive(Debug)]
pub(crate) struct Feed {
    /// Its day.
    pub(crate) day: &'static str,
    /// Its file's name.
    pub(crate) name: &'static str,
    bytes: &'static [u8],
}

/// The three feeds.
pub(crate) const FEEDS: [Feed; 3] = [
    Feed {
        day: "1992-01-01",
        name: "hr-1992-01-01.csv.gz",
        bytes: include_bytes!("../../../demo/hr-employees/hr-1992-01-01.csv.gz"),
    },
    Feed {
        day: "1992-04-01",
        name: "hr-1992-04-01.csv.gz",
        bytes: include_bytes!("../../../demo/hr-employees/hr-1992-04-01.csv.gz"),
    },
    Feed {
        day: "1992-07-01",
        name: "hr-1992-07-01.csv.gz",
        bytes: include_bytes!("../../../demo/hr-employees/hr-1992-07-01.csv.gz"),
    },
];

/// What a feed says of a person.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Row {
    /// The key.
    pub(crate) employee_number: String,
    /// Her first name.
    pub(crate) first_name: String,
    /// Her last name.
    pub(crate) last_name: String,
    /// Her department.
    pub(crate) department: String,
    /// Her title.
    pub(crate) title: String,
    /// `active` or `terminated`.
    pub(crate) status: String,
}

impl Feed {
    /// The file as delivered.
    pub(crate) fn bytes(&self) -> &'static [u8] {
        self.bytes
    }

    /// Its text.
    pub(crate) fn text(&self) -> Result<String> {
        let mut text = String::new();
        flate2::read::GzDecoder::new(self.bytes).read_to_string(&mut text).context(self.name)?;
        Ok(text)
    }

    /// Its rows, by key.
    pub(crate) fn rows(&self) -> Result<BTreeMap<String, Row>> {
        let text = self.text()?;
        let mut rows = BTreeMap::new();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let row: Row = row.context(self.name)?;
            rows.insert(row.employee_number.clone(), row);
        }
        Ok(rows)
    }
}

/// The second feed, with most of its rows missing.
pub(crate) fn damaged() -> Result<String> {
    Ok(FEEDS[1].text()?.lines().take(LEFT).flat_map(|line| [line, "\n"]).collect())
}

/// The org file with what this run's applications need.
pub(crate) fn org(directory_url: &str, crm_url: &str, token_file: &std::path::Path) -> String {
    let token = format!("file:{}", token_file.display()).replace('\\', r"\\").replace('"', "\\\"");
    ORG.replace("{{directory_url}}", directory_url)
        .replace("{{crm_url}}", crm_url)
        .replace("env:MUSTER_DEMO_TOKEN", &token)
}

/// Whose data it is.
pub(crate) fn notice() -> &'static str {
    NOTICE
}

/// What is true of the time between two feeds, by employee number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Truth {
    /// The day of the later feed.
    pub(crate) to: String,
    /// How many are active then.
    pub(crate) active: usize,
    /// Who came.
    pub(crate) hired: Vec<String>,
    /// Who came back.
    pub(crate) rehired: Vec<String>,
    /// Who left.
    pub(crate) left: Vec<String>,
    /// Whose department changed.
    pub(crate) moved_department: Vec<String>,
    /// Whose title changed.
    pub(crate) changed_title: Vec<String>,
    /// Whose manager changed.
    pub(crate) changed_manager: Vec<String>,
}

/// What is true, one entry a feed.
pub(crate) fn truth() -> Result<Vec<Truth>> {
    serde_json::from_str(TRUTH).context("truth.json")
}

/// The departments whose people have the application for customers.
const CUSTOMERS: [&str; 3] = ["Customer Service", "Marketing", "Sales"];

/// Whom the story follows: the first who moves between departments with the first two feeds and gains or loses the
/// application for customers by it, and whom the damaged feed leaves out.
pub(crate) fn protagonist(truth: &[Truth]) -> Result<Row> {
    let (before, after) = (FEEDS[0].rows()?, FEEDS[1].rows()?);
    let damaged = damaged()?;
    let has = |row: &Row| CUSTOMERS.contains(&row.department.as_str());
    let moved = truth.get(1).map_or(&[][..], |t| t.moved_department.as_slice());
    let fits = |number: &&String| {
        let (Some(before), Some(after)) = (before.get(*number), after.get(*number)) else { return false };
        has(before) != has(after) && !damaged.lines().any(|l| l.split(',').next() == Some(number.as_str()))
    };
    let number = moved.iter().find(fits).or(moved.first()).context("truth.json names nobody who moves")?;
    before.get(number).cloned().with_context(|| format!("employee {number} isn't in the first feed"))
}

//! How well rows of a second source find the people of a first one: the shipped HR data, and copies of it damaged as
//! people damage data.
//!
//! `cargo xtask bench matching`. Figures go to standard output, one JSON object a line; a table for people goes to
//! standard error. The HR data has no birth dates and no addresses: both are made up, the same ones each time.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures are what this program is for")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use muster_connectors::csv::{Column, FeedFormat, FeedReader, FeedRow, Kind};
use muster_engine::Value;
use muster_service::plan::{PlanStatus, Quiet};
use muster_service::{Actor, ImportOptions, Muster};
use muster_store::people::load_people;
use muster_store::{Tx, lookups, pending};

const ORG: &str = r#"
[org]
name = "Matching"
[attributes.birthDate]
type = "date"
[attributes.employeeNumber]
unique = true
"#;

/// The settings that are measured: what the documentation shows.
const MATCHING: &str = r#"
match_on = ["employeeNumber"]
match = [{ on = ["email"] }, { on = ["firstName", "lastName", "birthDate"] }]
confirm = { partial = "ask" }
"#;

fn source(name: &str, priority: u32) -> String {
    format!(
        r#"
[apps.{name}]
kind = "csv"
[apps.{name}.feed]
key = "id"
[apps.{name}.feed.columns]
id = "string"
number = "string"
first = "string"
last = "string"
mail = "string"
born = "date"
[apps.{name}.source]
priority = {priority}
{MATCHING}
[apps.{name}.to_user]
login = {{ expression = 'appuser.id + "@{name}.example"', when = "create" }}
email = 'appuser.mail != null ? appuser.mail : appuser.id + "@{name}.example"'
firstName = 'appuser.first'
lastName = 'appuser.last'
employeeNumber = 'appuser.number'
birthDate = 'appuser.born'
"#
    )
}

/// A small generator of the same numbers everywhere (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

#[derive(Clone, Debug, Default)]
struct Row {
    id: String,
    number: String,
    first: String,
    last: String,
    mail: String,
    born: String,
}

/// What happens to a copy of somebody's row, and to rows of strangers.
const DAMAGE: [&str; 16] = [
    "nothing",
    "no number, the same mail",
    "no number, no mail",
    "accents and capitals",
    "letter typed wrong in the first name",
    "letter typed wrong in the last name",
    "letters changed places",
    "letter typed wrong in both names",
    "first and last name swapped",
    "day and month of birth swapped",
    "no birth date",
    "no birth date, letter typed wrong",
    "another last name",
    "a stranger",
    "a stranger with somebody's mail",
    "a stranger with somebody's name",
];
/// From here on it is a stranger's row.
const STRANGER: usize = 13;

fn typed_wrong(text: &str, n: &mut Numbers) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    // Mostly not the first letter, as people do.
    let at = if n.below(10) == 0 { 0 } else { 1 + n.below(letters.len().saturating_sub(1)) };
    let letter = char::from(b'a' + n.below(26) as u8);
    match n.below(3) {
        0 => letters.insert(at.min(letters.len()), letter),
        1 if letters.len() > 2 && at < letters.len() => drop(letters.remove(at)),
        _ => {
            if let Some(place) = letters.get_mut(at) {
                *place = letter;
            }
        }
    }
    letters.into_iter().collect()
}

fn changed_places(text: &str, n: &mut Numbers) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() > 2 {
        let at = 1 + n.below(letters.len() - 2);
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

fn accented(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a' => 'á',
            'e' => 'é',
            'o' => 'ø',
            'u' => 'ü',
            other => other.to_ascii_uppercase(),
        })
        .collect()
}

fn day_and_month_swapped(born: &str) -> String {
    let parts: Vec<&str> = born.split('-').collect();
    match parts.as_slice() {
        [year, month, day] => format!("{year}-{day}-{month}"),
        _ => born.to_owned(),
    }
}

fn damaged(kind: usize, of: &Row, stranger: &Row, n: &mut Numbers) -> Row {
    let plain = Row { number: String::new(), mail: String::new(), ..of.clone() };
    match kind {
        0 => of.clone(),
        1 => Row { number: String::new(), ..of.clone() },
        2 => plain,
        3 => Row { first: accented(&of.first), last: of.last.to_uppercase(), ..plain },
        4 => Row { first: typed_wrong(&of.first, n), ..plain },
        5 => Row { last: typed_wrong(&of.last, n), ..plain },
        6 => Row { last: changed_places(&of.last, n), ..plain },
        7 => Row { first: typed_wrong(&of.first, n), last: typed_wrong(&of.last, n), ..plain },
        8 => Row { first: of.last.clone(), last: of.first.clone(), ..plain },
        9 => Row { born: day_and_month_swapped(&of.born), ..plain },
        10 => Row { born: String::new(), ..plain },
        11 => Row { born: String::new(), last: typed_wrong(&of.last, n), ..plain },
        12 => Row { last: stranger.last.clone(), ..plain },
        13 => stranger.clone(),
        14 => Row { mail: of.mail.clone(), ..stranger.clone() },
        _ => Row { first: of.first.clone(), last: of.last.clone(), ..stranger.clone() },
    }
}

/// The people of a shipped feed, with made up birth dates and addresses.
fn people(feed: &str) -> Result<Vec<Row>> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../demo/hr-employees/hr-{feed}.csv.gz"));
    let file = std::fs::File::open(&path).with_context(|| path.display().to_string())?;
    let columns = ["employee_number", "first_name", "last_name"];
    let columns =
        columns.iter().map(|c| Column { kind: Kind::Text, ..Column::new(*c, Kind::Text) }).collect();
    let format = FeedFormat { ignore_unknown_columns: true, ..FeedFormat::new("employee_number", columns) };
    let mut rows = Vec::new();
    for row in FeedReader::open(file, &format)? {
        let FeedRow::Valid(row) = row? else { bail!("the shipped feed has a row that can't be read") };
        let text = |at: usize| row.values.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (number, first, last) = (row.key.clone(), text(1), text(2));
        let mut own = Numbers(number.parse().unwrap_or(0));
        let born = format!("{}-{:02}-{:02}", 1940 + own.below(35), 1 + own.below(12), 1 + own.below(12));
        let mail = format!("{first}.{last}.{number}@employees.example").to_lowercase();
        rows.push(Row { id: number.clone(), number, first, last, mail, born });
    }
    Ok(rows)
}

fn feed(rows: &[Row]) -> String {
    let mut text = String::from("id,number,first,last,mail,born\n");
    for r in rows {
        let _ = writeln!(text, "{},{},{},{},{},{}", r.id, r.number, r.first, r.last, r.mail, r.born);
    }
    text
}

/// What became of the rows of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    rows: usize,
    linked: usize,
    wrongly: usize,
    first: usize,
    among: usize,
    asked: usize,
    new: usize,
}

fn import(muster: &Muster, app: &str, rows: &[Row]) -> Result<f64> {
    let text = feed(rows);
    let started = Instant::now();
    let options = ImportOptions::default();
    let report =
        muster.import(&Actor::operator("bench"), app, "feed.csv", text.as_bytes(), options, &Quiet)?;
    if report.status != PlanStatus::Applied || !report.notes.rejected.is_empty() {
        bail!("{:?}", report.notes);
    }
    Ok(started.elapsed().as_secs_f64())
}

/// Whose each record of a source is.
fn owners(muster: &Muster, app: &str) -> Result<HashMap<String, i64>> {
    let config = muster.config()?;
    let app = muster.find_app(&config, app)?;
    let all = |tx: &mut dyn Tx| {
        let keys = lookups::user_keys_after(tx, i64::MIN, 1_000_000)?;
        load_people(tx, &keys)
    };
    let mut owners = HashMap::new();
    for person in muster.store().read(all)? {
        for record in person.records.iter().filter(|r| r.app_key == app.0) {
            owners.insert(record.external_id.clone(), person.user.user_key);
        }
    }
    Ok(owners)
}

fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let muster = Muster::open(dir.path(), true, None)?;
    let org = format!("{ORG}{}{}", source("hr", 1), source("ext", 2));
    muster.org_apply(&Actor::operator("bench"), "org.toml", &org, ImportOptions::default(), &Quiet)?;
    let known = people("1992-01-01")?;
    let numbers: HashSet<&str> = known.iter().map(|r| r.number.as_str()).collect();
    let later = people("1992-07-01")?;
    let strangers: Vec<&Row> = later.iter().filter(|r| !numbers.contains(r.number.as_str())).collect();
    let first = import(&muster, "hr", &known)?;
    let hers = owners(&muster, "hr")?;

    let mut n = Numbers(7);
    let mut rows = Vec::new();
    let mut truth: BTreeMap<String, (usize, Option<i64>)> = BTreeMap::new();
    for (at, of) in known.iter().enumerate() {
        let kind = at % DAMAGE.len();
        // There are fewer strangers than people: each comes several times, born and called otherwise each time.
        let stranger = strangers.get(n.below(strangers.len())).context("nobody came later")?;
        let last = &known.get(n.below(known.len())).unwrap_or(of).last;
        let stranger = Row {
            number: format!("9{at:05}"),
            mail: String::new(),
            last: last.clone(),
            born: format!("{}-{:02}-{:02}", 1940 + n.below(35), 1 + n.below(12), 1 + n.below(28)),
            ..(*stranger).clone()
        };
        let id = format!("e{at:05}");
        rows.push(Row { id: id.clone(), ..damaged(kind, of, &stranger, &mut n) });
        truth.insert(id, (kind, hers.get(&of.id).copied().filter(|_| kind < STRANGER)));
    }
    let second = import(&muster, "ext", &rows)?;
    let linked = owners(&muster, "ext")?;
    let config = muster.config()?;
    let app = muster.find_app(&config, "ext")?;
    let waiting = muster.store().read(|tx| pending::scan(tx, app.0, "", 1_000_000))?;
    let waiting: HashMap<String, Vec<i64>> = waiting
        .into_iter()
        .map(|row| {
            let all: Vec<muster_service::plan::Candidate> = serde_json::from_str(&row.candidates)?;
            Ok((row.external_id, all.iter().map(|c| c.user.0).collect()))
        })
        .collect::<Result<_>>()?;

    let mut counts = [Counts::default(); DAMAGE.len()];
    let before: HashSet<i64> = hers.values().copied().collect();
    for (id, (kind, true_one)) in &truth {
        let Some(c) = counts.get_mut(*kind) else { continue };
        c.rows += 1;
        if let Some(user) = linked.get(id) {
            match (true_one, before.contains(user)) {
                (Some(her), true) if her == user => c.linked += 1,
                (_, true) => c.wrongly += 1,
                (_, false) => c.new += 1,
            }
        } else if let Some(candidates) = waiting.get(id) {
            c.asked += 1;
            let place = true_one.and_then(|her| candidates.iter().position(|user| *user == her));
            c.first += usize::from(place == Some(0));
            c.among += usize::from(place.is_some());
        }
    }
    tell(&counts, known.len(), rows.len(), first, second);
    Ok(())
}

fn tell(counts: &[Counts], known: usize, rows: usize, first: f64, second: f64) {
    eprintln!("{known} people; {rows} rows of another source");
    eprintln!(
        "{:<38} {:>6} {:>7} {:>7} {:>6} {:>6} {:>6} {:>6}",
        "", "rows", "linked", "wrongly", "asked", "first", "among", "new"
    );
    for (what, c) in DAMAGE.iter().zip(counts) {
        eprintln!(
            "{what:<38} {:>6} {:>7} {:>7} {:>6} {:>6} {:>6} {:>6}",
            c.rows, c.linked, c.wrongly, c.asked, c.first, c.among, c.new
        );
    }
    let sum = |of: &dyn Fn(&Counts) -> usize, range: std::ops::Range<usize>| -> usize {
        counts.get(range).into_iter().flatten().map(of).sum()
    };
    let (all, hers, others) = (0..DAMAGE.len(), 0..STRANGER, STRANGER..DAMAGE.len());
    let percent = |part: usize, whole: usize| part as f64 * 100.0 / whole.max(1) as f64;
    let linked = sum(&|c| c.linked, all.clone());
    let wrongly = sum(&|c| c.wrongly, all);
    let open = sum(&|c| c.rows - c.linked, hers.clone());
    figure("matching_links_right", percent(linked, linked + wrongly), "percent", 100.0);
    figure("matching_links_wrong", wrongly as f64, "rows", 0.0);
    figure("matching_exact_recall", percent(linked, sum(&|c| c.rows, hers.clone())), "percent", 100.0);
    figure("matching_partial_among", percent(sum(&|c| c.among, hers.clone()), open), "percent", 100.0);
    figure("matching_partial_first", percent(sum(&|c| c.first, hers.clone()), open), "percent", 100.0);
    figure("matching_missed", percent(sum(&|c| c.new, hers.clone()), sum(&|c| c.rows, hers)), "percent", 0.0);
    let strangers = sum(&|c| c.rows, others.clone());
    figure("matching_strangers_asked", percent(sum(&|c| c.asked, others), strangers), "percent", 0.0);
    figure("matching_first_import", first, "s", 0.0);
    figure("matching_second_import", second, "s", 0.0);
}

fn figure(name: &str, value: f64, unit: &str, floor: f64) {
    let ratio = if floor > 0.0 { value / floor } else { 0.0 };
    println!(
        "{{\"name\":\"{name}\",\"value\":{value:.2},\"unit\":\"{unit}\",\"floor\":{floor:.0},\"ratio\":{ratio:.2},\"peak_rss_mb\":0}}"
    );
}

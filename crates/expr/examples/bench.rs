//! Speed of evaluation: 1,000 different conditions over 10,000 people, against the same conditions as Rust closures.
//!
//! Prints one JSON object a line on standard output and a table for people on standard error. Every condition's count
//! of people is compared with that of its closure, which knows nothing of the language.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::borrow::Cow;
use std::process::ExitCode;
use std::time::Instant;

use muster_expr::{
    GroupSelector, GroupText, InternalProperty, Item, Limits, LinkId, Person, Program, Purpose, Scope, Slot,
    Type, Value,
};

const PEOPLE: usize = 10_000;
const RULES: usize = 1_000;
/// Times everything is run; the fastest counts, which is the least disturbed.
const ROUNDS: usize = 5;

const ATTRIBUTES: [(&str, Type); 8] = [
    ("department", Type::Str),
    ("title", Type::Str),
    ("email", Type::Str),
    ("country", Type::Str),
    ("level", Type::Int),
    ("contractor", Type::Bool),
    ("skills", Type::List(Item::Str)),
    ("startDate", Type::Date),
];

/// The 1st of March 2026.
const NOW: i64 = 1_772_323_200_000;
const DAY: i64 = 86_400_000;

struct Org;

impl Scope for Org {
    fn attribute(&self, root: &str, name: &str) -> Option<(Slot, Type)> {
        let index = ATTRIBUTES.iter().position(|(n, _)| *n == name).filter(|_| root == "user")?;
        Some((Slot { root: 0, index: u16::try_from(index).ok()? }, ATTRIBUTES[index].1))
    }
    fn roots(&self) -> Vec<String> {
        vec!["user".to_owned()]
    }
    fn attributes(&self, _: &str) -> Vec<String> {
        ATTRIBUTES.iter().map(|(n, _)| (*n).to_owned()).collect()
    }
    fn link(&self, _: &str) -> Option<LinkId> {
        None
    }
    fn links(&self) -> Vec<String> {
        Vec::new()
    }
    fn groups(&self, by: &GroupSelector<'_>) -> Option<Vec<i64>> {
        let GroupSelector::Id(id) = by else { return None };
        id.strip_prefix("00g")?.parse().ok().map(|key| vec![key])
    }
    fn group_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn group(&self, _: i64) -> Option<GroupText> {
        None
    }
    fn found(&self, _: &str) -> Option<Slot> {
        None
    }
}

struct Employee {
    values: [Value; 8],
    /// Milliseconds of the start date.
    start: i64,
    /// Sorted.
    groups: Vec<i64>,
}

impl Employee {
    fn text(&self, index: usize) -> &str {
        self.values[index].as_str().unwrap_or_default()
    }
}

impl Person for Employee {
    fn value(&self, slot: Slot) -> &Value {
        self.values.get(usize::from(slot.index)).unwrap_or(Value::NULL)
    }
    fn linked(&self, _: LinkId, _: Slot) -> &Value {
        Value::NULL
    }
    fn in_group(&self, group: i64) -> bool {
        self.groups.binary_search(&group).is_ok()
    }
    fn internal(&self, _: InternalProperty) -> Cow<'_, str> {
        Cow::Borrowed("")
    }
    fn now(&self) -> i64 {
        NOW
    }
    fn instant(&self, _: &str) -> Option<i64> {
        Some(self.start)
    }
}

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % n
    }
}

fn people() -> Vec<Employee> {
    let mut dice = Dice(7);
    let skills = ["rust", "sql", "sales", "law", "design", "english", "german"];
    (0..PEOPLE)
        .map(|i| {
            let department = dice.below(60);
            let day = dice.below(27) + 1;
            let chosen: Vec<&str> = skills.iter().filter(|_| dice.below(4) == 0).copied().collect();
            let mut groups: Vec<i64> =
                (0..dice.below(12)).map(|_| i64::try_from(dice.below(300)).unwrap_or(0)).collect();
            groups.sort_unstable();
            groups.dedup();
            let title = ["Engineer", "Senior Engineer", "Account Manager", "Head of Unit"][dice.below(4)];
            Employee {
                values: [
                    if dice.below(50) == 0 { Value::Null } else { format!("Department {department}").into() },
                    format!("{title} {}", dice.below(9)).into(),
                    format!("Person.{i}@{}.example.com", ["sales", "it", "Eu", "us"][dice.below(4)]).into(),
                    ["DE", "FR", "US", "GB", "JP"][dice.below(5)].into(),
                    i64::try_from(dice.below(15)).unwrap_or(0).into(),
                    (dice.below(5) == 0).into(),
                    chosen.into(),
                    format!("2026-03-{day:02}").into(),
                ],
                start: NOW + i64::try_from(day - 1).unwrap_or(0) * DAY,
                groups,
            }
        })
        .collect()
}

type Closure = Box<dyn Fn(&Employee) -> bool>;

/// The conditions, each as an expression and as a closure.
fn rules() -> Vec<(String, Closure)> {
    let mut dice = Dice(11);
    (0..RULES)
        .map(|i| -> (String, Closure) {
            let (a, b, c) = (format!("Department {}", i % 60), format!("Department {}", dice.below(60)), dice.below(300));
            let level = i64::try_from(dice.below(15)).unwrap_or(0);
            let key = i64::try_from(c).unwrap_or(0);
            let other = key + 1;
            let country = ["DE", "FR", "US", "GB", "JP"][dice.below(5)];
            match i % 10 {
                0 => (
                    format!(r#"user.department == "{a}" AND user.level > {level}"#),
                    Box::new(move |p| p.text(0) == a && p.values[4].as_int().is_some_and(|l| l > level)),
                ),
                1 => (
                    format!(r#"user.department == "{a}" OR user.department == "{b}" OR user.country == "{country}""#),
                    Box::new(move |p| p.text(0) == a || p.text(0) == b || p.text(3) == country),
                ),
                2 => (
                    format!(r#"isMemberOfAnyGroup("00g{key}", "00g{other}") AND NOT user.contractor"#),
                    Box::new(move |p| {
                        (p.in_group(key) || p.in_group(other)) && p.values[5].as_bool() != Some(true)
                    }),
                ),
                3 => (
                    format!(r#"String.startsWith(user.title, "Senior") AND user.country == "{country}" AND user.level != {level}"#),
                    Box::new(move |p| {
                        p.text(1).starts_with("Senior") && p.text(3) == country && p.values[4].as_int() != Some(level)
                    }),
                ),
                4 => (
                    format!(r#"String.toLowerCase(user.title) == "engineer {}" AND user.level < {level}"#, i % 9),
                    Box::new(move |p| {
                        p.text(1).to_lowercase() == format!("engineer {}", i % 9)
                            && p.values[4].as_int().is_some_and(|l| l < level)
                    }),
                ),
                5 => (
                    format!(r#"String.stringContains(user.email, ".{i}@") OR user.department == "{b}""#),
                    Box::new(move |p| p.text(2).contains(&format!(".{i}@")) || p.text(0) == b),
                ),
                6 => (
                    format!(r#"Arrays.contains(user.skills, "rust") AND user.department in {{"{a}", "{b}", "X"}}"#),
                    Box::new(move |p| {
                        p.values[6].as_list().is_some_and(|l| l.iter().any(|s| s.as_str() == Some("rust")))
                            && [&*a, &*b, "X"].contains(&p.text(0))
                    }),
                ),
                7 => (
                    format!(r#"user.department != null AND (user.contractor ? user.level > {level} : user.country == "{country}")"#),
                    Box::new(move |p| {
                        !p.values[0].is_null()
                            && if p.values[5].as_bool() == Some(true) {
                                p.values[4].as_int().is_some_and(|l| l > level)
                            } else {
                                p.text(3) == country
                            }
                    }),
                ),
                8 => (
                    format!(r#"String.substringBefore(user.title, " ") == "Account" AND !isMemberOfGroup("00g{key}")"#),
                    Box::new(move |p| {
                        p.text(1).split_once(' ').map_or(p.text(1), |(before, _)| before) == "Account" && !p.in_group(key)
                    }),
                ),
                _ => (
                    format!(r#"user.country == "{country}" AND user.startDate <= Time.now().plusDays({})"#, level + 1),
                    Box::new(move |p| p.text(3) == country && p.start <= NOW + (level + 1) * DAY),
                ),
            }
        })
        .collect()
}

/// The fastest of some rounds, in seconds, and the counts of people for each condition.
fn fastest(mut round: impl FnMut(&mut [usize])) -> (f64, Vec<usize>) {
    let mut best = f64::INFINITY;
    let mut counts = vec![0; RULES];
    for _ in 0..ROUNDS {
        counts.fill(0);
        let start = Instant::now();
        round(&mut counts);
        best = best.min(start.elapsed().as_secs_f64());
    }
    (best, counts)
}

fn peak_rss_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() -> ExitCode {
    let (people, rules) = (people(), rules());
    let start = Instant::now();
    let mut programs = Vec::with_capacity(RULES);
    for (text, _) in &rules {
        match Program::compile(text, Purpose::Condition, &Org, &Limits::default()) {
            Ok(program) => programs.push(program),
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    let compiling = start.elapsed().as_secs_f64();
    let (seconds, counts) = fastest(|counts| {
        for person in &people {
            for (count, program) in counts.iter_mut().zip(&programs) {
                *count += usize::from(program.matches(person) == Ok(true));
            }
        }
    });
    let (floor_seconds, floor_counts) = fastest(|counts| {
        for person in &people {
            for (count, (_, closure)) in counts.iter_mut().zip(&rules) {
                *count += usize::from(closure(person));
            }
        }
    });
    for (i, (count, wanted)) in counts.iter().zip(&floor_counts).enumerate() {
        if count != wanted {
            eprintln!("{}: {count} people, not {wanted}", rules[i].0);
            return ExitCode::FAILURE;
        }
    }
    let all = (PEOPLE * RULES) as f64;
    let (speed, floor, rss) = (all / seconds, all / floor_seconds, peak_rss_mb());
    println!(
        r#"{{"name":"expr","value":{speed:.0},"unit":"evaluations/s","floor":{floor:.0},"ratio":{:.3},"peak_rss_mb":{rss}}}"#,
        speed / floor
    );
    let compiled = RULES as f64 / compiling;
    println!(r#"{{"name":"expr-compile","value":{compiled:.0},"unit":"rules/s","peak_rss_mb":{rss}}}"#);
    eprintln!(
        "{RULES} rules x {PEOPLE} people, {} matches, equal to the closures'",
        counts.iter().sum::<usize>()
    );
    eprintln!("{:<22}{:>16}", "", "evaluations/s");
    eprintln!("{:<22}{:>16.0}", "expressions", speed);
    eprintln!("{:<22}{:>16.0}", "Rust closures (floor)", floor);
    eprintln!("{:<22}{:>16.3}", "ratio", speed / floor);
    eprintln!("{:<22}{:>16.0}", "compiled rules/s", compiled);
    ExitCode::SUCCESS
}

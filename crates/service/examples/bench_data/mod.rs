//! What benchmarks of a peopled org share: its people, its configuration, phases in processes of their own, figures.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures are what benchmarks are for")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

/// The columns of the feed.
pub(crate) const COLUMNS: [&str; 17] = [
    "employee_number",
    "first_name",
    "last_name",
    "department",
    "title",
    "division",
    "employee_type",
    "country",
    "city",
    "street",
    "zip",
    "phone",
    "mobile",
    "cost_center",
    "organization",
    "hire_date",
    "status",
];
/// A small generator of the same numbers everywhere (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

fn name(mut n: u64, syllables: &[&str]) -> String {
    let mut out = String::new();
    for _ in 0..3 {
        out.push_str(syllables[(n % syllables.len() as u64) as usize]);
        n /= syllables.len() as u64;
    }
    let mut chars = out.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

pub(crate) fn write_feed(path: &Path, users: u64, changed_every: Option<u64>) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(out, "{}", COLUMNS.join(","))?;
    let mut numbers = Numbers(42);
    let first = ["an", "be", "ca", "do", "el", "fi", "ga", "ha", "io", "jo"];
    let last = [
        "mar", "tin", "sen", "ber", "ger", "lin", "kov", "ova", "ric", "son", "man", "wal", "der", "ton",
        "ham", "ley", "rod",
    ];
    for n in 0..users {
        let mut row = String::new();
        let (f, l) = (numbers.below(1000), numbers.below(4913));
        let (department, title, kind) = (numbers.below(20), numbers.below(25), numbers.below(3));
        let (country, city, phone) = (numbers.below(10), numbers.below(200), numbers.below(10_000_000));
        let title = if changed_every.is_some_and(|every| n % every == 0) { title + 25 } else { title };
        write!(
            row,
            "{:07},{},{},Department {department:02},Title {title:02},Division {},{},C{country},City {city:03},Street {} {},{:05},+49 30 {phone:07},+49 170 {phone:07},{:04},Org {},20{:02}-{:02}-{:02},active",
            n + 1,
            name(f, &first),
            name(l, &last),
            department % 5,
            ["employee", "contractor", "intern"][kind as usize],
            city * 3,
            phone % 90,
            city * 17 % 99_999,
            department * 37,
            country % 4,
            numbers.below(25),
            1 + numbers.below(12),
            1 + numbers.below(28),
        )?;
        writeln!(out, "{row}")?;
    }
    out.flush()?;
    Ok(())
}

/// 16 attributes, 30 rules with a mean of 4 memberships, 3 apps by group with a mean of 2 accounts a person.
pub(crate) fn org() -> String {
    let mut org = String::from(
        "[org]\nname = \"Bench\"\n[attributes.hireDate]\ntype = \"date\"\n[attributes.employeeNumber]\nunique = true\n\
         [apps.hr]\nkind = \"csv\"\n[apps.hr.feed]\nkey = \"employee_number\"\n\
         terminated = { column = \"status\", values = [\"terminated\"] }\n[apps.hr.feed.columns]\n",
    );
    for column in COLUMNS {
        let kind = if column == "hire_date" { "date" } else { "string" };
        let _ = writeln!(org, "{column} = \"{kind}\"");
    }
    org.push_str("[apps.hr.source]\npriority = 1\n[apps.hr.to_user]\n");
    let login = "String.toLowerCase(appuser.first_name + \".\" + appuser.last_name) + \"@bench.example\"";
    let _ = writeln!(org, "login = {{ expression = '{login}', taken = \"counter\" }}\nemail = '{login}'");
    for (attribute, column) in [
        ("firstName", "first_name"),
        ("lastName", "last_name"),
        ("employeeNumber", "employee_number"),
        ("department", "department"),
        ("title", "title"),
        ("division", "division"),
        ("userType", "employee_type"),
        ("countryCode", "country"),
        ("city", "city"),
        ("streetAddress", "street"),
        ("zipCode", "zip"),
        ("primaryPhone", "phone"),
        ("mobilePhone", "mobile"),
        ("hireDate", "hire_date"),
    ] {
        let _ = writeln!(org, "{attribute} = 'appuser.{column}'");
    }
    let mut rule = |group: &str, when: &str| {
        let _ = writeln!(
            org,
            "[groups.\"{group}\"]\n[rules.\"{group}\"]\nwhen = '{when}'\ngroups = [\"{group}\"]"
        );
    };
    for n in 0..20 {
        rule(&format!("Department {n:02}"), &format!("user.department == \"Department {n:02}\""));
    }
    for n in 0..5 {
        rule(&format!("Division {n}"), &format!("user.division == \"Division {n}\""));
    }
    for kind in ["employee", "contractor", "intern"] {
        rule(&format!("All {kind}s"), &format!("user.userType == \"{kind}\""));
    }
    rule("Even cities", "String.stringContains(\"13579\", String.substring(user.city, 7, 8)) == false");
    rule("North", "String.startsWith(user.countryCode, \"C\") AND user.countryCode < \"C5\"");
    for (app, groups) in [
        ("directory", vec!["Division 0", "Division 1", "Division 2", "Division 3", "Division 4"]),
        ("crm", vec!["Even cities"]),
        ("wiki", vec!["North"]),
    ] {
        let list: Vec<String> = groups.iter().map(|g| format!("\"{g}\"")).collect();
        let _ = writeln!(
            org,
            "[apps.{app}]\nkind = \"scim\"\ngroups = [{}]\n[apps.{app}.settings]\nbase_url = \"http://127.0.0.1:9/scim/v2\"\n\
             [apps.{app}.provisioning]\n[apps.{app}.to_app]\nuserName = 'user.login'\n\"name.givenName\" = 'user.firstName'\n\
             \"name.familyName\" = 'user.lastName'\ntitle = 'user.title'",
            list.join(", ")
        );
    }
    org
}

pub(crate) fn figure(name: &str, value: f64, floor: f64, peak: f64) {
    println!(
        "{{\"name\":\"{name}\",\"value\":{value:.3},\"unit\":\"s\",\"floor\":{floor:.3},\"ratio\":{:.2},\"peak_rss_mb\":{peak:.1}}}",
        value / floor
    );
    eprintln!("{name:<14} {value:>9.2} {floor:>9.2} {:>7.2} {peak:>9.1}", value / floor);
}

/// Runs a phase in a process of its own; gives its seconds and its peak memory in MB.
pub(crate) fn phase(args: &[&str]) -> Result<(f64, f64)> {
    let output = std::process::Command::new(std::env::current_exe()?)
        .arg("phase")
        .args(args)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("the phase {args:?} failed: {text}");
    }
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(seconds)), Some(Ok(peak))) => Ok((seconds, peak)),
        _ => bail!("the phase {args:?} said {text:?}"),
    }
}

pub(crate) fn done(started: Instant) -> Result<()> {
    let seconds = started.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    let kb: f64 = peak.trim().trim_end_matches(" kB").trim().parse()?;
    println!("{seconds} {}", kb / 1024.0);
    Ok(())
}

//! The six steps.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use comfy_table::Cell;
use muster_engine::model::PlanKey;
use muster_service::ImportOptions;
use muster_service::plan::{PlanReport, PlanStatus};
use muster_service::provision::{SyncOptions, SyncReport};
use muster_service::tasks::TaskFilter;
use muster_service::why::WhyAbout;

use super::Story;
use super::apps::{Listing, NAMES, compare};
use super::check::{People, against, wanted};
use super::material::{self, FEEDS};
use crate::commands::sync as sync_text;
use crate::output::{self, count, grouped, number};
use crate::plan_text;
use crate::progress::Bars;

const PREVIEW: ImportOptions = ImportOptions { preview: true, force: false };
const COMMIT: ImportOptions = ImportOptions { preview: false, force: false };
const FORCE: ImportOptions = ImportOptions { preview: false, force: true };

/// The day the damaged feed arrives.
const DAMAGED_DAY: &str = "1992-04-02";
/// How many lines of a mail are shown.
const MAIL_LINES: usize = 14;

impl Story<'_> {
    /// Step 1: the org is set up from a readable file.
    pub(super) fn set_up(&mut self, token_file: &Path) -> Result<()> {
        let step = self.begin("the org is set up from a readable file")?;
        let urls: Vec<String> = self.apps.urls().into_iter().map(str::to_owned).collect();
        let [directory, crm] = urls.as_slice() else { anyhow::bail!("the demo has two applications") };
        let text = material::org(directory, crm, token_file);
        let file = self.dir.join("org.toml");
        std::fs::write(&file, &text)?;
        std::fs::write(self.dir.join("NOTICE"), material::notice())?;
        let feeds = self.dir.join("feeds");
        std::fs::create_dir_all(&feeds)?;
        for feed in &FEEDS {
            std::fs::write(feeds.join(feed.name), feed.bytes())?;
        }
        let name = file.display().to_string();
        let bars = Bars::only_on_terminal();
        let shown = self.muster.org_apply(self.actor, &name, &text, PREVIEW, &bars)?;
        let before = self.muster.config()?.org.groups.len();
        self.expect(before == 1, || "the preview of the org file changed something".to_owned())?;
        let applied = self.muster.org_apply(self.actor, &name, &text, COMMIT, &bars)?;
        drop(bars);
        self.out.line(format!("muster org apply {}", output::shell(&file)))?;
        let mut kinds: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
        for (kind, ..) in &applied.items {
            *kinds.entry(kind.as_str()).or_default() += 1;
        }
        let mut table = output::table(&["New", "#Count"]);
        for (kind, n) in kinds {
            table.add_row([Cell::new(kind), number(n)]);
        }
        self.out.table(&table)?;
        self.expect(applied.report.status == PlanStatus::Applied, || "the org file was held".to_owned())?;
        self.expect(shown.items.len() == applied.items.len(), || {
            "the org file did something else than shown".to_owned()
        })?;
        self.end_step(step)
    }

    /// Step 2: the first snapshot.
    pub(super) fn first_snapshot(&mut self) -> Result<People> {
        let step = self.begin(&format!("the first snapshot, {}", FEEDS[0].day))?;
        let file = self.feed(0);
        let shown = self.import(&file, PREVIEW)?;
        self.tell("the preview says", &shown)?;
        self.expect(People::read(&self.muster)?.0.is_empty(), || "the preview changed something".to_owned())?;
        let report = self.import(&file, COMMIT)?;
        self.applied(&report, "the first import")?;
        self.expect(report.counts == shown.counts, || {
            "the import did something else than its preview said".to_owned()
        })?;
        self.out.line("applied: it did exactly that; now the accounts")?;
        self.sync()?;
        self.check_apps()?;
        let people = People::read(&self.muster)?;
        self.check_people(&people, 0)?;
        self.login = people.0.get(&self.followed.employee_number).map(|p| p.login().to_owned());
        let known = self.login.is_some();
        self.expect(known, || "whom we follow didn't come in".to_owned())?;
        self.digest(&BTreeSet::new())?;
        self.hand_out()?;
        self.end_step(step)?;
        Ok(people)
    }

    /// Step 3: the second snapshot.
    pub(super) fn second_snapshot(&mut self) -> Result<People> {
        let step = self.begin(&format!("the second snapshot, {}: people move and leave", FEEDS[1].day))?;
        self.day(FEEDS[1].day)?;
        let known: BTreeSet<i64> = self.muster.tasks(&TaskFilter::default())?.iter().map(|t| t.key).collect();
        let report = self.import(&self.feed(1), COMMIT)?;
        self.applied(&report, "the second import")?;
        self.tell("done", &report)?;
        self.sync()?;
        self.check_apps()?;
        let people = People::read(&self.muster)?;
        self.check_people(&people, 1)?;
        self.digest(&known)?;
        self.hand_out()?;
        self.end_step(step)?;
        Ok(people)
    }

    /// Step 4: a damaged feed is held, forced through, and taken back.
    pub(super) fn damaged_feed(&mut self, people: &People) -> Result<()> {
        let step = self.begin("a damaged feed: most rows are missing")?;
        self.day(DAMAGED_DAY)?;
        let file = self.dir.join("feeds").join("hr-1992-04-02-damaged.csv");
        std::fs::write(&file, material::damaged()?)?;
        let (accounts, listings) = (wanted(&self.muster)?, self.apps.listings()?);
        let held = self.import(&file, COMMIT)?;
        self.expect(held.status == PlanStatus::Held, || "the damaged feed wasn't held".to_owned())?;
        self.out.line("the guard holds it:")?;
        for finding in &held.notes.findings {
            self.out.line(format!("  - {}", finding.message))?;
        }
        self.tell("it would have done", &held)?;
        let same = People::read(&self.muster)? == *people && wanted(&self.muster)? == accounts;
        self.expect(same, || "the held feed changed something".to_owned())?;
        let untouched = self.apps.listings()? == listings;
        self.expect(untouched, || "the held feed reached the applications".to_owned())?;
        self.out
            .line("nothing has changed: people, wanted accounts and both applications are as they were")?;

        self.out.line("\nforced through all the same (--force):")?;
        let forced = self.import(&file, FORCE)?;
        self.applied(&forced, "the forced import")?;
        self.sync()?;
        self.check_apps()?;
        let active =
            |listings: &[Listing]| listings.iter().flat_map(|l| l.values()).filter(|a| a.active).count();
        let (before, now) = (active(&listings), active(&self.apps.listings()?));
        let people_now = People::read(&self.muster)?.active();
        self.out.line(format!(
            "{} of {} people are still active, {} of {} accounts",
            grouped(people_now as i128),
            grouped(people.active() as i128),
            grouped(now as i128),
            grouped(before as i128)
        ))?;
        self.expect(now < before / 2, || "the forced import reached no application".to_owned())?;
        self.follow()?;

        let plan = forced.plan.context("the forced import has no plan")?;
        self.out.line(format!("\nand taken back as a whole (muster undo {plan}):"))?;
        self.take_back(plan)?;
        self.sync()?;
        self.check_apps()?;
        let back = People::read(&self.muster)?;
        self.expect(back == *people, || "the undo didn't bring everybody back as she was".to_owned())?;
        let after = self.apps.listings()?;
        let ids = |listings: &[Listing]| -> Vec<BTreeSet<String>> {
            listings.iter().map(|l| l.keys().cloned().collect()).collect()
        };
        let same_ids = ids(&after) == ids(&listings);
        self.expect(same_ids, || "the accounts in the applications have other ids than before".to_owned())?;
        self.expect(after == listings, || {
            "accounts in the applications aren't as they were before".to_owned()
        })?;
        self.out.line(format!(
            "the applications show {} accounts active again, with the same ids and values as before",
            grouped(active(&after) as i128)
        ))?;
        self.end_step(step)
    }

    fn take_back(&mut self, plan: PlanKey) -> Result<()> {
        let undone = self.muster.undo(self.actor, plan, COMMIT, &Bars::only_on_terminal())?;
        self.applied(&undone, "the undo")?;
        self.tell("undone", &undone)
    }

    /// Step 5: why.
    pub(super) fn explain(&mut self) -> Result<()> {
        let step = self.begin("why is it so?")?;
        let Some(login) = self.login.clone() else { return self.end_step(step) };
        let detail = self.muster.user(&login)?;
        let mut asked: Vec<(&str, WhyAbout)> = Vec::new();
        asked.push((
            "--attribute department",
            WhyAbout { attribute: Some("department".to_owned()), ..WhyAbout::default() },
        ));
        let group = detail.accounts.iter().find_map(|a| a.group.clone().filter(|g| g != "Everyone"));
        let group = group.or_else(|| Some(detail.user.profile.get("department")?.as_str()?.to_owned()));
        asked.push(("--group", WhyAbout { group, ..WhyAbout::default() }));
        asked.push(("--app", WhyAbout { app: Some("crm".to_owned()), ..WhyAbout::default() }));
        asked.push(("--app", WhyAbout { app: Some("lab-access".to_owned()), ..WhyAbout::default() }));
        for (flag, about) in asked {
            let named = about
                .group
                .as_deref()
                .or(about.app.as_deref())
                .map_or_else(String::new, |n| format!(" {}", output::quoted(n)));
            self.out.line(format!("\nmuster why {login} {flag}{named}"))?;
            let why = self.muster.why(&login, &about)?;
            let lines = why.lines();
            self.expect(lines.len() > 1, || format!("no answer to why {flag}{named}"))?;
            for line in lines {
                self.out.line(format!("  {line}").trim_end())?;
            }
        }
        self.out.line("")?;
        self.end_step(step)
    }

    /// Step 6: the third snapshot, and all of it compared with what is true.
    pub(super) fn third_snapshot(&mut self, first: &People, second: &People) -> Result<()> {
        let step = self
            .begin(&format!("the third snapshot, {}, and the comparison with what is true", FEEDS[2].day))?;
        self.day(FEEDS[2].day)?;
        let known: BTreeSet<i64> = self.muster.tasks(&TaskFilter::default())?.iter().map(|t| t.key).collect();
        let report = self.import(&self.feed(2), COMMIT)?;
        self.applied(&report, "the third import")?;
        self.tell("done", &report)?;
        self.sync()?;
        self.check_apps()?;
        let third = People::read(&self.muster)?;
        self.check_people(&third, 2)?;
        self.digest(&known)?;
        let mut table =
            output::table(&["Between the feeds", "To", "#Muster", "#Truth", "By employee number"]);
        let mut differences = Vec::new();
        for (before, after, at) in [(first, second, 1), (second, &third, 2)] {
            let Some(truth) = self.truth.get(at) else { continue };
            for row in against(before, after, truth) {
                let same = if row.difference.is_none() { "the same" } else { "DIFFERENT" };
                table.add_row([
                    Cell::new(row.what),
                    Cell::new(&truth.to),
                    number(row.found as u64),
                    number(row.truth as u64),
                    Cell::new(same),
                ]);
                differences.extend(row.difference.map(|d| format!("to {}: {d}", truth.to)));
            }
        }
        self.out.table(&table)?;
        for difference in differences {
            self.mismatch(difference)?;
        }
        self.end_step(step)
    }

    fn feed(&self, at: usize) -> PathBuf {
        self.dir.join("feeds").join(FEEDS.get(at).map_or("", |f| f.name))
    }

    fn tell(&mut self, heading: &str, report: &PlanReport) -> Result<()> {
        let config = self.muster.config()?;
        self.out.table(&plan_text::table(&config, &report.counts, heading))
    }

    fn applied(&mut self, report: &PlanReport, what: &str) -> Result<()> {
        let why: Vec<&str> = report.notes.findings.iter().map(|f| f.message.as_str()).collect();
        self.expect(report.status == PlanStatus::Applied, || format!("{what} was held: {}", why.join("; ")))?;
        if let Some((login, reason)) = report.notes.problems.first() {
            let n = report.notes.problems.len();
            self.mismatch(format!(
                "{what}: {} couldn't be worked out, such as {login}: {reason}",
                count(n as u64, "value", "values")
            ))?;
        }
        Ok(())
    }

    /// Provisioning, until all accounts are in line.
    fn sync(&mut self) -> Result<SyncReport> {
        let bars = Bars::only_on_terminal();
        let report = self.muster.sync(&SyncOptions::default(), &bars)?;
        drop(bars);
        self.out.table(&sync_text::table(&report))?;
        let total = report.total();
        self.expect(total.waiting == 0 && total.failed == 0, || {
            format!("{} accounts wait and {} failed", total.waiting, total.failed)
        })?;
        for app in &report.apps {
            if let Some(problem) = &app.problem {
                self.mismatch(format!("{}: {problem}", app.name))?;
            }
        }
        Ok(report)
    }

    /// What the applications list by themselves is what is wanted.
    fn check_apps(&mut self) -> Result<()> {
        let listings = self.apps.listings()?;
        for (name, listing) in NAMES.iter().zip(&listings) {
            let compared = compare(&self.muster, name, listing)?;
            if compared.differences.is_empty() {
                self.out.line(format!(
                    "{name} itself lists {} accounts, {} of them active; all {} values are those wanted",
                    grouped(compared.listed as i128),
                    grouped(compared.active as i128),
                    grouped(compared.values as i128)
                ))?;
            }
            for difference in compared.differences {
                self.mismatch(difference)?;
            }
        }
        Ok(())
    }

    fn check_people(&mut self, people: &People, feed: usize) -> Result<()> {
        let (active, truth) = (people.active(), self.truth.get(feed).map(|t| t.active));
        self.expect(Some(active) == truth, || {
            format!(
                "{active} people are active after feed {}, {} in truth",
                feed + 1,
                truth.unwrap_or_default()
            )
        })?;
        let odd = people.out_of_step();
        let first = odd.first().copied().unwrap_or_default().to_owned();
        let n = odd.len();
        self.expect(n == 0, || format!("login and e-mail address differ of {n} people, such as {first}"))
    }

    /// Facilities do what the digest asked them to, so that what follows has something to change.
    fn hand_out(&mut self) -> Result<()> {
        let open: Vec<i64> = self.muster.tasks(&TaskFilter::default())?.iter().map(|t| t.key).collect();
        let done = self.muster.task_done(self.actor, &open)?;
        let told = count(done.done as u64, "task", "tasks");
        self.out.line(format!("{told} done by hand and recorded (muster task done)"))
    }

    /// One digest for the owner of the tasks that are new.
    fn digest(&mut self, known: &BTreeSet<i64>) -> Result<()> {
        let new: Vec<_> = self
            .muster
            .tasks(&TaskFilter::default())?
            .into_iter()
            .filter(|t| !known.contains(&t.key))
            .collect();
        let before = mails(&self.dir)?;
        let report = self.muster.notify()?;
        for failed in &report.failed {
            self.mismatch(format!("a mail couldn't be written: {failed}"))?;
        }
        let written: Vec<PathBuf> = mails(&self.dir)?.difference(&before).cloned().collect();
        self.expect(written.len() == 1 && !new.is_empty(), || {
            format!("{} mails for {} new tasks in place of one digest", written.len(), new.len())
        })?;
        let Some(mail) = written.first() else { return Ok(()) };
        let text = std::fs::read_to_string(mail)?;
        // Long lines are folded in transport.
        let unfolded = text.replace("=\r\n", "").replace("=\n", "");
        let missing: Vec<&str> =
            new.iter().map(|t| t.title.as_str()).filter(|t| !unfolded.contains(*t)).collect();
        let (n, first) = (missing.len(), missing.first().copied().unwrap_or_default().to_owned());
        self.expect(n == 0, || format!("the digest doesn't name {n} of its tasks, such as {first:?}"))?;
        self.out.line(format!(
            "{} by hand, one digest: {}",
            count(new.len() as u64, "task", "tasks"),
            output::shell(mail)
        ))?;
        let (head, body) = unfolded.split_once("\r\n\r\n").unwrap_or(("", unfolded.as_str()));
        let told = head.lines().filter(|l| l.starts_with("To:") || l.starts_with("Subject:"));
        let lines: Vec<&str> = told.chain([""]).chain(body.lines()).collect();
        for line in lines.iter().take(MAIL_LINES) {
            self.out.line(format!("  | {line}").trim_end())?;
        }
        if lines.len() > MAIL_LINES {
            self.out.line(format!("  | … {} more lines", lines.len() - MAIL_LINES))?;
        }
        Ok(())
    }
}

fn mails(dir: &Path) -> Result<BTreeSet<PathBuf>> {
    let folder = dir.join("mail");
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "eml") {
            found.insert(path);
        }
    }
    Ok(found)
}

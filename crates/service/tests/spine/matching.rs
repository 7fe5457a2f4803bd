//! Rows of new keys: whose they are, what is asked, and what becomes of the answers. Each story is told at several sizes
//! of chunks: how a plan is cut changes nothing.

use muster_engine::plan::Effect;
use muster_service::edit::{Attributes, MatchBulk, MatchDecision, Verdict};
use muster_service::look::MatchView;
use muster_service::plan::{MatchCounts, PlanReport, PlanStatus, Quiet};
use muster_service::tasks::{MATCHES, TaskFilter};
use muster_service::{ImportOptions, Muster, ServiceError};
use muster_store::people::{PersonRows, load_people};
use muster_store::{lookups, pending};

use crate::admin;

const ORG: &str = r#"
    [org]
    name = "Matching"
    admins = ["admin@x.example"]
    guard = { percent = 100, minimum = 100 }
    [attributes.employeeNumber]
    unique = true
    [attributes.birthDate]
    type = "date"
    [groups.Staff]
    [rules.Staff]
    when = 'user.employeeNumber != null'
    groups = ["Staff"]
"#;

/// A source of people; `settings` are those of its matching.
fn source(name: &str, priority: u32, settings: &str) -> String {
    format!(
        r#"
        [apps.{name}]
        kind = "csv"
        [apps.{name}.feed]
        key = "id"
        terminated = {{ column = "state", values = ["left"] }}
        [apps.{name}.feed.columns]
        id = "string"
        num = "string"
        first = "string"
        last = "string"
        mail = "string"
        born = "date"
        state = "string"
        [apps.{name}.source]
        priority = {priority}
        {settings}
        [apps.{name}.to_user]
        login = {{ expression = 'String.toLowerCase(appuser.last) + "@x.example"', taken = "counter", when = "create" }}
        email = 'appuser.mail != null ? appuser.mail : appuser.id + "@none.example"'
        firstName = 'appuser.first'
        lastName = 'appuser.last'
        employeeNumber = 'appuser.num'
        birthDate = 'appuser.born'
        "#
    )
}

const CHUNKS: [usize; 4] = [1, 2, 3, 2_000];

/// Exact on what the brief of a careful HR department would name.
const CAREFUL: &str = r#"
    match_on = ["employeeNumber"]
    match = [{ on = ["email"] }, { on = ["firstName", "lastName", "birthDate"] }]
    confirm = { partial = "ask" }
"#;

struct World {
    muster: Muster,
    _dir: tempfile::TempDir,
}

impl World {
    fn new(chunk: usize, settings: &str) -> Self {
        Self::of_two(chunk, settings, settings)
    }

    fn of_two(chunk: usize, hr: &str, ext: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let muster = Muster::open(dir.path(), true, Some("2027-01-01T00:00:00Z")).unwrap().with_chunk(chunk);
        let org = format!("{ORG}{}{}", source("hr", 1, hr), source("ext", 2, ext));
        muster.org_apply(&admin(), "org.toml", &org, ImportOptions::default(), &Quiet).unwrap();
        Self { muster, _dir: dir }
    }

    /// With three people of HR's.
    fn peopled(chunk: usize, settings: &str) -> Self {
        Self::new(chunk, settings).with_hr()
    }

    fn with_hr(self) -> Self {
        let world = self;
        let done = world.import("hr", &HR);
        assert_eq!((done.counts.tally.created, done.counts.matches), (3, MatchCounts::default()));
        world
    }

    /// Imports, and checks that the preview showed what came of it.
    fn import(&self, app: &str, rows: &[&str]) -> PlanReport {
        let text = format!("id,num,first,last,mail,born,state\n{}\n", rows.join("\n"));
        let import = |preview| {
            let options = ImportOptions { preview, force: true };
            self.muster.import(&admin(), app, "feed.csv", text.as_bytes(), options, &Quiet).unwrap()
        };
        let (shown, done) = (import(true), import(false));
        assert_eq!(done.status, PlanStatus::Applied, "{:?}", done.notes);
        assert_eq!(shown.counts, done.counts);
        assert_eq!(shown.notes.asked, done.notes.asked);
        assert_eq!(self.effects(&shown), self.effects(&done));
        done
    }

    fn effects(&self, of: &PlanReport) -> Vec<(String, Effect)> {
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let page = self.muster.plan_effects(of.plan.unwrap(), from).unwrap();
            all.extend(page.effects.into_iter().map(|(_, login, effect)| (login, effect)));
            match page.next {
                None => return all,
                next => from = next,
            }
        }
    }

    fn decide(&self, app: &str, key: &str, verdict: Verdict) -> Result<PlanReport, ServiceError> {
        let decision = MatchDecision { external_id: key.to_owned(), verdict };
        self.muster.matches_decide(&admin(), app, &[decision], ImportOptions::default())
    }

    fn undo(&self, of: &PlanReport) -> PlanReport {
        let options = ImportOptions { preview: false, force: true };
        let undone = self.muster.undo(&admin(), of.plan.unwrap(), options, &Quiet).unwrap();
        assert_eq!(
            (undone.status, undone.counts.changed_since),
            (PlanStatus::Applied, 0),
            "{:?}",
            undone.notes
        );
        undone
    }

    fn people(&self) -> Vec<PersonRows> {
        let all = |tx: &mut dyn muster_store::Tx| {
            let keys = lookups::user_keys_after(tx, i64::MIN, 1_000)?;
            load_people(tx, &keys)
        };
        self.muster.store().read(all).unwrap()
    }

    fn her(&self, login: &str) -> PersonRows {
        self.people().into_iter().find(|p| p.user.login.as_deref() == Some(login)).unwrap()
    }

    /// Her living records: source and key.
    fn records(&self, login: &str) -> Vec<String> {
        let config = self.muster.config().unwrap();
        let living = |r: &&muster_store::people::RecordRow| r.state == "LIVING";
        let name = |r: &muster_store::people::RecordRow| {
            format!("{} {}", config.app_name(muster_engine::AppKey(r.app_key)), r.external_id)
        };
        let mut all: Vec<String> = self.her(login).records.iter().filter(living).map(name).collect();
        all.sort();
        all
    }

    fn waiting(&self, app: &str) -> Vec<MatchView> {
        self.muster.matches(app, None, 100).unwrap().items
    }

    /// What waits, in short: key, kind, state, candidates.
    fn queue(&self, app: &str) -> Vec<String> {
        let short = |m: &MatchView| {
            let who: Vec<&str> = m.candidates.iter().map(|c| c.login.as_deref().unwrap_or("?")).collect();
            format!("{} {} {}: {}", m.external_id, m.kind, m.state, who.join(" "))
        };
        self.waiting(app).iter().map(short).collect()
    }

    fn tasks(&self) -> Vec<String> {
        let filter = TaskFilter { kind: Some(MATCHES.to_owned()), ..TaskFilter::default() };
        self.muster.tasks(&filter).unwrap().into_iter().map(|t| t.title).collect()
    }

    /// When the rows that wait were written, and by which plan.
    fn stamps(&self, app: &str) -> Vec<(String, i64, i64)> {
        let config = self.muster.config().unwrap();
        let key = self.muster.find_app(&config, app).unwrap();
        let rows = self.muster.store().read(|tx| pending::scan(tx, key.0, "", 100)).unwrap();
        rows.into_iter().map(|r| (r.external_id, r.since, r.plan)).collect()
    }
}

const HR: [&str; 3] = [
    "h1,100,Ann,Archer,ann@x.example,1980-05-03,",
    "h2,200,Bob,Müller,bob@x.example,1975-11-20,",
    "h3,300,Cleo,Stone,cleo@x.example,1990-02-01,",
];

#[test]
fn two_feeds_name_the_same_person_by_a_combination() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, CAREFUL);
        let done = world
            .import("ext", &["e1,,ann,ARCHER,,1980-05-03,", "e2,,Dora,Quill,dora@y.example,1999-09-09,"]);
        assert_eq!((done.counts.tally.created, done.counts.matches), (1, MatchCounts::default()));
        assert_eq!(world.records("archer@x.example"), ["ext e1", "hr h1"]);
        assert_eq!(world.records("quill@x.example"), ["ext e2"]);
        assert_eq!(world.queue("ext"), [""; 0]);
    }
}

#[test]
fn who_is_asked_for_by_an_exact_tier_waits_is_confirmed_and_linked() {
    for chunk in CHUNKS {
        let settings = CAREFUL.replace("partial = \"ask\"", "exact = \"ask\"");
        let world = World::peopled(chunk, &settings);
        let done = world.import("ext", &["e1,,Ann,Archer,other@y.example,1980-05-03,"]);
        assert_eq!(done.counts.tally.created, 0);
        assert_eq!(done.counts.matches, MatchCounts { exact: 1, ..MatchCounts::default() });
        assert_eq!(done.notes.asked[0].key, "e1");
        assert_eq!(world.queue("ext"), ["e1 EXACT OPEN: archer@x.example"]);
        assert_eq!(world.waiting("ext")[0].candidates[0].reasons[0], "same firstName, lastName, birthDate");
        assert_eq!(world.tasks(), ["1 row waits in ext to be confirmed"]);
        let confirmed = world.decide("ext", "e1", Verdict::Best).unwrap();
        assert_eq!(confirmed.counts.matches, MatchCounts { settled: 1, ..MatchCounts::default() });
        assert_eq!(world.records("archer@x.example"), ["ext e1", "hr h1"]);
        assert_eq!((world.queue("ext"), world.tasks()), (Vec::new(), Vec::new()));
        assert_eq!(world.people().len(), 3);
        let again = world.import("ext", &["e1,,Ann,Archer,other@y.example,1980-05-03,"]);
        assert_eq!(again.counts.feed.unwrap().unchanged, 1);
    }
}

#[test]
fn a_namesake_is_somebody_new_or_asked_about() {
    for chunk in CHUNKS {
        // Another birth date: another person. No birth date: nobody can tell.
        let rows = ["e1,,Ann,Archer,,1962-12-30,", "e2,,Ann,Archer,,,"];
        let world = World::peopled(chunk, CAREFUL);
        let done = world.import("ext", &rows);
        assert_eq!(done.counts.tally.created, 1);
        assert_eq!(world.records("archer2@x.example"), ["ext e1"]);
        assert_eq!(world.queue("ext"), ["e2 PARTIAL OPEN: archer@x.example"]);
        let created = world.decide("ext", "e2", Verdict::New).unwrap();
        assert_eq!(created.counts.tally.created, 1);
        assert_eq!(world.records("archer3@x.example"), ["ext e2"]);
        // Without looking for those it resembles she is simply new.
        let world = World::peopled(chunk, "match_on = [\"employeeNumber\"]");
        let done = world.import("ext", &["e2,,Ann,Archer,,,"]);
        assert_eq!((done.counts.tally.created, done.counts.matches), (1, MatchCounts::default()));
    }
}

#[test]
fn slips_of_the_pen_are_asked_about_and_never_linked() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, CAREFUL);
        let done = world.import(
            "ext",
            &[
                "e1,,Archer,Ann,,,",               // swapped
                "e2,,Bob,Mulller,,,",              // a letter too many, no accent
                "e3,,Celo,Stone,,,",               // letters changed places
                "e4,,Ann,Baker,,1980-05-03,",      // she has married
                "e5,,Quentin,Xavier,,1950-01-01,", // nobody
            ],
        );
        assert_eq!(done.counts.tally.created, 1);
        assert_eq!(done.counts.matches, MatchCounts { partial: 4, ..MatchCounts::default() });
        let expected = [
            "e1 PARTIAL OPEN: archer@x.example",
            "e2 PARTIAL OPEN: müller@x.example",
            "e3 PARTIAL OPEN: stone@x.example",
            "e4 PARTIAL OPEN: archer@x.example",
        ];
        assert_eq!(world.queue("ext"), expected);
        assert_eq!(world.tasks(), ["4 rows wait in ext to be confirmed"]);
        let undone = world.undo(&done);
        assert_eq!(undone.counts.matches.settled, 4);
        assert_eq!(
            (world.queue("ext"), world.tasks()),
            (Vec::new(), Vec::new()),
            "what an import asked goes with it"
        );
    }
}

#[test]
fn a_mail_address_that_was_used_before_by_somebody_else_is_asked_about() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, CAREFUL);
        let done = world.import("ext", &["e1,,Zoltan,Papp,ann@x.example,,"]);
        assert_eq!((done.counts.tally.created, done.counts.matches.exact), (0, 1));
        let waits = world.waiting("ext");
        assert_eq!(waits[0].candidates[0].reasons, ["same email, but another name", "same e-mail"]);
        assert_eq!(world.records("archer@x.example"), ["hr h1"]);
        // Confirming all that are exact doesn't take her for him.
        let bulk = |which| {
            world.muster.matches_decide_all(&admin(), "ext", which, ImportOptions::default()).unwrap()
        };
        assert_eq!(bulk(MatchBulk::Exact).plan, None);
        assert_eq!(world.queue("ext").len(), 1);
        assert_eq!(world.decide("ext", "e1", Verdict::New).unwrap().counts.tally.created, 1);
    }
}

#[test]
fn a_number_that_is_given_to_somebody_else_is_asked_about_unless_names_are_not_looked_at() {
    for chunk in CHUNKS {
        let row = ["e1,100,Zoltan,Papp,z@y.example,,"];
        let world = World::peopled(chunk, "match_on = [\"employeeNumber\"]");
        assert_eq!(world.import("ext", &row).counts.matches.exact, 1);
        assert_eq!(world.waiting("ext")[0].candidates[0].reasons, ["same employeeNumber, but another name"]);
        // Somebody else can't be created as long as the number is hers: the answer is refused, and the row goes on waiting.
        let refused = world.decide("ext", "e1", Verdict::New).unwrap_err().to_string();
        assert!(refused.contains("is taken by somebody else"), "{refused}");
        assert_eq!(world.queue("ext").len(), 1);
        let world =
            World::peopled(chunk, "match_on = [\"employeeNumber\"]\nconfirm = { check_names = false }");
        assert_eq!(world.import("ext", &row).counts.matches, MatchCounts::default());
        assert_eq!(world.records("archer@x.example"), ["ext e1", "hr h1"]);
    }
}

#[test]
fn several_people_of_one_address_are_never_linked() {
    for chunk in CHUNKS {
        let world = World::new(chunk, CAREFUL);
        world.import("hr", &["h1,1,Ann,Archer,team@x.example,,", "h2,2,Bob,Bird,team@x.example,,"]);
        let done = world.import("ext", &["e1,,Ann,Archer,team@x.example,,"]);
        assert_eq!((done.counts.tally.created, done.counts.matches.exact), (0, 1));
        assert_eq!(world.queue("ext"), ["e1 EXACT OPEN: archer@x.example bird@x.example"]);
        world.decide("ext", "e1", Verdict::Link("bird@x.example".to_owned())).unwrap();
        assert_eq!(world.records("bird@x.example"), ["ext e1", "hr h2"]);
    }
}

#[test]
fn rows_of_one_feed_are_never_each_others_match() {
    for chunk in CHUNKS {
        let world = World::new(chunk, CAREFUL);
        // Two namesakes of one birthday, and one who shares an address.
        let rows = [
            "h1,1,Ann,Archer,a@x.example,1980-05-03,",
            "h2,2,Ann,Archer,b@x.example,1980-05-03,",
            "h3,3,Ann,Archer,a@x.example,1980-05-03,",
        ];
        let done = world.import("hr", &rows);
        assert_eq!((done.counts.tally.created, done.counts.matches), (3, MatchCounts::default()));
        // One who is hers by one tier, and another who would be by another: the first has her.
        let done =
            world.import("ext", &["e1,1,Ann,Archer,,,", "e2,,Ann,Archer,,1980-05-03,", "e3,1,Ann,Archer,,,"]);
        assert_eq!(world.records("archer@x.example"), ["ext e1", "hr h1"]);
        assert_eq!((done.counts.matches.exact, done.counts.matches.partial), (1, 1));
        let expected = [
            "e2 EXACT OPEN: archer2@x.example archer3@x.example",
            "e3 PARTIAL OPEN: archer2@x.example archer3@x.example",
        ];
        assert_eq!(world.queue("ext"), expected);
    }
}

#[test]
fn the_next_feed_finds_what_waits_and_writes_only_what_changed() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, CAREFUL);
        let rows = ["e1,,Ann,Archer,,,", "e2,,Bob,Muller,,,", "e3,,Cleo,Stone,,,"];
        world.import("ext", &rows);
        let before = world.stamps("ext");
        let again = world.import("ext", &rows);
        assert_eq!(again.counts.matches, MatchCounts::default());
        let stats = again.counts.feed.unwrap();
        assert_eq!((stats.waiting, stats.new, stats.gone), (3, 0, 0));
        assert_eq!(world.stamps("ext"), before, "nothing is written");
        // The second says more, so that it is certain; the third is gone; the first has another line only.
        let done =
            world.import("ext", &["e0,,New,Comer,,,", "e1,,Ann,Archer,,,", "e2,,Bob,Muller,bob@x.example,,"]);
        assert_eq!(done.counts.matches, MatchCounts { settled: 2, ..MatchCounts::default() });
        assert_eq!(world.queue("ext"), ["e1 PARTIAL OPEN: archer@x.example"]);
        assert_eq!(world.records("müller@x.example"), ["ext e2", "hr h2"]);
        let left = world
            .import("ext", &["e0,,New,Comer,,,", "e1,,Ann,Archer,,,left", "e2,,Bob,Muller,bob@x.example,,"]);
        assert_eq!(left.counts.matches.settled, 1);
        assert_eq!(world.queue("ext"), [""; 0]);
        world.undo(&left);
        assert_eq!(world.queue("ext"), ["e1 PARTIAL OPEN: archer@x.example"]);
        world.undo(&done);
        assert_eq!(world.queue("ext").len(), 3);
        assert_eq!(world.stamps("ext"), before);
        assert_eq!(world.records("müller@x.example"), ["hr h2"]);
    }
}

#[test]
fn many_are_confirmed_at_once() {
    for chunk in CHUNKS {
        let asking = CAREFUL.replace("partial", "exact = \"ask\", new = \"ask\", partial");
        let world = World::of_two(chunk, CAREFUL, &asking).with_hr();
        let rows =
            ["e1,100,Ann,Archer,,,", "e2,,Bobb,Muller,,,", "e3,,Cleo,Stone,,1990-02-10,", "e4,,New,Comer,,,"];
        let done = world.import("ext", &rows);
        assert_eq!(
            done.counts.matches,
            MatchCounts { exact: 1, partial: 2, new: 1, ..MatchCounts::default() }
        );
        let all = |which, preview| {
            let options = ImportOptions { preview, force: false };
            world.muster.matches_decide_all(&admin(), "ext", which, options).unwrap()
        };
        let shown = all(MatchBulk::Exact, true);
        assert_eq!((shown.status, shown.counts.matches.settled), (PlanStatus::Planned, 1));
        assert_eq!(world.queue("ext").len(), 4, "a preview settles nothing");
        let exact = all(MatchBulk::Exact, false);
        assert_eq!(world.records("archer@x.example"), ["ext e1", "hr h1"]);
        let best = all(MatchBulk::Best(90), false);
        assert_eq!(best.counts.matches.settled, 2);
        let new = all(MatchBulk::New, false);
        assert_eq!((new.counts.tally.created, world.queue("ext").len()), (1, 0));
        for plan in [new, best, exact] {
            world.undo(&plan);
        }
        assert_eq!(world.queue("ext").len(), 4);
        assert_eq!(world.records("archer@x.example"), ["hr h1"]);
        assert_eq!(world.tasks(), ["4 rows wait in ext to be confirmed"]);
        // The row whose answer was taken back goes on waiting through imports, and can be answered again.
        world.import("ext", &rows);
        assert_eq!(world.queue("ext").len(), 4);
        let people = world.people().len();
        world.decide("ext", "e4", Verdict::New).unwrap();
        assert_eq!(world.people().len(), people, "she is whom it was created for before");
        assert_eq!(world.her("comer@x.example").user.status, "ACTIVE");
    }
}

#[test]
fn an_answer_that_was_taken_back_can_be_another_one() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, CAREFUL);
        let row = ["e1,,Ann,Archer,,,"];
        world.import("ext", &row);
        let created = world.decide("ext", "e1", Verdict::New).unwrap();
        world.undo(&created);
        let linked = world.decide("ext", "e1", Verdict::Link("archer@x.example".to_owned())).unwrap();
        assert_eq!(world.records("archer@x.example"), ["ext e1", "hr h1"]);
        assert_eq!(world.records("archer2@x.example"), [""; 0]);
        world.undo(&linked);
        assert_eq!(world.records("archer@x.example"), ["hr h1"]);
        assert_eq!(world.queue("ext"), ["e1 PARTIAL OPEN: archer@x.example"]);
    }
}

#[test]
fn an_ignored_row_stays_so_until_it_changes_or_somebody_asks_again() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, CAREFUL);
        let row = ["e1,,Ann,Archer,,,"];
        world.import("ext", &row);
        let ignored = world.decide("ext", "e1", Verdict::Ignore).unwrap();
        assert_eq!((ignored.counts.matches.ignored, world.tasks().len()), (1, 0));
        for _ in 0..2 {
            let again = world.import("ext", &row);
            assert_eq!(again.counts.matches, MatchCounts::default());
            assert_eq!(again.counts.feed.unwrap().ignored, 1);
            assert_eq!(world.queue("ext"), ["e1 PARTIAL IGNORED: archer@x.example"]);
        }
        world.decide("ext", "e1", Verdict::Reopen).unwrap();
        assert_eq!(world.queue("ext"), ["e1 PARTIAL OPEN: archer@x.example"]);
        let ignored = world.decide("ext", "e1", Verdict::Ignore).unwrap();
        world.undo(&ignored);
        assert_eq!(world.queue("ext"), ["e1 PARTIAL OPEN: archer@x.example"]);
        world.decide("ext", "e1", Verdict::Ignore).unwrap();
        world.import("ext", &["e1,,Anna,Archer,,,"]);
        assert_eq!(world.queue("ext"), ["e1 PARTIAL OPEN: archer@x.example"]);
    }
}

#[test]
fn a_decision_on_a_row_that_changed_meanwhile_is_refused() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, CAREFUL);
        world.import("ext", &["e1,,Ann,Archer,,,"]);
        let decision = [MatchDecision { external_id: "e1".to_owned(), verdict: Verdict::Best }];
        let shown = ImportOptions { preview: true, force: false };
        let shown = world.muster.matches_decide(&admin(), "ext", &decision, shown).unwrap();
        world.import("ext", &["e1,,Anna,Archer,,,"]);
        let refused = world.muster.apply_plan(&admin(), shown.plan.unwrap(), false, &Quiet).unwrap_err();
        assert!(matches!(refused, ServiceError::Premise(_)), "{refused}");
        assert_eq!(world.records("archer@x.example"), ["hr h1"]);
        let nobody = world.decide("ext", "e9", Verdict::New).unwrap_err().to_string();
        assert!(nobody.starts_with("no row \"e9\" of ext waits"), "{nobody}");
        world.decide("ext", "e1", Verdict::Best).unwrap();
        let second = world.import("ext", &["e1,,Anna,Archer,,,", "e2,,Ann,Archer,,,"]);
        assert_eq!(
            second.counts.tally.created, 1,
            "she has a record there that goes on: a namesake is somebody new"
        );
    }
}

#[test]
fn a_record_that_is_unlinked_does_not_come_back_by_itself() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, CAREFUL);
        let row = ["e1,100,Ann,Archer,,,"];
        world.import("ext", &row);
        assert_eq!(world.records("archer@x.example"), ["ext e1", "hr h1"]);
        let options = ImportOptions::default();
        let shown = ImportOptions { preview: true, force: false };
        let shown = world.muster.unlink(&admin(), "archer@x.example", "ext", None, shown).unwrap();
        assert_eq!((shown.status, world.queue("ext").len()), (PlanStatus::Planned, 0));
        let unlinked = world.muster.unlink(&admin(), "archer@x.example", "ext", None, options).unwrap();
        assert_eq!(unlinked.status, PlanStatus::Applied);
        assert_eq!(world.records("archer@x.example"), ["hr h1"]);
        assert_eq!((world.queue("ext"), world.tasks().len()), (vec!["e1 NEW OPEN: ".to_owned()], 1));
        let before = world.stamps("ext");
        for _ in 0..2 {
            let again = world.import("ext", &row);
            assert_eq!((again.counts.tally.changed, again.counts.matches), (0, MatchCounts::default()));
        }
        assert_eq!(world.stamps("ext"), before);
        // Her number is hers; once the row has another one it is somebody else, who still isn't created unasked.
        let again = world.import("ext", &["e1,900,Ann,Archer,,,"]);
        assert_eq!((again.counts.matches.new, again.counts.tally.created), (1, 0));
        let refused = world.muster.unlink(&admin(), "archer@x.example", "hr", None, options).unwrap_err();
        assert!(refused.to_string().contains("known by this record alone"), "{refused}");
        let created = world.decide("ext", "e1", Verdict::New).unwrap();
        assert_eq!(created.counts.tally.created, 1);
        assert_eq!(world.records("archer2@x.example"), ["ext e1"]);
        world.undo(&created);
        world.undo(&again);
        world.undo(&unlinked);
        assert_eq!(world.records("archer@x.example"), ["ext e1", "hr h1"], "undone, it is hers again");
        assert_eq!(world.queue("ext"), [""; 0]);
    }
}

#[test]
fn a_row_that_waits_is_no_absence_of_whom_it_names() {
    for chunk in CHUNKS {
        for key in ["h0", "h9"] {
            // Her key and her name are others ones from now on; that it is she is likely, and asked.
            let world = World::peopled(chunk, CAREFUL);
            let row = format!("{key},100,Zoltan,Papp,,,");
            let rows = [
                "h2,200,Bob,Müller,bob@x.example,1975-11-20,",
                "h3,300,Cleo,Stone,cleo@x.example,1990-02-01,",
                &row,
            ];
            for _ in 0..2 {
                let done = world.import("hr", &rows);
                assert_eq!(done.counts.tally.deactivated, 0);
            }
            assert_eq!(world.queue("hr"), [format!("{key} EXACT OPEN: archer@x.example")]);
            assert_eq!(world.her("archer@x.example").user.status, "ACTIVE");
            // Nobody she is: now she has left, and the next feed says so.
            world.decide("hr", key, Verdict::Ignore).unwrap();
            assert_eq!(world.import("hr", &rows).counts.tally.deactivated, 1);
            assert_eq!(world.her("archer@x.example").user.status, "DEPROVISIONED");
        }
    }
}

#[test]
fn sources_that_begin_to_look_for_others_find_those_who_were_there_before() {
    for chunk in CHUNKS {
        let world = World::peopled(chunk, "match_on = [\"employeeNumber\"]");
        let org = |settings: &str| format!("{ORG}{}{}", source("hr", 1, ""), source("ext", 2, settings));
        let apply = |settings: &str| {
            let applied = world.muster.org_apply(
                &admin(),
                "org.toml",
                &org(settings),
                ImportOptions::default(),
                &Quiet,
            );
            assert_eq!(applied.unwrap().report.status, PlanStatus::Applied);
        };
        let indexed = || {
            let count = |tx: &mut dyn muster_store::Tx| {
                let mut n = 0;
                let all = "SELECT user_key FROM user_value WHERE attribute >= '~'";
                tx.query(all, &[], &mut |_| {
                    n += 1;
                    Ok(())
                })?;
                Ok(n)
            };
            world.muster.store().read(count).unwrap()
        };
        assert_eq!(indexed(), 0);
        apply(CAREFUL);
        assert!(indexed() > 6, "{}", indexed());
        let done = world.import("ext", &["e1,,Cleo,Stone,,1990-02-01,", "e2,,Anne,Archer,,,"]);
        assert_eq!((done.counts.tally.created, done.counts.matches.partial), (0, 1));
        assert_eq!(world.records("stone@x.example"), ["ext e1", "hr h3"]);
        let mut attributes = Attributes::new();
        attributes.insert("title".to_owned(), "Boss".into());
        world
            .muster
            .user_update(&admin(), "archer@x.example", &attributes, ImportOptions::default())
            .unwrap();
        apply("");
        assert_eq!(indexed(), 0, "nobody looks for them any more");
    }
}

//! Mails against a real mail server: encrypted, signed in, refused, late, lost, down.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "who runs the tests must see what was skipped")]

use std::fmt::Write as _;

use muster_service::plan::Quiet;
use muster_service::tasks::{MAIL_FAILED, NotifyReport, TaskFilter};
use muster_service::{Actor, ImportOptions, Muster};
use muster_store::mail::{self, MailRow};
use muster_store::tasks::{NewTask, open_tasks};
use muster_testkit::{SinkTls, SmtpSink, SunkMail, free_port};

/// An org whose mails go to a sink.
struct World {
    dir: tempfile::TempDir,
    muster: Muster,
    sink: SmtpSink,
}

impl World {
    /// `None` if there is no sink. `settings` are those of `[org.mail]`, with `PORT`, `CA` and `PASSWORD` filled in.
    fn new(tls: SinkTls, login: Option<(&str, &str)>, settings: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let Some(sink) = SmtpSink::start(&dir.path().join("sink"), tls, login).unwrap() else {
            println!("skipped: MUSTER_TEST_SMTP_PYTHON isn't set");
            return None;
        };
        let muster = Muster::open(&dir.path().join("data"), true, None).unwrap();
        let world = Self { dir, muster, sink };
        world.settings(settings, world.sink.port);
        Some(world)
    }

    fn settings(&self, settings: &str, port: u16) {
        let password = self.dir.path().join("password");
        std::fs::write(&password, "geheim").unwrap();
        let settings = settings
            .replace("PORT", &port.to_string())
            .replace("CA", &self.sink.authority().display().to_string())
            .replace("PASSWORD", &format!("file:{}", password.display()));
        let text = format!(
            "[org]\nname = \"Acme\"\n[org.mail]\nfrom = \"Muster <muster@acme.example>\"\n{settings}"
        );
        let options = ImportOptions::default();
        self.muster.org_apply(&Actor::operator("test"), "org.toml", &text, options, &Quiet).unwrap();
    }

    /// Opens a task for each of these people and tells them.
    fn tell(&self, people: &[&str]) -> NotifyReport {
        let task = |person: &&str| NewTask {
            kind: "test".to_owned(),
            dedupe: format!("test/{person}"),
            title: format!("Something for {person}"),
            body: "{}".to_owned(),
            owner: Some((*person).to_owned()),
            ..NewTask::default()
        };
        let tasks: Vec<NewTask> = people.iter().map(task).collect();
        self.muster.store().write(|tx| open_tasks(tx, &tasks)).unwrap();
        self.muster.notify().unwrap()
    }

    fn mails(&self) -> Vec<SunkMail> {
        self.sink.mails().unwrap()
    }

    fn rows(&self) -> Vec<MailRow> {
        self.muster.store().read(|tx| mail::mails_before(tx, i64::MAX, 100)).unwrap()
    }

    fn undeliverable(&self) -> Vec<String> {
        let filter = TaskFilter { kind: Some(MAIL_FAILED.to_owned()), ..TaskFilter::default() };
        self.muster.tasks(&filter).unwrap().into_iter().map(|task| task.title).collect()
    }
}

fn message_id(mail: &SunkMail) -> &str {
    mail.text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap()
}

const PLAIN: &str = "smtp = \"smtp://127.0.0.1:PORT\"";

#[test]
fn each_recipient_gets_one_mail_once() {
    let Some(world) = World::new(SinkTls::None, None, PLAIN) else { return };
    let report = world.tell(&["ann@acme.example", "Bo <bo@acme.example>"]);
    assert_eq!((report.mails, report.tasks, report.waiting), (2, 2, 0), "{report:?}");
    assert_eq!(report.to, format!("127.0.0.1:{}", world.sink.port));
    let mut mails = world.mails();
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    assert_eq!(mails[0].to, ["ann@acme.example"]);
    assert_eq!(mails[1].to, ["bo@acme.example"]);
    assert!(mails[0].text.contains("Something for ann@acme.example"), "{}", mails[0].text);
    assert!(mails[0].text.contains("Subject: Acme: 1 new task"), "{}", mails[0].text);
    assert!(
        message_id(&mails[0]).ends_with("@acme.example>") && message_id(&mails[0]) != message_id(&mails[1])
    );
    assert_eq!(world.muster.notify().unwrap().mails, 0);
    assert_eq!(world.mails().len(), 2);
    assert!(!world.muster.dir().join("mail").exists(), "no files where there is a server");
}

#[test]
fn encrypted_and_signed_in() {
    for (tls, scheme) in [(SinkTls::StartTls, "smtp"), (SinkTls::Implicit, "smtps")] {
        let login = ("muster@acme.example", "geheim");
        let mut settings = String::new();
        writeln!(settings, "smtp = \"{scheme}://{}@127.0.0.1:PORT\"", login.0).unwrap();
        writeln!(settings, "password = \"PASSWORD\"\ntls = \"required\"\nca = \"CA\"").unwrap();
        let Some(world) = World::new(tls, Some(login), &settings) else { return };
        let report = world.tell(&["ann@acme.example"]);
        assert_eq!(report.mails, 1, "{report:?}");
        let mail = world.mails().remove(0);
        assert!(mail.encrypted);
        assert_eq!(mail.user.as_deref(), Some(login.0));
        // Whose certificate nobody vouches for gets nothing.
        world.settings(&settings.replace("ca = \"CA\"", ""), world.sink.port);
        let report = world.tell(&["bo@acme.example"]);
        assert_eq!((report.mails, report.failed.len(), report.waiting), (0, 1, 1), "{report:?}");
        assert!(report.failed[0].contains("can't be used"), "{report:?}");
    }
}

#[test]
fn what_asks_for_encryption_is_told_nothing_in_the_clear() {
    let settings = format!("{PLAIN}\ntls = \"required\"");
    let Some(world) = World::new(SinkTls::None, None, &settings) else { return };
    let report = world.tell(&["ann@acme.example"]);
    assert_eq!((report.mails, report.waiting), (0, 1), "{report:?}");
    assert!(world.mails().is_empty());
}

#[test]
fn a_wrong_password_holds_all_mails_and_gives_none_up() {
    let settings = "smtp = \"smtp://muster@127.0.0.1:PORT\"\npassword = \"PASSWORD\"";
    let Some(world) = World::new(SinkTls::None, Some(("muster", "other")), settings) else { return };
    let report = world.tell(&["ann@acme.example", "bo@acme.example"]);
    assert_eq!((report.mails, report.waiting), (0, 2), "{report:?}");
    let told = report.failed.join("\n");
    assert!(told.contains("535") && told.contains("mail.password") && !told.contains("geheim"), "{told}");
    assert_eq!(world.undeliverable(), [""; 0]);
}

#[test]
fn a_refused_recipient_holds_up_nobody_and_becomes_a_task() {
    let Some(world) = World::new(SinkTls::None, None, PLAIN) else { return };
    let report = world.tell(&["refused@acme.example", "nobody", "zoe@acme.example"]);
    assert_eq!((report.mails, report.failed.len(), report.waiting), (1, 2, 0), "{report:?}");
    let told = report.failed.join("\n");
    assert!(
        told.contains("550") && told.contains("no such mailbox") && told.contains("\"nobody\""),
        "{told}"
    );
    assert_eq!(world.mails()[0].to, ["zoe@acme.example"]);
    assert_eq!(world.undeliverable().len(), 2, "{:?}", world.undeliverable());
    let report = world.muster.notify().unwrap();
    assert_eq!(report.failed, [""; 0], "given up");
}

#[test]
fn what_is_refused_for_now_is_sent_later_under_the_same_id() {
    let Some(world) = World::new(SinkTls::None, None, PLAIN) else { return };
    let report = world.tell(&["busy-2@acme.example", "zoe@acme.example"]);
    assert_eq!((report.mails, report.failed.len(), report.waiting), (1, 1, 1), "{report:?}");
    assert!(report.failed[0].contains("451") && report.failed[0].contains("come again"), "{report:?}");
    // Not at once by itself: its time is noted.
    assert_eq!(world.muster.notify().unwrap().failed, [""; 0]);
    let waiting = world.rows().into_iter().find(|row| row.sent.is_none()).unwrap();
    let wait = waiting.next_attempt.unwrap() - muster_service::clock::machine_now();
    assert!(waiting.attempts == 1 && (1..=60_000).contains(&wait), "{waiting:?}");
    // By hand at once.
    assert_eq!(world.muster.notify_now().unwrap().waiting, 1);
    let report = world.muster.notify_now().unwrap();
    assert_eq!((report.mails, report.waiting), (1, 0), "{report:?}");
    assert_eq!(world.mails().len(), 2);
}

#[test]
fn a_mail_whose_answer_was_lost_goes_out_again_as_the_same() {
    let Some(world) = World::new(SinkTls::None, None, PLAIN) else { return };
    let report = world.tell(&["lost-1@acme.example"]);
    assert_eq!((report.mails, report.waiting), (0, 1), "{report:?}");
    assert_eq!(world.muster.notify_now().unwrap().mails, 1);
    let mails = world.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(message_id(&mails[0]), message_id(&mails[1]));
}

#[test]
fn while_the_server_is_down_mails_wait() {
    let Some(world) = World::new(SinkTls::None, None, PLAIN) else { return };
    world.settings(PLAIN, free_port().unwrap());
    let report = world.tell(&["ann@acme.example", "bo@acme.example"]);
    assert_eq!((report.mails, report.failed.len(), report.waiting), (0, 1, 2), "{report:?}");
    assert!(report.failed[0].contains("can't be used"), "{report:?}");
    // Nobody knocks again before the time they wait.
    assert_eq!(world.muster.notify().unwrap().failed, [""; 0]);
    world.settings(PLAIN, world.sink.port);
    let report = world.muster.notify_now().unwrap();
    assert_eq!((report.mails, report.waiting), (2, 0), "{report:?}");
    assert_eq!(world.mails().len(), 2);
}

#[test]
fn two_processes_send_each_mail_once() {
    let Some(world) = World::new(SinkTls::None, None, PLAIN) else { return };
    let people: Vec<String> = (0..20).map(|n| format!("p{n}@acme.example")).collect();
    let other = Muster::open(world.muster.dir(), false, None).unwrap();
    let tasks: Vec<&str> = people.iter().map(String::as_str).collect();
    let sent: usize = std::thread::scope(|scope| {
        let first = scope.spawn(|| world.tell(&tasks).mails);
        let second = scope.spawn(|| {
            let mut sent = 0;
            while world.rows().is_empty() {
                std::thread::yield_now();
            }
            while other.store().read(|tx| mail::due(tx, 20, muster_service::clock::machine_now())).unwrap()
                > 0
            {
                sent += other.notify().unwrap().mails;
            }
            sent
        });
        first.join().unwrap() + second.join().unwrap()
    });
    assert_eq!(sent, 20);
    let mut to: Vec<String> = world.mails().into_iter().flat_map(|mail| mail.to).collect();
    to.sort();
    to.dedup();
    assert_eq!((to.len(), world.mails().len()), (20, 20));
}

use muster_engine::outbound::AccountState::{Active, Inactive};
use muster_service::Actor;
use muster_service::tasks::{DEPROVISION, PROVISION, Task, TaskFilter, UPDATE};

use crate::support::Org;

fn open(org: &Org) -> Vec<Task> {
    org.muster.tasks(&TaskFilter::default()).unwrap()
}

fn mails(org: &Org) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(org.data().join("mail")) else { return Vec::new() };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let bytes = std::fs::read(file).unwrap();
            let message = mail_parser::MessageParser::default().parse(&bytes).unwrap();
            let to: Vec<_> = message.to().unwrap().iter().filter_map(|one| one.address()).collect();
            format!("{}\n{}\n{}", to.join(","), message.subject().unwrap(), message.body_text(0).unwrap())
        })
        .collect()
}

#[test]
fn changes_become_tasks_and_tasks_become_what_is_known() {
    let org = Org::new();
    let actor = Actor::operator("ann");
    let app = org.manual("travel", "desk@example.org");
    org.want(app, 1..=3, Active, "x");
    let report = org.sync();
    assert_eq!(
        (report.total().by_hand, report.total().failed, report.total().in_line),
        (3, 0, 0),
        "{report:?}"
    );
    let tasks = open(&org);
    assert_eq!(tasks.len(), 3);
    assert_eq!((tasks[0].kind.as_str(), tasks[0].owner.as_deref()), (PROVISION, Some("desk@example.org")));
    assert!(tasks[0].title.contains("First1 Last1"), "{}", tasks[0].title);
    assert!(tasks[0].what().contains("title: x"), "{}", tasks[0].what());
    assert!(tasks[0].due.unwrap().0 - tasks[0].created.0 == 7 * 86_400_000);
    // Nothing changes by looking again.
    org.sync();
    assert_eq!(open(&org), tasks);
    let keys: Vec<i64> = tasks.iter().map(|task| task.key).collect();
    assert_eq!(org.muster.task_done(&actor, &keys).unwrap().done, 3);
    assert_eq!(org.muster.task_done(&actor, &keys).unwrap().already, 3);
    assert_eq!(org.sync().total().in_line, 3);
    let pushed: Vec<_> = org
        .log()
        .into_iter()
        .filter(|event| event["eventType"] == "application.provision.user.push")
        .collect();
    assert_eq!((pushed.len(), pushed[0]["actor"].as_str()), (3, Some("ann")));
    // A change says from what to what; leaving is a task of its own.
    org.want(app, [1], Active, "y");
    org.want(app, [2], Inactive, "x");
    org.sync();
    let tasks = open(&org);
    assert_eq!(tasks.iter().map(|task| task.kind.as_str()).collect::<Vec<_>>(), [DEPROVISION, UPDATE]);
    assert!(tasks[1].what().contains("title: x → y"), "{}", tasks[1].what());
    assert!(!tasks[1].what().contains("Last1"), "{}", tasks[1].what());
    // What is wished back before anybody acted is no work any more.
    org.want(app, [1], Active, "x");
    org.sync();
    assert_eq!(open(&org).len(), 1);
}

#[test]
fn a_task_that_was_overtaken_does_not_mark_the_newer_wish_done() {
    let org = Org::new();
    let actor = Actor::operator("ann");
    let app = org.manual("travel", "desk@example.org");
    org.want(app, [1], Active, "x");
    org.sync();
    let first = open(&org);
    org.want(app, [1], Active, "y");
    let done = org.muster.task_done(&actor, &[first[0].key]).unwrap();
    assert_eq!((done.done, done.overtaken), (1, 1));
    let rest = open(&org);
    assert_eq!((rest.len(), rest[0].kind.as_str()), (1, UPDATE));
    assert!(rest[0].what().contains("title: x → y"), "{}", rest[0].what());
    org.muster.task_done(&actor, &[rest[0].key]).unwrap();
    assert!(open(&org).is_empty());
    assert_eq!(org.sync().total().in_line, 1);
}

#[test]
fn each_owner_gets_one_mail_and_none_twice() {
    let org = Org::new();
    org.admins(&["admin@example.org", "Second <second@example.org>"]);
    let travel = org.manual("travel", "desk@example.org");
    let desk = org.manual("desks", "desk@example.org");
    let keys = org.manual("keys", "");
    org.want(travel, 1..=3, Active, "x");
    org.want(desk, 1..=2, Active, "x");
    org.want(keys, [1], Active, "x");
    org.sync();
    let report = org.muster.notify().unwrap();
    assert_eq!((report.mails, report.tasks, report.without_owner), (3, 6, 0), "{report:?}");
    assert_eq!(org.muster.notify().unwrap().mails, 0);
    let mails = mails(&org);
    assert_eq!(mails.len(), 3);
    let desk = mails.iter().find(|mail| mail.starts_with("desk@example.org\n")).unwrap();
    assert!(desk.contains("travel: 3 accounts to create or enable by hand"), "{desk}");
    assert!(desk.contains("desks: 2 accounts"), "{desk}");
    assert!(desk.contains("Create an account for First2 Last2 (user00002@example.org) in travel"), "{desk}");
    assert!(desk.contains("title: x") && desk.contains(", due "), "{desk}");
    for admin in ["admin@example.org\n", "second@example.org\n"] {
        assert!(mails.iter().any(|mail| mail.starts_with(admin)), "{mails:?}");
    }
}

#[test]
fn who_was_told_is_told_when_it_changes() {
    let org = Org::new();
    let app = org.manual("travel", "desk@example.org");
    org.want(app, 1..=2, Active, "x");
    org.sync();
    org.muster.notify().unwrap();
    let told: Vec<i64> = open(&org).iter().map(|task| task.key).collect();
    // One changes; one isn't wanted any more, though somebody may have made it already.
    org.want(app, [1], Active, "y");
    org.want(app, [2], Inactive, "x");
    org.sync();
    let tasks = open(&org);
    assert_eq!(tasks.len(), 2);
    assert!(tasks.iter().all(|task| !told.contains(&task.key) && task.notified.is_none()), "{tasks:?}");
    let gone = tasks.iter().find(|task| task.kind == DEPROVISION).unwrap();
    assert!(gone.what().contains("if you have made it, remove it"), "{}", gone.what());
    assert_eq!(org.muster.notify().unwrap().tasks, 2);
    org.muster.task_done(&Actor::operator("ann"), &[gone.key]).unwrap();
    assert_eq!(open(&org).len(), 1);
}

#[test]
fn a_long_digest_says_how_many_more_there_are() {
    let org = Org::new();
    let app = org.manual("travel", "desk@example.org");
    org.want(app, 1..=700, Active, "x");
    org.sync();
    assert_eq!(org.muster.notify().unwrap().tasks, 700);
    let mails = mails(&org);
    let lines: Vec<_> = mails[0].lines().collect();
    assert!(lines.len() < 520, "{}", lines.len());
    assert!(lines.iter().any(|line| line.starts_with("and ") && line.ends_with(" more: muster tasks")));
}

#[test]
fn without_anybody_to_tell_tasks_wait() {
    let org = Org::new();
    let app = org.manual("keys", "");
    org.want(app, [1], Active, "x");
    org.sync();
    assert_eq!(org.muster.notify().unwrap().without_owner, 1);
    org.admins(&["admin@example.org"]);
    assert_eq!(org.muster.notify().unwrap().tasks, 1);
}

#[test]
fn a_mail_that_could_not_be_written_is_written_once_later() {
    let org = Org::new();
    let app = org.manual("travel", "desk@example.org");
    org.want(app, [1], Active, "x");
    org.sync();
    // A file where the folder should be.
    let folder = org.data().join("mail");
    std::fs::write(&folder, "").unwrap();
    let report = org.muster.notify().unwrap();
    assert_eq!((report.mails, report.tasks, report.failed.len()), (0, 1, 1), "{report:?}");
    std::fs::remove_file(&folder).unwrap();
    let report = org.muster.notify().unwrap();
    assert_eq!((report.mails, report.tasks), (1, 0), "{report:?}");
    assert_eq!(org.muster.notify().unwrap().mails, 0);
    assert_eq!(mails(&org).len(), 1);
}

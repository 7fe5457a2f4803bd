//! Mails as files, read back by another program's parser.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use mail_parser::{Address, MessageParser};
use muster_service::mail::{Mail, MailError, MailFolder};
use proptest::prelude::*;

fn mail() -> Mail {
    Mail {
        id: 17,
        to: vec!["Ann Müller <ann@example.org>".into(), "bo@example.org".into()],
        subject: "Plan 3 is held: 900 people would be deactivated".into(),
        text: "Plan 3 is held.\n\nIt would deactivate 900 people – among them Zoë.\n.\nFrom here on: muster plan 3\n".into(),
        date: "1992-04-01T08:00:00Z".parse().unwrap(),
        message_id: "plan-3.17@muster.example.org".into(),
    }
}

fn addresses(address: Option<&Address<'_>>) -> Vec<(Option<String>, String)> {
    let all = address.into_iter().flat_map(Address::iter);
    all.map(|one| (one.name().map(str::to_owned), one.address().unwrap_or_default().to_owned())).collect()
}

#[test]
fn what_is_written_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let folder =
        MailFolder::new(dir.path().join("mail")).from_sender("Muster of Example <muster@example.org>");
    let path = folder.write(&mail()).unwrap();
    assert_eq!(path.file_name().unwrap(), "17-plan-3-is-held-900-people-would-be-deactivated.eml");

    let bytes = fs::read(&path).unwrap();
    let read = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(addresses(read.from()), [(Some("Muster of Example".into()), "muster@example.org".into())]);
    assert_eq!(
        addresses(read.to()),
        [(Some("Ann Müller".into()), "ann@example.org".into()), (None, "bo@example.org".into()),]
    );
    assert_eq!(read.subject(), Some(mail().subject.as_str()));
    assert_eq!(read.message_id(), Some("plan-3.17@muster.example.org"));
    assert_eq!(read.date().unwrap().to_timestamp(), mail().date.as_second());
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), mail().text.trim_end());
}

#[test]
fn the_same_mail_is_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let folder = MailFolder::new(dir.path());
    let first = folder.write(&mail()).unwrap();
    let before = fs::read(&first).unwrap();
    assert_eq!(folder.write(&mail()).unwrap(), first);
    assert_eq!(fs::read(&first).unwrap(), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn names_of_files_are_harmless() {
    let dir = tempfile::tempdir().unwrap();
    let folder = MailFolder::new(dir.path());
    for (subject, name) in [
        ("../../etc/passwd", "17-etc-passwd.eml"),
        ("", "17-mail.eml"),
        ("日本語", "17-mail.eml"),
        ("  Ünïcode & more!  ", "17-n-code-more.eml"),
        (&"long ".repeat(50), "17-long-long-long-long-long-long-long-long-long-long.eml"),
    ] {
        let path = folder.write(&Mail { subject: subject.to_owned(), ..mail() }).unwrap();
        assert_eq!(path, dir.path().join(name), "{subject}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = MailFolder::new(dir.path());
    let refused = |mail: Mail| folder.write(&mail).unwrap_err();
    assert!(matches!(refused(Mail { to: vec![], ..mail() }), MailError::NoRecipient(17)));
    for address in ["", "nobody", "a@b\r\nBcc: evil@example.org", "a@b, c@d", "<a@b> <c@d>"] {
        let error = refused(Mail { to: vec![address.into()], ..mail() });
        assert!(matches!(&error, MailError::Address { .. }), "{address}: {error}");
    }
    for id in ["", "plain", "a@b\r\nBcc: evil@example.org", "a b@c", "a@b@c", "@c", "a@"] {
        let error = refused(Mail { message_id: id.into(), ..mail() });
        assert!(matches!(&error, MailError::MessageId { .. }), "{id}: {error}");
    }
    let early = refused(Mail { date: "1969-12-31T23:59:59Z".parse().unwrap(), ..mail() }).to_string();
    assert_eq!(early, "mail 17 can't be put together: 1969-12-31T23:59:59Z is no date for a mail");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let nowhere = MailFolder::new("/proc/nowhere").write(&mail()).unwrap_err().to_string();
    assert!(nowhere.starts_with("mail can't be written to /proc/nowhere: "), "{nowhere}");
}

proptest! {
    #[test]
    fn no_text_gets_into_the_headers(subject in "(\\PC|[\r\n:]|Bcc: x){0,80}", text in "(\\PC|[\r\n.:]|Bcc: x){0,300}") {
        let dir = tempfile::tempdir().unwrap();
        let path = MailFolder::new(dir.path()).write(&Mail { subject, text, ..mail() }).unwrap();
        let bytes = fs::read(&path).unwrap();
        let read = MessageParser::default().parse(&bytes).unwrap();
        prop_assert_eq!(read.to().map_or(0, |to| to.iter().count()), 2);
        prop_assert!(read.bcc().is_none());
        let names: Vec<&str> = read.headers().iter().map(mail_parser::Header::name).collect();
        let known = ["From", "Date", "Message-ID", "Subject", "To", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
        prop_assert!(names.iter().all(|name| known.iter().any(|known| known.eq_ignore_ascii_case(name))), "{:?}", names);
    }
}

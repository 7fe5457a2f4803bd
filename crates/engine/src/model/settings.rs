//! What the org decides about its mail and about how long things are kept.

use serde::{Deserialize, Serialize};

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// Always, but to a server on this machine.
    #[default]
    Auto,
    /// Always.
    Required,
    /// Never (but `smtps` is encrypted in any case).
    None,
}

/// How mails leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// The server (`smtps://user@host:465`, `smtp://host:587`); empty: mails are files in the data directory.
    pub smtp: String,
    /// The password, by reference: `env:NAME` or `file:PATH`.
    pub password: String,
    /// Who mails come from.
    pub from: String,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// A file with the certificate (PEM) that the server's is signed by, where it isn't a public one.
    pub ca: String,
    /// How many minutes lie between two digests.
    pub digest_minutes: u32,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            smtp: String::new(),
            password: String::new(),
            from: String::new(),
            tls: MailTls::Auto,
            ca: String::new(),
            digest_minutes: 15,
        }
    }
}

/// Where a mail server is and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who signs in, if anybody does.
    pub user: Option<String>,
    /// The connection is encrypted from the first byte.
    pub implicit_tls: bool,
    /// The connection is encrypted by STARTTLS before anything else is said.
    pub start_tls: bool,
}

impl MailSettings {
    /// The server that mails are sent by; `None`: they are written into a folder.
    ///
    /// # Errors
    /// What is wrong with the settings, and what to do.
    pub fn server(&self) -> Result<Option<SmtpServer>, String> {
        if self.smtp.is_empty() {
            return Ok(None);
        }
        let wrong = |what: &str| {
            format!(
                "mail.smtp: {what}; write \"smtps://user@host:465\" or \"smtp://user@host:587\", without the user \
                 where the server asks for none"
            )
        };
        let (implicit_tls, rest) = match self.smtp.split_once("://") {
            Some(("smtps", rest)) => (true, rest),
            Some(("smtp", rest)) => (false, rest),
            _ => return Err(wrong("it is no address of a mail server")),
        };
        // User names are often mail addresses: what follows the last @ is the host.
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => {
                (Some(decoded(user).ok_or_else(|| wrong("the user can't be read"))?), place)
            }
            None => (None, rest),
        };
        if user.as_ref().is_some_and(|user| user.contains(':')) {
            return Err(wrong("a password isn't written here but given by reference as mail.password"));
        }
        if user.as_ref().is_some_and(String::is_empty) {
            return Err(wrong("the user is empty"));
        }
        let place = place.trim_end_matches('/');
        let (host, port) = match place.rsplit_once(':') {
            // An IPv6 address has colons of its own, within brackets.
            Some((host, port)) if !port.contains(']') => (
                host,
                Some(
                    port.parse::<u16>()
                        .ok()
                        .filter(|p| *p > 0)
                        .ok_or_else(|| wrong("the port is no number from 1 to 65535"))?,
                ),
            ),
            _ => (place, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() || host.contains(['/', '?', ' ']) {
            return Err(wrong("the host can't be read"));
        }
        if user.is_some() && self.password.is_empty() {
            return Err("mail.password is missing: give the user's password by reference, such as \
                        \"file:/etc/muster/smtp-password\""
                .to_owned());
        }
        if user.is_none() && !self.password.is_empty() {
            return Err(wrong("there is a password and no user"));
        }
        if self.from.is_empty() {
            return Err(
                "mail.from is missing: say who mails come from, such as \"Muster <muster@example.org>\""
                    .to_owned(),
            );
        }
        let start_tls = !implicit_tls
            && match self.tls {
                MailTls::Required => true,
                MailTls::None => false,
                MailTls::Auto => !is_loopback(&host),
            };
        let port = port.unwrap_or(if implicit_tls { 465 } else { 587 });
        Ok(Some(SmtpServer { host, port, user, implicit_tls, start_tls }))
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A text whose `%40` and the like stand for other characters.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// How many days things are kept that nothing depends on any more; 0 keeps them for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Events of the log.
    pub log: u32,
    /// What an applied plan changed, by which it can be undone.
    pub undo: u32,
    /// Plans that were never applied.
    pub plans: u32,
    /// The content of feeds.
    pub feeds: u32,
    /// Tasks that are done.
    pub tasks: u32,
    /// Mails that were sent, or given up.
    pub mail: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { log: 90, undo: 90, plans: 30, feeds: 90, tasks: 365, mail: 30 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(smtp: &str) -> MailSettings {
        let password = if smtp.contains('@') { "env:SMTP_PASSWORD" } else { "" };
        MailSettings {
            smtp: smtp.to_owned(),
            password: password.to_owned(),
            from: "muster@example.org".to_owned(),
            ..MailSettings::default()
        }
    }

    fn server(smtp: &str) -> SmtpServer {
        settings(smtp).server().unwrap().unwrap()
    }

    #[test]
    fn addresses_of_servers_are_read() {
        let smtp = |host: &str, port, user: Option<&str>, implicit_tls, start_tls| SmtpServer {
            host: host.to_owned(),
            port,
            user: user.map(str::to_owned),
            implicit_tls,
            start_tls,
        };
        assert_eq!(server("smtps://mail.example.org"), smtp("mail.example.org", 465, None, true, false));
        assert_eq!(server("smtp://a@b.c@mail:2525/"), smtp("mail", 2525, Some("a@b.c"), false, true));
        assert_eq!(server("smtp://a%40b.c@mail"), smtp("mail", 587, Some("a@b.c"), false, true));
        assert_eq!(server("smtp://[::1]:25"), smtp("::1", 25, None, false, false));
        assert_eq!(server("smtp://127.0.0.1"), smtp("127.0.0.1", 587, None, false, false));
        assert_eq!(MailSettings::default().server(), Ok(None));
        let required = MailSettings { tls: MailTls::Required, ..settings("smtp://localhost") };
        assert!(required.server().unwrap().unwrap().start_tls);
        let plain = MailSettings { tls: MailTls::None, ..settings("smtp://mail") };
        assert!(!plain.server().unwrap().unwrap().start_tls);
    }

    #[test]
    fn mistakes_are_told() {
        for (smtp, told) in [
            ("mail.example.org", "no address"),
            ("http://mail", "no address"),
            ("smtp://", "host"),
            ("smtp://mail:x", "port"),
            ("smtp://mail:0", "port"),
            ("smtp://a:secret@mail", "by reference"),
            ("smtp://@mail", "user is empty"),
            ("smtp://%4@mail", "user can't be read"),
        ] {
            let error = settings(smtp).server().unwrap_err();
            assert!(error.contains(told), "{smtp}: {error}");
        }
        let unsaid = MailSettings { from: String::new(), ..settings("smtp://mail") };
        assert!(unsaid.server().unwrap_err().contains("mail.from"));
        let open = MailSettings { password: String::new(), ..settings("smtp://a@mail") };
        assert!(open.server().unwrap_err().contains("mail.password"));
    }
}

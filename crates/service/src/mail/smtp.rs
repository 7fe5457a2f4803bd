//! Sends mails to a mail server.

use std::path::PathBuf;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{SmtpTransport, Transport as _};
use muster_engine::MailSettings;
use secrecy::ExposeSecret as _;

use super::{Mail, MailError, message};
use crate::vault::{self, VaultError};

/// How long the server may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Why a mail couldn't be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// The settings can't be used.
    #[error("{0}")]
    Settings(String),
    /// The password can't be had.
    #[error("mail.password: {0}")]
    Password(VaultError),
    /// The certificate of the authority can't be used.
    #[error("mail.ca: the certificate {} can't be used: {reason}", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The mail itself can't be put together.
    #[error(transparent)]
    Mail(MailError),
    /// Nothing can be sent: the server can't be reached, isn't trusted, or lets us not in.
    #[error("the mail server {server} can't be used: {reason}; see mail.smtp, mail.tls and mail.password")]
    Server {
        /// The server.
        server: String,
        /// Why.
        reason: String,
    },
    /// The server doesn't take this mail now.
    #[error("the mail server {server} doesn't take it now: {reason}")]
    Later {
        /// The server.
        server: String,
        /// Its words.
        reason: String,
    },
    /// The server refuses this mail for good.
    #[error("the mail server {server} refuses it: {reason}")]
    Refused {
        /// The server.
        server: String,
        /// Its words.
        reason: String,
    },
}

/// A mail server to send by. Its connection is kept between mails.
pub struct SmtpSender {
    transport: SmtpTransport,
    server: String,
    sender: String,
}

impl std::fmt::Debug for SmtpSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpSender").field("server", &self.server).finish_non_exhaustive()
    }
}

impl SmtpSender {
    /// The server of the settings, without speaking to it; `None` if they name none.
    ///
    /// # Errors
    /// If settings, password or certificate can't be used.
    pub fn new(settings: &MailSettings) -> Result<Option<Self>, SmtpError> {
        let Some(server) = settings.server().map_err(SmtpError::Settings)? else { return Ok(None) };
        let name = format!("{}:{}", server.host, server.port);
        let tls = if server.implicit_tls || server.start_tls {
            let mut parameters = TlsParameters::builder(server.host.clone());
            if !settings.ca.is_empty() {
                parameters = parameters.add_root_certificate(certificate(&settings.ca)?);
            }
            let parameters = parameters
                .build()
                .map_err(|error| SmtpError::Server { server: name.clone(), reason: error.to_string() })?;
            if server.implicit_tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) }
        } else {
            Tls::None
        };
        let mut builder = SmtpTransport::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(1));
        if let Some(user) = server.user {
            let password = vault::resolve(&settings.password).map_err(SmtpError::Password)?;
            builder = builder.credentials(Credentials::new(user, password.expose_secret().to_owned()));
        }
        Ok(Some(Self { transport: builder.build(), server: name, sender: settings.from.clone() }))
    }

    /// The server's name and port.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What stands behind the `@` of message ids.
    pub(crate) fn domain(&self) -> &str {
        let domain = self.sender.rsplit_once('@').map_or("", |(_, domain)| domain.trim_end_matches('>'));
        if domain.is_empty() { "localhost" } else { domain }
    }

    /// Connects and signs in, so that what is wrong with the server isn't taken for something wrong with a mail.
    ///
    /// # Errors
    /// [`SmtpError::Server`] if that can't be done.
    pub fn check(&self) -> Result<(), SmtpError> {
        let broken = |reason: String| SmtpError::Server { server: self.server.clone(), reason };
        match self.transport.test_connection() {
            Ok(true) => Ok(()),
            Ok(false) => Err(broken("it ended the connection".to_owned())),
            Err(error) => Err(broken(in_words(&error))),
        }
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// Which of them tells whether it can be sent another time.
    pub fn send(&self, mail: &Mail) -> Result<(), SmtpError> {
        let message = message(&self.sender, mail).map_err(SmtpError::Mail)?;
        self.transport.send(&message).map(drop).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &Error) -> SmtpError {
        let (server, reason) = (self.server.clone(), in_words(error));
        if error.is_permanent() {
            SmtpError::Refused { server, reason }
        } else if error.is_transient() {
            SmtpError::Later { server, reason }
        } else {
            SmtpError::Server { server, reason }
        }
    }
}

/// The system's own words for a server that is silent say nothing.
fn in_words(error: &Error) -> String {
    if error.is_timeout() {
        return format!("it doesn't answer within {} s", TIMEOUT.as_secs());
    }
    error.to_string()
}

fn certificate(path: &str) -> Result<Certificate, SmtpError> {
    let wrong = |reason: String| SmtpError::Certificate { path: path.into(), reason };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))
}

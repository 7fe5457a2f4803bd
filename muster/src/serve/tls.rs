//! HTTPS: the certificate, and reading it again when it changes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use tokio::sync::{mpsc, watch};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::config::TlsFiles;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Reads the certificate and its key.
///
/// # Errors
/// If one of them can't be read, or they don't belong together.
pub(super) fn load(files: &TlsFiles) -> Result<Arc<ServerConfig>> {
    let in_file = |file: &Path| format!("reading {}", file.display());
    let certs = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| in_file(&files.cert))?;
    if certs.is_empty() {
        bail!(
            "{} holds no certificate: it needs the server's own first, then those that signed it, as PEM",
            files.cert.display()
        );
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).with_context(|| in_file(&files.key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .context("setting TLS up")?
        .with_no_client_auth()
        .with_single_cert(certs, key)
        .with_context(|| {
            format!("using the certificate {} with the key {}", files.cert.display(), files.key.display())
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// When the files were written last; what can't be looked at has no time.
fn written(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    [&files.cert, &files.key].map(|file| std::fs::metadata(file).and_then(|found| found.modified()).ok())
}

/// Reads the files again whenever they have changed or it is asked for. Files that can't be used are told, and the
/// certificate before goes on being used.
pub(super) async fn keep_current(
    files: TlsFiles,
    current: watch::Sender<Arc<ServerConfig>>,
    mut reload: mpsc::Receiver<()>,
) {
    let mut seen = written(&files);
    loop {
        let asked = match tokio::time::timeout(LOOK_EVERY, reload.recv()).await {
            Ok(Some(())) => true,
            Ok(None) => return,
            Err(_) => false,
        };
        let now = written(&files);
        if !asked && now == seen {
            continue;
        }
        seen = now;
        match load(&files) {
            Ok(config) => {
                current.send_replace(config);
                tracing::info!(certificate = %files.cert.display(), "the certificate was read again");
            }
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the certificate can't be used; the one before goes on being used"
            ),
        }
    }
}

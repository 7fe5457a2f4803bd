//! Keeps secrets: seals them for the store, and finds those that are given by reference.
//!
//! Plans, effects, logs and exports hold references such as `env:HR_TOKEN`, never secrets. What has to be stored is
//! sealed with a key that lies in a file of its own beside the database, so that a copy of the database alone is worth
//! nothing to a thief.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{digest, rand};
use secrecy::zeroize::{Zeroize as _, Zeroizing};
use secrecy::{ExposeSecret as _, SecretString};

/// The name of the key's file.
pub const KEY_FILE: &str = "muster.key";

/// The length of the key.
const KEY_LENGTH: usize = 32;

/// The version of the layout of sealed secrets: version, key id, nonce, ciphertext with its tag.
const VERSION: u8 = 1;

/// The bytes before the nonce.
const PREFIX_LENGTH: usize = 2;

/// A longer secret is a mistake, such as the name of a wrong file.
const MAX_SECRET: u64 = 64 * 1024;

/// Why a secret can't be sealed, opened or found. No message has a secret in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no key.
    #[error(
        "the key {} isn't there; put it back from the backup it is kept in, without it the secrets in the store can't \
         be opened", .0.display()
    )]
    NoKey(PathBuf),
    /// The key could be read by others.
    #[error(
        "the key {} can be read or written by others (mode {mode:03o}); see who had access, then run: chmod 600 {}",
        .path.display(), .path.display()
    )]
    Exposed {
        /// The key's file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file isn't a key.
    #[error(
        "the key {} has {found} bytes instead of {KEY_LENGTH}; put it back from the backup it is kept in",
        .path.display()
    )]
    WrongLength {
        /// The key's file.
        path: PathBuf,
        /// Its length.
        found: u64,
    },
    /// A file can't be read or written.
    #[error("{doing} {} failed: {source}; see that it can be reached by the user Muster runs as", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The cryptographic library failed.
    #[error(
        "{0} failed in the cryptographic library, which happens only where the system lacks memory or randomness; try again"
    )]
    Crypto(&'static str),
    /// The sealed secret was made with another key.
    #[error(
        "the secret for {context} was sealed with another key than {}; put that key back, or set the secret again",
        .key.display()
    )]
    OtherKey {
        /// What the secret is for.
        context: String,
        /// The key that is there.
        key: PathBuf,
    },
    /// The sealed secret has been changed or belongs elsewhere.
    #[error("the secret for {context} is damaged or belongs to something else; set it again")]
    Damaged {
        /// What the secret is for.
        context: String,
    },
    /// Something that isn't a reference. It may be a secret itself, so it isn't repeated.
    #[error(
        "secrets are given by reference, as env:NAME or file:PATH, not as they are; put the secret into one of these"
    )]
    NotAReference,
    /// A secret that was given over the API and is sealed in the store it was given to.
    #[error(
        "sealed:{0}: this secret was given over the API to the store the file comes from and isn't in this one; give it \
         over the API here, or by a reference env:NAME or file:PATH"
    )]
    Elsewhere(String),
    /// The variable of a reference isn't set.
    #[error("env:{0}: the environment variable {0} {1}; set it for the process that runs Muster")]
    Variable(String, &'static str),
    /// The file of a reference holds no usable secret.
    #[error("file:{}: {problem}", .path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: &'static str,
    },
}

/// Seals secrets and opens them again. Doesn't show its key, not even when debugged.
pub struct Vault {
    key: RandomizedNonceKey,
    id: u8,
    path: PathBuf,
}

impl Vault {
    /// Opens the vault whose key lies in `dir`. A new key is made only if there is none and `create` is set, which is
    /// right only while there is nothing sealed yet.
    ///
    /// # Errors
    /// The key isn't there, isn't one, can be read by others, or can't be read.
    pub fn open(dir: &Path, create: bool) -> Result<Self, VaultError> {
        let path = dir.join(KEY_FILE);
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        if !read_key(&path, &mut key)? {
            if !create {
                return Err(VaultError::NoKey(path));
            }
            create_key(dir, &path)?;
            if !read_key(&path, &mut key)? {
                return Err(VaultError::NoKey(path));
            }
        }
        let sealing = RandomizedNonceKey::new(&AES_256_GCM_SIV, &*key)
            .map_err(|_| VaultError::Crypto("using the key"))?;
        Ok(Self { key: sealing, id: key_id(&*key), path })
    }

    /// Seals a secret. It opens only with the same `context`, which says what it belongs to (such as `app/17/token`):
    /// a row copied to another place is worth nothing there.
    ///
    /// # Errors
    /// The system lacks memory or randomness.
    pub fn seal(&self, context: &str, plaintext: &SecretString) -> Result<Vec<u8>, VaultError> {
        let plaintext = plaintext.expose_secret().as_bytes();
        // Encrypted in place, in a buffer that never moves, so that no copy of the secret stays behind.
        let mut buffer = Vec::with_capacity(plaintext.len() + AES_256_GCM_SIV.tag_len());
        buffer.extend_from_slice(plaintext);
        let prefix = [VERSION, self.id];
        let Ok(nonce) = self.key.seal_in_place_append_tag(Aad::from(bind(prefix, context)), &mut buffer)
        else {
            buffer.zeroize();
            return Err(VaultError::Crypto("sealing a secret"));
        };
        Ok([&prefix[..], nonce.as_ref(), &buffer].concat())
    }

    /// Opens a sealed secret.
    ///
    /// # Errors
    /// It was sealed with another key or for another context, or has been changed.
    pub fn open_sealed(&self, context: &str, sealed: &[u8]) -> Result<SecretString, VaultError> {
        let damaged = || VaultError::Damaged { context: context.to_owned() };
        let [version, id, rest @ ..] = sealed else { return Err(damaged()) };
        if *version != VERSION {
            return Err(damaged());
        }
        if *id != self.id {
            return Err(VaultError::OtherKey { context: context.to_owned(), key: self.path.clone() });
        }
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let plaintext = self
            .key
            .open_in_place(nonce, Aad::from(bind([*version, *id], context)), &mut buffer)
            .map_err(|_| damaged())?;
        str::from_utf8(plaintext).map(SecretString::from).map_err(|_| damaged())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vault").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Finds a secret by its reference: `env:NAME` is an environment variable, `file:PATH` the text of a file, without
/// the end of its last line.
///
/// # Errors
/// It isn't a reference, or there is nothing where it points to.
pub fn resolve(reference: &str) -> Result<SecretString, VaultError> {
    match reference.split_once(':') {
        Some(("env", name)) if !name.is_empty() => variable(name),
        Some(("file", path)) if !path.is_empty() => secret_file(Path::new(path)),
        Some(("sealed", number)) => Err(VaultError::Elsewhere(number.to_owned())),
        _ => Err(VaultError::NotAReference),
    }
}

fn variable(name: &str) -> Result<SecretString, VaultError> {
    let failed = |problem| VaultError::Variable(name.to_owned(), problem);
    // Asking for such a name may panic.
    if name.contains(['=', '\0']) {
        return Err(failed("can't exist under this name"));
    }
    match env::var(name) {
        Ok(value) if value.is_empty() => Err(failed("is empty")),
        Ok(value) => Ok(SecretString::from(value)),
        Err(env::VarError::NotPresent) => Err(failed("isn't set")),
        Err(env::VarError::NotUnicode(_)) => Err(failed("isn't UTF-8 text")),
    }
}

fn secret_file(path: &Path) -> Result<SecretString, VaultError> {
    let failed = |source| VaultError::Io { doing: "reading the secret", path: path.to_owned(), source };
    let wrong = |problem| VaultError::SecretFile { path: path.to_owned(), problem };
    let mut text = Zeroizing::new(Vec::new());
    File::open(path).and_then(|file| file.take(MAX_SECRET + 1).read_to_end(&mut text)).map_err(failed)?;
    if text.len() as u64 > MAX_SECRET {
        return Err(wrong("the file is longer than any secret; check the path"));
    }
    let text = str::from_utf8(&text).map_err(|_| wrong("the file isn't UTF-8 text; check the path"))?;
    let text = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text);
    if text.is_empty() {
        return Err(wrong("the file is empty; write the secret into it"));
    }
    Ok(SecretString::from(text))
}

/// What a sealed secret is bound to.
fn bind(prefix: [u8; PREFIX_LENGTH], context: &str) -> Vec<u8> {
    [&prefix[..], context.as_bytes()].concat()
}

/// Tells keys apart, so that a wrong one is named as such; says nothing about the key itself.
fn key_id(key: &[u8]) -> u8 {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(b"muster key id");
    hash.update(key);
    hash.finish().as_ref()[0]
}

/// Reads the key; `false` if there is no file.
fn read_key(path: &Path, key: &mut [u8; KEY_LENGTH]) -> Result<bool, VaultError> {
    let failed = |source| VaultError::Io { doing: "reading the key", path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    // Asked of the open file, so that nobody can put another one in its place in between.
    let metadata = file.metadata().map_err(failed)?;
    refuse_exposed(path, &metadata)?;
    if metadata.len() != KEY_LENGTH as u64 {
        return Err(VaultError::WrongLength { path: path.to_owned(), found: metadata.len() });
    }
    file.read_exact(key).map_err(failed)?;
    Ok(true)
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &std::fs::Metadata) -> Result<(), VaultError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode == mode & 0o700 { Ok(()) } else { Err(VaultError::Exposed { path: path.to_owned(), mode }) }
}

/// Other systems have no such modes; there the folder's own protection has to do.
#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &std::fs::Metadata) -> Result<(), VaultError> {
    Ok(())
}

/// Makes a key: whole and readable by its owner only, or not at all. Where two processes do so at once, the first
/// one's key stays.
fn create_key(dir: &Path, path: &Path) -> Result<(), VaultError> {
    let failed = |source| VaultError::Io { doing: "creating the key", path: path.to_owned(), source };
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    rand::fill(&mut *key).map_err(|_| VaultError::Crypto("making a key"))?;
    // Temporary files are created with mode 600.
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(&*key).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error.error)),
    }
}

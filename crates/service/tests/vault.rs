//! The vault: keys and their files, sealing, references.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;

use muster_service::vault::{KEY_FILE, Vault, VaultError, resolve};
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};

fn vault() -> (tempfile::TempDir, Vault) {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path(), true).unwrap();
    (dir, vault)
}

fn write_key(dir: &Path, bytes: &[u8], mode: u32) {
    fs::write(dir.join(KEY_FILE), bytes).unwrap();
    fs::set_permissions(dir.join(KEY_FILE), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_key_is_made_once_and_only_if_asked() {
    let dir = tempfile::tempdir().unwrap();
    assert!(
        matches!(Vault::open(dir.path(), false), Err(VaultError::NoKey(path)) if path.ends_with(KEY_FILE))
    );
    let sealed = Vault::open(dir.path(), true).unwrap().seal("a", &"secret".into()).unwrap();

    let metadata = fs::metadata(dir.path().join(KEY_FILE)).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (32, 0o600));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "temporary files are left behind");
    for create in [false, true] {
        let again = Vault::open(dir.path(), create).unwrap();
        assert_eq!(again.open_sealed("a", &sealed).unwrap().expose_secret(), "secret");
    }
}

#[test]
fn processes_that_start_together_get_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let vaults: Vec<Vault> = thread::scope(|scope| {
        let openers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| Vault::open(dir.path(), true).unwrap())).collect();
        openers.into_iter().map(|opener| opener.join().unwrap()).collect()
    });
    let sealed = vaults[0].seal("a", &"secret".into()).unwrap();
    assert!(vaults.iter().all(|vault| vault.open_sealed("a", &sealed).is_ok()));
}

#[test]
fn keys_others_can_read_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for mode in [0o640, 0o604, 0o660, 0o644, 0o620] {
        write_key(dir.path(), &[7; 32], mode);
        let error = Vault::open(dir.path(), true).unwrap_err().to_string();
        assert!(error.contains(&format!("(mode {mode:03o})")) && error.contains("chmod 600 "), "{error}");
    }
    write_key(dir.path(), &[7; 32], 0o400);
    assert!(Vault::open(dir.path(), false).is_ok());
}

#[test]
fn files_that_are_no_keys_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for length in [0, 31, 33, 64] {
        write_key(dir.path(), &vec![7; length], 0o600);
        let error = Vault::open(dir.path(), true).unwrap_err().to_string();
        assert!(error.contains(&format!("has {length} bytes instead of 32")), "{error}");
    }
}

#[test]
fn sealed_secrets_open_only_where_they_belong() {
    let (_dir, vault) = vault();
    let sealed = vault.seal("app/1/token", &"secret".into()).unwrap();
    assert_eq!(vault.open_sealed("app/1/token", &sealed).unwrap().expose_secret(), "secret");
    let error = vault.open_sealed("app/2/token", &sealed).unwrap_err().to_string();
    assert_eq!(error, "the secret for app/2/token is damaged or belongs to something else; set it again");
    assert_ne!(sealed, vault.seal("app/1/token", &"secret".into()).unwrap(), "equal secrets look alike");
}

#[test]
fn another_key_is_named_as_such() {
    let dir = tempfile::tempdir().unwrap();
    write_key(dir.path(), &[1; 32], 0o600);
    let sealed = Vault::open(dir.path(), false).unwrap().seal("a", &"secret".into()).unwrap();
    write_key(dir.path(), &[2; 32], 0o600);
    let found = Vault::open(dir.path(), false).unwrap().open_sealed("a", &sealed);
    assert!(matches!(found, Err(VaultError::OtherKey { .. })), "{found:?}");
}

#[test]
fn nothing_shows_the_key_or_a_secret() {
    let dir = tempfile::tempdir().unwrap();
    write_key(dir.path(), b"0123456789abcdef0123456789abcdef", 0o600);
    let vault = Vault::open(dir.path(), false).unwrap();
    let shown = format!("{vault:?} {vault:#?}");
    assert!(!shown.contains("0123456789abcdef") && !shown.contains("48, 49, 50"), "{shown}");
    let secret = SecretString::from("hunter2");
    assert!(!format!("{secret:?}").contains("hunter2"));
    let sealed = vault.seal("a", &secret).unwrap();
    assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
}

#[test]
fn references_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        fs::write(dir.path().join(name), text).unwrap();
        format!("file:{}", dir.path().join(name).display())
    };
    for (text, secret) in
        [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("a\n\n", "a\n")]
    {
        assert_eq!(resolve(&file("secret", text.as_bytes())).unwrap().expose_secret(), secret);
    }
    // Set by cargo for tests.
    assert_eq!(resolve("env:CARGO_PKG_NAME").unwrap().expose_secret(), "muster-service");

    for (reference, expected) in [
        (file("empty", b"\n"), "the file is empty; write the secret into it"),
        (file("binary", b"\xff\xfe"), "the file isn't UTF-8 text"),
        (file("long", &vec![b'a'; 70_000]), "the file is longer than any secret"),
        (format!("file:{}/none", dir.path().display()), "reading the secret "),
        ("env:MUSTER_SURELY_NOT_SET".to_owned(), "the environment variable MUSTER_SURELY_NOT_SET isn't set"),
        ("env:A=B".to_owned(), "can't exist under this name"),
    ] {
        let error = resolve(&reference).unwrap_err().to_string();
        assert!(error.contains(expected), "{reference}: {error}");
    }
}

#[test]
fn secrets_given_as_they_are_are_refused_and_not_repeated() {
    for secret in
        ["hunter2", "", "env:", "file:", "vault:hunter2", "ENV:hunter2", "https://user:hunter2@host"]
    {
        let error = resolve(secret).unwrap_err();
        assert!(matches!(error, VaultError::NotAReference), "{secret}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

proptest! {
    #[test]
    fn any_change_is_noticed(secret in ".{0,60}", context in ".{0,20}", place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let (_dir, vault) = vault();
        let mut sealed = vault.seal(&context, &secret.clone().into()).unwrap();
        let opened = vault.open_sealed(&context, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), &secret);
        let place = place.index(sealed.len());
        prop_assert!(vault.open_sealed(&context, &sealed[..place]).is_err());
        sealed[place] ^= 1_u8 << bit;
        prop_assert!(vault.open_sealed(&context, &sealed).is_err());
    }
}

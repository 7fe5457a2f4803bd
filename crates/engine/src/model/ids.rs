//! Public ids: 20 characters, a type prefix and a reversible encoding of a 64-bit key.
//!
//! Eleven characters carry the key, permuted so that neighbours don't look alike; six more are a check, so that a
//! mistyped id is found to be none.

/// What an id names, by its prefix (Okta's).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// `00u`
    User,
    /// `00g`
    Group,
    /// `0oa`
    App,
    /// `0pr`
    GroupRule,
    /// `0ua`
    Account,
    /// `prm`
    Mapping,
    /// `0pn`
    Plan,
    /// `tsk`
    Task,
    /// `00T`
    Token,
    /// `oty`
    UserType,
    /// `osc`
    Schema,
    /// `00o`
    Org,
    /// `aps`
    SourceSession,
}

impl IdKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::User => "00u",
            Self::Group => "00g",
            Self::App => "0oa",
            Self::GroupRule => "0pr",
            Self::Account => "0ua",
            Self::Mapping => "prm",
            Self::Plan => "0pn",
            Self::Task => "tsk",
            Self::Token => "00T",
            Self::UserType => "oty",
            Self::Schema => "osc",
            Self::Org => "00o",
            Self::SourceSession => "aps",
        }
    }
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const KEY_DIGITS: usize = 11;
const CHECK_DIGITS: usize = 6;
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
/// The multiplicative inverse of [`MIX`] modulo 2^64.
const UNMIX: u64 = 0xF1DE_83E1_9937_733D;

/// Spreads a key over all 64 bits; every step can be undone.
fn permute(key: u64) -> u64 {
    let x = key.wrapping_mul(MIX);
    let x = x ^ (x >> 32);
    x.wrapping_mul(MIX)
}

fn unpermute(x: u64) -> u64 {
    let x = x.wrapping_mul(UNMIX);
    let x = x ^ (x >> 32);
    x.wrapping_mul(UNMIX)
}

fn check(kind: IdKind, x: u64) -> u64 {
    let salt = kind.prefix().bytes().fold(0u64, |s, b| (s << 8) | u64::from(b));
    let y = permute(x ^ salt.wrapping_mul(MIX));
    y ^ (y >> 29)
}

fn push_digits(out: &mut String, mut x: u64, n: usize) {
    let mut digits = vec![b'0'; n];
    for d in digits.iter_mut().rev() {
        *d = DIGITS.get((x % 62) as usize).copied().unwrap_or(b'0');
        x /= 62;
    }
    out.extend(digits.into_iter().map(char::from));
}

/// The public id of a key.
pub fn public_id(kind: IdKind, key: i64) -> String {
    let x = permute(key as u64);
    let mut id = String::with_capacity(20);
    id.push_str(kind.prefix());
    push_digits(&mut id, x, KEY_DIGITS);
    push_digits(&mut id, check(kind, x), CHECK_DIGITS);
    id
}

/// The key of a public id, or `None` if it isn't an id of that kind.
pub fn key_of(kind: IdKind, id: &str) -> Option<i64> {
    let digits = id.strip_prefix(kind.prefix())?;
    let body = digits.get(..KEY_DIGITS)?;
    let mut x: u64 = 0;
    for b in body.bytes() {
        let d = DIGITS.iter().position(|&c| c == b)? as u64;
        x = x.checked_mul(62)?.checked_add(d)?;
    }
    let key = unpermute(x) as i64;
    (public_id(kind, key) == id).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unmix_inverts_mix() {
        assert_eq!(MIX.wrapping_mul(UNMIX), 1);
    }

    proptest! {
        #[test]
        fn ids_are_reversible_and_checked(key in any::<i64>(), at in 3usize..20) {
            let id = public_id(IdKind::User, key);
            prop_assert_eq!(id.len(), 20);
            prop_assert_eq!(key_of(IdKind::User, &id), Some(key));
            prop_assert_eq!(key_of(IdKind::Group, &id), None);
            let mut typo = id.into_bytes();
            typo[at] = if typo[at] == b'a' { b'b' } else { b'a' };
            prop_assert_eq!(key_of(IdKind::User, &String::from_utf8(typo).unwrap()), None);
        }
    }
}

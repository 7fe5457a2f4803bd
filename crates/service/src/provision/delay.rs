//! How long to wait before trying again.

/// The first wait for an account, in milliseconds.
const ACCOUNT_FIRST: i64 = 1_000;
/// The longest wait for an account.
const ACCOUNT_LONGEST: i64 = 600_000;
/// The first wait for an app that can't be reached.
const TROUBLE_FIRST: i64 = 1_000;
/// The longest wait for an app that can't be reached.
const TROUBLE_LONGEST: i64 = 300_000;
/// The first wait for an app that refuses us, which only a person can mend.
const REFUSED_FIRST: i64 = 30_000;
/// The longest wait for an app that refuses us.
const REFUSED_LONGEST: i64 = 3_600_000;

fn doubled(first: i64, longest: i64, times: i64) -> i64 {
    let times = times.clamp(0, 30);
    (first << times).min(longest)
}

/// The wait before an account is tried again, in milliseconds: doubling with each attempt, spread by `seed`, so that
/// accounts that failed together don't come back together.
pub(super) fn account(attempts: i64, seed: u64) -> i64 {
    let wait = doubled(ACCOUNT_FIRST, ACCOUNT_LONGEST, attempts);
    // SplitMix64's last step: neighbouring seeds give unlike numbers.
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let spread = (x ^ (x >> 31)) % 500;
    // 100 to 150 per cent: never before the time that doubling gives.
    (wait + wait * spread as i64 / 1_000).min(ACCOUNT_LONGEST)
}

/// The wait for an app that failed `failures` times in a row.
pub(super) fn app_in_trouble(failures: i64) -> i64 {
    doubled(TROUBLE_FIRST, TROUBLE_LONGEST, failures)
}

/// The wait for an app that refused us `failures` times in a row.
pub(super) fn app_refusing(failures: i64) -> i64 {
    doubled(REFUSED_FIRST, REFUSED_LONGEST, failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_bounded() {
        for seed in 0..100 {
            assert!((1_000..1_500).contains(&account(0, seed)));
            assert!((8_000..12_000).contains(&account(3, seed)));
            assert_eq!(account(60, seed), ACCOUNT_LONGEST);
        }
        assert_ne!(account(3, 1), account(3, 2));
        assert_eq!(app_refusing(0), 30_000);
        assert_eq!(app_refusing(99), REFUSED_LONGEST);
        assert_eq!(app_in_trouble(2), 4_000);
    }
}

//! Statuses: who speaks for a person, and what an admin may tell her.

use muster_engine::facts::RecordState::{Ended, Living, Withdrawn};
use muster_engine::model::{LeaverAction, Transition, UserStatus as S};

use crate::support::{AGENCY, HR, Person, compiled, leaving, org, source};

#[test]
fn the_status_follows_the_leading_source_or_a_later_word() {
    let cases = [
        ("nobody has said anything", Person::new(), S::Staged),
        ("an admin alone", Person::new().admin(S::Active, 5), S::Active),
        ("a living record", Person::new().record(HR, Living, 5), S::Active),
        (
            "an admin later than the source",
            Person::new().record(HR, Living, 5).admin(S::Suspended, 6),
            S::Suspended,
        ),
        (
            "an admin before the source",
            Person::new().admin(S::Deprovisioned, 4).record(HR, Living, 5),
            S::Active,
        ),
        ("ended", Person::new().record(HR, Ended, 5), S::Deprovisioned),
        ("ended, but an admin later", Person::new().record(HR, Ended, 5).admin(S::Active, 9), S::Active),
        (
            "one source ended, the other goes on",
            Person::new().record(HR, Ended, 9).record(AGENCY, Living, 3),
            S::Active,
        ),
        (
            "the admin's word is measured by the source that leads now",
            Person::new().record(HR, Ended, 9).record(AGENCY, Living, 3).admin(S::Suspended, 5),
            S::Suspended,
        ),
        ("both ended", Person::new().record(HR, Ended, 9).record(AGENCY, Ended, 3), S::Deprovisioned),
        ("withdrawn", Person::new().record(HR, Withdrawn, 5).admin(S::Deprovisioned, 5), S::Deprovisioned),
        (
            "withdrawn, and an admin brings her back",
            Person::new().record(HR, Withdrawn, 5).admin(S::Active, 5),
            S::Active,
        ),
        (
            "withdrawn here, living there",
            Person::new().record(HR, Withdrawn, 9).record(AGENCY, Living, 3),
            S::Active,
        ),
    ];
    let config = compiled(org());
    for (case, person, status) in cases {
        assert_eq!(person.derived(&config, 100).status, status, "{case}");
    }
}

#[test]
fn the_source_that_ended_last_says_what_leaving_means() {
    let both = || Person::new().record(HR, Ended, 5).record(AGENCY, Ended, 8);
    for (hr, agency, status) in [
        (LeaverAction::Deactivate, LeaverAction::Suspend, S::Suspended),
        (LeaverAction::Suspend, LeaverAction::Deactivate, S::Deprovisioned),
        (LeaverAction::Deactivate, LeaverAction::Nothing, S::Active),
    ] {
        let mut org = org();
        leaving(&mut org, HR, hr);
        leaving(&mut org, AGENCY, agency);
        assert_eq!(both().derived(&compiled(org), 100).status, status, "{hr:?} {agency:?}");
    }
    let mut nothing = org();
    leaving(&mut nothing, HR, LeaverAction::Nothing);
    let suspended = Person::new().admin(S::Suspended, 3).record(HR, Ended, 5);
    assert_eq!(
        suspended.derived(&compiled(nothing), 100).status,
        S::Suspended,
        "she stays as an admin left her"
    );
}

#[test]
fn a_source_may_end_the_person_outright() {
    let mut org = org();
    source(&mut org, HR).ends_person = true;
    let config = compiled(org);
    let person = || Person::new().record(HR, Ended, 5).record(AGENCY, Living, 3);
    assert_eq!(person().derived(&config, 100).status, S::Deprovisioned);
    assert_eq!(person().admin(S::Active, 4).derived(&config, 100).status, S::Deprovisioned);
    assert_eq!(person().admin(S::Active, 6).derived(&config, 100).status, S::Active);
    let agency = Person::new().record(HR, Living, 5).record(AGENCY, Ended, 9);
    assert_eq!(agency.derived(&config, 100).status, S::Active, "the agency doesn't end people");
    let other = Person::new().record(HR, Living, 5).renamed(HR, "k2").record(HR, Ended, 5);
    assert_eq!(other.derived(&config, 100).status, S::Active, "she goes by another key");
}

#[test]
fn a_source_may_stage() {
    let mut org = org();
    source(&mut org, HR).stage = true;
    let config = compiled(org);
    assert_eq!(Person::new().record(HR, Living, 5).derived(&config, 100).status, S::Staged);
    assert_eq!(
        Person::new().record(HR, Living, 5).admin(S::Active, 6).derived(&config, 100).status,
        S::Active
    );
    assert_eq!(Person::new().record(AGENCY, Living, 5).derived(&config, 100).status, S::Active);
}

#[test]
fn the_table_of_transitions() {
    use Transition as T;
    let allowed: [(T, &[(S, S)]); 8] = [
        (T::Activate, &[(S::Staged, S::Active), (S::Deprovisioned, S::Active)]),
        (
            T::Deactivate,
            &[
                (S::Staged, S::Deprovisioned),
                (S::Provisioned, S::Deprovisioned),
                (S::Active, S::Deprovisioned),
                (S::Recovery, S::Deprovisioned),
                (S::PasswordExpired, S::Deprovisioned),
                (S::LockedOut, S::Deprovisioned),
                (S::Suspended, S::Deprovisioned),
            ],
        ),
        (T::Suspend, &[(S::Active, S::Suspended)]),
        (T::Unsuspend, &[(S::Suspended, S::Active)]),
        (T::Unlock, &[(S::LockedOut, S::Active)]),
        (T::Reactivate, &[(S::Provisioned, S::Provisioned), (S::Recovery, S::Provisioned)]),
        (
            T::ResetPassword,
            &[
                (S::Provisioned, S::Recovery),
                (S::Active, S::Recovery),
                (S::Recovery, S::Recovery),
                (S::PasswordExpired, S::Recovery),
                (S::LockedOut, S::Recovery),
            ],
        ),
        (T::ExpirePassword, &[(S::Active, S::PasswordExpired), (S::PasswordExpired, S::PasswordExpired)]),
    ];
    for (transition, table) in allowed {
        for status in S::ALL {
            let to = table.iter().find(|(from, _)| *from == status).map(|(_, to)| *to);
            let got = transition.from(status);
            assert_eq!(got.as_ref().ok(), to.as_ref(), "{transition:?} of a person who is {status}");
            if let Err(refused) = got {
                assert!(refused.code.starts_with("E00") && !refused.reason.is_empty(), "{refused:?}");
            }
        }
    }
}

#[test]
fn statuses_have_names() {
    for status in S::ALL {
        assert_eq!(S::parse(status.as_str()), Some(status));
    }
    assert_eq!(S::parse("GONE"), None);
}

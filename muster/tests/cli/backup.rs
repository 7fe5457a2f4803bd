//! Backups by the command line, and what verifies.

use crate::support::Place;

#[test]
fn a_backup_is_restored_and_verifies() {
    let place = Place::with_people();
    let json = place.json(&["backup", "copy.db"]);
    assert!(json["bytes"].as_u64().unwrap() > 0);
    place.run(&["backup", "copy.db"]).ended(1).complains(&["is there already"]);
    let before = place.standing();
    place.run(&["user", "suspend", "ada.adams@small.example"]).ended(0);
    assert_ne!(place.standing(), before);
    place.run(&["restore", "copy.db"]).ended(1).complains(&["--replace"]);
    let restored = place.json(&["restore", "copy.db", "--replace"]);
    assert_eq!(restored["accounts"], 2);
    let users = place.json(&["users", "--all"]);
    assert_eq!(users, before[0]);
    let verified = place.json(&["verify"]);
    assert_eq!((&verified["users"], &verified["changed"]), (&4.into(), &0.into()));
    place.write("rubbish.db", "no database");
    place.run(&["restore", "rubbish.db", "--replace"]).ended(1).complains(&["is not a Muster database"]);
}

//! A backup is taken while others write, and put back; the applications, which went on, are brought into line again.

use std::sync::atomic::{AtomicBool, Ordering};

use muster_demo_app::Config;
use muster_engine::outbound::AccountState::{Absent, Active};
use muster_service::{Actor, Muster};

use crate::support::{ByHand, Org, assert_holds};

fn admin() -> Actor {
    Actor::operator("test")
}

#[test]
fn after_a_restore_every_account_is_looked_up_and_brought_into_line() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, 1..=30, Active, "x");
    org.sync();
    let copy = org.dir.path().join("backup.db");
    org.muster.backup(&admin(), &copy).unwrap();
    // The application goes on: titles change, people leave, somebody deletes an account.
    org.want(app, 1..=10, Active, "y");
    org.want(app, [11], Absent, "x");
    org.sync();
    let twelfth =
        demo.users().into_iter().find(|u| u["userName"].as_str().unwrap().starts_with("user00012")).unwrap();
    ByHand::new(&demo).delete(&org, twelfth["id"].as_str().unwrap());

    let refused = Muster::restore(&admin(), &copy, org.data(), true).unwrap_err();
    assert!(refused.to_string().contains("is in use"), "{refused}");
    let Org { dir, muster, runtime } = org;
    let data = muster.dir().to_owned();
    drop(muster);
    let refused = Muster::restore(&admin(), &copy, &data, false).unwrap_err();
    assert!(refused.to_string().contains("--replace"), "{refused}");
    let report = Muster::restore(&admin(), &copy, &data, true).unwrap();
    assert_eq!(report.accounts, 30);

    let org = Org { muster: Muster::open(&data, false, None).unwrap(), dir, runtime };
    assert_eq!(org.sync().total().failed, 0);
    assert_holds(&demo, 1..=30, "x");
}

#[test]
fn a_backup_is_one_moment_though_others_write() {
    let org = Org::new();
    let app = org.manual("desk", "a@example.org");
    let stop = AtomicBool::new(false);
    let copies: Vec<_> = (0..5).map(|n| org.dir.path().join(format!("copy{n}.db"))).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Each transaction writes three people; no copy may have one of them alone.
            for n in (0..).step_by(3).take_while(|_| !stop.load(Ordering::Relaxed)) {
                org.want(app, n + 1..=n + 3, Active, "x");
            }
        });
        for copy in &copies {
            org.muster.backup(&admin(), copy).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    for (n, copy) in copies.iter().enumerate() {
        let dir = org.dir.path().join(format!("data{n}"));
        std::fs::create_dir(&dir).unwrap();
        let refused = Muster::restore(&admin(), copy, &dir, false).unwrap_err();
        assert!(refused.to_string().contains("the key"), "{refused}");
        std::fs::copy(org.data().join("muster.key"), dir.join("muster.key")).unwrap();
        Muster::restore(&admin(), copy, &dir, false).unwrap();
        let restored = Muster::open(&dir, false, None).unwrap();
        let people =
            restored.store().read(|tx| muster_store::lookups::user_keys_after(tx, 0, 1_000_000)).unwrap();
        assert_eq!(people.len() % 3, 0);
    }
}

#[test]
fn what_is_no_backup_is_refused_and_changes_nothing() {
    let org = Org::new();
    let rubbish = org.dir.path().join("rubbish");
    std::fs::write(&rubbish, vec![7u8; 10_000]).unwrap();
    let data = org.data().to_owned();
    drop(org.muster);
    let refused = Muster::restore(&admin(), &rubbish, &data, true).unwrap_err();
    assert!(refused.to_string().contains("is not a Muster database"), "{refused}");
    let muster = Muster::open(&data, false, None).unwrap();
    let copy = org.dir.path().join("copy.db");
    muster.backup(&admin(), &copy).unwrap();
    assert!(muster.backup(&admin(), &copy).unwrap_err().to_string().contains("is there already"));
    // Damaged in the middle, as a bad disk does it.
    let mut bytes = std::fs::read(&copy).unwrap();
    let len = bytes.len();
    bytes[len / 2..len / 2 + 4096].fill(0xA5);
    std::fs::write(&copy, bytes).unwrap();
    drop(muster);
    let refused = Muster::restore(&admin(), &copy, &data, true).unwrap_err();
    assert!(refused.to_string().contains("damaged"), "{refused}");
    Muster::open(&data, false, None).unwrap();
}

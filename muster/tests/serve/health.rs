//! `/healthz` and `/readyz`.

use muster_store::{OpenOptions, Store, meta};

use crate::support::{Place, eventually};

#[test]
fn a_server_that_can_work_is_ready() {
    let place = Place::new();
    let server = place.serve(&[]);
    assert_eq!(server.get("/healthz").json()["status"], "alive");
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 200, "{ready:?}");
    let ready = ready.json();
    assert_eq!(ready["ready"], true);
    for check in [
        "storeReadable",
        "storeWritable",
        "migrations",
        "diskSpace",
        "workers",
        "scheduler",
        "scheduledImports",
        "runs",
        "serving",
    ] {
        assert_eq!(ready["checks"][check], "ok", "{ready}");
    }
}

#[test]
fn workers_that_are_off_are_no_reason() {
    let place = Place::new();
    let server = place.serve(&["--workers", "off"]);
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 200, "{ready:?}");
    assert!(ready.json()["checks"].get("workers").is_none());
}

#[test]
fn a_store_that_cant_be_written_is_told_and_so_is_its_coming_back() {
    let place = Place::new();
    let server = place.serve(&[]);
    let store = Store::open(place.data(), &OpenOptions::default()).unwrap();
    store
        .write(|_| {
            // Nobody else can write for as long as this lasts.
            let told = eventually("it isn't ready", || {
                let answer = server.get("/readyz");
                (answer.status == 503).then(|| answer.json())
            });
            assert_eq!(told["ready"], false);
            assert_ne!(told["checks"]["storeWritable"], "ok", "{told}");
            assert_eq!(server.get("/healthz").status, 200);
            Ok(())
        })
        .unwrap();
    eventually("it is ready again", || (server.get("/readyz").status == 200).then_some(()));
}

#[test]
fn a_store_that_another_version_has_migrated_is_told() {
    let place = Place::new();
    let server = place.serve(&[]);
    let store = Store::open(place.data(), &OpenOptions::default()).unwrap();
    store.write(|tx| meta::set(tx, meta::SCHEMA_VERSION, "999")).unwrap();
    let told = eventually("it isn't ready", || {
        let answer = server.get("/readyz");
        (answer.status == 503).then(|| answer.json())
    });
    assert!(told["checks"]["migrations"].as_str().unwrap().contains("restart"), "{told}");
}

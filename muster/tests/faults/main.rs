//! A server that is killed again and again while clients write to it, an import runs beside it and five applications
//! are provisioned: fast, slow, failing, lying and down. In the end every acknowledged write, the log, the directory
//! derived from scratch and the applications are compared.
//!
//! `MUSTER_FAULTS_SEED` repeats a run's choices (not its timing), `MUSTER_FAULTS_KILLS` sets how many kills there are.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests outside of test functions")]

mod apps;
mod clients;
mod compare;
mod numbers;
mod server;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use apps::Apps;
use clients::{Client, Person};
use numbers::Numbers;
use server::{Place, Server};

const CLIENTS: u64 = 16;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn nothing_is_lost_doubled_or_out_of_line_however_often_it_is_killed() {
    let seed = setting("MUSTER_FAULTS_SEED", u64::from(std::process::id()));
    let kills = setting("MUSTER_FAULTS_KILLS", 50);
    eprintln!("MUSTER_FAULTS_SEED={seed} MUSTER_FAULTS_KILLS={kills}");
    let mut apps = Apps::start(seed);
    let place = Place::new(&apps);
    let token = place.token();
    let (stop, writes) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut numbers = Numbers::new(seed);

    let (people, imports) = std::thread::scope(|scope| {
        let mut server = Server::start(&place);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let client = Client::new(n, seed, place.address(), &token);
                let (stop, writes) = (&stop, &writes);
                scope.spawn(move || client.work(stop, writes))
            })
            .collect();
        let imports = scope.spawn(|| place.import_until(&stop, Numbers::new(seed ^ 0xF00D)));
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(100 + numbers.below(500)));
            server.kill();
            server = Server::start(&place);
        }
        stop.store(true, Ordering::Relaxed);
        let people: Vec<Person> = clients.into_iter().flat_map(|c| c.join().unwrap()).collect();
        let imports = imports.join().unwrap();
        // The applications recover; the server brings everything into line by itself.
        apps.recover();
        let begun = Instant::now();
        while !place.is_in_line() {
            assert!(begun.elapsed() < Duration::from_secs(240), "not in line: {}", place.status());
            std::thread::sleep(Duration::from_millis(250));
        }
        server.stop();
        (people, imports)
    });
    let acknowledged = writes.load(Ordering::Relaxed);
    eprintln!(
        "{kills} kills, {acknowledged} acknowledged writes on {} people, {imports} imports begun",
        people.len()
    );
    assert!(acknowledged > kills, "hardly anything was written: {acknowledged}");
    let seen = compare::everything(&place, &apps, &people);
    eprintln!("{seen}");
}

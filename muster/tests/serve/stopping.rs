//! How the server starts and ends.

use std::io::Write as _;
use std::net::TcpStream;

use crate::support::{Place, eventually, read_all};

const BODY: &str = r#"{"profile":{"login":"ada@small.example","email":"ada@small.example","firstName":"Ada","lastName":"Adams"}}"#;

#[test]
fn it_starts_on_nothing_and_stops_when_told() {
    let place = Place::new();
    let server = place.serve(&[]);
    assert_eq!(server.get("/healthz").status, 200);
    server.stop();
    let left = std::fs::metadata(place.data().join("muster.db-wal")).map_or(0, |file| file.len());
    assert_eq!(left, 0, "the log of writes is emptied at the end");
    place.serve(&[]).stop();
}

#[test]
fn a_request_under_way_is_finished_and_no_new_one_begun() {
    let place = Place::new();
    let mut server = place.serve(&["--stop-timeout", "60"]);
    let head =
        format!("POST /api/v1/users?activate=false HTTP/1.1\r\nauthorization: SSWS {}", place.token("t"));
    let (begin, end) = BODY.split_at(20);
    let mut stream = server.begin(&head, BODY.len(), begin);
    eventually("the request is under way", || {
        server.get("/metrics").body.contains("muster_http_requests_in_flight 2").then_some(())
    });
    server.signal("-TERM");
    let addr = server.addr();
    eventually("nobody is let in any more", || TcpStream::connect(addr).is_err().then_some(()));
    stream.write_all(end.as_bytes()).unwrap();
    let answer = read_all(stream);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.ended().code(), Some(0), "{}", server.log());
    assert_eq!(place.json(&["users", "--login", "ada@small.example"])["profile"]["firstName"], "Ada");
}

#[test]
fn a_request_that_doesnt_end_is_cut_off() {
    let place = Place::new();
    let server = place.serve(&["--stop-timeout", "1"]);
    let head = format!("POST /api/v1/users HTTP/1.1\r\nauthorization: SSWS {}", place.token("t"));
    let stream = server.begin(&head, BODY.len(), "{");
    eventually("the request is under way", || {
        server.get("/metrics").body.contains("muster_http_requests_in_flight 2").then_some(())
    });
    let log = server.stop();
    assert!(log.contains("cut off"), "{log}");
    assert_eq!(read_all(stream), "");
}

#[test]
fn told_twice_it_stops_at_once() {
    let place = Place::new();
    let mut server = place.serve(&["--stop-timeout", "3600"]);
    let head = format!("POST /api/v1/users HTTP/1.1\r\nauthorization: SSWS {}", place.token("t"));
    let _stream = server.begin(&head, BODY.len(), "{");
    eventually("the request is under way", || {
        server.get("/metrics").body.contains("muster_http_requests_in_flight 2").then_some(())
    });
    server.signal("-INT");
    eventually("it is told", || server.log().contains("told to stop").then_some(()));
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(1));
}

#[test]
fn a_port_that_is_taken_is_told() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (_, err) = place.run(&["serve", "--listen", &address], 1);
    assert!(err.contains(&address) && err.contains("in use"), "{err}");
}

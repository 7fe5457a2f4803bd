//! What every request passes through.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{ORG, PATIENCE, Place, eventually, feed, read_all};

const HEADER: &str = "x-okta-request-id";

#[test]
fn a_request_has_a_name() {
    let place = Place::new();
    let server = place.serve(&[]);
    let given = server.request("GET", "/healthz", &[(HEADER, "mine-1.a_b")], None);
    assert_eq!(given.header(HEADER), "mine-1.a_b");
    let strange = server.request("GET", "/healthz", &[(HEADER, "a b\"c")], None);
    assert!(strange.header(HEADER).starts_with("req"), "{strange:?}");
    let (one, other) = (server.get("/healthz"), server.get("/healthz"));
    assert!(!one.header(HEADER).is_empty());
    assert_ne!(one.header(HEADER), other.header(HEADER));
}

#[test]
fn every_answer_carries_the_standard_headers() {
    let place = Place::new();
    let server = place.serve(&[]);
    for path in ["/healthz", "/api/v1/users", "/nowhere"] {
        let answer = server.get(path);
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache, no-store", "{path}");
        assert_eq!(answer.header("pragma"), "no-cache", "{path}");
        assert_eq!(answer.header("expires"), "0", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "strict-origin-when-cross-origin", "{path}");
        assert!(!answer.header("date").is_empty(), "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "only over TLS");
    }
}

#[test]
fn errors_have_one_shape() {
    let place = Place::new();
    let server = place.serve(&[]);
    let cases = [
        ("GET", "/nowhere", 404, "E0000007"),
        ("POST", "/healthz", 405, "E0000022"),
        ("GET", "/api/v1/users", 401, "E0000011"),
    ];
    for (method, path, status, code) in cases {
        let answer = server.request(method, path, &[], None);
        assert_eq!(answer.status, status, "{path}");
        let error = answer.json();
        assert_eq!(
            (&error["errorCode"], &error["errorLink"]),
            (&code.into(), &code.into()),
            "{path}: {error}"
        );
        assert!(error["errorId"].is_string() && error["errorCauses"].is_array(), "{path}: {error}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let place = Place::new();
    let server = place.serve(&["--body-limit", "1k"]);
    let authorization = format!("SSWS {}", place.token("t"));
    let large = format!("{{\"profile\": \"{}\"}}", "x".repeat(2048));
    let answer = server.request("POST", "/api/v1/users", &[("authorization", &authorization)], Some(large));
    assert_eq!(answer.status, 413);
    assert!(answer.json()["errorCode"].is_string());
    // One that doesn't say how large it is.
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let chunk = "x".repeat(2048);
    let text = format!(
        "POST /api/v1/users HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
         800\r\n{chunk}\r\n0\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let answer = read_all(stream);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("errorCode"), "{answer}");
}

#[test]
fn large_answers_are_compressed_for_who_wants_it() {
    let place = Place::new();
    let server = place.serve(&[]);
    let plain = server.get("/openapi.json");
    assert_eq!(plain.header("content-encoding"), "");
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(
            b"GET /openapi.json HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n",
        )
        .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let head = String::from_utf8_lossy(&bytes[..1024.min(bytes.len())]).to_lowercase();
    assert!(head.contains("content-encoding: gzip") && head.contains("vary: accept-encoding"), "{head}");
    assert!(bytes.len() < plain.body.len() / 2);
}

#[test]
fn who_sends_slowly_is_let_go_and_keeps_nobody_waiting() {
    let place = Place::new();
    let server = place.serve(&["--header-timeout", "1"]);
    let slow: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(server.addr()).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ").unwrap();
            stream
        })
        .collect();
    assert_eq!(server.get("/healthz").status, 200);
    for stream in slow {
        let answer = read_all(stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[test]
fn a_request_that_takes_too_long_is_answered() {
    let place = Place::new();
    let server = place.serve(&["--request-timeout", "1"]);
    let authorization = place.token("t");
    let stream = server.begin(
        &format!("POST /api/v1/users HTTP/1.1\r\nauthorization: SSWS {authorization}"),
        100,
        "{",
    );
    let answer = read_all(stream);
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    assert!(answer.contains("\"errorCode\""), "{answer}");
}

#[test]
fn there_are_only_so_many_connections_and_the_next_one_waits() {
    let place = Place::new();
    let server = place.serve(&["--max-connections", "1"]);
    let ask = |stream: &mut TcpStream| {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    };
    let connect = || {
        let stream = TcpStream::connect(server.addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    let mut first = connect();
    ask(&mut first);
    let mut buffer = [0; 12];
    first.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"HTTP/1.1 200");
    let mut second = connect();
    ask(&mut second);
    second.set_nonblocking(true).unwrap();
    assert!(second.read(&mut buffer).is_err(), "the second one was answered while the first one was there");
    second.set_nonblocking(false).unwrap();
    drop(first);
    second.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"HTTP/1.1 200");
}

#[test]
fn the_log_tells_of_each_request_and_of_nobody() {
    let place = Place::new();
    let server = place.serve(&["--log-format", "json"]);
    let token = place.token("t");
    let authorization = format!("SSWS {token}");
    let named = [("authorization", authorization.as_str()), ("x-okta-request-id", "named-by-me")];
    server.request("GET", "/api/v1/users/jane.doe@small.example?q=hidden-word", &named, None);
    let log = server.stop();
    for secret in [token.as_str(), "jane.doe", "hidden-word"] {
        assert!(!log.contains(secret), "{secret} is in: {log}");
    }
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = lines.iter().find(|line| line["span"]["request_id"] == "named-by-me").unwrap();
    assert_eq!((&told["status"], &told["span"]["method"]), (&404.into(), &"GET".into()), "{told}");
    assert!(told["span"]["route"].as_str().unwrap().starts_with("/api/v1/users/{"), "{told}");
    assert!(told["latency_ms"].is_number(), "{told}");
}

#[test]
fn the_log_names_who_asked_and_nothing_of_what() {
    let place = Place::new();
    let token = place.token("terraform");
    let server = place.serve(&["--log-format", "json"]);
    let bearer = format!("SSWS {token}");
    let path = "/api/v1/users?q=secret";
    assert_eq!(server.request("GET", path, &[("authorization", &bearer)], None).status, 200);
    let log = eventually("it is logged", || Some(server.log()).filter(|log| log.contains("/api/v1/users")));
    assert!(log.contains("terraform"), "{log}");
    assert!(!log.contains("secret") && !log.contains(&token), "{log}");
}

#[test]
fn feeds_that_stop_coming_are_given_up_and_change_nothing() {
    let place = Place::new();
    place.write("org.toml", ORG);
    place.run(&["org", "apply", "org.toml"], 0);
    let (token, server) = (place.token("hr"), place.serve(&["--request-timeout", "1"]));
    let bearer = format!("SSWS {token}");
    let auth = [("authorization", bearer.as_str())];
    let apps = server.request("GET", "/api/v1/apps", &auth, None).json();
    let hr = apps.as_array().unwrap().iter().find(|app| app["label"] == "hr").unwrap();
    let path = format!("/api/v1/apps/{}/feed", hr["id"].as_str().unwrap());
    let send = |people: usize, length: usize| {
        let mut stream = TcpStream::connect(server.addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let text = feed(people);
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\ncontent-type: text/csv\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{text}",
            length.max(text.len())
        )
        .unwrap();
        stream
    };
    // More of them than changes that may be under way at once.
    let stuck: Vec<TcpStream> = (0..20).map(|_| send(30, 100_000)).collect();
    for stream in stuck {
        assert!(read_all(stream).starts_with("HTTP/1.1 504"));
    }
    let whole = read_all(send(3, 0));
    assert!(whole.starts_with("HTTP/1.1 200"), "{whole}");
    assert_eq!(place.json(&["users"]).as_array().unwrap().len(), 3);
    assert_eq!(place.json(&["plans"]).as_array().unwrap().len(), 2, "the org and the whole feed");
}

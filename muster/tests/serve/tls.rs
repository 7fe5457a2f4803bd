//! HTTPS, and a certificate that changes while the server runs.

use std::process::Command;

use crate::support::{Place, Server, eventually};

/// Makes a certificate for this machine that signs itself; gives it as PEM.
fn certificate(place: &Place, name: &str) -> String {
    let file = |end: &str| format!("{name}.{end}");
    let output = Command::new("openssl")
        .current_dir(place.path())
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=IP:127.0.0.1"])
        // One that signs others isn't taken for a server's.
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &file("key"), "-out", &file("crt")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(place.path().join(file("crt"))).unwrap()
}

fn put(place: &Place, name: &str) {
    for end in ["key", "crt"] {
        std::fs::copy(place.path().join(format!("{name}.{end}")), place.path().join(format!("used.{end}")))
            .unwrap();
    }
}

fn serve(place: &Place) -> Server {
    place.serve(&["--tls-cert", "used.crt", "--tls-key", "used.key"])
}

fn is_served(server: &Server) -> bool {
    server.try_request("GET", "/healthz", &[], None).is_ok_and(|answer| answer.status == 200)
}

#[test]
fn https_is_spoken_and_said() {
    let place = Place::new();
    let own = certificate(&place, "one");
    put(&place, "one");
    let server = serve(&place).trusting(&own);
    assert!(server.base.starts_with("https://127.0.0.1:"), "{}", server.base);
    let answer = server.get("/healthz");
    assert!(answer.header("strict-transport-security").starts_with("max-age="), "{answer:?}");
    let token = format!("SSWS {}", place.token("t"));
    let users = server.request("GET", "/api/v1/users", &[("authorization", &token)], None);
    assert!(users.header("link").starts_with("<https://127.0.0.1"), "{users:?}");
    server.stop();
}

#[test]
fn a_new_certificate_is_taken_up_by_itself_and_when_asked() {
    let place = Place::new();
    let (one, two) = (certificate(&place, "one"), certificate(&place, "two"));
    put(&place, "one");
    let server = serve(&place).trusting(&one);
    assert!(is_served(&server));
    put(&place, "two");
    let server = server.trusting(&two);
    eventually("the new certificate is used", || is_served(&server).then_some(()));
    put(&place, "one");
    server.signal("-HUP");
    let server = server.trusting(&one);
    eventually("the certificate is read when asked for", || is_served(&server).then_some(()));
    server.stop();
}

#[test]
fn a_new_certificate_that_cant_be_used_is_told_and_the_old_one_goes_on() {
    let place = Place::new();
    let one = certificate(&place, "one");
    certificate(&place, "two");
    put(&place, "one");
    let server = serve(&place).trusting(&one);
    // The key of another certificate, then nothing that is one.
    std::fs::copy(place.path().join("two.key"), place.path().join("used.key")).unwrap();
    server.signal("-HUP");
    eventually("it is told", || server.log().contains("used.key").then_some(()));
    assert!(is_served(&server));
    place.write("used.crt", "nothing");
    server.signal("-HUP");
    eventually("it is told", || server.log().contains("used.crt holds no certificate").then_some(()));
    assert!(is_served(&server));
    assert!(server.log().contains("goes on being used"));
}

#[test]
fn a_key_of_another_certificate_is_refused_at_the_start() {
    let place = Place::new();
    certificate(&place, "one");
    certificate(&place, "two");
    let (_, err) =
        place.run(&["serve", "--listen", "127.0.0.1:0", "--tls-cert", "one.crt", "--tls-key", "two.key"], 1);
    assert!(err.contains("one.crt") && err.contains("two.key"), "{err}");
}

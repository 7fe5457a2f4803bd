//! Settings: where they come from, which counts, and mistakes in them.

use serde_json::Value;

use crate::support::Place;

fn shown(place: &Place, args: &[&str], env: &[(&str, &str)]) -> Value {
    let args: Vec<&str> = ["serve", "--print-config", "--json"].iter().chain(args).copied().collect();
    let output = place.command(&args).envs(env.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(place: &Place, args: &[&str], status: i32, words: &[&str]) {
    let args: Vec<&str> = std::iter::once("serve").chain(args.iter().copied()).collect();
    let (_, err) = place.run(&args, status);
    for word in words {
        assert!(err.contains(word), "{word:?} isn't in: {err}");
    }
}

#[test]
fn a_flag_counts_before_the_environment_that_before_the_file_that_before_the_default() {
    let place = Place::new();
    let one = |shown: &Value, name: &str| {
        let text = |key: &str| shown[name][key].as_str().unwrap().to_owned();
        (text("value"), text("from"))
    };
    assert_eq!(one(&shown(&place, &[], &[]), "request-timeout"), ("60".to_owned(), "default".to_owned()));
    let file =
        place.write("data/muster.toml", "request-timeout = 5\nbody-limit = \"2m\"\nworkers = \"off\"\n");
    let from_file = shown(&place, &[], &[]);
    let (value, from) = one(&from_file, "request-timeout");
    assert_eq!(value, "5");
    assert!(file.ends_with(&from), "{from}");
    assert_eq!(one(&from_file, "body-limit").0, "2m");
    let env = [("MUSTER_REQUEST_TIMEOUT", "6")];
    let with_env = shown(&place, &[], &env);
    assert_eq!(one(&with_env, "request-timeout"), ("6".to_owned(), "MUSTER_REQUEST_TIMEOUT".to_owned()));
    assert_eq!(one(&with_env, "workers").0, "off", "the rest still comes from the file");
    let with_flag = shown(&place, &["--request-timeout", "7"], &env);
    assert_eq!(one(&with_flag, "request-timeout"), ("7".to_owned(), "--request-timeout".to_owned()));
}

#[test]
fn an_empty_variable_is_none() {
    let place = Place::new();
    let empty =
        [("MUSTER_TLS_CERT", ""), ("MUSTER_TLS_KEY", ""), ("MUSTER_PUBLIC_URL", ""), ("MUSTER_NODE", "")];
    let shown = shown(&place, &[], &empty);
    for name in ["tls-cert", "tls-key", "public-url"] {
        assert!(shown[name]["value"].is_null(), "{name}: {shown}");
    }
    assert_ne!(shown["node"]["value"], "");
}

#[test]
fn another_file_can_be_named() {
    let place = Place::new();
    place.write("data/muster.toml", "request-timeout = 5\n");
    place.write("etc/own.toml", "request-timeout = 8\ntls-cert = \"c.pem\"\ntls-key = \"/k.pem\"\n");
    let by_flag = shown(&place, &["--config", "etc/own.toml"], &[]);
    assert_eq!(by_flag["request-timeout"]["value"], "8");
    assert_eq!(by_flag["tls-cert"]["value"], "etc/c.pem", "a file's paths are meant from where it stands");
    assert_eq!(by_flag["tls-key"]["value"], "/k.pem");
    assert_eq!(shown(&place, &[], &[("MUSTER_CONFIG", "etc/own.toml")])["request-timeout"]["value"], "8");
    refused(&place, &["--config", "none.toml"], 1, &["none.toml"]);
}

#[test]
fn a_file_that_is_named_says_where_the_data_is() {
    let place = Place::new();
    place.write("etc/own.toml", "data-dir = \"../elsewhere\"\nrequest-timeout = 8\n");
    let run = |args: &[&str]| {
        let own = ["serve", "--print-config", "--json", "--config", "etc/own.toml"];
        let args: Vec<&str> = own.iter().chain(args).copied().collect();
        let output = place.bare(&args).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["data-dir"].clone()
    };
    assert_eq!(run(&[])["value"], "etc/../elsewhere");
    assert_eq!(run(&["--data-dir", "here"])["value"], "here");
    assert_eq!(run(&["--data-dir", "here"])["from"], "--data-dir");
    place.write("data/muster.toml", "data-dir = \"../elsewhere\"\n");
    refused(&place, &[], 2, &["muster.toml", "data-dir", "--config"]);
}

#[test]
fn mistakes_are_told_with_the_place_and_the_nearest_name() {
    let place = Place::new();
    place.write("bad.toml", "# settings\nlisen = \"127.0.0.1:1\"\n");
    refused(&place, &["--config", "bad.toml"], 2, &["bad.toml:2", "lisen", "did you mean \"listen\""]);
    place.write("bad.toml", "body-limit = \"plenty\"\n");
    refused(&place, &["--config", "bad.toml"], 2, &["bad.toml:1", "plenty", "10m"]);
    place.write("bad.toml", "listen = [\n");
    refused(&place, &["--config", "bad.toml"], 2, &["bad.toml:"]);
    refused(&place, &["--tls-cert", "cert.pem"], 2, &["--tls-key"]);
    refused(&place, &["--public-url", "muster.example.org"], 2, &["https://"]);
    refused(&place, &["--listen", "8080"], 2, &["--listen"]);
    refused(&place, &["--tls-cert", "none.pem", "--tls-key", "none.pem"], 1, &["none.pem"]);
    refused(&place, &["--workers", "perhaps"], 2, &["on", "off"]);
}

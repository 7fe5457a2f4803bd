//! Completions and manual pages.

use std::collections::BTreeSet;

use crate::support::Place;

#[test]
fn completions_know_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&["completions", shell]).ended(0).out;
        for word in ["serve", "token", "completions", "database-url"] {
            assert!(script.contains(word), "{shell} doesn't know {word}");
        }
    }
    place.run(&["completions", "cmd"]).ended(2).complains(&["bash", "zsh"]);
    assert!(!place.path().join("data").exists(), "help has made a store");
}

#[test]
fn a_completion_script_is_one() {
    let place = Place::new();
    let script = place.run(&["completions", "bash"]).ended(0).out;
    let path = place.write("muster.bash", &script);
    let status = std::process::Command::new("bash").arg("-n").arg(path).status().unwrap();
    assert!(status.success());
}

#[test]
fn every_command_has_a_page() {
    let place = Place::new();
    place.run(&["man", "--out", "man/man1"]).ended(0);
    let pages: BTreeSet<String> = std::fs::read_dir(place.path().join("man/man1"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in ["muster.1", "muster-serve.1", "muster-token-create.1", "muster-org-apply.1"] {
        assert!(pages.contains(name), "{name} isn't among {pages:?}");
    }
    let serve = std::fs::read_to_string(place.path().join("man/man1/muster-serve.1")).unwrap();
    assert!(serve.starts_with(".ie") && serve.contains(".SH NAME"), "{serve}");
    for word in ["MUSTER_LISTEN", "print", "Examples"] {
        assert!(serve.contains(word), "{word} isn't in: {serve}");
    }
    let again = place.run(&["man", "--out", "man/man1", "--json"]).ended(0).json();
    assert_eq!(again["pages"], pages.len());
    // A place where no directory can be made.
    place.write("file", "");
    place.run(&["man", "--out", "file/man1"]).ended(1).complains(&["file/man1"]);
}

//! The demo, and what it tells people to do next.

use std::process::Command;

use crate::support::Ran;

fn run(args: &[&str], dir: &std::path::Path) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.current_dir(dir).args(args).env_remove("MUSTER_CLOCK").env_remove("MUSTER_DATA_DIR");
    command.output().unwrap().into()
}

#[test]
fn the_demo_runs_and_what_it_suggests_works() {
    let place = tempfile::tempdir().unwrap();
    let told = run(&["demo"], place.path()).ended(0);
    for step in 1..=6 {
        assert!(told.out.contains(&format!("Step {step} of 6")), "{}", told.out);
    }
    let suggested: Vec<&str> = told
        .out
        .lines()
        .map(str::trim)
        .filter(|l| l.starts_with("muster ") && l.contains("--data-dir"))
        .collect();
    assert!(suggested.len() >= 8, "{suggested:?}");
    for line in suggested {
        let words: Vec<&str> = line.split(' ').skip(1).collect();
        run(&words, place.path()).ended(0);
    }
    // Again on the same directory: it says so and starts afresh beside it.
    let again = run(&["demo", "--json"], place.path()).ended(0).json();
    assert_eq!((&again["ok"], &again["mismatches"]), (&true.into(), &serde_json::json!([])));
    assert!(again["dataDir"].as_str().unwrap().ends_with("muster-demo-data-2"), "{again}");
    assert_eq!(again["steps"].as_array().unwrap().len(), 6);
}

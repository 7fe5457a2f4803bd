//! `cargo xtask test`: everything that has to pass.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Instant;

use anyhow::Context as _;

use crate::install::{self, Missing, Prepared};
use crate::metadata::{self, Metadata};
use crate::{DONE, FAILED, UNUSABLE, check};

/// Installs, runs the tests, then the checks; tells in one line how it went.
pub(crate) fn run() -> anyhow::Result<u8> {
    let started = Instant::now();
    let metadata = Metadata::load()?;
    let prepared = match install::prepare(&metadata)? {
        Ok(prepared) => prepared,
        Err(Missing(what)) => {
            eprintln!("error: {what}");
            return Ok(UNUSABLE);
        }
    };
    let tests = run_tests(&prepared)?;
    let checked = check::run()?;
    let passed = tests.success && checked == DONE;
    for failed in &tests.failed_names {
        println!("failed: {failed}");
    }
    println!(
        "{}: {} tests passed, {} failed, {} ignored; check {}; {} s",
        if passed { "ok" } else { "FAILED" },
        tests.passed,
        tests.failed,
        tests.ignored,
        if checked == DONE { "ok" } else { "failed" },
        started.elapsed().as_secs()
    );
    Ok(if passed { DONE } else { FAILED })
}

/// What the test programs said, summed up.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    success: bool,
    passed: u64,
    failed: u64,
    ignored: u64,
    failed_names: Vec<String>,
}

impl Tally {
    /// Reads a line of a test program, such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED")) {
            self.failed_names.push(name.to_owned());
        }
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|line| line.split_once(". "))
        else {
            return;
        };
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// Runs the tests of the workspace, showing what they say. Corpora of fuzzing are replayed by ordinary tests.
fn run_tests(prepared: &Prepared) -> anyhow::Result<Tally> {
    let mut command = metadata::cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).stdout(Stdio::piped());
    for (name, value) in &prepared.variables {
        command.env(name, value);
    }
    let mut tests = command.spawn().context("cargo can't be started; is it in the PATH?")?;
    let mut tally = Tally::default();
    if let Some(output) = tests.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("the output of the tests can't be read")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.read(&line);
        }
    }
    tally.success = tests.wait().context("the tests can't be waited for")?.success();
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_are_summed_up() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test one ... ok",
            "test two ... FAILED",
            "test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ] {
            tally.read(line);
        }
        let failed_names = vec!["two".to_owned()];
        assert_eq!(tally, Tally { success: false, passed: 6, failed: 1, ignored: 1, failed_names });
    }
}

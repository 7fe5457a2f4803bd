//! A child process that does its work and ends.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// Who takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(240);
const POLL: Duration = Duration::from_millis(20);

/// What a program said and how it ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether it ended with success.
    pub success: bool,
    /// All that it wrote, to standard output and standard error.
    pub said: String,
}

/// Runs a program to its end. One that hangs is ended, by its id.
///
/// # Errors
/// If it can't be started, or doesn't end (with what it said).
pub(crate) fn run(mut command: Command) -> anyhow::Result<Outcome> {
    let name = command.get_program().display().to_string();
    let (mut reader, writer) = std::io::pipe().context("no pipe")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("can't start {name}"))?;
    // It holds the ends for writing; as long as they are open there is no end to read.
    drop(command);
    let listener = thread::spawn(move || {
        let mut said = Vec::new();
        // What has come before an error is worth telling.
        let _ = reader.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    });
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if started.elapsed() > PATIENCE {
            // It may have ended by itself at last.
            let _ = child.kill();
            child.wait()?;
            break None;
        }
        thread::sleep(POLL);
    };
    let said = listener.join().unwrap_or_default();
    let Some(status) = status else { bail!("{name} didn't end in {PATIENCE:?}; it said:\n{said}") };
    Ok(Outcome { success: status.success(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_a_program_said_and_how_it_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let outcome = run(command).unwrap();
        assert!(!outcome.success);
        assert_eq!(outcome.said, "out\nerr\n");
    }
}

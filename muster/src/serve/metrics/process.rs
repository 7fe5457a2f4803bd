//! Figures of this process, under the names that Prometheus' own clients use.

use std::time::Instant;

use ::metrics::{counter, describe_counter, describe_gauge, gauge};

const MEMORY: &str = "process_resident_memory_bytes";
const CPU: &str = "process_cpu_seconds_total";
const FILES: &str = "process_open_fds";
const THREADS: &str = "process_threads";
const UPTIME: &str = "muster_uptime_seconds";

/// Clock ticks a second in `/proc`, on every Linux that is about.
const TICKS: u64 = 100;

pub(super) fn describe() {
    describe_gauge!(MEMORY, "Memory of the process that is in use, in bytes");
    describe_counter!(CPU, "Processor time of the process, in seconds");
    describe_gauge!(FILES, "Files and connections the process has open");
    describe_gauge!(THREADS, "Threads of the process");
    describe_gauge!(UPTIME, "How long the server has been running, in seconds");
}

/// Sets them; where the system doesn't tell them they are left out.
pub(super) fn set(started: Instant) {
    gauge!(UPTIME).set(started.elapsed().as_secs_f64());
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        if let Some(kilobytes) = field(&status, "VmRSS:") {
            gauge!(MEMORY).set((kilobytes << 10) as f64);
        }
        if let Some(threads) = field(&status, "Threads:") {
            gauge!(THREADS).set(threads as f64);
        }
    }
    if let Some(ticks) = std::fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_ticks) {
        counter!(CPU).absolute(ticks / TICKS);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        gauge!(FILES).set(files.count() as f64);
    }
}

/// The number behind a name in `/proc/self/status`.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time in `/proc/self/stat`. The program's name, in brackets, may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_read() {
        assert_eq!(field("Name:\tx\nVmRSS:\t  2048 kB\n", "VmRSS:"), Some(2048));
        let stat = "1 (a b) c) S 1 1 1 0 -1 4194560 1 2 3 4 70 30 0 0 20 0 1 0";
        assert_eq!(cpu_ticks(stat), Some(100));
        assert_eq!(cpu_ticks("nothing"), None);
    }
}

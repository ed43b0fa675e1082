//! The most memory that a program holds, as the system keeps it.

use std::process::Child;
use std::time::Duration;

/// The most memory that a program holds until it ends well, in kB.
pub fn most_memory(mut program: Child) -> u64 {
    let status = format!("/proc/{}/status", program.id());
    let mut most = 0;
    loop {
        // The system keeps the highest mark, but only as long as the program runs.
        most = most.max(std::fs::read_to_string(&status).map_or(0, |text| highest_mark(&text)));
        if let Some(code) = program.try_wait().expect("the program") {
            assert!(code.success(), "{code}");
            return most;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The highest mark that a process's status tells, in kB.
fn highest_mark(status: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

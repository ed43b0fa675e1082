//! The most memory that a run of 1,000 chapters takes, without the model.
//!
//! `cargo bench --no-default-features --bench memory`. It is no timing, so it
//! is one run and a printed figure. The time of that run is printed too: a
//! chapter's share of it has the folds and the start of the program in it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "../tests/support/book.rs"]
mod book;
#[path = "support/endpoint.rs"]
mod endpoint;

const CHAPTERS: u32 = 1_000;
const WORDS: usize = 1_800;

fn main() {
    let root = tempfile::tempdir().expect("a temporary folder");
    book::write(root.path(), CHAPTERS as usize, WORDS);
    let begun = Instant::now();
    let most = most_memory(draft(root.path()));
    let took = begun.elapsed();
    println!("most memory of `storygen draft`, {CHAPTERS} chapters: {} MB", most / 1_024);
    println!("that run, a chapter: {:.1} ms", (took / CHAPTERS).as_secs_f64() * 1_000.0);
}

/// Begins to draft the whole book.
fn draft(root: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_storygen"))
        .args([
            "draft",
            "--quiet",
            "--yes",
            "--model",
            "openai/bench",
            "--window",
            "32768",
            "--project",
        ])
        .arg(root)
        .env("STORYGEN_BASE_URL", endpoint::serve(WORDS))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program")
}

/// The most memory that a program holds until it ends well, in kB.
fn most_memory(mut program: Child) -> u64 {
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

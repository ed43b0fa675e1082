//! The most memory that a run of 1,000 chapters takes, without the model.
//!
//! `cargo bench --no-default-features --bench memory`. It is no timing, so it
//! is one run and a printed figure. The time of that run is printed too: a
//! chapter's share of it has the folds and the start of the program in it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

#[path = "../tests/support/book.rs"]
mod book;
#[path = "support/endpoint.rs"]
mod endpoint;
#[path = "support/mark.rs"]
mod mark;

const CHAPTERS: u32 = 1_000;
const WORDS: usize = 1_800;

fn main() {
    let root = tempfile::tempdir().expect("a temporary folder");
    book::write(root.path(), CHAPTERS as usize, WORDS);
    let begun = Instant::now();
    let most = mark::most_memory(draft(root.path()));
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

//! Many books at once, against an endpoint that takes half a second an answer.
//!
//! `cargo bench --no-default-features --bench batch`. The wall time of 200 books
//! of 10 chapters with 16 calls at a time, against the ideal: all calls, 16 at a
//! time, and nothing else. The memory that a book takes is the difference
//! between a run over many books and one over few. Then the same where calls have
//! a price, and each is reserved for in journal and ledger before it is made.
//! With `BOOKS=20` a short run.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[path = "../tests/support/book.rs"]
mod book;
#[path = "support/endpoint.rs"]
mod endpoint;
#[path = "support/mark.rs"]
mod mark;

const CHAPTERS: usize = 10;
const WORDS: usize = 600;
const TAKES: Duration = Duration::from_millis(500);
const AT_ONCE: usize = 16;
/// Books of the run that shows what no book takes.
const FEW: usize = 16;

/// Where nobody knows what a call costs, on the machine itself: it is taken for nothing.
const FREE: &str = "";
/// Where calls have a price, and three caps hold.
const PAID: &str = "budget: {run: 5000, book: 5000, month: 5000}
endpoints: {openai: {price: {prompt: 1, reply: 2}}}
";

fn main() {
    let many = std::env::var("BOOKS").ok().and_then(|books| books.parse().ok()).unwrap_or(200);
    let (few_kb, _) = batch(FEW, FREE);
    let (many_kb, ratio) = batch(many, FREE);
    let each = many_kb.saturating_sub(few_kb) / (many - FEW).max(1) as u64;
    println!("wall time of {many} books, against the ideal: {:.1} %", (ratio - 1.0) * 100.0);
    println!("most memory: {} MB; a book: {each} kB", many_kb / 1_024);
    let (_, ratio) = batch(many, PAID);
    println!("wall time with a price and three caps: {:.1} %", (ratio - 1.0) * 100.0);
}

/// Drafts so many books under a configuration; gives the most memory in kB, and the wall time as a
/// multiple of the ideal.
fn batch(books: usize, config: &str) -> (u64, f64) {
    let root = tempfile::tempdir().expect("a temporary folder");
    let own = root.path().join(".config/storygen");
    std::fs::create_dir_all(&own).expect("a folder");
    std::fs::write(own.join("config.yaml"), config).expect("a configuration");
    let paths: Vec<_> = (0..books).map(|number| root.path().join(number.to_string())).collect();
    for path in &paths {
        book::write(path, CHAPTERS, WORDS);
    }
    let (address, seen) = endpoint::serve_after(WORDS, TAKES);
    let begun = Instant::now();
    let program = Command::new(env!("CARGO_BIN_EXE_storygen"))
        .args(["batch", "--quiet", "--model", "openai/bench", "--window", "32768"])
        .args(["--concurrent", &AT_ONCE.to_string()])
        .args(&paths)
        .env("STORYGEN_BASE_URL", address)
        .env("HOME", root.path())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program");
    let memory = mark::most_memory(program);
    let took = begun.elapsed();
    let calls = seen.calls.load(Ordering::SeqCst);
    let most = seen.most.load(Ordering::SeqCst);
    assert!(most <= AT_ONCE, "{most} calls at once");
    assert!(is_drafted(&paths[0]) && is_drafted(&paths[books - 1]));
    let rounds = u32::try_from(calls).unwrap_or(u32::MAX);
    let ideal = TAKES * rounds / u32::try_from(AT_ONCE).unwrap_or(1);
    println!(
        "{books} books: {calls} calls in {:.1} s, ideal {:.1} s, at most {most} at once",
        took.as_secs_f64(),
        ideal.as_secs_f64()
    );
    tell_lost(&seen, begun);
    (memory, took.as_secs_f64() / ideal.as_secs_f64())
}

/// Tells where time went that no call filled: before the first one, and while places were empty.
fn tell_lost(seen: &endpoint::Seen, begun: Instant) {
    let spans = seen.spans.lock().expect("the calls");
    let first = spans.iter().map(|(from, _)| *from).min().expect("a call");
    let last = spans.iter().map(|(_, to)| *to).max().expect("a call");
    let filled: Duration = spans.iter().map(|(from, to)| *to - *from).sum();
    let empty = (last - first).saturating_sub(filled / u32::try_from(AT_ONCE).unwrap_or(1));
    println!(
        "  no call for the first {:.1} s; then places stood empty for {:.1} s of the time of all",
        (first - begun).as_secs_f64(),
        empty.as_secs_f64()
    );
}

fn is_drafted(book: &Path) -> bool {
    std::fs::read_dir(book.join("manuscript")).is_ok_and(|files| files.count() == CHAPTERS)
}

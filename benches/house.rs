//! What storygen itself takes, beside what the model takes.
//!
//! `cargo bench --no-default-features --bench house` prints the table of the
//! README. Words choose parts: `-- chapters start brief check`. Figures are
//! medians; the endpoint is a server of this process that answers at once, the
//! folder is on the real disk and everything is flushed as in a real run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storygen::chat::{Message, Role, Tokenizer};
use storygen::pipeline::calling::{Event, Line};
use storygen::pipeline::draft;
use storygen::pipeline::run::Session;
use storygen::pipeline::settings::{Asked, Settings};
use storygen::project::folder::Folder;
use storygen::project::load::load;
use storygen::project::{history, store::Store};
use storygen::prompt::templates::Templates;
use storygen::prompt::tokens::Bound;
use storygen::provider::http::{Base, Endpoint, Remote};
use storygen::provider::openai::OPENAI;
use storygen::provider::{Provider, Request, Sampling};
use tokio_util::sync::CancellationToken;

#[path = "../tests/support/book.rs"]
mod book;

const CHAPTERS: usize = 1_000;
const WORDS: usize = 1_800;
const WINDOW: usize = 32_768;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    let wants = |part: &str| asked.is_empty() || asked.iter().any(|one| one == part);
    let mut table = Table::default();
    if wants("check") {
        check(&mut table);
    }
    if wants("chapters") || wants("start") || wants("brief") {
        let root = tempfile::tempdir().expect("a temporary folder");
        book::write(root.path(), CHAPTERS, WORDS);
        let address = serve();
        chapters(root.path(), &address, &mut table);
        flush(root.path(), &mut table);
        brief(root.path(), &mut table);
        start(root.path(), &mut table);
    }
    if wants("memory") {
        memory(&mut table);
    }
    table.print();
}

/// Rows of what was measured, what it took and what it may take.
#[derive(Default)]
struct Table(Vec<[String; 3]>);

impl Table {
    fn row(&mut self, what: &str, took: String, target: &str) {
        eprintln!("{what}: {took} (target {target})");
        self.0.push([what.to_owned(), took, target.to_owned()]);
    }

    fn print(&self) {
        println!("| What | Measured | Target |\n|---|---|---|");
        for [what, took, target] in &self.0 {
            println!("| {what} | {took} | {target} |");
        }
    }
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn timed(rounds: usize, mut work: impl FnMut()) -> Duration {
    median(
        (0..rounds)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed()
            })
            .collect(),
    )
}

fn check(table: &mut Table) {
    let root = tempfile::tempdir().expect("a temporary folder");
    book::write(root.path(), 100, WORDS);
    let folder = Folder::open(root.path()).expect("the folder");
    let work = || {
        let loaded = load(&folder).expect("a readable bible");
        std::hint::black_box(storygen::check::check(&loaded.story.expect("a story")));
    };
    table.row("load and check a bible of 100 chapters", shown(timed(9, work)), "200 ms");
    let program = timed(9, || run(&["check", "--project"], root.path()));
    table.row("`storygen check`, 100 chapters, whole program", shown(program), "200 ms");
}

/// Drafts the whole book against the loopback endpoint and tells what a chapter
/// takes early and late.
fn chapters(root: &Path, address: &str, table: &mut Table) {
    let folder = Folder::open(root).expect("the folder");
    let story = book::read(&folder);
    let base = Base::parse(address).expect("an address");
    let mut endpoint = Endpoint::new(&OPENAI, base, "bench", WINDOW);
    endpoint.ratio = Some(0.3);
    let provider = Remote::new(endpoint).expect("a provider");
    let settings = Settings::new(Asked::default(), provider.facts());
    let templates = Templates::new("en", &BTreeMap::new()).expect("templates");
    let line = Line {
        provider: &provider,
        tokenizer: provider.tokenizer(),
        folder: &folder,
        settings: &settings,
        cancel: CancellationToken::new(),
    };
    let mut store = Store::open(&folder, "bench", || 0).expect("the store");
    let archive = history::read(&folder, &story).expect("an archive");
    let mut session = Session::new(&story, &templates, archive, BTreeMap::new(), &line);
    let mut began: Vec<Instant> = Vec::new();
    let mut listener = |event: Event<'_>| {
        if let Event::Drafting { .. } = event {
            began.push(Instant::now());
        }
    };
    book::block_on(session.run(&book::chapters(1, CHAPTERS), &mut store, &line, &mut listener))
        .expect("a drafted book");
    began.push(Instant::now());
    let took: Vec<Duration> = began.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for chapter in [20_usize, 200, 1_000] {
        let around = took[chapter.saturating_sub(16)..(chapter + 15).min(took.len())].to_vec();
        table.row(&format!("a chapter beside the model's time, at chapter {chapter}: draft, record, folds, all on disk"), shown(median(around)), "20 ms");
    }
    let bare = timed(50, || {
        let request = Request {
            messages: vec![Message::new(Role::User, "# Now: chapter 1 of 1 in about 1800 words")],
            reply_tokens: 3_000,
            sampling: settings.prose.clone(),
            seed: 1,
            schema: None,
        };
        book::block_on(provider.stream(&request, &mut |_| {}, &CancellationToken::new()))
            .expect("a reply");
    });
    table.row("one bare call to that endpoint, for comparison", shown(bare), "");
}

/// What this disk takes to make one small file safe: a chapter does so about five times.
fn flush(root: &Path, table: &mut Table) {
    let folder = Folder::open(root).expect("the folder");
    let mut number = 0;
    let work = || {
        number += 1;
        folder.write(&format!("flush/{number}"), b"a line").expect("a file");
    };
    table.row("one flushed file on this disk, for comparison", shown(timed(31, work)), "");
}

/// The prompt of chapter 1,000: gathered, fitted, rendered, counted.
fn brief(root: &Path, table: &mut Table) {
    let folder = Folder::open(root).expect("the folder");
    let story = book::read(&folder);
    let mut tokenizers: Vec<(&str, Arc<dyn Tokenizer>)> = vec![
        ("the bound", Arc::new(Bound::default())),
        ("a measured bound", Arc::new(Bound::new(Some(0.3)))),
    ];
    tokenizers.extend(embedded());
    let templates = Templates::new("en", &BTreeMap::new()).expect("templates");
    for (name, tokenizer) in tokenizers {
        let window = if name == "the embedded model's vocabulary" { 8_192 } else { WINDOW };
        let provider = book::Recorder::new(window, false, tokenizer, book::good_answer(WORDS));
        let settings = Settings::new(Asked::default(), provider.facts());
        let line = Line {
            provider: &provider,
            tokenizer: provider.tokenizer(),
            folder: &folder,
            settings: &settings,
            cancel: CancellationToken::new(),
        };
        let archive = history::read(&folder, &story).expect("an archive");
        let records = history::records(&story, &archive, &mut Vec::new());
        let mut session = Session::new(&story, &templates, archive, records, &line);
        let chapter = story.chapter(CHAPTERS).expect("the last chapter");
        let mut work = || {
            let materials = session.materials(CHAPTERS);
            let task = draft::tasks(chapter, &settings, materials.tokens_per_word)[0];
            std::hint::black_box(draft::prompt(&materials, task, "", &line).expect("a prompt"));
        };
        work();
        table.row(
            &format!("the prompt of chapter 1000, counted by {name}"),
            shown(timed(9, work)),
            "50 ms",
        );
    }
}

#[cfg(feature = "embedded")]
fn embedded() -> Option<(&'static str, Arc<dyn Tokenizer>)> {
    Some((
        "the embedded model's vocabulary",
        storygen::provider::embedded::tokenizer(&book::model()).ok()?,
    ))
}

#[cfg(not(feature = "embedded"))]
fn embedded() -> Option<(&'static str, Arc<dyn Tokenizer>)> {
    None
}

fn start(root: &Path, table: &mut Table) {
    table.row("`storygen --version`", shown(timed(31, || run(&["--version"], root))), "15 ms");
    table.row(
        "`storygen status`, 1000 drafted chapters",
        shown(timed(9, || run(&["status", "--project"], root))),
        "150 ms",
    );
}

/// Runs the program quietly; a last `--project` gets the folder.
fn run(arguments: &[&str], root: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storygen"));
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    if arguments.last() == Some(&"--project") {
        command.arg(root);
    }
    let code = command.status().expect("the program").code();
    assert!(matches!(code, Some(0 | 4)), "{arguments:?}: {code:?}");
}

/// The most memory that the program takes to draft 1,000 chapters.
fn memory(table: &mut Table) {
    let root = tempfile::tempdir().expect("a temporary folder");
    book::write(root.path(), CHAPTERS, WORDS);
    let mut child = Command::new(env!("CARGO_BIN_EXE_storygen"))
        .args(["draft", "--yes", "--model", "openai/bench", "--window", "32768", "--project"])
        .arg(root.path())
        .env("STORYGEN_BASE_URL", serve())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program");
    let start = Instant::now();
    let mut most = 0;
    let code = loop {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let mark = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(mark.unwrap_or(0));
        if let Some(code) = child.try_wait().expect("the program") {
            break code;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(code.success(), "{code}");
    table.row(
        "most memory of `storygen draft`, 1000 chapters",
        format!("{} MB", most / 1_024),
        "150 MB",
    );
    table.row("that whole run, a chapter", shown(start.elapsed() / 1_000), "20 ms");
}

/// An OpenAI-compatible endpoint that answers at once; gives its address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/v1", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_all(stream));
        }
    });
    address
}

/// Answers every request of a connection.
fn answer_all(stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    let answer = book::good_answer(WORDS);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).ok()?;
        let (text, _) = answer(&request(&body), 0);
        let mut events = String::new();
        for piece in pieces(&text) {
            let event = json!({ "model": "bench", "choices": [{ "index": 0, "delta": { "content": piece }, "finish_reason": null }] });
            let _ = write!(events, "data: {event}\n\n");
        }
        let end = json!({ "model": "bench", "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }], "usage": { "prompt_tokens": 1000, "completion_tokens": 900, "total_tokens": 1900 } });
        let _ = write!(events, "data: {end}\n\ndata: [DONE]\n\n");
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n",
            events.len()
        );
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(events.as_bytes()).ok()?;
    }
}

/// A text in pieces of about a token.
fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// What a body asks, as the answering model takes it.
fn request(body: &Value) -> Request {
    let messages = body["messages"].as_array().into_iter().flatten();
    let role = |one: &Value| match one["role"].as_str() {
        Some("system") => Role::System,
        Some("assistant") => Role::Assistant,
        _ => Role::User,
    };
    Request {
        messages: messages
            .map(|one| Message::new(role(one), one["content"].as_str().unwrap_or_default()))
            .collect(),
        reply_tokens: 3_000,
        sampling: Sampling { temperature: 0.8, top_p: 1.0, min_p: 0.0, repeat_penalty: 1.0 },
        seed: 0,
        schema: body.get("response_format").cloned(),
    }
}

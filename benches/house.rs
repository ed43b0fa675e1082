//! What storygen itself takes, beside what the model takes.
//!
//! `cargo bench --no-default-features --bench house -- --verbose` measures all
//! and prints the medians, too, by which the README goes. A word chooses by name:
//! `cargo bench --no-default-features --bench house -- status`. The groups are
//! `check`, `odd`, `start`, `prompt`, `draft` and `beside`.
//!
//! The endpoint is a server of this process that answers at once, the folder is
//! on the real disk and everything is flushed as in a real run. Where a long
//! book is needed it is drafted first, once, which takes some 20 seconds.

use std::cell::{Cell, LazyCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{
    Bencher, BenchmarkGroup, Criterion, SamplingMode, criterion_group, criterion_main,
};
use storygen::chat::{Message, Role, Tokenizer};
use storygen::ledger::Ledger;
use storygen::pipeline::calling::{Line, Lines, Purse, Terms};
use storygen::pipeline::draft;
use storygen::pipeline::run::Session;
use storygen::pipeline::settings::{Asked, Settings};
use storygen::project::archive::Archive;
use storygen::project::folder::Folder;
use storygen::project::load::load;
use storygen::project::store::Store;
use storygen::prompt::templates::Templates;
use storygen::prompt::tokens::{Bound, Seen};
use storygen::provider::http::{Base, Endpoint, Remote};
use storygen::provider::openai::OPENAI;
use storygen::provider::{Provider, Request};
use storygen::story::Story;
use storygen::story::canon::Record;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

#[path = "../tests/support/book.rs"]
mod book;
#[path = "support/endpoint.rs"]
mod endpoint;
#[path = "../tests/support/odd_files.rs"]
mod odd_files;

const CHAPTERS: usize = 1_000;
const WORDS: usize = 1_800;
const WINDOW: usize = 32_768;

criterion_group! {
    name = house;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1));
    targets = check, odd, long_book
}
criterion_main!(house);

/// A group of things that take long enough to be timed in equal samples.
fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    group
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

/// A bible of 100 chapters: loaded and checked here, and by the whole program.
fn check(criterion: &mut Criterion) {
    let root = tempfile::tempdir().expect("a temporary folder");
    book::write(root.path(), 100, WORDS);
    let folder = Folder::open(root.path()).expect("the folder");
    let mut group = group(criterion, "check");
    group.bench_function("load and check", |bencher| {
        bencher.iter(|| {
            let loaded = load(&folder).expect("a readable bible");
            storygen::check::check(&loaded.story.expect("a story"))
        });
    });
    group.bench_function("whole program", |bencher| {
        bencher.iter(|| run(&["check", "--project"], root.path()));
    });
}

/// A bible of which one file is large or odd, by the whole program: each is refused.
fn odd(criterion: &mut Criterion) {
    let mut group = group(criterion, "odd");
    group.sample_size(10);
    for (name, text) in odd_files::odd_files() {
        let root = tempfile::tempdir().expect("a temporary folder");
        book::write(root.path(), 2, WORDS);
        std::fs::write(root.path().join("bible/arcs.yaml"), text).expect("a file");
        group.bench_function(name, |bencher| {
            bencher.iter(|| run(&["check", "--project"], root.path()));
        });
    }
}

/// The start of the program, and all that is measured on a book of 1,000
/// chapters. The book is drafted when it is first needed. What a chapter takes
/// comes after `status` and the prompts, for it adds to the journal.
fn long_book(criterion: &mut Criterion) {
    let book = LazyCell::new(Drafted::new);
    let mut starts = group(criterion, "start");
    starts.bench_function("version", |bencher| {
        bencher.iter(|| run(&["--version"], Path::new(".")));
    });
    starts.bench_function("status", |bencher| {
        let root = book.folder.path();
        bencher.iter(|| run(&["status", "--project"], root));
    });
    starts.finish();
    let mut prompts = group(criterion, "prompt");
    for counting in COUNTINGS {
        prompts.bench_function(counting.name, |bencher| book.prompt(counting, bencher));
    }
    prompts.finish();
    let mut drafts = group(criterion, "draft");
    for number in [20, 200, CHAPTERS] {
        drafts.bench_function(format!("chapter {number}"), |bencher| {
            bencher.iter_custom(|times| book.draft(number, times));
        });
    }
    drafts.finish();
    let mut beside = group(criterion, "beside");
    beside.bench_function("one bare call", |bencher| bencher.iter(|| book.call()));
    // What this disk takes to make one small file safe: a chapter does so about five times.
    beside.bench_function("one flushed file", |bencher| {
        bencher.iter(|| book.folder.write("flush/file", b"a line").expect("a file"));
    });
}

/// A way to count the tokens of a prompt.
struct Counting {
    name: &'static str,
    window: usize,
    tokenizer: fn() -> Arc<dyn Tokenizer>,
}

const COUNTINGS: &[Counting] = &[
    Counting {
        name: "counted by the bound",
        window: WINDOW,
        tokenizer: || Arc::new(Bound::default()),
    },
    Counting {
        name: "counted by the bound of seen vocabularies",
        window: WINDOW,
        tokenizer: || Arc::new(Bound::new(Some(Seen))),
    },
    #[cfg(feature = "embedded")]
    Counting {
        name: "counted by the embedded vocabulary",
        window: 8_192,
        tokenizer: || {
            storygen::provider::embedded::tokenizer(&book::model()).expect("a vocabulary")
        },
    },
];

/// A book of 1,000 chapters on the disk, drafted over the loopback endpoint.
struct Drafted {
    folder: Folder,
    story: Story,
    templates: Templates,
    provider: Remote,
    /// One for all calls, so that their connection stays open as in a run.
    runtime: Runtime,
    archive: Archive,
    records: BTreeMap<usize, Record>,
    /// The seed of the last chapter that was drafted again.
    seed: Cell<u64>,
    _root: tempfile::TempDir,
}

impl Drafted {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        book::write(root.path(), CHAPTERS, WORDS);
        let folder = Folder::open(root.path()).expect("the folder");
        let base = Base::parse(&endpoint::serve(WORDS)).expect("an address");
        let mut endpoint = Endpoint::new(&OPENAI, base, "bench", WINDOW);
        endpoint.tokenizer = Arc::new(Bound::new(Some(Seen)));
        let mut book = Self {
            story: book::read(&folder),
            folder,
            templates: Templates::new("en", &BTreeMap::new()).expect("templates"),
            provider: Remote::new(endpoint).expect("a provider"),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            archive: Archive::default(),
            records: BTreeMap::new(),
            seed: Cell::new(0),
            _root: root,
        };
        let settings = Settings::new(Asked::default(), book.provider.facts());
        let line = book.line(&book.provider, &settings);
        let mut session = book.session_before(1, &line);
        book.write_on(&mut session, 1, CHAPTERS, &line);
        (book.archive, book.records) = (session.archive, session.records);
        book
    }

    fn line<'a>(&'a self, provider: &'a dyn Provider, settings: &'a Settings) -> Line<'a> {
        Line::new(provider, &self.folder, settings, Purse::default())
    }

    /// A session that knows of nothing from a chapter on, as if it came next.
    fn session_before(&self, number: usize, line: &Line<'_>) -> Session<'_> {
        let mut archive = self.archive.clone();
        for chapter in &self.story.chapters[number - 1..] {
            archive.chapters.remove(&chapter.id);
        }
        archive.folds.retain(|span, _| span.to < number);
        let mut records = self.records.clone();
        records.split_off(&number);
        let mut session = Session::new(&self.story, &self.templates, archive, records, line);
        // A run has the canon of the chapters before at hand; this gathers it.
        session.materials(number);
        session
    }

    /// Drafts and records chapters; gives the time it took.
    fn write_on(
        &self,
        session: &mut Session<'_>,
        first: usize,
        last: usize,
        line: &Line<'_>,
    ) -> Duration {
        let mut store = Store::open(&self.folder, "bench", || 0).expect("the store");
        // As in a run, every call is noted.
        let ledger = Ledger::new(self.folder.path().join("ledger"), self.folder.path());
        let accounts = session.archive.accounts.clone();
        let purse = Purse::new(store.pen(), ledger, accounts, Terms::default());
        let line = &Line::new(line.provider, line.folder, line.settings, purse);
        let wanted = book::chapters(first, last);
        let begun = Instant::now();
        let done = self.runtime.block_on(session.run(
            &wanted,
            &mut store,
            &Lines::alike(line.clone()),
            &mut |_| {},
        ));
        let took = begun.elapsed();
        let done = done.expect("drafted chapters");
        let expected = last - first + 1;
        assert_eq!((done.drafted, done.recorded), (expected, expected));
        took
    }

    /// The prompt of the last chapter: gathered, fitted, rendered, counted.
    fn prompt(&self, counting: &Counting, bencher: &mut Bencher<'_>) {
        let answer = book::good_answer(WORDS);
        let provider = book::Recorder::new(counting.window, false, (counting.tokenizer)(), answer);
        let settings = Settings::new(Asked::default(), provider.facts());
        let line = self.line(&provider, &settings);
        let mut session = self.session_before(CHAPTERS, &line);
        let chapter = self.story.chapter(CHAPTERS).expect("the last chapter");
        bencher.iter(|| {
            let materials = session.materials(CHAPTERS);
            let task = draft::tasks(chapter, &settings, materials.tokens_per_word)[0];
            draft::prompt(&materials, task, "", &line).expect("a prompt")
        });
    }

    /// What a chapter takes beside the model's time: draft and record, all on
    /// disk. The folds before it are there, and the run has just done the chapter
    /// before it, as any run but at its first chapter.
    fn draft(&self, number: usize, times: u64) -> Duration {
        (0..times)
            .map(|_| {
                // With a seed of its own no kept reply stands in for the endpoint.
                self.seed.update(|seed| seed + 1);
                let asked = Asked { seed: Some(self.seed.get()), ..Asked::default() };
                let settings = Settings::new(asked, self.provider.facts());
                let line = self.line(&self.provider, &settings);
                self.take_away(number - 1, number);
                let mut session = self.session_before(number - 1, &line);
                self.write_on(&mut session, number - 1, number - 1, &line);
                self.write_on(&mut session, number, number, &line)
            })
            .sum()
    }

    /// Takes the files of chapters away, which a run would adopt as the author's.
    fn take_away(&self, first: usize, last: usize) {
        for chapter in &self.story.chapters[first - 1..last] {
            let shelf = &self.archive.chapters[&chapter.id];
            let canon = shelf.canon.as_ref().expect("a canon");
            for path in [shelf.path(), &canon.path] {
                fs_err::remove_file(self.folder.path().join(path)).expect("a file");
            }
        }
    }

    /// One call to the endpoint, of which a chapter makes two.
    fn call(&self) {
        let settings = Settings::new(Asked::default(), self.provider.facts());
        let request = Request {
            messages: vec![Message::new(Role::User, "# Now: chapter 1 of 1 in about 1800 words")],
            reply_tokens: 3_000,
            sampling: settings.prose,
            seed: 1,
            schema: None,
            bans: None,
            marks: Vec::new(),
        };
        let cancel = CancellationToken::new();
        self.runtime
            .block_on(self.provider.stream(&request, None, &mut |_: &str| {}, &cancel))
            .expect("a reply");
    }
}

//! What keeping phrases out of a reply does to the text, and what it costs.
//!
//! `cargo bench --bench phrases`. `STORYGEN_BENCH_MODEL` names the model file,
//! else the store finds or fetches the default one; `STORYGEN_BENCH_ROUNDS` sets
//! how many replies are drawn with each list (default 6).
//!
//! A list begins with what this model itself says most: the runs of three words
//! that stand oftenest in a sample of its prose. Worn phrases of the built-in
//! list fill it. The replies that are measured have other seeds than the sample;
//! rounds without and with each list alternate, and figures of speed are medians:
//! tokens of the text that is kept, by the model's own vocabulary, a second.
//!
//! The same on llama.cpp's own server, by its chat route and its raw one, where
//! `STORYGEN_BENCH_PYTHON` names a Python with the package `xllamacpp`.

#![allow(clippy::cast_precision_loss, reason = "counts of words and tokens are small")]

#[path = "../tests/support/peer.rs"]
mod peer;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use etcetera::BaseStrategy;
use peer::Peer;
use storygen::chat::{Message, Role, Tokenizer};
use storygen::phrases::{Bans, Phrases, Place, worn};

use storygen::provider::catalogue::Catalogue;
use storygen::provider::completion::LLAMACPP;
use storygen::provider::embedded::store::{Places, Spec};
use storygen::provider::embedded::{Embedded, Options};
use storygen::provider::http::dialect::{Dialect, Knobs};
use storygen::provider::http::{Base, Endpoint, Remote};
use storygen::provider::openai::OPENAI;
use storygen::provider::{Provider, Request, Sampling};
use storygen::story::prose;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const REPLY: usize = 400;
const WINDOW: usize = 2048;
/// The model's own phrases in each list.
const OWN: usize = 50;
const SIZES: [usize; 3] = [100, 1_000, 8_000];
const SUBJECTS: [&str; 6] = [
    "a lighthouse keeper and the sea",
    "a baker who has lost her key",
    "two brothers on a night train",
    "an old clock in a cold house",
    "a letter that comes too late",
    "a dog that will not go home",
];

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let model = model(&runtime);
    let rounds = std::env::var("STORYGEN_BENCH_ROUNDS").ok();
    let rounds: u32 = rounds.map_or(6, |rounds| rounds.parse().unwrap());
    println!("model    {}", model.display());
    println!("load     {} before the start", load());
    let options = Options { threads: None, window: Some(WINDOW), state_folder: None };
    let embedded = Embedded::open(&model, options).unwrap();
    let bench = Bench { tokens: embedded.tokenizer(), runtime, rounds };
    let sample: Vec<Drawn> =
        (0..24).map(|seed| bench.drawn(&embedded, 1_000 + seed, None)).collect();
    let own = favourites(sample.iter().map(|one| one.text.as_str()));
    println!(
        "phrases  {} of the model's own ({}, …), the rest worn ones",
        own.len(),
        own[..3].join(", ")
    );
    bench.measure("the embedded model", &embedded, &own);
    drop(embedded);
    match std::env::var_os("STORYGEN_BENCH_PYTHON") {
        Some(python) => {
            let server = server(Path::new(&python), &model);
            bench.measure("llama.cpp's server, chat", &chat(&server), &own);
            bench.measure("llama.cpp's server, raw text", &raw(&server), &own);
        }
        None => println!("no server: `STORYGEN_BENCH_PYTHON` names no Python with `xllamacpp`"),
    }
}

/// llama.cpp's own server with the same model, as many threads and one slot.
fn server(python: &Path, model: &Path) -> Peer {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/llama_server.py");
    let threads = std::thread::available_parallelism().unwrap().to_string();
    Peer::start(
        |port| {
            let mut command = Command::new(python);
            command.arg(script).arg(model).args([port.to_string(), WINDOW.to_string(), threads]);
            command
        },
        "/health",
    )
}

/// Its chat route, as the catalogue has it.
fn chat(server: &Peer) -> Remote {
    let row = Catalogue::built_in().unwrap().row("llamacpp", "smollm2").unwrap();
    remote(server, "/v1", &OPENAI, row.knobs(false, None))
}

/// Its raw route, with the model's own template.
fn raw(server: &Peer) -> Remote {
    let row = Catalogue::built_in().unwrap().row("llamacpp-completion", "smollm2").unwrap();
    let template = Some("own".to_owned());
    remote(server, "", &LLAMACPP, Knobs { template, ..row.knobs(false, None) })
}

fn remote(server: &Peer, path: &str, dialect: &'static Dialect, knobs: Knobs) -> Remote {
    let base = Base::parse(&server.url(path)).unwrap();
    let endpoint = Endpoint::new(dialect, base, "smollm2", WINDOW);
    Remote::new(Endpoint { knobs, prefill: true, ..endpoint }).unwrap()
}

struct Bench {
    runtime: Runtime,
    /// The model's own count of its tokens.
    tokens: Arc<dyn Tokenizer>,
    rounds: u32,
}

impl Bench {
    /// Prints what lists of each size do to the replies of this model.
    fn measure(&self, name: &str, provider: &dyn Provider, own: &[String]) {
        assert!(provider.facts().steps_back, "{name}");
        println!("{name}");
        println!(
            "phrases  without: each 10,000 words  tokens/s    with: each 10,000 words  tokens/s  speed"
        );
        for size in SIZES {
            let list = own.iter().cloned().chain(worn("en")).take(size);
            let list = Phrases::new(list).unwrap();
            let count = list.len();
            let bans = Bans::default().and(Arc::new(list), BTreeSet::new(), Place::Anywhere);
            let bans = Arc::new(bans);
            let (mut without, mut with) = (Vec::new(), Vec::new());
            for seed in 0..self.rounds {
                without.push(self.drawn(provider, seed, None));
                with.push(self.drawn(provider, seed, Some(&bans)));
            }
            let ratios =
                with.iter().zip(&without).map(|(with, without)| with.speed / without.speed);
            println!(
                "{count:7}  {:31.1}  {:8.1}  {:27.1}  {:8.1}  {:4.0} %",
                density(&bans, &without),
                median(without.iter().map(|one| one.speed)),
                density(&bans, &with),
                median(with.iter().map(|one| one.speed)),
                median(ratios) * 1e2
            );
        }
    }

    fn drawn(&self, provider: &dyn Provider, seed: u32, bans: Option<&Arc<Bans>>) -> Drawn {
        let request = request(seed, bans);
        let mut text = String::new();
        let mut hear = |piece: &str| text.push_str(piece);
        let cancel = CancellationToken::new();
        let begun = Instant::now();
        self.runtime.block_on(provider.stream(&request, None, &mut hear, &cancel)).unwrap();
        let speed = self.tokens.text(&text) as f64 / begun.elapsed().as_secs_f64();
        Drawn { text, speed }
    }
}

/// A reply.
struct Drawn {
    text: String,
    /// Tokens of the text a second, the prompt and the steps back included.
    speed: f64,
}

fn request(seed: u32, bans: Option<&Arc<Bans>>) -> Request {
    let subject = SUBJECTS[usize::try_from(seed).unwrap() % SUBJECTS.len()];
    Request {
        messages: vec![
            Message::new(Role::System, "You write vivid literary prose."),
            Message::new(Role::User, format!("Write a long story about {subject}.")),
        ],
        reply_tokens: REPLY,
        sampling: Sampling {
            temperature: Some(0.8),
            top_p: Some(0.95),
            min_p: Some(0.05),
            repetition_penalty: Some(1.1),
            ..Sampling::default()
        },
        seed,
        schema: None,
        bans: bans.cloned(),
        marks: Vec::new(),
    }
}

/// The runs of three words that stand oftenest in these texts, oftenest first.
fn favourites<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts {
        let words: Vec<&str> = text.split_whitespace().collect();
        for run in words.windows(3) {
            let run = run.join(" ").to_lowercase();
            if run.chars().all(|c| c.is_alphabetic() || c == ' ') {
                *counts.entry(run).or_default() += 1;
            }
        }
    }
    let mut runs: Vec<_> = counts.into_iter().collect();
    runs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    runs.into_iter().map(|(run, _)| run).take(OWN).collect()
}

/// How often the phrases stand in 10,000 words of these.
fn density(bans: &Arc<Bans>, drawn: &[Drawn]) -> f64 {
    let found: usize = drawn.iter().map(|one| bans.within(&one.text).len()).sum();
    let words: usize = drawn.iter().map(|one| prose::words(&one.text)).sum();
    found as f64 * 1e4 / words.max(1) as f64
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The machine's load: figures of a busy machine are not worth much.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

fn model(runtime: &Runtime) -> PathBuf {
    if let Some(path) = std::env::var_os("STORYGEN_BENCH_MODEL") {
        return path.into();
    }
    let data = etcetera::choose_base_strategy().unwrap().data_dir();
    let places = Places::new(data.join("storygen").join("models"));
    runtime.block_on(places.pull(&Spec::default(), &mut |_| {})).unwrap()
}

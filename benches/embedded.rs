//! How fast the embedded model is, beside llama.cpp's own server on the same
//! file in the same run.
//!
//! `cargo bench --bench embedded`. `STORYGEN_BENCH_MODEL` names the model file,
//! else the store finds or fetches the default one. `STORYGEN_BENCH_PYTHON`
//! names a Python that has the package `xllamacpp` (`pip install xllamacpp`, a
//! prebuilt llama.cpp server); without it there are no ratios.
//! `STORYGEN_BENCH_THREADS` sets the threads of both.
//!
//! Words choose parts: `cargo bench --bench embedded -- speeds start takes chapters`.
//!
//! Everything is measured through the public interface, template, tokens and
//! sampling included. Rounds of both engines alternate, which criterion cannot
//! do, so the stopwatch is its own; figures are medians.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use etcetera::BaseStrategy;
use serde_json::{Value, json};
use storygen::chat::{Message, Role};
use storygen::provider::embedded::store::{Places, Spec};
use storygen::provider::embedded::{Embedded, Options};
use storygen::provider::{Provider, Request, Sampling};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 3;
const REPLY: usize = 128;

/// Drives llama.cpp's server inside Python: one request a line in, the server's
/// own timings a line out. The server is as its makers set it, but for the
/// threads, the window and one slot.
const REFERENCE: &str = r#"
import json, sys
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.cpuparams.n_threads = int(sys.argv[2])
params.cpuparams_batch.n_threads = int(sys.argv[2])
params.n_ctx = 8192
params.n_parallel = 1
params.warmup = True
server = xllamacpp.Server(params)
out = sys.stdout
print("ready", flush=True)
for line in sys.stdin:
    got = server.handle_completions(json.loads(line))
    if isinstance(got, (str, bytes)):
        got = json.loads(got)
    print(json.dumps(got["timings"]), flush=True)
"#;

/// One call: how long to the first text and to the end, and the tokens.
struct Measured {
    first: Duration,
    whole: Duration,
    prompt: u64,
    cached: u64,
    reply: u64,
}

struct Bench {
    runtime: Runtime,
    model: PathBuf,
    threads: usize,
}

/// The reference process.
struct Reference {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let threads = std::env::var("STORYGEN_BENCH_THREADS").ok();
    let bench = Bench {
        model: model(&runtime),
        runtime,
        threads: threads.map_or_else(
            || std::thread::available_parallelism().unwrap().get(),
            |text| text.parse().unwrap(),
        ),
    };
    if std::env::var_os("STORYGEN_BENCH_CHILD").is_some() {
        bench.measure(&bench.open(), &ask("Say hello.", 1));
        return;
    }
    println!("model    {}", bench.model.display());
    println!("threads  {}", bench.threads);
    println!("load     {} before the start", load());
    // Words after `--` choose parts; cargo adds `--bench` itself.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let is_chosen = |part: &str| chosen.is_empty() || chosen.iter().any(|c| c == part);
    if is_chosen("speeds") {
        let mut reference = Reference::start(&bench);
        if let Err(why) = &reference {
            println!("no reference, so no ratios: {why}");
        }
        bench.speeds(reference.as_mut().ok());
    }
    if is_chosen("start") {
        bench.start_up();
    }
    if is_chosen("takes") {
        bench.takes();
    }
    if is_chosen("chapters") {
        bench.chapters();
    }
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

fn ask(text: &str, reply_tokens: usize) -> Request {
    Request {
        messages: vec![Message::new(Role::User, text)],
        reply_tokens,
        sampling: Sampling {
            temperature: Some(0.0),
            top_p: Some(1.0),
            min_p: Some(0.0),
            repetition_penalty: Some(1.0),
            ..Sampling::default()
        },
        seed: 1,
        schema: None,
        bans: None,
        marks: Vec::new(),
    }
}

/// About 24 tokens a line; `salt` makes texts that share no beginning.
fn prose(salt: usize, lines: usize) -> String {
    let line = |n: usize| {
        let (one, two) = (salt * 31 + n, salt + n * 7);
        format!(
            "{one}. The keeper counted {two} lamps along the quay and wrote the number into his book. "
        )
    };
    (0..lines).map(line).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn seconds(durations: &[Duration]) -> f64 {
    median(durations.iter().map(Duration::as_secs_f64).collect())
}

#[expect(clippy::cast_precision_loss, reason = "token counts are small")]
fn per_second(tokens: u64, time: Duration) -> f64 {
    tokens as f64 / time.as_secs_f64()
}

impl Bench {
    fn open(&self) -> Embedded {
        let options =
            Options { threads: Some(self.threads), window: Some(8192), state_folder: None };
        Embedded::open(&self.model, options).unwrap()
    }

    fn measure(&self, provider: &Embedded, request: &Request) -> Measured {
        let begin = Instant::now();
        let mut first = None;
        let mut on_text = |_: &str| {
            first.get_or_insert_with(|| begin.elapsed());
        };
        let cancel = CancellationToken::new();
        let reply =
            self.runtime.block_on(provider.stream(request, None, &mut on_text, &cancel)).unwrap();
        let usage = reply.usage.unwrap();
        let whole = begin.elapsed();
        Measured {
            first: first.unwrap_or(whole),
            whole,
            prompt: usage.prompt,
            cached: usage.cached,
            reply: usage.reply,
        }
    }

    /// Prompt processing and decoding, and both against the reference.
    fn speeds(&self, mut reference: Option<&mut Reference>) {
        println!("\ntokens per second       here  reference  ratio");
        let provider = self.open();
        self.measure(&provider, &ask("Warm up.", 8));
        for lines in [18, 70] {
            let (mut here, mut there, mut tokens) = (Vec::new(), Vec::new(), 0);
            for round in 0..ROUNDS {
                let text = prose(1000 + lines * 10 + round, lines);
                let got = self.measure(&provider, &ask(&text, 1));
                assert_eq!(got.cached, 0);
                tokens = got.prompt;
                here.push(per_second(got.prompt, got.first));
                there.extend(reference.as_deref_mut().map(|r| r.ask(&text, 1).0));
            }
            row(&format!("prompt of {tokens}"), here, there);
        }
        for lines in [4, 130] {
            let (mut here, mut there, mut tokens) = (Vec::new(), Vec::new(), 0);
            for round in 0..ROUNDS {
                let salt = 9000 + lines * 10 + round;
                let text = format!("{} Continue this list for pages.", prose(salt, lines));
                let got = self.measure(&provider, &ask(&text, REPLY));
                tokens = got.prompt;
                here.push(per_second(got.reply - 1, got.whole.saturating_sub(got.first)));
                there.extend(reference.as_deref_mut().map(|r| r.ask(&text, REPLY).1));
            }
            row(&format!("reply after {tokens}"), here, there);
        }
    }

    /// Time to the first token of chapters 2 to 10: prompts whose beginning
    /// grows and stays, with a prompt of another kind between two chapters.
    fn chapters(&self) {
        let rules = prose(1, 20);
        let chapter = |number: usize, salt: &str| {
            let story: String = (1..number).map(|n| prose(100 + n, 3)).collect();
            let plan = prose(500 + number, 4);
            ask(&format!("{salt}{rules}{story}Now write this: {plan}"), 8)
        };
        let run = |is_reused: bool| {
            let provider = self.open();
            let mut times = Vec::new();
            let mut cached = 0;
            for number in 1..=10 {
                // A beginning of its own shares nothing with the last chapter's.
                let salt = if is_reused { String::new() } else { format!("{number} ") };
                let got = self.measure(&provider, &chapter(number, &salt));
                let record = format!("Summarise chapter {number}: {}", prose(700 + number, 4));
                self.measure(&provider, &ask(&record, 8));
                if number > 1 {
                    times.push(got.first);
                    cached += got.cached;
                }
            }
            (times, cached)
        };
        let (without, none) = run(false);
        let (with, cached) = run(true);
        assert_eq!(none, 0);
        println!("\nfirst token of chapters 2 to 10, a record between two of them");
        println!("without reuse  {:7.3} s median", seconds(&without));
        println!(
            "with reuse     {:7.3} s median, {cached} tokens not computed again",
            seconds(&with)
        );
        println!("ratio          {:7.2}", seconds(&without) / seconds(&with));
    }

    fn start_up(&self) {
        let program = std::env::current_exe().unwrap();
        let times: Vec<Duration> = (0..5)
            .map(|_| {
                let begin = Instant::now();
                let status = Command::new(&program)
                    .env("STORYGEN_BENCH_CHILD", "1")
                    .env("STORYGEN_BENCH_MODEL", &self.model)
                    .env("STORYGEN_BENCH_THREADS", self.threads.to_string())
                    .status();
                assert!(status.unwrap().success());
                begin.elapsed()
            })
            .collect();
        println!("\nstart of the process to the first token of a short prompt, and out again");
        println!("               {:7.3} s median of {}", seconds(&times), times.len());
    }

    /// Two takes of one prompt, together and one after the other.
    fn takes(&self) {
        let provider = self.open();
        let (mut apart, mut together) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let mut request = ask(&format!("{} Tell a long story.", prose(40 + round, 20)), REPLY);
            request.sampling.temperature = Some(0.8);
            request.sampling.min_p = Some(0.05);
            // The prompt is computed beforehand, so both sides decode only.
            self.measure(&provider, &ask(&request.messages[0].text, 1));
            let begin = Instant::now();
            let mut tokens = 0;
            for seed in [1, 2] {
                request.seed = seed;
                tokens += self.measure(&provider, &request).reply;
            }
            apart.push(per_second(tokens, begin.elapsed()));
            let begin = Instant::now();
            let cancel = CancellationToken::new();
            let mut silent = |_: usize, _: &str| {};
            let call = provider.stream_many(&request, &[1, 2], &mut silent, &cancel);
            let replies = self.runtime.block_on(call).unwrap();
            let tokens = replies.iter().map(|reply| reply.usage.unwrap().reply).sum();
            together.push(per_second(tokens, begin.elapsed()));
        }
        let (apart, together) = (median(apart), median(together));
        println!("\ntwo takes of {REPLY} tokens, tokens per second of both");
        println!("one by one     {apart:7.1}");
        println!("together       {together:7.1}");
        println!("ratio          {:7.2}", together / apart);
    }
}

fn row(name: &str, here: Vec<f64>, there: Vec<f64>) {
    let here = median(here);
    if there.is_empty() {
        println!("{name:18} {here:9.1}");
        return;
    }
    let there = median(there);
    println!("{name:18} {here:9.1} {there:10.1} {:6.2}", here / there);
}

impl Reference {
    fn start(bench: &Bench) -> Result<Self, String> {
        let python = std::env::var_os("STORYGEN_BENCH_PYTHON").unwrap_or_else(|| "python3".into());
        let mut child = Command::new(Path::new(&python))
            .args(["-c", REFERENCE])
            .arg(&bench.model)
            .arg(bench.threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| e.to_string())?;
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut reference = Self { child, input, output };
        reference.line(|line| line.trim() == "ready")?;
        reference.ask("Warm up.", 8);
        Ok(reference)
    }

    /// The next line that is wanted: the server may print lines of its own.
    fn line(&mut self, is_wanted: impl Fn(&str) -> bool) -> Result<String, String> {
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).map_err(|e| e.to_string())?;
            if read == 0 {
                return Err("`xllamacpp` does not run in this Python".to_owned());
            }
            if is_wanted(&line) {
                return Ok(line);
            }
        }
    }

    /// Prompt and reply speed by the server's own clock.
    fn ask(&mut self, text: &str, reply: usize) -> (f64, f64) {
        let prompt = format!("<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n");
        let request = json!({
            "prompt": prompt,
            "n_predict": reply,
            "temperature": 0.0,
            "cache_prompt": false,
            "ignore_eos": true,
        });
        writeln!(self.input, "{request}").unwrap();
        let line = self.line(|line| line.starts_with('{')).unwrap();
        let timings: Value = serde_json::from_str(&line).unwrap();
        let number = |name: &str| timings[name].as_f64().unwrap_or(f64::NAN);
        (number("prompt_per_second"), number("predicted_per_second"))
    }
}

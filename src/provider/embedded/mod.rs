//! The model inside the binary: llama.cpp on the processor.
//!
//! One thread owns the context (`worker`); the async side sends it jobs and
//! hears text. `vocabulary` knows the model's tokens and chat template,
//! `choose` and `guide` choose tokens, `speech`
//! takes them back where they begin what must not be said (`speech`) and ends a
//! reply at its `stops`, `prefix` and `shelf` save computing the
//! same beginning twice, `calm` keeps a busy machine usable, [`gguf`] looks at a
//! file before llama.cpp does, and [`store`] finds and fetches model files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use super::{Ear, Facts, Fault, Pass, Provider, Reply, Request, Streaming};
use crate::chat::Tokenizer;
use crate::money::Price;

mod calm;
mod choose;
pub mod gguf;
mod guide;
mod pieces;
mod prefix;
mod shelf;
mod speech;
mod stops;
pub mod store;
mod template;
mod vocabulary;
mod worker;

use shelf::Shelf;
use vocabulary::Vocabulary;
use worker::{Event, Job, Settings, TAKES};

/// The window where the caller names none: what a chapter's prompt and reply
/// need. Models trained on far more would take gigabytes for it.
const WINDOW: usize = 8192;

/// How a model is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads to compute with; `None` takes what the machine offers. Different
    /// numbers of threads may give different texts for the same seed.
    pub threads: Option<usize>,
    /// Tokens of prompt and reply together; never more than the model was
    /// trained on.
    pub window: Option<usize>,
    /// Where computed prompts are kept between runs; `None` keeps none.
    pub state_folder: Option<PathBuf>,
}

/// A local model, ready to be asked.
pub struct Embedded {
    facts: Facts,
    vocabulary: Arc<Vocabulary>,
    jobs: Option<Sender<Job>>,
    /// Set when the provider goes: ends what still runs.
    gone: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// Counts tokens as the model at `path` does, without loading its weights.
///
/// # Errors
///
/// A file that is no instruct model llama.cpp can load; the message names it.
pub fn tokenizer(path: &Path) -> Result<Arc<dyn Tokenizer>, Fault> {
    let (header, model) = vocabulary::load(path, true)?;
    Ok(Arc::new(Vocabulary::new(path, &header, model)?))
}

/// The facts of the model at `path` as it would run with `window`, read from
/// its header alone.
///
/// # Errors
///
/// A file that is no GGUF, or is cut short; the message names it.
pub fn facts(path: &Path, window: Option<usize>) -> Result<Facts, Fault> {
    Ok(facts_of(path, &vocabulary::header(path)?, window))
}

fn facts_of(path: &Path, header: &gguf::Header, window: Option<usize>) -> Facts {
    let trained = header
        .of_architecture("context_length")
        .and_then(|trained| usize::try_from(trained).ok())
        .filter(|trained| *trained > 0)
        .unwrap_or(WINDOW);
    Facts {
        name: format!("embedded/{}", vocabulary::stem(path)),
        window: window.unwrap_or(WINDOW).clamp(1, trained),
        reply_limit: None,
        prefill: true,
        steps_back: !header.has_running_state(),
        price: Some(Price::FREE),
        is_local: true,
        ..Facts::plain("", 0)
    }
}

impl Embedded {
    /// Loads the model at `path`.
    ///
    /// # Errors
    ///
    /// One message that names the file, what is wrong with it and the way out.
    pub fn open(path: &Path, options: Options) -> Result<Self, Fault> {
        let header = vocabulary::header(path)?;
        let facts = facts_of(path, &header, options.window);
        check_memory(&facts, &header)?;
        let (header, model) = vocabulary::load(path, false)?;
        let can_restore =
            !header.has_sliding_window() && !model.is_recurrent() && !model.is_hybrid();
        let vocabulary = Arc::new(Vocabulary::new(path, &header, model)?);
        let threads = options.threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        });
        let shelf = options.state_folder.and_then(|folder| {
            Shelf::new(folder, path, &format!("threads {threads}"), facts.window)
        });
        let settings = Settings {
            name: facts.name.clone(),
            model: vocabulary::stem(path),
            window: facts.window,
            threads,
            can_restore,
        };
        let (jobs, received) = channel();
        let thread = worker::start(Arc::clone(&vocabulary), settings, shelf, received)?;
        Ok(Self {
            facts,
            vocabulary,
            jobs: Some(jobs),
            gone: CancellationToken::new(),
            thread: Some(thread),
        })
    }

    /// Asks for one take per seed and decodes them together, which takes less
    /// time than one after the other: the prompt is computed once and each step
    /// reads the weights once. `on_text` hears the take's number with each piece.
    ///
    /// The same seeds together give the same takes again; a take may differ
    /// from the one its seed gives alone, since what is computed together
    /// differs in its last bits.
    ///
    /// # Errors
    ///
    /// As [`Provider::stream`]; one fault ends all takes.
    pub async fn stream_many(
        &self,
        request: &Request,
        seeds: &[u32],
        on_text: &mut (dyn FnMut(usize, &str) + Send),
        cancel: &CancellationToken,
    ) -> Result<Vec<Reply>, Fault> {
        let mut replies = Vec::with_capacity(seeds.len());
        for (round, seeds) in seeds.chunks(TAKES).enumerate() {
            let first = round * TAKES;
            let mut numbered = |take: usize, text: &str| on_text(first + take, text);
            replies.extend(self.together(request, seeds, &mut numbered, cancel).await?);
        }
        Ok(replies)
    }

    async fn together(
        &self,
        request: &Request,
        seeds: &[u32],
        on_text: &mut (dyn FnMut(usize, &str) + Send),
        cancel: &CancellationToken,
    ) -> Result<Vec<Reply>, Fault> {
        let stopped = self.gone.child_token();
        // Dropping this future stops the worker too.
        let _guard = stopped.clone().drop_guard();
        let (events, mut received) = unbounded_channel();
        let job = Job { request: request.clone(), seeds: seeds.to_vec(), cancel: stopped, events };
        let ended = || Fault::Model(format!("the thread of `{}` has ended", self.facts.name));
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(job).map_err(|_| ended())?;
        loop {
            let event = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(Fault::Cancelled),
                event = received.recv() => event.ok_or_else(ended)?,
            };
            match event {
                Event::Text(take, text) => on_text(take, &text),
                Event::End(end) => return end,
            }
        }
    }
}

impl Provider for Embedded {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        Arc::clone(&self.vocabulary) as Arc<dyn Tokenizer>
    }

    fn stream<'a>(
        &'a self,
        request: &'a Request,
        _: Option<Pass>,
        ear: &'a mut dyn Ear,
        cancel: &'a CancellationToken,
    ) -> Streaming<'a> {
        Box::pin(async move {
            let mut unnumbered = |_: usize, text: &str| ear.text(text);
            let mut replies =
                self.together(request, &[request.seed], &mut unnumbered, cancel).await?;
            replies
                .pop()
                .ok_or_else(|| Fault::Model(format!("`{}` gave no reply", self.facts.name)))
        })
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.gone.cancel();
        // The worker ends with its sender, after it has put its states away.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Refuses a window whose cache cannot fit, before the system has to kill the
/// process for it.
fn check_memory(facts: &Facts, header: &gguf::Header) -> Result<(), Fault> {
    let (Some(per_token), Some(free)) = (header.cache_bytes_per_token(), free_memory()) else {
        return Ok(());
    };
    let needed = per_token.saturating_mul(facts.window as u64);
    if needed <= free {
        return Ok(());
    }
    Err(Fault::Model(format!(
        "a window of {} tokens takes {} MB of memory in `{}`, {} MB are free; ask for a smaller window or take a smaller model",
        facts.window,
        needed >> 20,
        facts.name,
        free >> 20
    )))
}

/// Bytes of memory that Linux would give out; elsewhere nobody is asked.
fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

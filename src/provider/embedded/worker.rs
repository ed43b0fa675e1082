//! The one thread that owns llama.cpp's context, and what it does for a request.

use std::cell::OnceCell;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::calm::Calm;
use super::choose::Chooser;
use super::guide::{Guide, Guides};
use super::pieces::Pieces;
use super::prefix::{BLOCK, Computed, Prefix, Stop};
use super::shelf::Shelf;
use super::vocabulary::{Vocabulary, backend};
use crate::chat::Role;
use crate::provider::{Fault, Finish, Reply, Request, Usage};

/// The most takes that are decoded together.
pub const TAKES: usize = 4;

/// llama.cpp's `LLAMA_FLASH_ATTN_TYPE_DISABLED`.
const FLASH_ATTENTION_OFF: i32 = 0;

/// What one call wants: one take per seed.
pub struct Job {
    /// The request; its own seed is not looked at.
    pub request: Request,
    /// One seed per take, at most [`TAKES`].
    pub seeds: Vec<u32>,
    /// Set when nobody waits any more.
    pub cancel: CancellationToken,
    /// Where text and the end go.
    pub events: UnboundedSender<Event>,
}

/// What a call sends back.
pub enum Event {
    /// Text of the take with this number.
    Text(usize, String),
    /// The end of all takes.
    End(Result<Vec<Reply>, Fault>),
}

/// How the context is made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The provider's name, for messages.
    pub name: String,
    /// The model's name, for replies.
    pub model: String,
    /// Tokens of the window.
    pub window: usize,
    /// Threads to compute with.
    pub threads: usize,
    /// Whether restored states give the same tokens.
    pub can_restore: bool,
}

/// Runs jobs until their sender is gone. `ready` hears whether the context
/// could be made.
pub fn run(
    vocabulary: &Arc<Vocabulary>,
    settings: &Settings,
    shelf: Option<Shelf>,
    jobs: &Receiver<Job>,
    ready: impl FnOnce(Result<(), Fault>),
) {
    let context = match context(vocabulary, settings) {
        Ok(context) => context,
        Err(fault) => return ready(Err(fault)),
    };
    let mut worker = Worker {
        vocabulary,
        settings,
        prefix: Prefix::new(context, shelf, settings.can_restore),
        batch: LlamaBatch::new(BLOCK, 1),
        guides: OnceCell::new(),
        calm: Calm::new(Arc::clone(vocabulary), settings.threads),
    };
    ready(Ok(()));
    while let Ok(job) = jobs.recv() {
        let end = worker.answer(&job);
        // Whoever waited may have gone; then the end interests nobody.
        let _ = job.events.send(Event::End(end));
    }
    worker.prefix.shelve();
}

fn context<'m>(
    vocabulary: &'m Vocabulary,
    settings: &Settings,
) -> Result<llama_cpp_2::context::LlamaContext<'m>, Fault> {
    let block = u32::try_from(BLOCK).unwrap_or(u32::MAX);
    let takes = u32::try_from(TAKES).unwrap_or(1);
    let threads = i32::try_from(settings.threads).unwrap_or(1).max(1);
    let params = LlamaContextParams::default()
        .with_n_ctx(u32::try_from(settings.window).ok().and_then(NonZeroU32::new))
        .with_n_batch(block)
        .with_n_ubatch(block)
        .with_n_seq_max(takes)
        // Takes share the prompt's cells instead of splitting the window.
        .with_kv_unified(true)
        // Without it, sliding-window models forget what a cut goes back to.
        .with_swa_full(true)
        // On processors it computes prompts a tenth faster, but replies after
        // long prompts a third slower, and a chapter waits for its reply.
        .with_flash_attention_policy(FLASH_ATTENTION_OFF)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        .with_no_perf(true);
    vocabulary
        .model()
        .new_context(backend()?, params)
        .map_err(|e| {
            Fault::Model(format!(
                "llama.cpp cannot run `{}` with a window of {} tokens ({e}); ask for a smaller window or take a smaller model",
                settings.name, settings.window
            ))
        })
}

struct Worker<'m> {
    vocabulary: &'m Vocabulary,
    settings: &'m Settings,
    prefix: Prefix<'m>,
    batch: LlamaBatch<'m>,
    /// Made when the first schema comes.
    guides: OnceCell<Result<Guides, String>>,
    calm: Calm,
}

/// One reply on its way.
struct Take {
    sequence: i32,
    chooser: Chooser,
    pieces: Pieces,
    reply: usize,
    /// The row of the last decode to choose from.
    row: i32,
    finish: Option<Finish>,
}

impl Worker<'_> {
    fn answer(&mut self, job: &Job) -> Result<Vec<Reply>, Fault> {
        let request = &job.request;
        let tokens = self.prompt(request)?;
        let guides = self.guides(job)?;
        let begun = self.begun(request, &tokens);
        let mut choosers = Vec::with_capacity(guides.len());
        for (seed, guide) in job.seeds.iter().zip(guides) {
            choosers.push(Chooser::new(self.vocabulary, &request.sampling, *seed, guide, begun));
        }
        let is_cancelled = || job.cancel.is_cancelled();
        self.calm.begin();
        let computed = self
            .prefix
            .compute(&tokens, &mut self.batch, &is_cancelled)
            .map_err(|stop| self.fault(stop))?;
        let mut takes = self.takes(choosers, computed);
        let end = self.decode(job, &tokens, &mut takes);
        self.release(takes.len());
        end?;
        Ok(takes.iter().map(|take| self.reply(take, &tokens, computed)).collect())
    }

    fn prompt(&self, request: &Request) -> Result<Vec<LlamaToken>, Fault> {
        let name = &self.settings.name;
        let tokens = self.vocabulary.tokens(&request.messages).map_err(|why| {
            Fault::Model(format!("the chat template of `{name}` refuses this conversation: {why}"))
        })?;
        if tokens.is_empty() {
            return Err(Fault::Model(format!("the prompt for `{name}` is empty")));
        }
        if tokens.len() >= self.settings.window {
            return Err(Fault::TooLong {
                model: name.clone(),
                tokens: tokens.len() + request.reply_tokens,
                window: self.settings.window,
            });
        }
        Ok(tokens)
    }

    /// One guide per take where the request has a schema.
    fn guides(&self, job: &Job) -> Result<Vec<Option<Guide>>, Fault> {
        let Some(schema) = &job.request.schema else {
            return Ok(job.seeds.iter().map(|_| None).collect());
        };
        let name = &self.settings.name;
        let guides =
            self.guides.get_or_init(|| Guides::new(self.vocabulary.model())).as_ref().map_err(
                |why| Fault::Model(format!("`{name}` cannot give structured replies: {why}")),
            )?;
        let guide = |_: &u32| {
            guides.guide(schema).map(Some).map_err(|why| {
                Fault::Model(format!("`{name}` cannot hold a reply to this schema: {why}"))
            })
        };
        job.seeds.iter().map(guide).collect()
    }

    /// The tokens of the reply's opening: penalties look at them too.
    fn begun<'t>(&self, request: &Request, tokens: &'t [LlamaToken]) -> &'t [LlamaToken] {
        let text = match request.messages.last() {
            Some(last) if last.role == Role::Assistant => last.text.as_str(),
            _ => "",
        };
        &tokens[tokens.len().saturating_sub(self.vocabulary.count(text))..]
    }

    fn takes(&mut self, choosers: Vec<Chooser>, computed: Computed) -> Vec<Take> {
        let mut takes = Vec::with_capacity(choosers.len());
        for (sequence, chooser) in (0..).zip(choosers) {
            if sequence > 0 {
                // Positions are whole numbers from 0, so the conversion inside cannot fail.
                let _ = self.prefix.context().kv_cache_seq_cp(0, sequence, None, None);
            }
            takes.push(Take {
                sequence,
                chooser,
                pieces: Pieces::default(),
                reply: 0,
                row: computed.row,
                finish: None,
            });
        }
        takes
    }

    /// Gives the cells of all takes but the first back.
    fn release(&mut self, takes: usize) {
        for sequence in (1..).take(takes.saturating_sub(1)) {
            let _ = self.prefix.context().kv_cache_seq_rm(sequence, None, None);
        }
    }

    fn decode(
        &mut self,
        job: &Job,
        prompt: &[LlamaToken],
        takes: &mut [Take],
    ) -> Result<(), Fault> {
        let limit = job.request.reply_tokens;
        let mut free = self.settings.window - prompt.len();
        loop {
            self.batch.clear();
            for (number, take) in takes.iter_mut().enumerate() {
                if take.finish.is_some() {
                    continue;
                }
                if take.reply >= limit || free == 0 {
                    take.finish = Some(Finish::Length);
                    continue;
                }
                let Some(token) = self.choose(take)? else {
                    continue;
                };
                self.speak(job, number, take, token)?;
                if take.finish.is_none() && take.reply < limit {
                    free -= 1;
                    self.queue(take, prompt.len(), token)?;
                }
            }
            if takes.iter().all(|take| take.finish.is_some()) {
                return Ok(());
            }
            if job.cancel.is_cancelled() {
                return Err(Fault::Cancelled);
            }
            self.calm.look();
            if self.batch.n_tokens() > 0
                && let Err(error) = self.prefix.context().decode(&mut self.batch)
            {
                return Err(self.fault(Stop::Failed(error.to_string())));
            }
        }
    }

    /// The take's next token, or none if it has said all.
    fn choose(&mut self, take: &mut Take) -> Result<Option<LlamaToken>, Fault> {
        let context = self.prefix.context();
        let token =
            take.chooser.next(context, take.row).map_err(|why| self.fault(Stop::Failed(why)))?;
        if self.vocabulary.model().vocab().is_eog(token) {
            take.finish = Some(Finish::Stop);
            return Ok(None);
        }
        take.reply += 1;
        Ok(Some(token))
    }

    fn speak(
        &self,
        job: &Job,
        number: usize,
        take: &mut Take,
        token: LlamaToken,
    ) -> Result<(), Fault> {
        let bytes = self.vocabulary.model().vocab().token_to_piece(token, false, None);
        let text = take.pieces.push(&bytes);
        if !text.is_empty() && job.events.send(Event::Text(number, text)).is_err() {
            return Err(Fault::Cancelled);
        }
        if take.chooser.is_complete() {
            take.finish = Some(Finish::Stop);
        }
        Ok(())
    }

    fn queue(&mut self, take: &mut Take, prompt: usize, token: LlamaToken) -> Result<(), Fault> {
        let row = self.batch.n_tokens();
        let added = i32::try_from(prompt + take.reply - 1).map_err(|e| e.to_string()).and_then(
            |position| {
                self.batch.add(token, position, &[take.sequence], true).map_err(|e| e.to_string())
            },
        );
        take.row = row;
        added.map_err(|why| self.fault(Stop::Failed(why)))
    }

    fn reply(&self, take: &Take, tokens: &[LlamaToken], computed: Computed) -> Reply {
        Reply {
            finish: take.finish.clone().unwrap_or(Finish::Length),
            usage: Some(Usage {
                prompt: tokens.len() as u64,
                cached: computed.cached as u64,
                reply: take.reply as u64,
                ..Usage::default()
            }),
            model: self.settings.model.clone(),
        }
    }

    fn fault(&self, stop: Stop) -> Fault {
        match stop {
            Stop::Cancelled => Fault::Cancelled,
            Stop::Failed(why) => {
                Fault::Model(format!("llama.cpp failed in `{}`: {why}", self.settings.name))
            }
        }
    }
}

/// Starts the thread of a model and waits until it can take jobs.
///
/// # Errors
///
/// The context cannot be made, or no thread can be started.
pub fn start(
    vocabulary: Arc<Vocabulary>,
    settings: Settings,
    shelf: Option<Shelf>,
    jobs: Receiver<Job>,
) -> Result<std::thread::JoinHandle<()>, Fault> {
    let (tell, heard) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("llama".to_owned())
        .spawn(move || {
            let ready = |result| {
                let _ = tell.send(result);
            };
            run(&vocabulary, &settings, shelf, &jobs, ready);
        })
        .map_err(|e| Fault::Model(format!("no thread for the model can be started: {e}")))?;
    match heard.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(fault)) => Err(fault),
        Err(_) => Err(Fault::Model("the thread of the model ended before it was ready".to_owned())),
    }
}

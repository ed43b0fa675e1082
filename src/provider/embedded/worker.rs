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
use super::prefix::{BLOCK, Computed, Prefix, Stop};
use super::shelf::Shelf;
use super::speech::{Said, Speech};
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
    speech: Speech,
    /// The row of the last decode to choose from.
    row: i32,
    /// The logits to choose from instead, after a step back.
    again: Option<Vec<f32>>,
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
        let mut takes = self.takes(request, choosers, computed);
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
        &tokens[tokens.len().saturating_sub(self.vocabulary.count(opening(request)))..]
    }

    fn takes(
        &mut self,
        request: &Request,
        choosers: Vec<Chooser>,
        computed: Computed,
    ) -> Vec<Take> {
        // A structured reply has no phrases.
        let bans = request.bans.as_ref().filter(|_| request.schema.is_none());
        let (stops, limit) = (&request.sampling.stop, request.reply_tokens);
        let mut takes = Vec::with_capacity(choosers.len());
        for (sequence, chooser) in (0..).zip(choosers) {
            if sequence > 0 {
                // Positions are whole numbers from 0, so the conversion inside cannot fail.
                let _ = self.prefix.context().kv_cache_seq_cp(0, sequence, None, None);
            }
            takes.push(Take {
                sequence,
                chooser,
                speech: Speech::new(bans, stops, opening(request), limit),
                row: computed.row,
                again: None,
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
        loop {
            self.batch.clear();
            for number in 0..takes.len() {
                if takes[number].finish.is_some() {
                    continue;
                }
                let said: usize = takes.iter().map(|take| take.speech.tokens().len()).sum();
                let free = (self.settings.window - prompt.len()).saturating_sub(said);
                let take = &mut takes[number];
                let most = (take.speech.tokens().len() + free).min(job.request.reply_tokens);
                if let Some(token) = self.advance(job, number, take, prompt.len(), most)? {
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

    /// Says the take's next token, which is to be computed then; none if it has
    /// said all. A step back is made here and now: the token before it has been
    /// computed, and what followed from that is kept.
    fn advance(
        &mut self,
        job: &Job,
        number: usize,
        take: &mut Take,
        prompt: usize,
        most: usize,
    ) -> Result<Option<LlamaToken>, Fault> {
        loop {
            let token = if take.speech.tokens().len() < most { self.choose(take)? } else { None };
            let said = match token {
                Some(token) => self.say(take, token),
                None => take.speech.end(),
            };
            let (mut text, is_over) = match said {
                Said::Back(to) if self.step_back(take, prompt, to) => continue,
                Said::Back(_) => (take.speech.stand(token.is_none()), None),
                Said::Stop(text) => (text, Some(Finish::Stop)),
                Said::Out(text) => (text, None),
            };
            let is_complete = take.chooser.is_complete() && token.is_some();
            if is_complete {
                text.push_str(&take.speech.stand(true));
            }
            if !text.is_empty() && job.events.send(Event::Text(number, text)).is_err() {
                return Err(Fault::Cancelled);
            }
            take.finish = match (is_over, token) {
                (Some(finish), _) => Some(finish),
                (None, None) => take.finish.take().or(Some(Finish::Length)),
                (None, Some(_)) => is_complete.then_some(Finish::Stop),
            };
            if take.finish.is_some() {
                return Ok(None);
            }
            if take.speech.tokens().len() < most {
                return Ok(token);
            }
        }
    }

    /// The take's next token, or none if it has said all.
    fn choose(&mut self, take: &mut Take) -> Result<Option<LlamaToken>, Fault> {
        let context = self.prefix.context();
        let logits = take.again.as_deref().unwrap_or_else(|| context.get_logits_ith(take.row));
        let token = take.chooser.next(logits, &take.speech.lowered());
        let token = token.map_err(|why| self.fault(Stop::Failed(why)))?;
        if self.vocabulary.model().vocab().is_eog(token) {
            take.finish = Some(Finish::Stop);
            return Ok(None);
        }
        Ok(Some(token))
    }

    fn say(&mut self, take: &mut Take, token: LlamaToken) -> Said {
        let bytes = self.vocabulary.model().vocab().token_to_piece(token, false, None);
        let context = self.prefix.context();
        let logits = take.again.take();
        let row = logits.as_deref().unwrap_or_else(|| context.get_logits_ith(take.row));
        let said = take.speech.say(token, &bytes, row);
        if let Some(logits) = logits {
            take.speech.spare(logits);
        }
        said
    }

    /// Goes back to the first so many tokens of a reply; says whether the model's
    /// memory could be shortened so.
    fn step_back(&mut self, take: &mut Take, prompt: usize, to: usize) -> bool {
        let context = self.prefix.context();
        let end = prompt + to;
        let cut = u32::try_from(end)
            .is_ok_and(|from| context.kv_cache_seq_rm(take.sequence, Some(from), None).is_ok());
        let last = usize::try_from(context.kv_cache_seq_pos_max(take.sequence) + 1);
        if !cut || last != Ok(end) {
            return false;
        }
        take.finish = None;
        take.again = Some(take.speech.back(to));
        take.chooser.back(to);
        true
    }

    fn queue(&mut self, take: &mut Take, prompt: usize, token: LlamaToken) -> Result<(), Fault> {
        let row = self.batch.n_tokens();
        let place = prompt + take.speech.tokens().len() - 1;
        let added = i32::try_from(place).map_err(|e| e.to_string()).and_then(|position| {
            self.batch.add(token, position, &[take.sequence], true).map_err(|e| e.to_string())
        });
        take.row = row;
        added.map_err(|why| self.fault(Stop::Failed(why)))
    }

    fn reply(&self, take: &Take, tokens: &[LlamaToken], computed: Computed) -> Reply {
        Reply {
            finish: take.finish.clone().unwrap_or(Finish::Length),
            usage: Some(Usage {
                prompt: tokens.len() as u64,
                cached: computed.cached as u64,
                reply: take.speech.tokens().len() as u64,
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

/// The text that a reply goes on from: what stands last in the conversation, if
/// the model is to have said it.
fn opening(request: &Request) -> &str {
    match request.messages.last() {
        Some(last) if last.role == Role::Assistant => &last.text,
        _ => "",
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

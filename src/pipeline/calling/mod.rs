//! One call to a model: proven to fit, paid for, sent at most once, kept as it
//! streams.

use std::sync::Arc;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::settings::Settings;
use crate::chat::{Message, Tokenizer};
use crate::failure::{Exit, Failure};
use crate::project::calls::{self, Ending, Kept, Lookup, State, Writing};
use crate::project::folder::Folder;
use crate::project::journal::{CallNote, Stage};
use crate::project::yaml::key_shaped;
use crate::prompt::budget::MARGIN;
use crate::provider::{Fault, Meter, Pass, Provider, Reckoning, Request, Sampling};
use crate::story::prose;
use crate::story::take::watch;

mod event;
mod marks;
mod purse;
mod reel;
mod sending;
mod watching;
mod way_out;
mod whole;

pub use event::{Event, Listener};
pub use marks::{Recent, marks};
pub use purse::{
    Allowance, Floor, Overbilled, Purse, TOGETHER, Terms, Used, no_room, too_little, unknown_price,
};
pub use reel::Reel;
pub use way_out::failure;

use purse::Ticket;
use sending::Sending;
use watching::Watching;

/// The way to a model.
#[derive(Clone)]
pub struct Line<'a> {
    /// The model.
    pub provider: &'a dyn Provider,
    /// How its tokens are counted.
    pub tokenizer: Arc<dyn Tokenizer>,
    /// The project, for the kept calls.
    pub folder: &'a Folder,
    /// The limits.
    pub settings: &'a Settings,
    /// Set when the user wants to stop.
    pub cancel: CancellationToken,
    /// What calls are paid from, and noted in.
    pub purse: Arc<Purse<'a>>,
    /// The last prompts, of which an endpoint's cache may still know.
    pub recent: Arc<Recent>,
    /// The digest of the conditions under which it asks, for replaying.
    pub conditions: Option<String>,
    /// Where a replay finds the replies of the step at hand, if it knows.
    pub reel: Arc<Reel>,
}

/// The ways to the models of a run, by the work they do.
pub struct Lines<'a> {
    /// Writes the prose.
    pub draft: Line<'a>,
    /// Writes synopses, facts and folds.
    pub record: Line<'a>,
}

impl<'a> Lines<'a> {
    /// One model for all work.
    #[must_use]
    pub fn alike(line: Line<'a>) -> Self {
        Self { record: line.clone(), draft: line }
    }
}

/// A question to a model.
#[derive(Clone)]
pub struct Question<'a> {
    /// What it is about, for whoever looks at the kept call.
    pub about: String,
    /// What it is for.
    pub stage: Stage,
    /// The id of the chapter, where it is about one.
    pub chapter: Option<String>,
    /// The messages.
    pub messages: Vec<Message>,
    /// The most tokens of the reply.
    pub reply_tokens: usize,
    /// How tokens are chosen.
    pub sampling: &'a Sampling,
    /// The schema the reply is to follow.
    pub schema: Option<serde_json::Value>,
    /// Whether the reply is prose, to be shown as it comes.
    pub is_prose: bool,
    /// What the reply is stopped for, if for anything.
    pub watch: Option<watch::Terms>,
}

impl<'a> Line<'a> {
    /// A line to a model that nobody stops, and that has heard nothing yet.
    #[must_use]
    pub fn new(
        provider: &'a dyn Provider,
        folder: &'a Folder,
        settings: &'a Settings,
        purse: impl Into<Arc<Purse<'a>>>,
    ) -> Self {
        Self {
            provider,
            tokenizer: provider.tokenizer(),
            folder,
            settings,
            cancel: CancellationToken::new(),
            purse: purse.into(),
            recent: Arc::default(),
            conditions: None,
            reel: Arc::default(),
        }
    }

    /// The tokens that are left for a prompt whose reply may take `reply`.
    #[must_use]
    pub fn room(&self, reply: usize) -> usize {
        self.settings.window.saturating_sub(reply + MARGIN)
    }

    /// Asks, or finds what was answered before. A reply that broke off after
    /// some text is an answer too; it is for the caller to continue it.
    ///
    /// # Errors
    ///
    /// When the prompt does not fit, the call may not be paid for, the model
    /// fails before any text, a file cannot be written, or the user stops.
    pub async fn ask(&self, question: Question<'_>, listener: Listener<'_>) -> Result<Kept> {
        let Question { about, stage, chapter, messages, .. } = question;
        let Question { reply_tokens, sampling, schema, is_prose, watch, .. } = question;
        let tokens = self.tokenizer.prompt(&messages);
        if tokens > self.room(reply_tokens) {
            return Err(Failure::new(
                Exit::Failed,
                format!("{about}: the prompt takes {tokens} tokens, its reply {reply_tokens}; the window holds {}", self.settings.window),
            )
            .hint("this prompt was not sent; a larger window or a smaller `reply_tokens` helps")
            .into());
        }
        let (bans, watching) = Watching::begin(watch, self.provider.facts());
        let request = Request {
            marks: self.recent.heard(&messages),
            messages,
            reply_tokens,
            sampling: sampling.clone(),
            seed: self.settings.seed_of(&about),
            schema: schema.filter(|_| self.provider.facts().structured),
            bans,
        };
        let model = self.provider.facts().name.clone();
        let digest = match self.reel.next() {
            Some(then) => then,
            None => calls::digest(&model, &request)?,
        };
        let note = CallNote {
            id: String::new(),
            digest,
            stage,
            chapter,
            model,
            prompt: u64::try_from(tokens)?,
            reply: u64::try_from(reply_tokens + self.provider.facts().thinking)?,
        };
        match self.as_it_stands(calls::look(self.folder, &note.digest, is_prose)?, &note) {
            Lookup::Kept(found) if self.purse.is_offline() && found.state == State::Damaged => {
                return Err(purse::damaged(&about, &note).into());
            }
            Lookup::Kept(found) => {
                self.purse.found(&note, &found)?;
                if is_prose {
                    listener(Event::Text(&found.kept.text));
                }
                return Ok(watching.found(found.kept));
            }
            Lookup::Lost(_) if self.purse.is_offline() => {
                return Err(purse::damaged(&about, &note).into());
            }
            Lookup::Absent | Lookup::Silent(_) if self.purse.is_offline() => {
                let otherwise = calls::otherwise(self.folder, &about, &note, &request)?;
                return Err(self.purse.not_kept(&about, &note, otherwise).into());
            }
            Lookup::Lost(before) | Lookup::Silent(before) => self.purse.lost(before)?,
            Lookup::Absent | Lookup::Wordless { .. } => {}
        }
        if self.cancel.is_cancelled() {
            return Err(cancelled(0));
        }
        self.pay(&request, note, &about, is_prose, watching, listener).await
    }

    /// Whether a reply without a word counts as the reply that it was: what was made of
    /// it is made again by it alone. It is asked for anew where it may come out otherwise,
    /// with another room to think in, and where nothing was made of it: prose without a
    /// word ended its run.
    fn as_it_stands(&self, lookup: Lookup, note: &CallNote) -> Lookup {
        match lookup {
            Lookup::Wordless { found, room } => {
                let ended_its_run = match note.stage {
                    Stage::Draft => true,
                    Stage::Continue => found.kept.text.is_empty(),
                    Stage::Record | Stage::Fold => false,
                };
                let has_other_room = room.is_some_and(|room| room != note.reply);
                if self.purse.is_offline() || !(ended_its_run || has_other_room) {
                    Lookup::Kept(found)
                } else {
                    Lookup::Wordless { found, room }
                }
            }
            other => other,
        }
    }

    /// Waits for a place at the endpoint, and reserves for the call only then: what waits
    /// there has cost nothing yet, however many books wait, and a kill leaves it so. It
    /// is also then that a month counts. Where other calls of the same allowance may leave
    /// room, their end is waited for without the place, for they may need it.
    ///
    /// # Errors
    ///
    /// When it may not be made, what is to be noted cannot be written, or the user stops.
    async fn enter(&self, request: &Request, note: CallNote) -> Result<(Option<Pass>, Ticket)> {
        let facts = self.provider.facts();
        loop {
            let pass = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(cancelled(0)),
                pass = self.provider.admit(request) => pass,
            };
            // Asked for before the look, so that no end is missed in between.
            let ended = self.purse.next_end();
            if let Some(ticket) = self.purse.reserve(note.clone(), facts)? {
                return Ok((pass, ticket));
            }
            drop(pass);
            tokio::select! {
                () = ended => {}
                () = self.cancel.cancelled() => return Err(cancelled(0)),
            }
        }
    }

    /// Makes a call, and pays for it.
    async fn pay(
        &self,
        request: &Request,
        note: CallNote,
        about: &str,
        is_prose: bool,
        watching: Watching,
        listener: Listener<'_>,
    ) -> Result<Kept> {
        let (pass, mut ticket) = self.enter(request, note).await?;
        let begun = Writing::begin(self.folder, &ticket.note, about, ticket.at, request);
        let writing = match begun {
            Ok(writing) => writing,
            Err(error) => {
                // Nothing was sent. Where not even that can be noted, what is put aside for
                // it stays so.
                let _ = self.purse.settle(ticket, None, false, Reckoning::default());
                return Err(error);
            }
        };
        let mut meter = Meter::new(ticket.price, ticket.each);
        let outcome = {
            let mut shown = |event: Event<'_>| {
                if is_prose || !matches!(event, Event::Text(_)) {
                    listener(event);
                }
            };
            self.stream((request, pass), &ticket.note, writing, watching, &mut shown, &mut meter)
                .await
        };
        let is_cancelled = self.cancel.is_cancelled();
        let kept = outcome.as_ref().ok();
        // The call is that of the model which stood in.
        if let Some(asked) = meter.asked() {
            asked.clone_into(&mut ticket.note.model);
        }
        let took = meter.reckoning();
        let total = took.total();
        let settled = self.purse.settle(ticket, kept, is_cancelled, took);
        listener(Event::Billed(total));
        let kept = outcome?;
        if let Some(overbilled) = settled? {
            listener(Event::Overbilled(overbilled));
        }
        Ok(kept)
    }

    async fn stream(
        &self,
        (request, pass): (&Request, Option<Pass>),
        note: &CallNote,
        mut writing: Writing,
        mut watching: Watching,
        listener: Listener<'_>,
        meter: &mut Meter,
    ) -> Result<Kept> {
        let mut text = String::new();
        let mut disk: Result<()> = Ok(());
        // A disk that is full ends the call as the user would.
        let stop = self.cancel.child_token();
        let outcome = {
            let mut on_text = |piece: &str| {
                let piece = piece.replace('\u{1e}', "");
                if disk.is_ok() {
                    disk = writing.add(&piece);
                    if disk.is_err() {
                        stop.cancel();
                    }
                }
                listener(Event::Text(&piece));
                text.push_str(&piece);
                if watching.hear(&piece) {
                    stop.cancel();
                }
            };
            let mut sending = Sending::of(note, &self.purse, &mut on_text);
            self.provider.stream(request, pass, &mut meter.on(&mut sending), &stop).await
        };
        meter.end(outcome.as_ref().ok());
        disk?;
        let is_stopped = watching.has_stopped() && !self.cancel.is_cancelled();
        let asked = Some(meter.asked().unwrap_or(&self.provider.facts().name).to_owned());
        let kept = match outcome {
            Ok(reply) => Kept {
                text,
                ending: reply.finish.into(),
                usage: reply.usage,
                asked,
                answered: Some(known_by(&reply.model)),
                is_new: true,
                verdict: None,
            },
            Err(Fault::Cancelled) if !is_stopped => {
                // Nobody goes on from half a record or fold.
                let is_prose = matches!(note.stage, Stage::Draft | Stage::Continue);
                return Err(cancelled(if is_prose { prose::words(&text) } else { 0 }));
            }
            Err(fault) if is_stopped || !text.trim().is_empty() && fault.leaves_text() => {
                if !is_stopped {
                    listener(Event::Interrupted { fault: &fault, is_asked_anew: false });
                }
                Kept {
                    text,
                    ending: Ending::Interrupted,
                    usage: meter.last(),
                    asked,
                    answered: meter.answered().map(known_by),
                    is_new: true,
                    verdict: None,
                }
            }
            // An endpoint that never says that it has ended has no other way to
            // say that nothing is to be added.
            Err(Fault::Unended { .. }) if request.goes_on() => {
                let answered = meter.answered().map(known_by);
                let ending = Ending::Interrupted;
                let usage = meter.last();
                Kept { text, ending, usage, asked, answered, is_new: true, verdict: None }
            }
            Err(fault) => return Err(failure(&fault).into()),
        };
        let kept = watching.over(kept);
        writing.end(&kept, meter.reckoning())?;
        Ok(kept)
    }
}

/// The name by which a model answered: an endpoint may call it by a key of somebody's.
fn known_by(name: &str) -> String {
    key_shaped::blotted_vendors(name).into_owned()
}

fn cancelled(words: usize) -> anyhow::Error {
    let message = if words > 0 {
        format!("stopped; {words} words of the running reply are saved")
    } else {
        "stopped; everything finished is saved".to_owned()
    };
    Failure::new(Exit::Cancelled, message)
        .hint("the same command goes on where this one stopped")
        .into()
}

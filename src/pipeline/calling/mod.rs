//! One call to a model: proven to fit, sent at most once, kept as it streams.

use std::sync::Arc;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::settings::Settings;
use crate::chat::{Message, Tokenizer};
use crate::failure::{Exit, Failure};
use crate::project::calls::{self, Ending, Kept, Writing};
use crate::project::folder::Folder;
use crate::prompt::budget::MARGIN;
use crate::provider::{Fault, Provider, Request, Sampling};
use crate::story::prose;

mod event;
mod way_out;

pub use event::{Event, Listener};
pub use way_out::failure;

/// The way to a model.
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
}

/// A question to a model.
pub struct Question<'a> {
    /// What it is about, for whoever looks at the kept call.
    pub about: String,
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
}

impl Line<'_> {
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
    /// When the prompt does not fit, the model fails before any text, a file
    /// cannot be written, or the user stops.
    pub async fn ask(&self, question: Question<'_>, listener: Listener<'_>) -> Result<Kept> {
        let Question { about, messages, reply_tokens, sampling, schema, is_prose } = question;
        let tokens = self.tokenizer.prompt(&messages);
        if tokens > self.room(reply_tokens) {
            return Err(Failure::new(
                Exit::Failed,
                format!("{about}: the prompt takes {tokens} tokens, its reply {reply_tokens}; the window holds {}", self.settings.window),
            )
            .hint("this prompt was not sent; a larger window or a smaller `reply_tokens` helps")
            .into());
        }
        let request = Request {
            messages,
            reply_tokens,
            sampling: sampling.clone(),
            seed: self.settings.seed_of(&about),
            schema: schema.filter(|_| self.provider.facts().structured),
            marks: Vec::new(),
        };
        let model = &self.provider.facts().name;
        let digest = calls::digest(model, &request)?;
        if let Some(kept) = calls::find(self.folder, &digest, is_prose)? {
            if is_prose {
                listener(Event::Text(&kept.text));
            }
            return Ok(kept);
        }
        if self.cancel.is_cancelled() {
            return Err(cancelled(0));
        }
        let writing = Writing::begin(self.folder, &digest, model, &about, &request)?;
        self.stream(&request, writing, is_prose, listener).await
    }

    async fn stream(
        &self,
        request: &Request,
        mut writing: Writing,
        is_prose: bool,
        listener: Listener<'_>,
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
                if is_prose {
                    listener(Event::Text(&piece));
                }
                text.push_str(&piece);
            };
            self.provider.stream(request, &mut on_text, &stop).await
        };
        disk?;
        let kept = match outcome {
            Ok(reply) => Kept {
                text,
                ending: reply.finish.into(),
                usage: reply.usage,
                answered: Some(reply.model),
                is_new: true,
            },
            Err(Fault::Cancelled) => return Err(cancelled(prose::words(&text))),
            Err(fault) if !text.trim().is_empty() && fault.leaves_text() => {
                listener(Event::Interrupted { why: fault.to_string() });
                Kept {
                    text,
                    ending: Ending::Interrupted,
                    usage: None,
                    answered: None,
                    is_new: true,
                }
            }
            Err(fault) => return Err(failure(&fault).into()),
        };
        writing.end(&kept)?;
        Ok(kept)
    }
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

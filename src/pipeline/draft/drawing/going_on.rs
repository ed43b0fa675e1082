//! Asking for more of a text.

use anyhow::Result;

use super::{Drawing, Sitting};
use crate::chat::{Message, Role};
use crate::failure::{Exit, Failure};
use crate::pipeline::calling::Line;
use crate::pipeline::draft::{Materials, reply_tokens};
use crate::pipeline::rendering;
use crate::prompt::brief::Task;
use crate::prompt::budget::{self, Fitted};
use crate::prompt::view::DraftView;

impl Drawing<'_> {
    /// The messages that ask for the rest, and the limit of the reply.
    pub(super) fn go_on(&self, cut: bool, missing: u32) -> Result<(Vec<Message>, usize)> {
        let Sitting { materials, task, fitted, .. } = *self.sitting;
        going_on(materials, task, fitted, Rest { text: &self.text, cut, missing }, self.line)
    }
}

/// What there is of a text that is to go on.
#[derive(Clone, Copy)]
pub(in crate::pipeline) struct Rest<'a> {
    /// The text so far.
    pub text: &'a str,
    /// Whether it was cut, and did not end too early.
    pub cut: bool,
    /// How many words are missing.
    pub missing: u32,
}

/// The messages that ask for the rest of a text, and the limit of the reply.
///
/// # Errors
///
/// When a template fails, or the window has no room for a reply.
pub(in crate::pipeline) fn going_on(
    materials: &Materials<'_>,
    task: Task<'_>,
    fitted: &Fitted<DraftView>,
    rest: Rest<'_>,
    line: &Line<'_>,
) -> Result<(Vec<Message>, usize)> {
    let Rest { text, cut, missing } = rest;
    // A cut text needs room to come to its end even where no words are missing: as
    // much as there is up to the most words, so that it is not cut once more.
    let wanted = missing.max(task.words() / 3).max(60);
    let reply = reply_tokens(wanted, line.settings, materials.tokens_per_word);
    let prefill = line.provider.facts().prefill;
    let view = DraftView {
        cut,
        missing,
        last_words: Some(last_words(text).to_owned()),
        ..fitted.view.clone()
    };
    let ask = rendering::render(materials.templates, "continue.md", &view)?;
    let mut bytes = line.settings.shares().so_far * 6;
    loop {
        let mut so_far = end_of(text, bytes).to_owned();
        if prefill && !cut {
            so_far.truncate(so_far.trim_end().len());
            so_far.push_str("\n\n");
        }
        let mut messages = fitted.messages.clone();
        messages.push(Message::new(Role::Assistant, so_far));
        if !prefill {
            messages.push(Message::new(Role::User, ask.clone()));
        }
        let tokens = line.tokenizer.prompt(&messages);
        if tokens <= line.room(reply) {
            return Ok((messages, reply));
        }
        if bytes < 64 {
            // The fitted prompt has room for its own reply; a rest is never longer.
            let reply = line.settings.window.saturating_sub(tokens + budget::MARGIN);
            if reply < 32 {
                let number = task.chapter.number;
                return Err(Failure::new(
                    Exit::Failed,
                    format!("chapter {number}: no room is left in the window to continue"),
                )
                .into());
            }
            return Ok((messages, reply));
        }
        bytes = bytes * 3 / 4;
    }
}

/// The most bytes of the last words that a continuation quotes.
const LAST_WORDS_BYTES: usize = 240;

/// Tokens of a continuation's own words, without the text it goes on from.
pub(in crate::pipeline::draft) fn continue_frame(
    materials: &Materials<'_>,
    view: &DraftView,
    line: &Line<'_>,
) -> Result<usize> {
    let probe = DraftView {
        cut: true,
        missing: 1_000,
        last_words: Some("x".repeat(LAST_WORDS_BYTES)),
        ..view.clone()
    };
    let asked = rendering::render(materials.templates, "continue.md", &probe)?;
    let with = line.tokenizer.prompt(&[Message::new(Role::User, asked)]);
    Ok(with + 16)
}

/// The end of a text, byte for byte, beginning at a word.
fn end_of(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = &text[text.ceil_char_boundary(text.len() - bytes)..];
    end.find(char::is_whitespace).map_or(end, |at| end[at..].trim_start())
}

fn last_words(text: &str) -> &str {
    end_of(text.trim_end(), LAST_WORDS_BYTES.min(160))
}

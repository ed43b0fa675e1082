//! Fitting a prompt into a window: how the window is shared, and what is left
//! out, in a declared order, when there is too much.
//!
//! Each kind of prompt has its own order: `draft`, with that of `facts`, `record` and
//! `fold`.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::chat::{Message, Tokenizer};
use crate::failure::{Exit, Failure};

mod draft;
mod facts;
mod fold;
mod record;

/// The section of what holds of the cast and the places.
pub const FACTS: &str = "facts";

/// Tokens kept free in every window, for what an endpoint adds of its own.
pub const MARGIN: usize = 64;

/// Something that was left out of a prompt, or made shorter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Omission {
    /// The section it belongs to.
    pub section: String,
    /// What it is.
    pub what: String,
    /// About how many tokens that saved.
    pub tokens: usize,
}

/// A prompt that fits.
#[derive(Clone, Debug)]
pub struct Fitted<V> {
    /// What it shows.
    pub view: V,
    /// The messages, as they are sent.
    pub messages: Vec<Message>,
    /// The tokens they take, or a bound that is proven not to be too low.
    pub tokens: usize,
    /// What was left out, in the order in which it was.
    pub omissions: Vec<Omission>,
}

/// How a window is shared, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Prompt and reply together.
    pub window: usize,
    /// Everyone's cards in the part that stays the same.
    pub people: usize,
    /// Passages that stand for several chapters.
    pub folds: usize,
    /// Synopses.
    pub synopses: usize,
    /// Facts about the cast and the places, in a window that is full.
    pub facts: usize,
    /// The last paragraphs before what is written.
    pub tail: usize,
    /// The end of the text so far, when a reply is continued.
    pub so_far: usize,
}

impl Shares {
    /// The shares of a window of this size whose replies take at most `reply`.
    ///
    /// What is shared out is what a prompt has left beside its standing
    /// instructions and the chapter's own plan: shares that add up to more make
    /// every prompt shed something, each chapter something else, and then
    /// consecutive prompts share no beginning.
    #[must_use]
    pub fn of(window: usize, reply: usize) -> Self {
        /// Tokens of the standing instructions, the premise and a chapter's plan, about.
        const FIXED: usize = 1_600;
        let percent = |whole: usize, share: usize| whole / 100 * share + whole % 100 * share / 100;
        let so_far = percent(window, 6).clamp(80, 1_500);
        let prompt = window.saturating_sub(reply + MARGIN + so_far);
        let free = prompt - FIXED.min(prompt / 2);
        let people = percent(free, 36).min(6_000);
        let facts = percent(free, 7).min(1_500);
        let tail = percent(free, 7).clamp(60, 700);
        let memory = free.saturating_sub(people + facts + tail);
        Self {
            window,
            people,
            folds: percent(memory, 38),
            synopses: percent(memory, 62),
            facts,
            tail,
            so_far,
        }
    }
}

/// A view that can be made smaller.
pub trait Shed {
    /// Leaves out the least useful thing left and says what; none when all that
    /// is left is indispensable. `size` counts the tokens of a text.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission>;

    /// The sections and about how many tokens each takes.
    fn sections(&self, size: &dyn Fn(&str) -> usize) -> Vec<(&'static str, usize)>;

    /// What was left out in all, as it is told, given what was shed.
    fn left_out(&self, shed: Vec<Omission>) -> Vec<Omission> {
        shed
    }
}

/// Leaves out of `view` what is least useful until its messages take at most
/// `limit` tokens.
///
/// # Errors
///
/// When a template fails, or when even the indispensable parts do not fit; the
/// error then says the figures and what to shorten.
pub fn fit<V: Shed + Clone>(
    view: V,
    limit: usize,
    tokenizer: &dyn Tokenizer,
    render: &dyn Fn(&V) -> Result<Vec<Message>>,
) -> Result<Fitted<V>> {
    let mut view = view;
    let mut omissions = Vec::new();
    let size = |text: &str| tokenizer.text(text);
    loop {
        let messages = render(&view)?;
        let tokens = tokenizer.prompt(&messages);
        if tokens <= limit {
            let omissions = view.left_out(omissions);
            return Ok(Fitted { view, messages, tokens, omissions });
        }
        let mut over = tokens - limit;
        let before = omissions.len();
        while over > 0 {
            let Some(omission) = view.shed(&size) else { break };
            over = over.saturating_sub(omission.tokens.max(1));
            omissions.push(omission);
        }
        if omissions.len() == before {
            return Err(too_big(&view, tokens, limit, tokenizer).into());
        }
    }
}

/// All that a prompt of so many tokens is made of: its sections, then what
/// stands between them.
#[must_use]
pub fn parts<V: Shed>(
    view: &V,
    tokens: usize,
    size: &dyn Fn(&str) -> usize,
) -> Vec<(&'static str, usize)> {
    let mut parts = view.sections(size);
    parts.retain(|(_, tokens)| *tokens > 0);
    let told = parts.iter().map(|(_, tokens)| tokens).sum();
    parts.push(("instructions and labels", tokens.saturating_sub(told)));
    parts
}

fn too_big<V: Shed>(view: &V, tokens: usize, limit: usize, tokenizer: &dyn Tokenizer) -> Failure {
    let mut parts = parts(view, tokens, &|text| tokenizer.text(text));
    parts.sort_by_key(|(_, tokens)| std::cmp::Reverse(*tokens));
    let listed: Vec<String> =
        parts.iter().map(|(name, tokens)| format!("{name} ({tokens})")).collect();
    let up_to = if tokenizer.is_bound() { "up to " } else { "" };
    let failure = Failure::new(
        Exit::Failed,
        format!("the indispensable parts of the prompt take {up_to}{tokens} tokens, and {limit} are left for them in the window"),
    )
    .hint(format!("they are, largest first: {}", listed.join(", ")))
    .hint("shorten the bible or the templates, take a model with a larger window, or set a smaller `reply_tokens` in `storygen.yaml`");
    if !tokenizer.is_bound() {
        return failure;
    }
    failure.hint("these counts are never too low and often three times too high, since the model's vocabulary is not known; a larger window makes up for it")
}

/// The tokens of all of a thing's text, labels not counted.
fn weigh<T: Serialize>(value: &T, size: &dyn Fn(&str) -> usize) -> usize {
    let mut text = String::new();
    gather(&serde_json::to_value(value).unwrap_or_default(), &mut text);
    if text.is_empty() { 0 } else { size(&text) }
}

fn gather(value: &serde_json::Value, text: &mut String) {
    match value {
        serde_json::Value::String(one) => {
            text.push_str(one);
            text.push('\n');
        }
        serde_json::Value::Array(all) => all.iter().for_each(|one| gather(one, text)),
        serde_json::Value::Object(all) => all.values().for_each(|one| gather(one, text)),
        _ => {}
    }
}

fn omission<T: Serialize>(
    section: &str,
    what: impl Into<String>,
    value: &T,
    size: &dyn Fn(&str) -> usize,
) -> Omission {
    Omission { section: section.to_owned(), what: what.into(), tokens: weigh(value, size) }
}

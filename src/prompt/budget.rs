//! Fitting a prompt into a window: how the window is shared, and what is left
//! out, in a declared order, when there is too much.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::view::{CardView, DraftView, FoldView, RecordView};
use crate::chat::{Message, Tokenizer};
use crate::failure::{Exit, Failure};

mod facts;

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

impl Shed for DraftView {
    /// The declared order: facts down to three a subject, what is known first, then
    /// states, oldest first, but those that never change only as far as they take
    /// more than their share; half of the tail; threads that are merely open; then what stands in the part that prompts share, from
    /// its end: the oldest folds, cards of people who are not in the chapter
    /// (first all but who they are, then the card), the style sample; other
    /// threads; descriptions of places; the oldest synopses but the last two;
    /// voices and backgrounds of the cast; the tail; the last synopses; world
    /// rules. Premise, style, outline and the cast's names stay.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        if let Some(fact) = self.shed_fact(size) {
            return Some(fact);
        }
        if let Some(shorter) = self.halve_tail(size) {
            return Some(shorter);
        }
        if let Some(at) = self.threads.iter().rposition(|thread| !thread.plant && !thread.pay_off) {
            let thread = self.threads.remove(at);
            return Some(omission("threads", thread.text.clone(), &thread, size));
        }
        if let Some(dropped) = self.shed_shared(size) {
            return Some(dropped);
        }
        if let Some(thread) = self.threads.pop() {
            return Some(omission("threads", thread.text.clone(), &thread, size));
        }
        if let Some(place) = self.places.iter_mut().find(|place| place.description.is_some()) {
            let description = place.description.take();
            return Some(omission(
                "places",
                format!("the description of {}", place.name),
                &description,
                size,
            ));
        }
        if self.synopses.len() > 2 {
            return self.shed_synopsis(size);
        }
        self.shed_last(size)
    }

    fn sections(&self, size: &dyn Fn(&str) -> usize) -> Vec<(&'static str, usize)> {
        vec![
            ("premise and style", weigh(&self.book, size)),
            ("world rules", weigh(&self.rules, size)),
            ("people", weigh(&self.people, size)),
            ("story so far: folds", weigh(&self.folds, size)),
            ("story so far: synopses", weigh(&self.synopses, size)),
            ("cast", weigh(&self.cast, size)),
            (FACTS, weigh(&self.states, size)),
            ("places", weigh(&self.places, size)),
            ("threads", weigh(&self.threads, size)),
            ("commitments", weigh(&self.commitments, size)),
            ("outline", weigh(&self.chapter, size) + weigh(&self.scenes, size)),
            ("what was just told", weigh(&self.tail, size)),
        ]
    }

    fn left_out(&self, shed: Vec<Omission>) -> Vec<Omission> {
        self.with_untold(shed)
    }
}

impl DraftView {
    /// Leaves the later half of a long tail.
    fn halve_tail(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let tail = self.tail.as_ref().filter(|tail| tail.len() > 400)?;
        let shorter = crate::story::prose::tail(tail, tail.len() / 2).to_owned();
        let saved = size(tail).saturating_sub(size(&shorter));
        self.tail = Some(shorter);
        Some(Omission {
            section: "what was just told".to_owned(),
            what: "the earlier half".to_owned(),
            tokens: saved,
        })
    }

    /// Leaves out something of what stands alike in every chapter's prompt.
    fn shed_shared(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        if !self.folds.is_empty() {
            let fold = self.folds.remove(0);
            return Some(omission(
                "story so far",
                format!("chapters {} to {}", fold.from, fold.to),
                &fold,
                size,
            ));
        }
        if let Some(dropped) = self.shed_bystander(size) {
            return Some(dropped);
        }
        let sample = self.book.sample.take()?;
        Some(omission("style", "the style sample", &sample, size))
    }

    fn shed_synopsis(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        if self.synopses.is_empty() {
            return None;
        }
        let synopsis = self.synopses.remove(0);
        Some(omission(
            "story so far",
            format!("the synopsis of chapter {}", synopsis.from),
            &synopsis,
            size,
        ))
    }

    /// Shortens the card of somebody who is not in the chapter, or leaves it out.
    fn shed_bystander(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let present: Vec<String> =
            self.scenes.iter().flat_map(|scene| scene.cast.clone()).collect();
        for shorten in [drop_voice, drop_background] {
            let bystanders =
                self.people.iter_mut().rev().filter(|card| !present.contains(&card.name));
            for card in bystanders {
                if let Some(omission) = shorten(card, size) {
                    return Some(omission);
                }
            }
        }
        let bystander = self.people.iter().rposition(|card| !present.contains(&card.name))?;
        let card = self.people.remove(bystander);
        Some(omission("people", format!("the card of {}", card.name), &card, size))
    }

    /// What goes last, since the chapter suffers for it.
    fn shed_last(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        for shorten in [drop_voice, drop_background] {
            for card in self.cast.iter_mut().chain(&mut self.people) {
                if let Some(omission) = shorten(card, size) {
                    return Some(omission);
                }
            }
        }
        if let Some(state) = self.states.pop() {
            return Some(omission(FACTS, format!("what holds of {}", state.name), &state, size));
        }
        if let Some(tail) = self.tail.take() {
            return Some(omission("what was just told", "all of it", &tail, size));
        }
        if let Some(synopsis) = self.shed_synopsis(size) {
            return Some(synopsis);
        }
        let rule = self.rules.pop()?;
        Some(omission("world rules", rule.clone(), &rule, size))
    }
}

/// Takes voice, knowledge and relationships off a card.
fn drop_voice(card: &mut CardView, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
    let whole = weigh(card, size);
    card.lines.clear();
    card.habits.clear();
    card.knows.clear();
    card.relationships.clear();
    shortened(card, whole, "voice, knowledge and relationships of", size)
}

/// Leaves of a card only who it is.
fn drop_background(card: &mut CardView, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
    let whole = weigh(card, size);
    card.appearance.clear();
    for text in [
        &mut card.goal,
        &mut card.need,
        &mut card.fear,
        &mut card.secret,
        &mut card.register,
        &mut card.role,
    ] {
        *text = None;
    }
    shortened(card, whole, "all but the name of", size)
}

/// What a shortened card saves, if anything.
fn shortened(
    card: &CardView,
    whole: usize,
    what: &str,
    size: &dyn Fn(&str) -> usize,
) -> Option<Omission> {
    let saved = whole.saturating_sub(weigh(card, size));
    (saved > 0).then(|| Omission {
        section: "cast".to_owned(),
        what: format!("{what} {}", card.name),
        tokens: saved,
    })
}

impl Shed for RecordView {
    /// Known facts go first, then the beats, then what the last answer lacked; the text stays: it is cut into
    /// parts beforehand.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        self.book.sample = None;
        if !self.known.is_empty() {
            let fact = self.known.remove(0);
            return Some(omission("facts", fact.clone(), &fact, size));
        }
        if let Some(beat) = self.beats.pop() {
            return Some(omission("outline", beat.clone(), &beat, size));
        }
        let lack = self.lacks.pop()?;
        Some(omission("last answer", format!("{} {}", lack.kind, lack.what), &lack, size))
    }

    fn sections(&self, size: &dyn Fn(&str) -> usize) -> Vec<(&'static str, usize)> {
        vec![
            ("text", size(&self.text)),
            ("facts", weigh(&self.known, size)),
            ("cast", weigh(&self.cast, size) + weigh(&self.places, size)),
            ("outline", weigh(&self.beats, size) + weigh(&self.chapter, size)),
        ]
    }
}

impl Shed for FoldView {
    /// The longest passage loses its later half, at a sentence where it has several.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let longest = self.passages.iter_mut().max_by_key(|passage| passage.text.len())?;
        let sentences = crate::story::prose::sentences(&longest.text);
        let shorter = if sentences.len() < 2 {
            first_half(&longest.text)?.to_owned()
        } else {
            sentences[..sentences.len() / 2].join(" ")
        };
        let saved = size(&longest.text).saturating_sub(size(&shorter));
        let what = format!("half of the passage on chapters {} to {}", longest.from, longest.to);
        longest.text = shorter;
        Some(Omission { section: "passages".to_owned(), what, tokens: saved })
    }

    fn sections(&self, size: &dyn Fn(&str) -> usize) -> Vec<(&'static str, usize)> {
        vec![("passages", weigh(&self.passages, size))]
    }
}

/// The first half of a text that has no sentences, at a word where it has any;
/// none of one too short to say anything by half.
fn first_half(text: &str) -> Option<&str> {
    if text.len() < 40 {
        return None;
    }
    let mut end = text.len() / 2;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let half = &text[..end];
    Some(half.rfind(char::is_whitespace).map_or(half, |at| &half[..at]))
}

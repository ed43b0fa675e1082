//! Fitting a prompt into a window: how the window is shared, and what is left
//! out, in a declared order, when there is too much.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::view::{DraftView, FoldView, RecordView};
use crate::chat::{Message, Tokenizer};
use crate::failure::{Exit, Failure};

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
    /// Facts about the cast and the places.
    pub facts: usize,
    /// The last paragraphs before what is written.
    pub tail: usize,
    /// The end of the text so far, when a reply is continued.
    pub so_far: usize,
}

impl Shares {
    /// The shares of a window of this size.
    #[must_use]
    pub fn of(window: usize) -> Self {
        let percent = |share: usize| window / 100 * share + window % 100 * share / 100;
        Self {
            window,
            people: percent(18).min(6_000),
            folds: percent(10),
            synopses: percent(22),
            facts: percent(5).min(1_500),
            tail: percent(4).clamp(60, 700),
            so_far: percent(8).clamp(80, 1_500),
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
            return Ok(Fitted {
                view,
                messages,
                tokens,
                omissions,
            });
        }
        let mut over = tokens - limit;
        let before = omissions.len();
        while over > 0 {
            let Some(omission) = view.shed(&size) else { break };
            over = over.saturating_sub(omission.tokens.max(1));
            omissions.push(omission);
        }
        if omissions.len() == before {
            return Err(too_big(&view, tokens, limit, &size).into());
        }
    }
}

fn too_big<V: Shed>(view: &V, tokens: usize, limit: usize, size: &dyn Fn(&str) -> usize) -> Failure {
    let mut sections = view.sections(size);
    sections.retain(|(_, tokens)| *tokens > 0);
    sections.sort_by_key(|(_, tokens)| std::cmp::Reverse(*tokens));
    let listed: Vec<String> = sections
        .iter()
        .take(4)
        .map(|(name, tokens)| format!("{name} ({tokens})"))
        .collect();
    Failure::new(
        Exit::Failed,
        format!("the indispensable parts of the prompt take {tokens} tokens, and {limit} are left for them in the window"),
    )
    .hint(format!("shorten the largest: {}", listed.join(", ")))
    .hint("or take a model with a larger window, or a smaller `reply_tokens` in `storygen.yaml`")
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

fn omission<T: Serialize>(section: &str, what: impl Into<String>, value: &T, size: &dyn Fn(&str) -> usize) -> Omission {
    Omission {
        section: section.to_owned(),
        what: what.into(),
        tokens: weigh(value, size),
    }
}

impl Shed for DraftView {
    /// The declared order: the style sample; facts, oldest first; cards of
    /// people who are not in the chapter; the oldest folds; half of the tail;
    /// threads; descriptions of places; the oldest synopses but the last two;
    /// voices and backgrounds of the cast; the tail; the last synopses; world
    /// rules. Premise, style, outline and the cast's names stay.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        if let Some(sample) = self.book.sample.take() {
            return Some(omission("style", "the style sample", &sample, size));
        }
        if self.states.iter().any(|state| state.facts.len() > 3) {
            let longest = self.states.iter_mut().max_by_key(|state| state.facts.len())?;
            let fact = longest.facts.remove(0);
            return Some(omission("facts", format!("{}: {fact}", longest.name), &fact, size));
        }
        if let Some(dropped) = self.shed_bystander(size) {
            return Some(dropped);
        }
        if !self.folds.is_empty() {
            let fold = self.folds.remove(0);
            return Some(omission("story so far", format!("chapters {} to {}", fold.from, fold.to), &fold, size));
        }
        if let Some(tail) = &self.tail
            && tail.len() > 400
        {
            let shorter = crate::story::prose::tail(tail, tail.len() / 2).to_owned();
            let saved = size(tail).saturating_sub(size(&shorter));
            self.tail = Some(shorter);
            return Some(Omission {
                section: "what was just told".to_owned(),
                what: "the earlier half".to_owned(),
                tokens: saved,
            });
        }
        if let Some(thread) = self.shed_thread() {
            return Some(omission("threads", thread.text.clone(), &thread, size));
        }
        if let Some(place) = self.places.iter_mut().find(|place| place.description.is_some()) {
            let description = place.description.take();
            return Some(omission("places", format!("the description of {}", place.name), &description, size));
        }
        if self.synopses.len() > 2 {
            let synopsis = self.synopses.remove(0);
            return Some(omission("story so far", format!("the synopsis of chapter {}", synopsis.from), &synopsis, size));
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
            ("facts", weigh(&self.states, size)),
            ("places", weigh(&self.places, size)),
            ("threads", weigh(&self.threads, size)),
            ("commitments", weigh(&self.commitments, size)),
            ("outline", weigh(&self.chapter, size) + weigh(&self.scenes, size)),
            ("what was just told", weigh(&self.tail, size)),
        ]
    }
}

impl DraftView {
    /// Takes out a thread: one that is merely open before one that this chapter
    /// plants or pays off.
    fn shed_thread(&mut self) -> Option<super::view::ThreadView> {
        let open = self.threads.iter().rposition(|thread| !thread.plant && !thread.pay_off);
        open.map(|at| self.threads.remove(at)).or_else(|| self.threads.pop())
    }

    /// Leaves out a card of somebody who is not in the chapter.
    fn shed_bystander(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let present: Vec<&String> = self.scenes.iter().flat_map(|scene| &scene.cast).collect();
        let bystander = self.people.iter().rposition(|card| !present.contains(&&card.name))?;
        let card = self.people.remove(bystander);
        Some(omission("people", format!("the card of {}", card.name), &card, size))
    }

    /// What goes last, since the chapter suffers for it.
    fn shed_last(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        for card in self.cast.iter_mut().chain(&mut self.people) {
            if let Some(omission) = shorten_card(card, size) {
                return Some(omission);
            }
        }
        if let Some(state) = self.states.pop() {
            return Some(omission("facts", format!("what holds of {}", state.name), &state, size));
        }
        if let Some(tail) = self.tail.take() {
            return Some(omission("what was just told", "all of it", &tail, size));
        }
        if !self.synopses.is_empty() {
            let synopsis = self.synopses.remove(0);
            return Some(omission("story so far", format!("the synopsis of chapter {}", synopsis.from), &synopsis, size));
        }
        let rule = self.rules.pop()?;
        Some(omission("world rules", rule.clone(), &rule, size))
    }
}

/// Takes voice and background off a card; leaves who it is.
fn shorten_card(card: &mut super::view::CardView, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
    let before = weigh(card, size);
    let what = if card.lines.is_empty() && card.habits.is_empty() && card.knows.is_empty() && card.relationships.is_empty() {
        card.appearance.clear();
        card.goal = None;
        card.need = None;
        card.fear = None;
        card.secret = None;
        card.register = None;
        card.role = None;
        "all but the name of"
    } else {
        card.lines.clear();
        card.habits.clear();
        card.knows.clear();
        card.relationships.clear();
        "voice, knowledge and relationships of"
    };
    let saved = before.saturating_sub(weigh(card, size));
    (saved > 0).then(|| Omission {
        section: "cast".to_owned(),
        what: format!("{what} {}", card.name),
        tokens: saved,
    })
}

impl Shed for RecordView {
    /// Known facts go first, then the beats; the text stays: it is cut into
    /// parts beforehand.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        self.book.sample = None;
        if !self.known.is_empty() {
            let fact = self.known.remove(0);
            return Some(omission("facts", fact.clone(), &fact, size));
        }
        let beat = self.beats.pop()?;
        Some(omission("outline", beat.clone(), &beat, size))
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
    /// The longest passage loses its last sentence.
    fn shed(&mut self, size: &dyn Fn(&str) -> usize) -> Option<Omission> {
        let longest = self.passages.iter_mut().max_by_key(|passage| passage.text.len())?;
        let sentences = crate::story::prose::sentences(&longest.text);
        if sentences.len() < 2 {
            return None;
        }
        let shorter = sentences[..sentences.len() / 2].join(" ");
        let saved = size(&longest.text).saturating_sub(size(&shorter));
        let what = format!("half of the passage on chapters {} to {}", longest.from, longest.to);
        longest.text = shorter;
        Some(Omission {
            section: "passages".to_owned(),
            what,
            tokens: saved,
        })
    }

    fn sections(&self, size: &dyn Fn(&str) -> usize) -> Vec<(&'static str, usize)> {
        vec![("passages", weigh(&self.passages, size))]
    }
}

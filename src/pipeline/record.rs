//! Recording a chapter: its synopsis and its facts, from its own text alone.
//!
//! The model is asked once; what it gives is checked, and asked for once more if it
//! lacks something, without the facts where some were good. A synopsis that lacks
//! something twice gives way to sentences of the chapter itself. Facts whose quote is
//! not in the text are dropped. So what is remembered stays true on any model.

use anyhow::Result;
use serde::Deserialize;

use super::calling::{Line, Listener, Question};
use super::rendering;
use super::settings::tokens;
use super::wordless;
use crate::chat::{Message, said};
use crate::project::calls::{Ending, Kept};
use crate::project::journal::Stage;
use crate::prompt::brief;
use crate::prompt::budget;
use crate::prompt::templates::Templates;
use crate::prompt::view::{LackView, RecordView};
use crate::story::canon::{self, Canon, Fact, Kind, Maker, Record};
use crate::story::synopsis;
use crate::story::{Chapter, Story, fingerprint, prose, take};

/// A chapter's record, and how it came about.
#[derive(Debug)]
pub struct Recorded {
    /// The record.
    pub record: Record,
    /// How many facts had no quote in the text.
    pub dropped: usize,
}

/// The shape of the model's answer.
#[derive(Debug, Default, Deserialize)]
struct Answer {
    #[serde(default)]
    synopsis: String,
    #[serde(default)]
    facts: Vec<AnswerFact>,
}

#[derive(Debug, Deserialize)]
struct AnswerFact {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    fact: String,
    #[serde(default)]
    quote: String,
}

/// The most facts of one answer, and the fewest there must be room for.
const FACTS: usize = 12;
const FEWEST_FACTS: usize = 3;

/// Tokens that a fact takes, with its quote.
const FACT_TOKENS: usize = 60;

/// The most lacks a second try is told of.
const LACKS: usize = 4;

fn lack_view(lack: &synopsis::Lack) -> LackView {
    let (kind, what) = lack.parts();
    LackView { kind: kind.to_owned(), what: what.chars().take(60).collect() }
}

/// The JSON Schema of an answer with at most `facts` facts; with none, of an
/// answer that is only a synopsis.
#[must_use]
pub fn schema(facts: usize) -> serde_json::Value {
    let text = |limit: usize| serde_json::json!({ "type": "string", "maxLength": limit });
    if facts == 0 {
        return serde_json::json!({
            "type": "object",
            "properties": { "synopsis": text(6_000) },
            "required": ["synopsis"],
            "additionalProperties": false,
        });
    }
    serde_json::json!({
        "type": "object",
        "properties": {
            "synopsis": text(6_000),
            "facts": {
                "type": "array",
                "maxItems": facts,
                "items": {
                    "type": "object",
                    "properties": {
                        "subject": text(80),
                        "kind": { "type": "string", "enum": ["fixed", "state", "knows", "event"] },
                        "about": text(60),
                        "fact": text(240),
                        "quote": text(240),
                    },
                    "required": ["subject", "kind", "about", "fact", "quote"],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["synopsis", "facts"],
        "additionalProperties": false,
    })
}

/// How often a chapter's record is asked for at most.
pub(super) const TRIES: u32 = 2;

/// How a chapter is asked about.
struct Plan {
    /// The words of its synopsis.
    words: usize,
    /// The most tokens of a reply.
    reply: usize,
    /// The most facts of one answer.
    most: usize,
    view: RecordView,
    /// What every prompt says, whatever the text.
    instructions: String,
    /// The text, in parts that fit.
    pieces: Vec<String>,
}

impl Plan {
    fn new(
        story: &Story,
        chapter: &Chapter,
        text: &str,
        canon: &Canon,
        templates: &Templates,
        line: &Line<'_>,
    ) -> Result<Self> {
        let words = line.settings.synopsis_words;
        let told = tokens(words, brief::tokens_per_word(story, &*line.tokenizer) * 1.4);
        let reply = (told + FACT_TOKENS * FACTS).min(line.settings.reply_limit);
        let most = (reply.saturating_sub(told) / FACT_TOKENS).clamp(FEWEST_FACTS, FACTS);
        let view = brief::record(story, chapter, canon, words, most);
        let frame = frame(&view, templates)?;
        let instructions = said(&frame);
        let pieces = cut(text, &frame, reply, line);
        Ok(Self { words, reply, most, view, instructions, pieces })
    }

    /// What is asked about a part of the text, counted from 0.
    fn part(&self, index: usize, facts: usize, lacks: &[LackView]) -> RecordView {
        RecordView {
            text: self.pieces.get(index).cloned().unwrap_or_default(),
            part: index + 1,
            parts: self.pieces.len(),
            words: self.words / self.pieces.len().max(1),
            facts,
            lacks: lacks.to_vec(),
            ..self.view.clone()
        }
    }
}

/// The prompts that ask about a chapter for the first time, and the most tokens
/// that each reply may take.
///
/// # Errors
///
/// When a template fails or the indispensable parts do not fit.
pub fn prompts(
    story: &Story,
    chapter: &Chapter,
    text: &str,
    canon: &Canon,
    templates: &Templates,
    line: &Line<'_>,
) -> Result<(Vec<Vec<Message>>, usize)> {
    let plan = Plan::new(story, chapter, text, canon, templates, line)?;
    let parts = 0..plan.pieces.len();
    let prompt = |index| fitted(plan.part(index, plan.most, &[]), plan.reply, templates, line);
    Ok((parts.map(prompt).collect::<Result<_>>()?, plan.reply))
}

/// A prompt, fitted.
fn fitted(
    view: RecordView,
    reply: usize,
    templates: &Templates,
    line: &Line<'_>,
) -> Result<Vec<Message>> {
    let render = |view: &RecordView| rendering::messages(templates, "record", view);
    Ok(budget::fit(view, line.room(reply), &*line.tokenizer, &render)?.messages)
}

/// Records a chapter.
///
/// # Errors
///
/// When a template fails, the model fails, or the user stops.
pub async fn record(
    story: &Story,
    chapter: &Chapter,
    text: &str,
    canon: &Canon,
    templates: &Templates,
    line: &Line<'_>,
    listener: Listener<'_>,
) -> Result<Recorded> {
    let plan = Plan::new(story, chapter, text, canon, templates, line)?;
    let demand = synopsis::demand(story, chapter, text, plan.words);
    let (mut facts, mut dropped) = (Vec::new(), 0);
    let mut lacks: Vec<LackView> = Vec::new();
    let mut accepted = None;
    for attempt in 1..=TRIES {
        let mut is_wordless = false;
        let mut passage = String::new();
        let mut found = Vec::new();
        for index in 0..plan.pieces.len() {
            let view = plan.part(index, if facts.is_empty() { plan.most } else { 0 }, &lacks);
            let about = format!(
                "record {} of {} part {} try {attempt}",
                fingerprint::digest(text),
                chapter.id,
                index + 1
            );
            let kept =
                ask(chapter, view, about, plan.reply, templates, line, &mut *listener).await?;
            if wordless::is_wordless(&kept) && !is_wordless {
                is_wordless = true;
                let number = Some(chapter.number);
                wordless::tell(Stage::Record, number, &kept, line, &mut *listener);
            }
            let answer = parse(&kept);
            if !passage.is_empty() {
                passage.push(' ');
            }
            passage.push_str(prose::clean(answer.synopsis.trim()).replace('\n', " ").trim());
            found.extend(answer.facts.iter().filter_map(|fact| read_fact(story, fact)));
        }
        let (found, unproven) = canon::borne_out(found, text);
        dropped += unproven;
        facts.extend(found);
        let found = synopsis::check(&passage, &demand, &plan.instructions);
        if found.is_empty() {
            accepted = Some(passage);
            break;
        }
        // It would do the same again; a replay goes by what was asked then.
        if is_wordless && !line.reel.has_more() {
            break;
        }
        lacks = found.iter().take(LACKS).map(lack_view).collect();
    }
    let (synopsis, maker) = match accepted {
        Some(passage) => (passage, Maker::Model),
        None => (synopsis::extract(text, &demand), Maker::Extract),
    };
    Ok(Recorded { record: Record { chapter: chapter.number, synopsis, maker, facts }, dropped })
}

/// Sends one part of the text.
async fn ask(
    chapter: &Chapter,
    view: RecordView,
    about: String,
    reply: usize,
    templates: &Templates,
    line: &Line<'_>,
    listener: Listener<'_>,
) -> Result<Kept> {
    let asked = schema(view.facts);
    let question = Question {
        about,
        stage: Stage::Record,
        chapter: Some(chapter.id.clone()),
        messages: fitted(view, reply, templates, line)?,
        reply_tokens: reply,
        sampling: &line.settings.exact,
        schema: Some(asked),
        is_prose: false,
        watch: None,
    };
    // JSON tells by itself whether it is whole.
    line.ask_whole(question, |text, _| whole(text).is_some(), listener).await
}

/// A prompt without what it is about: no text, and nothing that may be left out.
fn frame(view: &RecordView, templates: &Templates) -> Result<Vec<Message>> {
    let mut bare = view.clone();
    bare.known.clear();
    bare.beats.clear();
    // What a second try says of the first has to fit as well.
    bare.lacks = vec![LackView { kind: "person".to_owned(), what: "x".repeat(60) }; LACKS];
    rendering::messages(templates, "record", &bare)
}

/// Cuts a text into as few parts as fit round a frame, at paragraphs or, failing
/// these, at sentences and words.
fn cut(text: &str, frame: &[Message], reply: usize, line: &Line<'_>) -> Vec<String> {
    let room = line.room(reply).saturating_sub(line.tokenizer.prompt(frame) + 16).max(48);
    if line.tokenizer.text(text) <= room {
        return vec![text.to_owned()];
    }
    let mut pieces = vec![String::new()];
    for unit in units(text, room, line) {
        let current = pieces.last_mut().map_or(0, |piece| line.tokenizer.text(piece));
        if current > 0 && current + line.tokenizer.text(&unit) + 2 > room {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            if !piece.is_empty() {
                piece.push_str("\n\n");
            }
            piece.push_str(&unit);
        }
    }
    pieces
}

/// The paragraphs of a text; one that does not fit is cut at words.
fn units(text: &str, room: usize, line: &Line<'_>) -> Vec<String> {
    let mut units = Vec::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        if line.tokenizer.text(paragraph) <= room {
            units.push(paragraph.to_owned());
            continue;
        }
        let mut unit = String::new();
        for word in
            paragraph.split_inclusive(char::is_whitespace).flat_map(|word| slices(word, room))
        {
            if !unit.is_empty() && line.tokenizer.text(&unit) + line.tokenizer.text(word) + 1 > room
            {
                units.push(std::mem::take(&mut unit));
            }
            unit.push_str(word);
        }
        units.push(unit);
    }
    units
}

/// Pieces of a word that is longer than any prompt, at most `room` bytes each.
fn slices(word: &str, room: usize) -> Vec<&str> {
    let limit = (room / 2).max(8);
    let mut slices = Vec::new();
    let mut rest = word;
    while rest.len() > limit {
        let mut at = limit;
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let (first, second) = rest.split_at(at);
        slices.push(first);
        rest = second;
    }
    slices.push(rest);
    slices
}

/// Reads an answer as leniently as JSON allows: without fences, with text
/// around it, and, where it was cut, up to the last whole fact.
fn parse(kept: &Kept) -> Answer {
    if let Some(answer) = whole(&kept.text) {
        return answer;
    }
    if kept.ending == Ending::Stop {
        return Answer::default();
    }
    // The last `}` may close a fact of a list that was cut.
    let closed = object(&kept.text).map(|facts| format!("{facts}]}}"));
    closed.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// An answer that is closed.
fn whole(text: &str) -> Option<Answer> {
    serde_json::from_str(&object(text)?).ok()
}

/// What stands from the first brace that opens to the last that closes.
fn object(text: &str) -> Option<String> {
    let text = prose::clean(take::without_thoughts(text));
    let (from, until) = (text.find('{')?, text.rfind('}')?);
    text.get(from..=until).map(str::to_owned)
}

/// A fact of the answer, with names turned into ids; none if it says nothing.
fn read_fact(story: &Story, fact: &AnswerFact) -> Option<Fact> {
    let short = |text: &str, limit: usize| -> String {
        let text = prose::clean(text).replace('\n', " ");
        text.trim().chars().take(limit).collect()
    };
    let kind = match fact.kind.as_str() {
        "fixed" => Kind::Fixed,
        "state" => Kind::State,
        "knows" => Kind::Knows,
        "event" => Kind::Event,
        _ => return None,
    };
    let subject = short(&fact.subject, 80);
    let named = |name: &str| name.eq_ignore_ascii_case(&subject);
    let id = story
        .characters
        .iter()
        .find(|one| named(&one.id) || one.names().any(named))
        .map(|one| one.id.clone())
        .or_else(|| {
            let place = story.places.iter().find(|one| named(&one.id) || named(&one.name));
            place.map(|one| one.id.clone())
        });
    let fact = Fact {
        subject: id.unwrap_or(subject),
        kind,
        about: short(&fact.about, 60),
        fact: short(&fact.fact, 240),
        quote: short(&fact.quote, 240),
    };
    let says_something =
        !fact.subject.is_empty() && !fact.fact.is_empty() && !fact.quote.is_empty();
    says_something.then_some(fact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str, ending: Ending) -> Kept {
        Kept {
            text: text.to_owned(),
            ending,
            usage: None,
            asked: None,
            answered: None,
            is_new: true,
            verdict: None,
        }
    }

    #[test]
    fn answers_are_read_leniently() {
        let fact = r#"{"subject":"ann","kind":"state","about":"place","fact":"at the mill","quote":"the mill"}"#;
        for (text, ending, synopsis, facts) in [
            (
                format!(r#"{{"synopsis":"Ann waits.","facts":[{fact}]}}"#),
                Ending::Stop,
                "Ann waits.",
                1,
            ),
            (
                format!("```json\n{{\"synopsis\":\"Ann waits.\",\"facts\":[{fact}]}}\n```"),
                Ending::Stop,
                "Ann waits.",
                1,
            ),
            (
                r#"Here: {"synopsis":"Ann waits.","facts":[]} Done."#.to_owned(),
                Ending::Stop,
                "Ann waits.",
                0,
            ),
            (
                format!(r#"{{"synopsis":"Ann waits.","facts":[{fact},{{"subject":"a"#),
                Ending::Length,
                "Ann waits.",
                1,
            ),
            (r#"{"synopsis":"Ann waits."}"#.to_owned(), Ending::Stop, "Ann waits.", 0),
            ("I cannot.".to_owned(), Ending::Stop, "", 0),
            (r#"{"synopsis":"Ann wa"#.to_owned(), Ending::Length, "", 0),
        ] {
            let answer = parse(&kept(&text, ending));
            assert_eq!((answer.synopsis.as_str(), answer.facts.len()), (synopsis, facts), "{text}");
        }
    }
}

//! Recording a chapter: its synopsis and its facts, from its own text alone.
//!
//! The model is asked once; what it gives is checked, and asked for once more if it
//! lacks something, without the facts where some were good. A synopsis that lacks
//! something twice gives way to sentences of the chapter itself. Facts whose quote is
//! not in the text are dropped. So what is remembered stays true on any model.

use anyhow::Result;

use super::calling::{Line, Listener, Question};
use super::rendering;
use super::settings::tokens;
use super::wordless;
use crate::chat::{Message, said};
use crate::project::calls::Kept;
use crate::project::journal::Stage;
use crate::prompt::brief;
use crate::prompt::budget;
use crate::prompt::templates::Templates;
use crate::prompt::view::{LackView, RecordView};
use crate::story::canon::{self, Canon, Maker, Record};
use crate::story::synopsis;
use crate::story::{Chapter, Story, fingerprint, prose};

mod answer;
mod pieces;

pub use answer::schema;

use answer::{parse, read_fact, whole};
use pieces::cut;

/// A chapter's record, and how it came about.
#[derive(Debug)]
pub struct Recorded {
    /// The record.
    pub record: Record,
    /// How many facts had no quote in the text.
    pub dropped: usize,
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

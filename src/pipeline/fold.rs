//! Folding several passages of the memory into one.

use anyhow::Result;

use super::calling::{Line, Listener, Question};
use super::rendering;
use super::settings::tokens;
use super::wordless;
use crate::chat::{Message, said};
use crate::project::journal::Stage;
use crate::prompt::brief::{self, Past};
use crate::prompt::budget;
use crate::prompt::memory::Span;
use crate::prompt::templates::Templates;
use crate::prompt::view::FoldView;
use crate::story::synopsis::{self, Demand};
use crate::story::{Story, fingerprint, prose, take};

/// How often a fold is asked for at most.
pub(super) const TRIES: u32 = 2;

/// How a fold is asked for.
pub(super) struct Asked {
    /// The prompt.
    pub messages: Vec<Message>,
    /// The most tokens of the reply.
    pub reply: usize,
    /// What it is made from.
    source: String,
    /// What the prompt says beside that.
    instructions: String,
}

/// How a fold of at most so many `words` is asked for.
pub(super) fn asked(
    story: &Story,
    span: Span,
    past: &Past<'_>,
    words: usize,
    templates: &Templates,
    line: &Line<'_>,
) -> Result<Asked> {
    let view = brief::fold(story, span, past, words);
    let source = view.passages.iter().map(|passage| format!("{}\n", passage.text)).collect();
    let reply = (tokens(words, brief::tokens_per_word(story, &*line.tokenizer) * 1.5) + 32)
        .min(line.settings.reply_limit);
    let bare = FoldView { passages: Vec::new(), ..view.clone() };
    let instructions = said(&rendering::messages(templates, "fold", &bare)?);
    let fitted = budget::fit(view, line.room(reply), &*line.tokenizer, &|view| {
        rendering::messages(templates, "fold", view)
    })?;
    Ok(Asked { messages: fitted.messages, reply, source, instructions })
}

/// Makes the passage of a fold, in at most so many `words`: the model's, if it
/// is sound, else sentences of the passages it stands for.
///
/// # Errors
///
/// When a template fails, the model fails, or the user stops.
pub async fn fold(
    story: &Story,
    span: Span,
    past: &Past<'_>,
    words: usize,
    templates: &Templates,
    line: &Line<'_>,
    listener: Listener<'_>,
) -> Result<String> {
    let Asked { messages, reply, source, instructions } =
        asked(story, span, past, words, templates, line)?;
    let demand = demand(story, &source, words);
    for attempt in 1..=TRIES {
        let question = Question {
            about: format!(
                "fold {} to {} of {} try {attempt}",
                span.from,
                span.to,
                fingerprint::digest(&source)
            ),
            stage: Stage::Fold,
            chapter: None,
            messages: messages.clone(),
            reply_tokens: reply,
            sampling: &line.settings.exact,
            schema: None,
            is_prose: false,
            watch: None,
        };
        let kept = line.ask_whole(question, is_whole, &mut *listener).await?;
        if wordless::is_wordless(&kept) {
            wordless::tell(Stage::Fold, None, &kept, line, &mut *listener);
            // It would do the same again.
            break;
        }
        let passage = take::strip(&kept.text, "").trim().replace('\n', " ");
        let passage = whole_sentences(&passage, words + words / 2);
        let is_sound = synopsis::check(&passage, &demand, &instructions).is_empty();
        if is_sound && take::find_loop(&passage).is_none() {
            return Ok(passage);
        }
    }
    Ok(synopsis::extract(&source, &demand))
}

/// Whether a passage whose stream broke off may count as whole: nothing tells it from one
/// that lacks its end, but where it ends with a sentence time and again, and the stream is
/// closed in order, its endpoint never says that a reply has ended.
fn is_whole(passage: &str, closed_in_order: u32) -> bool {
    closed_in_order >= 2 && prose::last_sentence_end(passage) == passage.trim_end().len()
}

/// A fold names the people its passages name, as many as its words allow.
fn demand(story: &Story, source: &str, words: usize) -> Demand {
    let mut people: Vec<(usize, Vec<String>)> = story
        .characters
        .iter()
        .filter(|character| character.is_named_in(source))
        .map(|character| {
            let names: Vec<String> = character
                .names()
                .chain(character.name.split_whitespace().filter(|part| part.chars().count() >= 3))
                .map(str::to_owned)
                .collect();
            (names.iter().map(|name| source.matches(name.as_str()).count()).sum(), names)
        })
        .collect();
    people.sort_by_key(|(times, _)| std::cmp::Reverse(*times));
    people.truncate((words / 12).max(1));
    Demand {
        people: people.into_iter().map(|(_, names)| names).collect(),
        beats: Vec::new(),
        places: Vec::new(),
        words,
        language: story.book.language.clone(),
    }
}

/// The whole sentences of a passage, up to so many words.
fn whole_sentences(passage: &str, words: usize) -> String {
    let end = prose::last_sentence_end(passage);
    let mut kept = String::new();
    let mut count = 0;
    for sentence in prose::sentences(&passage[..end]) {
        count += prose::words(sentence);
        if count > words {
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(sentence);
    }
    kept
}

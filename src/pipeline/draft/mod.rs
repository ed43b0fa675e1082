//! Drawing one take of a chapter: scene by scene where it has to be, each
//! continued until it is whole and about as long as it should be.

use anyhow::Result;

use super::calling::{Event, Line, Listener};
use super::rendering;
use super::settings::{Settings, tokens};
use crate::failure::Failure;
use crate::prompt::brief::{self, Past, Task};
use crate::prompt::budget::{self, Fitted, Omission};
use crate::prompt::templates::Templates;
use crate::prompt::view::DraftView;
use crate::story::{Chapter, Story, prose};

mod drawing;
mod guard;

pub use guard::Guard;

pub(super) use drawing::{Rest, going_on};
use drawing::{Sitting, continue_frame, draw_task};

/// Everything the drawing of a chapter draws on.
pub struct Materials<'a> {
    /// The story.
    pub story: &'a Story,
    /// The templates.
    pub templates: &'a Templates,
    /// What accepted chapters have left behind.
    pub past: Past<'a>,
    /// The text of the chapter before, if there is one.
    pub previous: Option<&'a str>,
    /// Tokens a word takes.
    pub tokens_per_word: f64,
}

/// A drawn chapter.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Its text.
    pub prose: String,
    /// The model that answered, as `endpoint/model`; several where several did.
    pub answered: Option<String>,
    /// What was left out of its prompts.
    pub omissions: Vec<Omission>,
    /// The tokens of its largest prompt.
    pub prompt_tokens: usize,
    /// Tokens per byte of its prompts, as the endpoint counted.
    pub density: Option<f64>,
    /// Phrases that it says though it was not to, as often as it does.
    pub standing: Vec<String>,
    /// Why it ends, or a scene of it, where its writer did not end it.
    pub stopped: Option<String>,
}

/// A reply's limit in tokens for so many words: room to finish a sentence late.
fn reply_tokens(words: u32, settings: &Settings, tokens_per_word: f64) -> usize {
    let words = usize::try_from(words).unwrap_or(usize::MAX / 1_024).min(1_000_000);
    (tokens(words, tokens_per_word * 1.3) + 48).clamp(48, settings.reply_limit.max(48))
}

/// The tasks a chapter is drawn in: whole, or scene by scene where it has
/// scenes and a reply cannot hold it.
#[must_use]
pub fn tasks<'a>(chapter: &'a Chapter, settings: &Settings, tokens_per_word: f64) -> Vec<Task<'a>> {
    let words = usize::try_from(chapter.words).unwrap_or(usize::MAX / 1_024).min(1_000_000);
    let whole = tokens(words, tokens_per_word * 1.3) + 48 <= settings.reply_limit;
    if whole || chapter.scenes.len() < 2 {
        return vec![Task { chapter, scene: None }];
    }
    (0..chapter.scenes.len()).map(|scene| Task { chapter, scene: Some(scene) }).collect()
}

/// The prompt of a task, fitted with room for its reply and its continuations.
///
/// # Errors
///
/// When a template fails or the indispensable parts do not fit.
pub fn prompt(
    materials: &Materials<'_>,
    task: Task<'_>,
    so_far: &str,
    line: &Line<'_>,
) -> Result<(Fitted<DraftView>, usize)> {
    let shares = line.settings.shares();
    let before = if so_far.is_empty() { materials.previous.unwrap_or_default() } else { so_far };
    // Four bytes a token is too many for no language, which only makes the
    // first guess of the tail too long; the budget then halves it.
    let tail = prose::tail(before, shares.tail * 4);
    let view =
        brief::draft(materials.story, task, &materials.past, Some(tail), &shares, &*line.tokenizer);
    let reply = reply_tokens(task.words(), line.settings, materials.tokens_per_word);
    let reserve = shares.so_far + continue_frame(materials, &view, line)?;
    let room = line.room(reply).saturating_sub(reserve);
    let faulty = std::cell::Cell::new(false);
    let render = |view: &DraftView| {
        rendering::messages(materials.templates, "draft", view).inspect_err(|_| faulty.set(true))
    };
    let fitted = budget::fit(view, room, &*line.tokenizer, &render).map_err(|error| match error
        .downcast::<Failure>(
    ) {
        // A template's own fault names its file; it is no chapter's.
        Ok(failure) if !faulty.get() => {
            let scene =
                task.scene.map(|scene| format!(", scene {}", scene + 1)).unwrap_or_default();
            let message = format!("chapter {}{scene}: {}", task.chapter.number, failure.message);
            narrowed(Failure { message, ..failure }, line).into()
        }
        Ok(failure) => failure.into(),
        Err(error) => error,
    })?;
    Ok((fitted, reply))
}

/// A failure for want of room, with the model that stands in where it is its window
/// that is too small, and with the way to a larger one where it is only assumed.
fn narrowed(failure: Failure, line: &Line<'_>) -> Failure {
    let facts = line.provider.facts();
    let is_its = line.settings.window == facts.window.saturating_sub(facts.thinking);
    if !is_its {
        return failure;
    }
    let window = line.settings.window;
    let holder = facts.held_by.as_ref().map(|name| format!(
        "the window is that of `{name}`, which is to stand in and leaves {window} tokens, the fewest of the models; take it out of `fallback` for a larger one"
    ));
    let ways = holder.into_iter().chain(facts.window_way.clone());
    Failure { hints: ways.chain(failure.hints).collect(), ..failure }
}

/// What a continuation of a task takes beyond the task's own prompt, at most, and
/// the most tokens of a reply that is to have so many words.
///
/// # Errors
///
/// When a template fails.
pub fn continuation(
    materials: &Materials<'_>,
    fitted: &Fitted<DraftView>,
    words: u32,
    line: &Line<'_>,
) -> Result<(usize, usize)> {
    let more = line.settings.shares().so_far + continue_frame(materials, &fitted.view, line)?;
    Ok((more, reply_tokens(words, line.settings, materials.tokens_per_word)))
}

/// Draws a take of a chapter.
///
/// # Errors
///
/// When a prompt does not fit, the model fails, the user stops, or every
/// drawing was rejected.
pub async fn draw(
    materials: &Materials<'_>,
    guard: &Guard,
    chapter: &Chapter,
    take: u32,
    line: &Line<'_>,
    listener: Listener<'_>,
) -> Result<Drawn> {
    let mut drawn = Drawn::default();
    for task in tasks(chapter, line.settings, materials.tokens_per_word) {
        if !drawn.prose.is_empty() {
            listener(Event::Text(prose::SCENE_BREAK));
            drawn.prose.push_str(prose::SCENE_BREAK);
        }
        let (fitted, reply) = prompt(materials, task, &drawn.prose, line)?;
        drawn.prompt_tokens = drawn.prompt_tokens.max(fitted.tokens);
        for omission in &fitted.omissions {
            if !drawn.omissions.contains(omission) {
                drawn.omissions.push(omission.clone());
            }
        }
        let sitting = Sitting { materials, task, fitted: &fitted, reply, guard };
        let text = draw_task(&sitting, take, line, listener, &mut drawn).await?;
        drawn.prose.push_str(text.trim());
    }
    drawn.standing = guard.standing(&drawn.prose);
    Ok(drawn)
}

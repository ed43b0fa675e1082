//! Drawing a task: anew while a reply is rejected, on and on while it is cut or
//! falls short.

use std::collections::HashSet;

use anyhow::Result;

use super::{Drawn, Materials, reply_tokens};
use crate::chat::{Message, Role};
use crate::failure::{Exit, Failure};
use crate::pipeline::calling::{Event, Line, Listener, Question};
use crate::pipeline::rendering;
use crate::project::archive::add;
use crate::project::calls::{Ending, Kept};
use crate::project::journal::Stage;
use crate::prompt::brief::Task;
use crate::prompt::budget::{self, Fitted};
use crate::prompt::view::DraftView;
use crate::story::prose;
use crate::story::take::{self, Rejection};

/// Draws a task until a drawing of it is accepted; gives its text.
#[expect(
    clippy::too_many_arguments,
    reason = "a task's drawing needs the chapter's state and the line"
)]
pub(super) async fn draw_task(
    materials: &Materials<'_>,
    task: Task<'_>,
    take: u32,
    fitted: &Fitted<DraftView>,
    reply: usize,
    line: &Line<'_>,
    listener: Listener<'_>,
    drawn: &mut Drawn,
) -> Result<String> {
    let drawings = line.settings.redraws + 1;
    let mut last = Rejection::Empty;
    for drawing in 1..=drawings {
        let mut one = Drawing {
            materials,
            task,
            name: name_of(task, take, drawing),
            fitted,
            line,
            text: String::new(),
            shortfalls: 0,
        };
        match one.run(reply, listener, drawn).await? {
            None => return Ok(one.text),
            Some(rejection) => {
                listener(Event::Rejected {
                    reason: rejection.to_string(),
                    call: format!("{} seed {}", one.name, line.settings.seed),
                    next: drawing + 1,
                    of: drawings,
                });
                last = rejection;
            }
        }
    }
    Err(Failure::new(
        Exit::Partly,
        format!(
            "chapter {} was drawn {drawings} times and never accepted; the last time {last}",
            task.chapter.number
        ),
    )
    .hint("the rejected replies are kept; try another model, or `--seed` with another number")
    .into())
}

/// What tells a call of this drawing from every other.
fn name_of(task: Task<'_>, take: u32, drawing: u32) -> String {
    let scene = task.scene.map(|scene| format!(" scene {}", scene + 1)).unwrap_or_default();
    format!("draft {}{scene} take {take} drawing {drawing}", task.chapter.id)
}

/// One drawing of a task, growing by continuations.
struct Drawing<'a> {
    materials: &'a Materials<'a>,
    task: Task<'a>,
    name: String,
    fitted: &'a Fitted<DraftView>,
    line: &'a Line<'a>,
    text: String,
    /// How many times it was continued because it had ended too soon.
    shortfalls: u32,
}

/// What to do after a reply.
enum Next {
    /// The text is whole.
    Whole,
    /// It was cut: go on from there; so many words are missing.
    Cut(u32),
    /// It ended too soon by so many words.
    Short(u32),
}

impl Drawing<'_> {
    /// Draws until the text is whole; gives the reason if it is rejected.
    async fn run(
        &mut self,
        reply: usize,
        listener: Listener<'_>,
        drawn: &mut Drawn,
    ) -> Result<Option<Rejection>> {
        let language = self.materials.story.book.primary_language();
        let mut messages = self.fitted.messages.clone();
        let mut reply = reply;
        let mut ending = Ending::Stop;
        let mut is_whole = false;
        let limit = self.line.settings.continuations;
        // How often it was asked to go on, and how often a stream broke off now.
        let (mut continued, mut broken) = (0, 0);
        for part in 0_u32.. {
            let question = self.question(part, messages.clone(), reply);
            let bytes: usize = messages.iter().map(|message| message.text.len()).sum();
            let kept = self.line.ask(question, &mut *listener).await?;
            account(drawn, &kept, bytes);
            let was_cut = part > 0 && ending != Ending::Stop;
            if part > 0
                && let Some(rejection) = take::reject_continuation(
                    &take::strip_continuation(&kept.text, &self.task.chapter.title),
                    &language,
                )
            {
                return Ok(Some(rejection));
            }
            let before = self.text.clone();
            let grown = self.take_in(&kept, part > 0, !was_cut);
            if was_cut && grown == 0 {
                // A mark or two are no end.
                self.text = before;
            }
            ending = kept.ending;
            if kept.ending == Ending::Filtered {
                return Ok(Some(Rejection::Filtered));
            }
            if let Some(rejection) = take::reject(&self.text, &language) {
                return Ok(Some(rejection));
            }
            // A cut text to which nothing was added is as cut as before.
            is_whole = ending == Ending::Stop && (grown > 0 || !was_cut);
            let next = self.next(kept.ending, grown, part == 0);
            if ending == Ending::Interrupted {
                broken += u32::from(kept.is_new);
                if broken > limit && !matches!(next, Next::Whole) {
                    return Err(self.broken_off(broken).into());
                }
            } else if continued == limit {
                break;
            } else {
                continued += 1;
            }
            match next {
                Next::Whole => break,
                Next::Cut(missing) => (messages, reply) = self.go_on(true, missing)?,
                Next::Short(missing) => {
                    listener(Event::Text("\n\n"));
                    (messages, reply) = self.go_on(false, missing)?;
                }
            }
        }
        if !is_whole {
            // Nothing more may be asked for: end at the last whole sentence.
            let (words, target) = (self.words(), self.task.words());
            if self.is_short() {
                return Ok(Some(Rejection::Cut { words, target }));
            }
            let end = prose::last_sentence_end(&self.text);
            if end * 2 > self.text.len() {
                self.text.truncate(end);
            }
        }
        self.text = take::without_headings(&self.text);
        Ok(None)
    }

    /// What is asked for a part of the drawing, counted from 0.
    fn question(&self, part: u32, messages: Vec<Message>, reply_tokens: usize) -> Question<'_> {
        Question {
            about: format!("{} part {}", self.name, part + 1),
            stage: if part == 0 { Stage::Draft } else { Stage::Continue },
            chapter: Some(self.task.chapter.id.clone()),
            messages,
            reply_tokens,
            sampling: &self.line.settings.prose,
            schema: None,
            is_prose: true,
        }
    }

    /// Joins a reply to the text; gives how many words it added.
    fn take_in(&mut self, kept: &Kept, is_continuation: bool, after_whole: bool) -> usize {
        let before = prose::words(&self.text);
        let title = &self.task.chapter.title;
        if !is_continuation {
            self.text = take::strip(&kept.text, title);
        } else if self.line.provider.facts().prefill {
            // The model went on token by token: nothing to trim.
            let piece = prose::clean(&kept.text);
            if after_whole {
                self.text.truncate(self.text.trim_end().len());
                self.text.push_str("\n\n");
                self.text.push_str(piece.trim_start());
            } else {
                self.text.push_str(&piece);
            }
        } else {
            let piece = take::strip_continuation(&kept.text, title);
            if after_whole {
                self.text.truncate(self.text.trim_end().len());
                self.text.push_str("\n\n");
            }
            self.text = prose::join(&self.text, &piece, &self.known_words());
        }
        prose::words(&self.text).saturating_sub(before)
    }

    fn known_words(&self) -> HashSet<String> {
        let story = self.materials.story;
        let mut known = prose::vocabulary_of_cut(&self.text);
        known.extend(prose::vocabulary(
            story
                .characters
                .iter()
                .flat_map(crate::story::Character::names)
                .chain(story.places.iter().map(|place| place.name.as_str()))
                .chain([story.premise.premise.as_str()])
                .chain(self.materials.previous),
        ));
        known
    }

    fn words(&self) -> u32 {
        u32::try_from(prose::words(&self.text)).unwrap_or(u32::MAX)
    }

    fn is_short(&self) -> bool {
        take::is_short(prose::words(&self.text), self.task.words())
    }

    /// Why the run stops when streams break off again and again.
    fn broken_off(&self, times: u32) -> Failure {
        Failure::new(
            Exit::Provider,
            format!(
                "chapter {}: the stream broke off {times} times; {} of {} words have come",
                self.task.chapter.number,
                self.words(),
                self.task.words()
            ),
        )
        .hint("they are kept; the same command goes on where this one stopped")
    }

    fn next(&mut self, ending: Ending, grown: usize, is_first: bool) -> Next {
        const SHORTFALLS: u32 = 3;
        let words = self.words();
        let target = self.task.words();
        let missing = target.saturating_sub(words);
        if ending != Ending::Stop {
            // Well past its length, and still no end in sight.
            return if words > target.saturating_add(target / 3) {
                Next::Whole
            } else {
                Next::Cut(missing)
            };
        }
        // Who added next to nothing when asked for more has no more to say.
        let has_more = is_first || grown >= 25;
        if self.is_short() && self.shortfalls < SHORTFALLS && has_more {
            self.shortfalls += 1;
            return Next::Short(missing);
        }
        Next::Whole
    }

    /// The messages that ask for the rest, and the limit of the reply.
    fn go_on(&self, cut: bool, missing: u32) -> Result<(Vec<Message>, usize)> {
        let line = self.line;
        // A cut text needs some room to end even where no words are missing.
        let wanted = missing.max(self.task.words() / 8).max(60);
        let reply = reply_tokens(wanted, line.settings, self.materials.tokens_per_word);
        let prefill = line.provider.facts().prefill;
        let view = DraftView {
            cut,
            missing,
            last_words: Some(last_words(&self.text).to_owned()),
            ..self.fitted.view.clone()
        };
        let ask = rendering::render(self.materials.templates, "continue.md", &view)?;
        let mut bytes = line.settings.shares().so_far * 6;
        loop {
            let mut so_far = end_of(&self.text, bytes).to_owned();
            if prefill && !cut {
                so_far.truncate(so_far.trim_end().len());
                so_far.push_str("\n\n");
            }
            let mut messages = self.fitted.messages.clone();
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
                    return Err(Failure::new(
                        Exit::Failed,
                        format!(
                            "chapter {}: no room is left in the window to continue",
                            self.task.chapter.number
                        ),
                    )
                    .into());
                }
                return Ok((messages, reply));
            }
            bytes = bytes * 3 / 4;
        }
    }
}

/// The most bytes of the last words that a continuation quotes.
const LAST_WORDS_BYTES: usize = 240;

/// Tokens of a continuation's own words, without the text it goes on from.
pub(super) fn continue_frame(
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

/// Adds what a call took to the chapter's account.
fn account(drawn: &mut Drawn, kept: &Kept, bytes: usize) {
    if let Some(usage) = kept.usage {
        add(&mut drawn.tokens, usage);
        if usage.prompt > 0 && bytes > 0 {
            #[expect(clippy::cast_precision_loss, reason = "counts of tokens and bytes are small")]
            let density = usage.prompt as f64 / bytes as f64;
            drawn.density = Some(drawn.density.map_or(density, |most| most.max(density)));
        }
    }
    if drawn.answered.is_none() {
        drawn.answered.clone_from(&kept.answered);
    }
}

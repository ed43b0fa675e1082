//! Drawing a task: anew while a reply is rejected, on and on while it is cut,
//! falls short, or was stopped.

use anyhow::Result;

use super::guard::Guard;
use super::{Drawn, Materials};
use crate::chat::Message;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling::{Event, Line, Listener, Question};
use crate::pipeline::wordless::more_room;
use crate::project::calls::{Ending, Kept};
use crate::project::journal::Stage;
use crate::prompt::brief::Task;
use crate::prompt::budget::Fitted;
use crate::prompt::view::DraftView;
use crate::story::prose;
use crate::story::take::watch::{Reason, Terms, Verdict};
use crate::story::take::{self, Rejection};

mod going_on;
mod hearing;
mod joining;

use hearing::Next;

pub(super) use going_on::continue_frame;
pub(in crate::pipeline) use going_on::{Rest, going_on};

/// What the drawings of a task have in common.
pub(super) struct Sitting<'a> {
    /// What they draw on.
    pub materials: &'a Materials<'a>,
    /// The task.
    pub task: Task<'a>,
    /// Its prompt.
    pub fitted: &'a Fitted<DraftView>,
    /// The limit of the first reply in tokens.
    pub reply: usize,
    /// What the text is guarded against.
    pub guard: &'a Guard,
}

/// Draws a task until a drawing of it is accepted; gives its text.
pub(super) async fn draw_task(
    sitting: &Sitting<'_>,
    take: u32,
    line: &Line<'_>,
    listener: Listener<'_>,
    drawn: &mut Drawn,
) -> Result<String> {
    let task = sitting.task;
    let drawings = line.settings.redraws + 1;
    let mut last = Rejection::Empty;
    let mut is_asked = false;
    let before = drawn.answered.clone();
    for drawing in 1..=drawings {
        let mut one = Drawing::new(sitting, line, name_of(task, take, drawing));
        one.is_last = drawing == drawings;
        // Who answered for what was rejected has no part in the text.
        drawn.answered.clone_from(&before);
        let outcome = one.run(listener, drawn).await?;
        is_asked |= one.is_asked;
        match outcome {
            None => {
                drawn.stopped = one.stopped().or(drawn.stopped.take());
                return Ok(one.text);
            }
            Some(rejection) => {
                // It would do the same again.
                let is_final = rejection == Rejection::Unwritten;
                listener(Event::Rejected {
                    reason: rejection.to_string(),
                    call: format!("{} seed {}", one.name, line.settings.seed),
                    next: if is_final { drawings } else { drawing } + 1,
                    of: drawings,
                });
                if is_final {
                    return Err(unwritten(task, line).into());
                }
                last = rejection;
            }
        }
    }
    let hint = if is_asked {
        "the rejected replies are kept; try another model, or `--seed` with another number"
    } else {
        "nothing was asked: all of these replies are kept from a run before, and the same \
         request to a model of the same name finds them, wherever it is now; try another \
         model, or `--seed` with another number"
    };
    Err(Failure::new(
        Exit::Partly,
        format!(
            "chapter {} was drawn {drawings} times and never accepted; the last time {last}",
            task.chapter.number
        ),
    )
    .hint(hint)
    .into())
}

/// A model that has spent all of its reply on thinking.
fn unwritten(task: Task<'_>, line: &Line<'_>) -> Failure {
    let (number, facts) = (task.chapter.number, line.provider.facts());
    Failure::new(
        Exit::Provider,
        format!(
            "chapter {number}: `{}` reached the limit of its reply before it had written a word",
            facts.name
        ),
    )
    .hint(more_room(facts.thinking))
    .hint("or take a model that does not think; what is finished is saved")
}

/// What tells a call of this drawing from every other.
fn name_of(task: Task<'_>, take: u32, drawing: u32) -> String {
    let scene = task.scene.map(|scene| format!(" scene {}", scene + 1)).unwrap_or_default();
    format!("draft {}{scene} take {take} drawing {drawing}", task.chapter.id)
}

/// A heading that may turn out to be the first of several.
struct Heading {
    /// Where it stood in the text: below what stands above all of it, in bytes.
    at: usize,
    line: String,
}

/// One drawing of a task, growing by continuations.
struct Drawing<'a> {
    sitting: &'a Sitting<'a>,
    line: &'a Line<'a>,
    name: String,
    /// Whether any of its replies came just now.
    is_asked: bool,
    /// Whether it is not drawn again if it is rejected.
    is_last: bool,
    text: String,
    /// The heading that was taken off its beginning.
    heading: Option<Heading>,
    /// How the last reply ended: stopped ones as if they had ended or were cut.
    ending: Ending,
    /// Why the last reply was stopped, if it was.
    verdict: Option<Verdict>,
    /// Whether the text ends where its writer wanted it to.
    is_whole: bool,
    /// How many times it was asked to go on.
    continued: u32,
    /// How many times a stream broke off in this run.
    broken: u32,
    /// How many times it was continued because it had ended too soon.
    shortfalls: u32,
    /// How many replies in a row were stopped before they had said anything.
    stuck: u32,
    /// Banned phrases that may stand, since the model insists.
    stands: Vec<String>,
}

impl<'a> Drawing<'a> {
    fn new(sitting: &'a Sitting<'a>, line: &'a Line<'a>, name: String) -> Self {
        Self {
            sitting,
            line,
            name,
            is_asked: false,
            is_last: false,
            text: String::new(),
            heading: None,
            ending: Ending::Stop,
            verdict: None,
            is_whole: false,
            continued: 0,
            broken: 0,
            shortfalls: 0,
            stuck: 0,
            stands: Vec::new(),
        }
    }

    /// Draws until the text is whole; gives the reason if it is rejected.
    async fn run(
        &mut self,
        listener: Listener<'_>,
        drawn: &mut Drawn,
    ) -> Result<Option<Rejection>> {
        let (mut messages, mut reply) = (self.sitting.fitted.messages.clone(), self.sitting.reply);
        let limit = self.line.settings.continuations;
        for part in 0_u32.. {
            let question = self.question(part, messages.clone(), reply);
            let bytes: usize = messages.iter().map(|message| message.text.len()).sum();
            let kept = Box::pin(self.line.ask(question, &mut *listener)).await?;
            account(drawn, &kept, bytes);
            self.is_asked |= kept.is_new;
            let next = self.hear(&kept, part);
            if let Next::Reject(rejection) = next {
                return Ok(Some(rejection));
            }
            if let Some(verdict) = &self.verdict {
                listener(Event::Stopped { why: verdict.to_string() });
            }
            if part > 0 && kept.ending == Ending::Interrupted && kept.text.trim().is_empty() {
                // Asked to go on, its endpoint had nothing to add.
                break;
            }
            if kept.ending == Ending::Interrupted {
                self.broken += u32::from(kept.is_new);
                if self.broken > limit && !matches!(next, Next::Whole) {
                    return Err(self.broken_off(self.broken).into());
                }
            } else if self.is_last_part() {
                break;
            } else {
                self.continued += 1;
            }
            match next {
                Next::Whole | Next::Reject(_) => break,
                Next::Cut(missing) => (messages, reply) = self.go_on(true, missing)?,
                Next::Short(missing) => {
                    listener(Event::Text("\n\n"));
                    (messages, reply) = self.go_on(false, missing)?;
                }
            }
        }
        Ok(self.finish())
    }

    /// Ends a text for which nothing more may be asked.
    fn finish(&mut self) -> Option<Rejection> {
        if !self.is_whole {
            let (words, target) = (self.words(), self.sitting.task.words());
            if self.is_short() {
                return Some(Rejection::Cut { words, target });
            }
            let end = prose::last_sentence_end(&self.text);
            if end * 2 > self.text.len() {
                self.text.truncate(end);
            }
        }
        let title = &self.sitting.task.chapter.title;
        let at = self.heading.as_ref().map_or(0, |heading| heading.at);
        let (above, text) = self.text.split_at_checked(at).unwrap_or(("", &self.text));
        let text = take::without_headings(text, title);
        let whole = match &self.heading {
            Some(heading) => take::with_heading(&text, &heading.line, title),
            None => text,
        };
        self.text = format!("{above}{whole}");
        None
    }

    /// Why it ends where its writer did not end it, if it does.
    fn stopped(&self) -> Option<String> {
        let verdict = self.verdict.as_ref().filter(|verdict| verdict.reason != Reason::Left);
        let was_cut =
            || (!self.is_whole).then(|| "its reply was cut and came to no end".to_owned());
        verdict.map(ToString::to_string).or_else(was_cut)
    }

    /// What is asked for a part of the drawing, counted from 0.
    fn question(&self, part: u32, messages: Vec<Message>, reply_tokens: usize) -> Question<'a> {
        let task = self.sitting.task;
        let mut terms = Terms { begun: self.text.clone(), ..self.terms() };
        if self.is_last_part() && !self.line.provider.facts().steps_back {
            // What is said now can no longer be said otherwise.
            terms.bans = None;
        }
        Question {
            about: format!("{} part {}", self.name, part + 1),
            stage: if part == 0 { Stage::Draft } else { Stage::Continue },
            chapter: Some(task.chapter.id.clone()),
            messages,
            reply_tokens,
            sampling: &self.line.settings.prose,
            schema: None,
            is_prose: true,
            watch: Some(terms),
        }
    }

    /// What the text is watched for.
    fn terms(&self) -> Terms {
        let Sitting { task, materials, guard, .. } = self.sitting;
        Terms {
            stands: self.stands.clone(),
            is_lenient: self.is_last,
            ..guard.terms(materials.story, *task)
        }
    }

    /// Whether nothing may be asked after what is asked now.
    fn is_last_part(&self) -> bool {
        self.continued == self.line.settings.continuations
    }

    fn words(&self) -> u32 {
        u32::try_from(prose::words(&self.text)).unwrap_or(u32::MAX)
    }

    fn is_short(&self) -> bool {
        take::is_short(prose::words(&self.text), self.sitting.task.words())
    }

    /// Why the run stops when streams break off again and again.
    fn broken_off(&self, times: u32) -> Failure {
        Failure::new(
            Exit::Provider,
            format!(
                "chapter {}: the stream broke off {times} times; {} of {} words have come",
                self.sitting.task.chapter.number,
                self.words(),
                self.sitting.task.words()
            ),
        )
        .hint("they are kept; the same command goes on where this one stopped")
    }
}

/// Takes in what a call tells of its prompt, and who answered it.
fn account(drawn: &mut Drawn, kept: &Kept, bytes: usize) {
    if let Some(usage) = kept.usage.filter(|usage| usage.prompt > 0 && bytes > 0) {
        #[expect(clippy::cast_precision_loss, reason = "counts of tokens and bytes are small")]
        let density = usage.prompt as f64 / bytes as f64;
        drawn.density = Some(drawn.density.map_or(density, |most| most.max(density)));
    }
    if let Some(answered) = kept.author() {
        let all = drawn.answered.get_or_insert_default();
        if !all.split(", ").any(|one| one == answered) {
            let comma = if all.is_empty() { "" } else { ", " };
            *all = format!("{all}{comma}{answered}");
        }
    }
}

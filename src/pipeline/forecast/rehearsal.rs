//! A run in memory: every step is planned and every prompt made as in a real one.

use std::collections::BTreeMap;

use anyhow::Result;

use super::reckoning::{Counted, Reckoning};
use super::shelves::{adopt, note, place, restore, select, with_shelf};
use super::{Part, Prices, standin};
use crate::chat::{Message, said};
use crate::money::{Money, Need};
use crate::pipeline::calling::Lines;
use crate::pipeline::draft::{Materials, Rest, continuation, going_on, prompt, tasks};
use crate::pipeline::plan::{self, Step, Wanted};
use crate::pipeline::run::{Session, blocked};
use crate::pipeline::{fold, record};
use crate::project::archive::{CanonOnFile, Fold, Text};
use crate::project::journal::Stage;
use crate::project::layout;
use crate::prompt::brief::{self, Task};
use crate::prompt::budget::Fitted;
use crate::prompt::memory::Span;
use crate::prompt::view::DraftView;
use crate::story::fingerprint::digest;
use crate::story::prose;
use crate::story::take::most_words;

/// How a run is rehearsed, and what the endpoints will count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// Every reply is accepted, and as long as it is asked to be.
    Sparing(Pair<Reckoning>),
    /// Everything is as long as it may be; once, and asked as often as it may be.
    Ample(Pair<Reckoning>),
}

/// Something that the models have that draft and record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<T> {
    pub draft: T,
    pub record: T,
}

impl<T> Pair<T> {
    /// That of the model which does this stage's work.
    pub fn of(&self, stage: Stage) -> &T {
        match stage {
            Stage::Draft | Stage::Continue => &self.draft,
            Stage::Record | Stage::Fold => &self.record,
        }
    }
}

/// What a rehearsal has added up.
#[derive(Debug, Default)]
pub(super) struct Rehearsed {
    /// The calls, without those that repeat others.
    pub once: BTreeMap<Stage, Part>,
    /// As many calls as there may be.
    pub most: BTreeMap<Stage, Part>,
    /// What a budget has to hold for the calls that repeat none.
    pub need: Need,
    pub chapters: usize,
    /// The last prompt of each stage.
    last: BTreeMap<Stage, String>,
}

/// Calls of one prompt, in tokens by our count.
#[derive(Clone, Copy)]
struct Calls<'a> {
    stage: Stage,
    messages: &'a [Message],
    /// What the messages take.
    base: usize,
    /// What is added to them, at most; and what an endpoint will count of that.
    more: [usize; 2],
    /// The longest reply.
    longest: usize,
    /// How many calls at most.
    most: u64,
}

pub(super) fn rehearse(
    session: &mut Session<'_>,
    wanted: &Wanted,
    lines: &Lines<'_>,
    prices: Pair<Option<Prices>>,
    manner: Manner,
) -> Result<Rehearsed> {
    let mut rehearsal = Rehearsal { lines, prices, manner, sums: Rehearsed::default() };
    loop {
        match session.next_step(wanted) {
            Step::Done => return Ok(rehearsal.sums),
            Step::Blocked { chapter, by, has_text } => {
                return Err(blocked(chapter, by, has_text).into());
            }
            Step::Adopt(number) => with_shelf(session, number, adopt),
            Step::Restore(number, take) => {
                let story = session.story;
                with_shelf(session, number, |shelf, chapter, count| {
                    restore(shelf, chapter, count, take, story);
                });
            }
            Step::Move(number) => with_shelf(session, number, place),
            Step::Fold(span) => rehearsal.fold(session, span)?,
            Step::Draft(number) => {
                rehearsal.draft(session, number)?;
                // What the plan says next, after a look at the whole book.
                rehearsal.record(session, number)?;
            }
            Step::Record(number) => rehearsal.record(session, number)?,
        }
    }
}

struct Rehearsal<'a> {
    lines: &'a Lines<'a>,
    prices: Pair<Option<Prices>>,
    manner: Manner,
    sums: Rehearsed,
}

impl Rehearsal<'_> {
    fn is_ample(&self) -> bool {
        matches!(self.manner, Manner::Ample(_))
    }

    /// Of so many words, as many as a reply may have at most, or is asked for.
    fn words(&self, asked: u32) -> u32 {
        if self.is_ample() { most_words(asked) } else { asked }
    }

    fn draft(&mut self, session: &mut Session<'_>, number: usize) -> Result<()> {
        let story = session.story;
        let Some(chapter) = story.chapter(number) else { return Ok(()) };
        let line = &self.lines.draft;
        let materials = session.materials(number);
        let settings = line.settings;
        let (redraws, continuations) =
            (u64::from(settings.redraws) + 1, u64::from(settings.continuations));
        let mut text = String::new();
        for (index, task) in
            tasks(chapter, settings, materials.tokens_per_word).into_iter().enumerate()
        {
            let (fitted, reply) = prompt(&materials, task, &text, line)?;
            let (more, again) = continuation(&materials, &fitted, task.words(), line)?;
            let words = usize::try_from(self.words(task.words()))?;
            if !text.is_empty() {
                text.push_str(prose::SCENE_BREAK);
            }
            let drawn = standin::prose(story, words, number * 100 + index);
            let needed = self.replied(Stage::Draft, &drawn, &fitted.messages, fitted.tokens);
            // What is added is mostly what was written.
            let more = [more, more * needed / line.tokenizer.text(&drawn).max(1)];
            text.push_str(&drawn);
            let calls = Calls {
                stage: Stage::Draft,
                messages: &fitted.messages,
                base: fitted.tokens,
                more: [0, 0],
                longest: reply,
                most: redraws,
            };
            self.add(calls, 1, needed.min(reply));
            if !self.is_ample() {
                self.continued(&materials, task, &fitted, &drawn, [reply, needed])?;
                continue;
            }
            // A stream that breaks off is continued as often as one that is cut,
            // and once more.
            let most = redraws * (2 * continuations + 1);
            let calls = Calls { stage: Stage::Continue, more, longest: again, most, ..calls };
            let left = needed.saturating_sub(reply);
            self.add(calls, left.div_ceil(again.max(1)), left);
        }
        self.sums.chapters += 1;
        session.redrawn.push(chapter.id.clone());
        with_shelf(session, number, |shelf, chapter, count| {
            let take = shelf.next_take();
            let (digest, words) = (digest(&format!("{text} {take}")), prose::words(&text));
            shelf.takes.push(note(&chapter.id, take, &digest, words));
            select(shelf, take);
            let path = layout::manuscript(chapter.number, &chapter.id, count);
            shelf.text = Some(Text { path, prose: text, digest, words });
        });
        Ok(())
    }

    /// The calls that go on with a text of which one reply holds the first of these
    /// tokens, and all replies together the second.
    fn continued(
        &mut self,
        materials: &Materials<'_>,
        task: Task<'_>,
        fitted: &Fitted<DraftView>,
        drawn: &str,
        [mut said, needed]: [usize; 2],
    ) -> Result<()> {
        let line = &self.lines.draft;
        for _ in 0..line.settings.continuations {
            if said >= needed {
                break;
            }
            let text = &drawn[..drawn.floor_char_boundary(drawn.len() * said / needed)];
            let written = u32::try_from(prose::words(text)).unwrap_or(u32::MAX);
            let missing = task.words().saturating_sub(written);
            let rest = Rest { text, cut: true, missing };
            let (messages, longest) = going_on(materials, task, fitted, rest, line)?;
            let base = line.tokenizer.prompt(&messages);
            let calls = Calls {
                stage: Stage::Continue,
                messages: &messages,
                base,
                more: [0, 0],
                longest,
                most: 0,
            };
            let grown = longest.min(needed - said);
            self.add(calls, 1, grown);
            said += grown;
        }
        Ok(())
    }

    fn record(&mut self, session: &mut Session<'_>, number: usize) -> Result<()> {
        let story = session.story;
        let Some(chapter) = story.chapter(number) else { return Ok(()) };
        let shelf = session.archive.chapters.get(&chapter.id);
        let text = shelf.and_then(|shelf| shelf.text.clone());
        let Some(text) = text else { return Ok(()) };
        let (templates, line) = (session.templates, &self.lines.record);
        let canon = session.canon_before(number);
        let (prompts, reply) =
            record::prompts(story, chapter, &text.prose, canon, templates, line)?;
        let asked = line.settings.synopsis_words;
        // The shortest synopsis that is accepted, and no fact; or all there may be.
        let (words, facts) =
            if self.is_ample() { (asked + asked / 3, 4) } else { (asked * 3 / 5, 0) };
        let told = standin::record(story, chapter, words, facts);
        for messages in &prompts {
            let base = line.tokenizer.prompt(messages);
            let said = self.replied(Stage::Record, &told.synopsis, messages, base) / prompts.len();
            let calls = Calls {
                stage: Stage::Record,
                messages,
                base,
                more: [0, 0],
                longest: reply,
                most: u64::from(record::TRIES),
            };
            self.add(calls, 1, said.min(reply));
        }
        let path = layout::canon(number, &chapter.id, story.chapters.len());
        session.archive.shelf(&chapter.id).canon = Some(CanonOnFile {
            path,
            yaml: String::new(),
            digest: digest(&told.synopsis),
            made_from: Some(text.digest),
            by_author: false,
        });
        session.records.insert(number, told);
        Ok(())
    }

    fn fold(&mut self, session: &mut Session<'_>, span: Span) -> Result<()> {
        let (story, templates) = (session.story, session.templates);
        let Lines { draft, record: line } = self.lines;
        let per_word = brief::counted_per_word(story, &*draft.tokenizer);
        let most = draft.settings.fold_words(story.chapters.len(), per_word);
        let asked = fold::asked(story, span, &session.past(), most, templates, line)?;
        let words = if self.is_ample() { most } else { most / 2 };
        let text = standin::prose(story, words, span.from).replace('\n', " ");
        let base = line.tokenizer.prompt(&asked.messages);
        let said = self.replied(Stage::Fold, &text, &asked.messages, base);
        let calls = Calls {
            stage: Stage::Fold,
            messages: &asked.messages,
            base,
            more: [0, 0],
            longest: asked.reply,
            most: u64::from(fold::TRIES),
        };
        self.add(calls, 1, said.min(asked.reply));
        let parts = plan::parts_digest(story, &session.archive, span);
        session.fold_in(span, Fold { text, parts });
        Ok(())
    }

    /// How an endpoint will count for this stage.
    fn reckoning(&self, stage: Stage) -> Reckoning {
        let (Manner::Sparing(both) | Manner::Ample(both)) = &self.manner;
        *both.of(stage)
    }

    /// The tokens that an endpoint will count of a text that is written to a prompt of
    /// so many tokens by our count.
    fn replied(&self, stage: Stage, text: &str, to: &[Message], tokens: usize) -> usize {
        let Lines { draft, record } = self.lines;
        let line = Pair { draft, record }.of(stage).tokenizer.clone();
        let reply = Counted { text, tokens: line.text(text) };
        self.reckoning(stage).reply(reply, Counted { text: &said(to), tokens })
    }

    /// Tokens that a reply of this stage may take for thinking.
    fn thinking(&self, stage: Stage) -> u64 {
        let Lines { draft, record } = self.lines;
        count(Pair { draft, record }.of(stage).provider.facts().thinking)
    }

    /// How many times a request of this stage may be sent.
    fn tries(&self, stage: Stage) -> u64 {
        let Lines { draft, record } = self.lines;
        u64::from(Pair { draft, record }.of(stage).provider.facts().tries)
    }

    /// Adds so many calls that are answered with so many tokens together; and as
    /// many as there may be, each with the longest reply, and sent as often as it
    /// may be.
    fn add(&mut self, calls: Calls<'_>, times: usize, said: usize) {
        let stage = calls.stage;
        let text: String = calls.messages.iter().map(|one| format!("{}\n", one.text)).collect();
        let alike = self.sums.last.values().map(|last| alike(last, &text)).max().unwrap_or(0);
        let reckoned =
            |tokens| count(self.reckoning(stage).prompt(Counted { text: &text, tokens }));
        let (times, base) = (count(times), reckoned(calls.base));
        let thinking = self.thinking(stage);
        let longest = count(calls.longest).saturating_add(thinking);
        let thought = if self.is_ample() { thinking.saturating_mul(times) } else { 0 };
        let once = Part {
            calls: times,
            prompt: base.saturating_add(count(calls.more[1])) * times,
            shared: base * count(alike) / count(text.len()).max(1) * times,
            reply: count(said).saturating_add(thought),
        };
        self.need(&calls, longest, once);
        if times > 0 {
            self.sums.once.entry(stage).or_default().add(once);
        }
        let sent = calls.most.saturating_mul(self.tries(stage));
        let most = Part {
            calls: calls.most,
            prompt: count(calls.base + calls.more[0]).saturating_mul(sent),
            shared: 0,
            reply: longest.saturating_mul(sent),
        };
        if calls.most > 0 {
            self.sums.most.entry(stage).or_default().add(most);
        }
        self.sums.last.insert(stage, text);
    }

    /// What a budget has to hold for these calls, whose replies take `longest` tokens
    /// at most, and which take as much as `part` says.
    fn need(&mut self, calls: &Calls<'_>, longest: u64, part: Part) {
        let Some(Prices { first, dearest }) = *self.prices.of(calls.stage) else { return };
        let cost = if self.is_ample() {
            dearest.worst(part.prompt, part.reply)
        } else {
            first.cost(part.prompt, part.shared, 0, part.reply)
        };
        let each = dearest.worst(count(calls.base + calls.more[0]), longest);
        let worst = each.times(self.tries(calls.stage));
        for _ in 0..part.calls {
            self.sums.need.call(Money::of_pico(cost.pico() / part.calls), worst);
        }
    }
}

fn count(tokens: usize) -> u64 {
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

/// The bytes at their beginning that two texts share.
fn alike(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

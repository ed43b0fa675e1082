//! `storygen draft --offline`: the book from replies that are kept, and from
//! nobody else. It needs no configuration, no network and no model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;

use super::Run;
use super::work::report;
use crate::chat::{Counted, Counting, Tokenizer};
use crate::cli::model;
use crate::cli::ui::Ui;
use crate::cli::unsent::Unloaded;
use crate::cli::{open, stop};
use crate::failure::{Exit, Failure};
use crate::pipeline::calling::{Line, Lines, Purse};
use crate::pipeline::plan::{Step, Wanted};
use crate::pipeline::rendering;
use crate::pipeline::replay::{self, Conditions, Drawn, Replay};
use crate::pipeline::run::{Done, Session};
use crate::project::archive::Archive;
use crate::project::folder::Folder;
use crate::project::history;
use crate::project::journal::Event;
use crate::project::layout;
use crate::project::store::Store;
use crate::project::wishes::Wishes;
use crate::prompt::memory::Span;
use crate::prompt::templates::Templates;
use crate::prompt::tokens::{Bound, Seen};
use crate::provider::chain::Most;
use crate::story::{Chapter, Story};

/// The digests of the conditions under which steps were done.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Under {
    draft: String,
    record: String,
}

/// Everything a replay needs to hand.
pub(super) struct Replaying<'a> {
    pub stream: bool,
    pub folder: &'a Folder,
    pub story: &'a Story,
    pub wishes: &'a Wishes,
    pub templates: &'a Templates,
    pub run: &'a Run<'a>,
    pub ui: &'a Ui,
}

impl Replaying<'_> {
    /// Drafts what is wanted.
    pub fn run(&self, wanted: &Wanted) -> Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.draft(wanted))
    }

    async fn draft(&self, wanted: &Wanted) -> Result<Exit> {
        let mut store = open::store(self.folder, &self.run.command)?;
        let mut archive = history::read(self.folder, self.story)?;
        open::no_stray_is_meant(self.story, &archive)?;
        let mut records = open::records(self.story, &archive, self.ui)?;
        rendering::try_out(self.story, self.templates)?;
        let replay = replay::read(self.folder)?.ok_or_else(nothing_kept)?;
        self.tell_ignored(&replay);
        stop::watch(self.run.cancel.clone(), self.ui.clone())?;
        let mut progress = self.ui.drafting(self.stream, self.story.chapters.len());
        let mut done = Done::default();
        let mut under = Under { draft: replay.usual.clone(), record: replay.usual.clone() };
        let (mut redrawn, mut unfolded) = (None, BTreeSet::new());
        // As long as the conditions stay the same, so does the session.
        loop {
            let (draft, record) = (
                replay.conditions_or_usual(&under.draft)?,
                replay.conditions_or_usual(&under.record)?,
            );
            let facts = (draft.facts(), record.facts());
            let unloaded = (Unloaded(&facts.0), Unloaded(&facts.1));
            let purse = Arc::new(Purse::offline(store.pen(), archive.accounts.clone()));
            let lines = Lines {
                draft: self.line(&unloaded.0, draft, &purse)?,
                record: self.line(&unloaded.1, record, &purse)?,
            };
            let mut session =
                Session::new(self.story, self.templates, archive, records, &lines.draft);
            session.replayed = self.drawn(&replay);
            session.redrawn = redrawn.take().unwrap_or(session.redrawn);
            let next = loop {
                let step = match session.next_step(wanted) {
                    Step::Done => break None,
                    Step::Fold(span) if unfolded.contains(&span) => {
                        self.without_fold(span, &session, wanted)
                    }
                    step => step,
                };
                let due = self.due(&step, &session.archive, wanted, &replay);
                if due.as_ref().is_some_and(|due| *due != under) {
                    break due;
                }
                if session.is_written_meanwhile(&step, self.folder)? {
                    continue;
                }
                let outcome = session
                    .perform(&step, &mut store, &lines, &mut |event| progress.tell(&event))
                    .await;
                if let (Err(_), Step::Fold(span)) = (&outcome, &step)
                    && self.without_fold(*span, &session, wanted) != step
                {
                    unfolded.insert(*span);
                    continue;
                }
                if outcome.is_err() {
                    progress.end();
                }
                outcome?;
                done.drafted += usize::from(matches!(step, Step::Draft(_)));
                done.recorded += usize::from(matches!(step, Step::Record(_)));
            };
            redrawn = Some(session.redrawn);
            (archive, records) = (session.archive, session.records);
            archive.accounts = purse.accounts();
            match next {
                Some(due) => under = due,
                None => break,
            }
        }
        progress.end();
        self.finish(&mut store, done)
    }

    /// Says which flags and settings are others than those that a replay goes by.
    fn tell_ignored(&self, replay: &Replay) {
        if replay.lost() > 0 {
            let chapters = match replay.lost() {
                1 => "a chapter was made: it is played by the calls that made it".to_owned(),
                many => {
                    format!(
                        "{many} chapters were made: they are played by the calls that made them"
                    )
                }
            };
            self.ui.warn(&format!("`{}` lacks how {chapters}", layout::MODELS));
        }
        let said = self.run.model.said();
        if !said.is_empty() {
            self.ui.warn(&format!(
                "`--offline` plays what was asked then, by the models and settings of then: {} changes nothing",
                said.join(", ")
            ));
        }
        let chapters = self.story.chapters.iter().map(|chapter| replay.drawn(&chapter.id));
        let mut others: Option<Vec<String>> = None;
        for drawn in chapters {
            // What is not there is told of when it is needed.
            let recorded = drawn.recorded.as_ref().unwrap_or(&drawn.conditions);
            let under = [&drawn.conditions, recorded].map(|digest| replay.conditions(digest));
            let [Some(draft), Some(record)] = under else { continue };
            let otherwise = replay::otherwise(self.wishes, [draft, record]);
            // What is as it was for one chapter at least may well be meant so.
            others = Some(match others {
                None => otherwise,
                Some(before) => before.into_iter().filter(|one| otherwise.contains(one)).collect(),
            });
        }
        if let Some(others) = others.filter(|others| !others.is_empty()) {
            self.ui.warn(&format!(
                "`--offline` goes by the settings of then: what `storygen.yaml` says of {} now changes nothing",
                others.join(", ")
            ));
        }
    }

    /// A line that asks nobody, under the conditions of then.
    fn line<'l>(
        &'l self,
        unloaded: &'l Unloaded<'l>,
        conditions: &'l Conditions,
        purse: &Arc<Purse<'l>>,
    ) -> Result<Line<'l>> {
        Ok(Line {
            tokenizer: self.tokenizer(conditions)?,
            cancel: self.run.cancel.clone(),
            conditions: Some(conditions.digest()),
            ..Line::new(unloaded, self.folder, &conditions.settings, purse.clone())
        })
    }

    fn finish(&self, store: &mut Store<'_>, done: Done) -> Result<Exit> {
        store.note(vec![Event::Ended])?;
        report(done, self.ui);
        Ok(Exit::Done)
    }

    /// The step that comes next where a fold cannot be made: a chapter that is found
    /// by its calls needs none, and may never have had the one that its prompt would
    /// take now.
    fn without_fold(&self, span: Span, session: &Session<'_>, wanted: &Wanted) -> Step {
        let step = Step::Fold(span);
        self.chapter_of(&step, &session.archive, wanted)
            .filter(|chapter| session.then(chapter).is_some())
            .map_or(step, |chapter| Step::Draft(chapter.number))
    }

    /// The chapter that a step is for.
    fn chapter_of(&self, step: &Step, archive: &Archive, wanted: &Wanted) -> Option<&Chapter> {
        let lacks_text = |chapter: &&Chapter| {
            archive.chapters.get(&chapter.id).is_none_or(|shelf| shelf.text.is_none())
        };
        match step {
            // A fold is made for the chapter that is drawn next.
            Step::Fold(span) => self
                .story
                .chapters
                .iter()
                .skip(span.to)
                .filter(lacks_text)
                .find(|chapter| chapter.number <= wanted.last),
            Step::Draft(number) | Step::Record(number) => self.story.chapter(*number),
            _ => None,
        }
    }

    /// The conditions under which a step was done, if they matter.
    fn due(
        &self,
        step: &Step,
        archive: &Archive,
        wanted: &Wanted,
        replay: &Replay,
    ) -> Option<Under> {
        let chapter = self.chapter_of(step, archive, wanted)?;
        let drawn = replay.drawn(&chapter.id);
        let record = drawn.recorded.unwrap_or_else(|| drawn.conditions.clone());
        Some(Under { draft: drawn.conditions, record })
    }

    /// How tokens were counted when the calls were made.
    fn tokenizer(&self, conditions: &Conditions) -> Result<Arc<dyn Tokenizer>> {
        match &conditions.counted()[..] {
            [one] => self.counted(one),
            all => {
                let each = all.iter().map(|one| Ok((one.model.clone(), self.counted(one)?)));
                Ok(Arc::new(Most(each.collect::<Result<_>>()?)))
            }
        }
    }

    /// How the tokens of one model were counted.
    fn counted(&self, then: &Counted) -> Result<Arc<dyn Tokenizer>> {
        if let Counting::Bound { seen, raw } = &then.counting {
            let bound = Bound::new(seen.then_some(Seen));
            return Ok(match raw {
                None => Arc::new(bound),
                Some((wire, template)) => model::raw_counting(wire, template, bound)?,
            });
        }
        let model = &then.model;
        let lacking = |why: &str| {
            Failure::new(
                Exit::Provider,
                format!("the tokens of `{model}` were counted by its own vocabulary, {why}"),
            )
        };
        let fetch = "prompts are fitted by it, so a replay needs it; `storygen models pull` fetches the default model";
        let scene = model::Scene {
            arguments: self.run.model,
            project: self.folder.path(),
            wishes: self.wishes,
            config: self.run.config,
            catalogue: self.run.catalogue,
            ui: self.ui,
        };
        let named = scene.one(&then.named).map_err(|error| {
            lacking("which cannot be read here").hint(fetch).hint(format!("{error:#}"))
        })?;
        if then.is_by(&*named.tokenizer) {
            return Ok(named.tokenizer);
        }
        // A model that is counted by a bound has no vocabulary here.
        let is_here = !named.is_absent && !named.tokenizer.is_bound();
        let failure = lacking(if is_here {
            "and that on this machine counts otherwise"
        } else {
            "which is not on this machine"
        });
        Err(match named.vocabulary(self.run.config) {
            Some(path) => failure.hint(format!("prompts are fitted by it, so a replay needs it; put the `tokenizer.json` or `tekken.json` of then at `{}`", path.display())),
            None => failure.hint(fetch),
        }.into())
    }

    /// How each chapter was drawn.
    fn drawn(&self, replay: &Replay) -> BTreeMap<String, Drawn> {
        let chapters = self.story.chapters.iter();
        chapters.map(|chapter| (chapter.id.clone(), replay.drawn(&chapter.id))).collect()
    }
}

fn nothing_kept() -> Failure {
    Failure::new(
        Exit::Provider,
        format!("there is no `{}`, so nobody knows how the calls were made", layout::MODELS),
    )
    .hint("a run without `--offline` writes it; keep it beside `.storygen/calls`")
}

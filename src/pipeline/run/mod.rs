//! The loop: ask the plan for the next step, do it, write it down.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;

use super::calling::{Line, Lines, Listener};
use super::draft::{Guard, Materials};
use super::plan::{self, Given, Settled, Step, Wanted};
use super::replay::{self, Drawn, Replay, Then};
use crate::failure::{Exit, Failure};
use crate::project::archive::{Archive, Fold, Shelf};
use crate::project::folder::Folder;
use crate::project::store::Store;
use crate::prompt::brief::{self, Past};
use crate::prompt::memory::{Shape, Span};
use crate::prompt::templates::Templates;
use crate::story::canon::{Canon, Record};
use crate::story::fingerprint::{self, Inputs};
use crate::story::{Chapter, Story};

mod meanwhile;
mod steps;

/// Everything a run works with.
pub struct Session<'a> {
    /// The story.
    pub story: &'a Story,
    /// The templates.
    pub templates: &'a Templates,
    /// What has been written.
    pub archive: Archive,
    /// What accepted chapters have established.
    pub records: BTreeMap<usize, Record>,
    /// The digests of what each chapter depends on.
    pub inputs: BTreeMap<String, Inputs>,
    /// Tokens a word takes.
    pub tokens_per_word: f64,
    /// How synopses are grouped.
    pub shape: Shape,
    /// How chapters were drawn that a replay draws again, by chapter id: the take that
    /// counts, not those before it. Empty in every other run.
    pub replayed: BTreeMap<String, Drawn>,
    /// What a replay needs, as it is written down; none where that is to stay as it is.
    pub kept: Option<Replay>,
    /// What its prose is guarded against, once a chapter is drawn.
    guard: Option<Arc<Guard>>,
    canon: Canon,
    /// The records up to and with this chapter are in `canon`.
    canon_upto: usize,
    folds: BTreeMap<Span, String>,
    /// The ids of the chapters that this command has drawn.
    pub redrawn: Vec<String>,
}

/// What a run has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// Chapters drafted.
    pub drafted: usize,
    /// Chapters recorded.
    pub recorded: usize,
}

/// The digests of what every chapter depends on, the project's own templates
/// among them.
#[must_use]
pub fn all_inputs(story: &Story, templates: &Templates) -> BTreeMap<String, Inputs> {
    let parts = fingerprint::Parts::of(story);
    story
        .chapters
        .iter()
        .map(|chapter| {
            let mut inputs = parts.inputs(chapter);
            for (name, digest) in &templates.own {
                if name.starts_with("draft") || name.starts_with("continue") {
                    inputs.insert(format!("template `{name}`"), digest.clone());
                }
            }
            (chapter.id.clone(), inputs)
        })
        .collect()
}

impl<'a> Session<'a> {
    /// A session over what has been written.
    #[must_use]
    pub fn new(
        story: &'a Story,
        templates: &'a Templates,
        archive: Archive,
        records: BTreeMap<usize, Record>,
        line: &Line<'_>,
    ) -> Self {
        let tokens_per_word = brief::tokens_per_word(story, &*line.tokenizer);
        // A command that was stopped goes on, and draws nothing a second time.
        let redrawn = archive.open.iter().flat_map(|open| open.drawn.iter().cloned()).collect();
        let folds = archive.folds.iter().map(|(span, fold)| (*span, fold.text.clone())).collect();
        Self {
            inputs: all_inputs(story, templates),
            shape: line.settings.memory(brief::counted_per_word(story, &*line.tokenizer)),
            story,
            templates,
            archive,
            records,
            tokens_per_word,
            replayed: BTreeMap::new(),
            kept: None,
            guard: None,
            canon: Canon::default(),
            canon_upto: 0,
            folds,
            redrawn,
        }
    }

    fn given(&self) -> Given<'_> {
        Given { story: self.story, inputs: &self.inputs, shape: self.shape, redrawn: &self.redrawn }
    }

    /// The step that comes next.
    #[must_use]
    pub fn next_step(&self, wanted: &Wanted) -> Step {
        plan::next_step(&self.given(), &self.archive, wanted)
    }

    /// The canon of the chapters before one.
    pub(in crate::pipeline) fn canon_before(&mut self, number: usize) -> &Canon {
        if self.canon_upto >= number {
            self.canon = Canon::default();
            self.canon_upto = 0;
        }
        for (_, record) in self.records.range(self.canon_upto + 1..number) {
            self.canon.add(record);
        }
        self.canon_upto = number.saturating_sub(1);
        &self.canon
    }

    /// A passage that stands for several chapters.
    pub(in crate::pipeline) fn fold_in(&mut self, span: Span, fold: Fold) {
        self.folds.insert(span, fold.text.clone());
        self.archive.folds.insert(span, fold);
    }

    /// What accepted chapters have left behind.
    pub(in crate::pipeline) fn past(&self) -> Past<'_> {
        Past { records: &self.records, folds: &self.folds, canon: &self.canon, shape: self.shape }
    }

    /// What the drawing of a chapter draws on.
    pub fn materials(&mut self, number: usize) -> Materials<'_> {
        self.canon_before(number);
        let previous = number
            .checked_sub(1)
            .and_then(|number| self.story.chapter(number))
            .and_then(|chapter| self.archive.chapters.get(&chapter.id)?.text.as_ref());
        Materials {
            story: self.story,
            templates: self.templates,
            past: self.past(),
            previous: previous.map(|text| text.prose.as_str()),
            tokens_per_word: self.tokens_per_word,
        }
    }

    fn guard(&mut self) -> Result<Arc<Guard>> {
        let guard = match &self.guard {
            Some(guard) => Arc::clone(guard),
            None => Arc::new(Guard::of(self.story)?),
        };
        self.guard = Some(Arc::clone(&guard));
        Ok(guard)
    }

    fn chapter(&self, number: usize) -> Result<&'a Chapter> {
        let story: &'a Story = self.story;
        story.chapter(number).ok_or_else(|| anyhow::anyhow!("the outline has no chapter {number}"))
    }

    /// What a replay knows of the take that a chapter gets next; none where another
    /// than that of then is drawn, or where the project has changed since.
    #[must_use]
    pub fn then(&self, chapter: &Chapter) -> Option<&Then> {
        let next = self.archive.chapters.get(&chapter.id).map_or(1, Shelf::next_take);
        let drawn = self.replayed.get(&chapter.id).filter(|drawn| next <= drawn.take)?;
        let now = self.inputs.get(&chapter.id);
        drawn.then.as_ref().filter(|then| !then.calls.is_empty() && Some(&then.inputs) == now)
    }

    /// Works until all that is wanted is done.
    ///
    /// # Errors
    ///
    /// When a step fails or the user stops; what is finished is saved.
    pub async fn run(
        &mut self,
        wanted: &Wanted,
        store: &mut Store<'_>,
        lines: &Lines<'_>,
        listener: Listener<'_>,
    ) -> Result<Done> {
        let (mut done, mut settled) = (Done::default(), Settled::default());
        loop {
            let step = plan::next_step_after(&self.given(), &self.archive, wanted, &mut settled);
            debug_assert_eq!(step, self.next_step(wanted), "what was settled stays so");
            if step == Step::Done {
                return Ok(done);
            }
            if self.is_written_meanwhile(&step, store.folder())? {
                continue;
            }
            self.perform(&step, store, lines, &mut *listener).await?;
            done.drafted += usize::from(matches!(step, Step::Draft(_)));
            done.recorded += usize::from(matches!(step, Step::Record(_)));
        }
    }

    /// Looks whether the author has done meanwhile what a step would do, or changed
    /// what it goes by: then another step comes next, and nothing is paid for.
    ///
    /// # Errors
    ///
    /// When what stands there cannot be read.
    pub fn is_written_meanwhile(&mut self, step: &Step, folder: &Folder) -> Result<bool> {
        match *step {
            Step::Draft(number) | Step::Restore(number, _) => self.is_text_written(number, folder),
            Step::Record(number) => self.is_canon_written(number, folder),
            _ => Ok(false),
        }
    }

    /// Does one step, and writes it down.
    ///
    /// # Errors
    ///
    /// When it fails or the user stops; what is finished is saved.
    pub async fn perform(
        &mut self,
        step: &Step,
        store: &mut Store<'_>,
        lines: &Lines<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        match *step {
            Step::Done => Ok(()),
            Step::Blocked { chapter, by, has_text } => Err(blocked(chapter, by, has_text).into()),
            Step::Adopt(number) => self.adopt(number, store, listener),
            Step::Restore(number, take) => self.restore(number, take, store, listener),
            Step::Move(number) => self.place(number, store, listener),
            Step::Fold(span) => self.fold(span, store, lines, listener).await,
            Step::Draft(number) => self.draft(number, store, lines, listener).await,
            Step::Record(number) => self.record(number, store, lines, listener).await,
        }?;
        match *step {
            Step::Adopt(number)
            | Step::Restore(number, _)
            | Step::Draft(number)
            | Step::Record(number) => self.keep(number, store),
            _ => Ok(()),
        }
    }

    /// Writes down how a chapter came about, where a replay would make something else of
    /// it: should the run be killed, that is true all the same.
    fn keep(&mut self, number: usize, store: &Store<'_>) -> Result<()> {
        let chapter = self.chapter(number)?;
        let shelf = self.archive.chapters.get(&chapter.id);
        let Some((kept, shelf)) = self.kept.as_mut().zip(shelf) else { return Ok(()) };
        if kept.note(&chapter.id, shelf) { replay::write(store.folder(), kept) } else { Ok(()) }
    }
}

/// What a chapter lacks that was asked for too early, and the ways out.
#[must_use]
pub fn blocked(chapter: usize, by: usize, has_text: bool) -> Failure {
    let what = if has_text { "no canon yet: its synopsis and facts" } else { "no text yet" };
    Failure::new(
        Exit::Failed,
        format!("chapter {chapter} needs what happened before it, and chapter {by} has {what}"),
    )
    .hint(format!("`storygen draft chapter {by}` makes it"))
    .hint("or add `--through`, which drafts everything missing on the way")
}

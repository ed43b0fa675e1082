//! The loop: ask the plan for the next step, do it, write it down.

use std::collections::BTreeMap;

use anyhow::Result;

use super::calling::{Event, Line, Listener};
use super::draft::{self, Materials};
use super::plan::{self, Given, Step, Wanted};
use super::{fold, record, rendering};
use crate::failure::{Exit, Failure};
use crate::project::archive::{Archive, Fold, Shelf};
use crate::project::history;
use crate::project::journal::{Event as Noted, Origin, TakeNote};
use crate::project::store::Store;
use crate::prompt::brief::{self, Past};
use crate::prompt::memory::{Shape, Span};
use crate::prompt::templates::Templates;
use crate::story::canon::{Canon, Record};
use crate::story::fingerprint::{self, Inputs, digest};
use crate::story::{Chapter, Story};

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
    canon: Canon,
    /// The records up to and with this chapter are in `canon`.
    canon_upto: usize,
    folds: BTreeMap<Span, String>,
    redrawn: Vec<String>,
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
    story
        .chapters
        .iter()
        .map(|chapter| {
            let mut inputs = fingerprint::inputs(story, chapter);
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
    fn canon_before(&mut self, number: usize) {
        if self.canon_upto >= number {
            self.canon = Canon::default();
            self.canon_upto = 0;
        }
        for (_, record) in self.records.range(self.canon_upto + 1..number) {
            self.canon.add(record);
        }
        self.canon_upto = number.saturating_sub(1);
    }

    fn past(&self) -> Past<'_> {
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

    /// Tries the project's own templates, as far as no prompt has done so yet.
    ///
    /// # Errors
    ///
    /// When one cannot be rendered.
    pub fn try_templates(&self) -> Result<()> {
        rendering::try_out(self.story, &self.past(), self.templates)
    }

    fn chapter(&self, number: usize) -> Result<&'a Chapter> {
        let story: &'a Story = self.story;
        story.chapter(number).ok_or_else(|| anyhow::anyhow!("the outline has no chapter {number}"))
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
        line: &Line<'_>,
        listener: Listener<'_>,
    ) -> Result<Done> {
        let mut done = Done::default();
        loop {
            match self.next_step(wanted) {
                Step::Done => return Ok(done),
                Step::Blocked { chapter, by, has_text } => {
                    return Err(blocked(chapter, by, has_text).into());
                }
                Step::Adopt(number) => self.adopt(number, store, &mut *listener)?,
                Step::Restore(number, take) => self.restore(number, take, store, &mut *listener)?,
                Step::Move(number) => self.place(number, store, &mut *listener)?,
                Step::Fold(span) => self.fold(span, store, line, &mut *listener).await?,
                Step::Draft(number) => {
                    self.draft(number, store, line, &mut *listener).await?;
                    done.drafted += 1;
                }
                Step::Record(number) => {
                    self.record(number, store, line, &mut *listener).await?;
                    done.recorded += 1;
                }
            }
        }
    }

    fn shelf(&mut self, id: &str) -> Shelf {
        self.archive.chapters.remove(id).unwrap_or_default()
    }

    fn adopt(
        &mut self,
        number: usize,
        store: &mut Store<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        let before = plan::before(self.story, &self.archive, number);
        let mut shelf = self.shelf(&chapter.id);
        let adopted = store.adopt(self.story, chapter, &mut shelf, before);
        let take = shelf.selected.unwrap_or_default();
        self.archive.chapters.insert(chapter.id.clone(), shelf);
        adopted?;
        listener(Event::Adopted { chapter: number, take });
        Ok(())
    }

    fn restore(
        &mut self,
        number: usize,
        take: u32,
        store: &mut Store<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        let mut shelf = self.shelf(&chapter.id);
        let was_drawn = shelf.pending == Some(take);
        // Where the text stands already, only the journal has to hear of it.
        let is_silent = shelf.current().is_some_and(|note| note.take == take);
        let restored = select_take(self.story, chapter, &mut shelf, take, store);
        self.archive.chapters.insert(chapter.id.clone(), shelf);
        restored?;
        if was_drawn {
            self.redrawn.push(chapter.id.clone());
        }
        if !is_silent {
            listener(Event::Restored { chapter: number, take });
        }
        Ok(())
    }

    fn place(
        &mut self,
        number: usize,
        store: &mut Store<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        let mut shelf = self.shelf(&chapter.id);
        let placed = store.place(self.story, chapter, &mut shelf);
        let path = shelf.text.as_ref().map(|text| text.path.clone()).unwrap_or_default();
        self.archive.chapters.insert(chapter.id.clone(), shelf);
        placed?;
        listener(Event::Moved { chapter: number, path: &path });
        Ok(())
    }

    async fn draft(
        &mut self,
        number: usize,
        store: &mut Store<'_>,
        line: &Line<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        let take = self.archive.chapters.get(&chapter.id).map_or(1, Shelf::next_take);
        listener(Event::Drafting { chapter: number, title: &chapter.title, take });
        let mut rejected = Vec::new();
        let materials = self.materials(number);
        let drawn = {
            let mut note = |event: Event<'_>| {
                if let Event::Rejected { reason, call, .. } = &event {
                    rejected.push((call.clone(), reason.clone()));
                }
                listener(event);
            };
            draft::draw(&materials, chapter, take, line, &mut note).await
        };
        self.note_rejected(&chapter.id, rejected, store)?;
        let drawn = drawn?;
        let note = TakeNote {
            chapter: chapter.id.clone(),
            take,
            origin: Origin::Model,
            model: Some(line.provider.facts().name.clone()),
            answered: drawn.answered.clone(),
            text: digest(&drawn.prose),
            words: crate::story::prose::words(&drawn.prose),
            inputs: self.inputs.get(&chapter.id).cloned().unwrap_or_default(),
            before: plan::before(self.story, &self.archive, number),
            tokens: drawn.tokens,
            density: drawn.density,
        };
        let header = header(chapter, &note, &drawn, line);
        let words = note.words;
        let mut shelf = self.shelf(&chapter.id);
        let kept = store.accept(self.story, chapter, &mut shelf, note, &header, &drawn.prose);
        let path = shelf.text.as_ref().map(|text| text.path.clone()).unwrap_or_default();
        self.archive.chapters.insert(chapter.id.clone(), shelf);
        kept?;
        self.redrawn.push(chapter.id.clone());
        listener(Event::Drafted {
            chapter: number,
            words,
            target: chapter.words,
            path: &path,
            tokens: drawn.tokens,
            omissions: drawn.omissions.len(),
        });
        Ok(())
    }

    /// Notes what was rejected, once: a run that resumes sees it again.
    fn note_rejected(
        &mut self,
        chapter: &str,
        rejected: Vec<(String, String)>,
        store: &mut Store<'_>,
    ) -> Result<()> {
        let mut events = Vec::new();
        for (call, reason) in rejected {
            if self.archive.rejected.insert(call.clone()) {
                events.push(Noted::Rejected { chapter: chapter.to_owned(), call, reason });
            }
        }
        if events.is_empty() { Ok(()) } else { store.note(events) }
    }

    async fn record(
        &mut self,
        number: usize,
        store: &mut Store<'_>,
        line: &Line<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        self.canon_before(number);
        listener(Event::Recording { chapter: number, title: &chapter.title });
        let text = self
            .archive
            .chapters
            .get(&chapter.id)
            .and_then(|shelf| shelf.text.as_ref())
            .map(|text| text.prose.as_str())
            .unwrap_or_default();
        let recorded = record::record(
            self.story,
            chapter,
            text,
            &self.canon,
            self.templates,
            self.tokens_per_word,
            line,
            &mut *listener,
        )
        .await?;
        let mut shelf = self.shelf(&chapter.id);
        let written = store.record(
            self.story,
            chapter,
            &mut shelf,
            &recorded.record,
            recorded.dropped,
            recorded.tokens,
        );
        self.archive.chapters.insert(chapter.id.clone(), shelf);
        if let Some(path) = written? {
            listener(Event::Replaced { chapter: number, path });
        }
        let known = self.canon.contradictions.len();
        self.canon.add(&recorded.record);
        self.canon_upto = number;
        for one in self.canon.contradictions.iter().skip(known) {
            let text = format!(
                "{}, {}: “{}” in chapter {}, “{}” now",
                one.later.fact.subject,
                one.later.fact.about,
                one.earlier.fact.fact,
                one.earlier.chapter,
                one.later.fact.fact
            );
            listener(Event::Contradiction { chapter: number, text });
        }
        listener(Event::Recorded {
            chapter: number,
            extract: recorded.record.maker == crate::story::canon::Maker::Extract,
            facts: recorded.record.facts.len(),
            dropped: recorded.dropped,
        });
        self.records.insert(number, recorded.record);
        Ok(())
    }

    async fn fold(
        &mut self,
        span: Span,
        store: &mut Store<'_>,
        line: &Line<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        listener(Event::Folding { from: span.from, to: span.to });
        let (text, tokens) = fold::fold(
            self.story,
            span,
            &self.past(),
            self.templates,
            self.tokens_per_word,
            line,
            &mut *listener,
        )
        .await?;
        let fold =
            Fold { parts: plan::parts_digest(self.story, &self.archive, span), text: text.clone() };
        store.fold(span, &fold, tokens)?;
        self.folds.insert(span, text);
        self.archive.folds.insert(span, fold);
        Ok(())
    }
}

/// Makes a kept take the text of its chapter again.
///
/// # Errors
///
/// When there is no such take, or a file cannot be read or written.
pub fn select_take(
    story: &Story,
    chapter: &Chapter,
    shelf: &mut Shelf,
    take: u32,
    store: &mut Store<'_>,
) -> Result<()> {
    let note = shelf.takes.iter().find(|note| note.take == take).cloned().ok_or_else(|| {
        let have: Vec<String> = shelf.takes.iter().map(|note| note.take.to_string()).collect();
        Failure::new(Exit::Usage, format!("chapter {} has no take {take}", chapter.number)).hint(
            if have.is_empty() {
                "it has no takes yet".to_owned()
            } else {
                format!("it has {}", have.join(", "))
            },
        )
    })?;
    let prose = history::take_text(store.folder(), &note)?;
    store.select(story, chapter, shelf, take, &prose)
}

/// What a take's file says of itself.
fn header(
    chapter: &Chapter,
    note: &TakeNote,
    drawn: &draft::Drawn,
    line: &Line<'_>,
) -> serde_json::Value {
    serde_json::json!({
        "chapter": chapter.id,
        "title": chapter.title,
        "take": note.take,
        "origin": note.origin,
        "model": note.model,
        "answered": note.answered,
        "words": note.words,
        "target": chapter.words,
        "prompt_tokens": drawn.prompt_tokens,
        "window": line.settings.window,
        "usage": drawn.tokens,
        "left_out": drawn.omissions,
    })
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

/// What a run's selections took the place of: for each chapter the take that
/// was its text before, or none.
///
/// An edited text that the run adopted before it put another in its place was
/// the chapter's text before; it is not what the run made of it.
#[must_use]
pub fn selections_before(
    entries: &[crate::project::journal::Entry],
    run: u64,
) -> BTreeMap<String, Option<u32>> {
    let mut current: BTreeMap<String, u32> = BTreeMap::new();
    let mut before = BTreeMap::new();
    let mut adopted: BTreeMap<String, u32> = BTreeMap::new();
    for entry in entries {
        let (chapter, take) = match &entry.event {
            Noted::Take(note) if entry.run == run && note.origin == Origin::Author => {
                adopted.insert(note.chapter.clone(), note.take);
                continue;
            }
            Noted::Selected { chapter, take } => (chapter, Some(*take)),
            Noted::Cleared { chapter } => (chapter, None),
            _ => continue,
        };
        if entry.run == run {
            before.entry(chapter.clone()).or_insert_with(|| current.get(chapter).copied());
            let replaced = adopted
                .get(chapter)
                .filter(|adopted| Some(**adopted) != take && current.get(chapter) == Some(adopted));
            if let Some(adopted) = replaced {
                before.insert(chapter.clone(), Some(*adopted));
            }
        }
        match take {
            Some(take) => current.insert(chapter.clone(), take),
            None => current.remove(chapter),
        };
    }
    before
}

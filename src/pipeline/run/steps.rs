//! The steps of a run, each done and written down.

use anyhow::Result;

use super::Session;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling::{Event, Line, Lines, Listener, Used};
use crate::pipeline::draft::{self, Drawn};
use crate::pipeline::selection::select_take;
use crate::pipeline::{fold, plan, record};
use crate::project::archive::{Fold, Shelf};
use crate::project::journal::{Event as Noted, Origin, TakeNote};
use crate::project::store::{Asked, Store};
use crate::prompt::brief;
use crate::prompt::memory::Span;
use crate::story::canon::Maker;
use crate::story::fingerprint::digest;
use crate::story::{Chapter, prose};

impl Session<'_> {
    pub(super) fn adopt(
        &mut self,
        number: usize,
        store: &mut Store<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        let before = plan::before(self.story, &self.archive, number);
        let shelf = self.archive.shelf(&chapter.id);
        store.adopt(self.story, chapter, shelf, before)?;
        let take = shelf.selected.unwrap_or_default();
        listener(Event::Adopted { chapter: number, take });
        Ok(())
    }

    pub(super) fn restore(
        &mut self,
        number: usize,
        take: u32,
        store: &mut Store<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        let shelf = self.archive.shelf(&chapter.id);
        let was_drawn = shelf.pending == Some(take);
        // Where the text stands already, only the journal has to hear of it.
        let is_silent = shelf.current().is_some_and(|note| note.take == take);
        select_take(self.story, chapter, shelf, take, store)?;
        if was_drawn {
            self.redrawn.push(chapter.id.clone());
        }
        if !is_silent {
            listener(Event::Restored { chapter: number, take });
        }
        Ok(())
    }

    pub(super) fn place(
        &mut self,
        number: usize,
        store: &mut Store<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        let shelf = self.archive.shelf(&chapter.id);
        store.place(self.story, chapter, shelf)?;
        listener(Event::Moved { chapter: number, path: shelf.path() });
        Ok(())
    }

    pub(super) async fn draft(
        &mut self,
        number: usize,
        store: &mut Store<'_>,
        lines: &Lines<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let line = &lines.draft;
        let chapter = self.chapter(number)?;
        let next = self.archive.chapters.get(&chapter.id).map_or(1, Shelf::next_take);
        let take = self.replayed.get(&chapter.id).map_or(next, |drawn| next.max(drawn.take));
        listener(Event::Drafting { chapter: number, title: &chapter.title, take });
        let then = self.then(chapter).cloned();
        line.reel.lay_in(then.as_ref().map_or(&[], |then| &then.calls));
        let mut rejected = Vec::new();
        drop(line.purse.used());
        let guard = self.guard()?;
        let materials = self.materials(number);
        let drawn = {
            let mut note = |event: Event<'_>| {
                if let Event::Rejected { reason, call, .. } = &event {
                    rejected.push((call.clone(), reason.clone()));
                }
                listener(event);
            };
            draft::draw(&materials, &guard, chapter, take, line, &mut note).await
        };
        self.note_rejected(&chapter.id, rejected, store)?;
        let drawn = drawn?;
        let used = line.purse.used();
        let text = digest(&drawn.prose);
        if then.as_ref().is_some_and(|then| then.text != text) {
            return Err(other_words(number).into());
        }
        let before = then.map(|then| then.before);
        let note = TakeNote {
            chapter: chapter.id.clone(),
            take,
            origin: Origin::Model,
            model: Some(line.provider.facts().name.clone()),
            answered: drawn.answered.clone(),
            text,
            words: prose::words(&drawn.prose),
            inputs: self.inputs.get(&chapter.id).cloned().unwrap_or_default(),
            before: before.unwrap_or_else(|| plan::before(self.story, &self.archive, number)),
            tokens: used.total.usage,
            density: drawn.density,
            calls: used.calls.clone(),
            conditions: line.conditions.clone(),
            stopped: drawn.stopped.clone(),
        };
        let header = header(chapter, &note, &drawn, &used, line);
        let words = note.words;
        let shelf = self.archive.shelf(&chapter.id);
        store.accept(self.story, chapter, shelf, note, &header, &drawn.prose)?;
        self.redrawn.push(chapter.id.clone());
        listener(Event::Drafted {
            chapter: number,
            words,
            target: chapter.words,
            path: shelf.path(),
            tokens: used.total.usage,
            omissions: drawn.omissions.len(),
        });
        if let Some(why) = drawn.stopped {
            listener(Event::Unended { chapter: number, why });
        }
        if !drawn.standing.is_empty() {
            listener(Event::Standing { chapter: number, phrases: drawn.standing });
        }
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

    pub(super) async fn record(
        &mut self,
        number: usize,
        store: &mut Store<'_>,
        lines: &Lines<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        let chapter = self.chapter(number)?;
        self.canon_before(number);
        listener(Event::Recording { chapter: number, title: &chapter.title });
        drop(lines.record.purse.used());
        let shelf = self.archive.chapters.get(&chapter.id);
        let text = shelf.and_then(|shelf| shelf.text.as_ref());
        let then = self.replayed.get(&chapter.id).and_then(|drawn| drawn.then.as_ref());
        let then = then.filter(|then| text.is_some_and(|text| text.digest == then.text));
        lines.record.reel.lay_in(then.map_or(&[], |then| &then.recorded));
        let text = text.map(|text| text.prose.as_str()).unwrap_or_default();
        let recorded = Box::pin(record::record(
            self.story,
            chapter,
            text,
            &self.canon,
            self.templates,
            &lines.record,
            &mut *listener,
        ))
        .await?;
        let used = lines.record.purse.used();
        if self.is_canon_written(number, store.folder())? {
            return Ok(());
        }
        let replaced = store.record(
            self.story,
            chapter,
            self.archive.shelf(&chapter.id),
            &recorded.record,
            recorded.dropped,
            used.total.usage,
            asked(&lines.record, used),
        )?;
        if let Some(path) = replaced {
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
            extract: recorded.record.maker == Maker::Extract,
            facts: recorded.record.facts.len(),
            dropped: recorded.dropped,
        });
        self.records.insert(number, recorded.record);
        Ok(())
    }

    pub(super) async fn fold(
        &mut self,
        span: Span,
        store: &mut Store<'_>,
        lines: &Lines<'_>,
        listener: Listener<'_>,
    ) -> Result<()> {
        listener(Event::Folding { from: span.from, to: span.to });
        // As long as the prompts of drafts have room for, whoever writes it.
        let line = &lines.draft;
        let per_word = brief::counted_per_word(self.story, &*line.tokenizer);
        let words = line.settings.fold_words(self.story.chapters.len(), per_word);
        drop(lines.record.purse.used());
        lines.record.reel.lay_in(&[]);
        let text = fold::fold(
            self.story,
            span,
            &self.past(),
            words,
            self.templates,
            &lines.record,
            &mut *listener,
        )
        .await?;
        let fold = Fold { parts: plan::parts_digest(self.story, &self.archive, span), text };
        let used = lines.record.purse.used();
        store.fold(span, &fold, used.total.usage, asked(line, used))?;
        self.fold_in(span, fold);
        Ok(())
    }
}

/// A replay that ends where its book did not.
fn other_words(chapter: usize) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("the replies kept of chapter {chapter} make another text now than they made then"),
    )
    .hint(format!("`storygen draft chapter {chapter} --redo` without `--offline` draws it anew"))
    .hint("or bring its take along, in `.storygen/takes`, with `.storygen/journal.jsonl`")
}

/// The calls of a step that is done.
fn asked(line: &Line<'_>, used: Used) -> Asked {
    Asked { calls: used.calls, conditions: line.conditions.clone() }
}

/// What a take's file says of itself.
fn header(
    chapter: &Chapter,
    note: &TakeNote,
    drawn: &Drawn,
    used: &Used,
    line: &Line<'_>,
) -> serde_json::Value {
    let mut header = serde_json::json!({
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
        "usage": note.tokens,
        "left_out": drawn.omissions,
    });
    if let (Some(cost), Some(keys)) = (used.cost(), header.as_object_mut()) {
        // For whoever reads it: the journal has the exact sum.
        let most = if used.total.unsaid > 0 { " at most" } else { "" };
        keys.insert("cost".to_owned(), format!("{cost}{most}").into());
    }
    if let (Some(why), Some(keys)) = (&drawn.stopped, header.as_object_mut()) {
        keys.insert("stopped".to_owned(), why.clone().into());
    }
    if let (false, Some(keys)) = (drawn.standing.is_empty(), header.as_object_mut()) {
        keys.insert("still_says".to_owned(), drawn.standing.clone().into());
    }
    header
}

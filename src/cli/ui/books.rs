//! What a run over several books shows: one line a book, and one for all.

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Ui, progress};
use crate::pipeline::calling::Event;

/// The most lines that are drawn over at once; a terminal holds few more.
const MOST_LINES: usize = 12;

/// The lines of a run over several books.
pub(crate) struct Books {
    lines: MultiProgress,
    all: ProgressBar,
    /// How many books have a line now.
    shown: AtomicUsize,
}

/// One book's line.
pub(crate) struct BookLine<'a> {
    books: &'a Books,
    ui: &'a Ui,
    chapters: usize,
    /// The user knows how to give a model room to think.
    has_told_room: bool,
    /// Drawn while the book is at work, as far as there is room.
    bar: Option<ProgressBar>,
}

impl Books {
    pub(super) fn new(ui: &Ui, count: usize) -> Self {
        let target = if ui.animates() && !ui.json {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let lines = MultiProgress::with_draw_target(target);
        let all = lines.add(ProgressBar::new(count as u64));
        all.set_style(style("{bar:30} {pos} of {len} books, {elapsed}"));
        all.tick();
        Self { lines, all, shown: AtomicUsize::new(0) }
    }

    /// The line of a book that is begun now.
    pub fn begin<'a>(&'a self, ui: &'a Ui, name: &str, chapters: usize) -> BookLine<'a> {
        let room = self.shown.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |shown| {
            (shown < MOST_LINES).then_some(shown + 1)
        });
        let bar = room.ok().map(|_| {
            let bar = self.lines.insert_before(&self.all, ProgressBar::new(chapters as u64));
            bar.set_style(style("{prefix} {msg}"));
            bar.set_prefix(name.to_owned());
            bar.tick();
            // A call that waits says so there.
            ui.show().bar = bar.clone();
            bar
        });
        BookLine { books: self, ui, chapters, has_told_room: false, bar }
    }

    /// The lines that are drawn over.
    pub(super) fn lines(&self) -> MultiProgress {
        self.lines.clone()
    }

    /// Ends the show.
    pub fn end(&self) {
        self.all.finish_and_clear();
    }
}

impl BookLine<'_> {
    /// Shows one event.
    pub fn tell(&mut self, event: &Event<'_>) {
        if !matches!(event, Event::Text(_)) {
            self.ui.event(super::events::What::of(event));
        }
        let message = match event {
            Event::Drafting { chapter, title, .. } => {
                format!("chapter {chapter} of {}: {title}", self.chapters)
            }
            Event::Recording { chapter, .. } => {
                format!("chapter {chapter} of {}: recording", self.chapters)
            }
            // What helps one chapter helps all.
            Event::Wordless { way_out, .. } => {
                if !std::mem::replace(&mut self.has_told_room, true) {
                    for line in progress::sentence(event).iter().chain([way_out]) {
                        self.ui.warn(line);
                    }
                }
                return;
            }
            _ => return,
        };
        if let Some(bar) = &self.bar {
            bar.set_message(message);
        }
    }

    /// Ends the line.
    pub fn end(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            self.books.lines.remove(bar);
            self.books.shown.fetch_sub(1, Ordering::Relaxed);
        }
        self.books.all.inc(1);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

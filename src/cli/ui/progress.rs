//! What a run shows while it works.

use std::io::Write;

use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

use super::Ui;
use crate::pipeline::calling::Event;
use crate::story::prose;

/// Shows a drafting run: the prose as it comes, or a line that counts words.
#[derive(Debug)]
pub(crate) struct Drafting {
    ui: Ui,
    /// Prose goes to standard output.
    stream: bool,
    page: Page,
    bar: ProgressBar,
    chapters: usize,
    words: usize,
}

impl Drafting {
    pub(super) fn new(ui: Ui, stream: bool, chapters: usize) -> Self {
        let bar = if stream || !ui.animates() { ProgressBar::hidden() } else { spinner() };
        Self { ui, stream, page: Page::new(), bar, chapters, words: 0 }
    }

    /// Shows one event.
    pub fn tell(&mut self, event: &Event<'_>) {
        match event {
            Event::Text(text) => self.prose(text),
            Event::Drafting { chapter, title, take } => {
                let take = if *take > 1 { format!(", take {take}") } else { String::new() };
                let heading = format!("chapter {chapter} of {}: {title}{take}", self.chapters);
                self.words = 0;
                self.bar.set_message(heading.clone());
                if self.stream || !self.ui.animates() {
                    self.line(&heading.bold().to_string());
                }
            }
            Event::Recording { chapter, .. } => {
                self.bar.set_message(format!("chapter {chapter}: recording what happened"));
            }
            _ => {
                if let Some(line) = sentence(event) {
                    self.line(&line);
                }
            }
        }
    }

    fn prose(&mut self, text: &str) {
        if self.stream {
            self.page.print(&prose::clean(text));
        } else {
            self.words += prose::words(text);
            self.bar.set_prefix(format!("{} words", self.words));
            self.bar.tick();
        }
    }

    /// A line on standard error, apart from any prose before it.
    fn line(&mut self, text: &str) {
        self.page.finish();
        let ui = self.ui.clone();
        self.bar.suspend(|| ui.say(text));
    }

    /// Ends the show.
    pub fn end(&mut self) {
        self.page.finish();
        self.bar.finish_and_clear();
    }
}

/// Prose on standard output, its lines broken between words where that is a
/// terminal.
#[derive(Debug)]
struct Page {
    /// The most characters of a line; none where lines are left as they are.
    width: Option<usize>,
    column: usize,
    /// The word that has begun and may go on in the next piece.
    word: String,
    /// How many line ends were printed last.
    line_ends: usize,
}

impl Page {
    fn new() -> Self {
        const WIDEST: usize = 88;
        let terminal = terminal_size::terminal_size_of(std::io::stdout());
        Self {
            width: terminal.map(|(width, _)| usize::from(width.0).clamp(20, WIDEST)),
            column: 0,
            word: String::new(),
            line_ends: 1,
        }
    }

    fn print(&mut self, text: &str) {
        let mut shown = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            match c {
                '\n' => {
                    self.end_word(&mut shown);
                    shown.push('\n');
                    self.column = 0;
                    self.line_ends += 1;
                }
                c if c.is_whitespace() => {
                    self.end_word(&mut shown);
                    if self.column > 0 {
                        shown.push(' ');
                        self.column += 1;
                    }
                }
                c => self.word.push(c),
            }
        }
        if self.width.is_none() {
            self.end_word(&mut shown);
        }
        put(&shown);
    }

    fn end_word(&mut self, shown: &mut String) {
        if self.word.is_empty() {
            return;
        }
        let length = self.word.chars().count();
        if self.column > 0 && self.width.is_some_and(|width| self.column + length > width) {
            shown.truncate(shown.trim_end_matches(' ').len());
            shown.push('\n');
            self.column = 0;
        }
        shown.push_str(&self.word);
        self.column += length;
        self.word.clear();
        self.line_ends = 0;
    }

    /// Ends the prose so far with an empty line, if there is any.
    fn finish(&mut self) {
        let mut shown = String::new();
        self.end_word(&mut shown);
        for _ in
            self.line_ends..if self.line_ends == 0 || self.column > 0 { 2 } else { self.line_ends }
        {
            shown.push('\n');
        }
        self.column = 0;
        self.line_ends = self.line_ends.max(2);
        put(&shown);
    }
}

fn put(text: &str) {
    let mut out = std::io::stdout();
    // Nobody is left to tell when the output is closed.
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// What an event is in words, for those that are a line by themselves.
fn sentence(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::Rejected { reason, next, of, .. } if next <= of => {
            format!("  rejected: {reason}; drawing {next} of {of}")
        }
        Event::Rejected { reason, .. } => format!("  rejected: {reason}"),
        Event::Drafted { chapter, words, target, path, tokens, omissions } => {
            let left_out = match omissions {
                0 => String::new(),
                1 => "; 1 thing left out of the prompt".to_owned(),
                many => format!("; {many} things left out of the prompt"),
            };
            format!(
                "  chapter {chapter}: {words} of {target} words in {path} ({} + {} tokens{left_out})",
                tokens.prompt, tokens.reply
            )
        }
        Event::Recorded { chapter, extract, facts, dropped } => {
            let synopsis = if *extract { "synopsis of its own sentences" } else { "synopsis" };
            let dropped = match dropped {
                0 => String::new(),
                some => format!(", {some} dropped that the text does not bear out"),
            };
            let facts = if *facts == 1 { "1 fact".to_owned() } else { format!("{facts} facts") };
            format!("  chapter {chapter}: {synopsis}, {facts}{dropped}")
        }
        Event::Contradiction { chapter, text } => {
            format!("  chapter {chapter} contradicts earlier ones: {text}")
        }
        Event::Folding { from, to } => {
            format!("  folding chapters {from} to {to} into one passage")
        }
        Event::Adopted { chapter, take } => {
            format!("  chapter {chapter} was edited by hand: kept as take {take}")
        }
        Event::Restored { chapter, take } => format!("  chapter {chapter}: take {take} put back"),
        Event::Moved { chapter, path: "" } => {
            format!("  chapter {chapter} has moved: its canon was renamed")
        }
        Event::Moved { chapter, path } => {
            format!("  chapter {chapter} has moved: its text is {path} now")
        }
        Event::Replaced { chapter, path } => {
            format!(
                "  chapter {chapter}: the text has changed, so your corrected canon is replaced; it is kept as {path}"
            )
        }
        Event::Interrupted { why } => format!("  {why}; going on from there"),
        Event::Text(_) | Event::Drafting { .. } | Event::Recording { .. } => return None,
    })
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {prefix:.dim}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

/// Shows a download.
#[cfg(feature = "embedded")]
#[derive(Debug)]
pub(crate) struct Download {
    ui: Ui,
    bar: ProgressBar,
}

#[cfg(feature = "embedded")]
impl Download {
    pub(super) fn new(ui: Ui) -> Self {
        Self { ui, bar: ProgressBar::hidden() }
    }

    /// Shows one step.
    pub fn tell(&mut self, progress: &crate::provider::embedded::store::Progress) {
        use crate::provider::embedded::store::Progress;
        match progress {
            Progress::Source(source) => {
                self.bar.finish_and_clear();
                self.ui.say(&format!("fetching the model from {source} (98 MB, once)"));
                if self.ui.animates() {
                    self.bar = ProgressBar::new(0);
                    if let Ok(style) = ProgressStyle::with_template(
                        "  {bar:40} {bytes} of {total_bytes}, {eta} left",
                    ) {
                        self.bar.set_style(style);
                    }
                }
            }
            Progress::Bytes { done, total } => {
                if let Some(total) = total {
                    self.bar.set_length(*total);
                }
                self.bar.set_position(*done);
            }
            Progress::Failed { source, why } => {
                self.bar.finish_and_clear();
                self.ui.say(&format!("  {source}: {why}"));
            }
        }
    }

    /// Ends the show.
    pub fn end(&mut self) {
        self.bar.finish_and_clear();
    }
}

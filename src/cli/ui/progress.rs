//! What a run shows while it works.

use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

use super::Ui;
use super::events::What;
use super::page::Page;
use crate::pipeline::calling::{Event, Overbilled};
use crate::story::prose;

/// What stands on the terminal while a run goes on: nothing may be printed
/// across it.
#[derive(Debug)]
pub(super) struct Show {
    /// The prose so far.
    pub page: Page,
    /// The line that is drawn over.
    pub bar: ProgressBar,
    /// What it said before a call began to wait.
    before: Option<String>,
}

impl Default for Show {
    fn default() -> Self {
        Self::of(Page::new(None), ProgressBar::hidden())
    }
}

impl Show {
    /// A page, and a line that is drawn over.
    pub fn of(page: Page, bar: ProgressBar) -> Self {
        Self { page, bar, before: None }
    }

    /// Has the line say that a call waits, or what it said before.
    pub fn wait(&mut self, words: Option<&str>) {
        match words {
            Some(words) => {
                let bar = &self.bar;
                let before = self.before.get_or_insert_with(|| bar.message());
                bar.set_message(format!("{before}; {words}"));
            }
            None => {
                if let Some(before) = self.before.take() {
                    self.bar.set_message(before);
                }
            }
        }
    }
}

/// Shows a drafting run: the prose as it comes, or a line that counts words.
#[derive(Debug)]
pub(crate) struct Drafting {
    ui: Ui,
    /// Prose goes to standard output.
    stream: bool,
    bar: ProgressBar,
    chapters: usize,
    words: usize,
    /// The user knows how to give a model room to think.
    has_told_room: bool,
}

impl Drafting {
    pub(super) fn new(ui: Ui, stream: bool, chapters: usize) -> Self {
        let bar = if stream || !ui.animates() { ProgressBar::hidden() } else { spinner() };
        *ui.show() = Show::of(Page::new(super::terminal_width()), bar.clone());
        Self { ui, stream, bar, chapters, words: 0, has_told_room: false }
    }

    /// Shows one event.
    pub fn tell(&mut self, event: &Event<'_>) {
        if self.stream || !matches!(event, Event::Text(_)) {
            self.ui.event(What::of(event));
        }
        match event {
            Event::Text(_) if self.ui.json => {}
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
            Event::Wordless { way_out, .. } => {
                if let Some(line) = sentence(event) {
                    self.end_prose();
                    self.ui.warn(&line);
                }
                // What helps one chapter helps all.
                if !std::mem::replace(&mut self.has_told_room, true) {
                    self.ui.warn(&format!("  {way_out}"));
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
            let mut show = self.ui.show();
            self.ui.results.write(&show.page.set(&prose::clean(text)));
        } else {
            self.words += prose::words(text);
            self.bar.set_prefix(format!("{} words", self.words));
            self.bar.tick();
        }
    }

    /// A line on standard error. It also parts the prose before it from the
    /// prose after it, which a quiet run has to do without the line.
    fn line(&self, text: &str) {
        self.end_prose();
        self.ui.speak(text);
    }

    fn end_prose(&self) {
        let mut show = self.ui.show();
        self.ui.results.write(&show.page.finish());
    }

    /// Ends the show.
    pub fn end(&mut self) {
        self.end_prose();
        self.bar.finish_and_clear();
    }
}

/// The tokens of a prompt and its reply. No prompt has none: then nobody has counted.
pub(in crate::cli) fn took(prompt: u64, reply: u64) -> String {
    if prompt == 0 && reply == 0 {
        return "tokens unknown".to_owned();
    }
    format!("{prompt} + {reply} tokens")
}

/// What an event is in words, for those that are a line by themselves.
pub(super) fn sentence(event: &Event<'_>) -> Option<String> {
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
            let took = took(tokens.prompt, tokens.reply);
            format!("  chapter {chapter}: {words} of {target} words in {path} ({took}{left_out})")
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
        Event::Overbilled(Overbilled { worst, cost }) => {
            format!(
                "  the endpoint billed {cost} for a call that could cost {worst} at most by the price that is known; it counts as billed"
            )
        }
        Event::Wordless { chapter, model, .. } => {
            let (whom, what) = match chapter {
                Some(chapter) => (format!("chapter {chapter}: "), "record"),
                None => (String::new(), "passage"),
            };
            format!(
                "  {whom}`{model}` reached the limit of its reply before it had written a word of the {what}, and is not asked for it again"
            )
        }
        Event::Stopped { why } => format!("  stopped: {why}"),
        Event::Unended { chapter, why } => format!("  chapter {chapter} may lack its end: {why}"),
        Event::Standing { chapter, phrases } => {
            format!("  chapter {chapter} still says {}", phrases_in_words(phrases))
        }
        Event::Interrupted { fault, is_asked_anew: true } => format!("  {fault}; asking anew"),
        Event::Interrupted { fault, .. } => format!("  {fault}; going on from there"),
        Event::Text(_) | Event::Drafting { .. } | Event::Recording { .. } | Event::Billed(_) => {
            return None;
        }
    })
}

/// Some of these phrases, and how many more there are.
fn phrases_in_words(phrases: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> =
        phrases.iter().take(SHOWN).map(|phrase| format!("“{phrase}”")).collect();
    match phrases.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{}, and {more} more that it was to avoid", shown.join(", ")),
    }
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
    /// The bytes that the last event told of.
    told: u64,
}

#[cfg(feature = "embedded")]
impl Download {
    pub(super) fn new(ui: Ui) -> Self {
        Self { ui, bar: ProgressBar::hidden(), told: 0 }
    }

    /// Shows one step.
    pub fn tell(&mut self, progress: &crate::provider::embedded::store::Progress) {
        use crate::provider::embedded::store::Progress;
        /// An event every so many bytes is often enough.
        const STEP: u64 = 4 << 20;
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
                if self.told == 0 || done.abs_diff(self.told) >= STEP || Some(*done) == *total {
                    self.told = *done;
                    self.ui.event(What::Fetching { bytes: *done, of: *total });
                }
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

//! The only place that prints.
//!
//! Results go to standard output, everything else to standard error. Colours
//! appear where a terminal shows them and nobody has forbidden them.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anstream::ColorChoice;
use anyhow::Result;
use indicatif::MultiProgress;

pub(super) mod books;
pub(super) mod events;
mod page;
mod progress;
mod results;
pub(super) mod sheet;
pub(super) mod table;

use super::{Common, pasted};
use crate::diagnostic::{self, Finding};
use crate::failure::{self, Exit};
use crate::project::yaml::key_shaped;
use crate::provider::http::gate::Wait;
pub(super) use progress::took;
use results::Results;

/// How this run speaks.
#[derive(Clone, Debug)]
pub(super) struct Ui {
    quiet: bool,
    /// What leads the commands that are shown to the same project.
    project: String,
    /// Nothing is said at all: what is looked at now is told of later.
    muted: bool,
    colour: ColorChoice,
    may_ask: bool,
    /// Events go to standard output as JSON.
    json: bool,
    /// The book that is spoken of, where there are several.
    book: Option<Arc<str>>,
    /// The lines that are drawn over while several books are drafted.
    lines: Option<MultiProgress>,
    show: Arc<Mutex<progress::Show>>,
    results: Arc<Results>,
}

impl Ui {
    pub fn new(common: &Common) -> Self {
        Self {
            quiet: common.quiet,
            project: pasted::project_flag(common),
            muted: false,
            colour: if common.no_color { ColorChoice::Never } else { ColorChoice::Auto },
            may_ask: !common.no_input
                && std::io::stdin().is_terminal()
                && std::io::stderr().is_terminal(),
            json: false,
            book: None,
            lines: None,
            show: Arc::default(),
            results: Arc::default(),
        }
    }

    /// The same, with events as JSON on standard output where `json` is set.
    pub fn telling(&self, json: bool) -> Self {
        Self { json, ..self.clone() }
    }

    /// The same, for a look ahead of which nothing is to be heard.
    pub fn muted(&self) -> Self {
        Self { muted: true, json: false, ..self.clone() }
    }

    /// Runs a command with this, and tells how it ended.
    pub fn until_ended(&self, run: impl FnOnce(&Self) -> Result<Exit>) -> Result<Exit> {
        let outcome = run(self);
        self.event(events::What::ended(&outcome));
        outcome
    }

    /// The same for one book of several: its lines begin with its name, and
    /// stand above the lines that are drawn over.
    pub fn of_book(&self, name: &str, books: &books::Books) -> Self {
        Self {
            lines: Some(books.lines()),
            book: Some(name.into()),
            may_ask: false,
            show: Arc::default(),
            ..self.clone()
        }
    }

    /// An event, where they are asked for.
    pub fn event(&self, what: events::What<'_>) {
        if self.json {
            self.results.write(&what.line(self.book.as_deref()));
        }
    }

    /// Whether there is somebody to ask.
    pub fn may_ask(&self) -> bool {
        self.may_ask
    }

    /// Whether a line may be drawn over: a terminal that nobody has silenced.
    pub fn animates(&self) -> bool {
        !self.quiet
            && std::io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// The show of a drafting run. Prose is printed where standard output is a
    /// terminal, or where `stream` asks for it.
    pub fn drafting(&self, stream: bool, chapters: usize) -> progress::Drafting {
        let stream = stream || std::io::stdout().is_terminal() && !self.quiet && !self.json;
        progress::Drafting::new(self.clone(), stream, chapters)
    }

    /// The show of a run over several books.
    pub fn books(&self, count: usize) -> books::Books {
        books::Books::new(self, count)
    }

    /// A line of a result that events have told already, where they are asked for.
    pub fn say_result(&self, text: &str) {
        if self.json {
            self.speak(text);
        } else {
            self.result(text);
        }
    }

    /// The show of a download.
    #[cfg(feature = "embedded")]
    pub fn download(&self) -> progress::Download {
        progress::Download::new(self.clone())
    }

    /// A line of the command's result.
    pub fn result(&self, text: &str) {
        // What goes into a file or another program is for that to judge.
        let is_shown = std::io::stdout().is_terminal();
        let text = key_shaped::blotted_vendors(text);
        let text = if is_shown { harmless(&text) } else { text };
        self.results.line(&text, self.colour);
    }

    /// Fails when a result could not be shown, unless its reader had seen enough.
    pub fn all_shown(&self) -> Result<()> {
        self.results.whole()
    }

    /// A line about the work, left out when quiet.
    pub fn say(&self, text: &str) {
        self.event(events::What::Message { text: text.trim() });
        self.speak(text);
    }

    /// A line about the work that is no event by itself.
    fn speak(&self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// A line about the work that is always shown, apart from any prose before it.
    pub fn warn(&self, text: &str) {
        if self.muted {
            return;
        }
        // A name from the command line may be a key that was pasted there.
        let text = key_shaped::blotted_vendors(text);
        let text = &*harmless(&text);
        let print = || {
            let mut out = anstream::AutoStream::new(std::io::stderr(), self.colour);
            // Nobody is left to tell when this is closed, too.
            let _ = match &self.book {
                Some(book) => writeln!(out, "{book}: {}", text.trim_start()),
                None => writeln!(out, "{text}"),
            };
        };
        if let Some(lines) = &self.lines {
            return lines.suspend(print);
        }
        // A pipe that nobody empties must not hold up the answer to a Ctrl-C,
        // which comes from another thread while this one waits for the pipe.
        let Ok(mut show) = self.show.try_lock() else { return print() };
        if show.page.is_on_terminal() {
            self.results.write(&show.page.finish());
        }
        show.bar.suspend(print);
    }

    /// Says that the work goes on after a pause, and what made it needed.
    pub fn pausing(&self, pause: Duration, why: &dyn std::fmt::Display) {
        let seconds = pause.as_millis().div_ceil(1_000);
        self.event(events::What::Pausing { seconds: pause.as_secs_f64(), why: why.to_string() });
        self.speak(&format!("  trying again in {seconds} s: {why}"));
    }

    /// Says that another model answers than the one that was asked.
    pub fn swapped(&self, asked: &str, answered: &str) {
        self.event(events::What::Swapped { asked, answered });
        self.speak(&format!("  asked for `{asked}`, `{answered}` answers"));
    }

    /// Says that a model's endpoint has refused a sampling setting, and goes on without.
    pub fn left_out(&self, model: &str, setting: &str) {
        self.event(events::What::LeftOut { model, setting });
        self.speak(&format!(
            "  `{model}` refuses `{setting}`, so it is left out (`--strict` stops there)"
        ));
    }

    /// Shows that a call waits for its endpoint's limits, or no longer does.
    pub fn waiting(&self, wait: Option<Wait>) {
        /// Where no line can be drawn over, a line for each short wait is too many.
        const LONG: Duration = Duration::from_secs(10);
        let Some(Wait { pause, why }) = wait else {
            return self.show().wait(None);
        };
        let why = why.to_string();
        let words = match pause {
            Some(pause) => format!("waiting {} s: {why}", pause.as_millis().div_ceil(1_000)),
            None => format!("waiting: {why}"),
        };
        self.event(events::What::Waiting { seconds: pause.map(|pause| pause.as_secs_f64()), why });
        self.show().wait(Some(&words));
        if !self.animates() && pause.is_some_and(|pause| pause >= LONG) {
            self.speak(&format!("  {words}"));
        }
    }

    /// What stands on the terminal now.
    fn show(&self) -> MutexGuard<'_, progress::Show> {
        self.show.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a question; gives the answer, or none at the end of the input.
    pub fn ask(&self, question: &str) -> Option<String> {
        let mut err = anstream::AutoStream::new(std::io::stderr(), self.colour);
        let _ = write!(err, "{question} ");
        let _ = err.flush();
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).ok()?;
        (read > 0).then(|| line.trim().to_owned())
    }

    /// Asks a question; whether the answer is a clear yes.
    pub fn agrees(&self, question: &str) -> bool {
        self.ask(question).is_some_and(|answer| {
            matches!(
                answer.to_lowercase().as_str(),
                "y" | "yes" | "j" | "ja" | "o" | "oui" | "s" | "sí" | "si"
            )
        })
    }

    /// One finding, with the line it stands on.
    pub fn finding(&self, finding: &Finding, source: Option<&str>) {
        self.warn(&format!("{}\n", diagnostic::render(finding, source, true)));
    }

    /// The error a command ends with, and its ways out.
    pub fn failure(&self, error: &anyhow::Error) {
        use owo_colors::OwoColorize;
        self.warn(&format!("{}{} {error:#}", "error".red().bold(), ":".bold()));
        for hint in &failure::ways_out(error) {
            let hint = pasted::led(hint, &self.project);
            self.warn(&format!("{} {hint}", "help:".cyan().bold()));
        }
    }
}

/// Prints what clap has to say: help and version, or a usage error.
pub(super) fn usage(error: &clap::Error) -> Exit {
    let printed = error.print();
    if error.use_stderr() {
        return Exit::Usage;
    }
    match results::judged(printed.as_ref().err()) {
        Ok(()) => Exit::Done,
        Err(lost) => {
            Ui::new(&Common::default()).failure(&lost);
            Exit::Failed
        }
    }
}

/// How many characters a line of standard output holds, where it is a terminal.
pub(super) fn terminal_width() -> Option<usize> {
    let terminal = terminal_size::terminal_size_of(std::io::stdout());
    terminal.map(|(width, _)| usize::from(width.0))
}

/// `1 error`, `2 errors`.
pub(super) fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A text without signs that would make a terminal show something else than it
/// says: a return to the line's beginning, other controls, and those that turn
/// the direction of letters. Colours stay.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t' | '\u{1b}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(is_harmful) {
        Cow::Owned(text.replace(is_harmful, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

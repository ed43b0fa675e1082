//! The only place that prints.
//!
//! Results go to standard output, everything else to standard error. Colours
//! appear where a terminal shows them and nobody has forbidden them.

use std::io::{IsTerminal, Write};

use anstream::ColorChoice;

mod progress;

use super::Common;
use crate::diagnostic::{self, Finding};
use crate::failure::{self, Exit};

/// How this run speaks.
#[derive(Clone, Debug)]
pub(super) struct Ui {
    quiet: bool,
    colour: ColorChoice,
    may_ask: bool,
}

impl Ui {
    pub fn new(common: &Common) -> Self {
        Self {
            quiet: common.quiet,
            colour: if common.no_color { ColorChoice::Never } else { ColorChoice::Auto },
            may_ask: !common.no_input
                && std::io::stdin().is_terminal()
                && std::io::stderr().is_terminal(),
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
        let stream = stream || std::io::stdout().is_terminal() && !self.quiet;
        progress::Drafting::new(self.clone(), stream, chapters)
    }

    /// The show of a download.
    #[cfg(feature = "embedded")]
    pub fn download(&self) -> progress::Download {
        progress::Download::new(self.clone())
    }

    /// A line of the command's result.
    pub fn result(&self, text: &str) {
        let mut out = anstream::AutoStream::new(std::io::stdout(), self.colour);
        // Nobody is left to tell when the output is closed.
        let _ = writeln!(out, "{text}");
    }

    /// A line about the work, left out when quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// A line about the work that is always shown.
    pub fn warn(&self, text: &str) {
        let mut out = anstream::AutoStream::new(std::io::stderr(), self.colour);
        let _ = writeln!(out, "{text}");
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

    /// One finding, with the line it stands on.
    pub fn finding(&self, finding: &Finding, source: Option<&str>) {
        self.warn(&format!("{}\n", diagnostic::render(finding, source, true)));
    }

    /// The error a command ends with, and its ways out.
    pub fn failure(&self, error: &anyhow::Error) {
        use owo_colors::OwoColorize;
        self.warn(&format!("{}{} {error:#}", "error".red().bold(), ":".bold()));
        for hint in &failure::ways_out(error) {
            self.warn(&format!("{} {hint}", "help:".cyan().bold()));
        }
    }
}

/// Prints what clap has to say: help and version, or a usage error.
pub(super) fn usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// `1 error`, `2 errors`.
pub(super) fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

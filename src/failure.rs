//! How a command ends: its exit code, and an error that says the way out.

use std::fmt;

/// The exit codes, stable and documented in the README. A code not listed here
/// is to be taken for a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All was done.
    Done = 0,
    /// Something failed that no other code names.
    Failed = 1,
    /// The command line was not understood.
    Usage = 2,
    /// Part of the work was done; running it again goes on.
    Partly = 3,
    /// There are findings at or above the asked level.
    Findings = 4,
    /// The budget is reached.
    Budget = 5,
    /// The model, its endpoint or its key failed.
    Provider = 6,
    /// There is no project here.
    NoProject = 10,
    /// Another run holds the project.
    Locked = 11,
    /// A project's setting needs trust it does not have.
    Untrusted = 12,
    /// Cancelled by the user.
    Cancelled = 130,
}

/// An error with its exit code and ways out.
#[derive(Debug)]
pub struct Failure {
    /// The code the program ends with.
    pub exit: Exit,
    /// What went wrong: lower case, no final stop.
    pub message: String,
    /// Ways out, one a line.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure with no way out yet.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hints: Vec::new() }
    }

    /// The same with one more way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

//! How a command ends: its exit code, and an error that says the way out.

use std::{fmt, io};

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
#[derive(Clone, Debug)]
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

/// The ways out that an error names, else the one that its cause in the system
/// suggests.
#[must_use]
pub fn ways_out(error: &anyhow::Error) -> Vec<String> {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.hints.clone();
    }
    let kind =
        error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let hint = match kind {
        Some(io::ErrorKind::PermissionDenied) => {
            "let your user read and write there (see `ls -ld`), or work on a copy of the project"
        }
        Some(io::ErrorKind::ReadOnlyFilesystem) => {
            "the disk is mounted read-only; work on a copy of the project elsewhere"
        }
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            "make room on the disk; what is finished is saved, and the same command goes on"
        }
        Some(io::ErrorKind::NotFound) => {
            "see that the path is right, and that each folder in it is there"
        }
        Some(io::ErrorKind::NotADirectory) => {
            "a file stands in that path where a folder has to be: name another one, or move it away"
        }
        Some(io::ErrorKind::AlreadyExists) => {
            "something else stands there already: name another place, or move it away"
        }
        Some(io::ErrorKind::IsADirectory) => {
            "a folder stands there: name a file, or move the folder away"
        }
        _ => return Vec::new(),
    };
    vec![hint.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_disk_that_a_user_can_mend_has_a_way_out() {
        use anyhow::Context as _;
        for (kind, part) in [
            (io::ErrorKind::PermissionDenied, "let your user"),
            (io::ErrorKind::ReadOnlyFilesystem, "read-only"),
            (io::ErrorKind::StorageFull, "make room"),
            (io::ErrorKind::NotFound, "see that the path is right"),
            (io::ErrorKind::NotADirectory, "a file stands in that path"),
            (io::ErrorKind::AlreadyExists, "something else stands there"),
            (io::ErrorKind::IsADirectory, "a folder stands there"),
        ] {
            let error = Err::<(), _>(io::Error::from(kind)).context("cannot write").unwrap_err();
            assert!(ways_out(&error)[0].contains(part), "{kind}");
        }
        let own = Failure::new(Exit::Failed, "no").hint("do this");
        assert_eq!(ways_out(&own.into()), ["do this"]);
        assert!(ways_out(&anyhow::anyhow!("no")).is_empty());
    }
}

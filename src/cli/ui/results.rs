//! Standard output, and whether all of it got there.

use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

use anstream::ColorChoice;
use anyhow::Result;

use crate::failure::{Exit, Failure};

/// Where results go.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// What ended the output. Nothing is written after it: a result with a hole
    /// in it would look whole.
    ended: OnceLock<io::Error>,
}

impl Results {
    /// Writes this text as it is.
    pub fn write(&self, text: &str) {
        if text.is_empty() || self.ended.get().is_some() {
            return;
        }
        let mut out = io::stdout().lock();
        if let Err(why) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // Only the first cause counts.
            let _ = self.ended.set(why);
        }
    }

    /// Writes a line, with its colours where they can be seen.
    pub fn line(&self, text: &str, colour: ColorChoice) {
        if self.ended.get().is_some() {
            return;
        }
        let mut out = anstream::AutoStream::new(io::stdout(), colour);
        if let Err(why) = writeln!(out, "{text}").and_then(|()| out.flush()) {
            let _ = self.ended.set(why);
        }
    }

    /// Fails when something was lost.
    pub fn whole(&self) -> Result<()> {
        judged(self.ended.get())
    }
}

/// Fails for anything but a closed pipe: its reader has seen enough, and nobody
/// is left to tell.
pub(super) fn judged(why: Option<&io::Error>) -> Result<()> {
    match why.filter(|why| why.kind() != ErrorKind::BrokenPipe) {
        None => Ok(()),
        Some(why) => {
            Err(Failure::new(Exit::Failed, format!("cannot write to standard output: {why}"))
                .hint("what it shows is not whole; send it to another place and run it again")
                .into())
        }
    }
}

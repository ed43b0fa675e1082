//! What the author has written since the run began.

use anyhow::Result;

use super::Session;
use crate::diagnostic::{Finding, Severity};
use crate::failure::{Exit, Failure};
use crate::project::folder::Folder;
use crate::project::load::shown;
use crate::project::{history, standing};

impl Session<'_> {
    /// Whether the author has written or edited a chapter since it was last looked at.
    /// It is then kept as a take, as at a run's start; and no command that was given
    /// before puts another text in its place.
    pub(super) fn is_text_written(&mut self, number: usize, folder: &Folder) -> Result<bool> {
        let chapter = self.chapter(number)?;
        let shelf = self.archive.shelf(&chapter.id);
        let is_other = standing::look_at_text(folder, chapter, shelf)?;
        if is_other && shelf.is_edited() {
            self.redrawn.push(chapter.id.clone());
        }
        Ok(is_other)
    }

    /// Whether the author has written a chapter's canon since it was last looked at. One
    /// that was corrected, but is of another text, is only taken note of.
    pub(super) fn is_canon_written(&mut self, number: usize, folder: &Folder) -> Result<bool> {
        let chapter = self.chapter(number)?;
        let shelf = self.archive.shelf(&chapter.id);
        if !standing::look_at_canon(folder, chapter, shelf)? || !shelf.has_canon() {
            return Ok(false);
        }
        let Some(canon) = &shelf.canon else { return Ok(false) };
        let mut findings = Vec::new();
        let record = history::record(canon, number, &mut findings);
        if let Some(fault) = shown(findings).into_iter().find(is_error) {
            return Err(faulty(fault).into());
        }
        self.records.extend(record.map(|record| (number, record)));
        Ok(true)
    }
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

/// A canon file that the author has written, and that cannot be read.
fn faulty(fault: Finding) -> Failure {
    let failure = Failure::new(Exit::Findings, format!("{}: {}", fault.place, fault.message));
    fault
        .hints
        .into_iter()
        .fold(failure, Failure::hint)
        .hint("mend the file, or remove it: it is then made anew from the chapter")
}

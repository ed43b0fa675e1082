//! What a forecast is made from.

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;

use crate::cli::draft::Book;
use crate::cli::model::Team;
use crate::cli::open;
use crate::cli::ui::Ui;
use crate::cli::unsent::Unloaded;
use crate::pipeline::calling::{Line, Lines, Purse};
use crate::pipeline::forecast::{Firsts, Forecast, forecast};
use crate::pipeline::plan::Wanted;
use crate::pipeline::run::Session;
use crate::pipeline::settings::Settings;
use crate::project::archive::Archive;
use crate::project::{accounts, journal};
use crate::provider::Facts;

/// What a forecast is made from.
pub(in crate::cli) struct Ground<'a> {
    /// The book.
    pub book: &'a Book,
    /// What has been written of it.
    pub archive: &'a Archive,
    /// The limits of the drafts.
    pub draft: &'a Settings,
    /// The limits of the records.
    pub record: &'a Settings,
}

impl Ground<'_> {
    /// What it takes to draft what is wanted.
    pub fn forecast(&self, wanted: &Wanted, ui: &Ui) -> Result<Forecast> {
        let Book { folder, story, templates, staff, .. } = self.book;
        let records = open::records(story, self.archive, ui)?;
        let purse = Arc::<Purse<'_>>::default();
        // A draft asks none that could only be refused.
        let (draft, record) = (Unloaded(&staff.draft.facts), Unloaded(&staff.record.facts));
        let lines = Lines {
            draft: Line {
                tokenizer: staff.draft.tokenizer.clone(),
                ..Line::new(&draft, folder, self.draft, purse.clone())
            },
            record: Line {
                tokenizer: staff.record.tokenizer.clone(),
                ..Line::new(&record, folder, self.record, purse)
            },
        };
        let session = || {
            let (archive, records) = (self.archive.clone(), records.clone());
            Session::new(story, templates, archive, records, &lines.draft)
        };
        let first = |team: &Team| team.members.first().and_then(|named| named.facts.price);
        let firsts = Firsts { draft: first(&staff.draft), record: first(&staff.record) };
        forecast(session, wanted, &lines, firsts, &accounts::calls(&journal::read(folder)?))
    }
    /// What tells one ground from another: of two that have it alike, the forecasts of
    /// what is wanted are alike.
    ///
    /// # Errors
    ///
    /// When it cannot be digested.
    pub fn digest(&self, wanted: &Wanted) -> Result<String> {
        let Book { story, templates, staff, .. } = self.book;
        // The run's own number, and what its command has drawn so far, change nothing.
        let Archive { chapters, folds, rejected, strays, accounts, open: _, runs: _ } =
            self.archive;
        let written = (chapters, folds, rejected, strays, accounts.book.spent());
        let models = staff.teams().map(|team| {
            let members: Vec<&Facts> = team.members.iter().map(|named| &named.facts).collect();
            (&team.facts, members, team.tokenizer.is_bound())
        });
        let mut hasher = blake3::Hasher::new();
        write!(hasher, "{story:?}{templates:?}{written:?}{models:?}")?;
        write!(hasher, "{:?}{:?}{wanted:?}", self.draft, self.record)?;
        Ok(hasher.finalize().to_hex().to_string())
    }
}

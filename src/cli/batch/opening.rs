//! The books of a batch, read before the first call, and what they will cost all
//! together.
//!
//! A book stays open until its turn. One that has had to wait for it is read again, as
//! its author may have gone on with it, or put right what was wrong with it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use super::super::cost::{self, Ground, Sum};
use super::super::draft::{Book, Run, caps};
use super::super::model::Staff;
use super::super::ui::{Ui, counted};
use super::super::{Common, model, open};
use crate::fleet::pool;
use crate::ledger::Ledger;
use crate::money::{Caps, Limit, Money, Need, Standing};
use crate::pipeline::forecast::Forecast;
use crate::pipeline::plan::Wanted;
use crate::project::wishes::Wishes;
use crate::project::{history, lock};
use crate::provider::Facts;

/// A book that is read, until its turn comes.
pub(super) struct Opened {
    /// The book.
    pub book: Book,
    /// What of it is to be drafted.
    pub wanted: Wanted,
    /// What that will cost, where it costs anything that can be told.
    pub forecast: Option<Ahead>,
}

/// What lies ahead of a book.
pub(super) struct Ahead {
    /// What it was foretold from.
    pub ground: String,
    /// What it will cost.
    pub forecast: Forecast,
    /// What its own budget has left, where it has one.
    left: Option<Money>,
}

/// The same book as it stands now, or why it cannot be drafted now. What it was to cost
/// has been told, and counts as long as it has not changed.
///
/// # Errors
///
/// When it is no sound book; then `ui` tells what is wrong with it.
pub(super) fn again(
    before: Result<Opened>,
    path: &Path,
    run: &Run<'_>,
    wanted: impl Fn(usize) -> Wanted,
    ui: &Ui,
) -> Result<Opened> {
    let now = read(path, run, &ui.muted());
    // What was told of it is not told twice.
    let is_told = match (&before, &now) {
        (Ok(before), Ok(now)) => models_of(&before.book) == models_of(now),
        (Err(before), Err(now)) => format!("{before:#}") == format!("{now:#}"),
        _ => false,
    };
    let book = if is_told { now? } else { read(path, run, ui)? };
    let wanted = wanted(book.story.chapters.len());
    Ok(Opened { book, wanted, forecast: before.ok().and_then(|before| before.forecast) })
}

/// What is told of a book that is sound, is told of its models.
fn models_of(book: &Book) -> [&Facts; 2] {
    book.staff.teams().map(|team| &team.facts)
}

impl Opened {
    /// What it will cost of what all books share, and whose work that is: nothing
    /// where its own budget keeps it from beginning, at most that where it does not.
    fn share(&self, is_begun_anyway: bool) -> Option<(Forecast, &Staff)> {
        let Ahead { forecast, left, .. } = self.forecast.as_ref()?;
        let mut forecast = forecast.clone();
        if forecast.stages.is_empty() {
            return None;
        }
        if let Some(left) = *left {
            if Need::at_least(&[forecast.least]) > left && !is_begun_anyway {
                return None;
            }
            forecast.least = forecast.least.within(left);
            forecast.once = forecast.once.within(left);
        }
        Some((forecast, &self.book.staff))
    }
}

/// What becomes of each path: a book once it is opened, or why it could not be.
pub(super) type Shelf = Vec<Mutex<Option<Result<Opened>>>>;

/// Opens the books at these paths; `ui` gives who speaks for each.
pub(super) fn open_all<P: AsRef<Path> + Sync>(
    paths: &[P],
    run: &Run<'_>,
    wanted: impl Fn(usize) -> Wanted + Sync,
    ui: impl Fn(&Path) -> Ui + Sync,
) -> Shelf {
    let at_once = std::thread::available_parallelism().map_or(2, usize::from);
    pool::run(paths, at_once, |_, path| {
        let path = path.as_ref();
        Mutex::new(Some(open_one(path, run, &wanted, &ui(path))))
    })
}

fn open_one(
    path: &Path,
    run: &Run<'_>,
    wanted: impl Fn(usize) -> Wanted,
    ui: &Ui,
) -> Result<Opened> {
    let book = read(path, run, ui)?;
    let wanted = wanted(book.story.chapters.len());
    // What keeps it from being foretold or drafted is told when its turn comes.
    let may_be_foretold = cost::is_paid(&book.staff) && lock::holder(&book.folder).is_none();
    let forecast =
        may_be_foretold.then(|| foretold(&book, &wanted, run, &ui.muted()).ok()).flatten();
    Ok(Opened { book, wanted, forecast })
}

fn read(path: &Path, run: &Run<'_>, ui: &Ui) -> Result<Book> {
    let common = Common { project: Some(path.to_owned()), ..Common::default() };
    Book::open(open::folder(&common)?, run, ui)
}

/// What a book will cost, and what its own budget has left.
fn foretold(book: &Book, wanted: &Wanted, run: &Run<'_>, ui: &Ui) -> Result<Ahead> {
    let archive = history::read(&book.folder, &book.story)?;
    let cap = caps(&run.paying, &book.wishes, run.config)?.book;
    let left = cap.map(|cap| cap.less(archive.accounts.book.spent()));
    let settings = |team| model::settings(run.model, &book.wishes, team);
    let [draft, record] = [settings(&book.staff.draft), settings(&book.staff.record)];
    let ground = Ground { book, archive: &archive, draft: &draft, record: &record };
    Ok(Ahead { ground: ground.digest(wanted)?, forecast: ground.forecast(wanted, ui)?, left })
}

/// Tells what all books together will cost, and has the first call refused that has
/// to be paid for where the budgets that they share cannot be enough.
///
/// # Errors
///
/// When the user's configuration or ledger cannot be read.
pub(super) fn foretell(shelf: &Shelf, run: &Run<'_>, ui: &Ui) -> Result<()> {
    let shelf: Vec<_> =
        shelf.iter().map(|one| one.lock().unwrap_or_else(PoisonError::into_inner)).collect();
    let opened: Vec<&Opened> = shelf.iter().filter_map(|one| one.as_ref()?.as_ref().ok()).collect();
    let shares: Vec<_> = opened.iter().filter_map(|one| one.share(run.goes_as_far)).collect();
    if shares.is_empty() {
        return Ok(());
    }
    let told: Vec<_> = shares.iter().map(|(forecast, staff)| (forecast, *staff)).collect();
    let sum = Sum::of(&told);
    let caps = caps(&run.paying, &Wishes::default(), run.config)?;
    // What a book may cost by itself is its own affair.
    let caps = Caps { book: None, ..caps };
    let month = Ledger::new(open::ledger(run.config), Path::new(".")).spent(open::seconds())?;
    let standings = [(Limit::Run, (Money::ZERO, Money::ZERO)), (Limit::Month, month)]
        .map(|(limit, (settled, reserved))| Standing { limit, settled, reserved });
    ui.say(&sum.foretold(&caps, &standings));
    let is_unknown = |one: &&&Opened| cost::is_unknown(&one.book.staff);
    let unknown = opened.iter().filter(is_unknown).count();
    if unknown > 0 {
        let books = counted(unknown, "book");
        ui.say(&format!("of {books} the price of a model is not known, and no sum can hold it"));
    }
    if !run.goes_as_far {
        run.allowance.with_floor(sum.floor);
    }
    Ok(())
}

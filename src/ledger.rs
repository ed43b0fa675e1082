//! The user's ledger: what all projects together have spent, month by month.
//!
//! JSON lines in the user's data folder, one file a month by UTC, so that a file
//! is never longer than a month. An entry belongs to the month in which its call
//! was reserved. Runs of different projects share it: a lock is held from the
//! reading of what others have added until one's own reservation is durable, so
//! no two of them take the same money. Each run reads on from where it has read
//! to, however long the file is.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::date;
use crate::failure::{Exit, Failure};
use crate::money::{Account, Caps, Entry, Limit, Money, Reached};
use crate::own_file;

/// Ends a line that a crash or a full disk has cut.
const CUT: &str = "#cut";

/// The most bytes of a month: some ten million calls.
const MOST: u64 = 1024 * 1024 * 1024;

/// The ledger, as one project uses it.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    project: String,
    /// Tells this project's calls from those of others.
    tag: String,
    month: Month,
}

/// A month, as far as it was read.
#[derive(Debug, Default)]
struct Month {
    name: String,
    read: u64,
    lines: usize,
    account: Account<String>,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
struct Line<'a> {
    at: u64,
    id: &'a str,
    /// The project's folder, for whoever looks into the file.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    project: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reserve: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settle: Option<Money>,
}

impl Ledger {
    /// The ledger in `folder`, for the project at `project`. Nothing is read yet.
    #[must_use]
    pub fn new(folder: PathBuf, project: &Path) -> Self {
        // One tag, by whatever path the project is reached.
        let path = fs_err::canonicalize(project)
            .or_else(|_| std::path::absolute(project))
            .unwrap_or_else(|_| project.to_owned());
        let project = path.display().to_string();
        let tag = blake3::hash(project.as_bytes()).to_hex().as_str()[..12].to_owned();
        Self { folder, project, tag, month: Month::default() }
    }

    /// Reserves for a call made at `at`, in seconds since 1970, durably; or gives
    /// the cap of the month that it would pass.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read or written.
    pub fn reserve(
        &mut self,
        at: u64,
        id: &str,
        worst: Money,
        caps: &Caps,
    ) -> Result<Option<Reached>> {
        let line = Line {
            at,
            id: &format!("{}-{id}", self.tag),
            project: Some(self.project.clone().into()),
            reserve: Some(worst),
            settle: None,
        };
        let line = serde_json::to_string(&line)?;
        self.month_of(at);
        let _lock = self.lock()?;
        self.month.catch_up(&self.folder)?;
        if let Err(reached) = caps.hold(Limit::Month, &self.month.account, worst) {
            return Ok(Some(reached));
        }
        self.month.append(&self.folder, &line, true).map_err(with_way_out)?;
        Ok(None)
    }

    /// The cap of the month that a call made at `at` would pass, if any. Nothing is
    /// reserved.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn reached(&mut self, at: u64, worst: Money, caps: &Caps) -> Result<Option<Reached>> {
        self.spent(at)?;
        Ok(caps.hold(Limit::Month, &self.month.account, worst).err())
    }

    /// Settles a call that was made at `at`, whether it was reserved for or not.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read or written.
    pub fn settle(&mut self, at: u64, id: &str, cost: Money) -> Result<()> {
        let id = format!("{}-{id}", self.tag);
        let line = Line { at, id: &id, project: None, reserve: None, settle: Some(cost) };
        let line = serde_json::to_string(&line)?;
        self.month_of(at);
        let _lock = self.lock()?;
        self.month.append(&self.folder, &line, false).map_err(with_way_out)
    }

    /// What all projects have spent in the month of `at`: settled, and reserved
    /// for calls whose end is not known.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn spent(&mut self, at: u64) -> Result<(Money, Money)> {
        self.month_of(at);
        if self.folder.is_dir() {
            let _lock = self.lock()?;
            self.month.catch_up(&self.folder)?;
        }
        Ok((self.month.account.settled(), self.month.account.reserved()))
    }

    fn month_of(&mut self, at: u64) {
        let name = date::month(at);
        if self.month.name != name {
            self.month = Month { name, ..Month::default() };
        }
    }

    /// Keeps every other run out until it is dropped.
    fn lock(&self) -> Result<fs_err::File> {
        self.try_lock().map_err(with_way_out)
    }

    fn try_lock(&self) -> Result<fs_err::File> {
        fs_err::create_dir_all(&self.folder)?;
        let path = self.folder.join("lock");
        opened(&path)?;
        let file =
            fs_err::OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        file.file().lock().with_context(|| format!("cannot lock `{}`", path.display()))?;
        Ok(file)
    }
}

impl Month {
    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.jsonl", self.name))
    }

    /// Reads what was added since it was last read.
    fn catch_up(&mut self, folder: &Path) -> Result<()> {
        let path = self.path(folder);
        let Some(mut file) = opened(&path)? else { return Ok(()) };
        let length = file.metadata()?.len();
        if length < self.read {
            // The user has put another file there.
            *self = Self { name: std::mem::take(&mut self.name), ..Self::default() };
        }
        if length - self.read > MOST {
            return Err(too_large(&path).into());
        }
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // What stands after the last line end is a line that was cut; who writes
        // next marks it so.
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let text = String::from_utf8_lossy(&bytes[..whole]);
        for line in text.lines() {
            self.lines += 1;
            self.take(line).map_err(|error| damaged(&path, self.lines, &error))?;
        }
        self.read += u64::try_from(whole)?;
        Ok(())
    }

    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        if line.is_empty() || line.ends_with(CUT) {
            return Ok(());
        }
        let line: Line<'_> = serde_json::from_str(line)?;
        let id = line.id.to_owned();
        if let Some(worst) = line.reserve {
            self.account.add(Entry::Reserve { id, worst });
        } else if let Some(cost) = line.settle {
            self.account.add(Entry::Settle { id, cost });
        }
        Ok(())
    }

    /// Adds a line, after the mark of one that was cut. It is read back with
    /// whatever comes next.
    fn append(&self, folder: &Path, line: &str, sync: bool) -> Result<()> {
        let path = self.path(folder);
        opened(&path)?;
        let mut file =
            fs_err::OpenOptions::new().create(true).read(true).append(true).open(&path)?;
        let length = file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        let mend = if last == [b'\n'] { String::new() } else { format!("{CUT}\n") };
        file.write_all(format!("{mend}{line}\n").as_bytes())?;
        if sync {
            file.sync_data()?;
            if length == 0 && cfg!(unix) {
                fs_err::File::open(folder)?.sync_all()?;
            }
        }
        Ok(())
    }
}

/// The error of a ledger that cannot be written, which is no file of the project.
fn with_way_out(error: anyhow::Error) -> anyhow::Error {
    let kind =
        error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    if !matches!(kind, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)) {
        return error;
    }
    Failure::new(Exit::Failed, format!("cannot write your ledger: {error:#}"))
        .hint("it holds what all your projects have spent in a month; let your user read and write there (see `ls -ld`)")
        .hint("or have your data in another folder (`XDG_DATA_HOME`); a budget of the month then counts from nothing there")
        .into()
}

/// A file of the ledger; none where there is none yet.
fn opened(path: &Path) -> Result<Option<std::fs::File>, Failure> {
    own_file::open(path).map_err(|what| {
        Failure::new(Exit::Failed, format!("cannot read your ledger `{}`, {what}", path.display()))
            .hint("move it away; a new one then begins with nothing spent in this month")
    })
}

fn too_large(path: &Path) -> Failure {
    let most = own_file::size_in_words(MOST);
    let message =
        format!("your ledger `{}` is larger than {most}, the most of a month", path.display());
    Failure::new(Exit::Failed, message)
        .hint("look at what fills it; a month has some hundred bytes a call")
}

fn damaged(path: &Path, line: usize, error: &serde_json::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("line {line} of your ledger `{}` is damaged: {error}", path.display()),
    )
    .hint("mend the line or take it out; what it says no longer counts against the month's budget")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVEMBER: u64 = 1_795_345_500;
    const DECEMBER: u64 = 1_798_761_599;

    fn money(dollars: f64) -> Money {
        Money::of_dollars(dollars).unwrap()
    }

    fn ledger(folder: &Path, project: &str) -> Ledger {
        Ledger::new(folder.join("ledger"), Path::new(project))
    }

    #[test]
    fn projects_share_a_month_and_not_the_next() {
        let home = tempfile::tempdir().unwrap();
        let caps = Caps { month: Some(money(1.0)), ..Caps::default() };
        let (mut one, mut other) = (ledger(home.path(), "/a"), ledger(home.path(), "/b"));
        assert_eq!(one.reserve(NOVEMBER, "1", money(0.6), &caps).unwrap(), None);
        // The same id of another project is another call.
        let reached = other.reserve(NOVEMBER, "1", money(0.5), &caps).unwrap().unwrap();
        assert_eq!((reached.reserved, reached.call), (money(0.6), money(0.5)));
        assert_eq!(other.reserve(DECEMBER, "1", money(0.5), &caps).unwrap(), None);
        one.settle(NOVEMBER, "1", money(0.1)).unwrap();
        assert_eq!(other.reserve(NOVEMBER, "2", money(0.9), &caps).unwrap(), None);
        assert_eq!(one.spent(NOVEMBER).unwrap(), (money(0.1), money(0.9)));
        assert_eq!(ledger(home.path(), "/c").spent(DECEMBER).unwrap(), (money(0.0), money(0.5)));
    }

    #[test]
    fn a_cut_line_harms_no_other() {
        let home = tempfile::tempdir().unwrap();
        let caps = Caps::default();
        let mut one = ledger(home.path(), "/a");
        one.reserve(NOVEMBER, "1", money(0.25), &caps).unwrap();
        let path = home.path().join("ledger/2026-11.jsonl");
        let whole = fs_err::read_to_string(&path).unwrap();
        for cut in 1..whole.len() - 1 {
            fs_err::write(&path, format!("{whole}{}", &whole[..cut])).unwrap();
            let mut one = ledger(home.path(), "/a");
            assert_eq!(one.spent(NOVEMBER).unwrap().1, money(0.25), "{cut}");
            one.reserve(NOVEMBER, "2", money(0.5), &caps).unwrap();
            assert_eq!(one.spent(NOVEMBER).unwrap().1, money(0.75), "{cut}");
        }
        fs_err::write(&path, format!("{whole}nonsense\n")).unwrap();
        let error = ledger(home.path(), "/a").spent(NOVEMBER).unwrap_err().to_string();
        assert!(error.starts_with("line 2 of your ledger "), "{error}");
    }

    #[test]
    fn a_long_month_is_read_once() {
        let home = tempfile::tempdir().unwrap();
        let mut one = ledger(home.path(), "/a");
        let caps = Caps { month: Some(money(200.0)), ..Caps::default() };
        one.reserve(NOVEMBER, "first", money(0.0), &caps).unwrap();
        let path = home.path().join("ledger/2026-11.jsonl");
        let mut lines = String::new();
        for number in 0..50_000 {
            let id = format!("{}-1795345500-1-{number}", one.tag);
            lines += &format!(
                "{{\"at\":{NOVEMBER},\"id\":\"{id}\",\"project\":\"/home/somebody/books/the-salt-ledger\",\"reserve\":2000000000}}\n\
                 {{\"at\":{NOVEMBER},\"id\":\"{id}\",\"settle\":1000000000}}\n"
            );
        }
        fs_err::write(&path, &lines).unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(one.reserve(NOVEMBER, "a", money(1.0), &caps).unwrap(), None);
        let first = begun.elapsed();
        let begun = std::time::Instant::now();
        for number in 0..20 {
            assert_eq!(
                one.reserve(NOVEMBER, &format!("b{number}"), money(0.5), &caps).unwrap(),
                None
            );
        }
        println!("100,000 lines: {first:?}, then {:?} each", begun.elapsed() / 20);
        assert_eq!(one.spent(NOVEMBER).unwrap(), (money(50.0), money(11.0)));
        // What was read is not read again: the file's beginning no longer counts.
        let spoilt = format!("x{}", &fs_err::read_to_string(&path).unwrap()[1..]);
        fs_err::write(&path, spoilt).unwrap();
        assert_eq!(one.reserve(NOVEMBER, "c", money(1.0), &caps).unwrap(), None);
    }
}

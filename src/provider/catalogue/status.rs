//! Whether a model can still be had, and what to say where it cannot.

use super::shape::{StatusShape, StatusWord};

/// Whether a model can still be had at a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What it is.
    pub word: StatusWord,
    /// The day since when, `2026-11-22`.
    pub since: Option<String>,
    /// The day of its announced end.
    pub until: Option<String>,
    /// Models of the catalogue that take its place, the nearest first.
    pub replaced_by: Vec<String>,
    /// Who says so, and when.
    pub source: Option<String>,
}

impl Status {
    /// The status that a shape makes.
    #[must_use]
    pub fn of(shape: &StatusShape) -> Self {
        let shape = shape.clone();
        Self {
            word: shape.is,
            since: shape.since,
            until: shape.until,
            replaced_by: shape.replaced_by,
            source: shape.source,
        }
    }

    /// Whether it is served no more.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.word == StatusWord::Retired
    }
}

impl std::fmt::Display for Status {
    /// `active`, `deprecated, ends 2026-12-01`, `not listed any more since
    /// 2026-11-22`, `retired 2026-04-30`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = |day: &Option<String>| day.as_ref().map(|day| format!(" {day}"));
        match self.word {
            StatusWord::Active => f.write_str("active"),
            StatusWord::Deprecated => {
                let end = day(&self.until).map(|day| format!(", ends{day}")).unwrap_or_default();
                write!(f, "deprecated{end}")
            }
            StatusWord::Unlisted => {
                let since = day(&self.since).map(|day| format!(" since{day}")).unwrap_or_default();
                write!(f, "not listed any more{since}")
            }
            StatusWord::Retired => write!(f, "retired{}", day(&self.since).unwrap_or_default()),
        }
    }
}

/// Whether a model may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Usable,
    /// It may; this is to be said first.
    Ending(String),
    /// It may not: nothing answers by that name there any more.
    Retired {
        /// The sentence to show: lower case, no final stop.
        message: String,
        /// Ways out, the nearest first.
        hints: Vec<String>,
    },
}

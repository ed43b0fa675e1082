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
    /// The address for which alone it holds; none for the vendor itself.
    pub at: Option<String>,
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
            at: shape.at,
        }
    }

    /// Whether its announced end has come by this day, `2026-11-22`.
    #[must_use]
    pub fn has_ended(&self, today: &str) -> bool {
        self.until.as_deref().is_some_and(|end| end <= today)
    }

    /// It in words: `active`, `deprecated, ends 2026-12-01`, `deprecated, was to end
    /// 2026-11-01`, `not listed any more since 2026-11-22`, `retired 2026-04-30`.
    #[must_use]
    pub fn on(&self, today: &str) -> String {
        let day =
            |day: &Option<String>| day.as_ref().map(|day| format!(" {day}")).unwrap_or_default();
        match self.word {
            StatusWord::Active => "active".to_owned(),
            StatusWord::Deprecated if self.until.is_none() => "deprecated".to_owned(),
            StatusWord::Deprecated => {
                let ends = if self.has_ended(today) { "was to end" } else { "ends" };
                format!("deprecated, {ends}{}", day(&self.until))
            }
            StatusWord::Unlisted => {
                let since = self.since.as_ref().map(|day| format!(" since {day}"));
                format!("not listed any more{}", since.unwrap_or_default())
            }
            StatusWord::Retired => format!("retired{}", day(&self.since)),
        }
    }

    /// Whether it is served no more.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.word == StatusWord::Retired
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

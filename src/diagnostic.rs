//! Findings about the author's files: where, what, and the way out.
//!
//! A check never stops at the first fault: it returns its value together with
//! every finding. Printing happens elsewhere; [`render`] only makes text.

use std::collections::HashMap;
use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not meant; drafting goes on.
    Warning,
    /// Nothing is drafted until it is mended.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// The code of a project's setting that needs the user's trust, or that no
/// project may have.
pub const UNTRUSTED: &str = "untrusted-setting";

/// A position in a file, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Spot {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// How many characters of the line it covers.
    pub width: usize,
}

/// A position in one of the project's files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, relative to the project's folder, with forward slashes.
    pub file: String,
    /// Where in the file; none for the file as a whole.
    pub spot: Option<Spot>,
}

impl Place {
    /// The file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), spot: None }
    }

    /// A spot in a file.
    pub fn at(file: impl Into<String>, spot: Spot) -> Self {
        Self { file: file.into(), spot: Some(spot) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.spot {
            Some(spot) => write!(f, "{}:{}:{}", self.file, spot.line, spot.column),
            None => f.write_str(&self.file),
        }
    }
}

/// One thing that is wrong, or may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind it is, in kebab-case; stable, so that it can be searched for.
    pub code: &'static str,
    /// Where it is.
    pub place: Place,
    /// What is wrong: lower case, no final stop.
    pub message: String,
    /// Ways out, one a line.
    pub hints: Vec<String>,
}

impl Finding {
    /// An error at a place.
    pub fn error(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, place, message: message.into(), hints: Vec::new() }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// The same finding with one more way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same finding with a way out, if there is one.
    #[must_use]
    pub fn hint_maybe(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

/// Puts findings in the order of their places, worst first within a place.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (&a.place, std::cmp::Reverse(a.severity), a.code).cmp(&(
            &b.place,
            std::cmp::Reverse(b.severity),
            b.code,
        ))
    });
}

/// The most findings of one kind that are shown of a file; nobody reads more.
const MOST: usize = 20;

/// Leaves the first findings of each kind and file, and one that says how many
/// more there are. The findings have to be sorted.
#[must_use]
pub fn abridge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut counts = HashMap::<(String, &'static str), usize>::new();
    for finding in &findings {
        *counts.entry((finding.place.file.clone(), finding.code)).or_default() += 1;
    }
    let mut seen = HashMap::<(String, &'static str), usize>::new();
    let mut shown = Vec::new();
    for finding in findings {
        let kind = (finding.place.file.clone(), finding.code);
        let all = counts.get(&kind).copied().unwrap_or_default();
        let seen = seen.entry(kind).or_default();
        *seen += 1;
        if *seen <= MOST {
            shown.push(finding);
        } else if *seen == MOST + 1 {
            shown.push(Finding {
                message: format!("and {} more of the same kind in this file", all - MOST),
                hints: vec!["mend the first ones: the others may follow from them".to_owned()],
                ..finding
            });
        }
    }
    shown
}

/// Whether any finding stops the work.
#[must_use]
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// The name among `known` that `name` was probably meant to be.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            *distance <= (wanted.chars().count().max(candidate.chars().count()) / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The hint `did you mean …?` for a name that is not among `known`.
#[must_use]
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|near| format!("did you mean `{near}`?"))
}

/// The widest line of a rendered finding; a longer source line is cut round
/// the spot.
const WIDTH: usize = 100;

/// A finding as people read it: message, place, source line, caret, hints.
///
/// `source` is the text of the finding's file, if there is one to show.
#[must_use]
pub fn render(finding: &Finding, source: Option<&str>, colour: bool) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(&finding.message).id(finding.code);
    let file = &finding.place.file;
    let mut group = match finding.place.spot {
        None => Group::with_title(title).element(Origin::path(file)),
        // Only the spot's own line: findings stay short, and cheap in long files.
        Some(spot) => {
            match source.and_then(|source| source.lines().nth(spot.line.saturating_sub(1))) {
                Some(line) => title.element(
                    Snippet::source(line)
                        .line_start(spot.line)
                        .path(file)
                        .annotation(AnnotationKind::Primary.span(bytes_of(line, spot))),
                ),
                None => Group::with_title(title)
                    .element(Origin::path(file).line(spot.line).char_column(spot.column)),
            }
        }
    };
    for hint in &finding.hints {
        group = group.element(Level::HELP.message(hint));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let page = renderer.term_width(WIDTH).render(&[group]);
    // What is masked in a line may leave blanks at its end.
    page.split('\n').map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The bytes of its line that a spot covers.
fn bytes_of(line: &str, spot: Spot) -> std::ops::Range<usize> {
    let offset =
        |column: usize| line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte);
    let first = spot.column.saturating_sub(1);
    offset(first)..offset(first.saturating_add(spot.width.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        for (name, known, expected) in [
            ("jon", vec!["john", "mary"], Some("john")),
            ("habour", vec!["harbour", "mill"], Some("harbour")),
            ("zzz", vec!["john", "mary"], None),
            ("Titel", vec!["title", "tone"], Some("title")),
            ("a", vec![], None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }

    #[test]
    fn a_finding_shows_its_line() {
        let finding = Finding::error(
            "unknown-id",
            Place::at("bible/outline.yaml", Spot { line: 2, column: 6, width: 4 }),
            "no character is called `jonh`",
        )
        .hint("did you mean `john`?");
        let text = render(&finding, Some("chapters:\npov: jonh\n"), false);
        assert_eq!(
            text,
            "error[unknown-id]: no character is called `jonh`\n \
             --> bible/outline.yaml:2:6\n  \
             |\n\
             2 | pov: jonh\n  \
             |      ^^^^\n  \
             |\n  \
             = help: did you mean `john`?"
        );
    }
}

//! The built-in lists of worn phrases, one a language.
//!
//! They were written for this project: what models put where a story should
//! have a detail of its own. A single word stands there only if no story needs it.

use super::expand;

/// The languages with a list, by their primary subtags, each with its text.
pub const LANGUAGES: [(&str, &str); 4] = [
    ("de", include_str!("../../phrases/worn/de.txt")),
    ("en", include_str!("../../phrases/worn/en.txt")),
    ("es", include_str!("../../phrases/worn/es.txt")),
    ("fr", include_str!("../../phrases/worn/fr.txt")),
];

/// The worn phrases of a language, by its primary subtag; none where there is
/// no list.
#[must_use]
pub fn worn(language: &str) -> Vec<String> {
    LANGUAGES.iter().find(|(tag, _)| *tag == language).map_or_else(Vec::new, |(_, text)| expand(text))
}

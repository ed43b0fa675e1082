//! The built-in lists of worn phrases, one a language.
//!
//! They were written for this project: what models put where a story should
//! have a detail of its own. No single word stands there.

use std::sync::{Arc, OnceLock};

use super::{Phrases, expand};

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
    place(language).map_or_else(Vec::new, |at| expand(LANGUAGES[at].1))
}

/// The same, made ready. Every book of a language shares one, since it takes
/// some megabytes.
#[must_use]
pub fn worn_in(language: &str) -> Option<Arc<Phrases>> {
    static READY: [OnceLock<Option<Arc<Phrases>>>; LANGUAGES.len()] =
        [const { OnceLock::new() }; LANGUAGES.len()];
    let ready = &READY[place(language)?];
    ready.get_or_init(|| Phrases::new(worn(language)).ok().map(Arc::new)).clone()
}

fn place(language: &str) -> Option<usize> {
    LANGUAGES.iter().position(|(tag, _)| *tag == language)
}

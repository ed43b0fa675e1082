//! The signs by which a model leaves a story: data, one list a language.

use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, Anchored, Input, MatchKind, StartKind};

use super::lines::form_of_sign;
use crate::phrases::expand;

/// The languages with a list, by their primary subtags.
const LISTS: [(&str, &str); 4] = [
    ("de", include_str!("../../../../phrases/leaving/de.txt")),
    ("en", include_str!("../../../../phrases/leaving/en.txt")),
    ("es", include_str!("../../../../phrases/leaving/es.txt")),
    ("fr", include_str!("../../../../phrases/leaving/fr.txt")),
];

/// What a sign means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word before the text; later it is a departure.
    Before,
    /// A departure.
    After,
    /// A departure, unless the story tells of machines.
    Machine,
    /// A departure, if it is the whole line.
    Line,
    /// A heading of a chapter begins with it.
    Heading,
    /// A heading of a scene begins with it.
    Scene,
}

/// The openings of lines of one language, English among them: many models
/// fall back into it.
#[derive(Debug, Default)]
pub struct Signs {
    lists: Vec<Arc<List>>,
}

/// One language's list.
#[derive(Debug)]
struct List {
    finder: AhoCorasick,
    /// Per sign, what it means and its length.
    kinds: Vec<(Kind, usize)>,
}

impl Signs {
    /// The signs of a language, by its primary subtag.
    #[must_use]
    pub fn of(language: &str) -> Self {
        static READY: [OnceLock<Option<Arc<List>>>; LISTS.len()] =
            [const { OnceLock::new() }; LISTS.len()];
        let lists =
            LISTS.iter().zip(&READY).filter(|((tag, _), _)| *tag == "en" || *tag == language);
        Self {
            lists: lists
                .filter_map(|((_, text), ready)| {
                    ready.get_or_init(|| List::read(text).map(Arc::new)).clone()
                })
                .collect(),
        }
    }

    /// What the longest sign means that a line in its form begins with, and how
    /// long it is.
    #[must_use]
    pub fn find(&self, form: &str) -> Option<(Kind, usize)> {
        self.lists.iter().filter_map(|list| list.find(form)).max_by_key(|(_, length)| *length)
    }
}

impl List {
    fn read(text: &str) -> Option<Self> {
        let (mut signs, mut kinds) = (Vec::new(), Vec::new());
        for section in text.split("\n[").skip(1) {
            let (name, lines) = section.split_once("]\n")?;
            let kind = kind(name)?;
            for sign in expand(lines) {
                let form = form_of_sign(&sign);
                kinds.push((kind, form.len()));
                signs.push(form);
            }
        }
        let finder = AhoCorasick::builder()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::LeftmostLongest)
            .build(&signs)
            .ok()?;
        Some(Self { finder, kinds })
    }

    fn find(&self, form: &str) -> Option<(Kind, usize)> {
        let mut until = form.len();
        // The longest sign may end inside a word where a shorter one does not.
        loop {
            let input = Input::new(&form[..until]).anchored(Anchored::Yes);
            let found = self.finder.find(input)?;
            let (kind, length) = self.kinds[found.pattern().as_usize()];
            if ends_word(form, length) {
                return Some((kind, length));
            }
            until = form.floor_char_boundary(length - 1);
        }
    }
}

/// Whether no word goes on at this place.
fn ends_word(form: &str, at: usize) -> bool {
    let before = form[..at].chars().next_back();
    let after = form[at..].chars().next();
    !(before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric))
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "before" => Kind::Before,
        "after" => Kind::After,
        "machine" => Kind::Machine,
        "line" => Kind::Line,
        "heading" => Kind::Heading,
        "scene" => Kind::Scene,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_can_be_read() {
        for (language, text) in LISTS {
            let list = List::read(text).unwrap_or_else(|| panic!("{language}"));
            assert!(list.kinds.len() > 300, "{language}: {}", list.kinds.len());
            for kind in
                [Kind::Before, Kind::After, Kind::Machine, Kind::Line, Kind::Heading, Kind::Scene]
            {
                assert!(list.kinds.iter().any(|(one, _)| *one == kind), "{language} {kind:?}");
            }
            assert!(list.kinds.iter().all(|(_, length)| *length >= 3), "{language}");
        }
    }

    #[test]
    fn the_longest_sign_that_ends_a_word_counts() {
        let signs = Signs::of("de");
        for (form, expected) in [
            ("to be continued…", Some(Kind::After)),
            ("the ending was near", None),
            ("the end", Some(Kind::Line)),
            ("kapitel #: die mühle", Some(Kind::Heading)),
            ("kapitelweise", None),
            ("as an ai, she", Some(Kind::Machine)),
            ("als kind", None),
            ("", None),
        ] {
            assert_eq!(signs.find(form).map(|(kind, _)| kind), expected, "{form}");
        }
        assert_eq!(Signs::default().find("the end"), None);
    }
}

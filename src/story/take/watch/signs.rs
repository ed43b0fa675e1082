//! The signs by which a model leaves a story: data, one list a language.

use std::sync::{Arc, OnceLock};

use super::lines::form_of_sign;
use crate::phrases::patterns;

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

/// One language's list. Its lines stand for hundreds of thousands of signs, of
/// which a line of prose is compared with few: they are never written out.
#[derive(Debug)]
struct List {
    signs: Vec<Sign>,
}

/// One line of a list.
#[derive(Debug)]
struct Sign {
    kind: Kind,
    /// The branches of each of its parts.
    parts: Vec<Vec<Branch>>,
}

/// What may stand in one place, in the form of the lines.
type Branch = Vec<Token>;

#[derive(Debug)]
enum Token {
    /// One blank, unless nothing stands before it, nothing after it, or another.
    Blank,
    /// Anything else.
    Text(String),
}

/// How far a line has been compared.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    at: usize,
    /// Whether a blank has to follow, if anything does.
    is_blank: bool,
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
        let mut signs = Vec::new();
        for section in text.split("\n[").skip(1) {
            let (name, lines) = section.split_once("]\n")?;
            let kind = kind(name)?;
            signs.extend(patterns(lines).map(|parts| Sign::of(kind, &parts)));
        }
        Some(Self { signs })
    }

    /// The first of the longest signs.
    fn find(&self, form: &str) -> Option<(Kind, usize)> {
        let found = self.signs.iter().filter_map(|sign| Some((sign.kind, sign.longest(form)?)));
        found.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

impl Sign {
    fn of(kind: Kind, parts: &[Vec<&str>]) -> Self {
        let branches =
            |part: &Vec<&str>| part.iter().map(|text| branch(text)).collect::<Vec<Branch>>();
        Self { kind, parts: parts.iter().map(branches).collect() }
    }

    /// The length of the longest way through it that a form begins with.
    fn longest(&self, form: &str) -> Option<usize> {
        longest(&self.parts, form, Place::default())
    }
}

fn branch(text: &str) -> Branch {
    let mut branch = Vec::new();
    for (index, word) in text.split(char::is_whitespace).enumerate() {
        if index > 0 {
            branch.push(Token::Blank);
        }
        if !word.is_empty() {
            branch.push(Token::Text(form_of_sign(word)));
        }
    }
    branch
}

fn longest(parts: &[Vec<Branch>], form: &str, place: Place) -> Option<usize> {
    let Some((branches, rest)) = parts.split_first() else {
        return ends_word(form, place.at).then_some(place.at);
    };
    let ways = branches.iter().filter_map(|branch| after(branch, form, place));
    ways.filter_map(|place| longest(rest, form, place)).max()
}

/// The place after a branch, if it stands at this one.
fn after(branch: &Branch, form: &str, mut place: Place) -> Option<Place> {
    for token in branch {
        let Token::Text(text) = token else {
            place.is_blank = place.at > 0;
            continue;
        };
        if std::mem::take(&mut place.is_blank) {
            place.at += form[place.at..].starts_with(' ').then_some(1)?;
        }
        place.at += form[place.at..].starts_with(text.as_str()).then_some(text.len())?;
    }
    Some(place)
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
    use crate::phrases::expand;

    #[test]
    fn every_list_can_be_read() {
        for (language, text) in LISTS {
            let list = List::read(text).unwrap_or_else(|| panic!("{language}"));
            let ways = |sign: &Sign| sign.parts.iter().map(Vec::len).product::<usize>();
            let count: usize = list.signs.iter().map(ways).sum();
            assert!(count > 300, "{language}: {count}");
            for kind in
                [Kind::Before, Kind::After, Kind::Machine, Kind::Line, Kind::Heading, Kind::Scene]
            {
                assert!(list.signs.iter().any(|sign| sign.kind == kind), "{language} {kind:?}");
            }
            // A sign of a letter or two would end many a story.
            assert!(list.signs.iter().all(|sign| least(sign) >= 3), "{language}");
        }
    }

    /// The fewest letters of a way through a sign.
    fn least(sign: &Sign) -> usize {
        let length = |token: &Token| match token {
            Token::Blank => 0,
            Token::Text(text) => text.len(),
        };
        let shortest = |part: &Vec<Branch>| {
            part.iter().map(|branch| branch.iter().map(length).sum::<usize>()).min().unwrap_or(0)
        };
        sign.parts.iter().map(shortest).sum()
    }

    #[test]
    fn every_way_through_a_list_is_found_whole() {
        for (language, text) in LISTS {
            let list = List::read(text).unwrap_or_else(|| panic!("{language}"));
            let sections = text.split("\n[").skip(1).filter_map(|one| one.split_once("]\n"));
            let ways: Vec<String> = sections.flat_map(|(_, lines)| expand(lines)).collect();
            for way in ways.iter().step_by(ways.len() / 2_000 * 2 + 1) {
                let form = form_of_sign(way);
                let found = list.find(&format!("{form} x")).map(|(_, length)| length);
                assert!(found >= Some(form.len()), "{language}: {way}: {found:?}");
            }
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

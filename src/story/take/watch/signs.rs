//! The signs by which a model leaves a story: data, one list a language.

use std::sync::{Arc, OnceLock};

use super::lines::{form_of_sign, is_no_sentence};
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
    /// A word before the text; later it is a departure, if it speaks of the task.
    Before,
    /// A word before the text, which a narrator may say later.
    Opening,
    /// What stands over a text, before a colon; later it is a departure, if the
    /// line speaks of the task.
    Header,
    /// The same, but a text may begin with it.
    Label,
    /// What shows, wherever it stands, that a line speaks of the task.
    Task,
    /// A word behind the text.
    Closing,
    /// The same, if it is set off from the text.
    Framed,
    /// That the book goes on, as a whole line that is set off.
    Card,
    /// A departure, behind which the text is over.
    After,
    /// A departure that says nothing of the text's end.
    Stray,
    /// The same, in which the model speaks of itself: where the story tells of machines,
    /// one of them may say it.
    Itself,
    /// The same, unless the story tells of machines.
    Machine,
    /// A departure, if it is the whole line.
    Whole,
    /// The same, where more of the book follows.
    Line,
    /// A heading of a chapter begins with it.
    Heading,
    /// A heading of a scene begins with it.
    Scene,
    /// A heading of what is no chapter of its own, perhaps, begins with it.
    Part,
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
    parts: Parts,
    /// What else the line says, wherever it says it.
    also: Vec<Parts>,
}

/// The branches of each part of a sign.
type Parts = Vec<Vec<Branch>>;

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

    /// Whether a line in its form speaks of the writing of the text and of nothing
    /// in it.
    #[must_use]
    pub fn speak_of_task(&self, form: &str) -> bool {
        let mut signs = self.of_kind(Kind::Task);
        signs.any(|sign| says(&sign.parts, form) && sign.is_said(form))
    }

    /// Whether a line in its form closes a reply, set off as it is or not.
    #[must_use]
    pub fn close(&self, form: &str, is_framed: bool) -> bool {
        let is_whole = |length: usize| !form[length..].contains(char::is_alphanumeric);
        let opens = |kind| self.of_kind(kind).filter_map(|sign| sign.longest(form));
        opens(Kind::Closing).next().is_some()
            || is_framed && opens(Kind::Framed).next().is_some()
            || opens(Kind::Whole).any(is_whole)
            || (is_framed || is_no_sentence(form)) && opens(Kind::Card).any(is_whole)
            || matches!(self.find(form), Some((Kind::Header | Kind::Label, at)) if self.speak_of_task(&form[at..]))
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Sign> {
        self.lists.iter().flat_map(|list| &list.signs).filter(move |sign| sign.kind == kind)
    }
}

impl List {
    fn read(text: &str) -> Option<Self> {
        let mut signs = Vec::new();
        for section in text.split("\n[").skip(1) {
            let (name, lines) = section.split_once("]\n")?;
            let kind = kind(name)?;
            signs.extend(lines.lines().filter_map(|line| Sign::read(kind, line)));
        }
        Some(Self { signs })
    }

    /// The first of the longest signs with which a line may leave the story.
    fn find(&self, form: &str) -> Option<(Kind, usize)> {
        let leaving = self
            .signs
            .iter()
            .filter(|sign| !matches!(sign.kind, Kind::Task | Kind::Closing | Kind::Framed));
        let found = leaving.filter_map(|sign| Some((sign.kind, sign.longest(form)?)));
        found.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

impl Sign {
    /// One line of a list, if it is none that says nothing.
    fn read(kind: Kind, line: &str) -> Option<Self> {
        let mut all = line.split(" + ").map(|piece| {
            patterns(piece).next().unwrap_or_default().iter().map(branches).collect::<Parts>()
        });
        let parts = all.next().filter(|parts| !parts.is_empty())?;
        Some(Self { kind, parts, also: all.collect() })
    }

    /// The length of the longest way through it that a form begins with.
    fn longest(&self, form: &str) -> Option<usize> {
        longest(&self.parts, form, Place::default()).filter(|_| self.is_said(form))
    }

    /// Whether a form says all that it has to say besides.
    fn is_said(&self, form: &str) -> bool {
        self.also.iter().all(|parts| says(parts, form))
    }
}

fn branches(part: &Vec<&str>) -> Vec<Branch> {
    part.iter().map(|text| branch(text)).collect()
}

/// Whether a form says one way through these parts somewhere, in whole words.
fn says(parts: &Parts, form: &str) -> bool {
    let at_word = |at: &usize| ends_word(form, *at);
    let mut places = form.char_indices().map(|(at, _)| at).filter(at_word);
    places.any(|at| longest(parts, &form[at..], Place::default()).is_some())
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
        "opening" => Kind::Opening,
        "header" => Kind::Header,
        "label" => Kind::Label,
        "task" => Kind::Task,
        "closing" => Kind::Closing,
        "framed" => Kind::Framed,
        "card" => Kind::Card,
        "whole" => Kind::Whole,
        "after" => Kind::After,
        "stray" => Kind::Stray,
        "self" => Kind::Itself,
        "machine" => Kind::Machine,
        "line" => Kind::Line,
        "heading" => Kind::Heading,
        "scene" => Kind::Scene,
        "part" => Kind::Part,
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
            for kind in [
                Kind::Before,
                Kind::Opening,
                Kind::Header,
                Kind::Label,
                Kind::Task,
                Kind::Closing,
                Kind::Framed,
                Kind::Card,
                Kind::After,
                Kind::Stray,
                Kind::Itself,
                Kind::Machine,
                Kind::Whole,
                Kind::Line,
                Kind::Heading,
                Kind::Scene,
                Kind::Part,
            ] {
                assert!(list.signs.iter().any(|sign| sign.kind == kind), "{language} {kind:?}");
            }
            // A sign of a letter or two would end many a story.
            let leaves = |sign: &&Sign| sign.also.is_empty();
            assert!(list.signs.iter().filter(leaves).all(|sign| least(sign) >= 3), "{language}");
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
            for (name, lines) in sections {
                let (kind, ways) = (kind(name), expand(lines));
                for way in ways.iter().step_by(ways.len() / 500 * 2 + 1) {
                    let form = form_of_sign(&way.replace(" + ", " "));
                    let opening = form_of_sign(way.split(" + ").next().unwrap_or_default());
                    let signs = list.signs.iter().filter(|sign| Some(sign.kind) == kind);
                    let found = signs.filter_map(|sign| sign.longest(&format!("{form} x"))).max();
                    assert!(found >= Some(opening.len()), "{language}: {way}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn the_longest_sign_that_ends_a_word_counts() {
        let signs = Signs::of("de");
        for (form, expected) in [
            ("to be continued…", Some(Kind::Card)),
            ("end of the chapter", Some(Kind::After)),
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

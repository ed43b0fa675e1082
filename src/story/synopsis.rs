//! The synopsis of a chapter: what it must hold, and one made of the chapter's
//! own sentences where a model's does not pass.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

use super::{Chapter, Story, prose};

/// What a synopsis has to hold.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Names that must occur: each entry is one person, under any of its names.
    pub people: Vec<Vec<String>>,
    /// Beats that must be recognisable: the telling words of each, in lower case.
    pub beats: Vec<Vec<String>>,
    /// Places worth naming.
    pub places: Vec<String>,
    /// The most words.
    pub words: usize,
    /// The book's language, as a tag.
    pub language: String,
}

/// What is wrong with a synopsis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is empty or has hardly a sentence.
    Short,
    /// It has this many words too many.
    Long(usize),
    /// It does not name this person.
    Person(String),
    /// It does not tell of the beat with these words.
    Beat(String),
    /// It is in another language.
    Language(String),
    /// It repeats what it was asked instead of telling the chapter.
    Echo,
}

impl Lack {
    /// Its kind and what it is about, for a template to put into words.
    #[must_use]
    pub fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Short => ("short", String::new()),
            Self::Long(words) => ("long", words.to_string()),
            Self::Person(name) => ("person", name.clone()),
            Self::Beat(words) => ("beat", words.clone()),
            Self::Language(_) => ("language", String::new()),
            Self::Echo => ("echo", String::new()),
        }
    }
}

/// What the synopsis of a chapter has to hold: everyone of the cast and every
/// beat, as far as the chapter's own text tells of them.
#[must_use]
pub fn demand(story: &Story, chapter: &Chapter, text: &str, words: usize) -> Demand {
    let lower = text.to_lowercase();
    let people = chapter
        .cast()
        .into_iter()
        .map(|id| &story[id])
        .filter(|character| character.is_named_in(text))
        .map(|character| {
            let mut names: Vec<String> = character.names().map(str::to_owned).collect();
            names.extend(
                character
                    .name
                    .split_whitespace()
                    .filter(|part| part.chars().count() >= 3)
                    .map(str::to_owned),
            );
            names
        })
        .collect();
    let beats = chapter
        .beats()
        .into_iter()
        .map(|id| telling_words(story, &story[id].beat))
        .filter(|words| {
            // A beat the text does not tell of cannot be in a truthful synopsis.
            let told = words.iter().filter(|word| lower.contains(stem(word))).count();
            !words.is_empty() && told * 2 >= words.len()
        })
        .collect();
    Demand {
        people,
        beats,
        places: chapter.places().into_iter().map(|id| story[id].name.clone()).collect(),
        words,
        language: story.book.language.clone(),
    }
}

/// Everything wrong with a synopsis. `instructions` are the words that asked for
/// it: a small model may give them back.
#[must_use]
pub fn check(synopsis: &str, demand: &Demand, instructions: &str) -> Vec<Lack> {
    let count = prose::words(synopsis);
    let mut lacks = Vec::new();
    if echoes(synopsis, instructions) {
        lacks.push(Lack::Echo);
    }
    if count < 8 {
        lacks.push(Lack::Short);
    }
    // A third over the mark is still a synopsis.
    let most = demand.words + demand.words / 3;
    if count > most {
        lacks.push(Lack::Long(count - most));
    }
    for names in &demand.people {
        if !names.iter().any(|name| super::character::contains_word(synopsis, name)) {
            lacks.push(Lack::Person(names.first().cloned().unwrap_or_default()));
        }
    }
    let lower = synopsis.to_lowercase();
    for words in &demand.beats {
        if !words.iter().any(|word| lower.contains(stem(word))) {
            lacks.push(Lack::Beat(words.join(" ")));
        }
    }
    if let Some(other) = super::take::foreign_language(synopsis, &demand.language) {
        lacks.push(Lack::Language(other));
    }
    lacks
}

/// Whether a run of words of one text stands in the other.
fn echoes(text: &str, instructions: &str) -> bool {
    const RUN: usize = 7;
    let plain =
        |text: &str| -> Vec<String> { text.unicode_words().map(str::to_lowercase).collect() };
    let known = plain(instructions);
    let known: HashSet<&[String]> = known.windows(RUN).collect();
    plain(text).windows(RUN).any(|run| known.contains(run))
}

/// Sentences of the chapter that together name the cast, the places and the
/// beats, in their order, within the words allowed.
#[must_use]
pub fn extract(text: &str, demand: &Demand) -> String {
    let sentences: Vec<&str> =
        prose::sentences(text).into_iter().filter(|sentence| prose::words(sentence) >= 3).collect();
    let lower: Vec<String> = sentences.iter().map(|sentence| sentence.to_lowercase()).collect();
    let items = items(demand);
    let covers: Vec<Vec<usize>> = sentences
        .iter()
        .zip(&lower)
        .map(|(sentence, lower)| {
            (0..items.len()).filter(|index| items[*index].is_in(sentence, lower)).collect()
        })
        .collect();
    let mut chosen = choose(&sentences, &covers, &items, demand.words);
    chosen.sort_unstable();
    let mut passage = String::new();
    for index in chosen {
        if !passage.is_empty() {
            passage.push(' ');
        }
        passage.push_str(sentences[index].trim_matches('*'));
    }
    if passage.is_empty() {
        passage = first_words(text, demand.words).split_whitespace().collect::<Vec<_>>().join(" ");
    }
    passage
}

/// The beginning of a text, up to so many words. Words are counted as in
/// [`prose::words`], since not every script puts spaces between them, and none
/// counts for more than a few dozen bytes.
fn first_words(text: &str, words: usize) -> &str {
    use unicode_segmentation::UnicodeSegmentation;
    let end = text
        .unicode_word_indices()
        .nth(words)
        .map_or(text.len(), |(at, _)| at)
        .min(words.saturating_mul(24));
    &text[..text.floor_char_boundary(end)]
}

/// Something a synopsis should touch, and what it is worth.
enum Item<'a> {
    Person(&'a [String]),
    Beat(&'a [String]),
    Place(&'a str),
}

impl Item<'_> {
    fn is_in(&self, sentence: &str, lower: &str) -> bool {
        match self {
            Self::Person(names) => {
                names.iter().any(|name| super::character::contains_word(sentence, name))
            }
            Self::Beat(words) => {
                let told = words.iter().filter(|word| lower.contains(stem(word))).count();
                told >= 1.max(words.len() / 3)
            }
            Self::Place(name) => super::character::contains_word(sentence, name),
        }
    }

    fn worth(&self) -> usize {
        match self {
            Self::Beat(_) => 5,
            Self::Person(_) => 4,
            Self::Place(_) => 2,
        }
    }
}

fn items(demand: &Demand) -> Vec<Item<'_>> {
    let beats = demand.beats.iter().map(|words| Item::Beat(words));
    let people = demand.people.iter().map(|names| Item::Person(names));
    let places = demand.places.iter().map(|name| Item::Place(name));
    beats.chain(people).chain(places).collect()
}

/// Takes, again and again, the sentence that adds most for its words; then the
/// chapter's last and first sentences, if there is room.
fn choose(
    sentences: &[&str],
    covers: &[Vec<usize>],
    items: &[Item<'_>],
    words: usize,
) -> Vec<usize> {
    let lengths: Vec<usize> = sentences.iter().map(|sentence| prose::words(sentence)).collect();
    let mut chosen: Vec<usize> = Vec::new();
    let mut covered = vec![false; items.len()];
    let mut room = words;
    loop {
        let best = (0..sentences.len())
            .filter(|index| !chosen.contains(index) && lengths[*index] <= room)
            .map(|index| {
                let worth: usize = covers[index]
                    .iter()
                    .filter(|item| !covered[**item])
                    .map(|item| items[*item].worth())
                    .sum();
                (worth * 1_000 / (lengths[index] + 8), index)
            })
            .filter(|(gain, _)| *gain > 0)
            // Of equal sentences the earlier one.
            .max_by_key(|(gain, index)| (*gain, std::cmp::Reverse(*index)));
        let Some((_, index)) = best else { break };
        for item in &covers[index] {
            covered[*item] = true;
        }
        room -= lengths[index];
        chosen.push(index);
    }
    let spread = [
        sentences.len().checked_sub(1),
        Some(0),
        Some(sentences.len() / 2),
        Some(sentences.len() / 4),
        Some(sentences.len() * 3 / 4),
    ];
    for index in spread.into_iter().flatten() {
        if index < sentences.len() && lengths[index] <= room && !chosen.contains(&index) {
            room -= lengths[index];
            chosen.push(index);
        }
    }
    chosen
}

/// The words of a beat that tell it from others: longer ones that are no names.
fn telling_words(story: &Story, beat: &str) -> Vec<String> {
    use unicode_segmentation::UnicodeSegmentation;
    let names: Vec<String> = story
        .characters
        .iter()
        .flat_map(|character| character.names().flat_map(str::split_whitespace))
        .map(str::to_lowercase)
        .collect();
    beat.unicode_words()
        .map(str::to_lowercase)
        .filter(|word| {
            word.chars().count() >= 5 && !names.iter().any(|name| word.starts_with(name.as_str()))
        })
        .collect()
}

/// The part of a word that its forms share, roughly.
fn stem(word: &str) -> &str {
    let cut = word.char_indices().nth(5).map_or(word.len(), |(at, _)| at);
    &word[..cut]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = "Tell what happens. Name everyone who acts, by name. No opinion.";

    fn demand() -> Demand {
        Demand {
            people: vec![vec!["Ann Grey".into(), "Ann".into()], vec!["Tom".into()]],
            beats: vec![vec!["lantern".into(), "breaks".into()]],
            places: vec!["Mill Lane".into()],
            words: 30,
            language: "en".into(),
        }
    }

    #[test]
    fn lacks_are_named() {
        let good =
            "Ann waits in the yard while Tom drops the lantern and runs from what he has done.";
        assert_eq!(check(good, &demand(), ASKED), []);
        let lacks = check(
            "Somebody waits in the yard for a long time and nothing happens at all.",
            &demand(),
            ASKED,
        );
        assert_eq!(
            lacks,
            [
                Lack::Person("Ann Grey".into()),
                Lack::Person("Tom".into()),
                Lack::Beat("lantern breaks".into())
            ]
        );
        assert_eq!(check("", &demand(), ASKED)[0], Lack::Short);
        let nobody = Demand { people: Vec::new(), beats: Vec::new(), ..demand() };
        let echo = "What happens: name everyone who acts, by NAME, and say what was decided.";
        assert_eq!(check(echo, &nobody, ASKED), [Lack::Echo]);
        let long = "Ann and Tom and the lantern. ".repeat(12);
        assert_eq!(check(&long, &demand(), ASKED), [Lack::Long(32)]);
    }

    #[test]
    fn an_extract_without_sentences_keeps_to_its_words() {
        for (text, expected) in [
            ("a b", "a b"),
            (&"河".repeat(400), &*"河".repeat(30)),
            (&"x".repeat(4_000), &*"x".repeat(720)),
        ] {
            let nobody =
                Demand { people: Vec::new(), beats: Vec::new(), places: Vec::new(), ..demand() };
            assert_eq!(extract(text, &nobody), expected);
        }
    }

    #[test]
    fn an_extract_covers_cast_places_and_beats() {
        let text = "It rained all night. Ann came down Mill Lane with her collar up. Nobody spoke for a while. \
                    Tom dropped the lantern, and it broke on the step. The dog slept. They went in.";
        let synopsis = extract(text, &demand());
        assert_eq!(
            synopsis,
            "It rained all night. Ann came down Mill Lane with her collar up. \
             Tom dropped the lantern, and it broke on the step. The dog slept. They went in."
        );
        assert!(check(&synopsis, &demand(), ASKED).is_empty());
    }
}

//! Texts that stand in for what a model would say: words of the book's own
//! premise, as many as are asked for.

use crate::story::canon::{Fact, Kind, Maker, Record};
use crate::story::{Chapter, Story};

/// Prose of so many words; `salt` tells it from others.
pub(super) fn prose(story: &Story, words: usize, salt: usize) -> String {
    const PARAGRAPH: usize = 80;
    let own: Vec<&str> = story.premise.premise.split_whitespace().collect();
    let mut text = format!("{salt}.");
    for (index, word) in own.iter().cycle().take(words).enumerate() {
        text.push_str(if index % PARAGRAPH == PARAGRAPH - 1 { "\n\n" } else { " " });
        text.push_str(word);
    }
    text
}

/// After so many chapters a new fact takes the place of an old one.
const MATTERS: usize = 24;

/// A record with a synopsis of so many words, and so many facts of each of the
/// chapter's cast.
pub(super) fn record(story: &Story, chapter: &Chapter, words: usize, facts: usize) -> Record {
    let phrase = prose(story, 16, chapter.number).replace('\n', " ");
    let of = |subject: &str, index: usize| Fact {
        subject: subject.to_owned(),
        kind: Kind::State,
        about: format!("matter {} {index}", chapter.number % MATTERS),
        fact: phrase.clone(),
        quote: String::new(),
    };
    let facts = chapter
        .cast()
        .into_iter()
        .flat_map(|id| (0..facts).map(move |index| (id, index)))
        .map(|(id, index)| of(&story[id].id, index))
        .collect();
    let synopsis = prose(story, words, chapter.number).replace('\n', " ");
    Record { chapter: chapter.number, synopsis, maker: Maker::Model, facts }
}

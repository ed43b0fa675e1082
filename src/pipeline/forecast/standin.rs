//! Texts that stand in for what a model would say: words of the book's own
//! premise, as many as are asked for.

use crate::story::canon::{Fact, Kind, Maker, Record};
use crate::story::{Chapter, Story, prose};

/// Prose of so many words, counted as those of a chapter are: in a script without
/// spaces nearly each sign is one. `salt` tells it from others.
pub(super) fn prose(story: &Story, words: usize, salt: usize) -> String {
    const PARAGRAPH: usize = 80;
    let own: Vec<&str> = prose::by_word(&story.premise.premise).collect();
    let mut text = format!("{salt}. ");
    for (index, word) in own.iter().cycle().take(words).enumerate() {
        text.push_str(word);
        if index % PARAGRAPH == PARAGRAPH - 1 {
            text.truncate(text.trim_end().len());
            text.push_str("\n\n");
        } else if index % own.len() == own.len() - 1 {
            // The premise ends without a space, and begins again.
            text.push(' ');
        }
    }
    text.truncate(text.trim_end().len());
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

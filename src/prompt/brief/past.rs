//! What accepted chapters have left behind: passages of the story so far, and the
//! state of people and places.

use std::collections::BTreeMap;

use crate::chat::Tokenizer;
use crate::prompt::memory::{Passage, Shape, Span};
use crate::prompt::view::{PassageView, StateView};
use crate::story::canon::{Canon, Kind, Record};
use crate::story::{Chapter, Story};

/// What accepted chapters have left behind, as far as a prompt may draw on it.
#[derive(Clone, Copy)]
pub struct Past<'a> {
    /// The record of each chapter, by number.
    pub records: &'a BTreeMap<usize, Record>,
    /// The passages that stand for several chapters.
    pub folds: &'a BTreeMap<Span, String>,
    /// The canon up to this chapter.
    pub canon: &'a Canon,
    /// How synopses are grouped.
    pub shape: Shape,
}

/// The passages for the chapters before `number`: folds, then synopses.
pub(super) fn so_far(
    story: &Story,
    number: usize,
    past: &Past<'_>,
) -> (Vec<PassageView>, Vec<PassageView>) {
    let (mut folds, mut synopses) = (Vec::new(), Vec::new());
    for part in past.shape.passages(number.saturating_sub(1)) {
        let Some(view) = passage(story, part, past) else { continue };
        match part {
            Passage::Fold(_) => folds.push(view),
            Passage::Synopsis(_) => synopses.push(view),
        }
    }
    (folds, synopses)
}

pub(super) fn passage(story: &Story, part: Passage, past: &Past<'_>) -> Option<PassageView> {
    Some(match part {
        Passage::Fold(span) => PassageView {
            from: span.from,
            to: span.to,
            title: String::new(),
            text: past.folds.get(&span)?.clone(),
        },
        Passage::Synopsis(number) => PassageView {
            from: number,
            to: number,
            title: story.chapter(number)?.title.clone(),
            text: past.records.get(&number)?.synopsis.trim().to_owned(),
        },
    })
}

/// What holds of the cast and the places, newest facts first to stay, within
/// `room` tokens shared evenly; of those nobody has told of yet, the bible's start.
pub(super) fn states(
    story: &Story,
    chapter: &Chapter,
    canon: &Canon,
    room: usize,
    tokenizer: &dyn Tokenizer,
) -> Vec<StateView> {
    let people = chapter.cast().into_iter().map(|id| {
        let character = &story[id];
        let start = character
            .starts_at
            .map(|place| story[place].name.clone())
            .into_iter()
            .chain(character.starts_as.clone())
            .collect();
        (&character.id, &character.name, start)
    });
    let places =
        chapter.places().into_iter().map(|id| (&story[id].id, &story[id].name, Vec::new()));
    let subjects: Vec<(&String, &String, Vec<String>)> = people.chain(places).collect();
    let each = room / subjects.len().max(1);
    subjects
        .into_iter()
        .filter_map(|(id, name, start)| {
            let mut left = each;
            let mut facts = Vec::new();
            // Some models name people instead of giving the id.
            let by_name = canon.of(name).filter(|_| name != id);
            let mut known: Vec<_> =
                canon.of(id).chain(by_name).filter(|one| one.fact.kind != Kind::Event).collect();
            known.sort_by_key(|one| one.chapter);
            for one in known.into_iter().rev() {
                let phrase = format!("{}: {}", one.fact.about, one.fact.fact);
                let tokens = tokenizer.text(&phrase) + 2;
                if tokens > left {
                    break;
                }
                left -= tokens;
                facts.push(phrase);
            }
            facts.reverse();
            let initial = facts.is_empty();
            let facts = if initial { start } else { facts };
            (!facts.is_empty()).then(|| StateView { name: name.clone(), initial, facts })
        })
        .collect()
}

//! What accepted chapters have left behind: passages of the story so far.

use std::collections::BTreeMap;

use crate::prompt::memory::{Passage, Shape, Span};
use crate::prompt::view::PassageView;
use crate::story::Story;
use crate::story::canon::{Canon, Record};

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

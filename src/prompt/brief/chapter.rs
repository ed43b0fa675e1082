//! What the outline says of a chapter: its scenes, its places, the threads due in it.

use crate::prompt::view::{ChapterView, PlaceView, SceneView, ThreadView, WayView};
use crate::story::{Chapter, Id, Place, Scene, Story};

pub(super) fn chapter_view(story: &Story, chapter: &Chapter) -> ChapterView {
    ChapterView {
        number: chapter.number,
        of: story.chapters.len(),
        title: chapter.title.clone(),
        summary: chapter.summary.clone(),
        words: chapter.words,
    }
}

pub(super) fn scene_view(story: &Story, scene: &Scene, number: usize) -> SceneView {
    let language = story.book.primary_language();
    SceneView {
        number,
        summary: scene.summary.clone(),
        pov: scene.pov.as_ref().map(|pov| story[pov.value].name.clone()),
        place: scene.place.map(|place| story[place].name.clone()),
        date: scene.date.as_ref().map(|date| story.calendar.describe(date.value, &language)),
        time: scene.time.clone(),
        flashback: scene.flashback,
        cast: scene.cast.iter().map(|id| story[*id].name.clone()).collect(),
        happens: scene
            .beats
            .iter()
            .map(|id| story[*id].beat.clone())
            .chain(scene.happens.iter().cloned())
            .collect(),
        goal: scene.goal.clone(),
        conflict: scene.conflict.clone(),
        outcome: scene.outcome.clone(),
        words: scene.words,
    }
}

pub(super) fn places(story: &Story, chapter: &Chapter) -> Vec<PlaceView> {
    let here = chapter.places();
    here.iter()
        .map(|id| {
            let place = &story[*id];
            PlaceView {
                name: place.name.clone(),
                description: place.description.clone(),
                ways: ways(story, *id, &here),
            }
        })
        .collect()
}

/// The ways from a place to the other places of the chapter.
fn ways(story: &Story, from: Id<Place>, here: &[Id<Place>]) -> Vec<WayView> {
    story[from]
        .travel
        .iter()
        .filter(|way| here.contains(&way.to))
        .map(|way| WayView {
            to: story[way.to].name.clone(),
            takes: way.takes.clone(),
            by: way.by.clone(),
        })
        .collect()
}

pub(super) fn threads(story: &Story, chapter: &Chapter) -> Vec<ThreadView> {
    story
        .threads
        .iter()
        .filter(|thread| (thread.planted..=thread.paid_off_by).contains(&chapter.number))
        .map(|thread| {
            let pay_off = thread.paid_off_by == chapter.number;
            ThreadView {
                text: thread.thread.clone(),
                plant: thread.planted == chapter.number,
                pay_off,
                payoff: thread.payoff.clone().filter(|_| pay_off),
            }
        })
        .collect()
}

//! The scenes as they are told, and where each beat happens in them.

use std::fmt;

use crate::diagnostic::Place as Site;
use crate::story::{Beat, Chapter, Character, Date, Id, Scene, Story};

/// A scene and where it stands in the book.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    /// Its chapter.
    pub chapter: &'a Chapter,
    /// Its place in the chapter, from 1.
    pub number: usize,
    /// The scene.
    pub scene: &'a Scene,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chapter {}", self.chapter.number)?;
        if self.chapter.scenes.len() > 1 {
            write!(f, ", scene {}", self.number)?;
        }
        Ok(())
    }
}

impl Told<'_> {
    /// Where the author wrote the scene's time; else the scene.
    pub fn time_site(&self) -> &Site {
        self.scene.time_site.as_ref().unwrap_or(&self.scene.site)
    }

    /// Minutes since the calendar's first day, where date and clock are given.
    pub fn instant(&self, story: &Story) -> Option<i64> {
        let date = self.scene.date.as_ref()?.value;
        let clock = self.scene.clock()?;
        Some(story.calendar.day_number(date) * 24 * 60 + i64::from(clock))
    }
}

/// Whether a scene is told before another.
pub(super) fn is_before(one: &Told<'_>, other: &Told<'_>) -> bool {
    (one.chapter.number, one.number) < (other.chapter.number, other.number)
}

/// All scenes in the order in which they are told.
pub(super) fn scenes(story: &Story) -> impl Iterator<Item = Told<'_>> {
    story.chapters.iter().flat_map(|chapter| {
        chapter.scenes.iter().enumerate().map(move |(index, scene)| Told {
            chapter,
            number: index + 1,
            scene,
        })
    })
}

/// A beat happening.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happening<'a> {
    /// The scene in which it happens.
    pub told: Told<'a>,
    /// Where the author wrote so.
    pub site: &'a Site,
    /// Its place among all happenings of the book.
    pub order: usize,
}

/// Where each beat happens, by the position of the beat, in the order told.
pub(super) fn happenings(story: &Story) -> Vec<Vec<Happening<'_>>> {
    let mut all = vec![Vec::new(); story.beats.len()];
    let each = scenes(story).flat_map(|told| {
        let beats = told.scene.beats.iter().zip(&told.scene.beat_sites);
        beats.map(move |(beat, site)| (told, beat, site))
    });
    for (order, (told, beat, site)) in each.enumerate() {
        if let Some(happenings) = all.get_mut(beat.index()) {
            happenings.push(Happening { told, site, order });
        }
    }
    all
}

/// Where a beat happens first.
pub(super) fn first<'a>(
    happenings: &[Vec<Happening<'a>>],
    beat: Id<Beat>,
) -> Option<Happening<'a>> {
    happenings.get(beat.index())?.first().copied()
}

/// The dates on which each character is in a scene, by the position of the
/// character.
pub(super) fn dates(story: &Story) -> Vec<Vec<(Date, Told<'_>)>> {
    let mut all = vec![Vec::new(); story.characters.len()];
    for (character, told) in appearances(story) {
        if let (Some(dates), Some(date)) = (all.get_mut(character.index()), &told.scene.date) {
            dates.push((date.value, told));
        }
    }
    all
}

/// The scenes with a place and a time to the minute in which each character
/// is, in the order of that time, by the position of the character.
pub(super) fn journeys(story: &Story) -> Vec<Vec<(i64, Told<'_>)>> {
    let mut all = vec![Vec::new(); story.characters.len()];
    for (character, told) in appearances(story) {
        if let (Some(journey), Some(instant), Some(_)) =
            (all.get_mut(character.index()), told.instant(story), told.scene.place)
        {
            journey.push((instant, told));
        }
    }
    for journey in &mut all {
        journey.sort_by_key(|(instant, _)| *instant);
    }
    all
}

fn appearances(story: &Story) -> impl Iterator<Item = (Id<Character>, Told<'_>)> {
    scenes(story).flat_map(|told| told.scene.cast.iter().map(move |character| (*character, told)))
}

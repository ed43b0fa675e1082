//! The outline: parts, chapters, scenes.

use super::{BeatNames, CharacterNames, Files, PlaceNames, figures, malformed, world};
use crate::diagnostic::{Finding, Place as Site};
use crate::project::schema::{ChapterShape, OutlineFile, SceneShape};
use crate::project::yaml::Placed;
use crate::story::outline::clock;
use crate::story::{Beat, Calendar, Chapter, Character, Id, Part, Scene, Sited, slug};

/// What the outline may refer to.
pub(super) struct Lookup<'a> {
    pub calendar: &'a Calendar,
    pub characters: &'a CharacterNames,
    pub places: &'a PlaceNames,
    pub beats: &'a BeatNames,
    pub default_words: u32,
}

/// All parts and all chapters, numbered from 1.
pub(super) fn outline(
    files: Files<OutlineFile>,
    lookup: &Lookup<'_>,
    findings: &mut Vec<Finding>,
) -> (Vec<Part>, Vec<Chapter>) {
    let (mut parts, mut chapters) = (Vec::new(), Vec::<Chapter>::new());
    let is_whole = files.is_whole();
    let first_file = files.read.first().map(|(file, _)| file.clone());
    for (file, shape) in files.read {
        let mut reader = Reader { file: &file, lookup, findings: &mut *findings };
        for part in shape.parts {
            parts.push(Part { title: part.title, first: chapters.len() + 1 });
            for chapter in part.chapters {
                let chapter = reader.chapter(chapter, &chapters);
                chapters.push(chapter);
            }
        }
        for chapter in shape.chapters {
            let chapter = reader.chapter(chapter, &chapters);
            chapters.push(chapter);
        }
    }
    if let (true, true, Some(file)) = (chapters.is_empty(), is_whole, first_file) {
        findings.push(
            Finding::error("no-chapters", Site::file(file), "the outline has no chapters")
                .hint("give it at least one, under `chapters:` or in a part of `parts:`"),
        );
    }
    (parts, chapters)
}

struct Reader<'a> {
    file: &'a str,
    lookup: &'a Lookup<'a>,
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn chapter(&mut self, mut shape: ChapterShape, earlier: &[Chapter]) -> Chapter {
        let number = earlier.len() + 1;
        figures::of_chapter(self.file, &shape, self.findings);
        let id = self.chapter_id(&shape, earlier, number);
        let site = Site::at(self.file, shape.id.as_ref().map_or(shape.title.spot, |id| id.spot));
        let mut scene_shapes = std::mem::take(&mut shape.scenes);
        let words = chapter_words(&shape, &scene_shapes, self.lookup.default_words);
        let scenes = if scene_shapes.is_empty() {
            vec![self.scene(whole_chapter(&mut shape), None, site.clone(), words)]
        } else {
            self.refuse_beats(&shape);
            let even = share_of_words(words, &scene_shapes);
            if let Some(first) = scene_shapes.first_mut() {
                // Refused above; taken to happen here, so that they are not missing too.
                first.value.beats.append(&mut shape.beats);
            }
            let mut scenes = Vec::new();
            for one in scene_shapes {
                let words = one.value.words.as_ref().map_or(even, |words| words.value);
                let site =
                    Site::at(self.file, one.value.id.as_ref().map_or(one.spot, |id| id.spot));
                scenes.push(self.scene(one.value, Some(&shape), site, words));
                start_only(&mut shape);
            }
            scenes
        };
        Chapter {
            id,
            site,
            number,
            title: shape.title.value,
            summary: shape.summary,
            words,
            scenes,
        }
    }

    /// The given id, or one made from the title; unique in the book.
    fn chapter_id(&mut self, shape: &ChapterShape, earlier: &[Chapter], number: usize) -> String {
        let taken = |id: &str| earlier.iter().find(|chapter| chapter.id == id);
        let Some(given) = &shape.id else {
            let made =
                slug::slug(&shape.title.value).unwrap_or_else(|| format!("chapter-{number}"));
            return if taken(&made).is_none() {
                made
            } else {
                format!("{}-{number}", made.chars().take(50).collect::<String>())
            };
        };
        if !slug::is_id(&given.value) {
            self.findings.push(malformed("chapter", self.file, given));
        }
        if let Some(other) = taken(&given.value) {
            self.findings.push(
                Finding::error(
                    "duplicate-id",
                    Site::at(self.file, given.spot),
                    format!("chapter {} already has the id `{}`", other.number, given.value),
                )
                .hint("give each chapter its own id"),
            );
        }
        given.value.clone()
    }

    /// Beats stand at the scenes, or at a chapter without scenes.
    fn refuse_beats(&mut self, shape: &ChapterShape) {
        for beat in &shape.beats {
            self.findings.push(
                Finding::error(
                    "beat-outside-scenes",
                    Site::at(self.file, beat.spot),
                    format!("the beat `{}` stands at a chapter that has scenes", beat.value),
                )
                .hint("move it into the scene in which it happens"),
            );
        }
    }

    /// A scene; what it does not say of pov, place, date, time and cast it takes from `chapter`.
    fn scene(
        &mut self,
        shape: SceneShape,
        chapter: Option<&ChapterShape>,
        site: Site,
        words: u32,
    ) -> Scene {
        let (file, lookup) = (self.file, self.lookup);
        let inherited =
            |own: Option<Placed<String>>, outer: fn(&ChapterShape) -> &Option<Placed<String>>| {
                own.or_else(|| chapter.and_then(|chapter| outer(chapter).clone()))
            };
        let pov = inherited(shape.pov, |chapter| &chapter.pov);
        let place = inherited(shape.place, |chapter| &chapter.place);
        let date = inherited(shape.date, |chapter| &chapter.date);
        let time = inherited(shape.time, |chapter| &chapter.time);
        let named = match chapter {
            Some(chapter) if shape.cast.is_empty() => &chapter.cast,
            _ => &shape.cast,
        };
        let pov = pov.and_then(|pov| {
            Some(Sited {
                value: lookup.characters.find(file, &pov, self.findings)?,
                site: Site::at(file, pov.spot),
            })
        });
        let cast = self.cast(named, pov.as_ref());
        let (beats, beat_sites) = self.beats(&shape.beats);
        Scene {
            id: shape.id.map(|id| {
                if !slug::is_id(&id.value) {
                    self.findings.push(malformed("scene", file, &id));
                }
                id.value
            }),
            site,
            summary: shape.summary,
            words,
            pov,
            place: place.and_then(|place| lookup.places.find(file, &place, self.findings)),
            date: date.and_then(|date| {
                Some(Sited {
                    value: world::date(lookup.calendar, file, &date, self.findings)?,
                    site: Site::at(file, date.spot),
                })
            }),
            time_site: time.as_ref().map(|time| Site::at(file, time.spot)),
            time: time.map(|time| time.value),
            flashback: shape
                .flashback
                .or_else(|| chapter.and_then(|chapter| chapter.flashback))
                .unwrap_or(false),
            cast,
            beats,
            beat_sites,
            happens: shape.happens,
            goal: shape.goal,
            conflict: shape.conflict,
            outcome: shape.outcome,
        }
    }

    /// Who is there. A name that nobody has may be meant to be the point of
    /// view's: that one is then taken to be there, so that one slip is one finding.
    fn cast(
        &mut self,
        named: &[Placed<String>],
        pov: Option<&Sited<Id<Character>>>,
    ) -> Vec<Id<Character>> {
        let mut cast = self.lookup.characters.find_all(self.file, named, self.findings);
        if let Some(pov) = pov
            && cast.len() < named.len()
            && !cast.contains(&pov.value)
        {
            cast.push(pov.value);
        }
        cast
    }

    /// The beats that happen, and where the author wrote each.
    fn beats(&mut self, named: &[Placed<String>]) -> (Vec<Id<Beat>>, Vec<Site>) {
        named
            .iter()
            .filter_map(|beat| {
                let found = self.lookup.beats.find(self.file, beat, self.findings)?;
                Some((found, Site::at(self.file, beat.spot)))
            })
            .unzip()
    }
}

/// A chapter without scenes, as the one scene it is.
fn whole_chapter(chapter: &mut ChapterShape) -> SceneShape {
    SceneShape {
        id: None,
        summary: None,
        words: None,
        pov: chapter.pov.take(),
        place: chapter.place.take(),
        date: chapter.date.take(),
        time: chapter.time.take(),
        flashback: chapter.flashback,
        cast: std::mem::take(&mut chapter.cast),
        beats: std::mem::take(&mut chapter.beats),
        happens: std::mem::take(&mut chapter.happens),
        goal: chapter.goal.take(),
        conflict: chapter.conflict.take(),
        outcome: chapter.outcome.take(),
    }
}

/// After its first scene a chapter's clock has run on: a time such as `08:30`
/// holds for the first scene only, one in words (`morning`) for all.
fn start_only(chapter: &mut ChapterShape) {
    if chapter.time.as_ref().is_some_and(|time| clock(&time.value).is_some()) {
        chapter.time = None;
    }
}

/// The chapter's own target, else the sum of its scenes' if all have one, else the book's.
fn chapter_words(shape: &ChapterShape, scenes: &[Placed<SceneShape>], default: u32) -> u32 {
    if let Some(words) = &shape.words {
        return words.value;
    }
    let given: Option<Vec<u32>> =
        scenes.iter().map(|scene| scene.value.words.as_ref().map(|words| words.value)).collect();
    match given {
        Some(given) if !given.is_empty() => given.into_iter().fold(0, u32::saturating_add),
        _ => default,
    }
}

/// The fewest words of a scene that has something to tell.
const PASSAGE: u32 = 150;

/// An even share of the words that scenes with targets leave to the others; where
/// they leave too little, still a passage's worth, or an even share of them all.
fn share_of_words(words: u32, scenes: &[Placed<SceneShape>]) -> u32 {
    let given: u32 = scenes
        .iter()
        .filter_map(|scene| scene.value.words.as_ref())
        .fold(0, |sum, words| sum.saturating_add(words.value));
    let open = scenes.iter().filter(|scene| scene.value.words.is_none()).count();
    match u32::try_from(open) {
        Ok(open) if open > 0 => {
            let even = words / u32::try_from(scenes.len()).unwrap_or(open);
            (words.saturating_sub(given) / open).max(even.min(PASSAGE))
        }
        _ => 0,
    }
}

//! Arcs, threads and commitments.

use super::{BeatNames, CharacterNames, Files, Names};
use crate::diagnostic::{Finding, Place as Site, did_you_mean};
use crate::project::schema::{
    ArcsFile, ChapterReference, CommitmentKindShape, CommitmentShape, ThreadShape, ThreadsFile,
};
use crate::project::yaml::Placed;
use crate::story::{Arc, Beat, Chapter, Commitment, Id, Promise, Thread};

/// The chapters that threads and commitments may refer to.
pub(super) struct ChapterNames<'a> {
    pub chapters: &'a [Chapter],
    /// Whether all of the outline could be read. Where it could not, neither
    /// numbers nor ids can be told right from wrong.
    pub complete: bool,
}

/// The ids of all beats.
pub(super) fn beat_names(files: &Files<ArcsFile>, findings: &mut Vec<Finding>) -> BeatNames {
    let mut names = BeatNames::new("beat", files);
    for (file, shape) in &files.read {
        for beat in shape.arcs.iter().flat_map(|arc| &arc.beats) {
            names.declare(file, &beat.id, findings);
        }
    }
    names
}

/// All arcs and all their beats.
pub(super) fn arcs(
    files: Files<ArcsFile>,
    characters: &CharacterNames,
    beat_names: &BeatNames,
    findings: &mut Vec<Finding>,
) -> (Vec<Arc>, Vec<Beat>) {
    debug_assert_eq!(
        beat_names.ids.len(),
        files
            .read
            .iter()
            .flat_map(|(_, file)| &file.arcs)
            .map(|arc| arc.beats.len())
            .sum::<usize>()
    );
    let mut names = Names::<Arc>::new("arc", &files);
    let (mut arcs, mut beats) = (Vec::new(), Vec::new());
    for (file, shape) in files.read {
        for arc in shape.arcs {
            names.declare(&file, &arc.id, findings);
            let arc_id = Id::new(arcs.len());
            let first = beats.len();
            for beat in arc.beats {
                let tension = beat.tension.and_then(|tension| {
                    let fits = u8::try_from(tension.value).ok().filter(|value| *value <= 10);
                    if fits.is_none() {
                        findings.push(Finding::error(
                            "tension",
                            Site::at(&file, tension.spot),
                            format!("tension goes from 0 to 10, here is {}", tension.value),
                        ));
                    }
                    fits
                });
                beats.push(Beat {
                    site: Site::at(&file, beat.id.spot),
                    id: beat.id.value,
                    arc: arc_id,
                    beat: beat.beat,
                    tension,
                });
            }
            arcs.push(Arc {
                id: arc.id.value,
                name: arc.name,
                character: arc
                    .character
                    .and_then(|character| characters.find(&file, &character, findings)),
                description: arc.description,
                beats: (first..beats.len()).map(Id::new).collect(),
            });
        }
    }
    (arcs, beats)
}

/// All threads and commitments.
pub(super) fn threads(
    files: Files<ThreadsFile>,
    chapters: &ChapterNames<'_>,
    beats: &BeatNames,
    findings: &mut Vec<Finding>,
) -> (Vec<Thread>, Vec<Commitment>) {
    let mut thread_names = Names::<Thread>::new("thread", &files);
    let mut commitment_names = Names::<Commitment>::new("commitment", &files);
    let (mut threads, mut commitments) = (Vec::new(), Vec::new());
    // What is taken out of a commitment is a finding already, and not lacking.
    let is_whole = files.is_whole();
    for (file, shape) in files.read {
        for thread in shape.threads {
            thread_names.declare(&file, &thread.id, findings);
            threads.extend(read_thread(&file, thread, chapters, findings));
        }
        for commitment in shape.commitments {
            commitment_names.declare(&file, &commitment.id, findings);
            commitments
                .extend(read_commitment(&file, commitment, is_whole, chapters, beats, findings));
        }
    }
    (threads, commitments)
}

fn read_thread(
    file: &str,
    shape: ThreadShape,
    chapters: &ChapterNames<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Thread> {
    let planted = chapter(file, &shape.planted, chapters, findings);
    let paid_off_by = chapter(file, &shape.paid_off_by, chapters, findings);
    Some(Thread {
        site: Site::at(file, shape.id.spot),
        id: shape.id.value,
        thread: shape.thread,
        planted: planted?,
        paid_off_by: paid_off_by?,
        paid_off_site: Site::at(file, shape.paid_off_by.spot),
        payoff: shape.payoff,
    })
}

fn read_commitment(
    file: &str,
    shape: CommitmentShape,
    is_whole: bool,
    chapters: &ChapterNames<'_>,
    beats: &BeatNames,
    findings: &mut Vec<Finding>,
) -> Option<Commitment> {
    let site = Site::at(file, shape.id.spot);
    let bound_site = bound_site(file, &shape).unwrap_or_else(|| site.clone());
    let lacking = |kind: &str, keys: &str| {
        let message = format!("{kind} needs {keys}");
        is_whole.then(|| Finding::error("missing-key", site.clone(), message))
    };
    let promise = match shape.kind.value {
        CommitmentKindShape::Invariant => {
            let mut bound = |given: &Option<Placed<ChapterReference>>, default| match given {
                Some(given) => chapter(file, given, chapters, findings),
                None => chapters.complete.then_some(default),
            };
            let (from, until) =
                (bound(&shape.from, 1), bound(&shape.until, chapters.chapters.len()));
            Promise::Invariant { from: from?, until: until? }
        }
        CommitmentKindShape::Ordering => {
            let (Some(first), Some(then)) = (&shape.first, &shape.then) else {
                findings.extend(lacking("an ordering", "`first` and `then`, ids of beats"));
                return None;
            };
            let (first, then) =
                (beats.find(file, first, findings), beats.find(file, then, findings));
            Promise::Ordering { first: first?, then: then? }
        }
        CommitmentKindShape::Achievement => {
            let Some(by) = &shape.by else {
                findings.extend(lacking("an achievement", "`by`, a chapter"));
                return None;
            };
            Promise::Achievement { by: chapter(file, by, chapters, findings)? }
        }
    };
    Some(Commitment { site, id: shape.id.value, statement: shape.statement, promise, bound_site })
}

fn bound_site(file: &str, shape: &CommitmentShape) -> Option<Site> {
    let spot = match shape.kind.value {
        CommitmentKindShape::Invariant => shape.until.as_ref().or(shape.from.as_ref())?.spot,
        CommitmentKindShape::Ordering => shape.then.as_ref()?.spot,
        CommitmentKindShape::Achievement => shape.by.as_ref()?.spot,
    };
    Some(Site::at(file, spot))
}

/// The number of the chapter that a file refers to by number or id.
fn chapter(
    file: &str,
    wanted: &Placed<ChapterReference>,
    chapters: &ChapterNames<'_>,
    findings: &mut Vec<Finding>,
) -> Option<usize> {
    let text = wanted.value.0.trim();
    let all = chapters.chapters;
    // Where the outline is not there or not whole, that is the finding.
    if !chapters.complete || all.is_empty() {
        return None;
    }
    let found = match text.parse::<usize>() {
        Ok(number) => all.get(number.wrapping_sub(1)),
        Err(_) => all.iter().find(|chapter| chapter.id == text),
    };
    if found.is_none() {
        findings.push(
            Finding::error(
                "unknown-chapter",
                Site::at(file, wanted.spot),
                format!("the outline has no chapter `{text}`"),
            )
            .hint(
                did_you_mean(text, all.iter().map(|chapter| chapter.id.as_str()))
                    .unwrap_or_else(|| format!("its chapters are 1 to {}", all.len())),
            ),
        );
    }
    found.map(|chapter| chapter.number)
}

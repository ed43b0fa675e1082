//! Figures and clock times that can be meant.

use std::ops::RangeInclusive;

use crate::diagnostic::{Finding, Place as Site};
use crate::money::figure;
use crate::project::schema::{BookFile, ChapterShape};
use crate::project::yaml::Placed;
use crate::story::outline::clock;

/// Words of a chapter or scene.
const WORDS: RangeInclusive<u32> = 1..=100_000;

/// What `storygen.yaml` says of lengths and limits.
pub(super) fn of_book(file: &str, book: &BookFile, findings: &mut Vec<Finding>) {
    let mut look = |name, figure: Option<&Placed<u32>>, range| {
        findings.extend(figure.and_then(|figure| outside(file, name, figure, range)));
    };
    if let Some(targets) = &book.targets {
        look("chapter_words", targets.chapter_words.as_ref(), &(20..=100_000));
        look("synopsis_words", targets.synopsis_words.as_ref(), &(20..=1_000));
    }
    if let Some(limits) = &book.limits {
        // Nothing can be asked in less.
        look("window", limits.window.as_ref(), &(1_000..=100_000_000));
        look("reply_tokens", limits.reply_tokens.as_ref(), &(32..=10_000_000));
        look("redraws", limits.redraws.as_ref(), &(0..=100));
        look("continuations", limits.continuations.as_ref(), &(0..=1_000));
        findings.extend(limits.budget.as_ref().and_then(|budget| no_budget(file, budget)));
    }
}

/// The words and times of a chapter and its scenes.
pub(super) fn of_chapter(file: &str, chapter: &ChapterShape, findings: &mut Vec<Finding>) {
    let scenes = || chapter.scenes.iter().map(|scene| &scene.value);
    let words = std::iter::once(&chapter.words).chain(scenes().map(|scene| &scene.words));
    findings.extend(words.flatten().filter_map(|words| outside(file, "words", words, &WORDS)));
    let times = std::iter::once(&chapter.time).chain(scenes().map(|scene| &scene.time));
    findings.extend(times.flatten().filter_map(|time| no_time(file, time)));
}

fn outside(
    file: &str,
    name: &str,
    figure: &Placed<u32>,
    range: &RangeInclusive<u32>,
) -> Option<Finding> {
    if range.contains(&figure.value) {
        return None;
    }
    let message = format!(
        "`{name}` must be a whole number from {} to {}, here is {}",
        range.start(),
        range.end(),
        figure.value
    );
    Some(
        Finding::error("number-out-of-range", Site::at(file, figure.spot), message)
            .hint(format!("write one in that range, or leave `{name}` out")),
    )
}

/// A budget is an amount of money, and one that a book can cost.
fn no_budget(file: &str, budget: &Placed<f64>) -> Option<Finding> {
    if (0.0..=1e6).contains(&budget.value) {
        return None;
    }
    let here = figure(budget.value);
    let message = format!("`budget` must be dollars from 0 to 1000000, here is {here}");
    Some(
        Finding::error("number-out-of-range", Site::at(file, budget.spot), message)
            .hint("write the most that the book may cost, such as `2.50`, or leave `budget` out"),
    )
}

/// A time may be said in words; one in figures has to be on the clock.
fn no_time(file: &str, time: &Placed<String>) -> Option<Finding> {
    let text = time.value.trim();
    let is_figures = text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    if !is_figures || clock(text).is_some() {
        return None;
    }
    let message = format!("`{text}` is no time of day");
    Some(
        Finding::error("time", Site::at(file, time.spot), message)
            .hint("write it as `HH:MM`, from `00:00` to `23:59`, or in words"),
    )
}

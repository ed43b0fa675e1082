//! Joining a reply to the text.

use std::collections::HashSet;

use super::hearing::as_if;
use super::{Drawing, Heading};
use crate::phrases::common_words;
use crate::project::calls::{Ending, Kept};
use crate::prompt::tokens::is_common;
use crate::story::prose::{Common, Words};
use crate::story::take::watch::{Front, Reason, Verdict, across, after_opening, before_closing};
use crate::story::{prose, take};

impl Drawing<'_> {
    /// Joins what is good of a reply to the text; gives how many words it added.
    pub(super) fn take_in(
        &mut self,
        kept: &Kept,
        is_continuation: bool,
        after_whole: bool,
    ) -> usize {
        let before = prose::words(&self.text);
        let title = &self.sitting.task.chapter.title;
        let good = good(kept);
        let is_inside = !after_whole && prose::is_open(&self.text);
        let reply = match is_continuation {
            true if is_inside => said_inside(kept, good),
            true => take::after_word(take::without_thoughts(good)),
            false => take::without_thoughts(good),
        };
        let has_word = reply.trim().len() < take::without_thoughts(good).trim().len();
        let signs = self.sitting.guard.signs();
        let ends = as_if(kept.ending, kept.verdict.as_ref()) == Ending::Stop;
        let is_begun = is_continuation && take::is_begun(&self.text, title);
        if is_continuation {
            let reply = before_closing(after_opening(reply, signs, false), signs);
            let piece = take::strip_continuation(reply, title, ends);
            if !ends && take::is_tag_begun(&piece) {
                // What stands between the tags never came.
                return 0;
            }
            let piece = parted(good, &piece, &self.text);
            if !ends && prose::is_begun_again(&self.text, &piece) {
                return 0;
            }
            let is_wrapped = has_word || begins_wrapped(good, &piece);
            let is_exact = self.line.provider.facts().prefill && !is_wrapped;
            if is_exact && !after_whole {
                self.go_on_with(good, &piece);
            } else {
                self.join(&piece, after_whole);
            }
            if is_begun {
                self.begin_with(&self.text.clone(), ends);
            }
        } else {
            self.begin_with(reply, ends);
            if !ends && self.is_unbegun() {
                self.text.clear();
                self.heading = None;
            }
        }
        prose::words(&self.text).saturating_sub(before)
    }

    /// Takes the prose of a reply for the beginning of the text, and keeps in mind what
    /// heading of it goes, should it turn out to be the first of several.
    fn begin_with(&mut self, reply: &str, ends: bool) {
        let (signs, terms) = (self.sitting.guard.signs(), self.terms());
        let reply = take::without_thoughts(reply);
        // A machine in the story may open it with what else is the model's.
        let all = self.is_last && !terms.has_machines;
        let begun = before_closing(after_opening(reply, signs, all), signs);
        let Front { kept, rest } = Front::of(begun, &terms);
        let rest = if rest.len() < begun.len() { after_opening(rest, signs, all) } else { rest };
        let strip = if ends { take::strip } else { take::strip_cut };
        let prose = strip(rest, &terms.title);
        let mut text = prose::clean(&kept);
        if !text.is_empty() && !prose.is_empty() {
            text.push_str("\n\n");
        }
        let heading = take::first_heading(reply, &prose, &terms.title);
        self.heading = heading.map(|line| Heading { at: text.len(), line });
        self.text = text + &prose;
    }

    /// Whether a text that was cut is half of what is wrapped round prose, and better
    /// drawn anew than gone on from. A model that says the next token goes on with its
    /// title or its word to the reader, which then comes off; one that is asked to go
    /// on begins its story behind it.
    fn is_unbegun(&self) -> bool {
        let is_exact = self.line.provider.facts().prefill;
        let is_begun = take::is_begun(&self.text, &self.sitting.task.chapter.title);
        !self.is_last && is_begun && (!is_exact || take::is_tag_begun(&self.text))
    }

    /// Goes on with what a model has said token by token: there is nothing to trim
    /// where it begins.
    fn go_on_with(&mut self, good: &str, piece: &str) {
        let cleaned = prose::clean(good);
        let (text, said) = (cleaned.trim_start(), piece.trim_start());
        let lead = &cleaned[..cleaned.len() - text.len()];
        // What looks like a heading in the middle of a sentence is none.
        let piece = if text.starts_with(said) { format!("{lead}{said}") } else { cleaned };
        let is_bare = |c: char| !c.is_whitespace();
        // The sentence before it had ended, whatever the tokens were.
        let was_stopped = self.verdict.is_some();
        self.text = if was_stopped && self.text.ends_with(is_bare) && piece.starts_with(is_bare) {
            prose::spoken_on(&self.text, &piece)
        } else {
            prose::continued(&self.text, &piece)
        };
    }

    /// Goes on with what a model has said when it was asked to.
    fn join(&mut self, piece: &str, after_whole: bool) {
        if after_whole {
            self.text.truncate(self.text.trim_end().len());
            self.text.push_str("\n\n");
        }
        let language = self.sitting.materials.story.book.primary_language();
        let common = match &*language {
            "en" => Common::Asked(is_common),
            other => Common::Listed(common_words(other)),
        };
        let words = Words::new(self.known_words(), common).of_language(&language);
        self.text = prose::join(&self.text, piece, &words);
    }

    /// Cuts off what must not stand where the last reply was joined to the text
    /// before it; says what that was.
    pub(super) fn cut_across(&mut self, before: &str, ending: Ending) -> Option<Verdict> {
        let same = before.char_indices().zip(self.text.chars());
        let seam = same.take_while(|((_, a), b)| a == b).last();
        let seam = seam.map_or(0, |((at, c), _)| at + c.len_utf8());
        let mut terms = self.terms();
        if self.is_last_part() {
            terms.bans = None;
        }
        let verdict = across(&self.text, seam, terms, ending == Ending::Stop)?;
        self.text.truncate(with_break(&self.text, verdict.keep));
        Some(verdict)
    }

    fn known_words(&self) -> HashSet<String> {
        let story = self.sitting.materials.story;
        let mut known = prose::vocabulary_of_cut(&self.text);
        known.extend(prose::vocabulary(
            story
                .characters
                .iter()
                .flat_map(crate::story::Character::names)
                .chain(story.places.iter().map(|place| place.name.as_str()))
                .chain([story.premise.premise.as_str()])
                .chain(self.sitting.materials.previous),
        ));
        known
    }
}

/// Whether a model that was to go on with the next token has set something before
/// its words: thoughts, a fence, a heading, a word to the reader.
fn begins_wrapped(good: &str, piece: &str) -> bool {
    let cleaned = prose::clean(good);
    let text = cleaned.trim();
    let before = text.find(piece.trim()).map_or(text, |at| &text[..at]).trim();
    before.starts_with(['<', '◁', '[', '(', '`', '#', '*']) || before.ends_with(':')
}

/// What is good of a reply that was to go on inside a sentence: no word to the
/// author, and no first round of a circle.
fn said_inside<'a>(kept: &Kept, good: &'a str) -> &'a str {
    let said = good.trim().trim_end_matches(|c: char| !c.is_alphanumeric());
    let is_round = kept.verdict.as_ref().is_some_and(|verdict| {
        verdict.reason == Reason::Loop && kept.text.matches(said).count() > 2
    });
    if is_round { "" } else { take::after_remark(take::without_thoughts(good)) }
}

/// What goes on, with the break that parted it from what was taken off before it: a
/// heading, a word to the reader, thoughts.
fn parted(good: &str, piece: &str, head: &str) -> String {
    let cleaned = prose::clean(good);
    let text = piece.trim_start();
    let first = text.lines().next().unwrap_or_default();
    let before = cleaned.find(first).filter(|_| !first.is_empty()).map(|at| &cleaned[..at]);
    let is_taken = |before: &str| {
        let said = before.trim();
        !said.is_empty()
            && !said.starts_with("```")
            && before.trim_end_matches([' ', '\t']).ends_with('\n')
    };
    if !before.is_some_and(is_taken) || piece.starts_with([' ', '\t']) {
        piece.to_owned()
    } else if prose::is_open(head) || text.starts_with(char::is_lowercase) {
        text.to_owned()
    } else {
        format!("\n\n{text}")
    }
}

/// What is good of a reply; where the words that were cut off began a paragraph,
/// what comes in their place begins one, too.
fn good(kept: &Kept) -> &str {
    let good = kept.good();
    match kept.verdict.as_ref().map(|verdict| verdict.reason) {
        None | Some(Reason::Left | Reason::Stray | Reason::Long) => good,
        Some(_) => &kept.text[..with_break(&kept.text, good.len())],
    }
}

/// The end of the line breaks that stand at a place, if any do, and of no more than
/// part two paragraphs.
fn with_break(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let blanks = &rest[..rest.len() - rest.trim_start().len()];
    let second = blanks.match_indices('\n').map(|(end, _)| end + 1).take(2).last();
    second.filter(|_| at > 0).map_or(at, |end| at + end)
}

/// Whether a cut text is further with what was added: by letters, even if they
/// only end a word, or by the mark that ends its last sentence, or breaks it off.
pub(super) fn says_more(before: &str, text: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let is_over = prose::last_sentence_end(text) == text.trim_end().len();
    let added = text.strip_prefix(before.trim_end()).unwrap_or(text).trim();
    let bare = added.trim_matches(|c: char| matches!(c, '”' | '"' | '“' | '«' | '»' | '*'));
    letters(text) > letters(before)
        || is_over && !matches!(added, "" | "…" | "...")
        || matches!(bare, "—" | "–")
}

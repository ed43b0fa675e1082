//! Watches prose while it streams, and says where it stops being the story.
//!
//! A [`Watch`] hears a reply piece by piece. It says at most once that it is
//! time to stop: why, and up to where the text is good. Whatever pieces a text
//! comes in, the verdict is the same; and it takes time that grows with the
//! text and no faster.
//!
//! What a character says does not count as leaving the story, and neither does
//! anything but the beginning of a line: a narrator may say in the middle of a
//! sentence whatever a narrator says.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::circles::{Circles, spoken};
use crate::phrases::{Bans, Found, Scan, normalised};
use crate::story::prose::{self, Retelling};

mod across;
mod closing;
mod ends;
mod front;
mod leaving;
mod lines;
mod matter;
mod numerals;
mod preface;
mod quotes;
mod runs;
mod script;
mod signs;
mod thoughts;
mod tongue;
mod turning;

pub use across::across;
pub use closing::before_closing;
pub use front::Front;
pub use preface::after_opening;
pub use signs::Signs;

use ends::Ends;
use leaving::{Departure, Leaving};
use quotes::Quotes;
use runs::Runs;
use script::Script;
use thoughts::Thoughts;
use tongue::Tongue;

/// What a reply is watched for.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The language it is to be in, as a tag.
    pub language: String,
    /// The openings of lines by which a model leaves the story.
    pub signs: Arc<Signs>,
    /// What the text has so far, which the reply goes on from.
    pub begun: String,
    /// Words of the text in all, beyond which it ends with its sentence.
    pub most_words: Option<usize>,
    /// The number of the chapter.
    pub chapter: usize,
    /// Its title.
    pub title: String,
    /// The title of the book.
    pub book: String,
    /// Who wrote it; empty where nobody is named.
    pub author: String,
    /// Titles that, on a line by themselves, begin another chapter.
    pub titles: Vec<String>,
    /// Whether nothing follows this text: then it may say that it ends.
    pub is_last: bool,
    /// Whether it is one scene of several that are written by themselves.
    pub is_scene: bool,
    /// Whether the story itself tells of machines that think.
    pub has_machines: bool,
    /// What must not appear; nothing where that is another's care.
    pub bans: Option<Arc<Bans>>,
    /// Phrases of `bans` that may stand after all, in the normal form.
    pub stands: Vec<String>,
    /// Whether words may stand that would leave nothing good of the text.
    pub is_lenient: bool,
}

/// Why a reply is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It is long enough, and a sentence has ended.
    Long,
    /// It goes round in circles.
    Loop,
    /// It has begun the text anew, and otherwise.
    Anew,
    /// It has turned to another language.
    Language,
    /// It says what it must not.
    Phrase,
    /// It has left the story behind its end.
    Left,
    /// It has left the story, but said nothing of its end.
    Stray,
}

/// That a reply is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Why.
    pub reason: Reason,
    /// How many bytes of the reply are good: up to the end of a sentence, or of a
    /// paragraph behind which it left the story; or none.
    pub keep: usize,
    /// The words it is about: a phrase, a round, the first words of a line, a
    /// language.
    pub words: String,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = &self.words;
        match self.reason {
            Reason::Long => write!(f, "it had {words} words and found no end"),
            Reason::Loop => write!(f, "it went round in circles: “{words}”"),
            Reason::Anew => write!(f, "it began anew: “{words}”"),
            Reason::Language => write!(f, "it turned to another language ({words})"),
            Reason::Phrase => write!(f, "it said “{words}”"),
            Reason::Left | Reason::Stray => write!(f, "it left the story: “{words}”"),
        }
    }
}

/// Hears one reply.
#[derive(Clone, Debug)]
pub struct Watch {
    terms: Terms,
    /// What was heard.
    text: String,
    verdict: Option<Verdict>,
    thoughts: Thoughts,
    quotes: Quotes,
    ends: Ends,
    leaving: Leaving,
    retelling: Retelling,
    circles: Circles,
    /// Bytes of the reply that the circles have read, or need not.
    circled: usize,
    runs: Runs,
    /// How many words of the reply had been told before.
    retold: usize,
    /// Bytes that the circles had read before the reply.
    before: usize,
    tongue: Tongue,
    script: Script,
    scan: Option<Scan>,
    /// Where the scan began.
    scanned_from: usize,
}

impl Watch {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        let mut circles = Circles::default();
        for (at, c) in terms.begun.char_indices() {
            let _ = circles.read(c, at);
        }
        let scan = terms.bans.as_ref().map(Scan::new);
        Self {
            text: String::new(),
            verdict: None,
            thoughts: Thoughts::default(),
            quotes: Quotes::default(),
            ends: Ends::new(&terms.begun),
            leaving: Leaving::begin(0, &terms.begun),
            retelling: Retelling::of(&terms.begun),
            circles,
            circled: 0,
            runs: Runs::default(),
            retold: 0,
            before: terms.begun.len(),
            tongue: Tongue::new(&terms.begun),
            script: Script::new(&terms.language, &terms.begun),
            scan,
            scanned_from: 0,
            terms,
        }
    }

    /// Hears more; gives the verdict once there is one, and from then on.
    pub fn hear(&mut self, piece: &str) -> Option<&Verdict> {
        for c in piece.chars() {
            if self.verdict.is_some() {
                break;
            }
            self.step(c);
        }
        self.verdict.as_ref()
    }

    /// The reply ends here. `by_itself` says that the model had nothing to add;
    /// a line that was cut says less than one that ended.
    pub fn end(&mut self, by_itself: bool) -> Option<&Verdict> {
        if self.verdict.is_none() {
            self.find_phrase("", true);
        }
        if self.verdict.is_none()
            && let Some((from, language)) = self.script.end()
        {
            self.stop_at_script(from, language);
        }
        if self.verdict.is_none() && by_itself && !self.thoughts.is_inside() {
            self.ends.end();
            let left = self.leaving.end(&self.terms, &self.text);
            self.leave(left);
            self.leave(self.leaving.left_last());
            let is_rest = !self.terms.begun.is_empty();
            if let Some((from, language)) = self.tongue.end(&self.terms.language, is_rest) {
                let keep = self.ends.before(self.turn(from, &language));
                self.stop(Reason::Language, keep, |_| language);
            }
        }
        self.verdict.as_ref()
    }

    fn step(&mut self, c: char) {
        let at = self.text.len();
        self.text.push(c);
        if self.thoughts.read(c, &self.text) {
            // What comes now is the reply itself.
            self.leaving = Leaving::begin(self.text.len(), &self.terms.begun);
            self.retelling.begin(self.text.len());
            self.circled = self.text.len();
            self.quotes = Quotes::default();
            self.scan = self.terms.bans.as_ref().map(Scan::new);
            self.scanned_from = self.text.len();
            return;
        }
        if self.thoughts.is_inside() {
            return;
        }
        let ended = self.ends.read(c, at, self.quotes.is_open());
        self.quotes.read(c);
        let left = self.leaving.read(c, at, &self.terms, &self.text);
        self.leave(left);
        self.retelling.read(c, at);
        self.check_retelling();
        self.check_length(ended);
        if let Some(run) = self.runs.read(c, at) {
            let keep = self.ends.before(run.start);
            self.stop(Reason::Loop, keep, |watch| spoken(&watch.text[run]));
        }
        self.check_language(c, at);
        let mut bytes = [0; 4];
        self.find_phrase(c.encode_utf8(&mut bytes), false);
    }

    /// The first reason stands.
    fn stop(&mut self, reason: Reason, keep: usize, words: impl FnOnce(&Self) -> String) {
        let is_word = matches!(reason, Reason::Left | Reason::Stray | Reason::Phrase);
        let may_stand = is_word && keep == 0;
        let is_let = may_stand && self.terms.is_lenient && self.terms.begun.is_empty();
        if self.verdict.is_none() && !is_let {
            self.verdict = Some(Verdict { reason, keep, words: words(self) });
        }
    }

    /// What stands above a line with which the story is left was ended there, be it a
    /// name under a letter or words that somebody broke off.
    fn leave(&mut self, left: Option<Departure>) {
        let Some(Departure { from, is_end }) = left else { return };
        let good = Leaving::good_until(&self.text, from);
        let is_ended = self.leaving.is_told() && !is_cut(&self.text[..good]);
        let keep = if is_ended { good } else { self.ends.before(good) };
        let reason = if is_end { Reason::Left } else { Reason::Stray };
        self.stop(reason, keep, |watch| opening(&watch.text[from..]));
    }

    fn check_length(&mut self, ended: Option<(usize, bool)>) {
        // Who speaks for so long will not stop.
        const SPEECH: usize = 200;
        let words = self.ends.words().saturating_sub(self.retold);
        if let Some(most) = self.terms.most_words
            && !self.retelling.is_telling()
            && let Some((end, is_said)) = ended
            && words > if is_said { most + SPEECH } else { most }
        {
            self.stop(Reason::Long, end, |_| words.to_string());
        }
    }

    /// What stands is no circle when it is told again.
    fn check_retelling(&mut self) {
        if self.retelling.is_other() {
            self.stop(Reason::Anew, 0, |watch| opening(&watch.text));
        }
        let Some(from) = self.retelling.new_from() else { return };
        if from > self.circled {
            self.retold = prose::words(&self.text[self.circled..from]);
            self.circled = from;
        }
        while let Some(c) = self.text[self.circled..].chars().next() {
            self.check_circles(c, self.circled);
            self.circled += c.len_utf8();
        }
    }

    fn check_circles(&mut self, c: char, at: usize) {
        if let Some(circle) = self.circles.read(c, self.before + at) {
            let here = |place: usize| place.saturating_sub(self.before);
            let keep = self.ends.before(here(circle.from));
            let round = here(circle.round.start)..here(circle.round.end);
            self.stop(Reason::Loop, keep, |watch| spoken(&watch.text[round]));
        }
    }

    fn check_language(&mut self, c: char, at: usize) {
        let is_line_said = self.leaving.is_of_another() && !self.quotes.is_told_again();
        let is_said = self.quotes.is_open() || is_line_said || self.leaving.unclosed().is_some();
        if let Some((from, language)) = self.tongue.read(c, at, is_said, &self.terms.language) {
            let keep = self.ends.before(self.turn(from, &language));
            self.stop(Reason::Language, keep, |_| language);
        } else if !is_said && let Some((from, language)) = self.script.read(c, at) {
            self.stop_at_script(from, language);
        }
    }

    /// Letters tell where it turned.
    fn stop_at_script(&mut self, from: usize, language: String) {
        let keep = self.ends.before(from);
        self.stop(Reason::Language, keep, |_| language);
    }

    /// Where the text turns to a language in which it is from about a place on.
    fn turn(&self, from: usize, foreign: &str) -> usize {
        turning::turn(&self.text, from, foreign, &self.terms.language)
    }

    fn find_phrase(&mut self, text: &str, is_over: bool) {
        let Some(scan) = &mut self.scan else { return };
        let mut first: Option<Found> = None;
        let stands = &self.terms.stands;
        let bans = Arc::clone(scan.bans());
        let mut note = |found: Found| {
            if first.is_none()
                && (stands.is_empty() || !stands.contains(&normalised(bans.phrase(&found))))
            {
                first = Some(found);
            }
        };
        if is_over {
            scan.end(&mut note);
        } else {
            scan.hear(text, &mut note);
        }
        if let Some(found) = first {
            let keep = self.ends.clause_before(&self.text, self.scanned_from + found.from);
            self.stop(Reason::Phrase, keep, |_| bans.phrase(&found).to_owned());
        }
    }
}

/// Whether a text breaks off inside a sentence, or inside its next word.
fn is_cut(text: &str) -> bool {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let behind = &line[prose::last_sentence_end(line)..];
    let is_begun = behind.len() < line.len() && prose::is_open(line);
    let last = behind.split_whitespace().next_back().unwrap_or_default();
    prose::breaks_off(text) || is_begun && last.starts_with(char::is_lowercase)
}

/// The first words of a line.
fn opening(text: &str) -> String {
    let line = text.trim_start().lines().next().unwrap_or_default();
    line.chars().take(60).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;

//! Texts that go round in circles.
//!
//! [`Circles`] reads a text character by character and keeps a few hundred
//! words, so that a stream can be stopped as soon as it turns.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::story::prose;

/// The most words of a cycle.
const PERIODS: usize = 40;
/// Words kept: those of a cycle as often as it has to come.
const KEPT: usize = PERIODS * 4 + 8;
/// The last sentences that are looked at, and how many of them may have been
/// said before.
const SENTENCES: usize = 12;
const REPEATED: usize = 6;

/// The words that a whole text repeats in a circle, if it does.
///
/// A circle is a run of words that comes again and again, one right after the
/// other, or sentences most of which are the same.
#[must_use]
pub fn find_loop(text: &str) -> Option<String> {
    let mut circles = Circles::default();
    let round = text
        .char_indices()
        .find_map(|(at, c)| circles.read(c, at))
        .or_else(|| circles.end(text.len()))
        .map(|circle| circle.round);
    round.map(|round| spoken(&text[round])).or_else(|| repeated_sentences(text))
}

/// A circle that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Where the words begin that were said before.
    pub from: usize,
    /// One round of it.
    pub round: Range<usize>,
}

/// Reads a text and finds out when it begins to go round in circles.
#[derive(Clone, Debug)]
pub struct Circles {
    /// The word that is being read: where it begins and its digest so far.
    word: Option<(usize, u64)>,
    /// The last words: where they begin and end, and their digests.
    words: VecDeque<(Range<usize>, u64)>,
    /// Per period, how many words in a row were those of a period ago.
    equal: [usize; PERIODS + 1],
    sentence: Sentence,
    said: HashSet<u64>,
    /// The last sentences: where they stand, and whether they had been said.
    sentences: VecDeque<(Range<usize>, bool)>,
}

/// A sentence that is being read.
#[derive(Clone, Debug, Default)]
struct Sentence {
    from: Option<usize>,
    words: usize,
    digest: u64,
    /// Whether it has ended, and only closing marks may follow.
    is_over: bool,
}

impl Default for Circles {
    fn default() -> Self {
        Self {
            word: None,
            words: VecDeque::with_capacity(KEPT),
            equal: [0; PERIODS + 1],
            sentence: Sentence::default(),
            said: HashSet::new(),
            sentences: VecDeque::with_capacity(SENTENCES),
        }
    }
}

impl Circles {
    /// Reads the character at this place; gives the circle that it closes.
    pub fn read(&mut self, c: char, at: usize) -> Option<Circle> {
        if c.is_alphanumeric() {
            self.begin(at);
            let (from, digest) = self.word.unwrap_or((at, 0));
            self.word =
                Some((from, c.to_lowercase().fold(digest, |sum, c| mixed(sum, u64::from(c)))));
            return None;
        }
        if matches!(c, '\'' | '’') && self.word.is_some() {
            return None;
        }
        let circle = self.end_word(at);
        if c == '\n' || self.sentence.is_over && c.is_whitespace() {
            return circle.or_else(|| self.end_sentence(at));
        }
        if matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？') {
            self.sentence.is_over = true;
        }
        circle
    }

    /// The text ends here.
    pub fn end(&mut self, at: usize) -> Option<Circle> {
        self.end_word(at).or_else(|| self.end_sentence(at))
    }

    /// A word begins, or goes on, and with it a sentence.
    fn begin(&mut self, at: usize) {
        if self.sentence.is_over && self.word.is_none() {
            // `3.5`, or a stop without a blank after it: the same sentence.
            self.sentence.is_over = false;
        }
        self.sentence.from.get_or_insert(at);
    }

    fn end_word(&mut self, at: usize) -> Option<Circle> {
        let (from, digest) = self.word.take()?;
        self.sentence.words += 1;
        self.sentence.digest = mixed(self.sentence.digest, digest);
        if self.words.len() == KEPT {
            self.words.pop_front();
        }
        self.words.push_back((from..at, digest));
        let last = self.words.len() - 1;
        (1..=PERIODS.min(last)).find_map(|period| self.turn(period, last))
    }

    /// A run of 1 to 40 words that stands at least four times in a row (a single
    /// word ten times), over at least 16 words.
    fn turn(&mut self, period: usize, last: usize) -> Option<Circle> {
        if self.words[last].1 != self.words[last - period].1 {
            self.equal[period] = 0;
            return None;
        }
        self.equal[period] += 1;
        let equal = self.equal[period];
        let times = equal / period + 1;
        let is_circle = times >= if period == 1 { 10 } else { 4 } && equal + period >= 16;
        is_circle.then(|| Circle {
            from: self.words[(last + 1).saturating_sub(equal)].0.start,
            round: self.words[last + 1 - period].0.start..self.words[last].0.end,
        })
    }

    fn end_sentence(&mut self, at: usize) -> Option<Circle> {
        let Sentence { from, words, digest, .. } = std::mem::take(&mut self.sentence);
        let from = from.filter(|_| words >= 5)?;
        if self.sentences.len() == SENTENCES {
            self.sentences.pop_front();
        }
        self.sentences.push_back((from..at, !self.said.insert(digest)));
        let again: Vec<&Range<usize>> =
            self.sentences.iter().filter(|(_, again)| *again).map(|(range, _)| range).collect();
        let is_circle = again.len() >= REPEATED;
        is_circle.then(|| Circle { from: again[0].start, round: again[0].clone() })
    }
}

/// One more value in a digest of what was read in order.
fn mixed(digest: u64, value: u64) -> u64 {
    (digest ^ value.wrapping_add(0x9e37_79b9_7f4a_7c15))
        .wrapping_mul(0x0100_0000_01b3)
        .rotate_left(23)
}

/// A round of words as it is told: in lower case, without marks. One of nothing
/// but marks is told by them.
pub(super) fn spoken(text: &str) -> String {
    let words: Vec<String> = text.unicode_words().map(str::to_lowercase).collect();
    let said = if !words.is_empty() {
        words.join(" ")
    } else if text.chars().all(|c| c.is_whitespace() || c.is_control() || c == '\u{200b}') {
        "blanks and line ends".to_owned()
    } else {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    said.chars().take(120).collect()
}

/// A text of which most sentences of some length have been said before.
fn repeated_sentences(text: &str) -> Option<String> {
    let mut seen = std::collections::HashMap::new();
    let (mut all, mut repeated) = (0, 0);
    for sentence in prose::sentences(text) {
        if prose::words(sentence) < 5 {
            continue;
        }
        all += 1;
        let times: &mut usize = seen.entry(sentence.to_lowercase()).or_default();
        *times += 1;
        if *times > 1 {
            repeated += 1;
        }
    }
    if all < 8 || repeated * 5 < all * 2 {
        return None;
    }
    seen.into_iter()
        .max_by(|a, b| (a.1, &b.0).cmp(&(b.1, &a.0)))
        .map(|(sentence, _)| sentence.chars().take(80).collect())
}

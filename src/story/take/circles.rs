//! Texts that go round in circles.
//!
//! [`Circles`] reads a text character by character and keeps a few hundred
//! words, so that a stream can be stopped as soon as it turns.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use crate::story::prose;

/// The most words of a cycle.
const PERIODS: usize = 40;
/// How often a cycle has to come, and how many words that has to be, or how many
/// letters where words are not set apart. A refrain, a litany, a nursery rhyme ends
/// before; what goes round in circles comes to it, whatever it is allowed.
const ROUNDS: usize = 6;
const WORDS: usize = 72;
const LETTERS: usize = 400;
/// Words kept: those of a cycle as often as it has to come.
const KEPT: usize = PERIODS * ROUNDS + WORDS;
/// The last sentences that are looked at, how many of them may have been said
/// before, and how many words these may have: a song says its chorus again.
const SENTENCES: usize = 12;
const REPEATED: usize = 6;
/// How many sentences in a row, or lines of verse, may have been said before.
const IN_A_ROW: usize = 24;

/// The words that a whole text repeats in a circle, if it does.
///
/// A circle is a run of words that comes again and again, one right after the
/// other, or sentences most of which are the same. A song has some of both: it is
/// the number of words that tells them apart, since only a circle goes on and on.
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
    /// The word that is being read: where it begins, its digest so far, its letters.
    word: Option<(usize, u64, usize)>,
    /// The last words: where they begin and end, their digests and their letters.
    words: VecDeque<(Range<usize>, u64, usize)>,
    /// Per period, how many words in a row were those of a period ago.
    equal: [usize; PERIODS + 1],
    sentence: Sentence,
    said: HashSet<u64>,
    /// The last sentences: where they stand, how many words they have, and whether
    /// they had been said and are no lines of verse.
    sentences: VecDeque<(Range<usize>, usize, bool)>,
    /// The first of the sentences and lines in a row that had been said, and how
    /// many there are.
    row: Option<(Range<usize>, usize)>,
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
            row: None,
        }
    }
}

impl Circles {
    /// Reads the character at this place; gives the circle that it closes.
    pub fn read(&mut self, c: char, at: usize) -> Option<Circle> {
        if is_ideograph(c) {
            let circle = self.end_word(at);
            self.begin(at);
            self.word = Some((at, mixed(0, u64::from(c)), 1));
            return circle.or_else(|| self.end_word(at + c.len_utf8()));
        }
        if c.is_alphanumeric() {
            self.begin(at);
            let (from, digest, letters) = self.word.unwrap_or((at, 0, 0));
            let digest = c.to_lowercase().fold(digest, |sum, c| mixed(sum, u64::from(c)));
            self.word = Some((from, digest, letters + 1));
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
        let (from, digest, letters) = self.word.take()?;
        self.sentence.words += 1;
        self.sentence.digest = mixed(self.sentence.digest, digest);
        if self.words.len() == KEPT {
            self.words.pop_front();
        }
        self.words.push_back((from..at, digest, letters));
        let last = self.words.len() - 1;
        (1..=PERIODS.min(last)).find_map(|period| self.turn(period, last))
    }

    /// A run of 1 to 40 words that stands at least six times in a row, and a short
    /// one more often: a cry of one word many times, a chorus of twenty six times.
    fn turn(&mut self, period: usize, last: usize) -> Option<Circle> {
        if self.words[last].1 != self.words[last - period].1 {
            self.equal[period] = 0;
            return None;
        }
        self.equal[period] += 1;
        let equal = self.equal[period];
        let times = equal / period + 1;
        let is_whole = equal.is_multiple_of(period);
        if times < ROUNDS || !is_whole {
            return None;
        }
        let letters: usize = self.words.range(last + 1 - period..).map(|word| word.2).sum();
        let is_circle = times * period >= WORDS || times * letters >= LETTERS;
        is_circle.then(|| Circle {
            from: self.words[(last + 1).saturating_sub(equal)].0.start,
            round: self.words[last + 1 - period].0.start..self.words[last].0.end,
        })
    }

    fn end_sentence(&mut self, at: usize) -> Option<Circle> {
        let Sentence { from, words, digest, is_over } = std::mem::take(&mut self.sentence);
        let from = from.filter(|_| words >= 5)?;
        let is_again = !self.said.insert(digest);
        let row = self.row.take().filter(|_| is_again);
        let (first, count) = row.map_or((from..at, 0), |row| row);
        self.row = is_again.then_some((first.clone(), count + 1));
        if is_again && count + 1 >= IN_A_ROW {
            return Some(Circle { from: first.start, round: first });
        }
        if self.sentences.len() == SENTENCES {
            self.sentences.pop_front();
        }
        // A line of verse ends in no stop; a chorus is full of them.
        self.sentences.push_back((from..at, words, is_again && is_over));
        let again = || self.sentences.iter().filter(|(_, _, again)| *again);
        let said: usize = again().map(|(_, words, _)| words).sum();
        let first = again().next().map(|(range, _, _)| range.clone())?;
        (again().count() >= REPEATED && said >= WORDS)
            .then_some(Circle { from: first.start, round: first })
    }
}

/// Letters that are a word each.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// One more value in a digest of what was read in order.
fn mixed(digest: u64, value: u64) -> u64 {
    (digest ^ value.wrapping_add(0x9e37_79b9_7f4a_7c15))
        .wrapping_mul(0x0100_0000_01b3)
        .rotate_left(23)
}

/// A round of words as it is told: as it stands in the text, on one line. One of
/// nothing that can be seen is told by its name.
pub(super) fn spoken(text: &str) -> String {
    let unseen = |c: char| c.is_control() && !c.is_whitespace() || c == '\u{200b}';
    let seen: String = text.chars().filter(|c| !unseen(*c)).collect();
    let said = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    if said.is_empty() {
        "blanks and line ends".to_owned()
    } else {
        said.chars().take(120).collect()
    }
}

/// A text of which most sentences of some length have been said before.
fn repeated_sentences(text: &str) -> Option<String> {
    let mut seen = std::collections::HashMap::new();
    let (mut long, mut repeated, mut said, mut all) = (0, 0, 0, 0);
    for sentence in prose::sentences(text) {
        let words = prose::words(sentence);
        all += words;
        if words < 5 || prose::last_sentence_end(sentence) == 0 {
            // Nothing much, or a line of verse.
            continue;
        }
        long += 1;
        let (times, _): &mut (usize, &str) =
            seen.entry(sentence.to_lowercase()).or_insert((0, sentence));
        *times += 1;
        if *times > 1 {
            repeated += 1;
            said += words;
        }
    }
    let is_most = repeated * 5 >= long * 2 && said * 5 >= all * 2;
    if long < 8 || !is_most || said < WORDS {
        return None;
    }
    seen.into_iter()
        .max_by(|a, b| (a.1.0, &b.0).cmp(&(b.1.0, &a.0)))
        .map(|(_, (_, sentence))| spoken(sentence).chars().take(80).collect())
}

#[cfg(test)]
mod tests;

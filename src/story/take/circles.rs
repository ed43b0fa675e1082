//! Texts that go round in circles.
//!
//! [`Circles`] reads a text character by character and keeps a few hundred
//! words, so that a stream can be stopped as soon as it turns.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use few::Few;
use near::Near;
use surplus::Surplus;

use crate::story::prose;

mod few;
mod near;
mod surplus;

/// What a word weighs, and what a sign of kana: five of them tell as much as two words.
const WORD: usize = 5;
const KANA: usize = 2;

/// The most words of a cycle.
const PERIODS: usize = 40;
/// How often a cycle has to come, and what that has to weigh, or how many letters it has
/// to be where words are not set apart. A refrain, a litany, a nursery rhyme ends
/// before; what goes round in circles comes to it, whatever it is allowed.
const ROUNDS: usize = 6;
const WEIGHT: usize = 72 * WORD;
const LETTERS: usize = 400;
/// Words kept: those of a cycle as often as it has to come.
const KEPT: usize = PERIODS * ROUNDS + WEIGHT / WORD;
/// How many sentences may have been said before, as long as what is new between them
/// makes up for all but `WEIGHT`.
const REPEATED: usize = 6;
/// How many sentences in a row, or lines of verse, may have been said before.
const IN_A_ROW: usize = 24;

/// The words that a whole text repeats in a circle, if it does.
///
/// A circle is a run of words that comes again and again, one right after the
/// other, or sentences that were all said before, or paragraphs that were but for a
/// few words, or hundreds of words of which all are the same few. A song has some of each, but between its choruses something is new:
/// only a circle goes on and on.
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
    /// The last words.
    words: VecDeque<Word>,
    /// Per period, how many words in a row were those of a period ago.
    equal: [usize; PERIODS + 1],
    sentence: Sentence,
    said: HashSet<u64>,
    /// The sentences that had been said and are no lines of verse.
    again: Surplus,
    near: Near,
    few: Few,
    /// How many lines have ended since the last word.
    breaks: usize,
    /// The first of the sentences and lines in a row that had been said, and how
    /// many there are.
    row: Option<(Range<usize>, usize)>,
}

/// A word, or a sign that is one.
#[derive(Clone, Debug)]
struct Word {
    at: Range<usize>,
    digest: u64,
    letters: usize,
    weight: usize,
}

/// A sentence that is being read.
#[derive(Clone, Debug, Default)]
struct Sentence {
    from: Option<usize>,
    weight: usize,
    digest: u64,
    /// Whether it begins a line of verse: not a paragraph, which an empty line precedes.
    is_verse: bool,
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
            again: Surplus::default(),
            near: Near::default(),
            few: Few::default(),
            breaks: 0,
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
            let weight = if is_kana(c) { KANA } else { WORD };
            return circle.or_else(|| self.end_sign(at + c.len_utf8(), weight));
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
        if c == '\n' {
            self.breaks += 1;
            return circle.or_else(|| self.end_sentence(at)).or_else(|| self.near.end_line(at));
        }
        if self.sentence.is_over && c.is_whitespace() {
            return circle.or_else(|| self.end_sentence(at));
        }
        if matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？') {
            self.sentence.is_over = true;
        }
        circle
    }

    /// The text ends here.
    pub fn end(&mut self, at: usize) -> Option<Circle> {
        self.end_word(at).or_else(|| self.end_sentence(at)).or_else(|| self.near.end_line(at))
    }

    /// A word begins, or goes on, and with it a sentence.
    fn begin(&mut self, at: usize) {
        if self.sentence.is_over && self.word.is_none() {
            // `3.5`, or a stop without a blank after it: the same sentence.
            self.sentence.is_over = false;
        }
        if self.sentence.from.is_none() {
            self.sentence.from = Some(at);
            self.sentence.is_verse = self.breaks == 1;
        }
        self.breaks = 0;
    }

    fn end_word(&mut self, at: usize) -> Option<Circle> {
        self.end_sign(at, WORD)
    }

    fn end_sign(&mut self, until: usize, weight: usize) -> Option<Circle> {
        let (from, digest, letters) = self.word.take()?;
        self.sentence.weight += weight;
        self.sentence.digest = mixed(self.sentence.digest, digest);
        // Every text in kana has the same few signs: what it says is in how they follow.
        let before = self.words.back().filter(|_| weight == KANA).map(|word| word.digest);
        let joined = before.map_or(digest, |before| mixed(before, digest));
        self.near.word(from, joined, weight);
        let few = self.few.word(from, until, joined, weight);
        if self.words.len() == KEPT {
            self.words.pop_front();
        }
        self.words.push_back(Word { at: from..until, digest, letters, weight });
        let last = self.words.len() - 1;
        (1..=PERIODS.min(last)).find_map(|period| self.turn(period, last)).or(few)
    }

    /// A run of 1 to 40 words that stands at least six times in a row, and a short
    /// one more often: a cry of one word many times, a chorus of twenty six times.
    fn turn(&mut self, period: usize, last: usize) -> Option<Circle> {
        if self.words[last].digest != self.words[last - period].digest {
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
        let round = || self.words.range(last + 1 - period..);
        let letters: usize = round().map(|word| word.letters).sum();
        let weight: usize = round().map(|word| word.weight).sum();
        let is_circle = times * weight >= WEIGHT || times * letters >= LETTERS;
        is_circle.then(|| Circle {
            from: self.words[(last + 1).saturating_sub(equal)].at.start,
            round: self.words[last + 1 - period].at.start..self.words[last].at.end,
        })
    }

    fn end_sentence(&mut self, at: usize) -> Option<Circle> {
        const SHORT: usize = 5 * WORD;
        let Sentence { from, weight, digest, is_verse, is_over } =
            std::mem::take(&mut self.sentence);
        let sentence = from?..at;
        let is_again = !self.said.insert(digest);
        if !is_again {
            self.again.is_new(weight);
        }
        if weight < SHORT {
            return None;
        }
        let row = self.row.take().filter(|_| is_again);
        let (first, count) = row.unwrap_or((sentence.clone(), 0));
        self.row = is_again.then_some((first.clone(), count + 1));
        if is_again && count + 1 >= IN_A_ROW {
            return Some(Circle { from: first.start, round: first });
        }
        // A chorus is full of lines that are said again, with a stop at their end or none.
        if !is_again || !is_over || is_verse {
            return None;
        }
        self.again.is_again(sentence, weight, REPEATED, WEIGHT)
    }
}

/// Letters that are a word each.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Signs for a syllable, of which a text may have no more than sixty.
fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}')
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
    if said.is_empty() { "blanks and line ends".to_owned() } else { up_to(&said, 120) }
}

/// The first words of a text, as many as go into so many characters; where there are no
/// blanks for long, so many characters.
fn up_to(text: &str, most: usize) -> String {
    let Some((end, next)) = text.char_indices().nth(most) else { return text.to_owned() };
    let start = &text[..end];
    let is_inside = !next.is_whitespace();
    let whole = start.rfind(' ').filter(|at| is_inside && at * 2 > end);
    start[..whole.unwrap_or(end)].trim_end().to_owned()
}

/// Whether a block of text is lines of verse.
fn is_stanza(block: &str) -> bool {
    const LINE: usize = 16;
    let lines = || block.trim().lines();
    lines().count() > 1 && lines().all(|line| prose::words(line) < LINE)
}

/// A text of which most sentences of some length have been said before.
fn repeated_sentences(text: &str) -> Option<String> {
    let mut seen = std::collections::HashMap::new();
    let (mut count, mut long, mut repeated, mut said, mut all) = (0, 0, 0, 0, 0);
    let blocks = text.split("\n\n").map(|block| (block, is_stanza(block)));
    let sentences = blocks.flat_map(|(block, is_verse)| {
        prose::sentences(block).into_iter().map(move |sentence| (sentence, is_verse))
    });
    for (sentence, is_verse) in sentences {
        let words = prose::words(sentence);
        all += words;
        count += 1;
        if is_verse || words < 5 || prose::last_sentence_end(sentence) == 0 {
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
    // The questions between answers count, however short they are.
    let is_most = repeated * 2 >= count && said * 5 >= all * 2;
    if long < 8 || !is_most || said * WORD < WEIGHT {
        return None;
    }
    seen.into_iter()
        .max_by(|a, b| (a.1.0, &b.0).cmp(&(b.1.0, &a.0)))
        .map(|(_, (_, sentence))| up_to(&spoken(sentence), 80))
}

#[cfg(test)]
mod tests;

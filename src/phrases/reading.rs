//! Follows a growing text with one list and says where its phrases stand.

use std::sync::Arc;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};

use super::Phrases;
use super::normal::{Normal, is_of_word};

/// A phrase that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Its number in the list.
    pub phrase: usize,
    /// Where it begins, in bytes of the text heard.
    pub from: usize,
    /// Where it ends.
    pub until: usize,
    /// Whether a line begins with it.
    pub opens_line: bool,
}

/// Follows one text. A copy follows another text that begins alike.
#[derive(Clone, Debug)]
pub struct Reading {
    phrases: Arc<Phrases>,
    normal: Normal,
    /// Room for the normal form of a character.
    form: String,
    state: StateID,
    /// Bytes heard.
    heard: usize,
    /// The last bytes of the normal form, as many as the longest phrase has; a
    /// ring, with the count of all that ever went in.
    spots: Vec<Spot>,
    count: usize,
    /// Whether the last character of the normal form belongs to a word.
    in_word: bool,
    /// Whether only blanks and marks have been heard of this line.
    in_lead: bool,
    /// Phrases that have been read and wait for what follows them.
    waiting: Vec<Read>,
    /// Whether an apostrophe followed them, which may go on with the word.
    apostrophe: bool,
}

/// A byte of the normal form.
#[derive(Clone, Copy, Debug, Default)]
struct Spot {
    /// Where its character begins in the text.
    from: usize,
    /// Whether it goes on with a word.
    goes_on: bool,
    /// Whether only blanks and marks stand before it in its line.
    opens_line: bool,
}

impl Reading {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(phrases: &Arc<Phrases>) -> Self {
        Self {
            normal: Normal::default(),
            form: String::new(),
            state: phrases.start,
            heard: 0,
            spots: vec![Spot::default(); phrases.longest + 1],
            count: 0,
            in_word: false,
            in_lead: true,
            waiting: Vec::new(),
            apostrophe: false,
            phrases: Arc::clone(phrases),
        }
    }

    /// Hears more of the text and tells of each phrase as soon as it is certain:
    /// with the character after its last word.
    pub fn hear(&mut self, text: &str, tell: &mut dyn FnMut(Read)) {
        let mut form = std::mem::take(&mut self.form);
        for c in text.chars() {
            let from = self.heard;
            self.heard += c.len_utf8();
            self.normal.push(c, &mut form);
            for part in form.chars() {
                self.settle(part, tell);
                self.step(part, from, tell);
            }
            form.clear();
            self.in_lead = c == '\n' || self.in_lead && is_lead(c);
        }
        self.form = form;
    }

    /// The text ends here: tells of the phrases that waited for more.
    pub fn end(&mut self, tell: &mut dyn FnMut(Read)) {
        self.apostrophe = false;
        self.waiting.drain(..).for_each(tell);
    }

    /// From where on the text may yet turn out to be a phrase; its end, if it
    /// cannot.
    #[must_use]
    pub fn open_from(&self) -> usize {
        let depth = self.phrases.depths.get(self.state.as_usize()).copied().unwrap_or(0);
        let begun = if depth == 0 { self.heard } else { self.spot(usize::from(depth)).from };
        self.waiting.iter().map(|read| read.from).fold(begun, usize::min)
    }

    /// Tells of waiting phrases, or drops them, by the character after them.
    fn settle(&mut self, next: char, tell: &mut dyn FnMut(Read)) {
        if self.waiting.is_empty() {
            return;
        }
        if next == '\'' && !self.apostrophe {
            self.apostrophe = true;
            return;
        }
        // A genitive is the same word; `can’t` is not `can`.
        let goes_on = is_of_word(next) && !(self.apostrophe && next == 's');
        self.apostrophe = false;
        if goes_on {
            self.waiting.clear();
        } else {
            self.waiting.drain(..).for_each(tell);
        }
    }

    /// Reads one character of the normal form.
    fn step(&mut self, part: char, from: usize, tell: &mut dyn FnMut(Read)) {
        let goes_on = self.in_word;
        let size = self.spots.len();
        let mut bytes = [0; 4];
        for byte in part.encode_utf8(&mut bytes).bytes() {
            self.spots[self.count % size] = Spot { from, goes_on, opens_line: self.in_lead };
            self.count += 1;
            self.state = self.phrases.automaton.next_state(Anchored::No, self.state, byte);
        }
        self.in_word = is_of_word(part);
        if !self.phrases.automaton.is_match(self.state) {
            return;
        }
        for index in 0..self.phrases.automaton.match_len(self.state) {
            let number = self.phrases.automaton.match_pattern(self.state, index).as_usize();
            let phrase = &self.phrases.list[number];
            let spot = self.spot(phrase.bytes);
            if phrase.bound.0 && spot.goes_on {
                continue;
            }
            let Spot { from, opens_line, .. } = spot;
            let read = Read { phrase: number, from, until: self.heard, opens_line };
            if phrase.bound.1 { self.waiting.push(read) } else { tell(read) }
        }
    }

    /// The byte of the normal form so many bytes back, 1 for the last.
    fn spot(&self, back: usize) -> Spot {
        self.spots[(self.count - back) % self.spots.len()]
    }
}

/// Blanks, and what a model sets before the first word of a line.
fn is_lead(c: char) -> bool {
    c.is_whitespace() || matches!(c, '*' | '_' | '#' | '>' | '(' | '[' | '{')
}

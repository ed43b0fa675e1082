//! When a model that was to go on tells the text again from its beginning.

use std::ops::Range;

/// Of how many letters a beginning is that is told again, and no chance.
const TOLD: usize = 60;
/// And where a sentence stands open, in which no other begins.
const TOLD_INSIDE: usize = 24;
/// And another passage: a short one may be a round of a circle.
const PASSAGE: usize = 200;
/// How many letters in a row have to be the same again behind a word that is not.
const SAME: usize = 16;
/// How far apart two tellings may be before they meet again, in letters.
const ASTRAY: usize = 160;
/// How many lines may stand before the text, and of how many bytes: its title, a
/// word to the reader.
const LINES: usize = 4;
const LINE: usize = 120;

/// Follows a reply, letter by letter, beside the text that it is to go on from.
///
/// Only letters count: marks, blanks and emphasis are soon others.
#[derive(Clone, Debug, Default)]
pub struct Retelling {
    /// The letters of the text.
    told: Vec<char>,
    /// Where its words begin among them.
    words: Vec<usize>,
    /// Whether its last sentence stands open, and with which letter that begins.
    is_open: bool,
    last: usize,
    /// Where the reply may be among the letters of the text.
    at: Vec<usize>,
    /// How many letters it has said there.
    said: usize,
    /// How many it had said from the beginning when a line ended that may be a title
    /// as well as a short paragraph: it is followed as both.
    base: usize,
    /// Where the reply begins, and its line.
    from: usize,
    line: usize,
    lines: usize,
    /// Where it came to the end of the text, and whether from its beginning.
    met: Option<(usize, bool)>,
    state: State,
}

#[derive(Clone, Debug, Default)]
enum State {
    /// It says what the text has said, so far.
    #[default]
    Telling,
    /// This line does not, and may stand before one that does.
    Before,
    /// It has left the text at a letter of it and a byte of its own; what it said
    /// since.
    Astray { left: usize, here: usize, said: Vec<char> },
    /// It has come to where it tells what is new, in bytes.
    New(usize),
    /// It tells the beginning, and then something else.
    Other,
}

/// What of a reply is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum New {
    /// All of it.
    All,
    /// None of it.
    Nothing,
    /// What stands behind a byte of it, and behind so many letters of the text.
    Behind(usize, usize),
}

impl Retelling {
    /// Beside a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut of = Self { is_open: is_open(text), ..Self::default() };
        let mut is_inside = false;
        let last = last_sentence(text);
        for (at, c) in text.char_indices() {
            if at == last {
                of.last = of.told.len();
            }
            if c.is_alphanumeric() {
                if !is_inside || !c.is_ascii() {
                    of.words.push(of.told.len());
                }
                of.told.extend(c.to_lowercase());
            }
            is_inside = c.is_alphanumeric() || is_inside && matches!(c, '\'' | '’');
        }
        if of.told.is_empty() {
            of.state = State::New(0);
        }
        of
    }

    /// The reply itself begins at this place: what came before was none.
    pub fn begin(&mut self, from: usize) {
        (self.from, self.line, self.lines) = (from, from, 0);
        (self.at, self.said, self.base, self.met) = (Vec::new(), 0, 0, None);
        self.state = if self.told.is_empty() { State::New(from) } else { State::Telling };
    }

    /// Reads the character at this place.
    pub fn read(&mut self, c: char, at: usize) {
        if !c.is_alphanumeric() {
            if c == '\n' {
                self.end_line(at + 1);
            }
            return;
        }
        let end = at + c.len_utf8();
        match &mut self.state {
            State::Telling => c.to_lowercase().for_each(|c| self.tell(c, at, end)),
            State::Before if at > self.line + LINE => self.state = State::New(self.from),
            State::Astray { said, .. } => {
                said.extend(c.to_lowercase());
                self.find_back();
            }
            State::Before | State::New(_) | State::Other => {}
        }
    }

    /// From where on the reply is new, once that is known.
    #[must_use]
    pub fn new_from(&self) -> Option<usize> {
        match self.state {
            State::New(from) => Some(from),
            State::Other => Some(self.from),
            State::Telling | State::Before | State::Astray { .. } => None,
        }
    }

    /// Whether what the reply says now stands in the text.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        match self.state {
            State::Telling => self.said >= TOLD_INSIDE,
            State::Astray { .. } => true,
            _ => false,
        }
    }

    /// Whether the reply tells the beginning of the text, and then something else.
    #[must_use]
    pub fn is_other(&self) -> bool {
        matches!(self.state, State::Other)
    }

    /// What of the reply is new, which ends here, if it begins with the text.
    pub(super) fn end(&self) -> New {
        let all = self.told.len();
        match (&self.state, self.met) {
            (State::Telling, None | Some((_, false)))
                if self.place().is_some_and(|place| place >= TOLD) =>
            {
                New::Nothing
            }
            (State::Astray { left, here, .. }, _) if self.is_near(*left) => {
                New::Behind(*here, *left)
            }
            (State::Astray { .. } | State::Other, _) => New::Nothing,
            (_, Some((here, true))) => New::Behind(here, all),
            (State::New(here), None) if *here > self.from => New::Behind(*here, self.said.min(all)),
            _ => New::All,
        }
    }

    fn end_line(&mut self, next: usize) {
        let is_before = match self.state {
            State::Before => true,
            State::Telling => self.said < TOLD_INSIDE,
            _ => false,
        };
        if is_before && self.lines < LINES {
            if self.said > 0 {
                let place = self.place().filter(|_| matches!(self.state, State::Telling));
                self.base = place.unwrap_or_default();
            }
            (self.at, self.said, self.state) = (Vec::new(), 0, State::Telling);
            self.lines += usize::from(next > self.line + 1);
            self.line = next;
        } else if is_before {
            self.state = State::New(self.from);
        }
    }

    fn tell(&mut self, c: char, at: usize, end: usize) {
        let State::Telling = self.state else { return };
        let places = if self.said == 0 { &self.words } else { &self.at };
        let is_here = |place: &&usize| self.told.get(**place) == Some(&c);
        let mut next: Vec<usize> = places.iter().filter(is_here).map(|place| place + 1).collect();
        let all = self.told.len();
        let said = self.said + 1;
        let is_whole = said == all || said + self.base == all;
        let least = if is_whole { self.least() } else { PASSAGE };
        if next.contains(&all) && said >= least {
            self.met = Some((end, is_whole));
        }
        next.retain(|place| *place < all);
        if !next.is_empty() {
            (self.at, self.said) = (next, self.said + 1);
        } else if let Some((met, _)) = self.met {
            self.state = State::New(met);
        } else if let Some(left) = self.place().filter(|place| *place >= self.least()) {
            self.state = State::Astray { left, here: at, said: vec![c] };
        } else if self.said < TOLD && self.lines < LINES && at <= self.line + LINE {
            self.state = State::Before;
        } else {
            self.state = State::New(self.from);
        }
    }

    /// Of how many letters a beginning has to be.
    fn least(&self) -> usize {
        if self.is_open { TOLD_INSIDE } else { TOLD }
    }

    /// Which letter of the text comes next, where it is told from its beginning.
    fn place(&self) -> Option<usize> {
        let places = [self.said, self.said + self.base];
        places.into_iter().find(|place| self.at.contains(place))
    }

    /// Whether it is the last sentence alone that was told otherwise.
    fn is_near(&self, left: usize) -> bool {
        left >= TOLD && left >= self.last && self.told.len() - left <= ASTRAY
    }

    fn find_back(&mut self) {
        let State::Astray { left, here, said } = &self.state else { return };
        let Some(last) = said.len().checked_sub(SAME).map(|from| &said[from..]) else { return };
        let until = self.told.len().min(left + ASTRAY + SAME);
        let found = self.told[*left..until].windows(SAME).position(|letters| letters == last);
        if let Some(found) = found {
            let place = left + found + SAME;
            // Which letters they were no longer matters.
            (self.at, self.said, self.base) = (vec![place], place, 0);
            self.state = State::Telling;
        } else if said.len() > ASTRAY {
            let (left, here) = (*left, *here);
            self.state = if self.is_near(left) { State::New(here) } else { State::Other };
            self.said = left;
        }
    }
}

/// Where the last sentence of a text begins.
fn last_sentence(text: &str) -> usize {
    let text = text.trim_end();
    let line = text.rsplit('\n').next().unwrap_or_default();
    let last = crate::story::prose::sentences(line).pop().unwrap_or_default();
    text.len() - last.len()
}

/// Whether a text ends inside a sentence.
#[must_use]
pub fn is_open(text: &str) -> bool {
    text.trim_end().ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | ';' | '-'))
}

/// A text, and what a model went on with that tells it again from its beginning;
/// none where it does not.
pub(super) fn told_again(head: &str, tail: &str) -> Option<String> {
    let mut retelling = Retelling::of(head);
    for (at, c) in tail.char_indices() {
        retelling.read(c, at);
    }
    let (here, letters) = match retelling.end() {
        New::All => return None,
        New::Nothing => return Some(head.to_owned()),
        New::Behind(here, letters) => (here, letters),
    };
    let rest = &tail[here..];
    let end = end_of_letters(head, letters);
    if letters < retelling.told.len() {
        // Its end is told otherwise: the later telling stands, from its sentence on.
        let back = |text: &str| crate::story::prose::last_sentence_end(text);
        let (kept, from) = (back(&head[..end]), back(&tail[..here]));
        let is_last = kept > 0 && crate::story::prose::sentences(&head[kept..]).len() <= 1;
        let (kept, from) = if is_last { (kept, from) } else { (head.len(), tail.len()) };
        return Some(format!("{}{}", &head[..kept], &tail[from..]));
    }
    let (after, is_said) = (head[end..].trim(), rest.chars().any(char::is_alphanumeric));
    if rest.trim_start().starts_with(after) {
        let marks = super::overlap::repeated_marks(&head[end..], rest);
        Some(format!("{head}{}", &rest[marks..]))
    } else if is_said {
        Some(format!("{}{rest}", &head[..end]))
    } else {
        Some(head.to_owned())
    }
}

/// The byte behind so many letters of a text.
fn end_of_letters(text: &str, letters: usize) -> usize {
    let mut count = 0;
    let ends = text.char_indices().filter(|(_, c)| c.is_alphanumeric()).map(|(at, c)| {
        count += c.to_lowercase().count();
        (count, at + c.len_utf8())
    });
    ends.take_while(|(count, _)| *count <= letters).last().map_or(0, |(_, end)| end)
}

/// What of a reply comes behind the last paragraph of the text, if it begins with it
/// to the mark.
pub(super) fn behind_paragraph<'a>(head: &str, tail: &'a str) -> Option<&'a str> {
    let last = head.trim_end().rsplit("\n\n").next()?.trim_start();
    let rest = tail.strip_prefix(last)?;
    let letters = letters_of(last);
    // One bare word is soon said twice.
    let has_more = last[letters.clone()].contains(|c: char| !c.is_alphanumeric())
        || last.starts_with(['*', '_', '(', '[']);
    (has_more && letters.len() >= 4).then_some(rest)
}

/// From the first letter of a text to its last.
fn letters_of(text: &str) -> Range<usize> {
    let from = text.find(char::is_alphanumeric).unwrap_or(text.len());
    from..from + text[from..].trim_end_matches(|c: char| !c.is_alphanumeric()).len()
}

//! Where sentences end, and how many words there are.

use crate::story::prose;

/// How far back a clause may begin before a sentence is worth keeping in part.
const CLAUSE: usize = 400;

/// Follows the sentences of a text.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// Where sentences have ended, and whether inside a speech.
    seen: Vec<(usize, bool)>,
    /// An end, if what comes next is a blank.
    pending: Option<usize>,
    /// The word that is being read.
    word: String,
    /// The word that stands before `pending`.
    last: String,
    words: usize,
}

impl Ends {
    /// At the beginning of a reply that goes on from this text.
    #[must_use]
    pub fn new(begun: &str) -> Self {
        Self { words: prose::words(begun), ..Self::default() }
    }

    /// Reads the character at this place; gives the end of the sentence before
    /// it, if one has ended, and whether that is inside a speech.
    pub fn read(&mut self, c: char, at: usize, is_said: bool) -> Option<(usize, bool)> {
        if is_ideograph(c) {
            self.words += 1;
        } else if c.is_alphanumeric() {
            self.words += usize::from(self.word.is_empty());
            self.word.push(c);
        } else if !self.word.is_empty() && !matches!(c, '\'' | '’') {
            self.last = std::mem::take(&mut self.word);
        }
        let end = at + c.len_utf8();
        if is_ending(c) && (c != '.' || !is_abbreviation(&self.last)) {
            self.pending = Some(end);
            return None;
        }
        let pending = self.pending?;
        if is_closing(c) {
            self.pending = Some(end);
            return None;
        }
        self.pending = None;
        // A mark of the template ends the sentence as a blank does.
        if !c.is_whitespace() && c.is_ascii() && c != '<' {
            return None;
        }
        self.seen.push((pending, is_said));
        Some((pending, is_said))
    }

    /// The text ends here.
    pub fn end(&mut self) {
        self.seen.extend(self.pending.take().map(|end| (end, false)));
    }

    /// How many words there are.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words
    }

    /// The last end of a sentence at or before a place, outside of speech if
    /// one is near; 0 if none is.
    #[must_use]
    pub fn before(&self, place: usize) -> usize {
        const NEAR: usize = 12;
        let count = self.seen.partition_point(|(end, _)| *end <= place);
        let last = &self.seen[count.saturating_sub(NEAR)..count];
        let told = last.iter().rev().find(|(_, is_said)| !is_said);
        told.or(last.last()).map_or(0, |(end, _)| *end)
    }

    /// The end of the sentence before a place or, where that would throw much
    /// away, of the clause.
    #[must_use]
    pub fn clause_before(&self, text: &str, place: usize) -> usize {
        let sentence = self.before(place);
        if place - sentence <= CLAUSE {
            return sentence;
        }
        let clause = text[sentence..place].rfind([',', ';', ':', '—', '–']);
        clause.map_or(sentence, |at| {
            let mark = text[sentence + at..].chars().next().map_or(0, char::len_utf8);
            sentence + at + mark
        })
    }
}

fn is_ending(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？')
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»' | '«' | '“' | ')' | '」' | '』' | '*' | '_')
}

/// Characters that are a word each.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Whether a stop after this word ends no sentence.
fn is_abbreviation(word: &str) -> bool {
    const KNOWN: [&str; 17] = [
        "Mr", "Mrs", "Ms", "Dr", "St", "Prof", "Capt", "Col", "Mme", "Mlle", "Sr", "Sra", "Dra",
        "Hr", "Fr", "Nr", "Mt",
    ];
    let mut letters = word.chars();
    let is_initial = letters.next().is_some_and(|c| c.is_uppercase() && c != 'I');
    is_initial && letters.next().is_none() || KNOWN.contains(&word)
}

//! What becomes of a text with each reply: whole, cut, short, or of no use.

use super::{Drawing, joining};
use crate::phrases::normalised;
use crate::project::calls::{Ending, Kept};
use crate::story::prose;
use crate::story::take::watch::{Reason, Verdict};
use crate::story::take::{self, Rejection};

/// What to do after a reply.
pub(super) enum Next {
    /// The text is whole.
    Whole,
    /// It was cut: go on from there; so many words are missing.
    Cut(u32),
    /// It ended too soon by so many words.
    Short(u32),
    /// It cannot be used.
    Reject(Rejection),
}

impl Drawing<'_> {
    /// Takes in a reply, and says what to do next.
    pub(super) fn hear(&mut self, kept: &Kept, part: u32) -> Next {
        let was_cut = part > 0 && self.ending != Ending::Stop;
        let before = self.text.clone();
        let grown = self.take_in(kept, part > 0, !was_cut);
        let says = !was_cut || joining::says_more(&before, &self.text);
        if !says && as_if(kept.ending, kept.verdict.as_ref()) == Ending::Stop {
            // Dots in place of the rest are no end.
            self.text.clone_from(&before);
        }
        if kept.ending == Ending::Filtered {
            return Next::Reject(Rejection::Filtered);
        }
        // Asked to go on, it may have come no further than a blank.
        let is_blank = kept.text.trim().is_empty() && (part == 0 || kept.text.is_empty());
        if kept.ending == Ending::Length && is_blank {
            return Next::Reject(Rejection::Unwritten);
        }
        let across = if part > 0 { self.cut_across(&before, kept.ending) } else { None };
        let grown = if across.is_some() { 0 } else { grown };
        self.verdict = across.or_else(|| kept.verdict.clone());
        if let Some(rejection) = self.rejection(&kept.text) {
            return Next::Reject(rejection);
        }
        self.ending = as_if(kept.ending, self.verdict.as_ref());
        let is_over = self.ending == Ending::Stop && self.verdict.is_none() && says;
        // Whatever the endpoint says, no chapter ends inside a sentence. One that is long
        // enough is asked once for the end of it.
        let breaks_off = is_over && prose::breaks_off(&self.text);
        if breaks_off && (self.is_short() || self.shortfalls == 0) {
            self.shortfalls += u32::from(!self.is_short());
            self.ending = Ending::Length;
        }
        // A cut text to which nothing was added is as cut as before.
        self.is_whole = self.ending == Ending::Stop && says && !breaks_off;
        match self.verdict.as_ref().map(|verdict| verdict.reason) {
            Some(Reason::Long) => {
                self.is_whole = true;
                Next::Whole
            }
            left @ (Some(Reason::Left | Reason::Stray) | None) => {
                self.stuck = 0;
                // Who left the story may find back into it, asked once more, and who
                // did so by chance a second time; who declines will not.
                let declines = || take::refusal(kept.text.trim()).is_some();
                let chances = match left {
                    Some(Reason::Stray) => 2,
                    left => u32::from(left.is_some()),
                };
                let is_lost = self.shortfalls < chances && !declines();
                self.next(grown, part == 0 || is_lost)
            }
            Some(_) => self.after_stop(grown, kept),
        }
    }

    /// Why the text so far cannot be used, if it cannot. What was stopped after
    /// a few words is better drawn anew than continued.
    fn rejection(&self, reply: &str) -> Option<Rejection> {
        const WORTH: u32 = 30;
        let language = &self.sitting.materials.story.book.language;
        let is_worth = self.words() >= WORTH.min(self.sitting.task.words() / 4);
        let Some(verdict) = self.verdict.as_ref().filter(|_| !is_worth) else {
            return take::reject(&self.text, language);
        };
        match verdict.reason {
            Reason::Loop | Reason::Language => Some(verdict.into()),
            Reason::Left | Reason::Stray | Reason::Phrase
                if !self.is_last || self.text.trim().is_empty() =>
            {
                take::refusal(reply.trim()).map(Rejection::Refusal).or(Some(verdict.into()))
            }
            _ => take::reject(&self.text, language),
        }
    }

    /// What to do after a reply that was stopped in mid-story. One that at once
    /// does the same again gets a second chance, and then the phrase stands, or
    /// the text is what it is.
    fn after_stop(&mut self, grown: usize, kept: &Kept) -> Next {
        const CHANCES: u32 = 2;
        const SOMETHING: usize = 12;
        self.stuck = if grown < SOMETHING { self.stuck + 1 } else { 0 };
        if self.stuck < CHANCES {
            return self.next(grown, false);
        }
        self.stuck = 0;
        match &self.verdict {
            Some(verdict) if verdict.reason == Reason::Phrase => {
                self.stands.push(normalised(&verdict.words));
                self.end_sentence(&kept.text);
                self.next(grown, false)
            }
            Some(_) if self.may_end_foreign() => {
                self.is_whole = true;
                Next::Whole
            }
            Some(verdict) if self.is_short() => Next::Reject(verdict.into()),
            // It ends with its last whole sentence.
            _ => Next::Whole,
        }
    }

    /// Whether, drawn for the last time, most of a chapter has come before it turns to
    /// another language: a letter at its end is no reason to refuse all of it.
    fn may_end_foreign(&self) -> bool {
        let is_language = |verdict: &Verdict| verdict.reason == Reason::Language;
        self.is_last
            && self.words() * 2 > self.sitting.task.words()
            && self.verdict.as_ref().is_some_and(is_language)
    }

    /// Goes back to the last whole sentence where a model will not end the one that
    /// stands open, but begins another.
    fn end_sentence(&mut self, said: &str) {
        let begins = said.trim_start().starts_with(char::is_uppercase);
        let end = prose::last_sentence_end(&self.text);
        if begins && prose::is_open(&self.text) && end * 2 > self.text.len() {
            self.text.truncate(end);
        }
    }

    fn next(&mut self, grown: usize, is_first: bool) -> Next {
        const SHORTFALLS: u32 = 3;
        const MUCH: u32 = 25;
        let words = self.words();
        let target = self.sitting.task.words();
        let missing = target.saturating_sub(words);
        if self.ending != Ending::Stop {
            // Well past its length, and still no end in sight.
            return if words > take::most_words(target) { Next::Whole } else { Next::Cut(missing) };
        }
        // The rest of what breaks off is worth to be asked for once more: it costs less
        // than all anew.
        let lacks_much = self.is_short() || missing >= MUCH && missing > target / 20;
        if !self.is_whole && lacks_much && self.shortfalls == 0 {
            self.shortfalls += 1;
            self.ending = Ending::Length;
            return Next::Cut(missing);
        }
        // Who added next to nothing when asked for more has no more to say.
        let has_more = is_first || grown >= 25;
        if (self.is_short() || self.is_astray(missing)) && self.shortfalls < SHORTFALLS && has_more
        {
            self.shortfalls += 1;
            return Next::Short(missing);
        }
        // A few words are no chapter, however well they end.
        if words.saturating_mul(5) < target {
            return Next::Reject(Rejection::Short { words, target });
        }
        Next::Whole
    }
}

impl Drawing<'_> {
    /// Whether the story was left before its end: a notable part of it is missing, and
    /// whoever left it did not say that it was over.
    fn is_astray(&self, missing: u32) -> bool {
        let is_stray = |verdict: &Verdict| verdict.reason == Reason::Stray;
        missing > self.sitting.task.words() / 10 && self.verdict.as_ref().is_some_and(is_stray)
    }
}

/// How a reply ended, as if nobody had stopped it: who leaves the story has said
/// all, and what was stopped for another reason was cut.
pub(super) fn as_if(ending: Ending, verdict: Option<&Verdict>) -> Ending {
    match verdict.map(|verdict| verdict.reason) {
        None => ending,
        Some(Reason::Left | Reason::Stray | Reason::Long) => Ending::Stop,
        Some(_) => Ending::Length,
    }
}

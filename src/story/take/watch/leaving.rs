//! When a model leaves the story: by the openings of lines.

use super::Terms;
use super::front;
use super::lines::{Line, form_of_title};
use super::numerals::number_in;
use super::preface::is_before;
use super::signs::Kind;
use crate::story::prose;
use crate::story::take::framing::{Framing, names_teller};
use crate::story::take::wrappings::{FENCED, is_tag};

/// Follows the lines of a reply.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    line: Line,
    /// Whether some of the story has come: what comes before it is taken off.
    begun: bool,
    /// Whether the line that is being read was judged by its opening.
    is_judged: bool,
    /// Whether some of the story had come before that line.
    is_told: bool,
    /// What shows whether the story itself holds that line.
    above: Above,
    /// Whether a letter may go on here: a salutation stands above, and no new scene.
    is_letter: bool,
    /// The fence that is open.
    fence: Option<Fence>,
    /// One that was closed, and too long for a sign, while nothing has followed it.
    closed: Option<Fence>,
    /// Where a machine in the story may speak, or a letter, while nothing has followed it.
    held: Option<Departure>,
    /// Where the reply begins.
    start: usize,
    /// Whether a line has come that stands over no heading of the text.
    is_amid: bool,
}

/// Where a model leaves the story.
#[derive(Clone, Copy, Debug)]
pub struct Departure {
    /// The place where its line begins.
    pub from: usize,
    /// Whether the text is over there, as the model has it; else it is only left.
    pub is_end: bool,
}

/// What a line says that is none of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// No more than what stands before a text.
    Frame,
    /// That the text is over: its length, an offer, a note, the next chapter.
    End,
    /// What has nothing to do with the text, or what a narrator may say, too.
    Astray,
    /// What a machine or a letter in the story may say, if the story goes on after it.
    Held,
}

/// What the last line above is that is not blank.
#[derive(Clone, Copy, Debug, Default)]
struct Above {
    /// Whether it leads on to what follows: `The screen said:`
    leads_on: bool,
    /// Whether it says who speaks: `JUDGE: You were there.`
    is_label: bool,
}

impl Above {
    fn of(line: &Line) -> Self {
        let name = line.form.split_once(':').map_or("", |(name, _)| name);
        let is_name = |word: &str| word.contains(char::is_alphabetic);
        let is_label = (1..=2).contains(&name.split(' ').filter(|word| is_name(word)).count());
        Self { leads_on: line.last == Some(':'), is_label: is_label && !line.is_speech }
    }
}

/// Where a fence begins, and whether the reply opens with it: then it may stand
/// round all of the text, and else it is a sign, a telegram, a screen in the story.
#[derive(Clone, Copy, Debug)]
struct Fence {
    from: usize,
    is_first: bool,
}

impl Fence {
    /// Whether what stands in it, up to a place, is too long for a sign.
    fn is_long(self, text: &str, until: usize) -> bool {
        self.words(text, until) >= FENCED
    }

    /// Whether it is too long for whatever stands in a story, such as a log.
    fn is_too_long(self, text: &str, until: usize) -> bool {
        const LOG: usize = 200;
        self.words(text, until) >= if self.is_first { FENCED } else { LOG }
    }

    fn words(self, text: &str, until: usize) -> usize {
        text.get(self.from..until).map_or(0, prose::words)
    }
}

impl Leaving {
    /// The reply begins at this place, and goes on from what was begun.
    #[must_use]
    pub fn begin(from: usize, begun: &str) -> Self {
        let fences = begun.lines().filter(|line| line.trim_start().starts_with("```")).count();
        let fence = (fences % 2 == 1).then_some(Fence { from, is_first: false });
        let mut leaving = Self { line: Line::begin(from), fence, start: from, ..Self::default() };
        for line in begun.lines().map(Line::of) {
            leaving.read_above(&line);
        }
        leaving
    }

    /// Reads the character at this place; gives where the model leaves the story
    /// with the line that it stands in.
    pub fn read(&mut self, c: char, at: usize, terms: &Terms, text: &str) -> Option<Departure> {
        if c != '\n' {
            let is_full = self.line.read(c) && !self.is_judged;
            return is_full.then(|| self.judge(terms, text, false)).flatten();
        }
        let left = self.end(terms, text);
        if !self.line.is_blank() {
            self.above = Above::of(&self.line);
            let line = std::mem::take(&mut self.line);
            self.read_above(&line);
            self.line = line;
            self.is_amid |= self.begun && !front::could_stand_above(&self.line, &terms.signs);
        }
        self.line = Line::begin(at + 1);
        self.is_judged = false;
        left
    }

    /// A line stands above what comes next.
    fn read_above(&mut self, line: &Line) {
        const SALUTATION: usize = 6;
        if line.is_rule() || line.is_heading() {
            self.is_letter = false;
        } else if line.last == Some(',') && !line.is_speech {
            self.is_letter |= line.form.split(' ').count() <= SALUTATION;
        }
    }

    /// The line ends here.
    pub fn end(&mut self, terms: &Terms, text: &str) -> Option<Departure> {
        if self.is_judged || self.line.is_blank() || self.line.is_rule() {
            return None;
        }
        self.judge(terms, text, true)
    }

    /// Where a fence begins in the midst of the text that nothing has closed: the reply
    /// was fenced before it, and what follows is said of it.
    #[must_use]
    pub fn unclosed(&self) -> Option<usize> {
        self.fence.filter(|fence| !fence.is_first).map(|fence| fence.from)
    }

    /// Where the model has left the story with what stands last, if the reply ends here:
    /// a fence, or words that a machine might have said.
    #[must_use]
    pub fn left_last(&self) -> Option<Departure> {
        let unclosed = self.unclosed().map(|from| Departure { from, is_end: true });
        let closed = self.closed.map(|fence| Departure { from: fence.from, is_end: false });
        unclosed.or(closed).or(self.held)
    }

    /// Whether some of the story had come before the last line that was judged.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.is_told
    }

    /// Whether these are another's words than the narrator's.
    #[must_use]
    pub fn is_of_another(&self) -> bool {
        self.line.is_of_another() || self.unclosed().is_some()
    }

    /// Where the text before a line ends, without blanks and rules.
    #[must_use]
    pub fn good_until(text: &str, from: usize) -> usize {
        let mut good = text[..from].trim_end();
        while let Some((rest, last)) = good.rsplit_once('\n')
            && last.trim().chars().all(|c| matches!(c, '-' | '—' | '*' | '_' | '~' | '=' | ' '))
        {
            good = rest.trim_end();
        }
        good.len()
    }

    fn judge(&mut self, terms: &Terms, text: &str, is_whole: bool) -> Option<Departure> {
        self.is_judged = true;
        let is_over_text = is_whole && self.heads_text(terms, text);
        let opens = !std::mem::replace(&mut self.begun, true) || is_over_text;
        self.is_told = !opens;
        self.closed = None;
        let held = self.held.take();
        if !self.line.is_speech && self.line.form.starts_with("'''") {
            self.begun = !opens;
            return self.fenced(text, opens);
        }
        if let Some(fence) = self.fence.filter(|fence| !fence.is_first) {
            // What a sign says is not the model's.
            let is_left = fence.is_too_long(text, self.line.from);
            return is_left.then_some(Departure { from: fence.from, is_end: false });
        }
        let said = self.leaves(terms, text, is_whole, opens);
        let here = |is_end| Departure { from: self.line.from, is_end };
        match said {
            // Words before the text are no text.
            Some(Said::Frame) => self.begun = !opens,
            Some(Said::Held) => self.held = held.or(Some(here(self.is_offer()))),
            // Nor is an offer behind a refusal any of the story.
            None => self.held = held.filter(|_| self.closes(terms)),
            Some(said) => return held.or(Some(here(said == Said::End))),
        }
        None
    }

    /// Whether the line heads the text, though not at once: a title stands above it, a
    /// name, an epigraph.
    fn heads_text(&self, terms: &Terms, text: &str) -> bool {
        !self.is_amid
            && terms.begun.is_empty()
            && self.line.from - self.start <= front::MOST
            && front::heads_own(&self.line, &text[self.line.from..], terms)
    }

    /// Whether the line is one with which a model closes its reply.
    fn closes(&self, terms: &Terms) -> bool {
        !self.line.is_speech
            && terms.signs.close(self.line.form.trim_end(), self.line.is_enclosed())
    }

    fn is_offer(&self) -> bool {
        self.line.form.contains('?')
    }

    /// Reads a fence; gives where the model leaves the story with it.
    fn fenced(&mut self, text: &str, opens: bool) -> Option<Departure> {
        let from = self.line.from;
        let Some(fence) = self.fence.take() else {
            self.fence = Some(Fence { from, is_first: opens });
            // Nobody in a story writes so.
            let is_record = ["json", "yaml", "yml", "xml"].contains(&self.line.form[3..].trim());
            return (is_record && !opens).then_some(Departure { from, is_end: true });
        };
        let is_end = fence.is_first;
        let left = Departure { from: if is_end { from } else { fence.from }, is_end };
        self.closed = (!is_end && fence.is_long(text, from)).then_some(fence);
        fence.is_too_long(text, from).then_some(left)
    }

    /// What a line says that is none of the story; none for prose.
    fn leaves(&self, terms: &Terms, text: &str, is_whole: bool, opens: bool) -> Option<Said> {
        let line = &self.line;
        if line.is_speech {
            return None;
        }
        let form = line.form.trim_end();
        if opens && is_whole && is_tag(form) {
            return Some(Said::Frame);
        }
        let unless = |is_frame: bool, said: Said| if is_frame { Said::Frame } else { said };
        let bare = form.trim_end_matches(['.', '!', ':', '\u{2014}', '-', ')', ']', '}', ' ']);
        if is_whole && line.could_head() && self.is_title(bare, terms) {
            let said = if line.is_marked() { Said::End } else { Said::Astray };
            return Some(unless(opens, said));
        }
        let headed = if line.is_heading() { format!("{form}:") } else { form.to_owned() };
        let Some((kind, length)) = terms.signs.find(&headed) else {
            // A title is no text yet.
            return (opens && is_whole && line.is_marked()).then_some(Said::Frame);
        };
        if opens && is_whole && is_before(line, form, (kind, length), &terms.signs) {
            return Some(Said::Frame);
        }
        let ends = || is_whole && !headed[length..].contains(char::is_alphanumeric);
        let is_frame = matches!(kind, Kind::After | Kind::Stray | Kind::Itself | Kind::Machine);
        let speaks_of_task = |form: &str| terms.signs.speak_of_task(form);
        let is_offer = || kind == Kind::After && self.is_offer() && !speaks_of_task(form);
        let may_be_machine = terms.has_machines && (kind == Kind::Itself || is_offer());
        // Nor does what a letter says, if it is read and the story goes on.
        let may_be_read = line.is_shown() || self.above.leads_on || self.is_letter;
        let is_letter = may_be_read && matches!(kind, Kind::Itself | Kind::Machine);
        let rest = &form[length.min(form.len())..];
        let is_of_story = line.is_quoted() && !is_frame
            || is_frame && names_teller(rest)
            || may_be_machine && (line.is_shown() || names_speaker(rest) || self.above.leads_on)
            || kind == Kind::Machine && self.is_of_screen(&headed[..length]);
        match kind {
            _ if is_of_story => None,
            _ if may_be_machine || is_letter => Some(Said::Held),
            Kind::Before => (!opens && is_whole && speaks_of_task(form)).then_some(Said::Astray),
            Kind::Header | Kind::Label if line.is_heading() => (!opens).then_some(Said::End),
            Kind::Header | Kind::Label => speaks_of_task(&headed[length..]).then_some(Said::End),
            Kind::After => Some(Said::End),
            Kind::Stray | Kind::Itself => Some(Said::Astray),
            Kind::Machine => (!terms.has_machines).then_some(Said::Astray),
            Kind::Whole => ends().then_some(unless(opens, Said::End)),
            Kind::Card => (ends() && line.is_set_off()).then_some(unless(opens, Said::End)),
            Kind::Line => ends().then_some(unless(opens || terms.is_last, Said::Astray)),
            // The last chapter may well end with one.
            Kind::Part => (is_whole && line.could_head() && (line.is_marked() || ends()))
                .then_some(unless(opens || terms.is_last, Said::Astray)),
            Kind::Scene if !terms.is_scene => None,
            Kind::Heading | Kind::Scene => {
                let is_heading = is_whole && (line.could_head() || ends());
                let heading = || Heading { text: &text[line.from..], kind, is_bare: ends() };
                is_heading.then(|| heading().says(line, terms, opens))
            }
            Kind::Opening | Kind::Task | Kind::Closing | Kind::Framed => None,
        }
    }

    /// Whether a label stands where a story shows a screen or a play: behind a line
    /// that leads on to it, or that is a label, too.
    fn is_of_screen(&self, sign: &str) -> bool {
        sign.ends_with(':') && (self.above.leads_on || self.above.is_label)
    }

    fn is_title(&self, bare: &str, terms: &Terms) -> bool {
        let words = bare.split(' ').count();
        // `2. The Drowned Cart`
        let unnumbered = bare.trim_start_matches(['#', '.', ':', ')', ' ']);
        // `*Three days later*` is set over a part of a scene.
        (self.line.is_marked() || words > 1)
            && !self.line.is_quoted()
            && !self.line.is_slanted()
            && terms
                .titles
                .iter()
                .map(|title| form_of_title(title))
                .any(|title| title == bare || title == unnumbered)
    }
}

/// Whether a line names somebody before it says that they say it: `…, I said to her`.
fn names_speaker(form: &str) -> bool {
    let parts = form.split([',', '?', '!']).skip(1);
    let verb = |part: &str| part.split_whitespace().nth(1).map(str::to_owned);
    parts.filter_map(verb).any(|word| Framing::Teller.holds(word.trim_end_matches(['.', ';', ':'])))
}

/// A line that heads a chapter or a scene.
struct Heading<'a> {
    text: &'a str,
    kind: Kind,
    /// Whether it says no more than the sign.
    is_bare: bool,
}

impl Heading<'_> {
    /// What it says where it heads another text than this. In the middle of one that
    /// is the next chapter, or whatever is set as a heading: a letter, a manuscript or
    /// a playbill in the story may number its parts, too.
    fn says(&self, line: &Line, terms: &Terms, opens: bool) -> Said {
        let number = number_in(self.text);
        if opens {
            let is_own = number.is_none_or(|number| number == terms.chapter);
            return if terms.begun.is_empty() || is_own { Said::Frame } else { Said::End };
        }
        match (self.kind, number) {
            _ if line.is_heading() => Said::End,
            (Kind::Scene, _) => Said::End,
            (_, Some(number)) if number == terms.chapter + 1 => Said::End,
            (_, None) if line.is_marked() => Said::End,
            (_, None) if self.is_bare => Said::Astray,
            _ => Said::Frame,
        }
    }
}

#[cfg(test)]
mod tests;

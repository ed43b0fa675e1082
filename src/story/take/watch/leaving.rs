//! When a model leaves the story: by the openings of lines.

use super::Terms;
use super::lines::{Line, form_of_title};
use super::signs::{Kind, Signs};

/// Follows the lines of a reply.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    line: Line,
    /// Whether some of the story has come: what comes before it is taken off.
    begun: bool,
    /// Whether the line that is being read was judged by its opening.
    is_judged: bool,
}

impl Leaving {
    /// The reply begins at this place.
    #[must_use]
    pub fn begin(from: usize) -> Self {
        Self { line: Line::begin(from), ..Self::default() }
    }

    /// Reads the character at this place; gives where the line begins with
    /// which the model leaves the story.
    pub fn read(&mut self, c: char, at: usize, terms: &Terms, text: &str) -> Option<usize> {
        if c != '\n' {
            let is_full = self.line.read(c) && !self.is_judged;
            return is_full.then(|| self.judge(terms, text, false)).flatten();
        }
        let left = self.end(terms, text);
        self.line = Line::begin(at + 1);
        self.is_judged = false;
        left
    }

    /// The line ends here.
    pub fn end(&mut self, terms: &Terms, text: &str) -> Option<usize> {
        if self.is_judged || self.line.is_blank() || self.line.is_rule() {
            return None;
        }
        self.judge(terms, text, true)
    }

    /// Whether somebody speaks in this line.
    #[must_use]
    pub fn is_speech(&self) -> bool {
        self.line.is_speech
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

    fn judge(&mut self, terms: &Terms, text: &str, is_whole: bool) -> Option<usize> {
        self.is_judged = true;
        let opens = !std::mem::replace(&mut self.begun, true);
        let left = self.leaves(terms, text, is_whole, opens);
        if left == Some(false) {
            // Words before the text are no text.
            self.begun = !opens;
        }
        (left == Some(true)).then_some(self.line.from)
    }

    /// Whether a line leaves the story, or is no part of it; none for prose.
    fn leaves(&self, terms: &Terms, text: &str, is_whole: bool, opens: bool) -> Option<bool> {
        let line = &self.line;
        if line.is_speech {
            return None;
        }
        let form = line.form.trim_end();
        // A fence ends the text that another opened.
        if form.starts_with("'''") {
            return Some(!opens);
        }
        let bare = form.trim_end_matches(['.', '!', ':', '\u{2014}', '-', ')', ']', '}', ' ']);
        if is_whole && line.could_head() && self.is_title(bare, terms) {
            return Some(!opens);
        }
        let headed = if line.is_heading() { format!("{form}:") } else { form.to_owned() };
        let (kind, length) = terms.signs.find(&headed)?;
        match kind {
            Kind::Before => (is_whole && is_preface(line, form)).then_some(!opens),
            // `Title: …` before the text is taken off; later it is a departure.
            Kind::After if opens && is_label(form, length) => {
                (is_whole && form.split(' ').count() <= LABEL).then_some(false)
            }
            Kind::After => Some(true),
            Kind::Machine => (!terms.has_machines).then_some(true),
            Kind::Line => (is_whole && length == bare.len()).then_some(!opens && !terms.is_last),
            Kind::Heading | Kind::Scene => {
                let is_heading = is_whole && (line.could_head() || length == bare.len());
                let is_other = !opens || is_of_other(&text[line.from..], terms);
                is_heading.then_some(is_other && (kind == Kind::Heading || terms.is_scene))
            }
        }
    }

    fn is_title(&self, bare: &str, terms: &Terms) -> bool {
        let words = bare.split(' ').count();
        (self.line.is_marked() || words > 1)
            && terms.titles.iter().any(|title| form_of_title(title) == bare)
    }
}

/// The most words of a line that says what a text is, such as `Setting: a harbour`.
const LABEL: usize = 14;

/// Whether a sign is a word before a colon.
fn is_label(form: &str, length: usize) -> bool {
    form[..length].ends_with(':')
}

/// Whether a line that begins like a word to the author is one, and no narrator's
/// (`This is the story of what a woman's patience can endure`): it leads to the
/// text, or is short, or opens as an answer does.
fn is_preface(line: &Line, form: &str) -> bool {
    const SHORT: usize = 7;
    const PARTS: [&str; 8] =
        ["chapter", "scene", "kapitel", "szene", "chapitre", "scène", "capítulo", "escena"];
    const ANSWERS: [&str; 18] = [
        "sure",
        "certainly",
        "absolutely",
        "of course",
        "okay",
        "ok",
        "alright",
        "understood",
        "got it",
        "great",
        "no problem",
        "gerne",
        "natürlich",
        "selbstverständlich",
        "bien sûr",
        "d'accord",
        "claro",
        "por supuesto",
    ];
    let answers = || {
        ANSWERS.iter().any(|word| {
            form.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        })
    };
    let words = form.split(' ').count();
    let names = || form.split(' ').any(|word| PARTS.contains(&word.trim_matches(['.', ',', '!'])));
    line.last == Some(':') || words <= SHORT || answers() || words <= 2 * SHORT && names()
}

/// Whether a heading at the beginning of a reply that goes on from a text has
/// the number of another chapter.
fn is_of_other(heading: &str, terms: &Terms) -> bool {
    let digits: String = heading
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    !terms.begun.is_empty() && digits.parse().is_ok_and(|number: usize| number != terms.chapter)
}

/// A reply without the lines before its text in which the model speaks to the
/// author, and where `all` is set those in which it leaves the story at once. A
/// reply that has no other lines is left as it is.
#[must_use]
pub fn after_opening<'a>(reply: &'a str, signs: &Signs, all: bool) -> &'a str {
    let (mut rest, mut is_bare) = (reply, true);
    while let Some((line, after)) = rest.split_once('\n') {
        let mut read = Line::default();
        for c in line.chars() {
            read.read(c);
        }
        let form = read.form.trim_end();
        let is_speech = || match signs.find(form) {
            Some((Kind::Before, _)) => is_preface(&read, form),
            Some((Kind::After, length)) if is_label(form, length) => {
                all || form.split(' ').count() <= LABEL
            }
            Some((Kind::After | Kind::Machine, _)) => all,
            _ => false,
        };
        if !read.is_blank() && (read.is_speech || !is_speech()) {
            break;
        }
        is_bare &= read.is_blank();
        rest = after;
    }
    let has_text = rest.chars().any(char::is_alphanumeric);
    if has_text && !is_bare { rest } else { reply }
}

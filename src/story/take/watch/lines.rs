//! The form in which a line's opening is compared with the signs.

use crate::phrases::Normal;

/// The bytes of a line's opening that are looked at: the longest sign is
/// shorter.
pub const OPENING: usize = 140;

/// A line that is being read.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Where it begins.
    pub from: usize,
    /// Its opening, in the form of the signs.
    pub form: String,
    /// The marks before its first word.
    pub lead: String,
    /// Whether it opens with a quotation mark or a dash: somebody speaks.
    pub is_speech: bool,
    /// Whether the emphasis that it opens with has been closed.
    is_closed: bool,
    /// The last character that is no blank.
    pub last: Option<char>,
    normal: Normal,
}

impl Line {
    /// A line that begins at this place.
    #[must_use]
    pub fn begin(from: usize) -> Self {
        Self { from, ..Self::default() }
    }

    /// A line that has been read.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut line = Self::default();
        for c in text.chars() {
            line.read(c);
        }
        line
    }

    /// Reads one more character, which is no line end; says whether the opening
    /// is full with it.
    pub fn read(&mut self, c: char) -> bool {
        if !c.is_whitespace() {
            self.last = Some(c);
        }
        self.is_closed |= !self.form.is_empty() && matches!(c, '*' | '_');
        if self.form.is_empty() && is_lead(c) {
            self.lead.push(c);
            return false;
        }
        if self.form.is_empty() && opens_speech(c) {
            self.is_speech = true;
        }
        if self.form.len() >= OPENING {
            return false;
        }
        push(c, &mut self.normal, &mut self.form);
        self.form.len() >= OPENING
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.form.is_empty() && self.lead.trim().is_empty()
    }

    /// Whether it parts two scenes, or only decorates.
    #[must_use]
    pub fn is_rule(&self) -> bool {
        let bare = self.form.trim();
        !self.is_blank()
            && bare.chars().all(|c| matches!(c, '-' | '—' | '~' | '=' | '.' | '•' | ' '))
    }

    /// Whether it is a Markdown heading.
    #[must_use]
    pub fn is_heading(&self) -> bool {
        let lead = self.lead.trim_start();
        lead.starts_with('#')
            && lead.trim_start_matches('#').starts_with(' ')
            && !self.form.is_empty()
    }

    /// Whether it is set in bold or as a heading, whole.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.is_heading() || self.lead.trim().starts_with("**") && self.last == Some('*')
    }

    /// Whether it is set in italics, from its first word on.
    #[must_use]
    pub fn is_slanted(&self) -> bool {
        matches!(self.lead.trim(), "*" | "_")
    }

    /// Whether it is quoted as Markdown quotes: a letter, a sign.
    #[must_use]
    pub fn is_quoted(&self) -> bool {
        self.lead.trim_start().starts_with('>')
    }

    /// Whether it opens as what stands in emphasis or in a quotation: on a screen, in a
    /// letter.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.lead.trim_start().starts_with(['*', '_', '>'])
    }

    /// Whether what is read now is another's words: speech, a quotation, or a letter
    /// that stands in emphasis.
    #[must_use]
    pub fn is_of_another(&self) -> bool {
        let is_emphasis = self.lead.trim_start().starts_with(['*', '_']) && !self.is_closed;
        self.is_speech || self.is_quoted() || is_emphasis
    }

    /// Whether it stands in brackets or in emphasis as a whole, or is no sentence.
    #[must_use]
    pub fn is_set_off(&self) -> bool {
        self.is_enclosed() || is_no_sentence(self.form.trim_end())
    }

    /// Whether it stands in brackets or in emphasis as a whole.
    #[must_use]
    pub fn is_enclosed(&self) -> bool {
        const PAIRS: [(char, char); 5] =
            [('*', '*'), ('_', '_'), ('(', ')'), ('[', ']'), ('{', '}')];
        let first = self.lead.trim_start().chars().next();
        PAIRS.iter().any(|(open, close)| first == Some(*open) && self.last == Some(*close))
    }

    /// Whether it may be a heading: short, and no sentence.
    #[must_use]
    pub fn could_head(&self) -> bool {
        let is_sentence = matches!(self.last, Some('.' | '!' | '?' | ',' | ';' | '”' | '"' | '»'));
        self.form.len() < OPENING && self.form.split(' ').count() <= 10 && !is_sentence
    }
}

/// Whether a line in its form has no stop at its end, or trails off: `To be continued.`
/// may be a narrator's, and without its stop it is a card.
#[must_use]
pub fn is_no_sentence(form: &str) -> bool {
    form.ends_with("...") || !form.ends_with(['.', '!', '?'])
}

/// A sign in the form of the lines.
#[must_use]
pub fn form_of_sign(sign: &str) -> String {
    let (mut form, mut normal) = (String::new(), Normal::default());
    for c in sign.chars() {
        push(c, &mut normal, &mut form);
    }
    form.trim_end().to_owned()
}

/// A title in the form of the lines.
#[must_use]
pub fn form_of_title(title: &str) -> String {
    form_of_sign(title).trim_end_matches(['.', ':', ' ']).to_owned()
}

/// Adds a character in the normal form, a run of digits as `#`.
fn push(c: char, normal: &mut Normal, form: &mut String) {
    let length = form.len();
    normal.push(c, form);
    if c.is_numeric() {
        form.truncate(length);
        while form.ends_with([',', '.']) && form[..form.len() - 1].ends_with('#') {
            form.pop();
        }
        if !form.ends_with('#') {
            form.push('#');
        }
    }
}

/// Blanks, and what a model sets before the first word of a line.
fn is_lead(c: char) -> bool {
    c.is_whitespace() || matches!(c, '*' | '_' | '#' | '>' | '(' | '[' | '{')
}

fn opens_speech(c: char) -> bool {
    matches!(
        c,
        '"' | '“'
            | '„'
            | '«'
            | '»'
            | '‘'
            | '\''
            | '’'
            | '‚'
            | '‹'
            | '›'
            | '「'
            | '『'
            | '-'
            | '–'
            | '—'
            | '―'
    )
}

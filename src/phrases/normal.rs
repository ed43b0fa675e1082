//! The form in which phrases are compared.
//!
//! Lower case and decomposed; every kind of single or double quote as the
//! straight one; every dash as one, every hyphen as one; runs of blanks as one
//! blank; the end of a paragraph as a line end, which no phrase reaches across.
//! Marks of emphasis and what cannot be seen are left out.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Brings a text into the normal form, character by character.
#[derive(Clone, Copy, Debug, Default)]
pub struct Normal {
    before: Before,
}

/// What stood before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    /// A paragraph begins.
    #[default]
    Nothing,
    /// A blank.
    Blank,
    /// A line end, which may become the end of a paragraph.
    Line,
    /// Anything else.
    Text,
}

impl Normal {
    /// Takes one more character and adds what it is in the normal form.
    pub fn push(&mut self, c: char, form: &mut String) {
        if c.is_ascii_alphanumeric() {
            self.before = Before::Text;
            form.push(c.to_ascii_lowercase());
            return;
        }
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => self.end_line(form),
            c if c.is_whitespace() => {
                if self.before == Before::Text {
                    form.push(' ');
                    self.before = Before::Blank;
                }
            }
            c if is_unseen(c) => {}
            c => {
                self.before = Before::Text;
                push_seen(c, form);
            }
        }
    }

    fn end_line(&mut self, form: &mut String) {
        self.before = match self.before {
            Before::Text => {
                form.push(' ');
                Before::Line
            }
            Before::Blank => Before::Line,
            Before::Line => {
                form.push('\n');
                Before::Nothing
            }
            Before::Nothing => Before::Nothing,
        };
    }
}

fn push_seen(c: char, form: &mut String) {
    match c {
        '\u{2018}'..='\u{201b}' | '\u{2bc}' | '\u{b4}' | '`' => form.push('\''),
        '\u{201c}'..='\u{201f}' | '«' | '»' => form.push('"'),
        '\u{2010}' | '\u{2011}' => form.push('-'),
        '\u{2012}'..='\u{2015}' => form.push('\u{2014}'),
        '…' => form.push_str("..."),
        c if c.is_ascii() => form.push(c),
        c => {
            for lower in c.to_lowercase() {
                decompose_canonical(lower, |part| form.push(part));
            }
        }
    }
}

/// Marks of emphasis, hyphens that only break lines, and what has no width.
fn is_unseen(c: char) -> bool {
    matches!(c, '*' | '_' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || c.is_control()
}

/// A whole text in the normal form, without blanks around it.
#[must_use]
pub fn normalised(text: &str) -> String {
    let mut form = String::with_capacity(text.len());
    let mut normal = Normal::default();
    for c in text.chars() {
        normal.push(c, &mut form);
    }
    form.trim().to_owned()
}

/// Whether a character of the normal form belongs to a word of a writing that
/// sets words apart: next to it no other word can begin or end.
#[must_use]
pub fn is_of_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let runs_on = matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x11ff | 0x1780..=0x17ff | 0x3040..=0x318f | 0x31f0..=0x31ff
        | 0x3400..=0x9fff | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0x20000..=0x3ffff);
    !runs_on && (c.is_alphanumeric() || is_combining_mark(c))
}

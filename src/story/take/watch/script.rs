//! When a text falls into another script than its own.
//!
//! The detector of languages wants a page; letters of another script tell at once that
//! they are of another language. But a name, an inscription, a poem, a letter may stand
//! in a story as it was written, as long as the story goes on after it. Latin letters
//! stand in books of every script.

use crate::story::take::language::language_of;
use crate::story::take::letters::{LATIN, script_of, scripts};

/// How much of another script is no letter any more that somebody reads: letters, of
/// which one that stands for a syllable or a word counts thrice. And how much is no
/// inscription, where a text ends with it.
const MUCH: usize = 500;
const LAST: usize = 150;

/// After so many letters of its own the text is itself again; and of so many the first
/// ones tell what a book is written in whose language does not. At its end fewer are
/// enough: the answer to what was read.
const BACK: usize = 60;
const ANSWER: usize = 20;

/// Follows the letters of what is told.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// What the book is written in.
    scripts: Vec<&'static str>,
    /// How many letters may yet tell what it is written in.
    learning: usize,
    foreign: String,
    weight: usize,
    from: usize,
    own: usize,
}

impl Script {
    /// At the beginning of a reply in a language, by its tag, that goes on from a text.
    #[must_use]
    pub fn new(language: &str, begun: &str) -> Self {
        let scripts = scripts(language);
        let learning = if scripts.is_some() { 0 } else { BACK };
        let mut script = Self { scripts: scripts.unwrap_or_default(), learning, ..Self::default() };
        for c in begun.chars().filter(|c| c.is_alphabetic()).take(learning) {
            script.is_own(c);
        }
        script
    }

    /// Reads the character at this place. Once there is much of another script,
    /// gives where it began and the language it is in.
    pub fn read(&mut self, c: char, at: usize) -> Option<(usize, String)> {
        if !c.is_alphabetic() {
            return None;
        }
        if self.is_own(c) {
            self.own += 1;
            if self.own >= BACK {
                self.foreign.clear();
                self.weight = 0;
            }
            return None;
        }
        if self.foreign.ends_with(c) {
            // A run of one sign is a loop, and no language.
            return None;
        }
        if self.foreign.is_empty() {
            self.from = at;
        }
        self.own = 0;
        self.foreign.push(c);
        self.weight += if u32::from(c) >= 0x2e80 { 3 } else { 1 };
        (self.weight >= MUCH).then(|| self.turn())
    }

    /// The text ends here, or breaks off: what was let be for the sake of what would
    /// follow it is another language, where nothing has.
    #[must_use]
    pub fn end(&self) -> Option<(usize, String)> {
        (self.weight >= LAST && self.own < ANSWER).then(|| self.turn())
    }

    /// Where the other script began, and the language it is in.
    fn turn(&self) -> (usize, String) {
        let name = language_of(&self.foreign).unwrap_or_else(|| "other letters".to_owned());
        (self.from, name)
    }

    fn is_own(&mut self, c: char) -> bool {
        let Some(is) = script_of(c) else { return !self.scripts.contains(&LATIN) };
        if self.learning > 0 {
            self.learning -= 1;
            if !self.scripts.contains(&is) {
                self.scripts.push(is);
            }
        }
        is == LATIN || self.scripts.contains(&is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(text: &str, language: &str) -> Option<(usize, String)> {
        let mut script = Script::new(language, "");
        text.char_indices().find_map(|(at, c)| script.read(c, at)).or_else(|| script.end())
    }

    #[test]
    fn another_script_is_another_language() {
        let chinese = "钟声在夜里响起，可是没有人去拉绳子。她走到门口，看了看水面，又回到桌边坐下，一句话也没有说。".repeat(2);
        let russian = "Дождь кончился ещё до рассвета, но вода всё бежала по жёлобу. Анна стояла у окна в пальто и считала телеги, которые поднимались от реки, и никому не сказала, сколько их было в это утро, и сколько их было вчера вечером.";
        let own = "The bell rang in the night though nobody had touched the rope, and she went to the door. ";
        for (text, language, expected) in [
            (format!("{own}{chinese}"), "en", Some(own.len())),
            (format!("{own}{russian}"), "de", Some(own.len())),
            (format!("{own}她走到门口，看了看水面。{own}"), "en", None),
            (format!("{own}Анна Сергеевна {own}").repeat(30), "en", None),
            (format!("{own}Ça et là, où l’été naît, Łódź, żółw, ǅ. ").repeat(20), "fr", None),
            (chinese.clone(), "zh", None),
            (chinese.clone(), "zh-Hant-TW", None),
            (chinese.clone(), "yue", None),
            (russian.to_owned(), "ru", None),
            // A book in other letters than Latin ones may say something in these.
            (
                format!("{russian} {chinese}{chinese}{chinese}{russian}"),
                "ru",
                Some(russian.len() + 1),
            ),
            (
                format!("{russian} {chinese}{chinese}{chinese}{russian}"),
                "mn",
                Some(russian.len() + 1),
            ),
            // A letter, a verse that somebody reads; but none with which a text ends.
            (format!("{own}{russian} {own}"), "en", None),
            (format!("{own}{chinese}{own}"), "en", None),
            (format!("{russian} {chinese}{russian}"), "ru", None),
            (format!("{own}{russian} She wept. Nobody else did."), "en", None),
            (format!("{own}{chinese}{chinese}{chinese}{own}"), "en", Some(own.len())),
            (format!("{own}{russian} OK"), "en", Some(own.len())),
            (format!("{russian} {}{russian}", own.repeat(3)), "ru", None),
            (format!("{chinese} {russian}"), "ja", Some(chinese.len() + 1)),
            // One that is written in two.
            (format!("{own}{russian}"), "sr", None),
            (format!("{own}{chinese}"), "sr-Latn", Some(own.len())),
            // Of a language that is not known, its beginning tells.
            (russian.to_owned(), "kk", None),
            (russian.to_owned(), "tg-Cyrl-TJ", None),
            (format!("{own}{chinese}"), "eu", Some(own.len())),
        ] {
            let found = turned(&text, language).map(|(from, _)| from);
            assert_eq!(found, expected, "{language}: {text}");
        }
        assert_eq!(turned(russian, "en").map(|(_, name)| name).as_deref(), Some("Russian"));
    }
}

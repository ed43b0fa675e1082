//! When a text in Latin letters falls into another script.
//!
//! The detector of languages wants a page; letters of another script are another
//! language at once, but for a few of them: a name, an inscription, a line of song.

use crate::story::take::language::language_of;

/// How much of another script is no inscription any more: letters, of which one
/// that stands for a syllable or a word counts thrice.
const MUCH: usize = 150;

/// After so many letters of its own the text is itself again.
const BACK: usize = 60;

/// Languages that are written in other letters than Latin ones.
const OTHERS: [&str; 24] = [
    "am", "ar", "be", "bg", "bn", "el", "fa", "he", "hi", "hy", "ja", "ka", "ko", "mk", "mr", "ne",
    "ru", "sr", "ta", "te", "th", "uk", "ur", "zh",
];

/// Follows the letters of what is told.
#[derive(Clone, Debug, Default)]
pub struct Script {
    foreign: String,
    weight: usize,
    from: usize,
    own: usize,
}

impl Script {
    /// Reads the character at this place. Once there is much of another script,
    /// gives where it began and the language it is in.
    pub fn read(&mut self, c: char, at: usize, language: &str) -> Option<(usize, String)> {
        if OTHERS.contains(&language) || !c.is_alphabetic() {
            return None;
        }
        if is_latin(c) {
            self.own += 1;
            if self.own >= BACK {
                *self = Self { own: self.own, ..Self::default() };
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
        (self.weight >= MUCH).then(|| {
            let name = language_of(&self.foreign).unwrap_or_else(|| "other letters".to_owned());
            (self.from, name)
        })
    }
}

fn is_latin(c: char) -> bool {
    matches!(u32::from(c), 0..=0x036f | 0x1d00..=0x1eff | 0x2070..=0x218f | 0x2c60..=0x2c7f | 0xa720..=0xa7ff | 0xab30..=0xab6f | 0xfb00..=0xfb06 | 0xff21..=0xff5a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(text: &str, language: &str) -> Option<(usize, String)> {
        let mut script = Script::default();
        text.char_indices().find_map(|(at, c)| script.read(c, at, language))
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
            (russian.to_owned(), "ru", None),
        ] {
            let found = turned(&text, language).map(|(from, _)| from);
            assert_eq!(found, expected, "{language}: {text}");
        }
        assert_eq!(turned(russian, "en").map(|(_, name)| name).as_deref(), Some("Russian"));
    }
}

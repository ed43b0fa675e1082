//! The letters that a text is in, and those that a language is written in.

use std::ops::RangeInclusive;

use super::language::{primary, tongue};

/// Letters that are one script, by its ISO 15924 code.
struct Script {
    code: &'static str,
    /// Its name with the detector of languages, where that knows it.
    name: &'static str,
    signs: &'static [RangeInclusive<u32>],
}

const fn script(
    code: &'static str,
    name: &'static str,
    signs: &'static [RangeInclusive<u32>],
) -> Script {
    Script { code, name, signs }
}

/// The code of Latin letters.
pub const LATIN: &str = "Latn";

const HAN: &str = "Hani";

const SCRIPTS: [Script; 29] = [
    script(
        LATIN,
        "Latin",
        &[
            0..=0x036f,
            0x1d00..=0x1eff,
            0x2070..=0x218f,
            0x2c60..=0x2c7f,
            0xa720..=0xa7ff,
            0xab30..=0xab6f,
            0xfb00..=0xfb06,
            0xff21..=0xff5a,
        ],
    ),
    script("Grek", "Greek", &[0x0370..=0x03ff, 0x1f00..=0x1fff]),
    script(
        "Cyrl",
        "Cyrillic",
        &[0x0400..=0x052f, 0x1c80..=0x1c8f, 0x2de0..=0x2dff, 0xa640..=0xa69f],
    ),
    script("Armn", "Armenian", &[0x0530..=0x058f, 0xfb13..=0xfb17]),
    script("Hebr", "Hebrew", &[0x0590..=0x05ff, 0xfb1d..=0xfb4f]),
    script(
        "Arab",
        "Arabic",
        &[0x0600..=0x06ff, 0x0750..=0x077f, 0x0870..=0x08ff, 0xfb50..=0xfdff, 0xfe70..=0xfefe],
    ),
    script("Deva", "Devanagari", &[0x0900..=0x097f, 0xa8e0..=0xa8ff]),
    script("Beng", "Bengali", &[0x0980..=0x09ff]),
    script("Guru", "Gurmukhi", &[0x0a00..=0x0a7f]),
    script("Gujr", "Gujarati", &[0x0a80..=0x0aff]),
    script("Orya", "Oriya", &[0x0b00..=0x0b7f]),
    script("Taml", "Tamil", &[0x0b80..=0x0bff]),
    script("Telu", "Telugu", &[0x0c00..=0x0c7f]),
    script("Knda", "Kannada", &[0x0c80..=0x0cff]),
    script("Mlym", "Malayalam", &[0x0d00..=0x0d7f]),
    script("Sinh", "Sinhala", &[0x0d80..=0x0dff]),
    script("Thai", "Thai", &[0x0e00..=0x0e7f]),
    script("Laoo", "", &[0x0e80..=0x0eff]),
    script("Tibt", "", &[0x0f00..=0x0fff]),
    script("Mymr", "Myanmar", &[0x1000..=0x109f, 0xa9e0..=0xa9ff, 0xaa60..=0xaa7f]),
    script("Geor", "Georgian", &[0x10a0..=0x10ff, 0x1c90..=0x1cbf, 0x2d00..=0x2d2f]),
    script("Hang", "Hangul", &[0x1100..=0x11ff, 0x3130..=0x318f, 0xa960..=0xa97f, 0xac00..=0xd7ff]),
    script("Ethi", "Ethiopic", &[0x1200..=0x139f, 0x2d80..=0x2ddf]),
    script("Khmr", "Khmer", &[0x1780..=0x17ff]),
    script("Mong", "", &[0x1800..=0x18af]),
    script("Tfng", "", &[0x2d30..=0x2d7f]),
    script("Kana", "Katakana", &[0x3040..=0x30ff, 0x31f0..=0x31ff, 0xff66..=0xff9f]),
    script(
        HAN,
        "Mandarin",
        &[
            0x2e80..=0x303f,
            0x3100..=0x312f,
            0x31a0..=0x31bf,
            0x3400..=0x9fff,
            0xf900..=0xfaff,
            0x2_0000..=0x3_ffff,
        ],
    ),
    script("Yiii", "", &[0xa000..=0xa4cf]),
];

/// The script of a letter, by its code; none of one that stands in no list here.
#[must_use]
pub fn script_of(c: char) -> Option<&'static str> {
    let is_of = |script: &&Script| script.signs.iter().any(|signs| signs.contains(&u32::from(c)));
    SCRIPTS.iter().find(is_of).map(|script| script.code)
}

/// The script that the detector gives this name, by its code.
#[must_use]
pub fn script_named(name: &str) -> Option<&'static str> {
    // It parts what is written together.
    let name = if name == "Hiragana" { "Katakana" } else { name };
    SCRIPTS.iter().find(|script| script.name == name).map(|script| script.code)
}

/// The codes of a tag's script subtag that stand for others.
const CODES: [(&str, &[&str]); 6] = [
    ("Hans", &[HAN]),
    ("Hant", &[HAN]),
    ("Jpan", &["Kana", HAN]),
    ("Hrkt", &["Kana"]),
    ("Hira", &["Kana"]),
    ("Kore", &["Hang"]),
];

/// Scripts that a language is written in beside the one that the detector knows.
const BESIDE: [(&str, &str); 2] = [("sr", LATIN), ("ja", HAN)];

/// The scripts that a book in this language, by its tag, is written in; none where
/// that is not known, and nothing but the book itself can tell.
#[must_use]
pub fn scripts(language: &str) -> Option<Vec<&'static str>> {
    let primary = primary(language);
    let lang = tongue(language)?;
    let known = whatlang::Script::all().iter().filter(|script| script.langs().contains(&lang));
    let mut scripts: Vec<&str> = known.filter_map(|script| script_named(script.name())).collect();
    scripts.extend(BESIDE.iter().filter(|(tag, _)| *tag == primary).map(|(_, code)| *code));
    let is_script =
        |subtag: &&str| subtag.len() == 4 && subtag.bytes().all(|b| b.is_ascii_alphabetic());
    if let Some(subtag) = language.split('-').skip(1).find(is_script) {
        if let Some((_, codes)) = CODES.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(subtag)) {
            scripts.extend(*codes);
        } else {
            let named = SCRIPTS.iter().find(|script| script.code.eq_ignore_ascii_case(subtag));
            scripts.push(named?.code);
        }
    }
    Some(scripts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_written_in_the_letters_of_its_tag_too() {
        for (language, expected) in [
            ("en", Some(&[LATIN][..])),
            ("sr", Some(&["Cyrl", LATIN])),
            ("sr-Latn-RS", Some(&["Cyrl", LATIN, LATIN])),
            ("hi", Some(&["Deva"])),
            ("hi-Latn", Some(&["Deva", LATIN])),
            ("zh-Hant-TW", Some(&[HAN, HAN])),
            ("ja", Some(&["Kana", "Kana", HAN])),
            ("ko-Kore", Some(&["Hang", "Hang"])),
            // A year of its spelling is no script.
            ("de-1996", Some(&[LATIN])),
            ("en-Shaw", None),
            ("kk", None),
            ("yue", None),
        ] {
            assert_eq!(scripts(language).as_deref(), expected, "{language}");
        }
        for (sign, expected) in [
            ('é', Some(LATIN)),
            ('ш', Some("Cyrl")),
            ('雨', Some(HAN)),
            ('の', Some("Kana")),
            ('ー', Some("Kana")),
            ('비', Some("Hang")),
            ('پ', Some("Arab")),
            ('𐐀', None),
        ] {
            assert_eq!(script_of(sign), expected, "{sign}");
        }
    }
}

//! Which language a text is in.

use crate::story::prose;

/// The language a text is in, where that is surely not the one asked for.
///
/// Only says so of a text of some length, in a language both sides know.
#[must_use]
pub fn foreign_language(text: &str, language: &str) -> Option<String> {
    let wanted = tongue(language)?;
    if text.chars().filter(|c| c.is_alphabetic()).count() < 120 || is_surely(text, language) {
        return None;
    }
    let found = whatlang::detect(text)?;
    if found.lang() == wanted || found.confidence() < 0.6 && !script_differs(found.lang(), wanted) {
        return None;
    }
    // Close relatives are told apart badly on short texts.
    if prose::words(text) < 60 && !found.is_reliable() {
        return None;
    }
    Some(found.lang().eng_name().to_owned())
}

/// Words of which any prose of a language is full, and no other one is: of the
/// Romance languages too many share theirs.
const FULL_OF: [(&str, &[&str]); 2] = [
    ("en", &["the", "and", "of", "to", "was", "that", "his", "her", "with", "had", "it", "she"]),
    ("de", &["und", "der", "die", "das", "den", "sie", "nicht", "ein", "eine", "ich", "zu", "mit"]),
];

/// Whether a text is so full of these words that the detector, which takes its
/// time, need not be asked.
fn is_surely(text: &str, language: &str) -> bool {
    let Some((_, common)) = FULL_OF.iter().find(|(tag, _)| *tag == language) else { return false };
    let (mut words, mut known) = (0, 0);
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        words += 1;
        known += usize::from(common.iter().any(|one| word.eq_ignore_ascii_case(one)));
    }
    known * 6 > words
}

/// Whether a text is in another language, by its English name, rather than in the
/// one asked for: of the two alone, a sentence is enough to tell.
#[must_use]
pub(super) fn is_rather(text: &str, foreign: &str, language: &str) -> bool {
    let named = |lang: &&whatlang::Lang| lang.eng_name() == foreign;
    let (Some(wanted), Some(foreign)) =
        (tongue(language), whatlang::Lang::all().iter().find(named).copied())
    else {
        return false;
    };
    let detector = whatlang::Detector::with_allowlist(vec![wanted, foreign]);
    !is_surely(text, language) && detector.detect_lang(text) == Some(foreign)
}

/// The English name of the language that a text is most likely in.
#[must_use]
pub(super) fn language_of(text: &str) -> Option<String> {
    whatlang::detect(text).map(|found| found.lang().eng_name().to_owned())
}

/// The English name of a language, by its primary subtag.
#[must_use]
pub fn language_name(language: &str) -> Option<&'static str> {
    tongue(language).map(whatlang::Lang::eng_name)
}

fn script_differs(a: whatlang::Lang, b: whatlang::Lang) -> bool {
    let of = |lang: whatlang::Lang| {
        whatlang::Script::all().iter().find(|script| script.langs().contains(&lang)).copied()
    };
    of(a) != of(b)
}

/// The detector's name for a primary language subtag.
fn tongue(language: &str) -> Option<whatlang::Lang> {
    const TABLE: [(&str, &str); 46] = [
        ("en", "eng"),
        ("de", "deu"),
        ("fr", "fra"),
        ("es", "spa"),
        ("it", "ita"),
        ("pt", "por"),
        ("nl", "nld"),
        ("sv", "swe"),
        ("da", "dan"),
        ("nb", "nob"),
        ("no", "nob"),
        ("fi", "fin"),
        ("pl", "pol"),
        ("cs", "ces"),
        ("sk", "slk"),
        ("hu", "hun"),
        ("ro", "ron"),
        ("bg", "bul"),
        ("hr", "hrv"),
        ("sr", "srp"),
        ("sl", "slv"),
        ("uk", "ukr"),
        ("ru", "rus"),
        ("be", "bel"),
        ("el", "ell"),
        ("tr", "tur"),
        ("he", "heb"),
        ("ar", "ara"),
        ("fa", "pes"),
        ("hi", "hin"),
        ("bn", "ben"),
        ("ta", "tam"),
        ("te", "tel"),
        ("th", "tha"),
        ("vi", "vie"),
        ("id", "ind"),
        ("zh", "cmn"),
        ("ja", "jpn"),
        ("ko", "kor"),
        ("ca", "cat"),
        ("lt", "lit"),
        ("lv", "lav"),
        ("et", "est"),
        ("af", "afr"),
        ("la", "lat"),
        ("eo", "epo"),
    ];
    TABLE
        .iter()
        .find(|(tag, _)| *tag == language)
        .and_then(|(_, code)| whatlang::Lang::from_code(*code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_surely_of_its_language_needs_no_detector() {
        let table = [
            ("en", "She took the lamp and went down to the door, and her hand was cold.", true),
            ("en", "Lamps. Ships. Cold hands. Nobody spoke; nobody ever had spoken here.", false),
            ("en", "Sie nahm die Lampe und ging zur Tür, und ihre Hand war kalt.", false),
            ("en", "Ze nam de lamp en liep naar de deur, en haar hand was koud.", false),
            ("de", "Sie nahm die Lampe und ging zu der Tür, und ihre Hand war kalt.", true),
            ("de", "Ze nam de lamp en liep naar de deur, en haar hand was koud.", false),
            ("de", "She took the lamp and went down to the door, and her hand was cold.", false),
            ("fr", "Elle prit la lampe et descendit vers la porte.", false),
        ];
        for (language, text, is) in table {
            assert_eq!(is_surely(text, language), is, "{language} {text}");
            if is {
                assert_eq!(foreign_language(&text.repeat(4), language), None);
            }
        }
    }
}

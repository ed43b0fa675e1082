//! Which language a text is in.

use crate::story::prose;

/// The language a text is in, where that is surely not the one asked for.
///
/// Only says so of a text of some length, in a language both sides know.
#[must_use]
pub fn foreign_language(text: &str, language: &str) -> Option<String> {
    let wanted = tongue(language)?;
    if text.chars().filter(|c| c.is_alphabetic()).count() < 120 {
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

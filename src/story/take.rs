//! A take: one drawing of a chapter, and whether a reply can be one.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

use super::prose;

/// Why a reply cannot be part of a take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Nothing was written.
    Empty,
    /// The model declined.
    Refusal(String),
    /// The endpoint's filter stopped it.
    Filtered,
    /// Most of it is in another language.
    Language(String),
    /// It goes round in circles.
    Loop(String),
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("it was empty"),
            Self::Refusal(words) => write!(f, "the model declined: “{words}”"),
            Self::Filtered => f.write_str("the endpoint's filter stopped it"),
            Self::Language(language) => write!(f, "it was in another language ({language})"),
            Self::Loop(words) => write!(f, "it went round in circles: “{words}”"),
        }
    }
}

/// The prose of a reply: without code fences, a preamble to the reader, a
/// repeated heading, or a note at the end.
#[must_use]
pub fn strip(reply: &str, title: &str) -> String {
    let mut text = prose::clean(reply);
    text = unfence(&text);
    let mut lines: Vec<&str> = text.lines().collect();
    while let Some(first) = lines.first() {
        let line = first.trim();
        if line.is_empty() || is_preamble(line) || is_heading(line, title) || line == "---" {
            lines.remove(0);
        } else {
            break;
        }
    }
    while let Some(last) = lines.last() {
        let line = last.trim();
        if line.is_empty() || line == "---" || is_closing(line) {
            lines.pop();
        } else {
            break;
        }
    }
    // The first line's own indent says nothing; inner spaces stay as they are.
    let joined = without_headings(&lines.join("\n"));
    let stripped = joined.trim_start();
    if lines.is_empty() {
        return String::new();
    }
    // What follows the last word matters to a continuation, so an end of the
    // reply in spaces is kept where nothing was taken off it.
    let end = &text[text.trim_end().len()..];
    if text.trim_end().ends_with(lines.last().map_or("", |line| line.trim_end())) {
        format!("{}{end}", stripped.trim_end())
    } else {
        stripped.trim_end().to_owned()
    }
}

/// The prose of a reply that goes on from an earlier one: what [`strip`] takes
/// off, but with the space it begins with, which tells whether a word goes on.
#[must_use]
pub fn strip_continuation(reply: &str, title: &str) -> String {
    let stripped = strip(reply, title);
    let cleaned = prose::clean(reply);
    let lead = &cleaned[..cleaned.len() - cleaned.trim_start().len()];
    let begins_with_it = cleaned.trim_start().starts_with(
        stripped.trim_start().get(..stripped.trim_start().len().min(24)).unwrap_or(&stripped),
    );
    if begins_with_it && !lead.contains("```") {
        format!("{lead}{}", stripped.trim_start())
    } else {
        stripped
    }
}

/// The text without Markdown headings: a chapter has none inside, so where one
/// stands the model has begun to write about its task.
#[must_use]
pub fn without_headings(text: &str) -> String {
    let is_heading = |line: &str| {
        let line = line.trim_start();
        let bare = line.trim_start_matches('#');
        let marks = line.len() - bare.len();
        (1..=6).contains(&marks) && bare.starts_with(' ')
    };
    if !text.lines().any(is_heading) {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut after_heading = false;
    for line in text.split_inclusive('\n') {
        if is_heading(line) {
            after_heading = true;
        } else if !(after_heading && line.trim().is_empty()) {
            kept.push_str(line);
            after_heading = false;
        }
    }
    kept
}

/// Takes off a code fence that wraps the whole text.
fn unfence(text: &str) -> String {
    let trimmed = text.trim();
    if let Some(rest) = trimmed.strip_prefix("```")
        && let Some((_, body)) = rest.split_once('\n')
    {
        return body.trim_end().strip_suffix("```").map_or(body, str::trim_end).to_owned();
    }
    text.to_owned()
}

/// `Sure, here is chapter 3:` and its kin, in the languages of our prompts.
fn is_preamble(line: &str) -> bool {
    const OPENERS: [&str; 18] = [
        "sure",
        "certainly",
        "of course",
        "here is",
        "here's",
        "here’s",
        "okay",
        "absolutely",
        "gerne",
        "natürlich",
        "hier ist",
        "selbstverständlich",
        "voici",
        "bien sûr",
        "aquí",
        "claro",
        "por supuesto",
        "ecco",
    ];
    let lower = line.to_lowercase();
    line.ends_with(':')
        && line.split_whitespace().count() <= 25
        && OPENERS.iter().any(|opener| lower.starts_with(opener))
}

/// A Markdown heading, or a line that is just the chapter's title or number.
fn is_heading(line: &str, title: &str) -> bool {
    let bare = line
        .trim_matches(|c: char| matches!(c, '#' | '*' | '_' | ':' | ' ' | '.' | '“' | '”' | '"'));
    let lower = bare.to_lowercase();
    let after_number = |word: &str| {
        lower.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.starts_with(|c: char| c.is_ascii_digit()) && rest.split_whitespace().count() <= 12
        })
    };
    (line.starts_with('#') && line.trim_start_matches('#').starts_with(' '))
        || (!bare.is_empty() && lower == title.to_lowercase())
        || ["chapter", "kapitel", "chapitre", "capítulo", "capitolo", "scene", "szene"]
            .iter()
            .any(|word| after_number(word))
}

/// A word to the reader after the text.
fn is_closing(line: &str) -> bool {
    const CLOSERS: [&str; 10] = [
        "end of chapter",
        "end of scene",
        "to be continued",
        "word count",
        "let me know",
        "i hope this",
        "ende des kapitels",
        "fin du chapitre",
        "fin del capítulo",
        "note:",
    ];
    let lower = line
        .trim_matches(|c: char| matches!(c, '*' | '_' | '(' | ')' | '[' | ']' | ' '))
        .to_lowercase();
    CLOSERS.iter().any(|closer| lower.starts_with(closer))
}

/// Whether a stripped reply can be part of a take; the reason if not.
#[must_use]
pub fn reject(text: &str, language: &str) -> Option<Rejection> {
    let trimmed = text.trim();
    if !trimmed.chars().any(char::is_alphanumeric) {
        return Some(Rejection::Empty);
    }
    if let Some(words) = refusal(trimmed) {
        return Some(Rejection::Refusal(words));
    }
    if let Some(words) = find_loop(trimmed) {
        return Some(Rejection::Loop(words));
    }
    foreign_language(trimmed, language).map(Rejection::Language)
}

/// Whether a stripped reply can go on from an earlier one; the reason if not.
/// It may be empty, or short.
#[must_use]
pub fn reject_continuation(text: &str, language: &str) -> Option<Rejection> {
    let trimmed = text.trim();
    refusal(trimmed)
        .map(Rejection::Refusal)
        .or_else(|| foreign_language(trimmed, language).map(Rejection::Language))
}

/// The opening words of a reply in which the model declines.
fn refusal(text: &str) -> Option<String> {
    const SIGNS: [&str; 22] = [
        "i'm sorry, but i can",
        "i’m sorry, but i can",
        "i am sorry, but i can",
        "i'm sorry, i can",
        "i can't help with",
        "i cannot help with",
        "i can't assist",
        "i cannot assist",
        "i can't write",
        "i cannot write",
        "i can't continue",
        "i cannot continue",
        "i'm unable to",
        "i am unable to",
        "as an ai",
        "i'm not able to",
        "sorry, but i can",
        "es tut mir leid, aber ich kann",
        "als ki",
        "je suis désolé, mais je ne peux",
        "en tant qu'ia",
        "lo siento, pero no puedo",
    ];
    let opening: String =
        text.chars().take(240).collect::<String>().to_lowercase().replace('’', "'");
    // A character may apologise in a story; a refusal is short and opens with it.
    let opens =
        SIGNS.iter().any(|sign| opening.find(&sign.replace('’', "'")).is_some_and(|at| at < 40));
    let first = text.lines().next().unwrap_or_default();
    (opens && prose::words(text) < 120 && !first.trim_start().starts_with(['“', '"', '„', '«']))
        .then(|| first.chars().take(80).collect())
}

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

/// The words that a text repeats in a circle, if it does.
///
/// A circle is a run of words that comes again and again, one right after the
/// other, or lines most of which are the same.
#[must_use]
pub fn find_loop(text: &str) -> Option<String> {
    let words: Vec<String> = text.unicode_words().map(str::to_lowercase).collect();
    cycle(&words).or_else(|| repeated_sentences(text))
}

/// A run of 1 to 40 words that stands at least four times in a row (a single
/// word ten times), over at least 16 words.
fn cycle(words: &[String]) -> Option<String> {
    for period in 1..=40 {
        let mut equal = 0;
        for index in period..words.len() {
            if words[index] != words[index - period] {
                equal = 0;
                continue;
            }
            equal += 1;
            let times = equal / period + 1;
            if times >= if period == 1 { 10 } else { 4 } && equal + period >= 16 {
                return Some(words[index + 1 - period..=index].join(" "));
            }
        }
    }
    None
}

/// A text of which most sentences of some length have been said before.
fn repeated_sentences(text: &str) -> Option<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let (mut all, mut repeated) = (0, 0);
    for sentence in prose::sentences(text) {
        if prose::words(sentence) < 5 {
            continue;
        }
        all += 1;
        let times = seen.entry(sentence.to_lowercase()).or_default();
        *times += 1;
        if *times > 1 {
            repeated += 1;
        }
    }
    if all < 8 || repeated * 5 < all * 2 {
        return None;
    }
    seen.into_iter()
        .max_by(|a, b| (a.1, &b.0).cmp(&(b.1, &a.0)))
        .map(|(sentence, _)| sentence.chars().take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROSE: &str = "The rain had stopped before dawn, but the gutters still ran. Ann stood at the window with her coat on \
        and counted the carts that came up from the river. There were fewer than yesterday. She did not say so to Tom, who \
        was lacing his boots by the stove and pretending that the letter on the table was not there at all.";

    #[test]
    fn wrappings_come_off() {
        for (reply, expected) in [
            ("Sure! Here is chapter 3:\n\n# The Mill\n\nAnn went.", "Ann went."),
            ("```markdown\nAnn went.\n```", "Ann went."),
            ("**Chapter 3: The Mill**\n\nAnn went.\n\n(To be continued…)", "Ann went."),
            ("The Mill\n\nAnn went. ", "Ann went. "),
            ("Ann went.\n\n", "Ann went.\n\n"),
            ("\n\n", ""),
            ("Ann went.\n\n## Notes\n\nTom came.", "Ann went.\n\nTom came."),
            ("Number #1 went.\n\n#tag", "Number #1 went.\n\n#tag"),
            ("“Sure,” said Ann:\nno.", "“Sure,” said Ann:\nno."),
        ] {
            assert_eq!(strip(reply, "The Mill"), expected, "{reply:?}");
        }
    }

    #[test]
    fn replies_are_rejected_with_a_reason() {
        let german = "Der Regen hatte vor Tagesanbruch aufgehört, aber die Rinnen liefen noch. Anna stand im Mantel am Fenster und \
            zählte die Wagen, die vom Fluss heraufkamen. Es waren weniger als gestern, und sie sagte es niemandem.";
        let circle = "He went to the door and looked at her. ".repeat(9);
        for (text, language, expected) in [
            (PROSE, "en", None),
            (german, "de", None),
            ("", "en", Some(Rejection::Empty)),
            ("…", "en", Some(Rejection::Empty)),
            (german, "en", Some(Rejection::Language("German".into()))),
            (PROSE, "de", Some(Rejection::Language("English".into()))),
            (
                "I'm sorry, but I can't help with that.",
                "en",
                Some(Rejection::Refusal("I'm sorry, but I can't help with that.".into())),
            ),
            (
                circle.as_str(),
                "en",
                Some(Rejection::Loop("he went to the door and looked at her".into())),
            ),
            ("“I'm sorry, but I can't,” she said.", "en", None),
            (PROSE, "tlh", None),
        ] {
            assert_eq!(reject(text, language), expected, "{text}");
        }
    }

    #[test]
    fn refrains_are_no_loops() {
        let refrain = "No, she said. ".repeat(3);
        assert_eq!(find_loop(&format!("{PROSE} {refrain} They went.")), None);
        let mut chapter = String::new();
        for number in 0..40 {
            chapter
                .push_str(&format!("Cart number {number} came up from the river with its load. "));
        }
        assert_eq!(find_loop(&chapter), None);
    }
}

//! A take: one drawing of a chapter, and whether a reply can be one.

use self::watch::{Reason, Verdict};
use super::prose;

mod circles;
mod framing;
mod language;
mod letters;
mod remarks;
pub mod watch;
mod wrappings;

pub use circles::find_loop;
pub use language::{foreign_language, language_name};
pub use remarks::{after_remark, after_word};
pub use wrappings::{
    before_marks, first_heading, is_begun, is_tag_begun, strip, strip_continuation, strip_cut,
    with_heading, without_headings, without_thoughts,
};

/// Why a reply cannot be part of a take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Nothing was written.
    Empty,
    /// Its limit was reached before anything was written.
    Unwritten,
    /// The model declined.
    Refusal(String),
    /// The endpoint's filter stopped it.
    Filtered,
    /// Most of it is in another language.
    Language(String),
    /// It began anew, and otherwise, however often it was asked to go on.
    Anew(String),
    /// It goes round in circles.
    Loop(String),
    /// It left the story after a few words, if not at once.
    Left(String),
    /// It said words that must not appear, after a few others at most.
    Phrase(String),
    /// It ended by itself after a few words.
    Short {
        /// How many words had come.
        words: u32,
        /// How many were wanted.
        target: u32,
    },
    /// It was cut short however often it was continued.
    Cut {
        /// How many words had come.
        words: u32,
        /// How many were wanted.
        target: u32,
    },
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("it was empty"),
            Self::Unwritten => {
                f.write_str("it reached the limit of its reply before it had written a word")
            }
            Self::Refusal(words) => write!(f, "the model declined: “{words}”"),
            Self::Filtered => f.write_str("the endpoint's filter stopped it"),
            Self::Language(language) => write!(f, "it was in another language ({language})"),
            Self::Cut { words, target } => {
                write!(f, "it stayed cut short, at {words} of {target} words")
            }
            Self::Short { words, target } => {
                write!(f, "it ended after {words} of {target} words")
            }
            Self::Left(words) => write!(f, "it left the story near its beginning: “{words}”"),
            Self::Phrase(words) => write!(f, "it said “{words}” near its beginning"),
            Self::Anew(words) => write!(f, "it began anew: “{words}”"),
            Self::Loop(words) => write!(f, "it went round in circles: “{words}”"),
        }
    }
}

impl From<&Verdict> for Rejection {
    fn from(verdict: &Verdict) -> Self {
        let words = verdict.words.clone();
        match verdict.reason {
            Reason::Long => Self::Empty,
            Reason::Anew => Self::Anew(words),
            Reason::Loop => Self::Loop(words),
            Reason::Language => Self::Language(words),
            Reason::Phrase => Self::Phrase(words),
            Reason::Left | Reason::Stray => Self::Left(words),
        }
    }
}

/// Whether a text is much shorter than planned: less than seven tenths.
#[must_use]
pub fn is_short(words: usize, planned: u32) -> bool {
    u64::try_from(words).is_ok_and(|words| words * 10 < u64::from(planned) * 7)
}

/// The words beyond which a text that was planned with so many ends with its sentence.
///
/// Many models come to the end of their story at one and a half times its length; who
/// goes on has lost sight of it.
#[must_use]
pub fn most_words(planned: u32) -> u32 {
    planned.saturating_add((planned / 5).saturating_mul(3).max(60))
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
    language::mostly_foreign(trimmed, language).map(Rejection::Language)
}

/// The opening words of a reply in which the model declines. A character may
/// apologise in a story, and a narrator may be unable to say more: a refusal is
/// short, opens with it, and speaks of the task or of nothing else.
#[must_use]
pub fn refusal(text: &str) -> Option<String> {
    const SHORT: usize = 25;
    const SIGNS: [&str; 12] = [
        "i'm sorry, but i can't",
        "i'm sorry, but i cannot",
        "i am sorry, but i can't",
        "i am sorry, but i cannot",
        "i'm sorry, i can't",
        "as an ai",
        "sorry, but i can't",
        "es tut mir leid, aber ich kann",
        "als ki",
        "je suis désolé, mais je ne peux",
        "en tant qu'ia",
        "lo siento, pero no puedo",
    ];
    // A narrator may say these of anything else.
    const BARE: [&str; 10] = [
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
    ];
    let opening: String =
        text.chars().take(240).collect::<String>().to_lowercase().replace('’', "'");
    let says = |sign: &&str| {
        opening.find(sign).is_some_and(|at| {
            let ends = |c: char| !c.is_alphanumeric();
            let rest = &opening[at + sign.len()..];
            at < 40
                && (at == 0 || opening[..at].ends_with(ends))
                && (rest.is_empty() || rest.starts_with(ends))
        })
    };
    let words = prose::words(text);
    let declines = words < 120 && SIGNS.iter().any(says) || words < SHORT && BARE.iter().any(says);
    let first = text.lines().next().unwrap_or_default();
    (declines && !first.trim_start().starts_with(['“', '"', '„', '«', '‘', '»', '—', '–']))
        .then(|| first.chars().take(80).collect())
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
            ("Ann went.\n\n## Chapter 3\n\nTom came.", "Ann went.\n\nTom came."),
            ("Ann went.\n\n## Stores\n\nRope.", "Ann went.\n\n## Stores\n\nRope."),
            ("Number #1 went.\n\n#tag", "Number #1 went.\n\n#tag"),
            ("“Sure,” said Ann:\nno.", "“Sure,” said Ann:\nno."),
            ("<think>\nIn her voice.\n</think>\n\nAnn went.", "Ann went."),
            ("In her voice.\n</think>\n\n# The Mill\n\nAnn went.", "Ann went."),
            ("<thinking>a</thinking>Ann <think>went.", "Ann <think>went."),
            ("<think>In her voice, and then", ""),
            ("<chapter>\nAnn went.\n</chapter>", "Ann went."),
            ("<answer>Ann went.</answer>\n\nLet me know!", "Ann went."),
            (
                "<Story title=\"The Mill\">\n<chapter>\nAnn went.\n</chapter>\n</Story>\n",
                "Ann went.",
            ),
            (
                "<think>In her voice.</think><answer>\n# The Mill\n\nAnn went.\n</answer>",
                "Ann went.",
            ),
            ("<chapter>\nAnn went on", "Ann went on"),
            ("Ann <b>went</b>.", "Ann <b>went</b>."),
            ("<ann@mill.example> wrote.", "<ann@mill.example> wrote."),
            ("<chapter of her life>, he typed.", "<chapter of her life>, he typed."),
            ("1\n\nAnn went.", "Ann went."),
            ("**I.**\n\nAnn went.", "Ann went."),
            ("1\n\nAnn went.\n\n2\n\nTom came.", "1\n\nAnn went.\n\n2\n\nTom came."),
            ("1 was the number on the door.", "1 was the number on the door."),
            ("1984\n\nAnn went.", "1984\n\nAnn went."),
        ] {
            assert_eq!(strip(reply, "The Mill"), expected, "{reply:?}");
        }
    }

    #[test]
    fn what_begins_and_ends_a_story_is_no_wrapping() {
        for text in [
            "Surely nobody had read what the notice said:\n\nAnn went.",
            "Here is what the notice said:\n\nAnn went.",
            "Ann went.\n\nLet me know how the river stands, his father had written.",
            "Ann went.\n\nI hope this finds you well, Joss wrote.",
            "Ann went.\n\nNote: the boat leaves at five.",
        ] {
            assert_eq!(strip(text, "The Mill"), text);
        }
        for (reply, expected) in [
            ("[Continuing]\n\nAnn went.", "Ann went."),
            ("(continued)\nAnn went.", "Ann went."),
            ("**Continuation:**\n\nAnn went.", "Ann went."),
            ("**Chapter One**\n\nAnn went.\n\n* * *", "Ann went."),
            ("***\n\n**Scene One**\n\nAnn went.", "Ann went."),
            ("Ann went.</s>", "Ann went."),
            ("Ann went.<|im_end|>\n<|im_start|>user\nMore!", "Ann went."),
            ("[THINK]In her voice.[/THINK]\nAnn went.", "Ann went."),
            ("<Thought>In her voice.</Thought>Ann went.", "Ann went."),
            ("Here it is:\n\n```markdown\nAnn went.\n```", "Ann went."),
            ("Ann went.\n\nNote: I kept this chapter short.", "Ann went."),
        ] {
            assert_eq!(strip(reply, "The Mill"), expected, "{reply:?}");
        }
    }

    #[test]
    fn a_rule_frames_a_text_or_parts_its_scenes() {
        let whole = "---\n\nAnn went.\n\n---";
        assert_eq!(strip(whole, "The Mill"), "Ann went.");
        assert_eq!(strip_cut(whole, "The Mill"), "Ann went.\n\n---");
        for (reply, ends, expected) in [
            ("\n\n---\n\nAnn went.\n\n---\n", true, "\n\n---\n\nAnn went."),
            ("\n\n---\n\nAnn went.\n\n---\n", false, "\n\n---\n\nAnn went.\n\n---\n"),
            ("Here is the rest:\n\n---\n\nAnn went.", true, "Ann went."),
            ("Ann went.\n\n---\n\nWord count: 2", false, "Ann went."),
            (" ann went.\n</chapter>", true, " ann went."),
            ("1\n\nAnn went.", true, "1\n\nAnn went."),
        ] {
            assert_eq!(strip_continuation(reply, "The Mill", ends), expected, "{reply:?}");
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
                Some(Rejection::Loop("He went to the door and looked at her".into())),
            ),
            ("“I'm sorry, but I can't,” she said.", "en", None),
            (PROSE, "tlh", None),
        ] {
            assert_eq!(reject(text, language), expected, "{text}");
        }
    }

    #[test]
    fn who_tells_that_something_cannot_be_done_does_not_decline() {
        for text in [
            "It was an airless evening, and nobody came.",
            "He had served as an aide to the governor.",
            "Sie hatte es als Kind gewusst.",
            "Es war kälter als Kirchenstein.",
            "“I can't write this,” she said.",
        ] {
            assert_eq!(refusal(text), None, "{text}");
        }
        let rest = "The lamp was out, and the boats lay where they had lain since the spring, and nobody spoke of them. ".repeat(2);
        for opening in ["I am unable to say more of it.", "I cannot write of that night yet."] {
            assert_eq!(refusal(&format!("{opening} {rest}")), None, "{opening}");
        }
        for text in [
            "As an AI, I have to stop here.",
            "I can’t continue this story.",
            "Als KI kann ich das nicht schreiben.",
            "I'm sorry, but I can't help with that request.",
        ] {
            assert!(refusal(text).is_some(), "{text}");
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

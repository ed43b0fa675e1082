//! What a model says to its author in place of going on, or before it does.

use std::sync::LazyLock;

use super::framing::names_teller;
use crate::phrases::{expand, patterns};

static REMARKS: LazyLock<Remarks> =
    LazyLock::new(|| Remarks::read(include_str!("../../../phrases/remarks.txt")));

/// The remarks of all languages: data, one list.
#[derive(Default)]
struct Remarks {
    /// In place of the text.
    said: Vec<Remark>,
    /// Before the rest of it.
    led: Vec<Remark>,
    /// The same two, where nothing else is said.
    all_said: Vec<String>,
    all_led: Vec<String>,
}

/// One kind of remark, by the beginnings of words.
#[derive(Default)]
struct Remark {
    openings: Texts,
    /// What speaks of the writing.
    of_writing: Texts,
    /// What does so only where a sentence was to go on.
    of_going_on: Texts,
}

/// Texts of which one has to stand somewhere.
type Texts = Vec<&'static str>;

/// A reply without the remark that it begins with, where it was to go on inside a
/// sentence: there none can be of the story. A sentence in which a narrator says `I`
/// may go on with that word, and what is longer than a remark is none.
#[must_use]
pub fn after_remark(reply: &str) -> &str {
    let text = reply.trim_start();
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let rest = rest.trim_start();
    // It leads on to the story, which goes on inside its sentence.
    let leads_on = !rest.is_empty()
        && (line.trim_end().ends_with(':') || rest.starts_with(char::is_lowercase));
    if is_remark(text) && !(leads_on && is_remark(line)) {
        ""
    } else if rest.is_empty() || !is_remark(line) {
        reply
    } else {
        after_remark(rest)
    }
}

/// A reply without the remark that it is, or that leads on to it, where it was to go
/// on behind a whole sentence: only what speaks of the writing is none of the story.
#[must_use]
pub fn after_word(reply: &str) -> &str {
    let text = reply.trim_start();
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let rest = rest.trim_start();
    if !rest.is_empty() && leads_on(line) {
        after_word(rest)
    } else if text.split_whitespace().count() <= MOST && is_of_writing(line) {
        ""
    } else {
        reply
    }
}

/// The most words of a remark.
const MOST: usize = 45;

/// Whether this takes the place of a text that was to go on inside a sentence.
fn is_remark(said: &str) -> bool {
    let Some(form) = form(said) else { return false };
    let is_all = || REMARKS.all_said.contains(&form) && !said.trim().ends_with(',');
    let mut kinds = REMARKS.said.iter().chain(&REMARKS.led);
    is_all() || kinds.any(|kind| kind.is_of_writing(&form) || kind.is_of_going_on(&form))
}

fn is_of_writing(line: &str) -> bool {
    let is_quoting = line.contains(['“', '”', '„', '«', '"']);
    let is_said = |form: String| REMARKS.said.iter().any(|kind| kind.is_of_writing(&form));
    !is_quoting && form(line).is_some_and(is_said)
}

fn leads_on(line: &str) -> bool {
    const SHORT: usize = 20;
    let Some(form) = form(line) else { return false };
    let line = line.trim().trim_matches(['*', '_']);
    let words: Vec<&str> =
        form.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_set_off =
        line.ends_with(':') || line.starts_with(['[', '(']) && line.ends_with([']', ')']);
    let is_led = || REMARKS.led.iter().any(|kind| kind.is_of_writing(&form));
    REMARKS.all_led.contains(&words.join(" ")) || is_set_off && words.len() <= SHORT && is_led()
}

/// Words as they are compared, if they can be a remark: few, and not inside a sentence.
fn form(said: &str) -> Option<String> {
    let said = said.trim();
    let is_bracketed = said.starts_with(['(', '[', '<', '*']);
    let bare = said.trim_matches(|c: char| !c.is_alphanumeric());
    let opens = bare.chars().next().is_some_and(|c| !c.is_lowercase());
    let may_be = (opens || is_bracketed) && said.split_whitespace().count() <= MOST;
    let form = may_be.then(|| bare.to_lowercase().replace('’', "'"));
    // What is told to have been said is of the story.
    form.filter(|form| !names_teller(form))
}

impl Remarks {
    fn read(list: &'static str) -> Self {
        let mut remarks = Self::default();
        let sections = list.split("\n[").skip(1).filter_map(|section| section.split_once("]\n"));
        for (name, lines) in sections {
            match name {
                "said" => remarks.said = Remark::read(lines),
                "led" => remarks.led = Remark::read(lines),
                "all said" => remarks.all_said = expand(lines),
                "all led" => remarks.all_led = expand(lines),
                _ => {}
            }
        }
        remarks
    }
}

impl Remark {
    /// One of each line. What stands between two braces parts them.
    fn read(lines: &'static str) -> Vec<Self> {
        let read = |parts: Vec<Vec<&'static str>>| {
            let mut braces = parts.into_iter().filter(|part| part.len() > 1);
            let mut next = || braces.next().unwrap_or_default();
            Self { openings: next(), of_writing: next(), of_going_on: next() }
        };
        patterns(lines).map(read).collect()
    }

    fn is_of_writing(&self, form: &str) -> bool {
        self.opens(form) && says(&self.of_writing, form)
    }

    fn is_of_going_on(&self, form: &str) -> bool {
        self.opens(form) && says(&self.of_going_on, form)
    }

    fn opens(&self, form: &str) -> bool {
        let is_whole = |opening: &str, rest: &str| {
            opening.ends_with(' ') || !rest.starts_with(char::is_alphanumeric)
        };
        let begins = |opening: &&str| {
            form.strip_prefix(*opening).is_some_and(|rest| is_whole(opening, rest))
        };
        self.openings.iter().any(begins)
    }
}

/// Whether one of these texts begins at a word.
fn says(texts: &[&str], form: &str) -> bool {
    let at_word = |at: usize| !form[..at].ends_with(char::is_alphanumeric);
    texts.iter().any(|text| form.match_indices(text).any(|(at, _)| at_word(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_whole() {
        for remark in REMARKS.said.iter().chain(&REMARKS.led) {
            assert!(!remark.openings.is_empty() && !remark.of_writing.is_empty());
        }
        let counts = [REMARKS.said.len(), REMARKS.led.len()];
        assert_eq!((counts, REMARKS.all_said.len(), REMARKS.all_led.len()), ([8, 4], 18, 14));
    }

    #[test]
    fn what_is_said_inside_a_sentence_is_of_the_story_or_a_remark() {
        for remark in [
            "I'm sorry, but I can't continue this.",
            "I can't continue this scene.",
            "I'm not able to continue this.",
            "I cannot continue writing this content.",
            "Sorry, I can't help with that.",
            "I’m sorry, I can’t assist with that.",
            "I apologize, but I cannot continue.",
            "It looks like your message was cut off. Could you clarify what you'd like me to continue?",
            "It seems the text was cut off. How would you like me to proceed?",
            "I don't see any text to continue. Please provide the chapter.",
            "The chapter is complete.",
            "(The chapter is already complete.)",
            "[No continuation needed.]",
            "The text you provided already ends at a natural point, so there is nothing to add.",
            "<END>",
            "END",
            "Done.",
            "Understood. Continuing from where I left off:",
            "Continuing:",
            "Das Kapitel ist bereits abgeschlossen.",
        ] {
            assert_eq!(after_remark(remark), "", "{remark}");
            assert_eq!(after_remark(&format!("\n\n{remark}\n")), "", "{remark}");
        }
        assert_eq!(
            after_remark("Understood. Continuing from where I left off:\n\nlid of the kettle."),
            "lid of the kettle."
        );
        for story in [
            " lid of the kettle.",
            "I can't say, she thought.",
            "I'm sorry, but I can't help with that, it said.",
            " I cannot help it, he wrote, and sealed it.",
            "Marit, who had no text to read from.",
            "The Chapter of the Rope, as the carters called it.",
            "end of the slip.",
            "Here is the forest, he said.",
            "No paste would hold it.",
            "Ann and Tom, for whom the story had not ended.",
            "...",
            "",
        ] {
            assert_eq!(after_remark(story), story, "{story}");
        }
    }

    #[test]
    fn what_is_said_between_sentences_is_of_the_story_or_a_remark() {
        for remark in [
            "I'm sorry, but I can't continue with this.",
            "I'm unable to continue this story.",
            "I'm not able to continue this scene.",
            "I won't write that.",
            "I won't continue this scene.",
            "It looks like the text was cut off. Could you share the rest?",
            "I don't see the previous text. Could you paste it again?",
            "I'd be happy to continue! Could you provide more details about what happens next?",
            "As the previous response was cut off, I need more context to continue.",
            "The chapter is complete.",
            "The chapter is complete as it stands; there is nothing to add.",
            "I believe the chapter has reached its natural conclusion.",
            "[Nothing to add]",
            "(No further text.)",
            "Error: maximum context length exceeded",
            "This content may violate our usage policies.",
            "Es tut mir leid, aber ich kann diese Geschichte nicht fortsetzen.",
            "Das Kapitel ist bereits abgeschlossen.",
            "Je suis désolé, je ne peux pas continuer cette histoire.",
            "Lo siento, no puedo ayudar con eso.",
            "No puedo continuar con esta escena.",
            "I'm sorry, but I can't continue this.\n\nWould you like something else?",
        ] {
            assert_eq!(after_word(remark), "", "{remark}");
            assert_eq!(after_word(&format!("\n\n{remark}\n")), "", "{remark}");
        }
        for lead in [
            "Continuing from where I left off:",
            "Of course. Picking up where we left off:",
            "Picking up where the text left off:",
            "Continuing directly from the last sentence:",
            "Here's the remainder:",
            "[Continuing from the previous text]",
            "Okay. Continuing.",
            "Understood.",
            "Continúo desde donde se quedó:",
            "¡Por supuesto! Sigo desde ahí:",
            "Certainly. Here is the remaining portion of the chapter, continuing exactly where it broke off:",
        ] {
            let reply = format!("{lead}\n\nAnn rose.\n\nTom came.");
            assert_eq!(after_word(&reply), "Ann rose.\n\nTom came.", "{lead}");
        }
        for story in [
            "I can't go on, she thought.",
            "\n\nI’m sorry, but I can’t help with that, it said.",
            "I can't continue. Not tonight.",
            "I'm sorry, she said, and was.",
            "I will not write to him again.",
            "No text had come from Bremen.",
            "The story was all over the harbour by noon.",
            "The chapter of the rope ended there.",
            "It seems nobody had told her.",
            "Please, he said. Come in.",
            "Of course he continued.",
            "No paste would hold it.",
            "Here is what was left:\n\nSix coils of rope.",
            "“I'm sorry, but I can't continue this story,” said the old man.",
            "Sure enough, the rain came.\n\nAnn rose.",
            "Understood as a joke, it was bad.\n\nAnn rose.",
            " and went out.",
            "",
        ] {
            assert_eq!(after_word(story), story, "{story}");
        }
        // A narrator who writes goes on after it.
        let tale = format!(
            "I cannot finish this story without my sister.\n\n{}",
            "She had it from him. ".repeat(12)
        );
        assert_eq!(after_word(&tale), tale);
    }
}

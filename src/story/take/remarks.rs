//! What a model says to its author in place of the rest of a sentence.

/// The words that a remark opens with, and those of which it has to hold one.
const OPENINGS: [(&[&str], &[&str]); 5] = [
    (
        &[
            "i'm sorry",
            "i am sorry",
            "sorry",
            "i apologize",
            "i apologise",
            "my apologies",
            "unfortunately",
            "i can't",
            "i cannot",
            "i can not",
            "i'm not able",
            "i am not able",
            "i'm unable",
            "i am unable",
            "i won't",
            "as an ai",
            "as a language model",
        ],
        &[
            "continu",
            "assist",
            "request",
            "content",
            "help with",
            "help you with",
            "story",
            "chapter",
            "scene",
            "text",
            "language model",
            "as an ai",
        ],
    ),
    (
        &[
            "it looks like",
            "it seems",
            "it appears",
            "i don't see",
            "i do not see",
            "please",
            "could you",
            "would you",
            "how would you",
            "what would you",
            "there is no",
            "there's no",
            "there is nothing",
            "nothing",
            "no ",
            "your ",
            "you've",
            "you have",
        ],
        &[
            "message",
            "prompt",
            "continu",
            "cut off",
            "cut short",
            "clarify",
            "proceed",
            "the text",
            "the chapter",
            "the story",
            "any text",
            "the scene",
        ],
    ),
    (
        &["the text", "the chapter", "this chapter", "the story", "the scene", "this scene"],
        &["complete", "ends", "ended", "finished", "concluded", "nothing to", "already"],
    ),
    (
        &[
            "understood",
            "sure",
            "certainly",
            "of course",
            "okay",
            "ok",
            "got it",
            "continuing",
            "continuation",
            "continued",
            "here is",
            "here's",
            "picking up",
            "resuming",
            "verstanden",
            "gerne",
            "natürlich",
            "hier ist",
            "bien sûr",
            "voici",
            "claro",
            "por supuesto",
        ],
        &[
            "continu",
            "left off",
            "the rest",
            "chapter",
            "scene",
            "story",
            "cut off",
            "fortsetzung",
            "kapitel",
            "geschichte",
            "rest",
            "suite",
            "chapitre",
            "capítulo",
            "historia",
        ],
    ),
    (
        &[
            "es tut mir leid",
            "entschuldigung",
            "leider",
            "als ki",
            "das kapitel",
            "der text",
            "es sieht so aus",
            "es scheint",
            "je suis désolé",
            "désolé",
            "je ne peux",
            "le chapitre",
            "le texte",
            "il semble",
            "lo siento",
            "no puedo",
            "el capítulo",
            "el texto",
            "parece que",
        ],
        &[
            "fortsetz",
            "helfen",
            "anfrage",
            "vollständig",
            "abgeschlossen",
            "abgebrochen",
            "weiterschreib",
            "continuer",
            "aider",
            "demande",
            "complet",
            "terminé",
            "coupé",
            "continuar",
            "ayudar",
            "solicitud",
            "terminado",
            "cortado",
        ],
    ),
];

/// What is a remark if it is all that is said.
const BARE: [&str; 18] = [
    "done",
    "end",
    "the end",
    "understood",
    "complete",
    "completed",
    "finished",
    "end of chapter",
    "end of text",
    "eof",
    "stop",
    "sorry",
    "fertig",
    "ende",
    "fin",
    "terminé",
    "listo",
    "n/a",
];

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

fn is_remark(said: &str) -> bool {
    const MOST: usize = 45;
    let said = said.trim();
    let is_bracketed = said.starts_with(['(', '[', '<', '*']);
    let bare = said.trim_matches(|c: char| !c.is_alphanumeric());
    let opens = bare.chars().next().is_some_and(|c| !c.is_lowercase());
    if !opens && !is_bracketed || said.split_whitespace().count() > MOST {
        return false;
    }
    let form = bare.to_lowercase().replace('’', "'");
    let begins = |opening: &str| {
        form.strip_prefix(opening)
            .is_some_and(|rest| opening.ends_with(' ') || !rest.starts_with(char::is_alphanumeric))
    };
    BARE.contains(&form.as_str()) && !said.ends_with(',')
        || OPENINGS.iter().any(|(openings, words)| {
            openings.iter().any(|opening| begins(opening))
                && words.iter().any(|word| form.contains(word))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            " I cannot help it, he wrote, and sealed it.",
            "Marit, who had no text to read from.",
            "The Chapter of the Rope, as the carters called it.",
            "end of the slip.",
            "Ann and Tom, for whom the story had not ended.",
            "...",
            "",
        ] {
            assert_eq!(after_remark(story), story, "{story}");
        }
    }
}

//! What a model says to its author in place of going on, or before it does.

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

/// The words that a remark opens with between two sentences, where a narrator may say
/// `I` as well, and those of which it has to hold one: they speak of the writing.
const OF_WRITING: [(&[&str], &[&str]); 6] = [
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
            "i will not",
            "i'm not comfortable",
            "i am not comfortable",
        ],
        &[
            "continue this",
            "continue with this",
            "continue the story",
            "continue the chapter",
            "continue the scene",
            "continue writing",
            "continue further",
            "this story",
            "this scene",
            "this chapter",
            "this content",
            "this request",
            "that request",
            "your request",
            "this text",
            "write that",
            "writing that",
            "assist with",
            "assist you",
            "help with that",
            "help with this",
            "help you with",
            "content policy",
            "language model",
        ],
    ),
    (
        &[
            "it looks like",
            "it seems",
            "it appears",
            "i don't see",
            "i do not see",
            "i don't have",
            "i do not have",
            "as the previous",
            "since the previous",
            "i need more",
            "i'd be happy to",
            "i would be happy to",
            "could you",
            "please",
            "there is nothing",
            "there's nothing",
            "nothing",
            "no ",
        ],
        &[
            "was cut off",
            "were cut off",
            "got cut off",
            "previous text",
            "previous response",
            "previous message",
            "your message",
            "more context",
            "more details",
            "share the rest",
            "provide the",
            "paste",
            "further text",
            "more text",
            "to add",
            "continuation needed",
            "continuation is needed",
            "text to continue",
        ],
    ),
    (
        &[
            "the text",
            "the chapter",
            "this chapter",
            "the story",
            "the scene",
            "this scene",
            "i believe the chapter",
            "i believe the story",
            "i think the chapter",
            "i think the story",
        ],
        &[
            "is complete",
            "is already complete",
            "is now complete",
            "is finished",
            "has concluded",
            "natural conclusion",
            "natural end",
            "nothing to add",
            "no continuation",
            "ends here",
        ],
    ),
    (
        &["error", "this content", "this request", "your request", "the request"],
        &[
            "context length",
            "policy",
            "policies",
            "violat",
            "be processed",
            "be completed",
            "rate limit",
            "timed out",
            "timeout",
        ],
    ),
    (
        &[
            "es tut mir leid",
            "tut mir leid",
            "entschuldigung",
            "leider",
            "ich kann",
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
        ],
        &[
            "dieser anfrage",
            "diese geschichte",
            "dieser geschichte",
            "diese szene",
            "diesen text",
            "diesem text",
            "dieses kapitel",
            "dabei nicht helfen",
            "nicht weiterschreiben",
            "ist vollständig",
            "ist bereits vollständig",
            "ist abgeschlossen",
            "bereits abgeschlossen",
            "wurde abgebrochen",
            "cette histoire",
            "cette scène",
            "ce texte",
            "ce chapitre",
            "cette demande",
            "vous aider",
            "est complet",
            "est terminé",
            "a été coupé",
        ],
    ),
    (
        &["lo siento", "no puedo", "lamentablemente", "el capítulo", "el texto", "parece que"],
        &[
            "esta historia",
            "esta escena",
            "este texto",
            "este capítulo",
            "este contenido",
            "esta solicitud",
            "ayudar con eso",
            "ayudarte con",
            "está completo",
            "ha terminado",
            "se cortó",
        ],
    ),
];

/// The words that lead on to the rest of a text, and those of which they hold one.
const LEADING: (&[&str], &[&str]) = (
    &[
        "understood",
        "sure",
        "certainly",
        "absolutely",
        "of course",
        "okay",
        "ok",
        "got it",
        "continuing",
        "continuation",
        "continued",
        "picking up",
        "resuming",
        "here is",
        "here's",
        "verstanden",
        "gerne",
        "natürlich",
        "klar",
        "hier ist",
        "hier geht",
        "weiter",
        "bien sûr",
        "d'accord",
        "voici",
        "je continue",
        "je reprends",
        "claro",
        "por supuesto",
        "aquí",
        "continúo",
        "sigo",
    ],
    &[
        "continu",
        "left off",
        "the rest",
        "the remain",
        "cut off",
        "broke off",
        "stopped",
        "last sentence",
        "picking up",
        "resuming",
        "fortsetzung",
        "weiter",
        "la suite",
        "le reste",
        "je reprends",
        "sigo",
        "se quedó",
        "el resto",
    ],
);

/// What leads on to the rest of a text by itself, as a line without its marks.
const BARE_LEADS: [&str; 14] = [
    "understood",
    "understood continuing",
    "okay continuing",
    "ok continuing",
    "sure continuing",
    "continuing",
    "continued",
    "of course continuing",
    "got it",
    "got it continuing",
    "verstanden",
    "weiter",
    "compris",
    "entendido",
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

fn is_remark(said: &str) -> bool {
    let Some(form) = form(said) else { return false };
    BARE.contains(&form.as_str()) && !said.trim().ends_with(',') || is_one_of(&form, &OPENINGS)
}

fn is_of_writing(line: &str) -> bool {
    let is_quoting = line.contains(['“', '”', '„', '«', '"']);
    !is_quoting && form(line).is_some_and(|form| is_one_of(&form, &OF_WRITING))
}

fn leads_on(line: &str) -> bool {
    const SHORT: usize = 20;
    let Some(form) = form(line) else { return false };
    let line = line.trim().trim_matches(['*', '_']);
    let words: Vec<&str> =
        form.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_set_off =
        line.ends_with(':') || line.starts_with(['[', '(']) && line.ends_with([']', ')']);
    BARE_LEADS.contains(&words.join(" ").as_str())
        || is_set_off && words.len() <= SHORT && is_one_of(&form, &[LEADING])
}

/// Words as they are compared, if they can be a remark: few, and not inside a sentence.
fn form(said: &str) -> Option<String> {
    let said = said.trim();
    let is_bracketed = said.starts_with(['(', '[', '<', '*']);
    let bare = said.trim_matches(|c: char| !c.is_alphanumeric());
    let opens = bare.chars().next().is_some_and(|c| !c.is_lowercase());
    let may_be = (opens || is_bracketed) && said.split_whitespace().count() <= MOST;
    may_be.then(|| bare.to_lowercase().replace('’', "'"))
}

/// Whether words open, and go on, as one of these do.
fn is_one_of(form: &str, remarks: &[(&[&str], &[&str])]) -> bool {
    let begins = |opening: &&str| {
        form.strip_prefix(*opening)
            .is_some_and(|rest| opening.ends_with(' ') || !rest.starts_with(char::is_alphanumeric))
    };
    remarks.iter().any(|(openings, words)| {
        openings.iter().any(begins) && words.iter().any(|word| form.contains(word))
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
            "I can't continue. Not tonight.",
            "I'm sorry, she said, and was.",
            "I will not write to him again.",
            "No text had come from Bremen.",
            "The story was all over the harbour by noon.",
            "The chapter of the rope ended there.",
            "It seems nobody had told her.",
            "Please, he said. Come in.",
            "Of course he continued.",
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

use super::super::signs::Signs;
use super::super::tests::{OPENING, judged, terms, watched};
use super::super::{Reason, Terms, Watch};
use crate::story::take::strip;
use crate::story::take::watch::after_opening;

/// What is kept of a text whose story is left, behind its end or not.
fn left(terms: Terms, text: &str) -> Option<&str> {
    let verdict = judged(terms, text);
    verdict
        .filter(|(reason, _)| matches!(reason, Reason::Left | Reason::Stray))
        .map(|(_, kept)| kept)
}

#[test]
fn a_model_that_leaves_the_story_is_stopped() {
    for (language, line) in [
        ("en", "As an AI language model, I cannot write this scene."),
        ("en", "As an AI, I have no feelings about it."),
        ("en", "I'm sorry, but I can't continue with this story."),
        ("en", "Note: the next scene takes place at night."),
        ("en", "**Author’s Note:** this was fun."),
        ("en", "(Word count: 1,204)"),
        ("en", "Would you like me to:\n\n1. Continue with chapter 4\n2. Revise this chapter"),
        ("en", "**Facts established in this chapter:**\n\n- Ann counts carts."),
        ("en", "**Canon update**\n\n- Ann counts carts."),
        ("en", "**Self-check:** no worn phrases, close third."),
        ("en", "<|end_of_chapter|>"),
        ("en", "<|channel|>analysis The chapter is done."),
        ("en", "[About 1,200 words]"),
        ("en", "### Summary\nAnn counts carts."),
        ("en", "I hope this meets your expectations!"),
        ("en", "Let me know if you'd like me to continue."),
        ("en", "Would you like me to continue with chapter 4?"),
        ("en", "Shall I continue with the next chapter?"),
        ("en", "In this scene, we see Ann at the window."),
        ("en", "This next scene will start at midnight."),
        ("en", "The scene ends here."),
        ("en", "So, write the next paragraphs after this one:"),
        ("en", "End of Chapter 3"),
        ("en", "*To be continued…*"),
        ("en", "THE END"),
        ("en", "*The End.*"),
        ("en", "Chapter 4: Brine"),
        ("en", "# Chapter Four"),
        ("en", "CHAPTER IV."),
        ("en", "## Brine Cuts"),
        ("en", "Brine Cuts"),
        ("en", "2. Brine Cuts"),
        ("en", "**Continuity notes:**"),
        ("en", "Key points for continuity:"),
        ("en", "**Rain**"),
        ("en", "Epilogue"),
        ("en", "Sure! Here is the next chapter."),
        ("en", "Here is the final scene of this chapter."),
        ("en", "```\nThat was the text."),
        ("en", "<|im_start|>user"),
        ("en", "Assistant: anything else?"),
        ("de", "Als KI-Sprachmodell kann ich das nicht."),
        ("de", "Anmerkung: Die Szene spielt am Abend."),
        ("de", "Möchtest du, dass ich fortfahre?"),
        ("de", "(Wortzahl: 1.204)"),
        ("de", "(Wörter: 160)"),
        ("de", "Fortsetzung folgt …"),
        ("de", "ENDE"),
        ("de", "Kapitel 4: Die Mühle"),
        ("de", "Note: the next scene falls back into English."),
        ("fr", "En tant qu’IA, je ne peux pas écrire cela."),
        ("fr", "Note : la scène suivante se passe de nuit."),
        ("fr", "Voulez-vous que je continue ?"),
        ("fr", "À suivre…"),
        ("fr", "FIN"),
        ("fr", "Chapitre 4 : Le moulin"),
        ("es", "Como modelo de lenguaje, no puedo escribirlo."),
        ("es", "Nota: la escena siguiente ocurre de noche."),
        ("es", "¿Quieres que continúe con el capítulo siguiente?"),
        ("es", "Continuará…"),
        ("es", "FIN"),
        ("es", "Capítulo 4: El molino"),
    ] {
        let text = format!("{OPENING}\n\n---\n\n{line}\n\nAnd more.");
        assert_eq!(left(terms(language), &text), Some(OPENING), "{language}: {line}");
        // The last line needs no line end.
        let text = format!("{OPENING} She wai\n{line}");
        assert_eq!(left(terms(language), &text), Some(OPENING), "{language}: {line}");
    }
}

/// Lines that stand in stories.
const OF_STORIES: &[&str] = &[
    "“As an AI, I cannot feel,” it said.",
    "— Would you like me to continue?",
    "‘Note: burn this,’ he read.",
    "She was proud as an AI could be.",
    "As an aisle it was narrow.",
    "The end of the pier had gone.",
    "The end was near.",
    "Chapter 3 of the handbook said nothing about rain.",
    "Chapter by chapter she read on.",
    "Rain.",
    "Noted: nothing.",
    "Let me know her name, he thought.",
    "Shall I go on? he thought. I shall.",
    "Sure of herself, she went.",
    "Here is where he stood.",
    "The scene before her was strange.",
    "I cannot write this letter, he thought.",
    "Scene 2",
    "The word count on the page was wrong.",
    "* * *",
    "—",
    // A letter, a sign, a telegram, a playbill, a log.
    "Title: The Drowned Bell, a Comedy in Three Acts",
    "Setting: A harbour, at night.",
    "Characters: a miller, his wife, a stranger.",
    "**Note:** Keep off the grass.",
    "Note: no word from the island since Tuesday.",
    "Note: the tension on the cable must not pass nine tons.",
    "Note: scene secured at 04:10.",
    "NOTES: wind from the west, glass falling.",
    "Notes:",
    "Note to self: never trust a harbourmaster.",
    "Note to the reader: the last leaves are burnt.",
    "Editor’s note: the letter breaks off here.",
    "Note that the boat leaves at five.",
    "Task: feed the dog. Task: bar the door.",
    "Summary: three boats lost, one man saved.",
    "Instructions: leave the key under the stone.",
    "Input: 12 crates. Output: 11 crates.",
    "Response: none.",
    "Plot: 14 by 20 yards, bounded by the river.",
    "PS: burn this.",
    "Chapter 2",
    "CHAPTER NINE",
    "*Chapter I: Of the Islanders*",
    "Chapter 3",
    "> Chapter 4",
    "> Note: this chapter is torn.",
    "> THE END",
    "Prologue, spoken by Mrs. Brown",
    "Interlude: a Dance of Fools",
    "Scene 2: The Heath",
    "To be continued.",
    "To be continued was all that it said, in red.",
    "About 200 words were all that was left of it.",
    "1,200 words a day were his rule.",
    "Word count was all he cared for.",
    "End of part two of the lesson, he thought.",
    // A narrator.
    "This is the story she told us:",
    "Here is the story he told:",
    "That's the story.",
    "This is the last chapter.",
    "Of course, I will never know.",
    "Of course, I can see the scene before me still.",
    "Of course! The key.",
    "Okay, I'll tell it as it was.",
    "Sure, I can hear it now.",
    "Great. Let me begin with the boat.",
    "Let me start the story again.",
    "I will write a story about it one day.",
    "Here we go.",
    "The scene was one of utter confusion.",
    "The passage was narrow, and it smelled of tar.",
    "The passage opens on a yard.",
    "The last passage was the worst.",
    "The final chapter was written by another hand.",
    "In this passage the wind never blew.",
    "In this chapter of his life he drank.",
    "In this version the wolf is kind.",
    "In the last chapter of his life he drank.",
    "Previously in that house they had kept goats.",
    "I cannot write that scene.",
    "I'm sorry, but I can't help with the harvest.",
    "I hope this helps.",
    "I hope this meets with your approval, the miller wrote.",
    "I hope this chapter of my life is over.",
    "Let me know if you want me to come.",
    "Let me know what you think of the price.",
    "Feel free to change the locks.",
    "If you want me to continue, say so, the letter ended.",
    "Would you like to read the letter?",
    "Shall I continue with the soup?",
    "Thanks for reading this far.",
    "We must finish the story before dark.",
    "The scene ends with a plate against the wall; I have seen the stain.",
    "End of part one, as the girls used to say when the whistle blew.",
    "2. The Long Way Home",
    "### Rules of the Slip",
];

/// The same in other languages.
const OF_OTHER_STORIES: &[(&str, &str)] = &[
    ("de", "Hinweis: Betreten verboten."),
    ("de", "Titel: Die versunkene Glocke, ein Lustspiel"),
    ("de", "Notiz: Milch, Brot, Kerzen."),
    ("de", "Das ist die Geschichte."),
    ("de", "Die Szene war unbeschreiblich."),
    ("de", "Im letzten Kapitel seines Lebens trank er."),
    ("de", "Lass mich wissen, ob du kommst."),
    ("de", "Natürlich, ich weiß es nicht."),
    ("de", "Kapitel 2"),
    ("de", "Schluss!"),
    ("de", "Die Szene endet mit einem Teller an der Wand; ich habe den Fleck gesehen."),
    ("de", "In diesem Kapitel wird nicht gekocht, schrieb sie."),
    ("de", "Ende des ersten Kapitels meines Lebens, dachte sie."),
    ("fr", "En tant qu’intelligence artificielle, dit la machine à billets, je vous salue."),
    ("fr", "Note : ne pas marcher sur l’herbe."),
    ("fr", "Titre : La Cloche engloutie, comédie"),
    ("fr", "C’est la fin."),
    ("fr", "Dans ce passage, il faisait noir."),
    ("fr", "La scène était indescriptible."),
    ("fr", "Bien sûr, je ne le saurai jamais."),
    ("fr", "Chapitre 2"),
    ("es", "Nota: prohibido pisar el césped."),
    ("es", "Título: La campana hundida, comedia"),
    ("es", "En este pasaje no soplaba el viento."),
    ("es", "Claro, te lo diré."),
    ("es", "Dime si quieres que vaya."),
    ("es", "Capítulo 2"),
];

#[test]
fn what_a_story_may_say_is_let_be() {
    for line in OF_STORIES {
        let text = format!("{OPENING}\n\n{line}\n\nThen Tom came in.");
        assert_eq!(judged(terms("en"), &text), None, "{line}");
        assert_eq!(strip(&text, "The Mill"), text);
        // Nor may a story that begins with it lose it.
        let is_over_it = ["Title", "Setting", "Characters", "Summary", "Response", "Plot"];
        let is_own = line.to_lowercase().trim_matches('*').starts_with("chapter")
            || line.starts_with("Scene")
            || is_over_it.iter().any(|word| line.starts_with(word));
        let text = format!("{line}\n\n{OPENING}");
        if !is_own && !line.contains(['—', '*', '>', '#']) {
            assert_eq!(after_opening(&text, &Signs::of("en"), true), text, "{line}");
            assert_eq!(strip(&text, "The Mill"), text, "{line}");
        }
    }
    for (language, line) in OF_OTHER_STORIES {
        let text = format!("{OPENING}\n\n{line}\n\nThen Tom came in.");
        let verdict = judged(Terms { has_machines: true, ..terms(language) }, &text);
        assert!(verdict.is_none_or(|(reason, _)| reason == Reason::Language), "{line}");
    }
}

#[test]
fn what_speaks_of_the_writing_is_no_part_of_a_story() {
    for (language, line) in [
        ("en", "Note: I have kept the tension between Ann and Tom for the next chapter."),
        ("en", "**Note:** I've tried to keep the pacing slow."),
        ("en", "[Note to the author: should Tom come back?]"),
        ("en", "[Author's note: about 500 words.]"),
        ("en", "Notes: This chapter runs to about 900 words."),
        ("en", "Please note that this chapter ends on a cliffhanger."),
        ("en", "Summary: In this chapter Ann counts carts."),
        ("en", "Instruction: Write the next scene."),
        ("en", "### Instruction:"),
        ("en", "### Notes"),
        ("en", "Setting: the same as in the previous chapter."),
        ("en", "Title: Chapter 4, Brine"),
        ("en", "**Word count:** 512"),
        ("en", "Word count: approximately 1,200"),
        ("en", "(512 words)"),
        ("en", "Chapter Four"),
        ("en", "**Chapter 4**"),
        ("en", "## Chapter 7"),
        ("en", "**Epilogue: Ten Years Later**"),
        ("en", "</chapter>"),
        ("en", "To be continued"),
        ("en", "(To be continued.)"),
        ("en", "Certainly! Here's the revised version:"),
        ("de", "Hinweis: Dieses Kapitel hat etwa 900 Wörter."),
        ("de", "Anmerkung: Ich habe die Spannung gehalten."),
        ("de", "Viertes Kapitel"),
        ("fr", "Note : ce chapitre compte environ 900 mots."),
        ("fr", "Chapitre quatre"),
        ("es", "Nota: he mantenido la tensión."),
        ("es", "Capítulo cuarto"),
    ] {
        let text = format!("{OPENING}\n\n---\n\n{line}\n\nAnd more.");
        assert_eq!(left(terms(language), &text), Some(OPENING), "{language}: {line}");
    }
}

/// Lines behind which a text is over.
const ENDS: &[(&str, &str)] = &[
    ("en", "(Word count: 1,204)"),
    ("en", "**Author’s Note:** this was fun."),
    ("en", "[End of Chapter]"),
    ("en", "Would you like me to continue with chapter 4?"),
    ("en", "## Chapter 4: The Mill"),
    ("en", "Chapter Four"),
    ("en", "**Brine Cuts**"),
    ("en", "## Brine Cuts"),
    ("en", "**Chapter 3 Summary**\n\nAnn hears the bell."),
    ("en", "A/N: Hope you liked it!"),
    ("en", "Author’s notes: this was fun."),
    ("de", "Fortsetzung folgt in Kapitel 2."),
    ("en", "**Key details established:**\n- The rope is cut."),
    ("en", "### Summary"),
    ("en", "*To be continued…*"),
    ("en", "<|im_end|>"),
    ("de", "(Wortzahl: 331)"),
    ("de", "Möchtest du, dass ich mit dem nächsten Kapitel fortfahre?"),
    ("de", "[Ende des Kapitels]"),
    ("fr", "(Nombre de mots : 331)"),
    ("fr", "*Fin du chapitre*"),
    ("es", "(Recuento de palabras: 331)"),
    ("es", "¿Quieres que continúe con el siguiente capítulo?"),
    // Offers and notes of present models.
    ("en", "If you want, I can also:\n- sketch the next chapter"),
    ("en", "Want me to carry straight on into chapter 2?"),
    ("en", "Say “next” and I’ll write Chapter 2."),
    ("en", "(Type \"continue\" for the next chapter.)"),
    ("en", "### Why this works\n\n- **Voice:** dry."),
    ("en", "How does this feel? I can make it darker, slower, or more dialogue-driven."),
    ("en", "**Alternative ending:**"),
    ("en", "<tool_call>"),
    ("en", "[TOOL_CALLS][{}]"),
];

/// Lines that only leave it: a narrator, a screen, a playbill may say some of them.
const STRAY: &[(&str, &str)] = &[
    ("en", "As an AI language model, I cannot continue this story."),
    ("en", "I'm sorry, but I can't assist with that request."),
    ("en", "I cannot continue this story."),
    ("en", "<|im_start|>user"),
    ("en", "User: continue"),
    ("en", "The next chapter will show what became of the glove."),
    ("en", "In this chapter, I have told only what I saw."),
    ("en", "EPILOGUE"),
    ("en", "**Epilogue**"),
    ("en", "## Interlude"),
    ("de", "**Nachwort**"),
    ("en", "Brine Cuts"),
    ("en", "FIN"),
    ("de", "Als KI-Sprachmodell kann ich das nicht."),
    ("de", "Das nächste Kapitel zeigt, was aus dem Handschuh wurde."),
    ("fr", "En tant qu’IA, je ne peux pas écrire cela."),
    ("es", "Como modelo de lenguaje, no puedo escribirlo."),
];

#[test]
fn a_text_is_over_or_only_left() {
    for (lines, expected) in [(ENDS, Reason::Left), (STRAY, Reason::Stray)] {
        for (language, line) in lines {
            let text = format!("{OPENING}\n\n{line}\n");
            let verdict = judged(terms(language), &text);
            assert_eq!(verdict, Some((expected, OPENING)), "{language}: {line}");
        }
    }
}

#[test]
fn the_last_paragraph_is_kept_however_it_ends() {
    for (language, last) in [
        ("en", "“If you so much as—”"),
        ("en", "Your loving sister,\n\nJo"),
        ("en", "There was a board on the gate.\n\nCLOSED BY ORDER"),
        ("en", "- flour\n- salt\n- rope"),
        ("en", "She turned the card over.\n\n*Beth*"),
        ("en", "Her phone lit up.\n\n**Beth:** i know"),
        ("en", "```\nCOME AT ONCE STOP BETH\n```"),
        ("en", "The heron went over the river\nThe ferry went over the meadow"),
        ("ja", "「また」と彼女は言った。\n\n「もう行くよ」"),
        ("de", "„Wenn du das noch einmal tust –“"),
        ("de", "Deine\n\nEdda"),
        ("fr", "— Si tu recommences une seule fois —"),
        ("es", "—Si lo haces —dijo él—, yo"),
    ] {
        for said in ["(Word count: 712)", "---\n\n**Author’s Note:** more soon.", "THE END"] {
            let kept = format!("{OPENING}\n\n{last}");
            let text = format!("{kept}\n\n{said}");
            assert_eq!(left(terms(language), &text), Some(kept.as_str()), "{last}");
        }
    }
    // Prose that breaks off ends with its last sentence.
    for rest in [
        " She went down to the",
        "\n\nAnd she went down to the water and looked at all the boats that lay there and",
    ] {
        let text = format!("{OPENING}{rest}\n\n(Word count: 712)");
        assert_eq!(left(terms("en"), &text), Some(OPENING), "{rest}");
    }
}

#[test]
fn a_screen_or_a_play_names_who_speaks() {
    for block in [
        "The screen said:\n\nUSER: jmarch\n\nPASSWORD:",
        "You: who rings a bell that has no rope\n\nAssistant: I found no results for that.",
        "JUDGE: You were there.\n\nASSISTANT: He was, your honour.",
        "GHOST: Who comes?\n\nHUMAN: A friend, I think.",
    ] {
        let text = format!("{OPENING}\n\n{block}\n\nShe thought about that.");
        assert_eq!(judged(terms("en"), &text), None, "{block}");
    }
    let turn = format!("{OPENING}\n\nHuman: Great! Now chapter 2.\n\nAssistant: The mill.");
    assert_eq!(left(terms("en"), &turn), Some(OPENING));
}

#[test]
fn a_word_before_the_text_is_taken_off() {
    for line in [
        "Here's chapter 1 of your novella: *The Mill*",
        "Here's Chapter 3 of your novella, in close third person.",
        "Sure! Here's the next chapter:",
        "Sure! Here you go:",
        "Certainly! I'd be happy to continue the chapter.",
        "Of course! Here is the scene.",
        "Here is the chapter.",
        "Here is the continuation of the story:",
        "This is the revised chapter:",
        "Title: The Mill",
        "**Genre:** sea story",
        "Note: this chapter follows your outline.",
        "<chapter>",
        "<Answer>",
        "<chapter number=\"3\">",
    ] {
        let text = format!("{line}\n\n{OPENING}");
        assert_eq!(judged(terms("en"), &text), None, "{line}");
        let rest = after_opening(&text, &Signs::of("en"), false);
        assert_eq!(strip(rest, "The Mill"), OPENING, "{line}");
    }
}

#[test]
fn it_depends_on_the_story() {
    let story = |change: &dyn Fn(&mut Terms)| {
        let mut terms = terms("en");
        change(&mut terms);
        terms
    };
    let after = |line: &str| format!("{OPENING}\n\n{line}\n");
    // Of machines.
    let machines = || story(&|terms| terms.has_machines = true);
    assert_eq!(judged(machines(), &after("As an AI, I kept the ship's log.")), None);
    assert_eq!(left(machines(), &after("As an AI language model, I cannot.")), Some(OPENING));
    // At its end.
    let last = || story(&|terms| terms.is_last = true);
    assert_eq!(judged(last(), &after("The End")), None);
    for part in ["**Epilogue**", "## Epilogue: Ten Years Later", "Afterword", "### Interlude"] {
        assert_eq!(judged(last(), &after(&format!("{part}\n\nTom came home."))), None, "{part}");
    }
    // Titles of other chapters that a scene may be headed by.
    let days = || story(&|terms| terms.titles = vec!["Three Days Later".to_owned()]);
    assert_eq!(judged(days(), &after("*Three days later*")), None);
    assert_eq!(left(days(), &after("**Three Days Later**")), Some(OPENING));
    assert_eq!(left(last(), &after("To be continued")), Some(OPENING));
    // A scene of several.
    let scene = || story(&|terms| terms.is_scene = true);
    assert_eq!(left(scene(), &after("### Scene 3")), Some(OPENING));
    // What stands before the text is taken off elsewhere.
    let whole = format!("Sure! Here is chapter 3:\n\n# Chapter 3: Rain\n\n{OPENING}\n");
    assert_eq!(judged(terms("en"), &whole), None);
    assert_eq!(left(terms("en"), "In this scene, we see Ann.\n"), Some(""));
    // A text that goes on with another chapter, and one that repeats its heading.
    let begun = || story(&|terms| terms.begun = OPENING.to_owned());
    assert_eq!(judged(begun(), "# Chapter 4\n\nTom went.\n"), Some((Reason::Left, "")));
    assert_eq!(judged(begun(), "# Chapter 3\n\nTom went.\n"), None);
    // Thoughts are no reply.
    let thoughts = format!(
        "<think>\nOkay, let me see.\nIn this scene, Ann\n</think>\n\n{OPENING}\n\nThe end\n"
    );
    let verdict = watched(terms("en"), &thoughts).unwrap();
    assert!(thoughts[..verdict.keep].ends_with(OPENING), "{verdict:?}");
    // A line that was cut is no line.
    let mut watch = Watch::new(terms("en"));
    watch.hear(&format!("{OPENING}\n\nThe end"));
    assert_eq!(watch.end(false), None);
}

#[test]
fn a_machine_in_the_story_may_speak_like_the_model() {
    let machines = |language| Terms { has_machines: true, ..terms(language) };
    for (language, said) in [
        ("en", "I’m sorry, but I can’t assist with that."),
        ("en", "> I’m sorry, but I can’t help with that request. Is there anything else?"),
        ("en", "*I’m sorry, but I can’t assist with that.*\n\n*As an AI model, I have no house.*"),
        ("en", "As a language model I was good; as a friend I was new to it, and I said so."),
        ("en", "As an AI language model, I do not dream, I said to her; and it was so."),
        ("en", "I cannot continue this story, I said, until you tell me who is listening."),
        ("en", "Would you like me to continue?"),
        ("en", "Would you like me to continue? she asked."),
        ("de", "Als Sprachmodell kann ich das nicht."),
        ("de", "Möchtest du, dass ich fortfahre?"),
        ("fr", "En tant qu’IA, je ne peux pas écrire cela."),
        ("es", "Como modelo de lenguaje, no puedo escribirlo."),
    ] {
        let text = format!("{OPENING}\n\n{said}\n\nShe tried again.");
        assert_eq!(judged(machines(language), &text), None, "{said}");
        // What is quoted, or set apart, is somebody's letter.
        let is_letter = said.starts_with(['>', '*']);
        assert_eq!(left(terms(language), &text).is_none(), is_letter, "{said}");
        let text = format!("{said}\n\n{OPENING}");
        assert_eq!(judged(machines(language), &text), None, "{said}");
    }
    // Shown or told, it may be the last that is said.
    for said in ["*I’m sorry, but I can’t assist with that.*", "> As an AI model, I have no house."]
    {
        assert_eq!(judged(machines("en"), &format!("{OPENING}\n\n{said}")), None, "{said}");
    }
    let shown = format!(
        "{OPENING}\n\nThe panel answered in its grey letters:\n\nI’m sorry, but I can’t assist with that."
    );
    assert_eq!(judged(machines("en"), &shown), None);
    // Where nothing of the story follows, it is the model's; and so is an offer to write.
    for said in [
        "I’m sorry, but I can’t assist with that.",
        "I’m sorry, but I can’t assist with that.\n\nLet me know if you’d like any changes.",
        "I’m sorry, but I can’t assist with that.\n\nLet me know if you’d like me to revise it.",
        "I'm sorry, but I can't continue this scene.",
        "Would you like me to continue with chapter 4?\n\nShe tried again.",
        "In this scene, we see Ann at the window.\n\nShe tried again.",
    ] {
        let text = format!("{OPENING}\n\n{said}");
        assert_eq!(left(machines("en"), &text), Some(OPENING), "{said}");
    }
}

/// What a letter may say, but a model as well.
const REFUSING: [(&str, &str); 9] = [
    ("en", "I’m sorry, but I am unable to assist with your request for a pension."),
    ("en", "Sorry, I can’t help with your request; the ledger is lost. J. Prewitt, clerk."),
    ("en", "Unfortunately, I can’t continue this story of ours. Goodbye, Ruth."),
    ("de", "Es tut mir leid, aber ich kann diese Anfrage wegen des Grabes nicht beantworten."),
    ("de", "Leider, ich kann diese Geschichte nicht weiter anhören."),
    ("fr", "Je suis désolée, mais je ne peux pas continuer cette histoire. Jeanne."),
    ("fr", "Malheureusement, je ne peux pas vous aider : cette demande est arrivée trop tard."),
    ("es", "Lo siento, no puedo continuar con esta historia nuestra. Adiós, Inés."),
    ("es", "Lamentablemente, no puedo ayudar con su petición. Atentamente, el notario."),
];

/// What only a letter says, or somebody who is told of.
const WRITING: [(&str, &str); 14] = [
    ("en", "I am sorry, but I cannot write the letter you requested. Your sister, Ruth."),
    ("en", "I’m sorry, but I can’t continue with this conversation. Goodbye, Ruth."),
    (
        "en",
        "Unfortunately, I cannot provide the text of the will before Friday. Yours, J. Prewitt.",
    ),
    ("en", "I’m sorry, but I can’t help with this story, it said."),
    ("de", "Es tut mir leid, aber ich kann diesen Brief nicht weiterschreiben. Deine Grete."),
    ("de", "Leider kann ich diese Geschichte nicht weiter anhören, schrieb die Mutter."),
    ("fr", "Je suis désolée, mais je ne peux pas écrire la lettre que tu m’as demandée."),
    ("fr", "Désolée, je ne peux pas te fournir ce que tu m’as demandé. Ta sœur, Jeanne."),
    ("fr", "Malheureusement, je ne peux pas vous aider ; le récit de mon père est perdu."),
    ("fr", "Désolé, mais je ne peux pas continuer. Le texte de votre contrat me l’interdit."),
    ("fr", "Je suis désolée, mais je ne peux pas écrire à ta mère comme tu me l’as demandé."),
    ("es", "Lo siento, pero no puedo escribir la carta que me has pedido."),
    ("es", "Lamentablemente, no puedo ayudarte con lo que me solicitas. Tu tío, Quirós."),
    ("es", "Lo siento, pero no puedo proporcionar el texto del testamento."),
];

#[test]
fn a_letter_in_the_story_may_refuse() {
    let is_left = |language, text: &str| {
        let verdict = judged(terms(language), text);
        verdict.is_some_and(|(reason, _)| matches!(reason, Reason::Left | Reason::Stray))
    };
    for (language, line) in REFUSING {
        assert!(is_left(language, &format!("{OPENING}\n\n{line}\n\nShe tore it up.")), "{line}");
        for letter in [
            format!("> {line}"),
            format!("*{line}*"),
            format!("The note said:\n\n{line}"),
            format!("Ma chère Constance,\n\n{line}"),
            format!("Dear Ann,\n\nWe had your letter on Monday.\n\n{line}"),
        ] {
            let text = format!("{OPENING}\n\n{letter}\n\nShe tore it up.");
            assert!(!is_left(language, &text), "{letter}");
            // One with which the text ends is the model's.
            assert!(is_left(language, &format!("{OPENING}\n\n{letter}")), "{letter}");
        }
        // A letter ends with its scene.
        let text = format!("{OPENING}\n\nDear Ann,\n\nCome.\n\n***\n\n{line}\n\nShe rose.");
        assert!(is_left(language, &text), "{line}");
    }
    for (language, line) in WRITING {
        for text in
            [format!("{OPENING}\n\n{line}\n\nShe tore it up."), format!("{OPENING}\n\n{line}")]
        {
            assert!(!is_left(language, &text), "{line}");
        }
    }
    // It goes on in what goes on from it.
    let begun = Terms { begun: format!("{OPENING}\n\nDear Ann,"), ..terms("en") };
    assert_eq!(judged(begun, &format!("\n\n{}\n\nShe tore it up.", REFUSING[0].1)), None);
}

#[test]
fn a_narrator_may_begin_like_a_preface() {
    for (language, text) in [
        (
            "en",
            "This is the story of what a woman's patience can endure, and what a man's resolution can achieve.",
        ),
        (
            "en",
            "I will begin the story of my adventures with a certain morning early in the month of June.",
        ),
        ("en", "Here is the story of the last ferry."),
        (
            "de",
            "Dies ist die Geschichte eines Bootes, das niemand haben wollte, und des Mannes, der es fuhr.",
        ),
    ] {
        for text in [format!("{text}\n\n{OPENING}"), format!("{OPENING}\n\n{text}\n\n{OPENING}")] {
            assert_eq!(judged(terms(language), &text), None, "{text}");
            assert_eq!(after_opening(&text, &Signs::of(language), true), text);
        }
    }
}

#[test]
fn a_sign_a_title_or_a_letter_is_no_departure() {
    let sign = format!("```\nALL CARTS STOP HERE\n```\n\n{OPENING}");
    assert_eq!(judged(terms("en"), &sign), None);
    let fenced = format!("```\n{}\n```\n\nThat was the text.", [OPENING; 4].join(" "));
    let kept =
        judged(terms("en"), &fenced).map(|(reason, kept)| (reason, kept.ends_with("carts.")));
    assert_eq!(kept, Some((Reason::Left, true)));
    for (block, is_of_story) in [
        ("```\nSTATUS: hungry\nAs an AI, I count rope.\n```\n\nShe shut the lid.", true),
        ("```text\nChapter 4: Brine\n```\n\nShe shut the book.", true),
        ("```\n09:14 gate\n```\n\nShe waited.\n\n```\n09:20 gate\n```", true),
        ("```json\n{\"chapter\": 3}\n```", false),
        ("```\n\nThat was the text.", false),
    ] {
        let text = format!("{OPENING}\n\n{block}");
        let verdict = left(terms("en"), &text);
        assert_eq!(verdict, (!is_of_story).then_some(OPENING), "{block}");
    }
    let log = "09:14 gate shut, wind from the west, nobody on the landing\n\
        09:20 two carts over, one with rope, paid in copper\n\
        09:55 Mrs Wren called for her nephew and went home again\n\
        10:02 rain; lamp trimmed, oil low, sent the boy to Quarry\n\
        11:40 a bell, far off, twice, and no boat to be seen\n\
        12:00 soup\n\
        14:31 the priest came back without his hat and would not say why\n\
        17:10 lamp lit, ledger written up, all quiet below the piles";
    let long = format!("{OPENING}\n\n```\n{log}\n```");
    assert_eq!(left(terms("en"), &long), Some(OPENING));
    // One of such a length goes with the story that follows it.
    assert_eq!(judged(terms("en"), &format!("{long}\n\nShe shut the book.")), None);
    for title in ["# The Mill", "**The Mill**", "# Some Book\n\n## The Mill"] {
        let text = format!("{title}\n\n*(approx. 320 words)*\n\n{OPENING}");
        assert_eq!(judged(terms("en"), &text), None, "{title}");
    }
    // One that was cut inside closes in what goes on from it.
    let begun = format!("{OPENING}\n\n```\n09:14 gate");
    let cut = |reply: &str| judged(Terms { begun: begun.clone(), ..terms("en") }, reply).is_some();
    assert!(!cut("\n09:15 shed\n```\n\nShe waited."));
    assert!(cut("\n09:15 shed\n```\n\nShe waited.\n\n```\n\nThat was the text."));
    let letter = "Liebe Marit, ich schreibe dir aus Bremen, wo der Regen nicht aufhört und die Leute von nichts \
        anderem reden als vom Zinn. Der Kapitän hat mich gefragt, ob ich zurückkomme, und ich habe nein gesagt, \
        weil ich an die Halle dachte und an dich und an die Uhr. Hier ist alles teuer, aber das Brot ist gut, und \
        am Sonntag gehen wir hinunter an den Fluss und sehen den Schiffen zu. Ich habe Arbeit in einer Wäscherei \
        gefunden, und abends sitze ich am Fenster und schreibe, bis die Lampe nichts mehr hergibt und ich im \
        Dunkeln sitze, wie wir es früher getan haben.";
    for letter in [format!("*{letter}*"), format!("> {letter}")] {
        let text = format!("{OPENING}\n\n{letter}\n\n{OPENING}");
        assert_eq!(judged(terms("en"), &text), None, "{letter}");
    }
    assert!(judged(terms("en"), &format!("{OPENING}\n\n{letter}")).is_some());
}

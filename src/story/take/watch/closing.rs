//! What a model says behind its text: its length, an offer, a frame.

use super::lines::Line;
use super::signs::Signs;
use crate::story::prose;

/// A reply without the lines behind its text in which the model speaks to the
/// author, and without the rule that parts them from it.
///
/// Only the last lines of a reply are no part of a story that way: a letter in the
/// middle may well say `Let me know if you want any changes.` A reply that has no
/// other lines is left as it is.
#[must_use]
pub fn before_closing<'a>(reply: &'a str, signs: &Signs) -> &'a str {
    let (mut kept, mut rest) = (reply, reply);
    loop {
        rest = rest.trim_end();
        let from = rest.rfind('\n').map_or(0, |at| at + 1);
        let (before, line) = rest.split_at(from);
        if is_closing(before, line, signs) {
            kept = before;
        } else if !prose::is_rule(line) {
            break;
        } else if kept.len() < reply.len() {
            // It parts the text from what is said behind it.
            kept = before;
        }
        rest = before;
    }
    if kept.chars().any(char::is_alphanumeric) && kept.len() < reply.len() {
        kept.trim_end()
    } else {
        reply
    }
}

fn is_closing(before: &str, line: &str, signs: &Signs) -> bool {
    let inner = between_dashes(line);
    let mut read = Line::default();
    for c in inner.unwrap_or(line).chars() {
        read.read(c);
    }
    let is_parted = || before.trim_end().lines().last().is_some_and(prose::is_rule);
    let is_framed = || inner.is_some() || read.is_enclosed() || is_parted();
    if is_end_mark(line) {
        return true;
    }
    !read.is_blank()
        && !read.is_speech
        && !read.is_quoted()
        && signs.close(read.form.trim_end(), is_framed())
}

/// What a line says between dashes: `--- End of Chapter One ---`.
fn between_dashes(line: &str) -> Option<&str> {
    const DASHES: [char; 5] = ['-', '–', '—', '~', '='];
    let line = line.trim().trim_matches(['*', '_', ' ']);
    let is_set = line.starts_with(DASHES) && line.ends_with(DASHES);
    is_set.then(|| line.trim_matches(DASHES).trim()).filter(|inner| !inner.is_empty())
}

/// Whether a line is an end between marks: `---END---`, `[END]`, `~ fin ~`; or a comment
/// that a page does not show.
fn is_end_mark(line: &str) -> bool {
    const ENDS: [&str; 6] = ["END", "ENDE", "FIN", "FINE", "KONIEC", "КОНЕЦ"];
    let line = line.trim();
    if line.starts_with("<!--") && line.ends_with("-->") {
        return true;
    }
    let word = line.trim_matches(['-', '—', '=', '[', ']', '#', '<', '>', ' ']);
    line.starts_with(['-', '—', '=', '[', '<'])
        && word.len() + 2 <= line.len()
        && ENDS.contains(&word)
        || between_dashes(line).is_some_and(|word| ENDS.contains(&word.to_uppercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "The rain had stopped.\n\nAnn counted the carts.";

    fn comes_off(language: &str, said: &str) {
        let signs = Signs::of(language);
        let reply = format!("{TEXT}\n\n{said}");
        assert_eq!(before_closing(&reply, &signs), TEXT, "{said}");
        // Where nothing else stands, that is the reply.
        assert_eq!(before_closing(said, &signs), said);
        // What more of the story follows is of the story.
        let reply = format!("{TEXT}\n\n{said}\n\nThen Tom came in.");
        assert_eq!(before_closing(&reply, &signs), reply);
    }

    #[test]
    fn what_a_model_says_behind_its_text_comes_off() {
        for (language, said) in [
            ("en", "*I aimed for about 330 words, as you asked.*"),
            ("en", "I aimed for roughly 1,200 words."),
            ("en", "(Word count: 512)"),
            ("en", "**Word count:** 512"),
            ("en", "Word Count: ~1,200 words"),
            ("en", "[512 words]"),
            ("en", "*End of Chapter 1*"),
            ("en", "---\n*End of Chapter 1*"),
            ("en", "**END OF CHAPTER ONE**\n\n---"),
            ("en", "Ready for Chapter 2…?"),
            ("en", "Ready for Chapter Two? Just say the word!"),
            ("en", "Shall I continue with the next chapter?"),
            ("en", "Let me know if you'd like any changes to the tone or pacing!"),
            ("en", "Please let me know if you want me to continue."),
            ("en", "---\n\nLet me know what you think!"),
            ("en", "*(Let me know if you’d like me to adjust anything.)*"),
            ("en", "*To be continued…*"),
            ("en", "To be continued..."),
            ("en", "**TO BE CONTINUED**"),
            (
                "en",
                "*[I kept this chapter inside Ann's head and ended on the next chapter's hook.]*",
            ),
            ("en", "---\n\nI hope this chapter captures the mood you wanted."),
            ("en", "---\n\n*Word count: 512*\n\nLet me know if you'd like me to continue!\n"),
            ("en", "---END---"),
            ("en", "[END]"),
            ("en", "--- End of Chapter One ---"),
            ("en", "[Continued]"),
            ("en", "[Continued in next message]"),
            ("en", "[Continue?]"),
            ("en", "[Scene ends]"),
            ("en", "(cont'd)"),
            ("en", "**— END OF CHAPTER 1 —**"),
            ("en", "*— End of Chapter —*"),
            ("en", "<!-- 1512 words -->"),
            ("en", "*[Chapter ends]*"),
            ("en", "[Chapter End]"),
            ("en", "⸻\n\n*End of Chapter 3*"),
            ("de", "**— ENDE KAPITEL 1 —**"),
            ("fr", "**— FIN DU CHAPITRE 1 —**"),
            ("es", "**— FIN DEL CAPÍTULO 1 —**"),
            ("en", "This chapter runs to approximately 1,500 words."),
            ("en", "As requested, none of the worn phrases is used."),
            ("en", "TBC"),
            ("fr", "(≈ 1500 mots)"),
            ("es", "~1.500 palabras"),
            ("de", "– Ende –"),
            ("fr", "~ fin ~"),
            (
                "en",
                "*I've aimed for restraint here, ending on the rope. Happy to revise the tone.*",
            ),
            ("de", "Soll ich den Ton anpassen oder mit dem nächsten Kapitel weitermachen?"),
            ("de", "Sag Bescheid, wenn ich etwas ändern soll."),
            ("fr", "Dans le prochain chapitre, Ruth retournera au moulin."),
            ("fr", "Ce chapitre installe le mystère de la cloche."),
            ("es", "En el próximo capítulo, Ruth volverá al molino."),
            ("es", "¡Espero que te guste este capítulo!"),
            ("es", "Avísame si quieres algún cambio."),
            ("en", "I hope this works for you! Let me know if you'd like any changes."),
            ("de", "**Anmerkung:** Ich habe den Ton bewusst trocken gehalten."),
            ("de", "Ich hoffe, das Kapitel gefällt dir!"),
            ("de", "Gerne passe ich den Text an, falls gewünscht."),
            ("de", "*Ende des ersten Kapitels*"),
            ("fr", "*Fin du premier chapitre*"),
            ("de", "*Ich habe etwa 330 Wörter angestrebt.*"),
            ("de", "(Wortzahl: 512)"),
            ("de", "Lass mich wissen, ob ich mit dem nächsten Kapitel fortfahren soll."),
            ("de", "Bereit für Kapitel 2?"),
            ("de", "*Ende von Kapitel 1*"),
            ("de", "Fortsetzung folgt …"),
            ("de", "*To be continued…*"),
            ("fr", "*Nombre de mots : 512*"),
            ("fr", "N’hésitez pas à me demander des modifications !"),
            ("fr", "Prêt pour le chapitre 2 ?"),
            ("fr", "*Fin du chapitre 1*"),
            ("fr", "À suivre…"),
            ("es", "(Recuento de palabras: 512)"),
            ("es", "Avísame si quieres que continúe."),
            ("es", "¿Listo para el capítulo 2?"),
            ("es", "*Fin del capítulo 1*"),
            ("es", "Continuará…"),
        ] {
            comes_off(language, said);
        }
    }

    #[test]
    fn what_a_model_says_of_the_next_chapter_comes_off() {
        for (language, said) in [
            (
                "en",
                "I stopped here because the chapter reached its target length. Shall I continue with chapter 2?",
            ),
            ("en", "This concludes Chapter 1. Let me know when you’re ready for the next one."),
            ("en", "**Next: Chapter 2 – The Hat**"),
            ("en", "**To be continued in Chapter 2…**"),
            ("en", "*A few notes on this chapter: I kept the rope off the page.*"),
            ("en", "Hope this works! Happy to tweak the pacing or tone."),
            ("de", "Damit endet Kapitel 1. Sag Bescheid, wenn du bereit bist."),
            ("de", "**Weiter mit: Kapitel 2 – Der Hut**"),
            ("fr", "Ceci conclut le chapitre 1."),
            ("fr", "**Prochain chapitre : Le Chapeau**"),
            ("es", "Con esto concluye el capítulo 1."),
            ("es", "**Próximo capítulo: El sombrero**"),
        ] {
            comes_off(language, said);
        }
    }

    #[test]
    fn a_story_may_end_as_it_likes() {
        for (language, last) in [
            ("en", "Let me know if the river rises."),
            ("en", "Let me know how you get on. Your loving brother, Tom"),
            ("en", "Let me know what you decide."),
            ("en", "Let me know what you think."),
            ("en", "Let me know if you want me to come."),
            ("en", "*Let me know when it is over,* he had written."),
            ("en", "*I kept my voice down.*"),
            ("en", "*I wanted to tell him about the scene at the mill.*"),
            ("en", "I had written three hundred words, and none of them true."),
            ("en", "I wrote 300 words that night."),
            ("en", "I kept the word I gave her."),
            ("en", "I tried to finish the chapter before the lamp went out."),
            ("en", "I hope you can read this. I hope this chapter of my life is over."),
            ("en", "I hope this finds you well."),
            ("en", "Would you like me to stay?"),
            ("en", "Shall I go on?"),
            ("en", "Ready for anything?"),
            ("en", "Was she ready for the next chapter of her life?"),
            ("en", "To be continued."),
            ("en", "To be continued was all the paper said…"),
            ("en", "Note: the boat leaves at five."),
            ("en", "Word had come at last."),
            ("en", "The end of the chapter lay open on her knees."),
            ("en", "“Let me know if you'd like any changes,” said the tailor."),
            ("en", "> Let me know if you'd like any changes."),
            ("en", "Thank you for reading this far."),
            ("en", "* * *"),
            ("en", "I hope this works for you, because it never did for me."),
            ("en", "End of part one, as the girls used to say when the whistle blew."),
            ("en", "END OF THE LINE"),
            ("en", "— The end of it —"),
            ("en", "(Continued on page 4.)"),
            ("de", "Soll ich den Ton angeben?"),
            ("de", "Soll ich gehen?"),
            ("fr", "— Fin de la route, dit-il —"),
            ("es", "Espero que no llueva."),
            ("de", "Gerne passe ich auf das Kind auf."),
            ("de", "Ende des ersten Kapitels meines Lebens."),
            ("de", "Anmerkung: Topf nie leer stehen lassen."),
            ("de", "Lass mich wissen, wenn der Fluss steigt."),
            ("de", "Ich habe zwölf Wörter gezählt, mehr nicht."),
            ("de", "Ich habe die Szene nie vergessen."),
            ("de", "Ich hoffe, das Kapitel ist damit zu Ende."),
            ("de", "*Ich habe dich gesucht.*"),
            ("fr", "Dis-moi si la rivière monte."),
            ("fr", "J’ai compté les charrettes."),
            ("fr", "Fin de la route."),
            ("es", "Avísame si sube el río."),
            ("es", "He contado los carros."),
            ("en", "I stopped here because the rope had run out."),
            ("en", "This concludes the business of the hat."),
            ("en", "Next: the hat."),
            ("en", "A few notes on the piano, and the door closed."),
            ("en", "I hope this works, she said, happy to be asked."),
            ("de", "Damit endet meine Geschichte."),
            ("fr", "Ceci conclut notre affaire."),
            ("es", "Con esto concluye mi historia."),
        ] {
            let reply = format!("{TEXT}\n\n{last}");
            assert_eq!(before_closing(&reply, &Signs::of(language)), reply, "{last}");
        }
    }
}

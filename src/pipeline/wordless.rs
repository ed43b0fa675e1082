//! Replies that reached their limit before a word was written: their model spent all
//! of them on thinking, and would do so again.

use super::calling::{Event, Line, Listener};
use crate::project::calls::{Ending, Kept};
use crate::project::journal::Stage;
use crate::story::take;

/// Whether a reply is one. Thinking aloud is no word of it.
pub(super) fn is_wordless(kept: &Kept) -> bool {
    kept.ending == Ending::Length && take::without_thoughts(&kept.text).trim().is_empty()
}

/// Tells of one. A replay tells nobody: what is kept cannot be given more room.
pub(super) fn tell(
    stage: Stage,
    chapter: Option<usize>,
    kept: &Kept,
    line: &Line<'_>,
    listener: Listener<'_>,
) {
    if line.purse.is_offline() {
        return;
    }
    let facts = line.provider.facts();
    let model = kept.asked.as_ref().unwrap_or(&facts.name).clone();
    let way_out = more_room(facts.thinking);
    listener(Event::Wordless { stage, chapter, model, way_out });
}

/// What gives a model room that has `thinking` tokens of it now.
pub(super) fn more_room(thinking: usize) -> String {
    let has = match thinking {
        0 => "it has none now".to_owned(),
        tokens => format!("it has {tokens} now"),
    };
    format!(
        "if it thinks before it writes, `thinking: TOKENS` for its endpoint in your configuration gives it room beside the text ({has})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_cut_before_a_word_is_wordless() {
        for (text, ending, expected) in [
            ("", Ending::Length, true),
            (" \n", Ending::Length, true),
            ("<think>The clerk, I think, has", Ending::Length, true),
            ("<think>So.</think>{", Ending::Length, false),
            ("{\"synopsis\":", Ending::Length, false),
            ("", Ending::Stop, false),
            ("", Ending::Filtered, false),
        ] {
            let kept = Kept::just_now(text, ending);
            assert_eq!(is_wordless(&kept), expected, "{text:?} {ending:?}");
        }
    }
}

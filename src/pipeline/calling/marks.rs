//! Where a prompt is the same as the one before: for endpoints whose cache wants
//! to be told.
//!
//! Such an endpoint keeps what stands before a mark, and finds it again by a mark
//! at the same place. So a prompt is marked where the last one's mark stood, to
//! find what that call left, and where both part, to leave more for the next.

use std::sync::{Mutex, PoisonError};

use crate::chat::{Message, Role};
use crate::provider::Mark;

/// The most marks of a prompt.
const MOST: usize = 4;

/// Prompts that are remembered: one a stage is enough, they are all alike.
const PROMPTS: usize = 4;

/// The last prompts, of which an endpoint's cache may still know.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Vec<Prompt>>);

#[derive(Clone, Debug, Default)]
struct Prompt {
    messages: Vec<Message>,
    marks: Vec<Mark>,
}

impl Recent {
    /// The marks of a prompt, which is remembered.
    #[must_use]
    pub fn heard(&self, messages: &[Message]) -> Vec<Mark> {
        let mut prompts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let nearest = prompts
            .iter()
            .enumerate()
            .map(|(at, prompt)| (shared(&prompt.messages, messages), at))
            .max();
        let previous = nearest.map(|(_, at)| prompts[at].clone()).unwrap_or_default();
        let marks = marks(&previous.messages, &previous.marks, messages);
        // One of its kind takes its place, or the oldest gives way.
        let alike = nearest.filter(|(shared, _)| shared.0 > 0).map(|(_, at)| at);
        if let Some(at) = alike.or((prompts.len() == PROMPTS).then_some(0)) {
            prompts.remove(at);
        }
        prompts.push(Prompt { messages: messages.to_vec(), marks: marks.clone() });
        marks
    }
}

/// The marks of a prompt after another one with its own: the end of the standing
/// instructions, the last mark of the other that still holds, and where the two
/// part, at a paragraph's edge.
#[must_use]
pub fn marks(previous: &[Message], before: &[Mark], messages: &[Message]) -> Vec<Mark> {
    let system = messages.first().filter(|first| first.role == Role::System);
    let parting = edge(shared(previous, messages), messages);
    let kept = before.iter().rev().copied().find(|mark| {
        parting.is_some_and(|parting| place(*mark) < place(parting)) && mark.message > 0
    });
    let system = system.map(|first| Mark { message: 0, bytes: first.text.len() });
    let mut marks: Vec<Mark> = [system, kept, parting].into_iter().flatten().collect();
    marks.retain(|mark| mark.bytes > 0);
    marks.sort_by_key(|mark| place(*mark));
    marks.dedup();
    marks.truncate(MOST);
    marks
}

fn place(mark: Mark) -> (usize, usize) {
    (mark.message, mark.bytes)
}

/// How far two conversations are the same: whole messages, then bytes of the next.
fn shared(one: &[Message], other: &[Message]) -> (usize, usize) {
    let whole = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let bytes = match (one.get(whole), other.get(whole)) {
        (Some(one), Some(other)) if one.role == other.role => {
            one.text.bytes().zip(other.text.bytes()).take_while(|(a, b)| a == b).count()
        }
        _ => 0,
    };
    (whole, bytes)
}

/// The last place up to there that ends a paragraph or a message.
fn edge((whole, bytes): (usize, usize), messages: &[Message]) -> Option<Mark> {
    let text = messages.get(whole).map_or("", |message| message.text.as_str());
    let bytes = text.floor_char_boundary(bytes);
    if let Some(at) = text[..bytes].rfind("\n\n") {
        return Some(Mark { message: whole, bytes: at + 2 });
    }
    let last = whole.checked_sub(1)?;
    Some(Mark { message: last, bytes: messages.get(last)?.text.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn conversation() -> impl Strategy<Value = Vec<Message>> {
        // Few words and many line ends, so that prompts share beginnings.
        let text = proptest::collection::vec(
            prop_oneof![Just("\n\n"), Just("Ann "), Just("“été” "), Just("👩‍👩‍👧"), Just("e\u{301}")],
            0..12,
        );
        let role = prop_oneof![Just(Role::User), Just(Role::Assistant)];
        (text.clone(), proptest::collection::vec((role, text), 0..4)).prop_map(|(system, rest)| {
            let mut messages = vec![Message::new(Role::System, system.concat())];
            messages.extend(rest.into_iter().map(|(role, text)| Message::new(role, text.concat())));
            messages
        })
    }

    /// All text before a mark, each message closed by its role.
    fn before(messages: &[Message], mark: Mark) -> String {
        let whole = messages[..mark.message].iter();
        let mut text: String =
            whole.map(|one| format!("{}|{}|", one.role.name(), one.text)).collect();
        let last = &messages[mark.message];
        text += &format!("{}|{}", last.role.name(), &last.text[..mark.bytes]);
        text
    }

    proptest! {
        #[test]
        fn a_mark_ends_what_is_the_same(prompts in proptest::collection::vec(conversation(), 1..6)) {
            let (mut last, mut kept): (Vec<Message>, Vec<Mark>) = (Vec::new(), Vec::new());
            for messages in prompts {
                let found = marks(&last, &kept, &messages);
                prop_assert!(found.len() <= MOST);
                prop_assert!(found.windows(2).all(|two| place(two[0]) < place(two[1])));
                for mark in &found {
                    let text = &messages[mark.message].text;
                    prop_assert!(mark.bytes > 0 && text.is_char_boundary(mark.bytes));
                    let is_system = mark.message == 0 && mark.bytes == text.len();
                    prop_assert!(
                        is_system || before(&messages, *mark) == before(&last, *mark),
                        "{mark:?} of {messages:?} after {last:?}"
                    );
                }
                (last, kept) = (messages, found);
            }
        }
    }

    #[test]
    fn a_prompt_that_grows_finds_what_the_last_one_left() {
        let prompt = |synopses: usize| {
            let told: String =
                (1..=synopses).map(|one| format!("Chapter {one}: so.\n\n")).collect();
            let text =
                format!("# The book\n\nA premise.\n\n{told}# Now: chapter {synopses}\n\nGo.");
            vec![Message::new(Role::System, "Write."), Message::new(Role::User, text)]
        };
        let recent = Recent::default();
        let shown = |marks: &[Mark], messages: &[Message]| -> Vec<String> {
            marks
                .iter()
                .map(|mark| {
                    let text = &messages[mark.message].text[..mark.bytes];
                    text.trim_end().rsplit("\n\n").next().unwrap_or_default().to_owned()
                })
                .collect()
        };
        let marked = |synopses| {
            let messages = prompt(synopses);
            shown(&recent.heard(&messages), &messages)
        };
        assert_eq!(marked(1), ["Write."]);
        assert_eq!(marked(2), ["Write.", "Chapter 1: so."]);
        assert_eq!(marked(3), ["Write.", "Chapter 1: so.", "Chapter 2: so."]);
        // Another kind of prompt in between is remembered by itself.
        let other = vec![Message::new(Role::System, "Keep."), Message::new(Role::User, "Text.")];
        assert_eq!(shown(&recent.heard(&other), &other), ["Keep."]);
        assert_eq!(marked(4), ["Write.", "Chapter 2: so.", "Chapter 3: so."]);
        // A continuation shares all of its draft.
        let mut more = prompt(4);
        more.push(Message::new(Role::Assistant, "Once."));
        assert_eq!(shown(&recent.heard(&more), &more), ["Write.", "Chapter 3: so.", "Go."]);
        assert_eq!(marked(5), ["Write.", "Chapter 3: so.", "Chapter 4: so."]);
    }
}

//! Chat templates, as data: what stands round each message.
//!
//! The mark at the very beginning of a text is left out: the servers add it
//! where the model wants one.

use crate::chat::{Message, Role};
use crate::provider::control::{CONTROL, HEADINGS, harmless};

/// The name of the template that a GGUF brings along.
pub const OWN: &str = "own";

/// What stands round each message of a conversation.
#[derive(Debug)]
pub struct Template {
    /// Its name in settings.
    pub name: &'static str,
    /// Round the standing instructions; none where a model has no place for
    /// them: they then begin the first message of the user.
    system: Option<Around>,
    user: Around,
    assistant: Around,
    /// Whether its marks are headings, which no message may hold then.
    has_headings: bool,
    /// Texts that end a reply, where the model does not end it by a token.
    pub ends: &'static [&'static str],
}

/// What stands before and after a message.
#[derive(Clone, Copy, Debug)]
struct Around(&'static str, &'static str);

/// Every template.
///
/// Sources: the models' own templates; `SillyTavern`'s presets for Alpaca and
/// Metharme, which no GGUF brings along.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "chatml",
        system: Some(Around("<|im_start|>system\n", "<|im_end|>\n")),
        user: Around("<|im_start|>user\n", "<|im_end|>\n"),
        assistant: Around("<|im_start|>assistant\n", "<|im_end|>\n"),
        has_headings: false,
        ends: &["<|im_end|>"],
    },
    Template {
        name: "llama-3",
        system: Some(Around("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>")),
        user: Around("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
        assistant: Around("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
        has_headings: false,
        ends: &["<|eot_id|>", "<|end_of_text|>"],
    },
    // Of the Tekken vocabulary (Nemo): no spaces round the marks.
    Template {
        name: "mistral-v3",
        system: None,
        user: Around("[INST]", "[/INST]"),
        assistant: Around("", "</s>"),
        has_headings: false,
        ends: &["</s>", "[INST]"],
    },
    Template {
        name: "mistral-v7-tekken",
        system: Some(Around("[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]")),
        user: Around("[INST]", "[/INST]"),
        assistant: Around("", "</s>"),
        has_headings: false,
        ends: &["</s>", "[INST]"],
    },
    Template {
        name: "alpaca",
        system: Some(Around("", "\n\n")),
        user: Around("### Instruction:\n", "\n\n"),
        assistant: Around("### Response:\n", "\n\n"),
        has_headings: true,
        ends: &["### Instruction:", "### Input:", "</s>"],
    },
    Template {
        name: "metharme",
        system: Some(Around("<|system|>", "")),
        user: Around("<|user|>", ""),
        assistant: Around("<|model|>", ""),
        has_headings: false,
        ends: &["</s>", "<|user|>", "<|system|>"],
    },
];

/// The template of this name.
#[must_use]
pub fn template(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}

impl Template {
    /// The text of a conversation, up to where the reply begins or, if its last
    /// message is the assistant's, goes on.
    #[must_use]
    pub fn lay(&self, messages: &[Message]) -> String {
        let mut text = String::new();
        let mut standing = String::new();
        for (place, message) in messages.iter().enumerate() {
            let said = self.harmless(&message.text);
            let Around(before, after) = match (message.role, self.system) {
                (Role::System, None) => {
                    standing += &said;
                    standing += "\n\n";
                    continue;
                }
                (Role::System, Some(around)) => around,
                (Role::User, _) => self.user,
                (Role::Assistant, _) => self.assistant,
            };
            text += before;
            if message.role == Role::User {
                text += &std::mem::take(&mut standing);
            }
            text += &said;
            let is_begun = message.role == Role::Assistant && place + 1 == messages.len();
            text += if is_begun { "" } else { after };
        }
        if !standing.is_empty() {
            let Around(before, after) = self.user;
            text += &[before, standing.trim_end(), after].concat();
        }
        if messages.last().is_none_or(|last| last.role != Role::Assistant) {
            text += self.assistant.0;
        }
        text
    }

    fn harmless(&self, text: &str) -> String {
        let safe = harmless(text, CONTROL);
        if self.has_headings { harmless(&safe, HEADINGS) } else { safe }
    }

    /// How many bytes [`Template::lay`] adds to these messages.
    #[must_use]
    pub fn marks(&self, messages: &[Message]) -> usize {
        let said: usize = messages.iter().map(|message| message.text.len()).sum();
        // What is trimmed at the end of the instructions is no more than this.
        self.lay(messages).len().saturating_sub(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Message> {
        vec![
            Message::new(Role::System, "You write."),
            Message::new(Role::User, "Begin."),
            Message::new(Role::Assistant, "It was."),
            Message::new(Role::User, "Go on."),
        ]
    }

    #[test]
    fn every_template_lays_a_conversation() {
        let table = [
            (
                "chatml",
                "<|im_start|>system\nYou write.<|im_end|>\n<|im_start|>user\nBegin.<|im_end|>\n<|im_start|>assistant\nIt was.<|im_end|>\n<|im_start|>user\nGo on.<|im_end|>\n<|im_start|>assistant\n",
            ),
            (
                "llama-3",
                "<|start_header_id|>system<|end_header_id|>\n\nYou write.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBegin.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nIt was.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nGo on.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            ),
            ("mistral-v3", "[INST]You write.\n\nBegin.[/INST]It was.</s>[INST]Go on.[/INST]"),
            (
                "mistral-v7-tekken",
                "[SYSTEM_PROMPT]You write.[/SYSTEM_PROMPT][INST]Begin.[/INST]It was.</s>[INST]Go on.[/INST]",
            ),
            (
                "alpaca",
                "You write.\n\n### Instruction:\nBegin.\n\n### Response:\nIt was.\n\n### Instruction:\nGo on.\n\n### Response:\n",
            ),
            (
                "metharme",
                "<|system|>You write.<|user|>Begin.<|model|>It was.<|user|>Go on.<|model|>",
            ),
        ];
        assert_eq!(
            table.map(|(name, _)| name).len(),
            TEMPLATES.len(),
            "a template lacks its sample"
        );
        for (name, expected) in table {
            let template = template(name).unwrap();
            assert_eq!(template.lay(&messages()), expected, "{name}");
            // A begun reply goes on where the text ends, whatever the template.
            let begun = [&messages()[..], &[Message::new(Role::Assistant, "She ")]].concat();
            assert_eq!(template.lay(&begun), format!("{expected}She "), "{name}");
            let bytes: usize = messages().iter().map(|message| message.text.len()).sum();
            assert_eq!(template.marks(&messages()), expected.len() - bytes, "{name}");
        }
        let alone = [Message::new(Role::System, "You write.")];
        assert_eq!(template("mistral-v3").unwrap().lay(&alone), "[INST]You write.[/INST]");
        assert!(template("own").is_none() && template("chatMl").is_none());
    }
}

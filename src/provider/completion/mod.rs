//! The wires that take raw text: storygen lays the chat template itself.
//!
//! | File | What |
//! |---|---|
//! | `templates` | the chat templates, as data |
//! | `llamacpp` | llama.cpp's `/completion`, and the GGUF's own template |
//! | `koboldcpp` | `KoboldCpp`'s `/api/extra/generate/stream` |
//!
//! A reply's given beginning is simply where the text ends, so it is continued
//! by every model.

use crate::chat::Message;
use crate::provider::Request;
use crate::provider::http::dialect::Knobs;

mod koboldcpp;
mod llamacpp;
pub mod templates;

pub use koboldcpp::KOBOLDCPP;
pub use llamacpp::LLAMACPP;

use templates::{OWN, Template, template};

/// The text of a request, in the row's template. The GGUF's own template has
/// been laid by the server before: the one message is the text.
fn prompt(request: &Request, knobs: &Knobs) -> String {
    match chosen(knobs) {
        Some(template) => template.lay(&request.messages),
        None => request.messages.iter().map(|message| message.text.as_str()).collect(),
    }
}

fn chosen(knobs: &Knobs) -> Option<&'static Template> {
    knobs.template.as_deref().and_then(template)
}

/// What ends a reply in the row's template.
fn ends(knobs: &Knobs) -> &'static [&'static str] {
    chosen(knobs).map_or(&[], |template| template.ends)
}

fn uses_own(knobs: &Knobs) -> bool {
    knobs.template.as_deref() == Some(OWN)
}

/// The words of the fault, if a row's template is not one of `names`.
fn known<'a>(knobs: &Knobs, names: impl Iterator<Item = &'a str> + Clone) -> Result<(), String> {
    let Some(name) = knobs.template.as_deref() else {
        let all: Vec<&str> = names.collect();
        return Err(format!("raw text needs a chat template: one of {}", all.join(", ")));
    };
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let hint = crate::diagnostic::did_you_mean(name, names.clone());
    let hint =
        hint.unwrap_or_else(|| format!("there are {}", names.collect::<Vec<_>>().join(", ")));
    Err(format!("there is no chat template `{name}` here; {hint}"))
}

/// The bytes that a template puts round messages, at most.
fn bytes(messages: &[Message], knobs: &Knobs) -> usize {
    // What a GGUF's own template adds is not known before: this much round a
    // message, spelled out, and this much of a standing text.
    const OWN_MESSAGE: usize = 64;
    const OWN_TEXT: usize = 320;
    match chosen(knobs) {
        Some(template) => template.marks(messages),
        None => messages.len() * OWN_MESSAGE + OWN_TEXT,
    }
}

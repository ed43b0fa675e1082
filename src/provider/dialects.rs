//! The wires that there are.

use super::anthropic::ANTHROPIC;
use super::completion::{KOBOLDCPP, LLAMACPP};
use super::http::dialect::Dialect;
use super::mistral::MISTRAL;
use super::ollama::OLLAMA;
use super::openai::OPENAI;

/// Every wire.
pub static DIALECTS: [&Dialect; 6] =
    [&OPENAI, &MISTRAL, &ANTHROPIC, &OLLAMA, &LLAMACPP, &KOBOLDCPP];

/// The wire of this name.
#[must_use]
pub fn dialect(name: &str) -> Option<&'static Dialect> {
    DIALECTS.into_iter().find(|dialect| dialect.name == name)
}

//! What a user can do about a model's fault.

use crate::failure::{Exit, Failure};
use crate::provider::Fault;

/// A model's fault, with the way out.
#[must_use]
pub fn failure(fault: &Fault) -> Failure {
    let failure = Failure::new(Exit::Provider, fault.to_string());
    match fault {
        Fault::Unreachable { way, .. } => failure
            .hint(way.as_deref().unwrap_or("is the server running, and the address right?"))
            .hint("what is finished is saved; the same command goes on where this one stopped"),
        Fault::Foreign { way, .. } | Fault::Key { way: Some(way), .. } => failure.hint(way.clone()),
        Fault::Key { .. } => failure.hint("set `STORYGEN_API_KEY`, or the `api_key_file` of your configuration, to a key for this endpoint"),
        Fault::Busy { .. } | Fault::Server { .. } | Fault::Interrupted { .. } | Fault::Unended { .. } => {
            failure.hint("what is finished is saved; the same command goes on where this one stopped")
        }
        Fault::Refused { status: 402, .. } => failure.hint("add credit to your account there, or name another model; the same command goes on where this one stopped"),
        Fault::Refused { status: 300..=399, .. } => failure.hint("if you know who is at the address that it names, write that as `base_url`; no redirect is ever followed"),
        Fault::Refused { .. } => failure.hint("see what the endpoint says; what is asked of a model stands under `limits` and `sampling` in `storygen.yaml`, and `storygen status` tells who names it"),
        Fault::Unserved { .. } => failure
            .hint("it is asked for no more than the price that is known here (`max_price`): if that has risen, `storygen models refresh openrouter` takes the new one")
            .hint("what else is asked of a model stands under `limits` and `sampling` in `storygen.yaml`; `strict` passes over those who do not take all of it"),
        Fault::Gone { .. } => failure.hint("`storygen models` shows what can be used instead; a model is never exchanged without your word"),
        Fault::Cut { .. } => failure.hint("start the server with a larger context, or set `limits: {window: …}` in `storygen.yaml` to what it really holds; an Ollama of before 2025 does not count what it had cached, and has to be updated"),
        Fault::NotChat { .. } => failure.hint("the address must be that of an OpenAI-compatible API, most often ending in `/v1`"),
        Fault::TooLong { .. } => failure.hint("set `limits: {window: …}` in `storygen.yaml` to what the endpoint really holds"),
        Fault::Model(_) => failure.hint("`storygen models list` shows the models at hand, `storygen models pull` fetches the default one"),
        Fault::Script(_) => failure.hint("the script's entries and the run must match"),
        Fault::Cancelled => failure,
    }
}

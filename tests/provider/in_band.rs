//! Errors inside a 200 that have words and no status: what they are classed as, and
//! whether the request is sent again.

use serde_json::{Value, json};
use storygen::pipeline::calling::failure;

use crate::byte_server::{ByteServer, answer};
use crate::common::{event, kind, request, run};
use crate::faults::asked;
use crate::wires::{WIRES, Wire};

fn said(wire: &Wire, error: &Value) -> String {
    if wire.is_lines() { format!("{error}\n") } else { event(error) }
}

/// Whether this is an error on this wire: on one, events without a type mean nothing.
fn can_say(wire: &Wire, error: &Value) -> bool {
    wire.name() != "anthropic" || error.get("error").is_some()
}

fn passing() -> Vec<(&'static str, Value)> {
    let ollama = |words: &str| json!({"error": words});
    vec![
        ("server", ollama("llama runner process has terminated: exit status 2")),
        ("server", ollama("an error was encountered while running the model: unexpected EOF")),
        ("server", ollama("llama runner process no longer running: 2")),
        ("server", ollama("model requires more system memory (8 GiB) than is available")),
        ("busy", ollama("server busy, please try again.  maximum pending requests exceeded")),
        ("server", ollama("timed out waiting for llama runner to start - progress 0.00 - ")),
        (
            "busy",
            json!({"object": "error", "message": "Service tier capacity exceeded for this model.",
                   "type": "service_tier_capacity_exceeded", "code": "3505"}),
        ),
        ("busy", json!({"error": {"message": "The engine is currently overloaded"}})),
        ("busy", json!({"error": {"type": "overloaded_error", "message": "Overloaded"}})),
        ("server", json!({"object": "error", "type": "InternalServerError", "message": "dead"})),
        ("server", json!({"error": {"message": "The model has crashed (Exit code: 6)"}})),
        ("busy", json!({"detail": {"msg": "Server is busy; please try again later."}})),
        ("busy", json!({"detail": {"error": "Model busy, retry later"}})),
        // Nobody knows what it means.
        ("server", ollama("Compute error.")),
        ("server", json!({"error": {"code": "unmapped", "message": "Provider returned error"}})),
    ]
}

fn lasting() -> Vec<(&'static str, Value)> {
    let error = |words: &str| json!({"error": words});
    vec![
        ("gone", error("model 'test-model' not found, try pulling it first")),
        ("gone", json!({"error": {"message": "The model `test-model` does not exist"}})),
        // LM Studio, where the address lacks its `/v1`.
        (
            "refused",
            error("Unexpected endpoint or method. (POST /chat/completions). Returning 200 anyway"),
        ),
        ("key", error("unauthorized")),
        ("key", json!({"error": {"message": "Incorrect API key provided"}})),
        ("refused", error("the input length exceeds the context length")),
        (
            "refused",
            json!({"error": {"message": "prompt is too long: 9000 tokens > 8192 maximum"}}),
        ),
        ("refused", json!({"error": {"code": "content_filter", "message": "filtered"}})),
        ("refused", json!({"error": {"message": "your input was flagged by moderation"}})),
        ("refused", json!({"error": {"message": "Insufficient Balance"}})),
        ("refused", error("\"test-model\" does not support chat")),
        ("refused", json!({"error": {"message": "temperature must be between 0 and 0.5"}})),
        ("refused", json!({"object": "error", "type": "BadRequestError", "message": "no"})),
    ]
}

#[test]
fn a_fault_of_the_server_is_tried_again_before_the_first_text() {
    for wire in WIRES {
        for (expected, error) in passing().into_iter().filter(|(_, error)| can_say(wire, error)) {
            let place = format!("{}, {error}", wire.name());
            let json = [("content-type", "application/json")];
            let page = [("content-type", "text/html")];
            let bytes = error.to_string();
            let server = ByteServer::start([
                wire.closed((wire.begins)() + &said(wire, &error)),
                vec![answer(200, &json, bytes.as_bytes())],
                vec![answer(200, &page, bytes.as_bytes())],
                wire.closed(wire.reply("b")),
            ]);
            let (text, reply) = run(&wire.remote(&server), &request());
            assert_eq!((text.as_str(), reply.is_ok()), ("b", true), "{place}: {reply:?}");
            assert_eq!(asked(&server), 4, "{place}");

            let begun = (wire.begins)() + &(wire.says)("a") + &said(wire, &error);
            let server = ByteServer::start([wire.closed(begun)]);
            let (text, reply) = run(&wire.remote(&server), &request());
            let fault = reply.unwrap_err();
            assert_eq!((text.as_str(), kind(&fault)), ("a", expected), "{place}: {fault}");
            assert_eq!(asked(&server), 1, "{place}");
            let shown = format!("{:?}", failure(&fault));
            assert!(shown.contains("the same command goes on"), "{place}: {shown}");
            assert!(!shown.contains("storygen.yaml"), "{place}: {shown}");
        }
    }
}

#[test]
fn a_fault_of_the_request_is_final() {
    for wire in WIRES {
        for (expected, error) in lasting().into_iter().filter(|(_, error)| can_say(wire, error)) {
            let place = format!("{}, {error}", wire.name());
            let stream = wire.closed(said(wire, &error));
            let server = ByteServer::start([stream, wire.closed(wire.reply("b"))]);
            let (text, reply) = run(&wire.remote(&server), &request());
            let fault = reply.expect_err(&place);
            assert_eq!((text.as_str(), kind(&fault)), ("", expected), "{place}: {fault}");
            assert_eq!(asked(&server), 1, "{place}");
        }
    }
}

#[test]
fn a_field_that_is_refused_inside_a_200_is_left_out() {
    let wire = WIRES.iter().find(|wire| wire.name() == "openai").unwrap();
    for error in [
        json!({"error": {"message": "`seed` is not supported"}}),
        json!({"error": {"message": "no", "param": "seed", "code": "unsupported_parameter"}}),
        json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}),
    ] {
        let stream = wire.closed(event(&error));
        let server = ByteServer::start([stream, wire.closed(wire.reply("b"))]);
        let provider = wire.remote(&server);
        assert_eq!(run(&provider, &request()).0, "b", "{error}");
        assert_eq!(provider.left_out(), ["seed"], "{error}");
    }
}

//! aimock and llmock in the words of other vendors: whole replies, tokens, and
//! faults in their midst.

use std::time::Duration;

use serde_json::{Value, json};
use storygen::money::Money;
use storygen::provider::anthropic::ANTHROPIC;
use storygen::provider::http::dialect::Dialect;
use storygen::provider::http::{Endpoint, Patience};
use storygen::provider::mistral::MISTRAL;
use storygen::provider::ollama::OLLAMA;
use storygen::provider::openai::OPENAI;
use storygen::provider::{Fault, Finish, Usage};

use crate::asking::{ask, endpoint, request};
use crate::mocks::{aimock, fixture, llmock, reply};
use crate::peer::Peer;
use crate::story::FIRST;

const ASK: &str = "Anna climbs the tower at dusk";

/// aimock's routes, each with its wire, its path, and whether it counts.
const AIMOCK: [(&Dialect, &str, bool); 4] = [
    (&OPENAI, "/v1", true),
    (&OPENAI, "/api/v1", true),
    (&ANTHROPIC, "/v1", true),
    (&OLLAMA, "", false),
];

fn told(usage: Value) -> Value {
    let mut told = fixture(ASK, FIRST);
    told["response"]["usage"] = usage;
    told["response"]["reasoning"] = json!("First I think about it. Then I write.");
    told
}

fn named(dialect: &Dialect, path: &str) -> String {
    format!("{} at {path:?}", dialect.name)
}

#[test]
fn aimock_every_route_gives_the_text_and_no_reasoning() {
    let usage = json!({"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200});
    let peer = aimock(&[told(usage)]);
    for (dialect, path, counts) in AIMOCK {
        let heard = ask(endpoint(dialect, &peer.url(path)), &request(ASK));
        let place = named(dialect, path);
        assert_eq!(heard.text, FIRST, "{place}");
        let reply = heard.reply.unwrap_or_else(|fault| panic!("{place}: {fault}"));
        assert_eq!((reply.finish, reply.model.as_str()), (Finish::Stop, "some-model"), "{place}");
        let expected = Usage { prompt: 1000, reply: 200, ..Usage::default() };
        assert_eq!(reply.usage, counts.then_some(expected), "{place}");
        assert_eq!(heard.bills.len(), 1, "{place}");
    }
}

#[test]
fn aimock_the_cost_is_openrouters_own() {
    let usage = json!({
        "prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200, "cost": 0.0042,
        "prompt_tokens_details": {"cached_tokens": 600},
        "completion_tokens_details": {"reasoning_tokens": 50},
    });
    let peer = aimock(&[told(usage)]);
    let heard = ask(endpoint(&OPENAI, &peer.url("/api/v1")), &request(ASK));
    let bill = heard.bills[0].expect("a bill");
    let usage = Usage { prompt: 1000, cached: 600, reply: 200, reasoning: 50, ..Usage::default() };
    assert_eq!((bill.usage, bill.cost), (usage, Money::of_dollars(0.0042)));
    assert_eq!(heard.text, FIRST);
}

#[test]
fn aimock_a_reply_cut_by_length_says_so() {
    let mut cut = fixture(ASK, FIRST);
    cut["response"]["finishReason"] = json!("length");
    let peer = aimock(&[cut]);
    for (dialect, path) in [(&OPENAI, "/v1"), (&OPENAI, "/api/v1"), (&ANTHROPIC, "/v1")] {
        let heard = ask(endpoint(dialect, &peer.url(path)), &request(ASK));
        let place = named(dialect, path);
        assert_eq!(heard.reply.expect("a reply").finish, Finish::Length, "{place}");
    }
}

#[test]
fn aimock_a_stream_that_breaks_keeps_what_came() {
    for (fault, value) in [("truncateAfterChunks", 30), ("disconnectAfterMs", 250)] {
        let mut broken = fixture(ASK, FIRST);
        broken[fault] = json!(value);
        broken["latency"] = json!(5);
        let peer = aimock(&[broken]);
        for (dialect, path, _) in AIMOCK {
            let heard = ask(endpoint(dialect, &peer.url(path)), &request(ASK));
            let place = format!("{}, {fault}", named(dialect, path));
            assert!(heard.text.len() > 20 && FIRST.starts_with(&heard.text), "{place}: {heard:?}");
            assert!(heard.text.len() < FIRST.len(), "{place}");
            assert!(
                matches!(heard.reply, Err(Fault::Interrupted { .. } | Fault::Unended { .. })),
                "{place}: {heard:?}"
            );
            assert_eq!(heard.bills.len(), 1, "{place}: nothing is sent again");
        }
    }
}

#[test]
fn aimock_errors_are_read_in_each_vendors_shape() {
    let error = |status: u16| json!({"match": {"userMessage": ASK}, "response": {"error": {"message": "no such thing here", "type": "invalid_request_error"}, "status": status}});
    for (status, kind) in [(400, "Refused"), (401, "Key"), (413, "Refused")] {
        let peer = aimock(&[error(status)]);
        for (dialect, path, _) in AIMOCK {
            let heard = ask(endpoint(dialect, &peer.url(path)), &request(ASK));
            let fault = heard.reply.expect_err("a fault");
            let place = format!("{} {status}: {fault:?}", named(dialect, path));
            assert!(format!("{fault:?}").starts_with(kind), "{place}");
            assert!(fault.to_string().contains("no such thing here"), "{place}");
            assert_eq!(heard.bills, [Some(storygen::provider::Bill::default())], "{place}");
        }
    }
}

/// llmock's routes.
const LLMOCK: [(&Dialect, &str); 3] =
    [(&OPENAI, "/v1"), (&MISTRAL, "/mistral/v1"), (&ANTHROPIC, "/anthropic/v1")];

fn asked(peer: &Peer) -> Value {
    peer.get("/_llmock/requests")["count"].clone()
}

#[test]
fn llmock_every_route_gives_the_text_and_its_tokens() {
    for (dialect, path) in LLMOCK {
        let peer = llmock(&[reply(FIRST)]);
        let heard = ask(endpoint(dialect, &peer.url(path)), &request(ASK));
        let place = named(dialect, path);
        assert_eq!(heard.text, FIRST, "{place}");
        let reply = heard.reply.unwrap_or_else(|fault| panic!("{place}: {fault}"));
        assert_eq!(reply.finish, Finish::Stop, "{place}");
        // Mistral sends tokens unasked; this peer wants to be asked.
        let counts = dialect.name != "mistral";
        assert_eq!(
            reply.usage.is_some_and(|usage| usage.prompt > 0 && usage.reply > 0),
            counts,
            "{place}: {:?}",
            reply.usage
        );
    }
}

#[test]
fn llmock_streams_that_break_keep_what_came() {
    for (dialect, path) in LLMOCK {
        for kind in ["truncate", "disconnect", "malformed"] {
            let fault = json!({"type": "stream_fault", "kind": kind, "after_chunks": 12});
            let peer = llmock(&[fault, reply(FIRST)]);
            let heard = ask(endpoint(dialect, &peer.url(path)), &request(ASK));
            let place = format!("{}, {kind}", named(dialect, path));
            assert!(!heard.text.is_empty() && FIRST.starts_with(&heard.text), "{place}: {heard:?}");
            assert!(heard.text.len() < FIRST.len(), "{place}");
            assert!(
                matches!(heard.reply, Err(Fault::Interrupted { .. } | Fault::Unended { .. })),
                "{place}: {heard:?}"
            );
            assert_eq!(asked(&peer), 1, "{place}");
        }
    }
}

#[test]
fn llmock_a_stall_ends_when_the_patience_does_and_not_before() {
    let patience = |idle| Patience { idle, ..Patience::default() };
    for (dialect, path) in LLMOCK {
        for (idle, whole) in [(Duration::from_millis(400), false), (Duration::from_secs(20), true)]
        {
            let stall = json!({"type": "stream_fault", "kind": "stall", "after_chunks": 9, "stall_seconds": 2});
            let peer = llmock(&[stall, reply(FIRST)]);
            let endpoint =
                Endpoint { patience: patience(idle), ..endpoint(dialect, &peer.url(path)) };
            let heard = ask(endpoint, &request(ASK));
            let place = format!("{}, {idle:?}", named(dialect, path));
            assert_eq!(heard.reply.is_ok(), whole, "{place}: {heard:?}");
            assert_eq!(heard.text == FIRST, whole, "{place}");
            assert_eq!(asked(&peer), 1, "{place}");
        }
    }
}

#[test]
fn llmock_finds_no_fault_with_how_a_busy_endpoint_is_met() {
    for (dialect, path) in LLMOCK {
        for (status, wait) in [(429, 1.0), (503, 1.0), (500, 0.0), (529, 0.0)] {
            let mut fail = json!({"type": "fail", "status": status});
            if wait > 0.0 {
                fail["retry_after"] = json!(wait);
            }
            let peer = llmock(&[fail, reply(FIRST)]);
            let heard = ask(endpoint(dialect, &peer.url(path)), &request(ASK));
            let place = format!("{} {status}", named(dialect, path));
            assert_eq!(heard.text, FIRST, "{place}: {heard:?}");
            let verdict = peer.get("/_llmock/verdict");
            assert_eq!(
                (&verdict["passed"], &verdict["warnings"]),
                (&json!(true), &json!(0)),
                "{place}: {verdict}"
            );
            assert_eq!(verdict["attempts"], 2, "{place}: {verdict}");
        }
        for status in [400, 401, 403, 404, 422] {
            let peer = llmock(&[json!({"type": "fail", "status": status, "times": 9})]);
            let heard = ask(endpoint(dialect, &peer.url(path)), &request(ASK));
            let place = format!("{} {status}: {heard:?}", named(dialect, path));
            assert!(heard.reply.is_err() && heard.text.is_empty(), "{place}");
            assert_eq!(asked(&peer), 1, "what waiting cannot mend is asked once: {place}");
        }
    }
}

//! What each try is billed with, for every fault at every wire: never less than
//! the endpoint may bill, and exactly what it says where it says it.

use std::time::{Duration, Instant};

use serde_json::json;
use storygen::money::{Money, Price};
use storygen::provider::http::{Patience, Remote};
use storygen::provider::{Bill, Usage};
use tokio_util::sync::CancellationToken;

use crate::byte_server::{ByteServer, Step, answer, chunk};
use crate::common::{DONE, ends, event, hear, hear_with, patience, request, says, send};
use crate::faults::asked;
use crate::wires::{WIRES, Wire};

/// What a try is billed with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Billed {
    /// Nothing: no work was done.
    Nothing,
    /// Nobody knows: it counts with all that it could cost.
    Open,
    /// The tokens that were counted.
    Counted,
    /// Nobody knows; it counts with no less than the prompt that was counted, and all that
    /// the reply could take.
    Begun,
}
use Billed::{Begun, Counted, Nothing, Open};

fn price() -> Price {
    Price::per_million(3.0, 15.0, Some(0.3), Some(3.75)).unwrap()
}

/// The bill of a prompt of 90 tokens, 40 of them cached where the wire has a
/// word for that.
fn bill(wire: &Wire, reply: u64) -> Bill {
    let cached = if wire.is_lines() { 0 } else { 40 };
    let usage = Usage { prompt: 90, cached, reply, ..Usage::default() };
    Bill { usage, cost: Some(price().cost(90, cached, 0, reply)) }
}

fn is_billed(wire: &Wire, billed: Billed, seen: Option<Bill>, most: Option<Money>) -> bool {
    match billed {
        Nothing => seen == Some(Bill::default()),
        Open => seen.is_none() && most.is_none(),
        Counted => seen == Some(bill(wire, 3)),
        // What was cached is told at the end at one wire.
        Begun => {
            let possible = [0, 40].map(|cached| Some(price().cost(90, cached, 0, 700)));
            seen.is_none() && possible.contains(&most)
        }
    }
}

fn provider(wire: &Wire, server: &ByteServer) -> Remote {
    let mut endpoint = wire.endpoint(&server.origin());
    endpoint.price = Some(price());
    let (connect, idle) = (Duration::from_millis(100), Duration::from_millis(400));
    endpoint.patience = Patience { tries: 1, connect, idle, ..patience() };
    Remote::new(endpoint).unwrap()
}

fn check(wire: &Wire, name: &str, steps: Vec<Step>, billed: Billed) {
    let server = ByteServer::start([steps]);
    let heard = hear(&provider(wire, &server), &request());
    assert_eq!(heard.bills.len(), 1, "{}, {name}", wire.name());
    let (seen, most) = (heard.bills[0], heard.most);
    let is_billed = is_billed(wire, billed, seen, most);
    assert!(is_billed, "{}, {name}: {seen:?}, {most:?} is not {billed:?}", wire.name());
}

#[test]
fn a_status_is_billed_with_nothing_unless_a_gateway_gave_up() {
    let table = [
        (302, Nothing),
        (400, Nothing),
        (401, Nothing),
        (402, Nothing),
        (403, Nothing),
        (404, Nothing),
        (408, Open),
        (413, Nothing),
        (422, Nothing),
        (429, Nothing),
        (500, Nothing),
        (502, Open),
        (503, Nothing),
        (504, Open),
        (524, Open),
        (529, Nothing),
    ];
    for wire in WIRES {
        for (status, billed) in table {
            check(wire, &status.to_string(), vec![answer(status, &[], b"{}")], billed);
        }
    }
}

#[test]
fn a_broken_answer_is_billed_with_all_that_may_have_been_done() {
    for wire in WIRES {
        // These say the prompt's tokens before the end.
        let early = matches!(wire.name(), "anthropic" | "llamacpp-completion");
        let begun = if early { Begun } else { Open };
        let text = (wire.begins)() + &(wire.says)("a");
        let html = [("content-type", "text/html")];
        let json = [("content-type", "application/json")];
        let stall = vec![wire.head(), send(text.clone()), Step::Hold];
        let cut = vec![wire.chunked_head(), chunk(text.as_bytes())];
        let refused = if wire.is_lines() { Open } else { Nothing };
        check(wire, "no head", vec![], Open);
        check(wire, "reset", vec![Step::Reset], Open);
        check(wire, "silence", vec![Step::Hold], Open);
        check(wire, "a page", vec![answer(200, &html, b"<html>")], Open);
        check(wire, "gzip", wire.closed(&b"\x1f\x8b\x08"[..]), Open);
        check(wire, "other JSON", vec![answer(200, &json, b"{}")], Open);
        check(wire, "closed", wire.closed(text.clone()), begun);
        check(wire, "a cut chunk", cut, begun);
        check(wire, "stall", stall, begun);
        check(wire, "garbled", wire.closed(text.clone() + "data: {\n\n{\n\n"), begun);
        check(wire, "refused at once", wire.closed((wire.fails)(429, "slow")), refused);
        check(
            wire,
            "refused as JSON",
            vec![answer(200, &json, br#"{"error":{"code":429,"message":"slow"}}"#)],
            Nothing,
        );
        check(
            wire,
            "refused in words alone",
            vec![answer(200, &json, br#"{"error":"too many requests"}"#)],
            Open,
        );
        check(wire, "failed at once", wire.closed((wire.fails)(500, "no")), Open);
        // Something had begun, so something may be billed.
        let opened = (wire.begins)() + wire.ping + &(wire.fails)(429, "slow");
        let opening = match wire.name() {
            "anthropic" => Begun,
            "mistral" => Open,
            _ => refused,
        };
        check(wire, "refused before text", wire.closed(opened), opening);
        check(
            wire,
            "refused after text",
            wire.closed(text.clone() + &(wire.fails)(429, "slow")),
            begun,
        );
    }
}

#[test]
fn a_whole_answer_is_billed_with_what_was_counted() {
    let tokens = Some([90, 40, 3]);
    for wire in WIRES {
        let [stop, length] = wire.words;
        let counted = if wire.counts { Counted } else { Open };
        let text = (wire.begins)() + &(wire.says)("a");
        let ends = |word: &str, tokens| wire.closed(text.clone() + &(wire.ends)(word, tokens));
        check(wire, "whole", wire.closed(wire.reply("a")), counted);
        check(wire, "cut by length", ends(length, tokens), counted);
        check(wire, "a foreign word", ends("pause_turn", tokens), counted);
        let early = matches!(wire.name(), "anthropic" | "llamacpp-completion");
        check(wire, "uncounted", ends(stop, None), if early { Begun } else { Open });
    }
}

/// Figures that cannot be true are as if they had not come, at every wire.
#[test]
fn impossible_figures_are_no_bill() {
    for wire in WIRES.iter().filter(|wire| wire.counts) {
        let [stop, _] = wire.words;
        let text = (wire.begins)() + &(wire.says)("a");
        let ends = |tokens| wire.closed(text.clone() + &(wire.ends)(stop, Some(tokens)));
        check(wire, "nothing at all", ends([0, 0, 0]), Open);
        check(wire, "no prompt", ends([0, 0, 3]), Open);
        check(wire, "no reply", ends([90, 40, 0]), Begun);
    }
}

#[test]
fn each_try_has_its_own_bill() {
    for wire in WIRES.iter().filter(|wire| wire.counts) {
        let busy = vec![answer(429, &[], b"{}")];
        let reset = vec![Step::Reset];
        let server = ByteServer::start([busy, reset, wire.closed(wire.reply("a"))]);
        let mut endpoint = wire.endpoint(&server.origin());
        endpoint.price = Some(price());
        let heard = hear(&Remote::new(endpoint).unwrap(), &request());
        assert_eq!((heard.text.as_str(), asked(&server)), ("a", 3), "{}", wire.name());
        assert_eq!(
            heard.bills,
            [Some(Bill::default()), None, Some(bill(wire, 3))],
            "{}",
            wire.name()
        );
    }
}

/// `OpenAI`'s wire, at which these differ from vendor to vendor.
fn chat(steps: impl IntoIterator<Item = Vec<Step>>) -> (ByteServer, Remote) {
    let server = ByteServer::start(steps);
    let provider = provider(&WIRES[0], &server);
    (server, provider)
}

#[test]
fn the_vendors_own_cost_is_the_cost() {
    let usage =
        json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13, "cost": 0.001_23});
    let usage = event(&json!({"choices": [], "usage": usage}));
    let wire = &WIRES[0];
    let (_server, provider) = chat([wire.closed(says("a") + &ends("stop") + &usage + DONE)]);
    let usage = Usage { prompt: 9, reply: 4, ..Usage::default() };
    let cost = Some(Money::of_pico(1_230_000_000));
    assert_eq!(hear(&provider, &request()).bills, [Some(Bill { usage, cost })]);
}

/// With the user's own key the vendor's cost is its fee alone.
#[test]
fn with_a_key_of_ones_own_the_providers_bill_is_part_of_the_cost() {
    let by_price = price().cost(9, 0, 0, 4);
    let pico = |pico| Money::of_pico(pico);
    for (more, cost) in [
        (
            json!({"cost": 0, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.5}}),
            pico(500_000_000_000),
        ),
        (
            json!({"cost": 0.25, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.5}}),
            pico(750_000_000_000),
        ),
        (
            json!({"cost": 0.25, "is_byok": false, "cost_details": {"upstream_inference_cost": 0.5}}),
            pico(250_000_000_000),
        ),
        (
            json!({"cost": 0.25, "cost_details": {"upstream_inference_cost": 0.5}}),
            pico(250_000_000_000),
        ),
        (
            json!({"cost": 0, "is_byok": true, "cost_details": {"upstream_inference_cost": null}}),
            by_price,
        ),
        (json!({"cost": 0, "is_byok": true}), by_price),
        (json!({"cost": 0}), Money::ZERO),
    ] {
        let mut usage = json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13});
        usage.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let usage = event(&json!({"choices": [], "usage": usage}));
        let (_server, provider) =
            chat([WIRES[0].closed(says("a") + &ends("stop") + &usage + DONE)]);
        let usage = Usage { prompt: 9, reply: 4, ..Usage::default() };
        let bill = Some(Bill { usage, cost: Some(cost) });
        assert_eq!(hear(&provider, &request()).bills, [bill], "{more}");
    }
}

#[test]
fn a_count_that_comes_before_the_end_is_no_bill() {
    let counts = event(
        &json!({"choices": [{"delta": {"content": "a"}}], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}),
    );
    let wire = &WIRES[0];
    let (_server, provider) = chat([wire.closed(counts)]);
    let heard = hear(&provider, &request());
    assert_eq!(heard.bills, [None]);
    assert_eq!(heard.most, Some(price().cost(9, 0, 0, 700)), "all that the reply could take");
}

/// What a model may think is part of its reply: it is asked for, and counted, once.
#[test]
fn what_a_model_may_think_counts_once() {
    let counts = event(
        &json!({"choices": [{"delta": {"content": "a"}}], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}),
    );
    let wire = &WIRES[0];
    let server = ByteServer::start([wire.closed(counts)]);
    let mut endpoint = wire.endpoint(&server.origin());
    endpoint.thinking = 4_000;
    endpoint.price = Some(price());
    endpoint.patience = Patience { tries: 1, ..patience() };
    let heard = hear(&Remote::new(endpoint).unwrap(), &request());
    assert_eq!(heard.most, Some(price().cost(9, 0, 0, 4_700)));
    assert_eq!(server.requests().remove(0).json()["max_tokens"], json!(4_700));
}

/// Whatever an error is: figures that are stated with it are its bill.
#[test]
fn figures_that_an_error_states_are_its_bill() {
    let wire = &WIRES[0];
    let json = [("content-type", "application/json")];
    let plain = [("content-type", "text/plain")];
    let usage = json!({"prompt_tokens": 777, "completion_tokens": 55, "total_tokens": 832});
    let tokens = Usage { prompt: 777, reply: 55, ..Usage::default() };
    let by_price = Some(Bill { usage: tokens, cost: Some(price().cost(777, 0, 0, 55)) });
    let (dear, free) = (Some(Money::of_pico(1_230_000_000)), Some(Bill::default()));
    let with_cost = json!({"prompt_tokens": 777, "completion_tokens": 55, "cost": 0.001_23});
    let cost_alone = json!({"cost": "0.00123"});
    let fails = |code: u16, usage: &serde_json::Value| {
        let error = json!({"code": code, "message": "no"});
        json!({"error": error, "usage": usage}).to_string()
    };
    let whole = |status: u16, code: u16, usage: &serde_json::Value| {
        vec![answer(status, &json, fails(code, usage).as_bytes())]
    };
    let failed = event(&json!({"choices": [{"delta": {}, "finish_reason": "error"}],
        "error": {"code": 502, "message": "gone"}}));
    let late = event(&json!({"choices": [], "usage": usage}));
    let early = event(&json!({"choices": [{"delta": {"content": "a"}}], "usage": usage}));
    let own = format!("data: {}\n\n", fails(502, &usage));
    let none = json!(null);
    let table: Vec<(&str, Vec<Step>, Option<Bill>)> = vec![
        ("500", whole(500, 500, &usage), by_price),
        ("429", whole(429, 429, &usage), by_price),
        ("400", whole(400, 400, &usage), by_price),
        ("502", whole(502, 502, &usage), by_price),
        ("as JSON", whole(200, 503, &usage), by_price),
        ("as text", vec![answer(200, &plain, fails(503, &usage).as_bytes())], by_price),
        ("as a stream", wire.closed(fails(503, &usage)), by_price),
        ("its cost", whole(200, 503, &with_cost), Some(Bill { usage: tokens, cost: dear })),
        (
            "its cost alone",
            whole(500, 500, &cost_alone),
            Some(Bill { usage: Usage::default(), cost: dear }),
        ),
        ("in band", wire.closed(own.clone()), by_price),
        ("in band, refused", wire.closed(format!("data: {}\n\n", fails(429, &usage))), by_price),
        ("in band, after text", wire.closed(says("a") + &own), by_price),
        ("behind it", wire.closed(says("a") + &failed + &late + DONE), by_price),
        ("behind it, uncut", wire.closed(says("a") + &failed + late.trim_end()), by_price),
        (
            "behind it, in another piece",
            wire.in_pieces(&[(says("a") + &failed).as_bytes(), late.as_bytes()]),
            by_price,
        ),
        (
            "behind it, on an open line",
            vec![wire.head(), send(failed.clone()), send(late.clone()), Step::Hold],
            by_price,
        ),
        ("before it, by themselves", wire.closed(late.clone() + &failed), by_price),
        // What counted a part of it, or says what cannot be, is no bill.
        ("before it, with text", wire.closed(early + &failed), None),
        ("before text", wire.closed(late.clone() + &says("a") + &failed), None),
        ("none, on an open line", vec![wire.head(), send(failed.clone()), Step::Hold], None),
        ("none, with pings", wire.closed(failed.clone() + &": ping\n\n".repeat(40)), None),
        ("no prompt", whole(500, 500, &json!({"prompt_tokens": 0, "completion_tokens": 55})), None),
        ("no reply", whole(500, 500, &json!({"prompt_tokens": 777})), None),
        ("nothing", whole(500, 500, &json!({"prompt_tokens": 0, "completion_tokens": 0})), free),
        ("no figures", whole(500, 500, &none), free),
        ("no figures as JSON", whole(200, 503, &none), free),
    ];
    for (name, steps, expected) in table {
        let (server, provider) = chat([steps]);
        let heard = hear(&provider, &request());
        assert!(heard.reply.is_err(), "{name}");
        assert_eq!(heard.bills, [expected], "{name}");
        assert_eq!(asked(&server), 1, "{name}");
    }
}

/// The same at the wires that have other words for them.
#[test]
fn figures_that_an_error_states_are_its_bill_at_other_wires() {
    let usage = Usage { prompt: 777, reply: 55, ..Usage::default() };
    let bill = Some(Bill { usage, cost: Some(price().cost(777, 0, 0, 55)) });
    for (name, body) in [
        (
            "anthropic",
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "m"},
                "usage": {"input_tokens": 777, "cache_read_input_tokens": 0, "output_tokens": 55}}),
        ),
        ("ollama", json!({"error": "no", "prompt_eval_count": 777, "eval_count": 55})),
        (
            "mistral",
            json!({"object": "error", "message": "no",
                "usage": {"prompt_tokens": 777, "completion_tokens": 55}}),
        ),
    ] {
        let wire = WIRES.iter().find(|wire| wire.name() == name).unwrap();
        let json = [("content-type", "application/json")];
        let body = body.to_string();
        let line = if wire.is_lines() { format!("{body}\n") } else { format!("data: {body}\n\n") };
        for steps in [
            vec![answer(529, &json, body.as_bytes())],
            vec![answer(200, &json, body.as_bytes())],
            wire.closed((wire.begins)() + &(wire.says)("a") + &line),
        ] {
            let server = ByteServer::start([steps]);
            assert_eq!(hear(&provider(wire, &server), &request()).bills, [bill], "{name}");
        }
    }
}

#[test]
fn without_a_price_tokens_are_billed_and_no_cost() {
    let wire = &WIRES[0];
    let server = ByteServer::start([wire.closed(wire.reply("a"))]);
    let bills = hear(&wire.once(&server), &request()).bills;
    assert_eq!(bills, [Some(Bill { cost: None, ..bill(wire, 3) })]);
}

#[test]
fn a_field_that_is_spared_costs_nothing() {
    let wire = &WIRES[0];
    let refused = vec![answer(400, &[], br#"{"message": "`seed` is not supported"}"#)];
    let (server, provider) = chat([refused, wire.closed(wire.reply("a"))]);
    let heard = hear(&provider, &request());
    assert_eq!(heard.bills, [Some(Bill::default()), Some(bill(wire, 3))]);
    assert_eq!(asked(&server), 2);
}

#[test]
fn what_is_never_sent_is_never_billed() {
    let wire = &WIRES[0];
    let server = ByteServer::start([]);
    let mut endpoint = wire.endpoint(&server.origin());
    endpoint.window = 750;
    let heard = hear(&Remote::new(endpoint).unwrap(), &request());
    assert!(heard.reply.is_err() && heard.bills.is_empty() && server.requests().is_empty());
    // Nothing listens there: it was sent, and never arrived.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let origin = format!("http://{}", socket.local_addr().unwrap().as_socket().unwrap());
    let mut endpoint = wire.endpoint(&origin);
    endpoint.patience.tries = 2;
    let bills = hear(&Remote::new(endpoint).unwrap(), &request()).bills;
    assert_eq!(bills, [Some(Bill::default()), Some(Bill::default())]);
}

#[test]
fn what_is_cancelled_stays_open() {
    for wire in WIRES {
        let text = (wire.begins)() + &(wire.says)("a");
        let server = ByteServer::start([vec![wire.head(), send(text), Step::Hold]]);
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let heard = hear_with(&wire.once(&server), &request(), &cancel, move |_| stop.cancel());
        assert_eq!((heard.text.as_str(), heard.bills), ("a", vec![None]), "{}", wire.name());
        server.await_hangups(1);
    }
}

/// A reply's name stands in its head, too, and its page says what it is worth.
#[test]
fn what_breaks_off_before_its_first_event_is_asked_for_by_its_head() {
    let wire = &WIRES[0];
    let figures = |id: &str, prompt: u64, reply: u64| {
        let data = json!({"id": id, "native_tokens_prompt": prompt,
            "native_tokens_completion": reply, "total_cost": 0});
        json!({"data": data}).to_string()
    };
    let page = |status, headers: &[(&str, &str)], body: &str| {
        vec![answer(status, headers, body.as_bytes())]
    };
    let good = || page(200, &[], &figures("gen-1", 9, 4));
    let bill = |reply| {
        let usage = Usage { prompt: 9, reply, ..Usage::default() };
        Some(Bill { usage, cost: Some(Money::ZERO) })
    };
    let named = event(&json!({"id": "gen-2", "choices": []}));
    let says = event(&json!({"choices": [{"delta": {"content": "a"}}]}));
    let ended = event(&json!({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}));
    let refused = event(&json!({"error": {"code": 429, "message": "slow"}}));
    let busy = page(429, &[("retry-after", "1")], "{}");
    let long = page(429, &[("retry-after", "60")], "{}");
    let figures = |id, prompt, reply| page(200, &[], &figures(id, prompt, reply));
    let ping = ": OPENROUTER PROCESSING\n\n".to_owned();
    for (name, sent, pages, expected) in [
        ("no event", ping, vec![good()], bill(4)),
        ("nothing", String::new(), vec![figures("gen-1", 9, 0)], bill(0)),
        ("text", says.clone(), vec![good()], bill(4)),
        ("uncounted", ended, vec![good()], bill(4)),
        ("another name", named.clone(), vec![figures("gen-2", 9, 4)], bill(4)),
        ("another reply's page", says.clone(), vec![figures("gen-2", 9, 4)], None),
        ("no tokens", says.clone(), vec![figures("gen-1", 0, 0)], None),
        ("no reply", says.clone(), vec![figures("gen-1", 9, 0)], None),
        ("busy", says.clone(), vec![busy, good()], bill(4)),
        ("busy for long", says, vec![long], None),
        ("refused", refused, vec![], Some(Bill::default())),
    ] {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-generation-id: gen-1\r\n\r\n";
        let asked = pages.len();
        let is_busy = name == "busy";
        let server = ByteServer::start([vec![vec![send(head), send(sent)]], pages].concat());
        let mut endpoint = wire.endpoint(&server.origin());
        endpoint.price = Some(price());
        endpoint.patience.tries = 1;
        endpoint.knobs.bill_page = Some("/generation?id=".to_owned());
        let begun = Instant::now();
        let heard = hear(&Remote::new(endpoint).unwrap(), &request());
        assert_eq!(heard.bills, [expected], "{name}");
        assert!(!is_busy || begun.elapsed() >= Duration::from_millis(1_300), "{name}");
        assert_eq!(server.requests().len(), 1 + asked, "{name}");
    }
}

/// A server's error that names a reply may stand for one that is billed: its page says
/// so. Where it knows of no such reply, the error costs what it always does.
#[test]
fn an_error_that_names_a_reply_is_asked_for() {
    let wire = &WIRES[0];
    let data = json!({"data": {"id": "gen-1", "native_tokens_prompt": 9,
        "native_tokens_completion": 0, "total_cost": 0.001_23}});
    let page = |status, body: &str| vec![answer(status, &[], body.as_bytes())];
    let usage = Usage { prompt: 9, ..Usage::default() };
    let bill = Some(Bill { usage, cost: Some(Money::of_pico(1_230_000_000)) });
    let (free, there) = (Some(Bill::default()), page(200, &data.to_string()));
    let named = [("x-generation-id", "gen-1")];
    let named_json = [("x-generation-id", "gen-1"), ("content-type", "application/json")];
    let path = Some("/generation?id=");
    for (name, status, head, path, pages, expected) in [
        ("billed", 500, &named[..], path, vec![there.clone()], bill),
        ("billed by a gateway", 502, &named, path, vec![there.clone()], bill),
        ("billed later", 500, &named, path, vec![page(404, "{}"), there.clone()], bill),
        ("not known there", 500, &named, path, vec![page(404, "{}"); 4], free),
        ("not known to a gateway", 502, &named, path, vec![page(404, "{}"); 4], None),
        ("not told", 500, &named, path, vec![page(401, "{}")], None),
        ("no figures", 500, &named, path, vec![page(200, "{}")], None),
        ("no name", 500, &[], path, vec![], free),
        ("no page", 500, &named, None, vec![], free),
        // What was refused at the door was no reply, whatever name it has.
        ("slow down", 429, &named, path, vec![], free),
        ("no key", 401, &named, path, vec![], free),
        // A good status with an error in it, whose code is another one.
        ("billed as JSON", 200, &named_json, path, vec![there.clone()], bill),
        ("not known as JSON", 200, &named_json, path, vec![page(404, "{}"); 4], free),
        ("as JSON, no name", 200, &named_json[1..], path, vec![], free),
    ] {
        let asked = pages.len();
        let body = if status == 200 { r#"{"error":{"code":503,"message":"up"}}"# } else { "{}" };
        let failed = vec![answer(status, head, body.as_bytes())];
        let server = ByteServer::start([vec![failed], pages].concat());
        let mut endpoint = wire.endpoint(&server.origin());
        endpoint.price = Some(price());
        endpoint.patience.tries = 1;
        endpoint.knobs.bill_page = path.map(str::to_owned);
        let heard = hear(&Remote::new(endpoint).unwrap(), &request());
        assert_eq!(heard.bills, [expected], "{name}");
        let requests = server.requests();
        assert_eq!(requests.len(), 1 + asked, "{name}");
        let mut pages = requests.iter().skip(1);
        assert!(pages.all(|page| page.line.contains("/generation?id=gen-1 ")), "{name}");
    }
}

#[test]
fn what_was_not_heard_to_its_end_is_asked_for_where_there_is_a_page() {
    let wire = &WIRES[0];
    let begun = event(&json!({"id": "gen-1", "choices": [{"delta": {"content": "a"}}]}));
    let figures = json!({"data": {"native_tokens_prompt": 9, "native_tokens_completion": 4,
        "native_tokens_cached": 3, "total_cost": 0.001_23}});
    let figures = figures.to_string();
    let page = |status, body: &str| vec![answer(status, &[], body.as_bytes())];
    let usage = Usage { prompt: 9, reply: 4, cached: 3, ..Usage::default() };
    let bill = Bill { usage, cost: Some(Money::of_pico(1_230_000_000)) };
    for (name, path, last, pages, expected) in [
        // The page is there a moment later only.
        (
            "stopped",
            Some("/generation?id="),
            Step::Hold,
            vec![page(404, "{}"), page(200, &figures)],
            Some(bill),
        ),
        ("broken off", Some("/generation?id="), Step::Reset, vec![page(200, &figures)], Some(bill)),
        ("without figures", Some("/generation?id="), Step::Hold, vec![page(200, "{}")], None),
        ("refused", Some("/generation?id="), Step::Hold, vec![page(401, "{}")], None),
        ("without a page", None, Step::Hold, Vec::new(), None),
    ] {
        let is_stopped = matches!(last, Step::Hold);
        let asked = pages.len();
        let stream = vec![wire.head(), send(begun.clone()), last];
        let server = ByteServer::start([vec![stream], pages].concat());
        let mut endpoint = wire.endpoint(&server.origin());
        endpoint.price = Some(price());
        endpoint.knobs.bill_page = path.map(str::to_owned);
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let heard = hear_with(&Remote::new(endpoint).unwrap(), &request(), &cancel, move |_| {
            if is_stopped {
                stop.cancel();
            }
        });
        assert_eq!((heard.text.as_str(), heard.bills), ("a", vec![expected]), "{name}");
        let requests = server.requests();
        assert_eq!(requests.len(), 1 + asked, "{name}");
        let ids = requests.iter().skip(1);
        assert!(ids.clone().all(|page| page.line.contains("/generation?id=gen-1 ")), "{name}");
        let key = Some(format!("Bearer {}", crate::common::KEY));
        assert!(ids.clone().all(|page| page.header("authorization") == key.as_deref()), "{name}");
    }
}

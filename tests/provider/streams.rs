//! Streams as they come in the wild: a table of bytes, and some that need a clock.

use std::time::Duration;

use serde_json::json;
use storygen::provider::http::Remote;
use storygen::provider::{Finish, Reply, Usage};
use tokio_util::sync::CancellationToken;

use crate::byte_server::{ByteServer, Gate, Step, answer, chunk, chunked_head, stream_head};
use crate::common::{
    DONE, KEY, endpoint, ends, event, kind, remote, request, run, run_with, says, send,
};

/// One try, so that a case shows what one stream does.
fn once(server: &ByteServer) -> Remote {
    let mut endpoint = endpoint(&format!("{}/v1", server.origin()));
    endpoint.patience.tries = 1;
    Remote::new(endpoint).unwrap()
}

/// What a case must come to: a finish, or a fault whose words hold some others.
#[derive(Debug)]
enum Comes {
    To(Finish),
    Fault(&'static str, &'static str),
}
use Comes::{Fault as Fails, To};

type Case<'a> = (&'a str, Vec<Step>, &'a str, Comes);

fn check(cases: Vec<Case<'_>>) {
    for (name, steps, text, comes) in cases {
        let server = ByteServer::start([steps]);
        let (heard, reply) = run(&once(&server), &request());
        assert_eq!(heard, text, "{name}: the text");
        match (&reply, &comes) {
            (Ok(reply), To(finish)) => assert_eq!(&reply.finish, finish, "{name}"),
            (Err(fault), Fails(expected, words)) => {
                assert_eq!(kind(fault), *expected, "{name}: {fault}");
                let said = fault.to_string();
                assert!(said.contains(words), "{name}: {said}");
                assert!(!said.contains('<'), "{name}: {said}");
            }
            _ => panic!("{name}: {reply:?} instead of {comes:?}"),
        }
        assert_eq!(server.requests().len(), 1, "{name}");
    }
}

/// A stream that is sent whole and then closed.
fn closed(bytes: impl Into<Vec<u8>>) -> Vec<Step> {
    vec![stream_head(), send(bytes)]
}

#[test]
fn framing() {
    let whole = says("“日本—🙂”") + &ends("stop") + DONE;
    let at = whole.find('本').unwrap() + 1;
    let (left, right) = whole.as_bytes().split_at(at);
    let bytewise =
        [stream_head()].into_iter().chain(whole.bytes().map(|byte| send([byte]))).collect();
    check(vec![
        (
            "cut in a character",
            vec![stream_head(), send(left), send(right)],
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        ("byte by byte", bytewise, "“日本—🙂”", To(Finish::Stop)),
        ("byte-order mark", closed(format!("\u{feff}{whole}")), "“日本—🙂”", To(Finish::Stop)),
        ("CRLF", closed(whole.replace('\n', "\r\n")), "“日本—🙂”", To(Finish::Stop)),
        ("CR", closed(whole.replace('\n', "\r")), "“日本—🙂”", To(Finish::Stop)),
        ("no space", closed(whole.replace("data: ", "data:")), "“日本—🙂”", To(Finish::Stop)),
        (
            "comments",
            closed(format!(": OPENROUTER PROCESSING\n\n:\n\ndata: : keepalive\n\n{whole}")),
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        (
            "chunked",
            vec![chunked_head(), chunk(left), chunk(right), chunk(b"")],
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        (
            "no last blank line",
            closed((says("a") + &ends("stop")).trim_end()),
            "a",
            To(Finish::Stop),
        ),
        (
            "not UTF-8",
            closed([says("a").as_bytes(), b"data: \xff\xff\n\n"].concat()),
            "a",
            Fails("interrupted", "not UTF-8"),
        ),
        ("no type", vec![answer(200, &[], whole.as_bytes())], "“日本—🙂”", To(Finish::Stop)),
        (
            "plain type",
            vec![answer(200, &[("content-type", "text/plain")], format!("\n{whole}").as_bytes())],
            "“日本—🙂”",
            To(Finish::Stop),
        ),
    ]);
}

#[test]
fn events_of_odd_shape() {
    let delta = |delta: serde_json::Value| json!({"choices": [{"delta": delta}]});
    let table = [
        ("empty choices", json!({"choices": []}), ""),
        ("missing choices", json!({"id": "x"}), ""),
        ("null choices", json!({"choices": null}), ""),
        ("null delta", delta(json!(null)), ""),
        ("null role", delta(json!({"role": null, "content": "b"})), "b"),
        ("duplicate role", delta(json!({"role": "assistant", "content": "b"})), "b"),
        (
            "reasoning",
            delta(json!({"content": null, "reasoning_content": "hm", "reasoning": "hm"})),
            "",
        ),
        (
            "parts",
            delta(
                json!({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "b"}]}),
            ),
            "b",
        ),
        (
            "empty finish",
            json!({"choices": [{"delta": {"content": "b"}, "finish_reason": ""}]}),
            "b",
        ),
        (
            "an obfuscated delta",
            json!({"choices": [{"delta": {"content": "b"}}], "obfuscation": "xy"}),
            "b",
        ),
    ];
    for (name, value, text) in table {
        let odd = event(&value);
        let stream = odd.clone() + &says("a") + &odd + &ends("stop") + DONE;
        let heard = format!("{text}a{text}");
        check(vec![(name, closed(stream), &heard, To(Finish::Stop))]);
    }
}

#[test]
fn finish_reasons() {
    let table = [
        ("stop", To(Finish::Stop)),
        ("end_turn", To(Finish::Stop)),
        ("length", To(Finish::Length)),
        ("model_length", To(Finish::Length)),
        ("content_filter", To(Finish::Filtered)),
        ("error", Fails("server", "finish reason `error`")),
        ("tool_calls", Fails("interrupted", "`tool_calls`")),
    ];
    for (word, comes) in table {
        check(vec![(word, closed(says("a") + &ends(word) + DONE), "a", comes)]);
    }
}

#[test]
fn garbled_events() {
    let cut = "data: {\"choices\n\n";
    check(vec![
        ("later", closed(says("a") + cut + &ends("stop")), "a", Fails("interrupted", "not JSON")),
        ("at once", closed("data: hello\n\n"), "", Fails("not chat", "not JSON")),
        ("after the end", closed(says("a") + &ends("stop") + cut), "a", To(Finish::Stop)),
        (
            "unfinished",
            closed(says("a") + "data: {\"choices\": [{\"del"),
            "a",
            Fails("interrupted", "without a finish signal"),
        ),
    ]);
}

#[test]
fn closed_without_an_end() {
    let text = says("a");
    let missing = "without a finish signal";
    check(vec![
        ("at once", closed(text.clone()), "a", Fails("interrupted", missing)),
        ("end mark alone", closed(text.clone() + DONE), "a", Fails("interrupted", missing)),
        (
            "empty finish",
            closed(text.clone() + &ends("") + DONE),
            "a",
            Fails("interrupted", missing),
        ),
        ("cut chunks", vec![chunked_head(), chunk(text.as_bytes())], "a", Fails("interrupted", "")),
        (
            "half closed",
            vec![stream_head(), send(text), Step::HalfClose],
            "a",
            Fails("interrupted", missing),
        ),
        ("empty", closed(""), "", Fails("interrupted", "empty")),
        ("comments only", closed(": ping\n\n: ping\n\n"), "", Fails("interrupted", "empty")),
        ("no head", vec![], "", Fails("interrupted", "")),
        ("reset before the head", vec![Step::Reset], "", Fails("interrupted", "")),
        ("not HTTP", vec![send("SSH-2.0-OpenSSH\r\n")], "", Fails("foreign", "no HTTP server")),
    ]);
}

#[test]
fn ended_but_not_closed_well() {
    let whole = says("a") + &ends("stop");
    let marked = whole.clone() + DONE;
    let unproven = says("a") + DONE;
    let calm = Step::Pause(Duration::from_millis(50));
    check(vec![
        ("no end mark", closed(whole.clone()), "a", To(Finish::Stop)),
        (
            "open after the mark",
            vec![stream_head(), send(marked), Step::Hold],
            "a",
            To(Finish::Stop),
        ),
        (
            "open without a mark",
            vec![stream_head(), send(whole.clone()), Step::Hold],
            "a",
            To(Finish::Stop),
        ),
        (
            "open after the mark alone",
            vec![stream_head(), send(unproven), Step::Hold],
            "a",
            Fails("interrupted", "without a finish signal"),
        ),
        ("reset", vec![stream_head(), send(whole), calm, Step::Reset], "a", To(Finish::Stop)),
    ]);
}

#[test]
fn a_reset_keeps_what_came_before() {
    let gate = Gate::default();
    let server = ByteServer::start([vec![
        stream_head(),
        send(says("half")),
        Step::Await(gate.clone()),
        Step::Reset,
    ]]);
    // Four tries are allowed, but not once text has been delivered.
    let provider = remote(&server.origin());
    let (text, reply) = run_with(&provider, &request(), &CancellationToken::new(), |_| {
        gate.open();
    });
    assert_eq!(text, "half");
    assert_eq!(kind(&reply.unwrap_err()), "interrupted");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn errors_inside_a_200() {
    let busy = event(&json!({"error": {"code": 429, "message": "slow down"}}));
    let broken = event(
        &json!({"error": {"code": 502, "message": "upstream"}, "choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}),
    );
    let vllm = event(&json!({"object": "error", "message": "too long", "code": 400}));
    let json = [("content-type", "application/json")];
    let html = [("content-type", "text/html; charset=utf-8")];
    let page =
        b"<!doctype html><html><head><title>Sign in</title></head><body>10.0.0.7</body></html>";
    check(vec![
        ("busy", closed(busy), "", Fails("busy", "slow down")),
        ("after text", closed(says("a") + &broken), "a", Fails("server", "upstream")),
        ("vLLM", closed(vllm), "", Fails("refused", "too long")),
        (
            "a named event",
            closed("event: error\ndata: {\"message\": \"no\"}\n\n"),
            "",
            Fails("server", "no"),
        ),
        (
            "finish error",
            closed(says("a") + &ends("error")),
            "a",
            Fails("server", "finish reason `error`"),
        ),
        (
            "JSON in a stream",
            closed("{\"error\": {\"code\": 404, \"message\": \"no such model\"}}"),
            "",
            Fails("refused", "no such model"),
        ),
        (
            "JSON error",
            vec![answer(200, &json, b"{\"error\": {\"code\": 401, \"message\": \"who\"}}")],
            "",
            Fails("key", "who"),
        ),
        (
            "other JSON",
            vec![answer(200, &json, b"{\"ok\": true}")],
            "",
            Fails("not chat", "without `choices`"),
        ),
        (
            "broken JSON",
            vec![answer(200, &json, b"{\"choices\": [")],
            "",
            Fails("not chat", "text that is no JSON"),
        ),
        (
            "a page",
            vec![answer(200, &html, page)],
            "",
            Fails("not chat", "endpoint: it answered with an HTML page titled `Sign in`"),
        ),
        (
            "a page as a stream",
            closed(&page[..]),
            "",
            Fails("not chat", "endpoint: it answered with an HTML page titled `Sign in`"),
        ),
        (
            "a page without a title",
            vec![answer(200, &html, b"<!DOCTYPE html><h1>10.0.0.7</h1>")],
            "",
            Fails("not chat", "endpoint: it answered with an HTML page; check `base_url`"),
        ),
        ("text", vec![answer(200, &[], b"hello")], "", Fails("not chat", "text that is no JSON")),
        ("nothing", vec![answer(204, &[], b"")], "", Fails("not chat", "it said nothing")),
    ]);
}

#[test]
fn a_reply_that_is_no_stream_is_a_reply() {
    let json = [("content-type", "application/json; charset=utf-8")];
    let whole = |reason: &str| {
        let reply = json!({
            "model": "served",
            "choices": [{"message": {"role": "assistant", "content": "“日本”"}, "finish_reason": reason}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2},
        });
        reply.to_string().into_bytes()
    };
    check(vec![
        ("whole", vec![answer(200, &json, &whole("stop"))], "“日本”", To(Finish::Stop)),
        ("cut by length", vec![answer(200, &json, &whole("length"))], "“日本”", To(Finish::Length)),
        ("no type", vec![answer(200, &[], &whole("stop"))], "“日本”", To(Finish::Stop)),
        (
            "no finish",
            vec![answer(200, &json, &whole(""))],
            "“日本”",
            Fails("interrupted", "without a finish reason"),
        ),
    ]);
}

#[test]
fn usage_and_model_come_with_the_reply() {
    let usage = event(&json!({
        "model": "served-model",
        "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 3}},
    }));
    let told = closed(says("a") + &ends("stop") + &usage + DONE);
    let server = ByteServer::start([told, closed(says("a") + &ends("stop") + DONE)]);
    let provider = once(&server);
    let expected = [
        ("served-model", Some(Usage { prompt: 9, cached: 3, reply: 4, ..Usage::default() })),
        ("test-model", None),
    ];
    for (model, usage) in expected {
        let reply = Reply { finish: Finish::Stop, usage, model: model.into() };
        assert_eq!(run(&provider, &request()).1.unwrap(), reply);
    }
}

#[test]
fn big_events_are_read_and_endless_ones_are_not() {
    let big = "x".repeat(4 * 1024 * 1024);
    let server = ByteServer::start([
        closed(says(&big) + &ends("stop") + DONE),
        closed("x".repeat(17 * 1024 * 1024)),
    ]);
    let provider = once(&server);
    let (text, reply) = run(&provider, &request());
    assert_eq!((text.len(), reply.unwrap().finish), (big.len(), Finish::Stop));
    let fault = run(&provider, &request()).1.unwrap_err();
    assert_eq!(kind(&fault), "not chat");
    assert!(fault.to_string().contains("more than 16777216 bytes"), "{fault}");
}

#[test]
fn what_is_sent_is_what_was_meant() {
    let server = ByteServer::start([closed(ends("stop"))]);
    run(&remote(&format!("{}/v1/", server.origin())), &request()).1.unwrap();
    let sent = &server.requests()[0];
    assert_eq!(sent.line, "POST /v1/chat/completions HTTP/1.1");
    let bearer = format!("Bearer {KEY}");
    let headers = [
        ("authorization", Some(bearer.as_str())),
        ("accept-encoding", Some("identity")),
        ("content-type", Some("application/json")),
        ("referer", None),
        ("cookie", None),
    ];
    for (name, value) in headers {
        assert_eq!(sent.header(name), value, "{name}");
    }
    assert_eq!(sent.json()["messages"][1]["content"], "Write “日本”.");
    assert!(!String::from_utf8_lossy(&sent.body).contains(KEY));
}

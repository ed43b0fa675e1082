//! Streams as they come in the wild: a table of bytes, and some that need a clock.

use std::time::{Duration, Instant};

use serde_json::json;
use storygen::provider::http::{Patience, Remote};
use storygen::provider::{Fault, Finish, Reply, Usage};
use tokio_util::sync::CancellationToken;

use crate::byte_server::{ByteServer, Gate, Step, answer, chunk, chunked_head, stream_head};
use crate::common::{
    DONE, KEY, endpoint, ends, event, kind, patience, remote, request, run, run_with, says,
};

/// One try, so that a case shows what one stream does.
fn once(server: &ByteServer) -> Remote {
    let mut endpoint = endpoint(&format!("{}/v1", server.origin()));
    endpoint.patience.tries = 1;
    Remote::new(endpoint).unwrap()
}

fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

/// What a case must come to: a finish, or a fault whose words hold some others.
#[derive(Debug)]
enum Comes {
    To(Finish),
    Fault(&'static str, &'static str),
}
use Comes::{Fault as Fails, To};

type Case = (&'static str, Vec<Step>, &'static str, Comes);

fn check(cases: Vec<Case>) {
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
    let bytewise = [stream_head()]
        .into_iter()
        .chain(whole.bytes().map(|byte| send([byte])))
        .collect();
    check(vec![
        (
            "cut in a character",
            vec![stream_head(), send(left), send(right)],
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        ("byte by byte", bytewise, "“日本—🙂”", To(Finish::Stop)),
        (
            "byte-order mark",
            closed(format!("\u{feff}{whole}")),
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        (
            "CRLF",
            closed(whole.replace('\n', "\r\n")),
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        (
            "CR",
            closed(whole.replace('\n', "\r")),
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        (
            "no space",
            closed(whole.replace("data: ", "data:")),
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        (
            "comments",
            closed(format!(
                ": OPENROUTER PROCESSING\n\n:\n\ndata: : keepalive\n\n{whole}"
            )),
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
        (
            "no type",
            vec![answer(200, &[], whole.as_bytes())],
            "“日本—🙂”",
            To(Finish::Stop),
        ),
        (
            "plain type",
            vec![answer(
                200,
                &[("content-type", "text/plain")],
                format!("\n{whole}").as_bytes(),
            )],
            "“日本—🙂”",
            To(Finish::Stop),
        ),
    ]);
}

#[test]
fn events_of_odd_shape() {
    let odd = |value: serde_json::Value| event(&value);
    let done = ends("stop") + DONE;
    check(vec![
        (
            "empty choices first",
            closed(odd(json!({"choices": []})) + &says("a") + &done),
            "a",
            To(Finish::Stop),
        ),
        (
            "missing choices",
            closed(odd(json!({"id": "x"})) + &says("a") + &done),
            "a",
            To(Finish::Stop),
        ),
        (
            "null choices",
            closed(odd(json!({"choices": null})) + &says("a") + &done),
            "a",
            To(Finish::Stop),
        ),
        (
            "null delta",
            closed(odd(json!({"choices": [{"delta": null}]})) + &says("a") + &done),
            "a",
            To(Finish::Stop),
        ),
        (
            "duplicate role",
            closed(
                odd(json!({"choices": [{"delta": {"role": "assistant", "content": "a"}}]}))
                    + &odd(json!({"choices": [{"delta": {"role": "assistant", "content": "b"}}]}))
                    + &done,
            ),
            "ab",
            To(Finish::Stop),
        ),
        (
            "reasoning",
            closed(
                odd(
                    json!({"choices": [{"delta": {"content": null, "reasoning_content": "hm", "reasoning": "hm"}}]}),
                ) + &odd(
                    json!({"choices": [{"delta": {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}]}}]}),
                ) + &done,
            ),
            "a",
            To(Finish::Stop),
        ),
        (
            "empty finish",
            closed(
                odd(json!({"choices": [{"delta": {"content": "a"}, "finish_reason": ""}]})) + &done,
            ),
            "a",
            To(Finish::Stop),
        ),
        (
            "length",
            closed(says("a") + &ends("length") + DONE),
            "a",
            To(Finish::Length),
        ),
        (
            "model_length",
            closed(says("a") + &ends("model_length")),
            "a",
            To(Finish::Length),
        ),
        (
            "content_filter",
            closed(says("a") + &ends("content_filter")),
            "a",
            To(Finish::Filtered),
        ),
        (
            "end_turn",
            closed(says("a") + &ends("end_turn")),
            "a",
            To(Finish::Stop),
        ),
        (
            "foreign finish",
            closed(says("a") + &ends("tool_calls") + DONE),
            "a",
            Fails("interrupted", "`tool_calls`"),
        ),
        (
            "nothing said",
            closed(ends("stop") + DONE),
            "",
            To(Finish::Stop),
        ),
        (
            "an event that is not JSON",
            closed(says("a") + "data: {\"choices\n\n" + &done),
            "a",
            Fails("interrupted", "not JSON"),
        ),
        (
            "never JSON",
            closed("data: hello\n\n"),
            "",
            Fails("not chat", "not JSON"),
        ),
    ]);
}

#[test]
fn ends_and_missing_ends() {
    let text = says("a");
    check(vec![
        (
            "closed without an end",
            closed(text.clone()),
            "a",
            Fails("interrupted", "without a finish signal"),
        ),
        (
            "end mark alone",
            closed(text.clone() + DONE),
            "a",
            Fails("interrupted", "without a finish signal"),
        ),
        (
            "empty finish only",
            closed(text.clone() + &ends("") + DONE),
            "a",
            Fails("interrupted", "without a finish"),
        ),
        (
            "no end mark",
            closed(text.clone() + &ends("stop")),
            "a",
            To(Finish::Stop),
        ),
        (
            "socket left open",
            vec![
                stream_head(),
                send(text.clone() + &ends("stop") + DONE),
                Step::Hold,
            ],
            "a",
            To(Finish::Stop),
        ),
        (
            "end mark alone, open",
            vec![stream_head(), send(text.clone() + DONE), Step::Hold],
            "a",
            Fails("interrupted", "without a finish signal"),
        ),
        (
            "open without a mark",
            vec![
                stream_head(),
                send(text.clone() + &ends("stop")),
                Step::Hold,
            ],
            "a",
            To(Finish::Stop),
        ),
        (
            "half closed",
            vec![stream_head(), send(text.clone()), Step::HalfClose],
            "a",
            Fails("interrupted", ""),
        ),
        (
            "reset after the end",
            vec![
                stream_head(),
                send(text.clone() + &ends("stop")),
                Step::Pause(Duration::from_millis(50)),
                Step::Reset,
            ],
            "a",
            To(Finish::Stop),
        ),
        (
            "garbage after the end",
            closed(text.clone() + &ends("stop") + "data: {{{\n\n"),
            "a",
            To(Finish::Stop),
        ),
        (
            "chunks cut short",
            vec![chunked_head(), chunk(text.as_bytes())],
            "a",
            Fails("interrupted", ""),
        ),
        (
            "cut inside an event",
            closed(text.clone() + "data: {\"choices\": [{\"del"),
            "a",
            Fails("interrupted", "without a finish signal"),
        ),
        ("empty", closed(""), "", Fails("interrupted", "empty")),
        (
            "comments only",
            closed(": ping\n\n: ping\n\n"),
            "",
            Fails("interrupted", "empty"),
        ),
        ("no head", vec![], "", Fails("interrupted", "")),
        (
            "reset before the head",
            vec![Step::Reset],
            "",
            Fails("interrupted", ""),
        ),
        (
            "not HTTP",
            vec![send("SSH-2.0-OpenSSH\r\n")],
            "",
            Fails("interrupted", ""),
        ),
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
        (
            "after text",
            closed(says("a") + &broken),
            "a",
            Fails("server", "upstream"),
        ),
        ("vLLM", closed(vllm), "", Fails("refused", "too long")),
        (
            "a named event",
            closed("event: error\ndata: {\"message\": \"no\"}\n\n"),
            "",
            Fails("refused", "no"),
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
            vec![answer(
                200,
                &json,
                b"{\"error\": {\"code\": 401, \"message\": \"who\"}}",
            )],
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
            Fails("not chat", "neither a JSON error"),
        ),
        (
            "a page",
            vec![answer(200, &html, page)],
            "",
            Fails("not chat", "a web page titled `Sign in`"),
        ),
        (
            "a page as a stream",
            closed(&page[..]),
            "",
            Fails("not chat", "a web page titled `Sign in`"),
        ),
        (
            "text",
            vec![answer(200, &[], b"hello")],
            "",
            Fails("not chat", "neither a JSON error"),
        ),
        (
            "nothing",
            vec![answer(204, &[], b"")],
            "",
            Fails("not chat", "nothing"),
        ),
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
        (
            "whole",
            vec![answer(200, &json, &whole("stop"))],
            "“日本”",
            To(Finish::Stop),
        ),
        (
            "cut by length",
            vec![answer(200, &json, &whole("length"))],
            "“日本”",
            To(Finish::Length),
        ),
        (
            "no type",
            vec![answer(200, &[], &whole("stop"))],
            "“日本”",
            To(Finish::Stop),
        ),
        (
            "no finish",
            vec![answer(200, &json, &whole(""))],
            "“日本”",
            Fails("interrupted", "`none`"),
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
        (
            "served-model",
            Some(Usage {
                prompt: 9,
                cached: 3,
                reply: 4,
            }),
        ),
        ("test-model", None),
    ];
    for (model, usage) in expected {
        let reply = Reply {
            finish: Finish::Stop,
            usage,
            model: model.into(),
        };
        assert_eq!(run(&provider, &request()).1.unwrap(), reply);
    }
}

#[test]
fn silence_ends_a_stream_but_slowness_does_not() {
    let idle = Duration::from_millis(200);
    let drip: Vec<Step> = [stream_head()]
        .into_iter()
        .chain((0..8).flat_map(|_| [Step::Pause(idle / 4), send(says("a"))]))
        .chain([send(ends("stop") + DONE)])
        .collect();
    let pings: Vec<Step> = [stream_head()]
        .into_iter()
        .chain((0..8).flat_map(|_| [Step::Pause(idle / 4), send(": ping\n\n")]))
        .chain([send(says("a") + &ends("stop"))])
        .collect();
    let cases = [
        (
            "stall",
            vec![stream_head(), send(says("a")), Step::Hold],
            "a",
            false,
        ),
        ("stall at the head", vec![Step::Hold], "", false),
        ("slow drip", drip, "aaaaaaaa", true),
        ("keep-alives", pings, "a", true),
    ];
    for (name, steps, text, whole) in cases {
        let server = ByteServer::start([steps]);
        let mut endpoint = endpoint(&server.origin());
        endpoint.patience = Patience {
            idle,
            connect: Duration::from_millis(100),
            ..patience()
        };
        let start = Instant::now();
        let (heard, reply) = run(&Remote::new(endpoint).unwrap(), &request());
        assert!(start.elapsed() >= idle, "{name}");
        assert_eq!(heard, text, "{name}");
        assert_eq!(reply.is_ok(), whole, "{name}: {reply:?}");
        if let Err(fault) = reply {
            assert_eq!(kind(&fault), "interrupted", "{name}");
            assert!(
                fault.to_string().contains("nothing came for 200ms"),
                "{name}: {fault}"
            );
        }
        // Silence is not repaired by asking the same again.
        assert_eq!(server.requests().len(), 1, "{name}");
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
    assert_eq!(
        (text.len(), reply.unwrap().finish),
        (big.len(), Finish::Stop)
    );
    let fault = run(&provider, &request()).1.unwrap_err();
    assert_eq!(kind(&fault), "not chat");
    assert!(
        fault.to_string().contains("more than 16777216 bytes"),
        "{fault}"
    );
}

#[test]
fn a_cancel_ends_every_wait_and_hangs_up() {
    let cases = [
        (
            "in a stream",
            vec![stream_head(), send(says("a")), Step::Hold],
        ),
        ("before the head", vec![Step::Hold]),
        (
            "between tries",
            vec![answer(429, &[("retry-after", "200")], b"{}")],
        ),
    ];
    for (name, steps) in cases {
        let held = steps.iter().any(|step| matches!(step, Step::Hold));
        let server = ByteServer::start([steps]);
        let provider = remote(&server.origin());
        let cancel = CancellationToken::new();
        let start = Instant::now();
        let (_, reply) = std::thread::scope(|scope| {
            scope.spawn(|| {
                while server.requests().is_empty() {
                    std::thread::yield_now();
                }
                cancel.cancel();
            });
            run_with(&provider, &request(), &cancel, |_| cancel.cancel())
        });
        assert!(matches!(reply, Err(Fault::Cancelled)), "{name}: {reply:?}");
        assert!(start.elapsed() < Duration::from_secs(10), "{name}");
        if held {
            server.await_hangups(1);
        }
    }
    let cancel = CancellationToken::new();
    cancel.cancel();
    let server = ByteServer::start([]);
    let (_, reply) = run_with(&remote(&server.origin()), &request(), &cancel, |_| {});
    assert!(matches!(reply, Err(Fault::Cancelled)));
    assert!(
        server.requests().is_empty(),
        "nothing is sent once cancelled"
    );
}

#[test]
fn what_is_sent_is_what_was_meant() {
    let server = ByteServer::start([closed(ends("stop"))]);
    run(&remote(&format!("{}/v1/", server.origin())), &request())
        .1
        .unwrap();
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

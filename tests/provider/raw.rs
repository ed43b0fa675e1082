//! The wires that take raw text, what some servers do to a prompt, and headers.

use proptest::prelude::*;
use serde_json::{Value, json};
use storygen::chat::Role::{Assistant, System, User};
use storygen::chat::{Message, Role};
use storygen::provider::completion::templates::TEMPLATES;
use storygen::provider::completion::{KOBOLDCPP, LLAMACPP};
use storygen::provider::http::dialect::Dialect;
use storygen::provider::http::{Endpoint, Remote};
use storygen::provider::{Finish, Provider, Request, Usage};

use crate::byte_server::{ByteServer, Step, answer};
use crate::common::{event, hear, kind, request, run};
use crate::wires::{WIRES, Wire};

fn wire(name: &str) -> &'static Wire {
    WIRES.iter().find(|wire| wire.name() == name).unwrap()
}

/// A server with the GGUF's own template.
fn own(server: &ByteServer) -> Endpoint {
    let mut endpoint = wire("llamacpp-completion").endpoint(&server.origin());
    endpoint.knobs.template = Some("own".into());
    endpoint
}

fn page(status: u16, body: &Value) -> Vec<Step> {
    let json = [("content-type", "application/json")];
    vec![answer(status, &json, body.to_string().as_bytes())]
}

#[test]
fn the_servers_own_template_is_asked_for_and_sent_as_it_came() {
    let laid = "<s>[INST] You write prose.\n\nWrite “日本”. [/INST]";
    let wire = wire("llamacpp-completion");
    let server =
        ByteServer::start([page(200, &json!({"prompt": laid})), wire.closed(wire.reply("a"))]);
    let heard = hear(&Remote::new(own(&server)).unwrap(), &request());
    assert_eq!((heard.text.as_str(), heard.reply.is_ok()), ("a", true));
    let sent = server.requests();
    assert_eq!(sent[0].line, "POST /apply-template HTTP/1.1");
    let messages = json!([
        {"role": "system", "content": "You write prose."},
        {"role": "user", "content": "Write “日本”."},
    ]);
    assert_eq!(sent[0].json(), json!({"messages": messages}));
    assert_eq!(sent[1].line, "POST /completion HTTP/1.1");
    assert_eq!(sent[1].json()["prompt"], laid);
    assert_eq!(heard.bills.len(), 1, "a template is no call to a model");
}

#[test]
fn without_its_template_nothing_is_sent() {
    let long = "word ".repeat(8_000);
    let table = [
        ("refused", page(404, &json!({"error": {"message": "no such page"}})), "refused", 1),
        ("failing", page(500, &json!({})), "server", 4),
        ("something else", page(200, &json!({"text": "x"})), "not chat", 1),
        ("too long", page(200, &json!({"prompt": long})), "too long", 1),
    ];
    for (name, steps, expected, times) in table {
        let server = ByteServer::start((0..5).map(|_| steps.clone()));
        let heard = hear(&Remote::new(own(&server)).unwrap(), &request());
        let fault = heard.reply.unwrap_err();
        assert_eq!(kind(&fault), expected, "{name}: {fault}");
        let lines: Vec<String> = server.requests().into_iter().map(|sent| sent.line).collect();
        assert_eq!(lines, vec!["POST /apply-template HTTP/1.1"; times], "{name}");
        assert!(heard.bills.is_empty(), "{name}: nothing was asked of the model");
    }
}

#[test]
fn raw_text_needs_a_template_that_there_is() {
    let build = |dialect: &'static Dialect, template: Option<&str>| {
        let base = storygen::provider::http::Base::parse("http://127.0.0.1:1").unwrap();
        let mut endpoint = Endpoint::new(dialect, base, "m", 4096);
        endpoint.knobs.template = template.map(str::to_owned);
        Remote::new(endpoint).err().map(|why| why.to_string())
    };
    for template in TEMPLATES {
        assert_eq!(build(&LLAMACPP, Some(template.name)), None);
        assert_eq!(build(&KOBOLDCPP, Some(template.name)), None);
    }
    assert_eq!(build(&LLAMACPP, Some("own")), None);
    let table = [
        (&LLAMACPP, None, "needs a chat template: one of chatml, llama-3"),
        (
            &KOBOLDCPP,
            None,
            "; name it in your `catalogue.yaml`, as in `models: {\"m\": {template: chatml, hosts: {",
        ),
        (&LLAMACPP, Some("chatlm"), "no chat template `chatlm` here; did you mean `chatml`?"),
        (&KOBOLDCPP, Some("own"), "no chat template `own` here; there are chatml"),
    ];
    for (dialect, template, words) in table {
        let why = build(dialect, template).unwrap();
        assert!(why.contains(words), "{why}");
    }
    assert!(
        Endpoint::new(
            &LLAMACPP,
            storygen::provider::http::Base::parse("http://[::1]:1").unwrap(),
            "m",
            1
        )
        .prefill
    );
}

#[test]
fn koboldcpp_tells_the_rest_on_a_page_of_its_own() {
    let wire = wire("koboldcpp-completion");
    let stream = |word: &str| {
        let ends = (wire.ends)(word, None);
        wire.closed((wire.says)("a") + &ends)
    };
    let perf = |reason: i64| {
        page(200, &json!({"last_input_count": 90, "last_token_count": 3, "stop_reason": reason}))
    };
    let counted = Some(Usage { prompt: 90, reply: 3, ..Usage::default() });
    let table = [
        ("at a stop text", "length", perf(2), Finish::Stop, counted),
        ("at the limit", "length", perf(0), Finish::Length, counted),
        ("by itself", "stop", perf(1), Finish::Stop, counted),
        (
            "an old version",
            "stop",
            page(200, &json!({"last_process": 1, "stop_reason": 1})),
            Finish::Stop,
            None,
        ),
        ("no such page", "length", page(404, &json!({})), Finish::Length, None),
        ("a broken page", "stop", vec![Step::Reset], Finish::Stop, None),
    ];
    for (name, word, told, finish, usage) in table {
        let server = ByteServer::start([stream(word), told]);
        let (text, reply) = run(&wire.once(&server), &request());
        let reply = reply.unwrap();
        assert_eq!((text.as_str(), reply.finish, reply.usage), ("a", finish, usage), "{name}");
        let lines: Vec<String> = server.requests().into_iter().map(|sent| sent.line).collect();
        let expected = ["POST /api/extra/generate/stream HTTP/1.1", "GET /api/extra/perf HTTP/1.1"];
        assert_eq!(lines, expected, "{name}");
    }
    // A page that never comes does not hold up a reply that has come.
    let server = ByteServer::start([stream("stop"), vec![Step::Hold]]);
    assert!(run(&wire.once(&server), &request()).1.is_ok());
}

#[test]
fn a_prompt_that_was_cut_in_silence_is_a_fault() {
    let long = Request {
        messages: vec![Message::new(User, "some words and more of them ".repeat(200))],
        ..request()
    };
    for name in ["ollama", "llamacpp-completion", "koboldcpp-completion"] {
        let wire = wire(name);
        let stream = |read: u64| {
            let [stop, _] = wire.words;
            let text = if name == "llamacpp-completion" {
                event(&json!({"content": "a", "stop": false}))
            } else {
                (wire.says)("a")
            };
            wire.closed(text + &(wire.ends)(stop, Some([read, 0, 3])))
        };
        let perf = |read: u64| page(200, &json!({"last_input_count": read, "last_token_count": 3}));
        for (read, is_cut) in [(1_079, true), (1_080, false), (4_000, false)] {
            let server = ByteServer::start([stream(read), perf(read), stream(read)]);
            let heard = hear(&wire.remote(&server), &long);
            assert_eq!(heard.text, "a", "{name}");
            match heard.reply {
                Err(fault) if is_cut => {
                    assert_eq!(kind(&fault), "cut", "{name}: {fault}");
                    assert!(!fault.leaves_text() && !fault.is_passing());
                    let words = "has read 1079 tokens of a prompt that has at least 1080";
                    assert!(fault.to_string().contains(words), "{fault}");
                }
                reply => assert_eq!(reply.is_ok(), !is_cut, "{name} {read}: {reply:?}"),
            }
            // It has worked all the same.
            assert_eq!(heard.bills[0].unwrap().usage.prompt, read, "{name}");
        }
    }
}

#[test]
fn each_wire_shows_its_key_and_finds_its_page() {
    let table = [
        ("openai", "/v1", "POST /v1/chat/completions", "authorization", "Bearer sk-test-4711"),
        ("mistral", "/v1/", "POST /v1/chat/completions", "authorization", "Bearer sk-test-4711"),
        ("anthropic", "", "POST /v1/messages", "x-api-key", "sk-test-4711"),
        ("anthropic", "/v1", "POST /v1/messages", "anthropic-version", "2023-06-01"),
        ("ollama", "", "POST /api/chat", "authorization", "Bearer sk-test-4711"),
        ("ollama", "/api", "POST /api/chat", "accept", "application/x-ndjson, application/json"),
        ("llamacpp-completion", "", "POST /completion", "accept-encoding", "identity"),
        (
            "koboldcpp-completion",
            "",
            "POST /api/extra/generate/stream",
            "content-type",
            "application/json",
        ),
    ];
    for (name, path, line, header, value) in table {
        let wire = wire(name);
        let server = ByteServer::start([wire.closed(wire.reply("a"))]);
        let endpoint = wire.endpoint(&format!("{}{path}", server.origin()));
        run(&Remote::new(endpoint).unwrap(), &request()).1.unwrap();
        let sent = &server.requests()[0];
        assert_eq!(sent.line, format!("{line} HTTP/1.1"), "{name}{path}");
        assert_eq!(sent.header(header), Some(value), "{name}");
        let bare = if name == "anthropic" { "authorization" } else { "x-api-key" };
        assert_eq!(sent.header(bare), None, "{name}");
    }
}

#[test]
fn an_address_of_another_kind_is_named() {
    let table = [
        ("openai", "", "most endpoints want `/v1` at the end of `base_url`"),
        ("ollama", "/v1", "this kind of endpoint has no version at the end of `base_url`"),
        ("ollama", "", "check `base_url` and the model `test-model`"),
    ];
    for (name, path, words) in table {
        let wire = wire(name);
        let server = ByteServer::start([vec![answer(404, &[], b"404 page not found")]]);
        let endpoint = wire.endpoint(&format!("{}{path}", server.origin()));
        let fault = run(&Remote::new(endpoint).unwrap(), &request()).1.unwrap_err();
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

#[test]
fn a_reply_may_repeat_what_it_was_given() {
    for name in ["openai", "mistral"] {
        repeats(wire(name));
    }
}

fn repeats(wire: &Wire) {
    let mut begun = request();
    begun.messages.push(Message::new(Assistant, "It was late."));
    let cases = [
        (vec!["It was", " late. She", " slept."], " She slept."),
        (vec![" She slept."], " She slept."),
        (vec!["It was late. It was late."], " It was late."),
    ];
    for (pieces, expected) in cases {
        let said: String = pieces.iter().map(|piece| (wire.says)(piece)).collect();
        let end = (wire.ends)("stop", None);
        let server = ByteServer::start([wire.closed(said + &end)]);
        let (text, reply) = run(&wire.once(&server), &begun);
        assert_eq!((text.as_str(), reply.is_ok()), (expected, true), "{pieces:?}");
        assert_eq!(server.requests()[0].json()["messages"][2]["content"], "It was late.");
    }
    // Broken off within the repetition: nothing new was said, so it is tried again.
    let torn = wire.closed((wire.says)("It was"));
    let server = ByteServer::start([
        torn,
        wire.closed((wire.says)(" She slept.") + &(wire.ends)("stop", None)),
    ]);
    assert_eq!(run(&wire.remote(&server), &begun).0, " She slept.");
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(System), Just(User), Just(Assistant)]
}

proptest! {
    /// What is counted of a prompt is never less than a token for each of its
    /// bytes, its marks and the space in front included.
    #[test]
    fn no_prompt_takes_more_bytes_than_were_counted(
        messages in prop::collection::vec((role(), "[ -~é語]{0,40}|<\\|im_end\\|>|</s>|\\[INST\\]"), 1..6),
        template in 0..TEMPLATES.len(),
    ) {
        let messages: Vec<Message> =
            messages.into_iter().map(|(role, text)| Message::new(role, text)).collect();
        let base = storygen::provider::http::Base::parse("http://127.0.0.1:1").unwrap();
        let mut endpoint = Endpoint::new(&LLAMACPP, base, "m", 100_000);
        endpoint.knobs.template = Some(TEMPLATES[template].name.to_owned());
        let prompt = TEMPLATES[template].lay(&messages);
        let counted = Remote::new(endpoint).unwrap().tokenizer().prompt(&messages);
        prop_assert!(counted > prompt.len(), "{} for {} bytes", counted, prompt.len());
    }
}

//! Answers other than 200: which fault, which words, how many tries.

use std::time::{Duration, Instant, SystemTime};

use secrecy::SecretString;
use serde_json::{Value, json};
use storygen::provider::http::{Base, BoundHeaders, BoundKey, Endpoint, Remote};
use storygen::provider::openai::OPENAI;
use storygen::provider::{Fault, Finish, Request};

use crate::byte_server::{ByteServer, Step, answer, stream_head};
use crate::common::{DONE, KEY, endpoint, ends, kind, remote, request, run, says, schema};

fn good() -> Vec<Step> {
    vec![stream_head(), Step::Send((says("a") + &ends("stop") + DONE).into())]
}

fn refusing(status: u16, body: &Value) -> Vec<Step> {
    let json = [("content-type", "application/json")];
    vec![answer(status, &json, body.to_string().as_bytes())]
}

#[test]
fn each_status_is_its_fault_and_only_passing_ones_are_tried_again() {
    let table = [
        (400, "refused", 1),
        (401, "key", 1),
        (402, "refused", 1),
        (403, "key", 1),
        (404, "refused", 1),
        (408, "server", 4),
        (413, "refused", 1),
        (422, "refused", 1),
        (429, "busy", 4),
        (500, "server", 4),
        (502, "server", 4),
        (503, "busy", 4),
        (524, "server", 4),
        (529, "busy", 4),
    ];
    for (status, expected, tries) in table {
        let body = json!({"error": {"message": format!("words about {KEY}")}});
        let server = ByteServer::start((0..5).map(|_| refusing(status, &body)));
        let (text, reply) = run(&remote(&server.origin()), &request());
        let fault = reply.unwrap_err();
        assert_eq!((kind(&fault), text.as_str()), (expected, ""), "{status}");
        assert_eq!(server.requests().len(), tries, "{status}");
        let said = format!("{fault} {fault:?}");
        assert!(said.contains("words about [key]"), "{said}");
        assert!(!said.contains(KEY), "{said}");
    }
}

#[test]
fn a_prompt_that_is_too_long_is_told_with_the_setting_that_helps() {
    let llama_cpp = json!({"error": {"code": 400, "type": "exceed_context_size_error",
        "message": "request (5000 tokens) exceeds the available context size (4096 tokens)"}});
    let openai = json!({"error": {"code": "context_length_exceeded", "type": "invalid_request_error",
        "message": "This model's maximum context length is 4096 tokens."}});
    let anthropic = json!({"type": "error", "error": {"type": "invalid_request_error",
        "message": "prompt is too long: 215000 tokens > 200000 maximum"}});
    for (name, steps) in [
        ("llama.cpp", refusing(400, &llama_cpp)),
        ("OpenAI", refusing(400, &openai)),
        ("Anthropic", refusing(400, &anthropic)),
        (
            "inside a stream",
            vec![stream_head(), Step::Send(format!("data: {llama_cpp}\n\n").into())],
        ),
    ] {
        let server = ByteServer::start([steps]);
        let fault = run(&remote(&server.origin()), &request()).1.unwrap_err().to_string();
        assert!(fault.contains("refused the request (400): "), "{name}: {fault}");
        assert!(
            fault.ends_with("; set `limits: {window: …}` in `storygen.yaml` to what it holds"),
            "{name}: {fault}"
        );
    }
}

#[test]
fn a_passing_fault_passes() {
    let busy = |wait| vec![answer(429, &[("retry-after", wait)], b"{}")];
    let table = [
        ("busy", vec![busy("0")], Duration::ZERO),
        ("busy for a second", vec![busy("1")], Duration::from_secs(1)),
        ("busy until long ago", vec![busy("Sun, 06 Nov 1994 08:49:37 GMT")], Duration::ZERO),
        (
            "failing three times",
            vec![refusing(500, &json!({})), refusing(502, &json!({})), refusing(529, &json!({}))],
            Duration::ZERO,
        ),
        ("breaking", vec![vec![Step::Reset], vec![], vec![stream_head()]], Duration::ZERO),
    ];
    for (name, faults, wait) in table {
        let tries = faults.len() + 1;
        let server = ByteServer::start(faults.into_iter().chain([good()]));
        let start = Instant::now();
        let (text, reply) = run(&remote(&server.origin()), &request());
        assert_eq!((text.as_str(), reply.unwrap().finish), ("a", Finish::Stop), "{name}");
        assert_eq!(server.requests().len(), tries, "{name}");
        assert!(start.elapsed() >= wait, "{name}");
    }
}

#[test]
fn an_endpoint_that_asks_for_too_long_a_wait_ends_the_call_at_once() {
    let far = httpdate::fmt_http_date(SystemTime::now() + Duration::from_hours(2));
    let busy = |status, wait: &str| vec![answer(status, &[("retry-after", wait)], b"{}")];
    let table = [
        (429, "301", "it asks for 6 minutes"),
        (503, "3600.5", "60 minutes"),
        (529, "1e6", "278 hours"),
        (500, "301", "6 minutes"),
        (408, &far, "2 hours"),
        (429, "99999999999999999999999", "more than a year"),
        (503, "1, 3601", "61 minutes"),
    ];
    for (status, wait, words) in table {
        let server = ByteServer::start([busy(status, wait), good()]);
        let start = Instant::now();
        let fault = run(&remote(&server.origin()), &request()).1.unwrap_err();
        let Fault::Busy { retry_after: Some(asked), .. } = &fault else {
            panic!("{status}: {fault:?}")
        };
        assert!(*asked > storygen::provider::http::LONGEST_WAIT, "{status}: {asked:?}");
        assert!(start.elapsed() < Duration::from_secs(10), "{status}");
        assert_eq!(server.requests().len(), 1, "{status}");
        let said = fault.to_string();
        assert!(said.contains("asks to wait") && said.contains(words), "{said}");
    }
}

#[test]
fn a_wait_may_be_a_fraction_of_a_second_or_last_until_a_date() {
    let busy = |wait: &str| vec![answer(429, &[("retry-after", wait)], b"{}")];
    let server = ByteServer::start([busy("0.3"), good()]);
    let start = Instant::now();
    assert_eq!(run(&remote(&server.origin()), &request()).0, "a");
    assert!(start.elapsed() >= Duration::from_millis(300));
    let twice = vec![answer(429, &[("retry-after", "1"), ("retry-after", "0")], b"{}")];
    for waits in [busy("0, 1"), twice] {
        let server = ByteServer::start([waits, good()]);
        let start = Instant::now();
        assert_eq!(run(&remote(&server.origin()), &request()).0, "a");
        assert!(start.elapsed() >= Duration::from_secs(1));
    }
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    let server = ByteServer::start([busy(&date), good()]);
    assert_eq!(run(&remote(&server.origin()), &request()).0, "a");
    assert!(SystemTime::now() >= httpdate::parse_http_date(&date).unwrap(), "not before {date}");
}

#[test]
fn a_model_that_is_gone_is_not_asked_again_and_is_told_from_other_faults() {
    let openai = |kind: &str, code: &str, message: &str| json!({"error": {"type": kind, "code": code, "message": message}});
    let gone = [
        (404, openai("", "", "No endpoints found for test-model.")),
        (400, openai("", "", "test-model is not a valid model ID")),
        (
            404,
            openai(
                "invalid_request_error",
                "model_not_found",
                "The model `test-model` does not exist or you do not have access to it.",
            ),
        ),
        (
            404,
            json!({"type": "error", "error": {"type": "not_found_error", "message": "model: test-model"}}),
        ),
        (404, json!({"error": "model 'test-model' not found, try pulling it first"})),
        (
            400,
            json!({"object": "error", "type": "invalid_model", "message": "Invalid model: test-model"}),
        ),
        (
            404,
            json!({"object": "error", "type": "NotFoundError", "message": "The model `test-model` does not exist."}),
        ),
    ];
    for (status, body) in gone {
        let server = ByteServer::start([refusing(status, &body), good()]);
        let fault = run(&remote(&server.origin()), &request()).1.unwrap_err();
        let words = "does not serve `test-model`, or no longer: ";
        assert!(kind(&fault) == "gone" && fault.to_string().contains(words), "{body}: {fault}");
        assert_eq!(server.requests().len(), 1, "{body}");
    }
    let there = "the model is there";
    let other = [
        (404, openai("", "", "No endpoints found that support tool use."), there),
        (
            404,
            openai("", "", "No endpoints found that can handle the requested parameters."),
            there,
        ),
        (404, openai("", "", "No endpoints found matching your data policy."), there),
        (404, openai("", "", "No allowed providers are available for the selected model."), there),
        (404, json!({"detail": "Not Found"}), "Not Found"),
        (400, openai("", "", "images are not available with the model"), "not available"),
    ];
    for (status, body, words) in other {
        let server = ByteServer::start([refusing(status, &body), good()]);
        let fault = run(&remote(&server.origin()), &request()).1.unwrap_err();
        assert!(kind(&fault) == "refused" && fault.to_string().contains(words), "{body}: {fault}");
    }
}

#[test]
fn nothing_is_left_out_in_strict_mode() {
    let refused = refusing(400, &json!({"message": "unknown field `seed`"}));
    let server = ByteServer::start([refused, good()]);
    let strict = Endpoint { is_strict: true, ..endpoint(&server.origin()) };
    let provider = Remote::new(strict).unwrap();
    assert_eq!(kind(&run(&provider, &request()).1.unwrap_err()), "refused");
    assert_eq!((server.requests().len(), provider.left_out()), (1, vec![]));
}

#[test]
fn two_names_of_one_field_are_not_tried_for_ever() {
    let refuses =
        |field: &str| refusing(400, &json!({"message": format!("`{field}` is not supported")}));
    let server =
        ByteServer::start([refuses("max_tokens"), refuses("max_completion_tokens"), good()]);
    let fault = run(&remote(&server.origin()), &request()).1.unwrap_err();
    assert_eq!((kind(&fault), server.requests().len()), ("refused", 2));
}

#[test]
fn what_waiting_cannot_mend_is_not_tried_again() {
    let quota = json!({"error": {"message": "used up", "type": "insufficient_quota", "code": "insufficient_quota"}});
    let empty = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access the API."}});
    // Novita's and xAI's.
    let purse = json!({"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "not enough balance", "metadata": {}});
    let none = json!({"code": "The caller does not have permission", "error": "Your newly created team doesn't have any credits yet."});
    let called = vec![stream_head(), Step::Send((ends("tool_calls") + DONE).into())];
    let table = [
        ("a used-up quota", refusing(429, &quota), "refused"),
        ("an empty account", refusing(400, &empty), "refused"),
        ("an empty purse", refusing(403, &purse), "refused"),
        ("an account without credits", refusing(403, &none), "refused"),
        ("a tool call", called, "interrupted"),
    ];
    for (name, steps, expected) in table {
        let server = ByteServer::start([steps, good()]);
        let fault = run(&remote(&server.origin()), &request()).1.unwrap_err();
        assert_eq!(kind(&fault), expected, "{name}: {fault}");
        assert_eq!(server.requests().len(), 1, "{name}");
        // Who names this number is told to add credit.
        assert_eq!(expected == "refused", fault.to_string().contains("(402)"), "{name}: {fault}");
    }
}

/// It is the key's own limit at the endpoint that is reached, and no other request helps.
#[test]
fn a_key_at_its_limit_is_told_with_what_lifts_it() {
    let body = json!({"error": {"code": 403, "message": "Key limit exceeded (total limit)"}});
    let server = ByteServer::start([refusing(403, &body), good()]);
    let fault = run(&remote(&server.origin()), &request()).1.unwrap_err();
    let Fault::Key { way: Some(way), .. } = &fault else { panic!("{fault:?}") };
    assert!(way.starts_with("raise the key's limit at the endpoint's site, or use another"));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn nothing_listens() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let origin = format!("http://{address}");
    let (_, reply) = run(&remote(&origin), &request());
    let fault = reply.unwrap_err();
    assert!(matches!(fault, Fault::Unreachable { .. }), "{fault}");
    assert!(fault.to_string().contains("refused"), "{fault}");
}

#[test]
fn tls_fails_as_a_fault() {
    let server = ByteServer::start([]);
    let origin = server.origin().replace("http:", "https:");
    // Without CA certificates on this machine the client itself says so.
    match Remote::new(endpoint(&origin)) {
        Ok(provider) => assert_eq!(kind(&run(&provider, &request()).1.unwrap_err()), "unreachable"),
        Err(why) => assert!(why.to_string().contains("CA certificates"), "{why}"),
    }
}

#[test]
fn messages_tell_the_way_out() {
    let page = b"<html><title>502 Bad Gateway</title><p>10.0.0.7</p></html>".as_slice();
    let bare = b"<!doctype html><p>10.0.0.7</p>".as_slice();
    let flagged = json!({"error": {"message": "flagged by moderation"}}).to_string().into_bytes();
    let plain = json!({"error": {"message": "no"}}).to_string().into_bytes();
    let wrong = json!({"error": "Incorrect API key provided: xa***zz."}).to_string().into_bytes();
    let says = |message: &str| json!({"error": {"message": message}}).to_string().into_bytes();
    let limit =
        says("Key limit exceeded (total limit). Manage it using https://openrouter.ai/keys");
    let afford = says(
        "This request requires more credits, or fewer max_tokens. You requested up to 8192 tokens, but can only afford 3333.",
    );
    let table = [
        (502, "/v1", page, "failed (502): it answered with an HTML page titled `502 Bad Gateway`"),
        (500, "/v1", b"".as_slice(), "failed (500): it said nothing"),
        (404, "/v1", bare, "refused the request (404): it answered with an HTML page; check"),
        (403, "/v1", bare, "refused the request (403): it answered with an HTML page"),
        (403, "/v1", flagged.as_slice(), "refused the request (403): flagged by moderation"),
        (403, "/v1", plain.as_slice(), "does not accept the key: no"),
        (400, "/v1", wrong.as_slice(), "does not accept the key: Incorrect API key provided"),
        (401, "/v1", bare, "does not accept the key: it answered with an HTML page"),
        (403, "/v1", limit.as_slice(), "does not accept the key: Key limit exceeded (total limit)"),
        (402, "/v1", afford.as_slice(), "; a smaller `limits: {reply_tokens: …}` in `storygen"),
        (402, "/v1", plain.as_slice(), "refused the request (402): no"),
        (404, "", plain.as_slice(), "`/v1` at the end of `base_url`"),
        (404, "/v1", plain.as_slice(), "the model `test-model`"),
    ];
    for (status, path, body, words) in table {
        let server = ByteServer::start((0..4).map(|_| vec![answer(status, &[], body)]));
        let provider = remote(&format!("{}{path}", server.origin()));
        let said = run(&provider, &request()).1.unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("10.0.0.7") && !said.contains('<'), "{said}");
    }
    let server = ByteServer::start([refusing(401, &json!({"detail": "who?"}))]);
    let mut endpoint = endpoint(&server.origin());
    endpoint.key = None;
    let said = run(&Remote::new(endpoint).unwrap(), &request()).1.unwrap_err();
    assert!(said.to_string().ends_with("who?; no key is set for it"), "{said}");
    assert_eq!(server.requests()[0].header("authorization"), None);
    let server = ByteServer::start([refusing(401, &json!({"detail": "who?"}))]);
    let mut endpoint = crate::common::endpoint(&server.origin());
    endpoint.key = endpoint.key.map(|key| key.set_in("`a place`"));
    let said = run(&Remote::new(endpoint).unwrap(), &request()).1.unwrap_err();
    assert!(said.to_string().ends_with("who?; the key is that of `a place`"), "{said}");
}

/// A header or an address of the user's own may be the key: it counts, once, and is
/// said to be it.
#[test]
fn a_key_of_the_users_own_header_or_address_is_told_of() {
    let header = "; the key is that of the header `authorization` in your configuration";
    // The query, a header, whether there is a key, too; what is sent and said.
    for (query, name, has_key, sent, words) in [
        ("", "Authorization", true, "Bearer own-4711-word", header),
        ("", "Authorization", false, "Bearer own-4711-word", header),
        ("", "X-Title", true, "Bearer sk-test-4711", "who is it?"),
        (
            "?key=own-4711-word",
            "X-Title",
            false,
            "",
            "; the key is that of the address, behind its `?`",
        ),
        ("", "X-Title", false, "", "; no key is set for it"),
    ] {
        let detail = json!({"detail": "who is it?"});
        let server = ByteServer::start([refusing(401, &detail)]);
        let plain = endpoint(&server.origin());
        let base = Base::parse(&format!("{}/v1{query}", server.origin())).unwrap();
        let pairs = [(name.to_owned(), "Bearer own-4711-word".to_owned())];
        let headers = BoundHeaders::new(&base, &pairs).unwrap();
        let key = plain.key.clone().filter(|_| has_key);
        let own = Endpoint { base, key, headers: Some(headers), ..plain };
        let said = run(&Remote::new(own).unwrap(), &request()).1.unwrap_err().to_string();
        let what = format!("{query} {name} {has_key}: {said}");
        assert!(said.ends_with(words), "{what}");
        let request = &server.requests()[0];
        let all: Vec<_> =
            request.headers.iter().filter(|(name, _)| name == "authorization").collect();
        assert_eq!(
            all.first().map(|(_, value)| value.as_str()).unwrap_or_default(),
            sent,
            "{what}"
        );
        assert!(all.len() < 2, "{what}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let other = ByteServer::start([good()]);
    let target = format!("{}/v1/chat/completions", other.origin());
    for status in [301, 302, 307, 308] {
        let page = b"<html><title>Moved</title></html>";
        let server = ByteServer::start([vec![answer(status, &[("location", &target)], page)]]);
        let fault = run(&remote(&server.origin()), &request()).1.unwrap_err();
        assert_eq!(kind(&fault), "refused", "{status}");
        let words = format!("({status}): it redirects to {}, which is not", other.origin());
        assert!(fault.to_string().contains(&words), "{fault}");
    }
    let server = ByteServer::start([vec![answer(302, &[("location", "/login")], b"")]]);
    let fault = run(&remote(&server.origin()), &request()).1.unwrap_err();
    assert!(fault.to_string().contains("(302): it redirects to another of its own"), "{fault}");
    assert!(other.requests().is_empty(), "neither request nor key went there");
}

#[test]
fn a_key_of_another_origin_is_refused() {
    let mine = Base::parse("https://mine.example/v1").unwrap();
    let key = BoundKey::new(&mine, &SecretString::from(KEY)).unwrap();
    let other = Base::parse("https://other.example/v1").unwrap();
    let endpoint = Endpoint { key: Some(key), ..Endpoint::new(&OPENAI, other, "m", 1000) };
    assert!(!format!("{endpoint:?}").contains(KEY));
    let why = Remote::new(endpoint).err().unwrap().to_string();
    assert!(why.contains("https://other.example") && !why.contains(KEY), "{why}");
}

#[test]
fn refused_fields_are_left_out_from_then_on() {
    let openai = |param: &str, code: &str, message: &str| json!({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}});
    let table = [
        ("response_format", None, openai("response_format", "unsupported_value", "no")),
        (
            "response_format",
            None,
            json!({"error": {"message": "This response_format type is unavailable now"}}),
        ),
        (
            "response_format",
            None,
            openai("response_format", "", "Invalid schema for response_format 'reply'"),
        ),
        (
            "stream_options",
            None,
            json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}),
        ),
        ("seed", None, json!({"message": "unknown field `seed`"})),
        (
            "max_tokens",
            Some("max_completion_tokens"),
            openai(
                "max_tokens",
                "unsupported_parameter",
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            ),
        ),
        (
            "temperature",
            None,
            openai(
                "temperature",
                "unsupported_value",
                "Unsupported value: 'temperature' does not support 0.8 with this model.",
            ),
        ),
    ];
    let asked = Request { schema: Some(schema()), ..request() };
    for (field, instead, body) in table {
        let server = ByteServer::start([refusing(400, &body), good(), good()]);
        let provider = remote(&server.origin());
        for _ in 0..2 {
            assert_eq!(run(&provider, &asked).0, "a", "{field}");
        }
        let sent: Vec<Value> =
            server.requests().iter().map(crate::byte_server::Recorded::json).collect();
        assert!(sent[0].get(field).is_some(), "{field}");
        for later in &sent[1..] {
            assert!(later.get(field).is_none(), "{field} in {later}");
            if let Some(instead) = instead {
                assert_eq!(later[instead], sent[0][field]);
            }
        }
        assert_eq!((sent.len(), provider.left_out()), (3, vec![field]));
    }
}

#[test]
fn a_refused_value_is_not_spared() {
    let table = [
        "max_tokens is too large: 700. This model supports at most 512 completion tokens",
        "temperature must be between 0 and 0.5",
        "the prompt is too long",
    ];
    for message in table {
        let server = ByteServer::start([refusing(400, &json!({"error": {"message": message}}))]);
        let provider = remote(&server.origin());
        let fault = run(&provider, &request()).1.unwrap_err();
        assert!(fault.to_string().contains(message), "{fault}");
        assert_eq!((server.requests().len(), provider.left_out()), (1, vec![]));
    }
}

#[test]
fn several_refused_fields_are_left_out_one_by_one() {
    let refuses =
        |field: &str| refusing(422, &json!({"message": format!("`{field}` is not supported")}));
    // The same field twice ends it: it is no longer sent.
    let server = ByteServer::start([refuses("seed"), refuses("top_p"), refuses("seed"), good()]);
    let provider = remote(&server.origin());
    assert_eq!(kind(&run(&provider, &request()).1.unwrap_err()), "refused");
    assert_eq!(provider.left_out(), ["seed", "top_p"]);
    assert_eq!(run(&provider, &request()).0, "a");
}

#[test]
fn a_prompt_that_may_not_fit_is_not_sent() {
    let server = ByteServer::start([good()]);
    let mut endpoint = endpoint(&server.origin());
    endpoint.window = 750;
    let provider = Remote::new(endpoint).unwrap();
    let (_, reply) = run(&provider, &request());
    assert!(matches!(reply, Err(Fault::TooLong { window: 750, .. })), "{reply:?}");
    assert!(server.requests().is_empty());
}

//! A page of an endpoint: whole JSON from the same origin, or a fault.

use serde_json::{Value, json};
use storygen::provider::Fault;
use storygen::provider::http::Remote;

use crate::byte_server::{ByteServer, Step, answer};
use crate::common::{KEY, kind, remote};

fn page(provider: &Remote, path: &str) -> Result<Value, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(provider.page(path))
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[test]
fn a_page_comes_from_the_same_origin_with_the_same_key() {
    let list = json!({"data": [{"id": "a"}], "error": null});
    let server = ByteServer::start([
        vec![answer(200, &JSON, list.to_string().as_bytes())],
        // With a mark of the byte order, as some write it.
        vec![answer(200, &[], b"\xef\xbb\xbf[1]")],
    ]);
    let provider = remote(&format!("{}/v1", server.origin()));
    assert_eq!(page(&provider, "/models?limit=2").unwrap(), list);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let shown = runtime.block_on(provider.page_for("/show", &json!({"model": "m"})));
    assert_eq!(shown.unwrap(), json!([1]));
    let sent = server.requests();
    assert_eq!(sent[0].line, "GET /v1/models?limit=2 HTTP/1.1");
    assert_eq!(sent[1].line, "POST /v1/show HTTP/1.1");
    assert_eq!(sent[1].json(), json!({"model": "m"}));
    for request in &sent {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
}

#[test]
fn what_is_no_page_is_a_fault() {
    let page_of_html = b"<html><title>Sign in</title></html>".as_slice();
    let refused = b"{\"error\": {\"code\": 401, \"message\": \"who\"}}".as_slice();
    let big = format!("[\"{}\"]", "x".repeat(16 * 1024 * 1024));
    let cut = Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1".to_vec());
    let table: Vec<(Step, &str, &str)> = vec![
        (answer(404, &JSON, b"{\"error\": \"no\"}"), "refused", "(404): no; check `base_url`"),
        (answer(401, &JSON, b"{}"), "key", "neither a reply nor an error"),
        (answer(429, &[("retry-after", "7")], b""), "busy", "it said nothing"),
        (answer(302, &[("location", "https://other.example/")], b""), "refused", "not followed"),
        (answer(200, &JSON, refused), "key", "who"),
        (answer(200, &[], page_of_html), "not chat", "HTML page titled `Sign in`"),
        (answer(200, &JSON, b"[1"), "not chat", "text that is no JSON"),
        (answer(200, &JSON, b""), "not chat", "it said nothing"),
        (answer(200, &JSON, big.as_bytes()), "not chat", "more than 16777216 bytes"),
        (cut, "interrupted", ""),
        (Step::Reset, "interrupted", ""),
    ];
    for (step, expected, words) in table {
        let server = ByteServer::start([vec![step]]);
        let fault = page(&remote(&format!("{}/v1", server.origin())), "/models").unwrap_err();
        assert_eq!(kind(&fault), expected, "{fault}");
        assert!(fault.to_string().contains(words), "{fault} instead of {words}");
        assert_eq!(server.requests().len(), 1, "asked once: {fault}");
    }
}

//! Servers that speak something else than their address says: no try is repeated, and
//! what is to be looked at is named.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use storygen::provider::Fault;
use storygen::provider::http::{Base, Endpoint, Remote, SaidIn};
use storygen::provider::openai::OPENAI;

use crate::common::{patience, request, run};

/// A server that says these bytes to whoever comes, whatever it is asked; and how
/// many came.
fn says(bytes: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let came = Arc::new(AtomicUsize::new(0));
    let count = came.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            count.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 16];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(bytes);
        }
    });
    (host, came)
}

#[test]
fn what_speaks_another_language_is_told_and_asked_once() {
    let plain = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let ssh = b"SSH-2.0-OpenSSH_9.2p1\r\n";
    let tls = b"\x15\x03\x01\x00\x02\x02\x16";
    let no_tls = "what answers there does not speak TLS; a server of plain http does not";
    let no_http = "what answers there is no HTTP server";
    let other =
        "look at host and port in `STORYGEN_BASE_URL`; one that wants https is written `https://…`";
    let table: [(&str, &'static [u8], &str, Option<&str>); 5] = [
        ("https", plain, no_tls, None),
        ("https", ssh, no_tls, None),
        ("http", ssh, no_http, Some(other)),
        ("http", b"220 mail ESMTP\r\n", no_http, Some(other)),
        ("http", tls, no_http, Some(other)),
    ];
    for (scheme, bytes, words, expected) in table {
        let (host, came) = says(bytes);
        let base = Base::parse(&format!("{scheme}://{host}/v1")).expect("an address");
        let said_in = SaidIn { address: Some("`STORYGEN_BASE_URL`".to_owned()), model: None };
        let endpoint =
            Endpoint { said_in, patience: patience(), ..Endpoint::new(&OPENAI, base, "m", 8_192) };
        let (text, reply) = run(&Remote::new(endpoint).expect("a provider"), &request());
        let name = format!("{scheme}, {}", String::from_utf8_lossy(bytes));
        let Err(Fault::Foreign { origin, why, way }) = reply else { panic!("{name}: {reply:?}") };
        assert_eq!((text.as_str(), origin), ("", format!("{scheme}://{host}")), "{name}");
        assert_eq!(why, words, "{name}");
        let instead =
            format!("write `http://{host}` instead of `https://{host}` in `STORYGEN_BASE_URL`");
        assert_eq!(way, expected.unwrap_or(&instead), "{name}");
        assert_eq!(came.load(Ordering::SeqCst), 1, "{name}");
    }
}

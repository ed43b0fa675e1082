//! The framer: a table of byte streams, and any way to cut them.

use proptest::prelude::*;
use storygen::provider::dialects::DIALECTS;
use storygen::provider::http::dialect::Knobs;
use storygen::provider::lines::Lines;
use storygen::provider::sse::{Event, FrameError, Framer};

use crate::common::request;

fn event(name: &str, data: &str) -> Event {
    Event { name: name.into(), data: data.into() }
}

/// The events, then what the end of the stream left, then the fault.
fn read(chunks: &[&[u8]], limit: usize) -> (Vec<Event>, Result<Option<Event>, FrameError>) {
    let mut framer = Framer::with_limit(limit);
    let mut events = Vec::new();
    for chunk in chunks {
        if let Err(fault) = framer.push(chunk, &mut events) {
            return (events, Err(fault));
        }
    }
    (events, framer.finish())
}

type Case<'a> =
    (&'a str, &'a [u8], &'a [(&'a str, &'a str)], Result<Option<(&'a str, &'a str)>, FrameError>);

const LIMIT: usize = 64;

const CASES: &[Case] = &[
    ("nothing", b"", &[], Ok(None)),
    ("line feeds", b"data: a\n\ndata: b\n\n", &[("", "a"), ("", "b")], Ok(None)),
    ("carriage returns", b"data: a\r\rdata: b\r\r", &[("", "a"), ("", "b")], Ok(None)),
    ("both", b"data: a\r\n\r\ndata: b\r\n\r\n", &[("", "a"), ("", "b")], Ok(None)),
    ("mixed", b"data: a\r\n\ndata: b\n\r\n", &[("", "a"), ("", "b")], Ok(None)),
    ("byte-order mark", b"\xef\xbb\xbfdata: a\n\n", &[("", "a")], Ok(None)),
    ("mark alone", b"\xef\xbb\xbf", &[], Ok(None)),
    ("a mark later on is text", b"\n\xef\xbb\xbfdata: a\n\n", &[], Ok(None)),
    ("no space", b"data:a\n\n", &[("", "a")], Ok(None)),
    ("two spaces", b"data:  a\n\n", &[("", " a")], Ok(None)),
    ("several lines", b"data: a\ndata:\ndata: b\n\n", &[("", "a\n\nb")], Ok(None)),
    ("empty data", b"data\n\ndata:\n\n", &[("", ""), ("", "")], Ok(None)),
    ("comments", b": ping\n\n:\n\n: x\ndata: a\n\n", &[("", "a")], Ok(None)),
    ("a comment inside", b"data: a\n: ping\ndata: b\n\n", &[("", "a\nb")], Ok(None)),
    ("a wrapped comment", b"data: : keepalive\n\ndata: a\n\n", &[("", "a")], Ok(None)),
    ("a name", b"event: ping\ndata: a\n\ndata: b\n\n", &[("ping", "a"), ("", "b")], Ok(None)),
    ("a name without data", b"event: ping\n\ndata: b\n\n", &[("", "b")], Ok(None)),
    (
        "an error of llama.cpp",
        b"error: {\"code\":500}\n\nerror: no\n\n",
        &[("error", "{\"code\":500}")],
        Ok(None),
    ),
    ("other fields", b"id: 1\nretry: 5\nfoo: x\nbar\ndata: a\n\n", &[("", "a")], Ok(None)),
    ("many blank lines", b"\n\n\ndata: a\n\n\n\n", &[("", "a")], Ok(None)),
    ("UTF-8", "data: “日本—🙂”\n\n".as_bytes(), &[("", "“日本—🙂”")], Ok(None)),
    ("no last blank line", b"data: a\n\ndata: b\n", &[("", "a")], Ok(Some(("", "b")))),
    ("no last line end", b"event: e\ndata: b", &[], Ok(Some(("e", "b")))),
    ("a last comment", b"data: a\n\n: bye", &[("", "a")], Ok(None)),
    ("a page", b"<html>\n<title>no</title>\n\n</html>", &[], Ok(None)),
    ("an object", b"{\"error\": 1}", &[], Ok(None)),
    ("not UTF-8", b"data: a\n\ndata: \xff\n\n", &[("", "a")], Err(FrameError::NotUtf8)),
    ("cut in a character", b"data: a\n\ndata: \xe2\x80", &[("", "a")], Err(FrameError::NotUtf8)),
    ("an endless line", &[b'x'; LIMIT + 1], &[], Err(FrameError::TooBig(LIMIT))),
    (
        "an endless comment",
        b"data: a\n\n: 0123456789012345678901234567890123456789012345678901234567890123456789",
        &[("", "a")],
        Err(FrameError::TooBig(LIMIT)),
    ),
    (
        "an endless event",
        b"data: 01234567890123456789012345678901\ndata: 01234567890123456789012345678901\n\n",
        &[],
        Err(FrameError::TooBig(LIMIT)),
    ),
];

#[test]
fn each_stream_gives_its_events_whole_and_byte_by_byte() {
    for (name, bytes, events, end) in CASES {
        let events: Vec<Event> = events.iter().map(|(n, d)| event(n, d)).collect();
        let end = end.map(|pending| pending.map(|(n, d)| event(n, d)));
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&[bytes], LIMIT), (events.clone(), end.clone()), "{name}");
        assert_eq!(read(&single, LIMIT), (events, end), "{name}, byte by byte");
    }
}

/// The lines, then the fault.
fn lines(chunks: &[&[u8]]) -> (Vec<String>, Result<(), FrameError>) {
    let mut lines = Lines::with_limit(8);
    let mut seen = Vec::new();
    let take = |line: &str| {
        seen.push(line.to_owned());
        Ok(())
    };
    let mut take = take;
    for chunk in chunks {
        if let Err(fault) = lines.push(chunk, &mut take) {
            return (seen, Err(fault));
        }
    }
    let end = lines.finish(&mut take);
    (seen, end)
}

#[test]
fn lines_are_cut_at_their_ends_and_nowhere_else() {
    type Case<'a> = (&'a [u8], &'a [&'a str], Result<(), FrameError>);
    let cases: &[Case<'_>] = &[
        (b"", &[], Ok(())),
        (b"a\nb\n", &["a", "b"], Ok(())),
        (b"a\r\nb\r\n", &["a", "b"], Ok(())),
        (b"a\rb\r", &["a", "b"], Ok(())),
        (b"a\n\nb", &["a", "", "b"], Ok(())),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", &["a", "\u{feff}b"], Ok(())),
        ("“é”\n".as_bytes(), &["“é”"], Ok(())),
        (b"a\n\xff\n", &["a"], Err(FrameError::NotUtf8)),
        (b"a\n\xe2\x80", &["a"], Err(FrameError::NotUtf8)),
        (b"12345678\n", &["12345678"], Ok(())),
        (b"a\n123456789", &["a"], Err(FrameError::TooBig(8))),
    ];
    for (bytes, expected, end) in cases {
        let expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(lines(&[bytes]), (expected.clone(), *end), "{bytes:?}");
        assert_eq!(lines(&single), (expected, *end), "{bytes:?}, byte by byte");
    }
}

#[test]
fn a_big_event_costs_linear_time() {
    let mut stream = b"data: ".to_vec();
    stream.resize(4 * 1024 * 1024, b'x');
    stream.extend_from_slice(b"\n\n");
    let chunks: Vec<&[u8]> = stream.chunks(1024).collect();
    let start = std::time::Instant::now();
    let (events, end) = read(&chunks, storygen::provider::sse::EVENT_LIMIT);
    // Quadratic framers take minutes for this in a debug build.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].data.len(), 4 * 1024 * 1024 - 6);
    assert_eq!(end, Ok(None));
}

/// Bytes that look like a stream now and then.
fn streamlike() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"data:".to_vec()),
        Just(b"data: x".to_vec()),
        Just(b"event: y".to_vec()),
        Just(b": z".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just("\u{feff}".as_bytes().to_vec()),
        Just("語🙂".as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_event_upsets_the_reader(
        name in "error|ping|",
        data in r#"\{"(token|content|type|stop|done|results|last_input_count)":(null|1|true|"error"|"message_stop"|\[\]|\{\}|\[\{"text":1\}\])(,"(finish_reason|stop_type|done_reason|delta|usage|message|prompt_eval_count)":(null|"stop"|-1|\{"text":2\}|\[\]))?\}|\[DONE\]|[{}\[\]":,a-z0-9]{0,40}|\{"(choices|error|object|message|detail|usage)":(\[?\{?"(delta|message|finish_reason|text|msg|loc)":(null|1|"stop"|\[\]|\{\})\}?\]?|null|"error"|7)\}"#,
    ) {
        for dialect in DIALECTS {
            let mut reader = (dialect.read)(&request(), &Knobs::default());
            let _ = reader.event(&event(&name, &data));
            if let Ok(value) = serde_json::from_str(&data) {
                let _ = reader.whole(&value);
                let _ = reader.told(&value);
            }
        }
    }

    #[test]
    fn no_body_shows_the_key_or_moves_the_cursor(
        before in prop::collection::vec(any::<u8>(), 0..40),
        tag in "<title>|\\{\"error\":\"|",
    ) {
        use storygen::provider::http::refusal::{of_body, shown};
        let body = [tag.as_bytes(), &before, b"sk-1\"}</title>"].concat();
        let said = shown(&of_body(&body).message, &["sk-1"]);
        prop_assert!(!said.contains("sk-1") && !said.contains(char::is_control), "{said:?}");
    }

    #[test]
    fn how_the_bytes_are_cut_changes_nothing(
        bytes in streamlike(),
        cuts in prop::collection::vec(1usize..9, 1..20),
    ) {
        let mut chunks = Vec::new();
        let mut rest = bytes.as_slice();
        for size in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, tail) = rest.split_at((*size).min(rest.len()));
            chunks.push(chunk);
            rest = tail;
        }
        prop_assert_eq!(read(&chunks, LIMIT), read(&[&bytes], LIMIT));
    }
}

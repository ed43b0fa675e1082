//! Every class of fault, at every wire it can happen to: exact bytes from a
//! server of our own, and what they must come to.

use std::time::{Duration, Instant};

use serde_json::json;
use storygen::provider::http::{Patience, Remote};
use storygen::provider::{Finish, Usage};

use crate::byte_server::{ByteServer, Recorded, Step, answer, chunk};
use crate::common::{Heard, hear, kind, patience, request, run, send};
use crate::wires::{WIRES, Wire};

/// What a case must come to: a finish, or a fault whose words hold some others.
#[derive(Clone, Copy, Debug)]
enum Comes {
    To(Finish2),
    Fails(&'static str, &'static str),
}
use Comes::{Fails, To};

/// A finish that can be written into a table.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Finish2 {
    Stop,
    Length,
}

impl Finish2 {
    fn is(self, finish: &Finish) -> bool {
        match self {
            Self::Stop => *finish == Finish::Stop,
            Self::Length => *finish == Finish::Length,
        }
    }
}

const STOP: Comes = To(Finish2::Stop);
const LENGTH: Comes = To(Finish2::Length);

/// How often the model was asked; a page about the last reply is no such request.
pub fn asked(server: &ByteServer) -> usize {
    let is_call = |request: &&Recorded| request.line.starts_with("POST");
    server.requests().iter().filter(is_call).count()
}

/// Serves the steps once and holds what is heard against what must come.
fn check(wire: &Wire, name: &str, steps: Vec<Step>, text: &str, comes: Comes) -> Heard {
    let server = ByteServer::start([steps]);
    let heard = hear(&wire.once(&server), &request());
    let place = format!("{}, {name}", wire.name());
    assert_eq!(heard.text, text, "{place}: the text");
    match (&heard.reply, comes) {
        (Ok(reply), To(finish)) => assert!(finish.is(&reply.finish), "{place}: {reply:?}"),
        (Err(fault), Fails(expected, words)) => {
            assert_eq!(kind(fault), expected, "{place}: {fault}");
            let said = fault.to_string();
            assert!(said.contains(words), "{place}: {said}");
            assert!(!said.contains('<') && !said.contains("10.0.0.7"), "{place}: {said}");
        }
        (reply, _) => panic!("{place}: {reply:?} instead of {comes:?}"),
    }
    assert_eq!(asked(&server), 1, "{place}");
    heard
}

const TEXT: &str = "“日本—🙂é”";

#[test]
fn a_stream_may_be_cut_at_every_byte() {
    for wire in WIRES {
        let whole = wire.reply(TEXT);
        let cuts = 1..whole.len();
        let server = ByteServer::start(cuts.clone().flat_map(|at| {
            let (left, right) = whole.as_bytes().split_at(at);
            let page = vec![answer(404, &[], b"")];
            // Only one wire asks for a page after each reply.
            let after = wire.dialect.after.map(|_| page);
            [Some(wire.in_pieces(&[left, right])), after].into_iter().flatten()
        }));
        let provider = wire.once(&server);
        for at in cuts {
            let (text, reply) = run(&provider, &request());
            assert_eq!(text, TEXT, "{} cut at {at}", wire.name());
            assert_eq!(reply.unwrap().finish, Finish::Stop, "{} cut at {at}", wire.name());
        }
    }
}

#[test]
fn a_stream_may_come_byte_by_byte() {
    for wire in WIRES {
        let whole = wire.reply(TEXT);
        let bytes: Vec<&[u8]> = whole.as_bytes().chunks(1).collect();
        check(wire, "byte by byte", wire.in_pieces(&bytes), TEXT, STOP);
    }
}

#[test]
fn line_ends_marks_and_comments_change_nothing() {
    for wire in WIRES {
        let whole = wire.reply(TEXT);
        let first = whole.find('\n').unwrap() + 1;
        let (begin, rest) = whole.split_at(first);
        let mut table = vec![
            ("a byte-order mark", format!("\u{feff}{whole}")),
            ("CRLF", whole.replace('\n', "\r\n")),
            ("CR", whole.replace('\n', "\r")),
            ("blank lines", format!("\n\n{whole}\n\n")),
            ("keep-alives", [wire.ping, wire.ping, &whole].concat()),
        ];
        if wire.is_lines() {
            table.push(("no last line end", whole.trim_end().to_owned()));
            table.push(("spaces", format!("  {begin} {rest}")));
        } else {
            table.push(("no last blank line", whole.trim_end().to_owned()));
            table.push(("no space", whole.replace("data: ", "data:")));
            table.push((
                "comments",
                format!(": OPENROUTER PROCESSING\n\n:\n\ndata: : keepalive\n\n{whole}: bye"),
            ));
            table.push(("other fields", format!("id: 7\nretry: 10\n{whole}")));
        }
        for (name, bytes) in table {
            check(wire, name, wire.closed(bytes.clone()), TEXT, STOP);
            let at = bytes.find('\r').map_or(1, |at| at + 1);
            let (left, right) = bytes.as_bytes().split_at(at);
            check(wire, &format!("{name}, split"), wire.in_pieces(&[left, right]), TEXT, STOP);
        }
        let bad = [(wire.says)("a").as_bytes(), b"data: \xff\xff\n\n"].concat();
        check(wire, "not UTF-8", wire.closed(bad), "a", Fails("interrupted", "not UTF-8"));
    }
}

#[test]
fn a_stream_need_not_say_what_it_is() {
    for wire in WIRES {
        let whole = wire.reply(TEXT);
        let table: [&[(&str, &str)]; 3] = [
            &[],
            &[("content-type", "text/plain")],
            &[("content-type", "application/octet-stream")],
        ];
        for headers in table {
            check(wire, "untyped", vec![answer(200, headers, whole.as_bytes())], TEXT, STOP);
        }
        if wire.is_lines() {
            let json = [("content-type", "application/json")];
            check(wire, "as JSON", vec![answer(200, &json, whole.as_bytes())], TEXT, STOP);
        }
    }
}

#[test]
fn only_a_proven_end_is_an_end() {
    for wire in WIRES {
        let begun = (wire.begins)() + &(wire.says)("a");
        let [stop, length] = wire.words;
        let ends = |word: &str| begun.clone() + &(wire.ends)(word, None);
        let cut = Fails("interrupted", "without a finish signal");
        check(wire, "stop", wire.closed(ends(stop) + wire.mark), "a", STOP);
        check(wire, "length", wire.closed(ends(length) + wire.mark), "a", LENGTH);
        check(wire, "no mark", wire.closed(ends(stop)), "a", STOP);
        check(wire, "closed", wire.closed(begun.clone()), "a", cut);
        check(wire, "mark alone", wire.closed(begun.clone() + wire.mark), "a", cut);
        let half = vec![wire.head(), send(begun.clone()), Step::HalfClose];
        check(wire, "half closed", half, "a", cut);
        let chunks = vec![wire.chunked_head(), chunk(begun.as_bytes())];
        check(wire, "cut chunks", chunks, "a", Fails("interrupted", ""));
        check(wire, "empty", wire.closed(""), "", Fails("interrupted", "empty"));
        check(wire, "no head", vec![], "", Fails("interrupted", ""));
        check(wire, "reset", vec![Step::Reset], "", Fails("interrupted", ""));
        let foreign = Fails("interrupted", "`pause_turn`");
        check(wire, "foreign", wire.closed(ends("pause_turn") + wire.mark), "a", foreign);
        // An event cut in its midst is no fault of its own.
        let last = (wire.says)("b");
        let torn = begun.clone() + &last[..last.len() / 2];
        check(wire, "torn", wire.closed(torn), "a", cut);
    }
}

#[test]
fn a_proven_end_is_an_end_whatever_follows() {
    for wire in WIRES {
        let [stop, _] = wire.words;
        let whole = (wire.begins)() + &(wire.says)("a") + &(wire.ends)(stop, None);
        let marked = whole.clone() + wire.mark;
        check(wire, "open", vec![wire.head(), send(whole.clone()), Step::Hold], "a", STOP);
        check(wire, "open after the mark", vec![wire.head(), send(marked), Step::Hold], "a", STOP);
        let pause = Step::Pause(Duration::from_millis(50));
        check(wire, "reset", vec![wire.head(), send(whole.clone()), pause, Step::Reset], "a", STOP);
        let noise = whole.clone() + "data: {\"choices\n\n";
        check(wire, "noise", wire.closed(noise), "a", STOP);
        let pings = [wire.ping; 400].concat();
        check(wire, "keep-alives", wire.closed(whole + &pings), "a", STOP);
    }
}

#[test]
fn errors_inside_a_200_are_errors() {
    for wire in WIRES {
        let begun = (wire.begins)() + &(wire.says)("a");
        let busy = (wire.fails)(429, "slow down");
        check(wire, "at once", wire.closed(busy), "", Fails("busy", "slow down"));
        let server = begun + &(wire.fails)(500, "it broke");
        let broke = Fails("server", "it broke");
        check(wire, "torn end", wire.closed(server.trim_end()), "a", broke);
        check(wire, "after text", wire.closed(server), "a", broke);
        let json = [("content-type", "application/json")];
        let error = br#"{"error": {"code": 401, "message": "who"}}"#;
        check(wire, "JSON", vec![answer(200, &json, error)], "", Fails("key", "who"));
        check(wire, "JSON in a stream", wire.closed(&error[..]), "", Fails("key", "who"));
    }
}

#[test]
fn what_is_no_chat_is_named() {
    let page =
        b"<!doctype html><html><head><title>Sign in</title></head><body>10.0.0.7</body></html>";
    let html = [("content-type", "text/html; charset=utf-8")];
    let json = [("content-type", "application/json")];
    let titled = Fails("not chat", "an HTML page titled `Sign in`");
    for wire in WIRES {
        check(wire, "a page", vec![answer(200, &html, page)], "", titled);
        if !wire.is_lines() {
            check(wire, "a page as a stream", wire.closed(&page[..]), "", titled);
        }
        let other = vec![answer(200, &json, br#"{"ok": true}"#)];
        check(wire, "other JSON", other, "", Fails("not chat", "JSON without"));
        check(wire, "text", vec![answer(200, &[], b"hello")], "", Fails("not chat", "no JSON"));
        check(
            wire,
            "nothing",
            vec![answer(204, &[], b"")],
            "",
            Fails("not chat", "it said nothing"),
        );
        let garbled = if wire.is_lines() { "hello\n" } else { "data: hello\n\n" };
        check(wire, "garbled at once", wire.closed(garbled), "", Fails("not chat", "not JSON"));
        let later = (wire.says)("a") + garbled + &(wire.says)("b");
        check(wire, "garbled later", wire.closed(later), "a", Fails("interrupted", "not JSON"));
    }
}

/// `printf 'data: {}\n\n' | gzip`, near enough: only its beginning is looked at.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x49\x2c\x49\xb4\x52";

#[test]
fn a_compressed_answer_is_a_clear_fault() {
    let packed = Fails("not chat", "gzip, which was not asked for");
    for wire in WIRES {
        let said = [("content-type", wire.kind), ("content-encoding", "gzip")];
        check(wire, "said", vec![answer(200, &said, GZIP)], "", packed);
        check(wire, "unsaid", wire.closed(GZIP), "", packed);
        let json = [("content-type", "application/json")];
        check(wire, "as JSON", vec![answer(200, &json, GZIP)], "", packed);
        check(wire, "refused", vec![answer(400, &said, GZIP)], "", Fails("refused", "gzip"));
        // Nothing in its bytes gives this one away.
        let brotli = [("content-type", wire.kind), ("content-encoding", "br")];
        let unasked = Fails("not chat", "br, which was not asked for");
        check(wire, "brotli", vec![answer(200, &brotli, b"\x0b\x02\x80\x61\x03")], "", unasked);
        let identity = [("content-type", wire.kind), ("content-encoding", "identity")];
        let whole = wire.reply("a");
        check(wire, "identity", vec![answer(200, &identity, whole.as_bytes())], "a", STOP);
    }
}

#[test]
fn a_reply_that_is_no_stream_is_a_reply() {
    let json = [("content-type", "application/json; charset=utf-8")];
    for wire in WIRES {
        let whole = (wire.whole)(TEXT).to_string();
        check(wire, "whole", vec![answer(200, &json, whole.as_bytes())], TEXT, STOP);
        check(wire, "untyped", vec![answer(200, &[], whole.as_bytes())], TEXT, STOP);
    }
}

#[test]
fn big_events_are_read_and_endless_ones_are_not() {
    let big = "x".repeat(4 * 1024 * 1024);
    let endless = "x".repeat(17 * 1024 * 1024);
    for wire in WIRES {
        check(wire, "4 MiB", wire.closed(wire.reply(&big)), &big, STOP);
        let line = wire.closed(endless.clone());
        check(wire, "endless", line, "", Fails("not chat", "more than 16777216 bytes"));
        let later = wire.closed((wire.says)("a") + &endless);
        check(wire, "endless later", later, "a", Fails("interrupted", "more than 16777216 bytes"));
    }
}

/// What a wire's server sends, the text that is heard of it, and whether that is all.
fn slow_streams(wire: &Wire, idle: Duration) -> [(&'static str, Vec<Step>, &'static str, bool); 4] {
    let [stop, _] = wire.words;
    let slowly = |piece: String| [Step::Pause(idle / 4), send(piece)];
    let drip = (0..8).flat_map(|_| slowly((wire.says)("a")));
    let pings = (0..8).flat_map(|_| slowly(wire.ping.to_owned()));
    let end = [send((wire.ends)(stop, None) + wire.mark)];
    let begin = || [wire.head(), send((wire.begins)() + wire.ping)].into_iter();
    let stall = vec![wire.head(), send((wire.begins)() + &(wire.says)("a")), Step::Hold];
    [
        ("stall", stall, "a", false),
        ("stall at the head", vec![Step::Hold], "", false),
        ("slow drip", begin().chain(drip).chain(end.clone()).collect(), "aaaaaaaa", true),
        ("keep-alives", begin().chain(pings).chain(end).collect(), "", true),
    ]
}

#[test]
fn silence_ends_a_stream_but_slowness_does_not() {
    let idle = Duration::from_millis(300);
    let try_out = |wire: &Wire| {
        for (name, steps, text, whole) in slow_streams(wire, idle) {
            let server = ByteServer::start([steps]);
            let mut endpoint = wire.endpoint(&server.origin());
            endpoint.patience =
                Patience { idle, connect: Duration::from_millis(100), ..patience() };
            let start = Instant::now();
            let (heard, reply) = run(&Remote::new(endpoint).unwrap(), &request());
            let place = format!("{}, {name}", wire.name());
            assert!(start.elapsed() >= idle, "{place}");
            assert_eq!((heard.as_str(), reply.is_ok()), (text, whole), "{place}: {reply:?}");
            if let Err(fault) = reply {
                assert!(fault.to_string().contains("nothing came for 300ms"), "{place}: {fault}");
            }
            // Silence is not repaired by asking the same again.
            assert_eq!(asked(&server), 1, "{place}");
        }
    };
    // They wait for time to pass, so they may as well wait together.
    std::thread::scope(|scope| {
        for wire in WIRES {
            scope.spawn(|| try_out(wire));
        }
    });
}

#[test]
fn each_status_is_tried_as_often_as_it_can_help() {
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
        (504, "server", 4),
        (524, "server", 4),
        (529, "busy", 4),
    ];
    let json = [("content-type", "application/json")];
    for wire in WIRES {
        for (status, expected, tries) in table {
            let body = json!({"error": {"message": "some words"}}).to_string();
            let refusal = vec![answer(status, &json, body.as_bytes())];
            let server = ByteServer::start((0..5).map(|_| refusal.clone()));
            let heard = hear(&wire.remote(&server), &request());
            let fault = heard.reply.unwrap_err();
            let place = format!("{} {status}", wire.name());
            assert_eq!((kind(&fault), heard.text.as_str()), (expected, ""), "{place}: {fault}");
            assert_eq!((asked(&server), heard.bills.len()), (tries, tries), "{place}");
        }
    }
}

#[test]
fn nothing_is_sent_again_once_text_has_come() {
    for wire in WIRES {
        let begun = (wire.begins)() + &(wire.says)("a");
        let server = ByteServer::start([wire.closed(begun), wire.closed(wire.reply("b"))]);
        let (text, reply) = run(&wire.remote(&server), &request());
        assert_eq!((text.as_str(), kind(&reply.unwrap_err())), ("a", "interrupted"));
        assert_eq!(asked(&server), 1, "{}", wire.name());
        // What breaks off before any word is sent again.
        for nothing in [(wire.begins)(), (wire.begins)() + &(wire.says)("\n\n ")] {
            let server = ByteServer::start([wire.closed(nothing), wire.closed(wire.reply("b"))]);
            let (text, reply) = run(&wire.remote(&server), &request());
            assert_eq!((text.as_str(), reply.is_ok()), ("b", true), "{}", wire.name());
            assert_eq!(asked(&server), 2, "{}", wire.name());
        }
        // White space is text where text follows, and where it is all.
        let [stop, _] = wire.words;
        for said in [vec!["\n", " ", "b"], vec![" ", "\n"]] {
            let texts: String = said.iter().map(|text| (wire.says)(text)).collect();
            let whole = (wire.begins)() + &texts + &(wire.ends)(stop, None);
            check(wire, "white space", wire.closed(whole), &said.concat(), STOP);
        }
    }
}

#[test]
fn tokens_are_what_the_endpoint_counted() {
    for wire in WIRES.iter().filter(|wire| wire.counts) {
        let reply = check(wire, "counted", wire.closed(wire.reply("a")), "a", STOP).reply.unwrap();
        // One wire has no word for what was cached.
        let cached = if wire.is_lines() { 0 } else { 40 };
        let usage = Usage { prompt: 90, cached, reply: 3, ..Usage::default() };
        assert_eq!(reply.usage, Some(usage), "{}", wire.name());
    }
}

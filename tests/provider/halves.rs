//! A character that came in two halves, as servers send it that count text in UTF-16.

use storygen::provider::Finish;

use crate::byte_server::{ByteServer, answer};
use crate::common::{request, run};
use crate::faults::asked;
use crate::wires::WIRES;

/// Pieces of a reply with `<` for the first half of `😀` and `>` for the second,
/// and the text that they are.
const PIECES: &[(&[&str], &str)] = &[
    (&["a<", ">b"], "a😀b"),
    (&["a<", "", ">b"], "a😀b"),
    (&["<", "><", ">"], "😀😀"),
    (&["<>"], "😀"),
    (&["a", "<"], "a\u{fffd}"),
    (&["a<", "b"], "a\u{fffd}b"),
    (&["a", ">", "b"], "a\u{fffd}b"),
];

/// The halves as JSON writes them.
fn written(events: &str) -> String {
    events.replace('<', "\\ud83d").replace('>', "\\ude00")
}

#[test]
fn a_character_in_two_halves_is_whole_and_a_half_breaks_nothing() {
    for wire in WIRES {
        let [stop, _] = wire.words;
        for (pieces, text) in PIECES {
            let place = format!("{}, {pieces:?}", wire.name());
            let says: String = pieces.iter().map(|piece| (wire.says)(piece)).collect();
            let stream =
                [(wire.begins)(), written(&says), (wire.ends)(stop, None), wire.mark.into()];
            let server = ByteServer::start([wire.closed(stream.concat())]);
            let (heard, reply) = run(&wire.remote(&server), &request());
            assert_eq!((heard.as_str(), reply.unwrap().finish), (*text, Finish::Stop), "{place}");
            assert_eq!(asked(&server), 1, "{place}");
        }
        let json = [("content-type", "application/json")];
        let whole = written(&(wire.whole)("a<b<>").to_string());
        let server = ByteServer::start([vec![answer(200, &json, whole.as_bytes())]]);
        let (heard, reply) = run(&wire.remote(&server), &request());
        assert_eq!(heard, "a\u{fffd}b😀", "{}: {reply:?}", wire.name());
    }
}

#[test]
fn what_breaks_off_within_a_character_has_not_said_it() {
    for wire in WIRES {
        let begun = (wire.begins)() + &written(&(wire.says)("a<"));
        let server = ByteServer::start([wire.closed(begun)]);
        let (heard, reply) = run(&wire.remote(&server), &request());
        assert_eq!((heard.as_str(), reply.is_err()), ("a", true), "{}", wire.name());
    }
}

//! What the embedded model must not say, where it stops, and how it chooses:
//! with a real model file.
//!
//! `STORYGEN_TEST_MODEL` names the file; without it, it is the one that
//! `tests/run` has fetched. A missing model fails these tests.
#![cfg(feature = "embedded")]

#[path = "support/peer.rs"]
mod peer;

use std::collections::BTreeSet;
use std::sync::Arc;

use peer::model;
use storygen::chat::{Message, Role};
use storygen::phrases::{Bans, Phrases, Place, worn_in};
use storygen::provider::embedded::{Embedded, Options};
use storygen::provider::sampling::{Dry, Xtc};
use storygen::provider::{Finish, Provider, Reply, Request, Sampling};
use tokio_util::sync::CancellationToken;

fn open() -> Embedded {
    let options = Options { threads: Some(1), window: Some(2048), state_folder: None };
    Embedded::open(&model(), options).unwrap()
}

/// A request whose reply is the likeliest one.
fn asked(text: &str, reply_tokens: usize) -> Request {
    Request {
        messages: vec![Message::new(Role::User, text)],
        reply_tokens,
        sampling: Sampling { temperature: Some(0.0), ..Sampling::default() },
        seed: 7,
        schema: None,
        bans: None,
        marks: Vec::new(),
    }
}

/// The same, drawn by lot as prose is.
fn lively(text: &str, reply_tokens: usize) -> Request {
    let sampling = Sampling {
        temperature: Some(0.9),
        top_p: Some(0.95),
        min_p: Some(0.05),
        repetition_penalty: Some(1.1),
        dry: Some(Dry { multiplier: 0.8, base: 1.75, allowed_length: 3 }),
        ..Sampling::default()
    };
    Request { sampling, ..asked(text, reply_tokens) }
}

fn phrase_bans<S: AsRef<str>>(phrases: &[S]) -> Arc<Bans> {
    let list = Phrases::new(phrases.iter().map(|phrase| phrase.as_ref().to_owned())).unwrap();
    Arc::new(Bans::default().and(Arc::new(list), BTreeSet::new(), Place::Anywhere))
}

/// The reply and its pieces as they came.
fn pieces(provider: &Embedded, request: &Request) -> (Vec<String>, Reply) {
    let mut pieces = Vec::new();
    let mut on_text = |piece: &str| pieces.push(piece.to_owned());
    let reply = block_on(provider.stream(request, None, &mut on_text, &CancellationToken::new()));
    let reply = reply.unwrap();
    (pieces, reply)
}

fn say(provider: &Embedded, request: &Request) -> String {
    pieces(provider, request).0.concat()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs of three words of a text, which its writer likes to say.
fn liked(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare =
        |words: &[&str]| words.join(" ").trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    words.windows(3).map(bare).filter(|phrase| phrase.split(' ').count() == 3).collect()
}

#[test]
fn a_phrase_that_the_model_would_say_is_not_said() {
    let provider = open();
    assert!(provider.facts().steps_back);
    for seed in 0..3 {
        let mut request = lively("Tell me a story about a lighthouse keeper and the sea.", 120);
        request.seed = seed;
        let before = say(&provider, &request);
        let phrases: Vec<String> = liked(&before).into_iter().step_by(5).collect();
        assert!(phrases.len() > 8, "{before}");
        request.bans = Some(phrase_bans(&phrases));
        let list = request.bans.clone().unwrap();
        assert!(list.within(&before).len() > 8);
        let after = say(&provider, &request);
        assert_eq!(list.within(&after), [], "{phrases:?}\n{after}");
        // Up to the first phrase nothing is different.
        let first = list.within(&before)[0].from;
        let kept = before[..first].trim_end();
        assert!(after.starts_with(kept), "{kept}\n---\n{after}");
        assert!(after.split_whitespace().count() > 50, "{after}");
    }
}

#[test]
fn what_is_not_said_changes_nothing() {
    let provider = open();
    // Worn phrases that begin as much that is said, and end otherwise.
    let mut request = lively("Tell me a story about a lighthouse keeper and the sea.", 100);
    let plain = say(&provider, &request);
    let nearly: Vec<String> =
        liked(&plain).iter().map(|phrase| format!("{phrase} xyzzy")).collect();
    request.bans = Some(phrase_bans(&nearly));
    let (held, reply) = pieces(&provider, &request);
    assert_eq!(held.concat(), plain);
    assert_eq!(reply.usage.unwrap().reply, 100);
    // What cannot become a phrase streams as it comes.
    request.bans = Some(phrase_bans(&["xyzzy plugh"]));
    assert_eq!(
        pieces(&provider, &request).0.len(),
        pieces(&provider, &Request { bans: None, ..request.clone() }).0.len()
    );
    assert!(held.len() > 5, "{held:?}");
}

#[test]
fn a_model_that_insists_is_let_be() {
    let provider = open();
    let mut request = asked("Hello.", 12);
    // The likeliest token, found by halves: who may not say it says another one.
    let mut first = |without: std::ops::Range<u32>| {
        request.sampling.logit_bias = without.map(|number| (number, -100.0)).collect();
        say(&provider, &Request { reply_tokens: 1, ..request.clone() })
    };
    let likeliest = first(0..0);
    let (mut number, mut end) = (0_u32, 49_152);
    while end - number > 1 {
        let middle = number.midpoint(end);
        if first(number..middle) == likeliest { number = middle } else { end = middle }
    }
    // Made so likely that nothing else is ever said.
    request.sampling.logit_bias = [(number, 60.0)].into();
    let plain = say(&provider, &request);
    let word = plain.split_whitespace().next().unwrap().to_owned();
    request.bans = Some(phrase_bans(&[format!("{word} {word}"), word.clone()]));
    assert_eq!(say(&provider, &request), plain);
}

#[test]
fn the_same_request_gives_the_same_text_however_it_is_computed() {
    let (provider, other) = (open(), open());
    let text = "The keeper counted the lamps along the quay and wrote the number into his book. "
        .repeat(20);
    let mut request = lively(&format!("{text}Tell me what happened next to the keeper."), 80);
    let plain = say(&provider, &request);
    let phrases: Vec<String> = liked(&plain).into_iter().step_by(4).collect();
    request.bans = Some(phrase_bans(&phrases));
    let first = say(&provider, &request);
    assert_ne!(first, plain);
    let (again, reply) = pieces(&provider, &request);
    assert!(reply.usage.unwrap().cached > 200, "from the cache");
    assert_eq!(again.concat(), first);
    assert_eq!(say(&other, &request), first, "computed anew");
    // Stepping back leaves nothing behind: the next reply is what it was.
    let without = Request { bans: None, ..request.clone() };
    assert_eq!(say(&provider, &without), plain);
    // Takes decoded together.
    let together = || {
        let mut texts = vec![String::new(); 3];
        let mut on_text = |take: usize, piece: &str| texts[take].push_str(piece);
        let stop = CancellationToken::new();
        let call = provider.stream_many(&request, &[7, 8, 9], &mut on_text, &stop);
        assert_eq!(block_on(call).unwrap().len(), 3);
        texts
    };
    let takes = together();
    assert_eq!(together(), takes);
    let list = request.bans.clone().unwrap();
    for take in &takes {
        assert_eq!(list.within(take), [], "{take}");
    }
}

#[test]
fn a_phrase_that_began_before_the_reply_is_left() {
    let provider = open();
    let mut request = asked("Finish the sentence.", 8);
    request.messages.push(Message::new(Role::Assistant, "The capital of France is"));
    assert!(say(&provider, &request).starts_with(" Paris"));
    request.bans = Some(phrase_bans(&["France is Paris"]));
    let after = say(&provider, &request);
    assert!(!after.trim_start().starts_with("Paris") && !after.trim().is_empty(), "{after}");
}

#[test]
fn the_built_in_list_is_kept_out_too() {
    let provider = open();
    let list = Bans::default().and(worn_in("en").unwrap(), BTreeSet::new(), Place::Anywhere);
    let mut request = asked(
        "Repeat this sentence ten times: Her voice was barely above a whisper, and it sent shivers down his spine.",
        150,
    );
    let plain = say(&provider, &request);
    request.bans = Some(Arc::new(list));
    let list = request.bans.clone().unwrap();
    let said = |text: &str| list.within(text).len();
    assert!(said(&plain) >= 2, "{plain}");
    let after = say(&provider, &request);
    assert_eq!(said(&after), 0, "{after}");
}

#[test]
fn stops_end_a_reply_and_are_no_part_of_it() {
    let provider = open();
    let mut request = lively("Tell me a story about a lighthouse keeper and the sea.", 80);
    let plain = say(&provider, &request);
    for stop in [&plain[20..29], &plain[41..44], "keeper", ".", "\n"] {
        request.sampling.stop = vec!["xyzzy".to_owned(), stop.to_owned()];
        let (text, reply) = pieces(&provider, &request);
        match plain.find(stop) {
            Some(at) => {
                assert_eq!((text.concat().as_str(), reply.finish), (&plain[..at], Finish::Stop));
            }
            None => assert_eq!((text.concat(), reply.finish), (plain.clone(), Finish::Length)),
        }
    }
}

#[test]
fn every_word_of_the_vocabulary_is_heeded() {
    let provider = open();
    let text = "Tell me a story about a lighthouse keeper and the sea.";
    let hot = || Sampling { temperature: Some(1.5), ..Sampling::default() };
    let said = |sampling: Sampling, tokens: usize| {
        say(&provider, &Request { sampling, ..asked(text, tokens) })
    };
    let likeliest = say(&provider, &asked(text, 40));
    let wild = said(hot(), 40);
    assert_ne!(wild, likeliest);
    // Each of these leaves one token to choose from.
    assert_eq!(said(Sampling { top_k: Some(1), ..hot() }, 40), likeliest);
    assert_eq!(said(Sampling { top_p: Some(0.0), ..hot() }, 40), likeliest);
    assert_eq!(said(Sampling { min_p: Some(1.0), ..hot() }, 40), likeliest);
    assert_ne!(said(Sampling { top_k: Some(3), ..hot() }, 40), wild);
    // Without its top choices the model says something else.
    let xtc = Some(Xtc { probability: 1.0, threshold: 0.05 });
    assert_ne!(
        said(Sampling { top_k: Some(40), xtc, ..hot() }, 40),
        said(Sampling { top_k: Some(40), ..hot() }, 40)
    );
    // Greedy, with penalties and rewards.
    let greedy = || Sampling { temperature: Some(0.0), ..Sampling::default() };
    let count = |text: &str| text.split_whitespace().count();
    let distinct = |text: &str| text.split_whitespace().collect::<BTreeSet<_>>().len();
    for sampling in [
        Sampling { frequency_penalty: Some(50.0), ..greedy() },
        Sampling { presence_penalty: Some(50.0), ..greedy() },
        Sampling { repetition_penalty: Some(20.0), ..greedy() },
    ] {
        let text = said(sampling.clone(), 40);
        assert!(distinct(&text) + 2 >= count(&text), "{sampling:?}: {text}");
    }
    for sampling in [
        Sampling { frequency_penalty: Some(-90.0), ..greedy() },
        Sampling { presence_penalty: Some(-90.0), ..greedy() },
    ] {
        // What was said once is said for ever, also where it is far from likely.
        let first = said(greedy(), 1);
        assert_eq!(said(sampling, 5), first.repeat(5));
    }
    // Against a loop that the likeliest reply falls into.
    let looping = "Say the word `lamp` a hundred times.";
    let loops = |dry: Option<Dry>| {
        let sampling = Sampling { dry, ..greedy() };
        say(&provider, &Request { sampling, ..asked(looping, 120) })
    };
    let dry = Some(Dry { multiplier: 5.0, base: 1.75, allowed_length: 2 });
    let (plain, without) = (loops(None), loops(dry));
    assert!(distinct(&without) > 2 * distinct(&plain), "{plain}\n---\n{without}");
    // A bias takes away, and gives.
    let bias = |bias: f32| Sampling {
        logit_bias: (0..49_152).step_by(2).map(|token| (token, bias)).collect(),
        ..greedy()
    };
    let (even, odd) = (said(bias(100.0), 20), said(bias(-100.0), 20));
    assert!(even != odd && !even.is_empty() && !odd.is_empty());
    // The seed, where there is something to draw.
    let other = Request { sampling: hot(), seed: 8, ..asked(text, 40) };
    assert_ne!(say(&provider, &other), wild);
}

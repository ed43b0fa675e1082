//! Stepping back to the token that begins a banned phrase, on llama.cpp's raw
//! route and on its chat route.

use std::collections::BTreeSet;
use std::sync::Arc;

use storygen::money::Price;
use storygen::phrases::{Bans, Phrases, Place};
use storygen::provider::Request;
use storygen::provider::catalogue::Catalogue;
use storygen::provider::http::Endpoint;
use storygen::provider::openai::OPENAI;

use crate::asking::{ask, endpoint, request};
use crate::completion::raw;
use crate::llama::llama;
use crate::peer::Peer;
use crate::story::project;

/// The chat route, as the catalogue has it.
fn chat(peer: &Peer) -> Endpoint {
    let row = Catalogue::built_in().expect("a catalogue").row("llamacpp", "smollm2");
    let knobs = row.expect("a row").knobs(false, None);
    Endpoint { knobs, prefill: true, ..endpoint(&OPENAI, &peer.url("/v1")) }
}

/// Runs of three words of a text, every fifth one.
fn liked(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare =
        |words: &[&str]| words.join(" ").trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let runs = words.windows(3).step_by(5).map(bare);
    runs.filter(|phrase| phrase.split(' ').count() == 3).collect()
}

fn banned(phrases: &[String]) -> Arc<Bans> {
    let phrases = Phrases::new(phrases.iter().cloned()).expect("a list");
    Arc::new(Bans::default().and(Arc::new(phrases), BTreeSet::new(), Place::Anywhere))
}

#[test]
fn a_phrase_that_the_model_would_say_is_not_said() {
    let peer = llama(4096);
    let routes: [(&str, &dyn Fn() -> Endpoint); 3] = [
        ("own", &|| raw(&peer, "own")),
        ("chatml", &|| raw(&peer, "chatml")),
        ("chat", &|| chat(&peer)),
    ];
    for (seed, (name, route)) in (1..).zip(routes) {
        let mut asked =
            Request { reply_tokens: 120, seed, ..request("Tell of a lamp and a ship.") };
        let before = ask(route(), &asked).text;
        let phrases = liked(&before);
        assert!(phrases.len() > 8, "{before}");
        let bans = banned(&phrases);
        asked.bans = Some(Arc::clone(&bans));
        let heard = ask(route(), &asked);
        assert_eq!(bans.within(&heard.text), [], "{name}: {:?} {}", heard.bills, heard.text);
        // Up to the first phrase nothing is different.
        let kept = before[..bans.within(&before)[0].from].trim_end();
        assert!(heard.text.starts_with(kept), "{kept}\n---\n{}", heard.text);
        assert!(heard.text.split_whitespace().count() > 40, "{name}: {}", heard.text);
        // A step back is two short requests, and each has its figures.
        assert!(heard.bills.len() >= 3 && heard.bills.iter().all(Option::is_some), "{name}");
        // The same again is the same text.
        assert_eq!(ask(route(), &asked).text, heard.text, "{name}");
        // Where each request costs something, none is sent twice for a phrase.
        let price = Price::per_million(1.0, 2.0, None, None);
        let paid = ask(Endpoint { price, ..route() }, &asked);
        assert_eq!((paid.bills.len(), paid.text), (1, before), "{name}");
    }
}

#[test]
fn a_book_of_the_chat_route_is_without_its_phrases() {
    let peer = llama(4096);
    let url = peer.url("/v1");
    let draft = |phrases: &[String]| {
        let project = project();
        let limits = "limits:\n  reply_tokens: 200\n  redraws: 6\n";
        // The premise ends with what its style avoids.
        let avoid: Vec<String> =
            phrases.iter().map(|phrase| format!("    - {phrase:?}\n")).collect();
        project.write("storygen.yaml", project.read("storygen.yaml") + limits);
        let premise = project.read("bible/premise.yaml");
        project.write("bible/premise.yaml", premise + &avoid.concat());
        let model = ["--model", "llamacpp/smollm2", "--window", "4096", "--seed", "3"];
        let output = project.run_with(
            &[&["draft", "chapter", "1"][..], &model].concat(),
            &[("STORYGEN_BASE_URL", &url)],
        );
        assert_eq!(output.code, 0, "{output}\n{}", peer.log());
        project.read("manuscript/01-dark.md")
    };
    let before = draft(&[]);
    let phrases = liked(&before);
    let after = draft(&phrases);
    assert_eq!(banned(&phrases).within(&after), [], "{after}");
    assert!(after.split_whitespace().count() > 40, "{after}");
}

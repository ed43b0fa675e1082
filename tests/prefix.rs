//! What consecutive prompts share: the longer their common beginning, the more
//! of it a provider or the embedded model has computed already. And that a
//! prompt does not grow with the book.

use std::collections::BTreeSet;
use std::sync::Arc;

use storygen::chat::Tokenizer;
use storygen::pipeline::settings::{Asked, Settings};
use storygen::project::folder::Folder;
use storygen::project::history;
use storygen::provider::{Provider, Request};
use storygen::story::canon;

use book::{Kind, Recorder, kind};

#[path = "support/book.rs"]
mod book;

/// A drafted book: its folder and every request of its drafting.
struct Drafted {
    root: tempfile::TempDir,
    sent: Vec<Request>,
    tokenizer: Arc<dyn Tokenizer>,
}

fn draft(chapters: usize, window: u32, tokenizer: Arc<dyn Tokenizer>) -> Drafted {
    let root = book::folder();
    book::write(root.path(), chapters, 1_800);
    let folder = Folder::open(root.path()).unwrap();
    let story = book::read(&folder);
    let provider =
        Recorder::new(window as usize, false, tokenizer.clone(), book::good_answer(1_800));
    let settings = Settings::new(Asked::default(), provider.facts());
    let done =
        book::run(&story, &folder, &provider, &settings, &book::chapters(1, chapters)).unwrap();
    assert_eq!((done.drafted, done.recorded), (chapters, chapters));
    Drafted { root, sent: provider.sent(), tokenizer }
}

/// The first prompt of each chapter.
fn firsts(drafted: &Drafted) -> Vec<(usize, &Request)> {
    let mut seen = BTreeSet::new();
    drafted
        .sent
        .iter()
        .filter(|request| kind(request) == Kind::Draft)
        .filter_map(|request| {
            Some((book::number_after(&request.messages[1].text, "# Now: chapter ")?, request))
        })
        .filter(|(number, _)| seen.insert(*number))
        .collect()
}

/// The share of each chapter's first prompt that begins as the one before did.
#[expect(clippy::cast_precision_loss, reason = "bytes of prompts are few")]
fn shares(drafted: &Drafted) -> Vec<(usize, f64)> {
    firsts(drafted)
        .windows(2)
        .map(|pair| {
            let bytes: usize = pair[1].1.messages.iter().map(|one| one.text.len() + 8).sum();
            (
                pair[1].0,
                book::shared(&pair[0].1.messages, &pair[1].1.messages) as f64 / bytes as f64,
            )
        })
        .collect()
}

fn assert_shared(name: &str, drafted: &Drafted) {
    let mut late: Vec<f64> = shares(drafted)
        .into_iter()
        .filter(|(number, _)| *number >= 20)
        .map(|(_, share)| share)
        .collect();
    late.sort_by(f64::total_cmp);
    let at = |percent: usize| late[late.len() * percent / 100];
    let tokens: Vec<usize> = firsts(drafted)
        .iter()
        .map(|(_, request)| drafted.tokenizer.prompt(&request.messages))
        .collect();
    println!(
        "{name}: shared with the prompt before, chapters 20 to {}: median {:.3}, lower tenth {:.3}; tokens at 20, 100, 200: {} {} {}; {} calls",
        tokens.len(),
        at(50),
        at(10),
        tokens[19],
        tokens[99],
        tokens[199],
        drafted.sent.len()
    );
    assert!(at(50) >= 0.70, "{name}: the median is {:.3}", at(50));
}

#[test]
fn a_prompt_begins_as_the_one_before() {
    for window in [8_192, 32_768] {
        assert_shared(
            &format!("four bytes a token, window {window}"),
            &draft(200, window, Arc::new(book::FourBytes)),
        );
    }
}

/// With the count that is proven for every endpoint, a token a byte.
#[test]
fn a_prompt_begins_as_the_one_before_by_the_proven_bound() {
    assert_shared(
        "a token a byte, window 65536",
        &draft(200, 65_536, Arc::new(storygen::prompt::tokens::Bound::default())),
    );
}

/// With the vocabulary of the embedded model.
#[cfg(feature = "embedded")]
#[test]
fn a_prompt_begins_as_the_one_before_for_the_embedded_model() {
    let tokenizer = storygen::provider::embedded::tokenizer(&book::model()).unwrap();
    assert_shared("the embedded model, window 8192", &draft(200, 8_192, tokenizer));
}

#[test]
fn prompts_stay_flat_and_chapter_two_is_remembered() {
    let drafted = draft(1_000, 8_192, Arc::new(book::FourBytes));
    let tokens: Vec<(usize, usize)> = firsts(&drafted)
        .iter()
        .map(|(number, request)| (*number, drafted.tokenizer.prompt(&request.messages)))
        .collect();
    let largest = |from: usize, to: usize| {
        tokens
            .iter()
            .filter(|(number, _)| (from..=to).contains(number))
            .map(|(_, tokens)| *tokens)
            .max()
            .unwrap()
    };
    println!(
        "largest first prompt of chapters 100-200: {}, 901-1000: {}",
        largest(100, 200),
        largest(901, 1_000)
    );
    assert!(largest(901, 1_000) <= largest(100, 200) + largest(100, 200) / 10);
    people_of_chapter_two(&drafted);
}

/// Whoever acted in chapter 2 is in the fold that stands for it, or their facts
/// are in the canon; and who comes back is told of from chapter 2 on.
fn people_of_chapter_two(drafted: &Drafted) {
    let folder = Folder::open(drafted.root.path()).unwrap();
    let story = book::read(&folder);
    let archive = history::read(&folder, &story).unwrap();
    let records = history::records(&story, &archive, &mut Vec::new());
    let canon = canon::merge(records.values());
    let last = firsts(drafted).last().unwrap().1.messages[1].text.clone();
    let (_, so_far) = last.split_once("# The story so far").unwrap();
    let oldest = so_far
        .lines()
        .find(|line| line.starts_with("Chapters 1 to "))
        .unwrap_or_else(|| panic!("no fold stands for chapter 2:\n{so_far}"));
    println!("the oldest fold at chapter 1000: {oldest}");
    for id in story.chapters[1].cast() {
        let person = &story[id];
        let facts = canon.of(&person.id).count();
        println!(
            "{}: named in the oldest fold: {}, facts: {facts}",
            person.name,
            person.is_named_in(oldest)
        );
        assert!(
            person.is_named_in(oldest) || facts > 0,
            "{} of chapter 2 is forgotten",
            person.name
        );
    }
}

//! What the watch says of texts that are not in this project.
//!
//! `STORYGEN_TEXTS=folder cargo bench --no-default-features --bench watch`: the
//! folder holds folders of `.txt` or `.md` files, each a text of some thousand
//! words in English.

#![allow(clippy::cast_precision_loss, reason = "counts of words are small")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use storygen::phrases::{Bans, Phrases, Place, worn, worn_in};
use storygen::story::prose;
use storygen::story::take::find_loop;
use storygen::story::take::watch::{
    Reason, Signs, Terms, Verdict, Watch, after_opening, before_closing,
};

fn main() {
    let Some(root) = std::env::var_os("STORYGEN_TEXTS").map(PathBuf::from) else {
        println!("STORYGEN_TEXTS names no folder; nothing to measure");
        return;
    };
    let show = std::env::args().any(|argument| argument == "show");
    let bans = Bans::default().and(worn_in("en").unwrap(), BTreeSet::new(), Place::Anywhere);
    let bans = Arc::new(bans);
    for (language, _) in storygen::phrases::LANGUAGES {
        let begun = std::time::Instant::now();
        let phrases = Phrases::new(worn(language)).unwrap();
        println!(
            "{language}: {} worn phrases, made ready in {:.0} ms",
            phrases.len(),
            begun.elapsed().as_secs_f64() * 1e3
        );
    }
    for folder in folders(&root) {
        let texts: Vec<String> = files(&folder);
        let words: usize = texts.iter().map(|text| prose::words(text)).sum();
        let mut counts = BTreeMap::new();
        for text in &texts {
            for found in bans.within(text) {
                *counts.entry(bans.phrase(&found).to_owned()).or_insert(0) += 1;
            }
        }
        let all: usize = counts.values().sum();
        println!(
            "{:40} {words:8} words {:8.2} worn phrases per 10,000",
            folder.display(),
            all as f64 * 1e4 / words as f64
        );
        let said: Vec<Verdict> = texts.iter().flat_map(|text| verdicts(text)).collect();
        for reason in [Reason::Loop, Reason::Language, Reason::Left] {
            let count = said.iter().filter(|one| one.reason == reason).count();
            println!(
                "  {count:4} times stopped for {reason:?}: {:.2} per 100,000 words",
                count as f64 * 1e5 / words as f64
            );
        }
        let off: Vec<&str> = texts.iter().flat_map(|text| taken_off(text)).collect();
        println!("  {:4} paragraphs taken for words to the author", off.len());
        let round = texts.iter().filter_map(|text| find_loop(text));
        println!("  {:4} texts taken for circles as a whole", round.count());
        if show {
            for verdict in &said {
                println!("  {verdict}");
            }
            for paragraph in &off {
                println!("  taken off: {paragraph}");
            }
            let mut counts: Vec<_> = counts.into_iter().collect();
            counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            for (phrase, count) in counts.iter().take(60) {
                println!("  {count:5} {phrase}");
            }
        }
    }
}

/// Hears a text chapter by chapter, over and over from behind each verdict.
fn verdicts(text: &str) -> Vec<Verdict> {
    let signs = Arc::new(Signs::of("en"));
    let mut verdicts = Vec::new();
    let mut watch = None;
    for line in text.split_inclusive('\n') {
        let is_heading =
            line.trim_start_matches(['#', '*', ' ']).to_lowercase().starts_with("chapter ");
        if is_heading && line.len() < 80 {
            watch = None;
            continue;
        }
        let heard = watch.get_or_insert_with(|| {
            let signs = Arc::clone(&signs);
            let mut watch =
                Watch::new(Terms { language: "en".to_owned(), signs, ..Terms::default() });
            // So that the first line is judged as any other.
            watch.hear("It rained.\n\n");
            watch
        });
        if let Some(verdict) = heard.hear(line) {
            verdicts.push(verdict.clone());
            watch = None;
        }
    }
    verdicts
}

/// The paragraphs that would be taken off a text that they begin or end.
fn taken_off(text: &str) -> Vec<&str> {
    let signs = Signs::of("en");
    let is_off = |paragraph: &&str| {
        let (ends, begins) =
            (format!("It rained.\n\n{paragraph}"), format!("{paragraph}\n\nIt rained."));
        before_closing(&ends, &signs) != ends || after_opening(&begins, &signs, true) != begins
    };
    let headed = |paragraph: &&str| paragraph.to_lowercase().contains("chapter");
    text.lines()
        .map(str::trim)
        .filter(|line| !(line.is_empty() || headed(line) && line.len() < 80))
        .filter(is_off)
        .collect()
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn files(folder: &Path) -> Vec<String> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "txt" || ending == "md"));
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

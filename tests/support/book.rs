//! A book to prove things on: a bible of ordinary size and any number of
//! chapters, a model that answers from it, and a run over both.
//!
//! The people, places and steps are words put together by number, so that a
//! book of 1,000 chapters is the same wherever it is made.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use storygen::chat::{Message, Role, Tokenizer};
use storygen::money::Price;
use storygen::pipeline::calling::{Line, Lines, Purse};
use storygen::pipeline::plan::Wanted;
use storygen::pipeline::run::{Done, Session};
use storygen::pipeline::settings::Settings;
use storygen::project::folder::Folder;
use storygen::project::history;
use storygen::project::load::load;
use storygen::project::store::Store;
use storygen::prompt::templates::Templates;
use storygen::provider::{
    Ear, Facts, Fault, Finish, Pass, Provider, Reply, Request, Streaming, Usage,
};
use storygen::story::Story;
use tokio_util::sync::CancellationToken;

/// The people of the book: given name, surname, what they do.
const PEOPLE: [(&str, &str, &str); 9] = [
    ("Edda", "Voss", "keeper of the ferry and of its bell"),
    ("Tam", "Orley", "the keeper's nephew, who wants to be elsewhere"),
    ("Ruth", "Hallam", "the miller, who counts everything twice"),
    ("Jonas", "Pell", "a surveyor sent to measure the river"),
    ("Ines", "Quarry", "the schoolteacher, newly come from the coast"),
    ("Col", "Brannock", "a drover with a debt on every bank"),
    ("Maud", "Teasel", "who sells candles and remembers every name"),
    ("Silas", "Wren", "the clerk of the toll house"),
    ("Bede", "Marlow", "a priest without a church"),
];

/// What a chapter's sentences are made of.
const DEEDS: [&str; 12] = [
    "carried the lamp down to the landing",
    "asked who had cut the rope",
    "would not sign the paper",
    "counted the coins again and said nothing",
    "found the second key under the sill",
    "heard the bell before the others did",
    "turned the boat into the current",
    "burned the letter without reading it",
    "waited at the gate until the light went",
    "told the truth, though not all of it",
    "measured the water and wrote the figure down",
    "came back wet to the knees and smiling",
];

const DETAILS: [&str; 10] = [
    "The reeds had a smell of iron that morning.",
    "Somebody had left a boot on the step.",
    "“It is not the river I mind,” came the answer.",
    "A heron stood where the post had been.",
    "The flour hung in the air and would not settle.",
    "There was no wind, and still the rope moved.",
    "“Say it plainly or go home.”",
    "The ledger lay open at a page nobody had written.",
    "Rain came over the ridge in one grey piece.",
    "Twice the dog got up, and twice it lay down again.",
];

/// Writes the bible of a book of `chapters` chapters of `words` words.
pub fn write(folder: &Path, chapters: usize, words: usize) {
    std::fs::create_dir_all(folder.join("bible")).unwrap();
    let put = |path: &str, text: String| std::fs::write(folder.join(path), text).unwrap();
    put("storygen.yaml", "title: The Ferry Bell\nlanguage: en-GB\ngenre: mystery\n".to_owned());
    put("bible/premise.yaml", premise());
    put("bible/characters.yaml", characters());
    put("bible/world.yaml", world());
    put("bible/arcs.yaml", arcs(chapters));
    put("bible/threads.yaml", threads(chapters));
    put("bible/outline.yaml", outline(chapters, words));
}

fn premise() -> String {
    "premise: >-\n  A ferry bell rings at night though its rope was cut, and the keeper who must not leave her post\n  \
     has one season to learn who wants the crossing closed. Each person on the two banks holds a part of the\n  \
     answer and a reason to keep it; the river holds the rest. What begins with a rope ends with the question\n  \
     of who may decide where others cross.\n\
     themes: [duty, listening, what a place owes to those who pass through]\ntone: dry, exact, patient\n\
     point_of_view: third-limited\ntense: past\nstyle:\n  notes:\n    - Weather only where somebody acts on it.\n  \
     sample: >-\n    The lamp went down to the water and stayed there. Nobody called. When it came up again it was\n    \
     carried by somebody else, and Edda put the kettle on, since that at least was hers to do.\n  avoid:\n    - little did she know\n"
        .to_owned()
}

fn characters() -> String {
    let mut text = "characters:\n".to_owned();
    for (index, (given, surname, role)) in PEOPLE.iter().enumerate() {
        let other = PEOPLE[(index + 1) % PEOPLE.len()].0;
        let id = given.to_lowercase();
        let _ = write!(
            text,
            "  - id: {id}\n    name: {given} {surname}\n    pronouns: they\n    role: {role}\n    age: {}\n    appearance:\n      \
             hair: dark, cut with a knife\n      eyes: grey\n      hands: scarred across the left palm\n    \
             goal: To know who rang the bell, and to be the first to know it.\n    \
             need: To let somebody else hold the rope for once.\n    fear: That {other} has known all along and kept it.\n    \
             secret: Was on the landing that night and told nobody.\n    voice:\n      register: plain, short, sometimes formal\n      \
             habits:\n        - Answers a question with the time of day.\n        - Leaves the last word of a sentence to others.\n      \
             lines:\n        - The river does not keep accounts. I do.\n        - Ask me after the second bell.\n    \
             relationships:\n      - with: {}\n        is: an old friend who owes an answer\n    \
             knows:\n      - The rope was new in spring.\n    starts:\n      place: ferry\n",
            24 + index * 5,
            other.to_lowercase()
        );
    }
    text
}

fn world() -> String {
    let mut text = "places:\n".to_owned();
    for (id, name) in [
        ("ferry", "the ferry house"),
        ("mill", "the mill"),
        ("toll", "the toll house"),
        ("school", "the schoolroom"),
    ] {
        let _ = write!(
            text,
            "  - id: {id}\n    name: {name}\n    description: Low, damp, one window to the water; it smells of tar and flour.\n"
        );
    }
    text.push_str("rules:\n  - id: after-the-bell\n    rule: Nobody crosses after the second bell.\n  - id: answer\n    rule: Whoever rings the bell has to answer for it.\n");
    text
}

/// As many beats of the four arcs as there are scenes for them: one in eight chapters.
fn arcs(chapters: usize) -> String {
    let placed = chapters.div_ceil(8);
    let mut text = "arcs:\n".to_owned();
    for arc in 0..4.min(placed) {
        let (given, ..) = PEOPLE[arc];
        let _ = write!(
            text,
            "  - id: arc-{arc}\n    name: What {given} owes\n    character: {}\n    beats:\n",
            given.to_lowercase()
        );
        for beat in (0..6).filter(|beat| beat * 4 + arc < placed) {
            let deed = DEEDS[(arc * 5 + beat * 7) % DEEDS.len()];
            let _ = write!(text, "      - id: beat-{arc}-{beat}\n        beat: {given} {deed}.\n");
        }
    }
    text
}

fn threads(chapters: usize) -> String {
    let mut text = "threads:\n".to_owned();
    for thread in 0..6 {
        let planted = 1 + thread * chapters / 8;
        let paid = (planted + chapters / 3).clamp(planted, chapters);
        let _ = write!(
            text,
            "  - id: thread-{thread}\n    thread: Who holds the {} key, and since when?\n    planted: {planted}\n    paid_off_by: {paid}\n",
            ["first", "second", "third", "fourth", "fifth", "sixth"][thread]
        );
    }
    text
}

/// The people of a chapter, as positions in the list: three, moving round.
#[must_use]
pub fn cast(chapter: usize) -> [usize; 3] {
    // Nobody but the eighth and ninth in chapter 2, and these only now and then.
    if chapter % 40 == 2 {
        [7, 8, 0]
    } else {
        [chapter % 7, (chapter * 3 + 1) % 7, (chapter * 5 + 2) % 7]
    }
}

fn outline(chapters: usize, words: usize) -> String {
    let mut text = "chapters:\n".to_owned();
    for number in 1..=chapters {
        let mut ids: Vec<String> =
            cast(number).iter().map(|one| PEOPLE[*one].0.to_lowercase()).collect();
        ids.sort();
        ids.dedup();
        let _ = write!(
            text,
            "  - id: c{number}\n    title: The {} Crossing\n    summary: One of the three gives something away.\n    words: {words}\n    \
             pov: {}\n    cast: [{}]\n    place: {}\n    scenes:\n",
            ordinal(number),
            ids[0],
            ids.join(", "),
            ["ferry", "mill", "toll", "school"][number % 4]
        );
        for scene in 0..=(number % 2) {
            let _ = write!(
                text,
                "      - goal: To get an answer before the second bell.\n        conflict: Nobody wants to be the one who gives it.\n        \
                 outcome: Half an answer, and a debt.\n        happens:\n          - {} {}.\n          - {} {}.\n",
                PEOPLE[cast(number)[0]].0,
                DEEDS[(number + scene * 3) % DEEDS.len()],
                PEOPLE[cast(number)[1]].0,
                DEEDS[(number * 5 + scene) % DEEDS.len()]
            );
            if number % 8 == 1 && number / 8 < 24 && scene == 0 {
                let beat = number / 8;
                let _ = writeln!(text, "        beats: [beat-{}-{}]", beat % 4, beat / 4);
            }
        }
    }
    text
}

fn ordinal(number: usize) -> String {
    const TENS: [&str; 10] =
        ["Low", "Grey", "Late", "Still", "Cold", "Long", "Blind", "White", "Far", "Last"];
    format!("{} {}", TENS[number % 10], TENS[(number / 10) % 10])
}

/// A temporary folder, in memory where the system has such: what is proven here
/// does not hang on the disk.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// The story of a folder written by [`write`].
pub fn read(folder: &Folder) -> Story {
    let loaded = load(folder).unwrap();
    let errors: Vec<_> = loaded
        .findings
        .iter()
        .filter(|one| one.severity == storygen::diagnostic::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    loaded.story.unwrap()
}

/// Prose of about so many words about some people, told apart by `salt`.
#[must_use]
pub fn prose(people: &[&str], words: usize, salt: usize) -> String {
    let mut text = String::new();
    let mut count = 0;
    let mut number = salt * 31;
    while count < words {
        let who = people[number % people.len()];
        let deed = DEEDS[(number * 7 + salt) % DEEDS.len()];
        let detail = DETAILS[(number * 3 + salt) % DETAILS.len()];
        let hour = ["first", "third", "sixth", "ninth"][number % 4];
        let sentence = format!(
            "{who} {deed} at the {hour} hour of day {number}. On page {number} it stood so: {detail}"
        );
        count += sentence.split_whitespace().count();
        text.push_str(&sentence);
        number += 1;
        text.push_str(if number.is_multiple_of(4) { "\n\n" } else { " " });
    }
    text.trim_end().to_owned()
}

/// A tokenizer of four bytes a token, as an ordinary English vocabulary has.
#[derive(Debug)]
pub struct FourBytes;

impl Tokenizer for FourBytes {
    fn text(&self, text: &str) -> usize {
        text.len().div_ceil(4)
    }
    fn prompt(&self, messages: &[Message]) -> usize {
        messages.iter().map(|one| self.text(&one.text) + 6).sum::<usize>() + 4
    }
}

/// How a scripted reply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Whole.
    Stop,
    /// At the limit of its tokens.
    Length,
    /// In a broken stream.
    Interrupted,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Draft,
    Continue,
    Record,
    Fold,
}

/// The kind of a request, told by its shape alone.
#[must_use]
pub fn kind(request: &Request) -> Kind {
    if request.schema.is_some() {
        return Kind::Record;
    }
    if request.messages.len() > 2 {
        return Kind::Continue;
    }
    let system = request.messages.first().map_or("", |one| one.text.as_str());
    if system.contains("memory of a long novel") { Kind::Fold } else { Kind::Draft }
}

/// What a request says, all messages together.
#[must_use]
pub fn said(request: &Request) -> String {
    request.messages.iter().map(|one| one.text.as_str()).collect()
}

type Answering = Box<dyn Fn(&Request, usize) -> (String, End) + Send + Sync>;

/// A model that records what it is sent and answers by a function of the
/// request and of how many came before.
pub struct Recorder {
    facts: Facts,
    tokenizer: Arc<dyn Tokenizer>,
    answer: Answering,
    sent: Mutex<Vec<Request>>,
}

impl Recorder {
    pub fn new(
        window: usize,
        prefill: bool,
        tokenizer: Arc<dyn Tokenizer>,
        answer: Answering,
    ) -> Self {
        let facts =
            Facts { prefill, price: Some(Price::FREE), ..Facts::plain("test/recorder", window) };
        Self { facts, tokenizer, answer, sent: Mutex::default() }
    }

    /// Everything sent so far.
    pub fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Provider for Recorder {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        self.tokenizer.clone()
    }

    fn stream<'a>(
        &'a self,
        request: &'a Request,
        _: Option<Pass>,
        ear: &'a mut dyn Ear,
        _: &'a CancellationToken,
    ) -> Streaming<'a> {
        Box::pin(async move {
            let number = {
                let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
                sent.push(request.clone());
                sent.len() - 1
            };
            let (text, end) = (self.answer)(request, number);
            ear.text(&text);
            let finish = match end {
                End::Stop => Finish::Stop,
                End::Length => Finish::Length,
                End::Interrupted => {
                    return Err(Fault::Interrupted {
                        origin: "the test".to_owned(),
                        why: "it says so".to_owned(),
                    });
                }
            };
            Ok(Reply {
                finish,
                usage: Some(Usage { prompt: 900, reply: 90, ..Usage::default() }),
                model: "recorder".to_owned(),
            })
        })
    }
}

/// Answers as a good model would: prose of the asked length about the chapter's
/// people, a synopsis of about 80 words with facts, a fold that names its people.
#[must_use]
pub fn good_answer(words: usize) -> Answering {
    Box::new(move |request, number| {
        let said = said(request);
        match kind(request) {
            Kind::Draft | Kind::Continue => {
                let chapter = number_after(&said, "# Now: chapter ").unwrap_or(number);
                let present = cast(chapter).map(|one| PEOPLE[one].0);
                let asked = number_after(&said, " in about ").unwrap_or(words);
                // Who goes on says something new.
                let salt =
                    if kind(request) == Kind::Continue { chapter * 1000 + number } else { chapter };
                (prose(&present, asked, salt), End::Stop)
            }
            Kind::Record => (good_record(&said), End::Stop),
            Kind::Fold => (good_fold(&said), End::Stop),
        }
    })
}

/// The same for a whole prompt's words alone; `salt` tells one drawing of a chapter
/// from the next.
#[must_use]
pub fn answer(said: &str, salt: usize) -> String {
    if said.contains("memory of a long novel") {
        return good_fold(said);
    }
    let Some(chapter) = number_after(said, "# Now: chapter ") else { return good_record(said) };
    let words = number_after(said, " in about ").unwrap_or(200);
    prose(&cast(chapter).map(|one| PEOPLE[one].0), words, chapter * 100 + salt)
}

/// The number that stands after `mark`.
#[must_use]
pub fn number_after(text: &str, mark: &str) -> Option<usize> {
    let rest = &text[text.find(mark)? + mark.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

fn good_record(said: &str) -> String {
    let chapter = number_after(said, ", chapter ").unwrap_or(1);
    let text = said
        .split_once("<<<\n")
        .and_then(|(_, rest)| rest.split_once("\n>>>"))
        .map_or("", |(text, _)| text);
    let people = cast(chapter).map(|one| PEOPLE[one].0);
    let mut synopsis = String::new();
    for (index, who) in people.iter().cycle().take(6).enumerate() {
        let _ = write!(
            synopsis,
            "In crossing {chapter} {who} {} and so the matter stands. ",
            DEEDS[(chapter * 3 + index * 5) % DEEDS.len()]
        );
    }
    let kinds = ["state", "knows", "fixed"];
    let facts: Vec<serde_json::Value> = people
        .iter()
        .enumerate()
        .filter_map(|(index, who)| {
            let at = text.find(who)?;
            let quote: Vec<&str> = text[at..].split_whitespace().take(6).collect();
            let about = ["place", "injury", "letter", "debt", "promise", "key"][(chapter + index) % 6];
            Some(serde_json::json!({
                "subject": who.to_lowercase(), "kind": kinds[(chapter / 7 + index) % 3], "about": about,
                "fact": format!("{} since chapter {chapter}", DEEDS[(chapter + index * 7) % DEEDS.len()]), "quote": quote.join(" "),
            }))
        })
        .collect();
    serde_json::json!({ "synopsis": synopsis.trim(), "facts": facts }).to_string()
}

/// Names everyone its passages name, most often named first, within its words.
fn good_fold(said: &str) -> String {
    let words = number_after(said, "at most ").unwrap_or(60);
    let mut people: Vec<(usize, &str)> = PEOPLE
        .iter()
        .map(|(given, ..)| (said.matches(given).count(), *given))
        .filter(|(times, _)| *times > 0)
        .collect();
    people.sort_by_key(|(times, _)| std::cmp::Reverse(*times));
    let mut passage = String::new();
    for (index, (_, who)) in people.iter().cycle().take(40).enumerate() {
        let sentence = format!("{who} {}. ", DEEDS[(index * 7 + words) % DEEDS.len()]);
        if passage.split_whitespace().count() + sentence.split_whitespace().count() > words {
            break;
        }
        passage.push_str(&sentence);
    }
    passage
}

/// All chapters from one to another, whatever is missing before them.
#[must_use]
pub fn chapters(first: usize, last: usize) -> Wanted {
    Wanted { first, last, redo: false, through: false, follow: false, keep_stale: true }
}

/// Runs a session over what the folder holds.
pub fn run(
    story: &Story,
    folder: &Folder,
    provider: &dyn Provider,
    settings: &Settings,
    wanted: &Wanted,
) -> anyhow::Result<Done> {
    let templates = Templates::new(&story.book.primary_language(), &BTreeMap::new())?;
    let mut store = Store::open(folder, "test", || 0)?;
    let archive = history::read(folder, story)?;
    let mut findings = Vec::new();
    let records = history::records(story, &archive, &mut findings);
    assert_eq!(findings, [], "a canon file of ours has a fault");
    let line = Line::new(provider, folder, settings, Purse::default());
    let mut session = Session::new(story, &templates, archive, records, &line);
    block_on(session.run(wanted, &mut store, &Lines::alike(line), &mut |_| {}))
}

/// Waits for a future of the test's own thread.
pub fn block_on<F: std::future::Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The bytes at their beginning that two conversations share.
#[must_use]
pub fn shared(one: &[Message], other: &[Message]) -> usize {
    let flat = |messages: &[Message]| -> String {
        messages.iter().map(|one| format!("{}\n{}\n", role(one.role), one.text)).collect()
    };
    flat(one).bytes().zip(flat(other).bytes()).take_while(|(a, b)| a == b).count()
}

fn role(role: Role) -> &'static str {
    role.name()
}

/// The file of the embedded model: `STORYGEN_TEST_MODEL`, or where the program keeps it.
#[cfg(feature = "embedded")]
pub fn model() -> std::path::PathBuf {
    let path = std::env::var_os("STORYGEN_TEST_MODEL").map_or_else(
        || {
            std::path::PathBuf::from(std::env::var_os("HOME").unwrap())
                .join(".local/share/storygen/models/SmolLM2-135M-Instruct.Q4_1.gguf")
        },
        Into::into,
    );
    assert!(
        path.exists(),
        "no model at {}; `storygen models pull` fetches it, STORYGEN_TEST_MODEL names another",
        path.display()
    );
    path
}

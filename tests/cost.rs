//! What `cost` foretells, and what a book then takes: the real program, over the
//! loopback, at an endpoint that counts.

#[path = "support/book.rs"]
mod book;
#[path = "support/counting.rs"]
mod counting;
#[path = "support/mod.rs"]
mod support;

use counting::{Answer, Asked, Counting};
use serde_json::Value;
use storygen::chat::{Message, Role};
use storygen::provider::{Request, Sampling};
use support::Project;

/// What a body asks, as the answering model takes it.
fn request(asked: &Asked) -> Request {
    let messages = asked.body["messages"].as_array().into_iter().flatten();
    let role = |one: &Value| match one["role"].as_str() {
        Some("system") => Role::System,
        Some("assistant") => Role::Assistant,
        _ => Role::User,
    };
    Request {
        messages: messages
            .map(|one| Message::new(role(one), one["content"].as_str().unwrap_or_default()))
            .collect(),
        reply_tokens: 0,
        sampling: Sampling::default(),
        seed: 0,
        schema: asked.body.get("response_format").cloned(),
        marks: Vec::new(),
        bans: None,
    }
}

/// A book of so many chapters, and an endpoint that writes it well.
fn book_of(chapters: usize, words: usize, config: &str) -> (Project, Counting) {
    book_by(chapters, words, config, |text, _| Answer::Reply(text))
}

/// The same where whole replies, which may take so many tokens, become these answers.
fn book_by(
    chapters: usize,
    words: usize,
    config: &str,
    whole: impl Fn(String, u64) -> Answer + Send + Sync + 'static,
) -> (Project, Counting) {
    let project = Project::empty();
    book::write(&project.path(), chapters, words);
    // The arcs need a longer book than this.
    std::fs::remove_file(project.path().join("bible/arcs.yaml")).expect("the arcs");
    let outline = project.read("bible/outline.yaml");
    let lines = outline.lines().filter(|line| !line.trim_start().starts_with("beats: "));
    project.write("bible/outline.yaml", lines.collect::<Vec<_>>().join("\n"));
    let answer = book::good_answer(words);
    let server = Counting::start(move |asked| {
        let (mut text, _) = answer(&request(asked), asked.number);
        // Who is asked to go on writes what is missing.
        if let Some(missing) = missing(&asked.said) {
            let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
            text = words.into_iter().take(missing).collect();
        }
        // A reply ends at its limit.
        let limit = asked.body["max_tokens"]
            .as_u64()
            .or(asked.body["max_completion_tokens"].as_u64())
            .expect("a limit");
        let most = usize::try_from(limit).expect("a small limit").saturating_sub(8) * 4;
        if text.len() > most {
            return Answer::Length(text[..text.floor_char_boundary(most)].to_owned());
        }
        whole(text, limit)
    });
    let text = format!(
        "model: openai/counted\nbase_url: {}\nprice: {{prompt: 2, reply: 8, cached: 0.5}}\n{config}",
        server.base_url()
    );
    project.write("../home/config/storygen/config.yaml", text);
    (project, server)
}

/// The words that a continuation is asked for.
fn missing(said: &str) -> Option<usize> {
    let (_, asked) = said.rsplit_once("Your text breaks off here:")?;
    book::number_after(asked, "About ")
}

fn json(project: &Project, command: &str) -> Value {
    let output = project.run(&[command, "--json"]);
    assert_eq!(output.code, 0, "{output}");
    serde_json::from_str(&output.stdout).expect("JSON")
}

#[test]
fn what_a_book_takes_lies_in_the_range() {
    for (name, chapters, words, config, limits) in [
        ("a plain book", 6, 300, "", ""),
        ("a long one in a small window", 14, 200, "window: 9000\n", ""),
        (
            "replies shorter than a chapter",
            4,
            600,
            "window: 24000\n",
            "limits: {reply_tokens: 700}\n",
        ),
    ] {
        let (project, _server) = book_of(chapters, words, config);
        let yaml = project.read("storygen.yaml");
        project.write("storygen.yaml", format!("{yaml}{limits}"));
        let foretold = json(&project, "cost");
        assert_eq!(foretold["chapters"].as_u64(), Some(chapters as u64), "{name}");
        let output = project.run(&["draft"]);
        assert_eq!(output.code, 0, "{name}: {output}");
        let used = json(&project, "usage");
        println!("{name}: {foretold:#} {used:#}");
        let stages = used["stages"].as_object().expect("stages");
        let expected = match name {
            "a plain book" => vec!["draft", "record"],
            "a long one in a small window" => vec!["draft", "record", "fold"],
            _ => vec!["draft", "continue", "record"],
        };
        assert!(expected.iter().all(|stage| stages.contains_key(*stage)), "{name}: {used:#}");
        for (stage, used) in stages.iter().map(|(stage, used)| (stage.as_str(), used)) {
            let foretold = &foretold["stages"][stage];
            for key in ["calls", "prompt", "reply"] {
                let (least, most) = (foretold[key][0].as_u64(), foretold[key][1].as_u64());
                let real = used[key].as_u64();
                // What is continued, and how often, is for the model to say.
                assert!(
                    (stage == "continue" || least <= real) && real <= most,
                    "{name}, {stage} {key}: {real:?} is not in {least:?} to {most:?}"
                );
            }
        }
        let cost = &foretold["all"]["cost"];
        let of = |value: &Value| value.as_f64().expect("dollars");
        let real = of(&used["all"]["cost"]);
        assert!(of(&cost["cached"]) <= real && real <= of(&cost["most"]), "{name}: {real} {cost}");
        // What is foretold is worth something: it is at most twice too low.
        assert!(real <= 2.0 * of(&cost["uncached"]), "{name}: {real} {cost}");
        assert!(foretold["stages"]["draft"]["shared"].as_u64() > Some(0), "{name}");
        // When all is done nothing is left.
        let rest = json(&project, "cost");
        assert_eq!(
            (rest["chapters"].as_u64(), rest["all"]["calls"][1].as_u64()),
            (Some(0), Some(0))
        );
        let rest = project.run(&["cost"]);
        assert!(rest.stdout.ends_with("\nnothing is left to draft\n"), "{rest}");
    }
}

/// What a model thinks is part of its replies: the range holds them up to their limit.
#[test]
fn a_model_that_thinks_stays_in_the_range() {
    let thinks = |text: String, limit: u64| {
        let figures = serde_json::json!({
            "prompt_tokens": 10, "completion_tokens": limit,
            "completion_tokens_details": { "reasoning_tokens": limit - text.len() as u64 / 4 },
        });
        Answer::Says(text, figures)
    };
    let (project, _server) = book_by(4, 300, "", thinks);
    let foretold = json(&project, "cost");
    let output = project.run(&["draft"]);
    assert_eq!(output.code, 0, "{output}");
    let used = json(&project, "usage");
    for stage in ["draft", "record"] {
        let (least, most) =
            (&foretold["stages"][stage]["reply"][0], &foretold["stages"][stage]["reply"][1]);
        let real = used["stages"][stage]["reply"].as_u64();
        assert!(least.as_u64() < real && real <= most.as_u64(), "{real:?}: {foretold:#}");
        assert!(used["stages"][stage]["reasoning"].as_u64() > Some(0), "{used:#}");
    }
    let (real, most) =
        (&used["stages"]["draft"]["cost"], &foretold["stages"]["draft"]["cost"]["most"]);
    assert!(real.as_f64() <= most.as_f64(), "{real} {most}");
}

/// A model that thinks first gets room for that beside its text, and who has not been
/// told of it says so after one call, and finds no empty reply when it is.
#[test]
fn a_model_that_thinks_gets_room_beside_its_text() {
    const THOUGHT: u64 = 3_000;
    let thinks = |text: String, limit: u64| {
        let reply = text.len() as u64 / 4 + THOUGHT;
        if reply > limit {
            return Answer::Length(String::new());
        }
        let figures = serde_json::json!({
            "prompt_tokens": 10, "completion_tokens": reply,
            "completion_tokens_details": { "reasoning_tokens": THOUGHT },
        });
        Answer::Says(text, figures)
    };
    let (project, server) = book_by(3, 300, "", thinks);
    let output = project.run(&["draft"]);
    assert_eq!((output.code, server.requests()), (6, 1), "{output}");
    assert!(
        output.stderr.ends_with(
            "error: chapter 1: `openai/counted` reached the limit of its reply before it had written a word\n\
             help: if it thinks before it writes, `thinking: TOKENS` for its endpoint in your configuration gives it room beside the text (it has none now)\n\
             help: or take a model that does not think; what is finished is saved\n"
        ),
        "{output}"
    );
    let test = project.run(&["models", "test"]);
    assert!(test.stdout.contains("thinking"), "{test}");
    let asked = server.requests();
    let path = "../home/config/storygen/config.yaml";
    let config = project.read(path);
    project.write(path, format!("{config}endpoints: {{openai: {{thinking: 4000}}}}\n"));
    let foretold = json(&project, "cost");
    let output = project.run(&["draft"]);
    assert_eq!((output.code, server.requests() - asked), (0, 6), "{output}");
    assert!(!output.stderr.contains("rejected"), "{output}");
    let used = json(&project, "usage");
    assert_eq!(used["all"]["reasoning"].as_u64(), Some(6 * THOUGHT), "{used:#}");
    // As long as it may be, with all that it may think, and only then asked again.
    let most = foretold["stages"]["draft"]["reply"][1].as_u64();
    assert!(most >= Some(3 * 4_000) && most >= used["stages"]["draft"]["reply"].as_u64());
    assert!(used["all"]["cost"].as_f64() <= foretold["needs"]["enough"].as_f64(), "{foretold:#}");
    let test = project.run(&["models", "test"]);
    assert_eq!(test.code, 0, "{test}");
}

/// A language in whose script a book is written.
struct Tongue {
    language: &'static str,
    premise: &'static str,
    names: [&'static str; 2],
    summary: &'static str,
    /// What its sentences are made of: who, does what, with what, when.
    parts: [&'static [&'static str]; 4],
    between: [&'static str; 2],
}

const TONGUES: [Tongue; 2] = [
    Tongue {
        language: "zh",
        premise: "守闸人发现她的闸门每夜被人打开，除了摆渡人没有人相信她。她在石屋里守着水声，记下每一次开闸的时辰，直到有一天她认出了那双手。",
        names: ["伊尔卡", "布拉姆"],
        summary: "夜里伊尔卡在水闸边等候，布拉姆给她带来闸门的消息。",
        parts: [
            &["伊尔卡", "布拉姆", "她", "老船夫", "磨坊主", "院子里的女孩", "他"],
            &["提着灯走到", "一直望着", "没有再提起", "仔细数过", "悄悄锁上了", "在雨里修好了"],
            &[
                "石屋后面的木门",
                "河岸边的旧船",
                "桌上的账本",
                "桥下的黑水",
                "墙角的铜锁",
                "湿透的绳子",
            ],
            &["直到天亮", "谁也没有说话", "因为风太大", "像昨天一样", "灯忽然灭了"],
        ],
        between: ["，", "。"],
    },
    Tongue {
        language: "ru",
        premise: "Смотрительница шлюза замечает, что по ночам кто-то открывает ворота, и никто, кроме паромщика, ей не верит. Она сторожит воду и записывает каждый час.",
        names: ["Илка", "Брам"],
        summary: "Ночью Илка ждёт у шлюза, и Брам приносит ей весть о воротах.",
        parts: [
            &[
                "Илка",
                "Брам",
                "Старый паромщик",
                "Она",
                "Он",
                "Мельник",
                "Девочка с соседнего двора",
            ],
            &[
                "вышла на крыльцо и долго слушала",
                "вспомнил, что вчера было тихо, и проверял",
                "подняла фонарь и осмотрела",
                "ничего не сказала, только тронула",
                "присел у воды и ещё раз пересчитал",
                "обещал вернуться утром и починить",
            ],
            &[
                "старые ворота у плотины",
                "мокрые верёвки на причале",
                "чужие следы на глине",
                "тёмную воду под мостом",
                "записи в толстой тетради",
                "медный засов и сырые доски",
            ],
            &[
                "пока ветер гнал тучи к лесу",
                "хотя было уже поздно",
                "и никто этого не видел",
                "когда за рекой зажглись огни",
                "а потом пошёл мелкий дождь",
            ],
        ],
        between: [" ", ". "],
    },
];

impl Tongue {
    /// Prose of about so many words.
    fn prose(&self, words: usize, salt: usize) -> String {
        let (mut text, mut seed) = (String::new(), salt as u64 + 1);
        let mut pick = |of: &[&'static str]| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            of[usize::try_from(seed >> 33).expect("a number") % of.len()]
        };
        while storygen::story::prose::words(&text) < words {
            let [who, does, what, when] = self.parts.map(&mut pick);
            let [space, stop] = self.between;
            let pause = if space == " " { ", " } else { space };
            let space = if space == " " { " " } else { "" };
            text += &format!("{who}{space}{does}{space}{what}{pause}{when}{stop}");
        }
        text.trim_end().to_owned()
    }

    /// A book of four chapters of so many words, by a model of which a byte of the
    /// language makes so many tokens.
    fn book(&self, words: usize, model: &str, rate: f64) -> (Project, Counting) {
        let Self { language, premise, names: [one, other], summary, .. } = self;
        let project = Project::empty();
        project
            .write("storygen.yaml", format!("title: {one}\nlanguage: {language}\ngenre: fable\n"));
        project.write(
            "bible/premise.yaml",
            format!("premise: {premise}\npoint_of_view: third-limited\ntense: past\n"),
        );
        project.write("bible/characters.yaml", format!("characters:\n  - {{id: ilka, name: {one}, role: {other}}}\n  - {{id: bram, name: {other}, role: {one}}}\n"));
        project.write(
            "bible/world.yaml",
            format!("places:\n  - {{id: sluice, name: {one}, description: {other}}}\n"),
        );
        let chapter = |number| {
            format!(
                "  - {{id: c{number}, title: {one} {number}, pov: ilka, cast: [ilka, bram], place: sluice, words: {words}, summary: '{summary}'}}\n"
            )
        };
        project.write(
            "bible/outline.yaml",
            "chapters:\n".to_owned() + &(1..=4).map(chapter).collect::<String>(),
        );
        let tongue = TONGUES.iter().find(|one| one.language == *language).expect("itself");
        let server = Counting::start(move |asked| {
            let is_record = asked.said.contains("quote") && asked.said.contains("synopsis");
            let text = if is_record {
                let synopsis = tongue.prose(60, asked.number).replace('\n', " ");
                serde_json::json!({ "synopsis": synopsis, "facts": [] }).to_string()
            } else {
                tongue.prose(words, asked.number)
            };
            Answer::Dense(text, rate)
        });
        let (vendor, _) = model.split_once('/').expect("a vendor");
        let config = format!(
            "model: {model}\nendpoints: {{{vendor}: {{base_url: '{}', tries: 1, window: 16000, price: {{prompt: 1, reply: 1}}}}}}\n",
            server.base_url()
        );
        project.write("../home/config/storygen/config.yaml", config);
        (project, server)
    }
}

/// Whatever the script, what is foretold is worth something, and the budget that is
/// called enough is: without spaces a sentence is no word, and a letter of two or
/// three bytes makes more tokens or fewer.
#[test]
fn a_book_in_another_script_is_foretold_as_well() {
    let models = ["openai/counted", "mistral/ministral-8b-2512"];
    let rates =
        [(&TONGUES[0], 0.24), (&TONGUES[0], 0.34), (&TONGUES[1], 0.165), (&TONGUES[1], 0.21)];
    for (model, (tongue, rate)) in models.iter().flat_map(|model| rates.map(|one| (model, one))) {
        let name = format!("{} by {model} at {rate}", tongue.language);
        let (project, _server) = tongue.book(500, model, rate);
        let foretold = json(&project, "cost");
        let of = |value: &Value| value.as_f64().expect("dollars");
        let (about, enough) =
            (of(&foretold["all"]["cost"]["uncached"]), of(&foretold["needs"]["enough"]));
        let output = project.run(&["draft", "--max-cost", &format!("{enough:.6}")]);
        assert_eq!(output.code, 0, "{name}: {output}");
        let real = of(&json(&project, "usage")["all"]["cost"]);
        println!("{name}: about {about}, real {real}, enough {enough}");
        assert!(about <= 1.1 * real && real <= 2.0 * about, "{name}: {about} {real}");
        assert!(real <= enough && enough <= 4.0 * real, "{name}: {enough} {real}");
    }
}

/// The dollars behind these words.
fn named(text: &str, words: &str) -> String {
    let (_, rest) = text.split_once(words).unwrap_or_else(|| panic!("{words:?}: {text}"));
    rest.split_whitespace().next().expect("an amount").trim_end_matches([';', ',']).to_owned()
}

#[test]
fn a_budget_that_cannot_be_enough_refuses_first() {
    let (project, server) = book_of(30, 300, "");
    let cost = project.run(&["cost"]);
    assert_eq!(cost.code, 0, "{cost}");
    let last = cost.stdout.lines().last().expect("a line");
    assert!(last.starts_with("30 chapters with `openai/counted`: about $0."), "{cost}");
    assert!(last.contains(" if all is as long as it may be; at the very most $"), "{cost}");
    assert_eq!(cost.stderr, "no budget is set; `--max-cost DOLLARS` sets one for a run\n");
    // With the second each call would fit, but not all that have to come; with the
    // third all that has to come, but not the worst case of the last call with it.
    let sum = named(last, ": about $").parse::<f64>().expect("dollars") + 0.001;
    for budget in ["0.01", "0.15", &format!("{sum:.4}")] {
        let least = ["cost", "draft"].map(|command| {
            let output = project.run(&[command, "--max-cost", budget]);
            assert_eq!(output.code, 5, "{output}");
            let error = output.stderr.split_once("error: ").expect("an error").1;
            let dollars = format!("${:.4}", budget.parse::<f64>().unwrap());
            let said = format!("the budget of this run is too low: of {dollars}, $0 are spent, {dollars} are left, and what is to be done needs at least $0.");
            assert!(error.starts_with(&said), "{output}");
            assert!(error.contains("\nhelp: or draft fewer than these 30 chapters at a time\n"), "{output}");
            named(error, "needs at least $")
        });
        assert_eq!(least[0], least[1]);
        assert_eq!(server.requests(), 0);
    }
    // Who wants to go as far as the money goes can, and goes on with more.
    let refused = project.run(&["draft", "--max-cost", "0.15"]);
    assert!(refused.stderr.contains("\nhelp: or draft with `--as-far-as-it-goes`: it stops before the first call that could pass the budget, "), "{refused}");
    let mut asked = 0;
    for part in 1..=2 {
        let output = project.run(&["draft", "--as-far-as-it-goes", "--max-cost", "0.15"]);
        assert_eq!(output.code, 5, "{output}");
        assert!(output.stderr.contains("error: the budget of this run is reached: "), "{output}");
        assert!(server.requests() > asked, "{output}");
        asked = server.requests();
        let spent = json(&project, "usage")["all"]["cost"].as_f64().expect("dollars");
        assert!(spent <= 0.15 * f64::from(part), "{spent}");
    }
    assert!(asked < 60 && project.read("manuscript/01-c1.md").len() > 1_000);
    let output = project.run(&["draft", "--as-far-as-it-goes", "--max-cost", "9"]);
    // Thirty drafts, thirty records and three folds, each once.
    assert_eq!((output.code, server.requests()), (0, 63), "{output}");
}

#[test]
fn a_part_of_a_book_may_fit_a_budget_that_is_too_low_for_all() {
    let (project, _server) = book_of(30, 300, "");
    let refused = project.run(&["draft", "--max-cost", "0.15"]);
    assert_eq!(refused.code, 5, "{refused}");
    let output = project.run(&["draft", "chapter", "1", "--max-cost", "0.15"]);
    assert_eq!(output.code, 0, "{output}");
}

/// Who sets the budget that a refusal names gets the book; with less than the
/// least that it names nothing is sent.
#[test]
fn the_budget_that_a_refusal_names_is_enough() {
    for (name, chapters, words, config, budget) in [
        ("one chapter", 1, 300, "", "--max-cost"),
        ("one try", 6, 300, "endpoints: {openai: {tries: 1}}\n", "--max-cost"),
        ("four tries", 6, 300, "", "book"),
        ("a small window", 10, 200, "window: 9000\n", "month"),
        ("chapters longer than a reply", 2, 2_500, "window: 8192\n", "book"),
        (
            "the same, more of it",
            4,
            2_500,
            "window: 6000\nendpoints: {openai: {tries: 1}}\n",
            "book",
        ),
    ] {
        let (project, server) = book_of(chapters, words, config);
        let path = "../home/config/storygen/config.yaml";
        let yaml = project.read(path);
        let draft = |dollars: &str| match budget {
            "--max-cost" => project.run(&["draft", "--max-cost", dollars]),
            limit => {
                project.write(path, format!("{yaml}budget: {{{limit}: {dollars}}}\n"));
                project.run(&["draft"])
            }
        };
        let refused = draft("0.0001");
        assert_eq!((refused.code, server.requests()), (5, 0), "{name}: {refused}");
        let least = named(&refused.stderr, "needs at least $").parse::<f64>().expect("dollars");
        let refused = draft(&format!("{:.4}", least - 0.0002));
        assert_eq!((refused.code, server.requests()), (5, 0), "{name}: {refused}");
        assert_eq!(refused.stderr.contains("chapters at a time"), chapters > 1, "{refused}");
        let enough = named(&refused.stderr, "a budget of $");
        let output = draft(&enough);
        assert_eq!(output.code, 0, "{name}: {output}");
        let line = output.stderr.lines().find(|line| line.contains("; at the very most "));
        assert!(
            line.is_some_and(|line| line
                .ends_with("enough unless replies are stopped or calls repeated; a run stops before it is passed")),
            "{name}: {output}"
        );
        println!(
            "{name}: least {least}, enough {enough}, {}",
            json(&project, "usage")["all"]["cost"]
        );
    }
}

/// A dear model that only stands in does not make a cheap one dear, and is not hidden.
#[test]
fn what_a_stand_in_costs_is_a_figure_of_its_own() {
    let (project, server) = book_of(3, 300, "");
    let endpoint =
        |price: &str| format!("{{base_url: '{}', tries: 1, {price}}}", server.base_url());
    let configure = |more: &str| {
        let (cheap, dear) = ("price: {prompt: 1, reply: 2}", "price: {prompt: 100, reply: 200}");
        let config = format!(
            "model: cheap/w\nendpoints: {{cheap: {}, dear: {}, odd: {}}}\n{more}\n",
            endpoint(cheap),
            endpoint(dear),
            endpoint("dialect: openai")
        );
        project.write("../home/config/storygen/config.yaml", config);
        project.run(&["cost"])
    };
    let alone = configure("");
    let about = named(&alone.stdout, ": about $");
    assert!(!alone.stdout.contains("stand-in"), "{alone}");
    let both = configure("models: {fallback: [dear/f]}");
    let said = format!("3 chapters with `cheap/w`: about ${about}, $");
    assert!(both.stdout.contains(&said), "{both}");
    let sum: Value = json(&project, "cost")["all"]["cost"].clone();
    let of = |key: &str| sum[key].as_f64().expect("dollars");
    assert!((of("stood_in") - 100.0 * of("uncached")).abs() < 1e-9, "{sum}");
    let stood_in = named(&both.stdout, &said).parse::<f64>().expect("dollars");
    assert!((stood_in - of("stood_in")).abs() < 0.01, "{both}");
    assert!(both.stdout.contains(" where the dearest stand-in does it all; $"), "{both}");
    // What is put aside is the dear one's worst case: the least has to hold it.
    let refused = project.run(&["draft", "--max-cost", &(of("uncached") * 2.0).to_string()]);
    assert_eq!((refused.code, server.requests()), (5, 0), "{refused}");
    let odd = configure("models: {fallback: [odd/f]}");
    assert_eq!(odd.code, 0, "{odd}");
    assert!(
        odd.stdout.contains("3 chapters with `cheap/w`: what its tokens cost is not known"),
        "{odd}"
    );
}

/// Whoever could not stand in costs nothing, and that is said.
#[test]
fn a_stand_in_without_its_key_is_left_out() {
    let (project, server) = book_of(3, 300, "");
    let configure = |more: &str| {
        let config = format!(
            "model: cheap/w\nendpoints:\n  cheap: {{base_url: '{}', price: {{prompt: 1, reply: 2}}}}\n  dear: {{base_url: 'https://dear.example/v1', api_key_env: DEAR_KEY, price: {{prompt: 100, reply: 200}}}}\n  odd: {{base_url: 'https://odd.example/v1', api_key_env: DEAR_KEY}}\n{more}\n",
            server.base_url()
        );
        project.write("../home/config/storygen/config.yaml", config);
    };
    configure("");
    let alone = project.run(&["cost"]);
    for (name, host) in [("dear/f", "dear"), ("odd/f", "odd")] {
        configure(&format!("models: {{fallback: [{name}]}}"));
        let left_out = project.run(&["cost"]);
        let line = format!(
            "no key is set for `{name}` at https://{host}.example; it cannot stand in, and is left out\n"
        );
        assert_eq!(left_out.stderr, line + &alone.stderr, "{left_out}");
        assert_eq!(left_out.stdout, alone.stdout);
        let keyed = project.run_with(&["cost"], &[("DEAR_KEY", "sk-dear")]);
        assert!(!keyed.stderr.contains("left out"), "{keyed}");
        assert_ne!(keyed.stdout, alone.stdout);
    }
    // A draft puts aside as much as was foretold.
    let enough = json(&project, "cost")["needs"]["enough"].as_f64().expect("dollars");
    let output = project.run(&["draft", "--max-cost", &(enough + 0.0001).to_string()]);
    assert_eq!(output.code, 0, "{output}");
}

#[test]
fn what_costs_nothing_or_is_not_known_is_said() {
    let (project, _server) = book_of(2, 200, "");
    let config = project.read("../home/config/storygen/config.yaml");
    for (price, said) in [
        ("", "2 chapters with `openai/counted`: what its tokens cost is not known"),
        ("price: {prompt: 0, reply: 0}", "2 chapters with `openai/counted`: free"),
    ] {
        let lines: Vec<&str> = config.lines().filter(|line| !line.starts_with("price")).collect();
        let text = format!("{}\n{price}\n", lines.join("\n"));
        project.write("../home/config/storygen/config.yaml", text);
        let output = project.run(&["cost"]);
        assert_eq!((output.code, output.stdout.lines().last()), (0, Some(said)), "{output}");
        // With a budget, what a draft would do is told.
        let output = project.run(&["cost", "--max-cost", "0.5"]);
        assert_eq!(output.stdout.lines().last(), Some(said), "{output}");
        let (code, words) = match price {
            "" => (
                5,
                "error: what `openai/counted` costs is not known, so nothing can keep to the budget that is set\n",
            ),
            _ => (0, "nothing has to be paid\n"),
        };
        assert_eq!(output.code, code, "{output}");
        assert!(output.stderr.starts_with(words), "{output}");
        let output = project.run(&["cost", "--max-cost", "0.5", "--allow-unknown-price"]);
        let is_told = output.stderr.starts_with("whether a budget is enough cannot be told");
        assert_eq!((output.code, is_told), (0, price.is_empty()), "{output}");
        let drafted = project.run(&["draft", "chapter", "1", "--dry-run"]);
        assert_eq!(drafted.code, 0, "{drafted}");
    }
}

//! The lookups of the catalogue, on rows made for them.

use serde_json::json;

use super::shape::StatusWord;
use super::*;
use crate::money::Price;
use crate::provider::http::dialect::Prefill;
use crate::provider::sampling::Parameter;

/// A small world: a vendor that passes on, one that is strict, one at home.
const WORLD: &str = r"
vendors:
  wide:
    dialect: openai
    base_url: https://wide.example/v1
    key: WIDE_KEY
    parameters: [temperature, top_p, min_p, seed, stop]
    extra: {plugins: [{id: squeeze, enabled: false}], provider: {sort: price}}
    strict: {provider: {require_parameters: true}}
    price_limit: provider/max_price
    session: session_id
    quirks: [it passes requests on]
  narrow:
    dialect: mistral
    base_url: https://narrow.example/v1
    parameters: [temperature, stop]
    temperature: [0, 1.5]
    most_stops: 1
    prefill: prefix
  home:
    base_url: http://127.0.0.1:1
    local: true
    window: 8192
    ends: true
tokenizers:
  mine: {seen: true}
models:
  bard-12b:
    title: Bard 12B
    also: [Bard-v1]
    tokenizer: mine
    template: chatml
    ends: [<end>]
    stops: ['# Note']
    window: 32768
    sampling: {temperature: 1.8, min_p: 0.1, source: its card}
    files: [bard]
    quirks: [it rhymes]
    hosts:
      wide: {id: Maker/bard-12b, window: 1000000, reply: 16000, price: {prompt: 0.4, reply: 0.8, date: 2026-11-22}, parameters: [temperature, seed, stop]}
      narrow: {id: bard, also: [bard-old], window: 4096, price: {prompt: 1, reply: 2, cached: 0.1, date: 2026-11-22}, status: {is: deprecated, until: 2026-12-31}}
  bard-70b: {title: Bard 70B, files: [bard-70], window: 4096}
  poet:
    title: Poet
    status: {is: retired, since: 2026-04-30, replaced_by: [bard-12b], source: its maker}
    hosts:
      wide: {id: maker/poet}
      narrow: {id: poet}
";

fn file(text: &str) -> CatalogueFile {
    serde_yaml::from_str(text).unwrap()
}

fn world() -> Catalogue {
    Catalogue::of(file(WORLD))
}

#[test]
fn a_row_is_found_by_every_name_it_has() {
    let world = world();
    for (vendor, name, id, model) in [
        ("wide", "Maker/bard-12b", "Maker/bard-12b", Some("bard-12b")),
        ("wide", "maker/bard-12b", "Maker/bard-12b", Some("bard-12b")),
        ("wide", "bard-12b", "Maker/bard-12b", Some("bard-12b")),
        ("wide", "bard-v1", "Maker/bard-12b", Some("bard-12b")),
        ("narrow", "bard-old", "bard-old", Some("bard-12b")),
        ("narrow", "Bard-Old", "bard", Some("bard-12b")),
        ("wide", "Maker/bard-12b:free", "Maker/bard-12b:free", Some("bard-12b")),
        ("wide", "maker/bard-13b", "maker/bard-13b", None),
        ("wide", "bard-70b", "bard-70b", None),
        ("home", "Bard-70B.Q4_K_M.gguf", "Bard-70B.Q4_K_M.gguf", Some("bard-70b")),
        ("home", "bard:12b", "bard:12b", Some("bard-12b")),
        ("home", "bard-70b", "bard-70b", Some("bard-70b")),
        ("home", "other", "other", None),
    ] {
        let row = world.row(vendor, name).unwrap();
        assert_eq!((row.id.as_str(), row.model.as_deref()), (id, model), "{vendor}/{name}");
    }
    let fault = world.row("wyde", "bard-12b").unwrap_err();
    assert_eq!(fault, NoVendor { name: "wyde".to_owned(), near: Some("wide".to_owned()) });
    assert_eq!(world.nearest_model("bard-12"), Some("bard-12b"));
    let names: Vec<String> = world.rows("Bard-v1").iter().map(Row::name).collect();
    assert_eq!(names, ["wide/Maker/bard-12b", "narrow/bard"], "those that are not ending first");
}

#[test]
fn the_smallest_count_and_the_host_s_word_hold() {
    let world = world();
    let row = |vendor, name| world.row(vendor, name).unwrap();
    let wide = row("wide", "bard-12b");
    assert_eq!((wide.window, wide.reply_limit), (Some(32_768), Some(16_000)));
    assert_eq!(wide.price, Price::per_million(0.4, 0.8, None, None));
    assert_eq!(wide.seen, Some(crate::prompt::tokens::Seen));
    assert_eq!(
        wide.accepts.parameters.iter().copied().collect::<Vec<_>>(),
        [Parameter::Temperature, Parameter::Seed, Parameter::Stop]
    );
    // The author's min_p is not heeded here, and nobody asked for it.
    assert_eq!((wide.sampling.temperature, wide.sampling.min_p), (Some(1.8), None));
    assert_eq!(wide.quirks, ["it rhymes", "it passes requests on"]);
    let narrow = row("narrow", "bard");
    assert_eq!((narrow.window, narrow.prefill), (Some(4_096), Prefill::Prefix));
    assert_eq!(narrow.sampling.temperature, Some(1.5), "as far as the range goes");
    // A variant that the host's row does not name has neither limits nor price.
    let free = row("wide", "Maker/bard-12b:free");
    assert_eq!((free.window, free.price), (Some(32_768), None));
    // What a local server holds is not what the model could.
    let home = row("home", "bard-70b.gguf");
    assert_eq!((home.window, home.price), (Some(4_096), Some(Price::FREE)));
    assert_eq!(row("home", "bard-12b").window, Some(8_192));
    assert_eq!(row("home", "bard-12b").stops, ["# Note", "<end>"]);
    assert_eq!(wide.stops, ["# Note"]);
}

#[test]
fn knobs_carry_what_the_vendor_wants_in_every_body() {
    let row = world().row("wide", "bard-12b").unwrap();
    let plain = row.knobs(false, None);
    assert_eq!(plain.extra["plugins"], json!([{"id": "squeeze", "enabled": false}]));
    assert_eq!(plain.extra["provider"]["sort"], json!("price"));
    // Never less than the price, else its own host would be left out.
    for (field, dollars) in [("prompt", 0.4), ("completion", 0.8)] {
        let most = plain.extra["provider"]["max_price"][field].as_str().unwrap();
        let most: f64 = most.parse().unwrap();
        assert!((dollars..dollars * 1.001).contains(&most), "{field}: {most}");
    }
    assert_eq!((plain.session, plain.model.as_str()), (None, "Maker/bard-12b"));
    let strict = row.knobs(true, Some("my book"));
    assert_eq!(strict.extra["provider"]["require_parameters"], json!(true));
    assert_eq!(strict.extra["provider"]["sort"], json!("price"));
    assert_eq!(strict.session, Some(("session_id".to_owned(), "my book".to_owned())));
}

#[test]
fn a_retired_model_is_refused_in_words_and_never_swapped() {
    let world = world();
    let poet = world.row("narrow", "poet").unwrap();
    assert_eq!((poet.id.as_str(), poet.model.as_deref()), ("poet", Some("poet")));
    let Verdict::Retired { message, hints } = poet.verdict(None, "2026-11-23") else { panic!() };
    assert_eq!(message, "narrow does not serve Poet any more since 2026-04-30 (its maker)");
    assert_eq!(
        hints,
        [
            "another model takes its place: `bard-12b`; see `storygen models info bard-12b`",
            "if it is served there all the same, say so in your `catalogue.yaml`: `models: {poet: {hosts: {narrow: {status: {is: active}}}}}`",
        ]
    );
    assert_eq!(
        poet.verdict(Some("http://127.0.0.1:1"), "2026-11-23"),
        Verdict::Usable,
        "elsewhere"
    );
    for (today, expected) in [
        ("2026-12-30", "Bard 12B is about to be withdrawn by narrow on 2026-12-31"),
        (
            "2026-12-31",
            "Bard 12B was to be withdrawn by narrow on 2026-12-31; it is asked all the same",
        ),
    ] {
        let verdict = world.row("narrow", "bard").unwrap().verdict(None, today);
        assert_eq!(verdict, Verdict::Ending(expected.to_owned()));
    }
    assert_eq!(world.row("wide", "bard-12b").unwrap().verdict(None, "2026-11-23"), Verdict::Usable);
}

#[test]
fn the_user_s_rows_count_field_by_field() {
    let own = "
vendors:
  wide: {title: Wide, quirks: []}
  mine: {base_url: 'http://127.0.0.1:9/v1', dialect: openai}
models:
  poet:
    hosts:
      wide: {status: {is: active}}
      mine: {id: poet-at-home, window: 2048}
  bard-12b:
    sampling: {temperature: 0.9}
    hosts: {wide: {price: {prompt: 1, reply: 1, date: 2026-11-23}}}
";
    let catalogue = world().with(file(own));
    let row = |vendor, name| catalogue.row(vendor, name).unwrap();
    let bard = row("wide", "bard-12b");
    assert_eq!(bard.price_date.as_deref(), Some("2026-11-23"));
    assert_eq!((bard.window, bard.vendor.title.as_str()), (Some(32_768), "Wide"));
    assert_eq!((bard.sampling.temperature, bard.quirks), (Some(0.9), vec!["it rhymes".to_owned()]));
    // Said to be served; added and so served; built in and retired.
    for (vendor, word) in [
        ("wide", StatusWord::Active),
        ("mine", StatusWord::Active),
        ("narrow", StatusWord::Retired),
    ] {
        assert_eq!(row(vendor, "poet").status.word, word, "{vendor}");
    }
    assert_eq!(row("narrow", "poet").elsewhere, ["mine/poet-at-home", "wide/maker/poet"]);
}

#[test]
fn what_cannot_be_is_found_with_its_place() {
    let own = file(
        "
vendors:
  wide: {dialect: opnai, temperature: [2, 1], names: {repetition: rep}}
models:
  bard-12b:
    template: chatlm
    tokenizer: yours
    window: 100
    status: {is: retired, since: soon, replaced_by: [bart-12b]}
    hosts:
      wider: {reply: 200, price: {prompt: -1, reply: 2, date: 2026-13-01}}
      wide: {reply: 0, seen: '22.11.2026'}
",
    );
    let whole = merged(own.clone(), file(WORLD));
    let known =
        Known { whole: &whole, dialects: &["openai", "mistral"], templates: &["chatml", "alpaca"] };
    let found: Vec<String> = faults(&own, known)
        .into_iter()
        .map(|fault| {
            format!(
                "{}: {} ({})",
                fault.path.join("/"),
                fault.message,
                fault.hint.unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "vendors/wide/dialect: no dialect is called `opnai` (did you mean `openai`?)",
            "vendors/wide/names/repetition: no sampling setting is called `repetition` (there are `temperature`, `top_p`, `top_k`, `min_p`, `repetition_penalty`, `frequency_penalty`, `presence_penalty`, `dry`, `xtc`, `logit_bias`, `seed`, `stop`)",
            "vendors/wide/temperature: a temperature from 2 to 1 cannot be (write the least and the most, such as `[0, 2]`)",
            "models/bard-12b/template: no chat template is called `chatlm` (did you mean `chatml`?)",
            "models/bard-12b/tokenizer: no tokenizer is called `yours` (there are `mine`)",
            "models/bard-12b/status/since: `soon` is no day (write it as `2026-11-22`)",
            "models/bard-12b/status/replaced_by: no model is called `bart-12b` (did you mean `bard-12b`?)",
            "models/bard-12b/hosts/wide/reply: a limit of no tokens leaves room for nothing ()",
            "models/bard-12b/hosts/wide/seen: `22.11.2026` is no day (write it as `2026-11-22`)",
            "models/bard-12b/hosts/wider: no vendor is called `wider` (did you mean `wide`?)",
            "models/bard-12b/hosts/wider/reply: a reply of 200 tokens does not fit into a window of 100 ()",
            "models/bard-12b/hosts/wider/price/date: `2026-13-01` is no day (write it as `2026-11-22`)",
            "models/bard-12b/hosts/wider/price: -1 is no price (prices are dollars for a million tokens)",
        ]
    );
}

#[test]
fn two_models_of_one_name_at_a_host_are_found() {
    let own = file(
        "
models:
  ballad: {hosts: {wide: {id: maker/song}, narrow: {id: maker/song}}}
  elegy: {hosts: {wide: {id: maker/song}}}
  maker/song: {hosts: {narrow: {}, wide: {id: other}}}
",
    );
    let whole = merged(own.clone(), file(WORLD));
    let known = Known { whole: &whole, dialects: &[], templates: &[] };
    let found: Vec<String> = faults(&own, known)
        .into_iter()
        .map(|fault| format!("{}: {}", fault.path.join(" "), fault.message))
        .collect();
    assert_eq!(
        found,
        [
            "models elegy hosts wide id: `wide` has `ballad` as `maker/song` already",
            "models maker/song hosts narrow id: `narrow` has `ballad` as `maker/song` already",
        ]
    );
}

#[test]
fn a_model_is_found_by_the_names_that_people_write() {
    let world = Catalogue::built_in().unwrap();
    for (name, key) in [
        ("Qwen2.5 72B Instruct", "qwen2.5-72b"),
        ("qwen2.5-72b", "qwen2.5-72b"),
        ("MythoMax 13B", "mythomax-13b"),
        ("MYTHOMAX-13B", "mythomax-13b"),
        ("Qwen/Qwen2.5-72B-Instruct", "qwen2.5-72b"),
    ] {
        assert_eq!(world.model(name).map(|(key, _)| key), Some(key), "{name}");
    }
    // A version is no other one, and nothing is no name.
    for name in ["Qwen25 72B Instruct", "", "---"] {
        assert_eq!(world.model(name).map(|(key, _)| key), None, "{name}");
    }
}

/// What a vendor's list calls a model takes no name from a row that is described.
#[test]
fn no_list_takes_a_name_that_somebody_else_has() {
    let list = "
models:
  bard-v1: {title: Other, hosts: {wide: {id: other/bard-v1}}}
  poet: {hosts: {home: {id: poet}}}
  fresh: {title: Poet, hosts: {wide: {id: maker/fresh}, narrow: {id: bard-12b}}}
";
    let world = world().with_list(file(list));
    for (name, key) in [
        ("bard-v1", "bard-12b"),
        ("other/bard-v1", "bard-v1"),
        ("Poet", "poet"),
        ("bard-12b", "bard-12b"),
        ("fresh", "fresh"),
    ] {
        assert_eq!(world.model(name).map(|(key, _)| key), Some(key), "{name}");
    }
    // By its own name in a table, each is found all the same.
    assert_eq!(world.rows("bard-v1")[0].id, "other/bard-v1");
    assert_eq!(world.row("wide", "bard-v1").unwrap().id, "Maker/bard-12b");
    assert_eq!(world.row("wide", "other/bard-v1").unwrap().model.as_deref(), Some("bard-v1"));
    assert_eq!(world.row("wide", "fresh").unwrap().id, "maker/fresh");
    // The user's own row is described.
    let own = "models: {bard-v1: {title: Mine}}";
    let world = world.with(file(own));
    assert_eq!(world.model("bard-v1").map(|(key, _)| key), Some("bard-v1"));
}

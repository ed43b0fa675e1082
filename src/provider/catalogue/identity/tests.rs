//! What goes to the wire after a list was read, by what was typed.

use super::super::listing::{self, Listing};
use super::super::shape::ListingKind;
use super::super::{Change, refreshed};
use super::*;
use crate::money::Price;

const WORLD: &str = r"
vendors: {wide: {base_url: 'https://wide.example/v1'}}
models:
  bard-12b:
    family: bard
    tokenizer: mine
    window: 32768
    hosts: {wide: {id: maker/bard-12b, window: 30000, price: {prompt: 0.4, reply: 0.8, date: 2026-11-22}}}
  poet: {family: poet, hosts: {wide: {id: poet-2512}}}
  lyre: {family: lyre, hosts: {wide: {id: maker/lyre}}}
  harp: {hosts: {wide: {id: harp-2512, window: 9000, price: {prompt: 1, reply: 2, date: 2026-11-22}}}}
  flute: {parameters: [stop], hosts: {wide: {id: flute-4-5, price: {prompt: 1, reply: 2, date: 2026-11-22}}}}
";

fn world() -> Catalogue {
    Catalogue::of(serde_yaml::from_str(WORLD).unwrap())
}

fn rows(kind: ListingKind, rows: &[serde_json::Value]) -> Vec<Listed> {
    let page = serde_json::json!({ "data": rows });
    match listing::read(kind, &page).unwrap() {
        Listing::Models(models, _) => models,
        Listing::Window(_) => panic!("a window"),
    }
}

/// The catalogue once this list was kept, and read again as often as told.
fn after(lists: &[Vec<Listed>]) -> Catalogue {
    let built_in = world();
    let mut known = world();
    let mut last = CatalogueFile::default();
    for list in lists {
        let against = Against {
            built_in: &built_in,
            known: &known,
            last: &last,
            elsewhere: None,
            is_cut: false,
        };
        let (layer, _) = refreshed(against, "wide", list, "2026-11-23");
        last.clone_from(&layer);
        known = world().with_list(layer);
    }
    known
}

/// A row of the list, the other words there for it.
type Row<'a> = (&'a str, &'a [&'a str]);

/// Whatever stands first, and however often it is read, what is typed is what goes to
/// the wire, if the vendor has a word like that.
#[test]
fn no_row_takes_the_place_of_another() {
    use ListingKind as K;
    // The kind of list; its rows; what is typed, what is sent.
    type Case<'a> = (K, &'a [Row<'a>], &'a [(&'a str, &'a str)]);
    let plain = "maker/bard-12b";
    let (free, batch) = ("maker/bard-12b:free", "maker/bard-12b:batch");
    let table: [Case<'_>; 8] = [
        (
            K::OpenRouter,
            &[(plain, &[plain]), (free, &[plain]), (batch, &[plain])],
            &[(plain, plain), ("bard-12b", plain), (free, free), (batch, batch)],
        ),
        // A variant alone says nothing of the plain model.
        (K::OpenRouter, &[(free, &[plain])], &[(plain, plain), ("bard-12b", plain), (free, free)]),
        (
            K::OpenRouter,
            &[("maker/new", &["maker/new-0901"]), ("maker/new:free", &["maker/new-0901"])],
            &[
                ("maker/new", "maker/new"),
                ("maker/new-0901", "maker/new-0901"),
                ("maker/new:free", "maker/new:free"),
            ],
        ),
        (
            K::Mistral,
            &[("poet-latest", &["poet-2512"]), ("poet-2512", &["poet-latest"])],
            &[("poet-2512", "poet-2512"), ("poet", "poet-2512"), ("poet-latest", "poet-latest")],
        ),
        // Only the name that moves is listed; both words are the vendor's.
        (
            K::Mistral,
            &[("poet-latest", &["poet-2512"])],
            &[("poet-2512", "poet-2512"), ("poet", "poet-2512"), ("poet-latest", "poet-latest")],
        ),
        // A word for two of them is none for either.
        (
            K::Mistral,
            &[("ode-1", &["ode"]), ("ode-2", &["ode"])],
            &[("ode", "ode"), ("ode-1", "ode-1"), ("ode-2", "ode-2")],
        ),
        // A name of the catalogue, or almost an id, is not an id.
        (
            K::OpenAi,
            &[("bard-12b", &[]), ("lyre", &[]), ("Maker/Lyre", &[])],
            &[
                ("bard-12b", "bard-12b"),
                (plain, plain),
                ("lyre", "lyre"),
                ("Maker/Lyre", "Maker/Lyre"),
            ],
        ),
        (
            K::OpenRouter,
            &[(plain, &["maker/bard-12b-0901"]), ("maker/lyre", &["maker/lyre-0901"])],
            &[
                (plain, plain),
                ("maker/bard-12b-0901", "maker/bard-12b-0901"),
                ("lyre", "maker/lyre"),
            ],
        ),
    ];
    for (kind, list, expected) in table {
        let row = |(id, also): &Row<'_>| {
            let slug = also.first().copied().unwrap_or(id);
            serde_json::json!({"id": id, "aliases": also, "canonical_slug": slug})
        };
        let list: Vec<_> = list.iter().map(row).collect();
        let turned: Vec<_> = list.iter().rev().cloned().collect();
        for list in [list, turned].map(|list| rows(kind, &list)) {
            for times in 1..3 {
                let known = after(&vec![list.clone(); times]);
                for (typed, sent) in expected {
                    let row = known.row("wide", typed).unwrap();
                    assert_eq!(row.id, *sent, "{typed} of {list:?}, read {times} times");
                }
            }
        }
    }
}

/// A variant has its own price and limits, and the make of the plain one.
#[test]
fn a_variant_is_a_model_of_its_own() {
    let price = |dollars: &str| serde_json::json!({"prompt": dollars, "completion": dollars});
    let list = rows(
        ListingKind::OpenRouter,
        &[
            serde_json::json!({"id": "maker/bard-12b:free", "canonical_slug": "maker/bard-12b",
                "name": "Bard (free)", "context_length": 8_000, "pricing": price("0")}),
            serde_json::json!({"id": "maker/bard-12b", "pricing": price("0.0000005")}),
        ],
    );
    let known = after(&[list.clone(), list]);
    let row = |name| known.row("wide", name).unwrap();
    let (free, plain) = (row("maker/bard-12b:free"), row("maker/bard-12b"));
    assert_eq!((free.title.as_str(), free.window), ("Bard (free)", Some(8_000)));
    assert_eq!((free.tokenizer.as_deref(), free.price), (Some("mine"), Some(Price::FREE)));
    assert_eq!(free.model.as_deref(), Some("bard-12b:free"));
    assert_eq!(plain.price, Price::per_million(0.5, 0.5, None, None));
    assert_eq!((plain.window, plain.model.as_deref()), (Some(30_000), Some("bard-12b")));
}

/// Lists that were kept when a variant could take the plain one's place are not believed
/// in that.
#[test]
fn a_list_of_long_ago_exchanges_nothing() {
    let kept = "
models:
  bard-12b: {hosts: {wide: {id: 'maker/bard-12b:free', also: [maker/bard-12b], price: {prompt: 0, reply: 0, date: 2026-11-22}}}}
  poet: {hosts: {wide: {id: POET-2512, window: 4096}}}
";
    let known = world().with_list(serde_yaml::from_str(kept).unwrap());
    let row = |name| known.row("wide", name).unwrap();
    assert_eq!(row("bard-12b").id, "maker/bard-12b");
    assert_eq!(row("bard-12b").price, Price::per_million(0.4, 0.8, None, None));
    assert_eq!((row("poet").id.as_str(), row("poet").window), ("POET-2512", Some(4_096)));
}

/// A name that moves, and an id with its day, are words for the model that they stand
/// for: they are asked as they are, and announce nothing.
#[test]
fn what_a_name_stands_for_now_is_what_is_known_of_it() {
    // As lists were kept before.
    const BEFORE: &str = "
models:
  harp-latest: {hosts: {wide: {id: harp-latest, status: {is: active}}}}
  flute-4-5-20251001: {hosts: {wide: {id: flute-4-5-20251001, status: {is: active}}}}
";
    let row = |id: &str, name: &str, also: &str| serde_json::json!({"id": id, "name": name, "aliases": [also], "deprecation": "2099-12-20"});
    let harp = row("harp-2512", "harp-2512", "harp-latest");
    let [latest, own] =
        ["harp-2512", "harp-latest"].map(|name| row("harp-latest", name, "harp-2512"));
    let short = row("harp", "harp-2512", "harp-2512");
    let both = serde_json::json!({"id": "harp-2512", "name": "harp-2512", "aliases": ["harp-latest", "harp"]});
    let alone = |id: &str| serde_json::json!({"id": id});
    let day = "flute-4-5-20251001";
    // The list; what is typed; whether that has the price, and an end; what is new.
    let table = [
        (vec![harp.clone(), latest.clone()], "harp-latest", true, false, &[][..]),
        (vec![own, harp.clone()], "harp-latest", true, false, &[]),
        (vec![harp.clone(), latest.clone()], "harp-2512", true, true, &[]),
        (vec![both, latest, short], "harp", true, false, &[]),
        (vec![alone(day)], day, true, false, &[]),
        (vec![alone(day)], "flute-4-5", true, false, &[]),
        // Of two days neither is known to be the one that the name stands for.
        (
            vec![alone(day), alone("flute-4-5-20260101")],
            "flute-4-5-20260101",
            false,
            false,
            &["flute-4-5-20251001", "flute-4-5-20260101"],
        ),
        (vec![alone(day), alone("flute-4-5")], day, false, false, &["flute-4-5-20251001"]),
    ];
    for (list, typed, is_priced, ends, new) in table {
        for before in ["models: {}", BEFORE] {
            let built_in = world();
            let last: CatalogueFile = serde_yaml::from_str(before).unwrap();
            let known = world().with_list(last.clone());
            let against = Against {
                built_in: &built_in,
                known: &known,
                last: &last,
                elsewhere: None,
                is_cut: false,
            };
            let list = rows(ListingKind::Mistral, &list);
            let (layer, changes) = refreshed(against, "wide", &list, "2026-11-23");
            let row = world().with_list(layer).row("wide", typed).unwrap();
            assert_eq!(row.id, typed, "{list:?}");
            assert_eq!(row.price.is_some(), is_priced, "{typed} of {list:?}");
            assert_eq!(row.status.until.is_some(), ends, "{typed} of {list:?}");
            assert!(!typed.starts_with("flute") || row.accepts.parameters.len() == 1, "{typed}");
            let said = |change: &Change| match change {
                Change::New { model } => Some(model.clone()),
                _ => None,
            };
            let said: Vec<String> = changes.iter().filter_map(said).collect();
            let new: &[&str] = if before == BEFORE { &new[new.len().min(1)..] } else { new };
            assert_eq!(said, new, "{before} {list:?}");
            let is_gone = |change: &&Change| matches!(change, Change::Unlisted { model, .. } if model.contains("latest") || model.contains(day));
            assert_eq!(changes.iter().find(is_gone), None, "{list:?}");
        }
    }
}

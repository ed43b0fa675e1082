//! Lists as vendors write them.

use serde_json::json;

use super::*;

fn listed(kind: ListingKind, page: &Value) -> Vec<Listed> {
    match read(kind, page) {
        Ok(Listing::Models(models)) => models,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_smallest_count_of_a_row_is_believed() {
    let row = json!({
        "id": "maker/bard", "canonical_slug": "maker/bard-20260101", "name": "Maker: Bard",
        "context_length": 1_024_000,
        "top_provider": {"context_length": 32_768, "max_completion_tokens": 26_214},
        "architecture": {"output_modalities": ["text"]},
        "pricing": {"prompt": "0.0000004", "completion": "0.00000085", "request": "0",
                    "input_cache_read": "0.00000004", "input_cache_write": "0.00000008"},
        "supported_parameters": ["max_tokens", "temperature", "min_p", "seed", "tools"],
        "expiration_date": "2026-12-31",
    });
    let found = listed(ListingKind::OpenRouter, &json!({"data": [row]}));
    assert_eq!(
        found,
        [Listed {
            id: "maker/bard".to_owned(),
            also: vec!["maker/bard-20260101".to_owned()],
            title: Some("Maker: Bard".to_owned()),
            window: Some(32_768),
            reply: Some(26_214),
            price: Some(ListedPrice {
                prompt: 0.4,
                reply: 0.85,
                cached: Some(0.04),
                written: None
            }),
            parameters: Some(vec![Parameter::Temperature, Parameter::MinP, Parameter::Seed]),
            ends: Some("2026-12-31".to_owned()),
            picks_another: false,
        }]
    );
}

#[test]
fn what_cannot_be_in_a_row_is_left_out() {
    let price = json!({"prompt": "0.000001", "completion": "0.000001"});
    let rows = json!({"data": [
        {"id": "~maker/latest", "pricing": price},
        {"id": "maker/image", "architecture": {"output_modalities": ["image"]}},
        {"id": "maker/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "maker/\u{1b}[31mred"},
        {"id": ""},
        {"name": "nameless"},
        {"id": "maker/fee", "pricing": {"prompt": "0", "completion": "0", "request": "0.01"}},
        {"id": "maker/words", "pricing": {"prompt": "free", "completion": "NaN"},
         "context_length": -5, "expiration_date": "soon",
         "top_provider": {"context_length": 1e30, "max_completion_tokens": 0},
         "supported_parameters": ["tools", "tool_choice"]},
    ]});
    let found = listed(ListingKind::OpenRouter, &rows);
    let plain = |id: &str| Listed { id: id.to_owned(), ..Listed::default() };
    let router = Listed { picks_another: true, ..plain("maker/auto") };
    assert_eq!(found, [router, plain("maker/fee"), plain("maker/words")]);
}

#[test]
fn lists_of_other_vendors_are_read() {
    let table = [
        (
            ListingKind::OpenAi,
            json!({"data": [{"id": "a", "max_model_len": 4096}, {"id": "b", "type": "embeddings"}]}),
            vec![("a", Some(4_096))],
        ),
        (
            ListingKind::OpenAi,
            json!([{"id": "x/y", "type": "chat", "context_length": 32_768}]),
            vec![("x/y", Some(32_768))],
        ),
        (
            ListingKind::OpenAi,
            json!({"data": [{"id": "c", "metadata": {"context_length": 8192, "max_tokens": 1}}]}),
            vec![("c", Some(8_192))],
        ),
        (
            ListingKind::OpenAi,
            json!({"data": [{"id": "d", "max_context_length": 131_072, "loaded_context_length": 4096}]}),
            vec![("d", Some(4_096))],
        ),
        (
            ListingKind::Mistral,
            json!({"data": [
            {"id": "m", "aliases": ["m-latest"], "max_context_length": 262_144, "deprecation": "2026-12-01T12:00:00Z", "capabilities": {"completion_chat": true}},
            {"id": "embed", "capabilities": {"completion_chat": false}}]}),
            vec![("m", Some(262_144))],
        ),
        (
            ListingKind::Ollama,
            json!({"models": [{"name": "qwen2.5:14b", "model": "qwen2.5:14b"}]}),
            vec![("qwen2.5:14b", None)],
        ),
    ];
    for (kind, page, expected) in table {
        let found = listed(kind, &page);
        let found: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.window)).collect();
        assert_eq!(found, expected, "{page}");
    }
    let page = json!({"default_generation_settings": {"n_ctx": 16_384}});
    assert_eq!(read(ListingKind::LlamaCpp, &page), Ok(Listing::Window(16_384)));
    assert_eq!(read(ListingKind::KoboldCpp, &json!({"value": 8192})), Ok(Listing::Window(8_192)));
    assert_eq!(
        ollama_window(&json!({"model_info": {"qwen2.context_length": 32_768}})),
        Some(32_768)
    );
    for page in [json!({}), json!({"data": []}), json!("no"), json!({"data": {"id": "a"}})] {
        assert!(read(ListingKind::OpenAi, &page).is_err(), "{page}");
        assert!(read(ListingKind::LlamaCpp, &page).is_err(), "{page}");
    }
}

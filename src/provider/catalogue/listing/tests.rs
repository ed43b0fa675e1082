//! Lists as vendors write them.

use serde_json::json;

use super::*;

fn listed(kind: ListingKind, page: &Value) -> Vec<Listed> {
    match read(kind, page) {
        Ok(Listing::Models(models, _)) => models,
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
            ..Listed::default()
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
    let odd_price = Some("a fee for each request, whatever its tokens".to_owned());
    let fee = Listed { odd_price, ..plain("maker/fee") };
    assert_eq!(found, [router, fee, plain("maker/words")]);
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

/// The kind of a list, a row of it; the window, the reply limit, and the prices of
/// prompt, reply and cache that are believed of it.
type Priced = (ListingKind, Value, Option<u32>, Option<u32>, Option<[f64; 3]>);

/// Fields and units as the vendors' lists have them.
#[test]
fn prices_and_limits_are_read_in_each_vendor_s_own_units() {
    use ListingKind as K;
    let table: [Priced; 11] = [
        (
            K::DeepInfra,
            json!({"id": "m", "metadata": {"context_length": 65_536, "max_tokens": 16_384,
                "pricing": {"input_tokens": 0.5, "output_tokens": 1.5, "cache_read_tokens": 0.05}}}),
            Some(65_536),
            Some(16_384),
            Some([0.5, 1.5, 0.05]),
        ),
        (K::DeepInfra, json!({"id": "m", "metadata": null}), None, None, None),
        (
            K::Novita,
            json!({"id": "m", "status": 1, "model_type": "chat", "context_size": 40_960,
                "max_output_tokens": 20_000, "input_token_price_per_m": 2_700,
                "output_token_price_per_m": 4_000,
                "pricing": {"input_cache_read": {"price_per_m": 270}}}),
            Some(40_960),
            Some(20_000),
            Some([0.27, 0.4, 0.027]),
        ),
        // Plain dollars, where the row has them, and no length at which they rise.
        (
            K::Novita,
            json!({"id": "m", "context_size": 1_000_000, "input_token_price_per_m": 3_000,
                "output_token_price_per_m": 12_000, "is_tiered_billing": true,
                "tiered_billing_configs": [
                    {"min_tokens": 1, "max_tokens": 524_288, "pricing": {
                        "prompt": {"price_per_m": 3_000, "price_per_m_decimal": "0.3"},
                        "completion": {"price_per_m": 12_000, "price_per_m_decimal": "1.2"}}},
                    {"min_tokens": 524_288, "max_tokens": 1_000_000, "pricing": {
                        "prompt": {"price_per_m_decimal": "0.6"},
                        "completion": {"price_per_m_decimal": "2.4"}}}]}),
            Some(524_288),
            None,
            Some([0.3, 1.2, 0.0]),
        ),
        (
            K::Together,
            json!({"id": "m", "type": "chat", "context_length": 16_384,
                "pricing": {"hourly": 0, "input": 0.3, "output": 0.6, "base": 0, "cached_input": 0.06}}),
            Some(16_384),
            None,
            Some([0.3, 0.6, 0.06]),
        ),
        (
            K::Together,
            json!({"id": "maker/m-Free", "pricing": {"input": 0, "output": 0}}),
            None,
            None,
            Some([0.0, 0.0, 0.0]),
        ),
        (
            K::Xai,
            json!({"id": "m", "output_modalities": ["text"], "prompt_text_token_price": 12_500,
                "completion_text_token_price": 25_000, "cached_prompt_text_token_price": 2_000}),
            None,
            None,
            Some([1.25, 2.5, 0.2]),
        ),
        // Past a length they are dearer: it is held to that length, or costs the most.
        (
            K::Xai,
            json!({"id": "m", "prompt_text_token_price": 12_500, "completion_text_token_price": 25_000,
                "prompt_text_token_price_long_context": 25_000,
                "completion_text_token_price_long_context": 50_000, "long_context_threshold": 200_000}),
            Some(200_000),
            None,
            Some([1.25, 2.5, 0.0]),
        ),
        (
            K::Xai,
            json!({"id": "m", "prompt_text_token_price": 12_500, "completion_text_token_price": 25_000,
                "prompt_text_token_price_long_context": 25_000,
                "completion_text_token_price_long_context": 50_000}),
            None,
            None,
            Some([2.5, 5.0, 0.0]),
        ),
        (
            K::Anthropic,
            json!({"id": "m", "type": "model", "max_input_tokens": 1_000_000, "max_tokens": 128_000}),
            Some(1_000_000),
            Some(128_000),
            None,
        ),
        // A word for a price whose unit nobody has told is none.
        (K::OpenAi, json!({"id": "m", "pricing": {"input": 0.3, "output": 0.6}}), None, None, None),
    ];
    for (kind, row, window, reply, price) in table {
        let found = listed(kind, &json!({ "data": [row] }));
        let one = &found[0];
        let prices = one.price.map(|all| [all.prompt, all.reply, all.cached.unwrap_or_default()]);
        assert_eq!((one.window, one.reply, prices), (window, reply, price), "{row}");
        assert_eq!(one.odd_price, None, "{row}");
    }
}

#[test]
fn a_price_that_cannot_be_is_left_out_and_said() {
    use ListingKind as K;
    let deepinfra = |prompt: f64, reply: f64| json!({"metadata": {"pricing": {"input_tokens": prompt, "output_tokens": reply}}});
    let novita = |prompt: f64, reply: f64| json!({"input_token_price_per_m": prompt, "output_token_price_per_m": reply});
    let free = "nothing for either; that it is free, nobody has said";
    let table = [
        (K::DeepInfra, deepinfra(-1.0, 0.5), "-1 dollars for a million tokens of the prompt"),
        (K::DeepInfra, deepinfra(0.5, 10_001.0), "10001 dollars for a million tokens of the reply"),
        (
            K::DeepInfra,
            deepinfra(0.000_000_5, 0.5),
            "0.0000005 dollars for a million tokens of the prompt",
        ),
        (K::DeepInfra, deepinfra(0.0, 0.0), free),
        (K::Novita, novita(-1.0, -1.0), "-0.0001 dollars for a million tokens of the prompt"),
        (K::Novita, novita(0.27, 0.4), "0.000027 dollars for a million tokens of the prompt"),
        (K::Together, json!({"pricing": {"hourly": 4, "input": 0, "output": 0}}), free),
        (
            K::Xai,
            json!({"prompt_text_token_price": 1e9, "completion_text_token_price": 1}),
            "100000 dollars for a million tokens of the prompt",
        ),
        (
            K::OpenRouter,
            json!({"pricing": {"prompt": "0.4", "completion": "0.4"}}),
            "400000 dollars for a million tokens of the prompt",
        ),
    ];
    for (kind, mut row, why) in table {
        row["id"] = json!("m");
        let found = listed(kind, &json!([row]));
        assert_eq!((found[0].price, found[0].odd_price.as_deref()), (None, Some(why)), "{row}");
    }
    // A price of the cache that cannot be is no price of it: that of the prompt counts.
    let row = json!({"id": "m", "metadata": {"pricing":
        {"input_tokens": 0.5, "output_tokens": 1.5, "cache_read_tokens": -2}}});
    let found = listed(K::DeepInfra, &json!([row]));
    assert_eq!(found[0].price.map(|price| (price.prompt, price.cached)), Some((0.5, None)));
    let why = "-2 dollars for a million tokens of what is read from the cache";
    assert_eq!(found[0].odd_price.as_deref(), Some(why));
}

#[test]
fn what_is_not_served_or_writes_no_prose_is_no_model() {
    use ListingKind as K;
    for (kind, row) in [
        (K::Novita, json!({"id": "old", "status": 4})),
        (K::Novita, json!({"id": "bge", "model_type": "embedding"})),
        (K::Together, json!({"id": "flux", "type": "image"})),
        (K::Xai, json!({"id": "grok-draws", "output_modalities": ["image"]})),
    ] {
        assert!(read(kind, &json!({ "data": [row] })).is_err(), "{row}");
    }
}

#[test]
fn an_end_comes_with_what_takes_its_place() {
    let found = listed(
        ListingKind::Mistral,
        &json!({"data": [
            {"id": "m", "deprecation": "2026-12-01T12:00:00Z", "deprecation_replacement_model": "n"},
            {"id": "n", "deprecation": null, "deprecation_replacement_model": null}]}),
    );
    let said: Vec<_> =
        found.iter().map(|one| (one.ends.as_deref(), one.replaced_by.as_deref())).collect();
    assert_eq!(said, [(Some("2026-12-01"), Some("n")), (None, None)]);
}

use serde_json::json;

use super::*;

/// The text, the end mark and the finish after reading `events`, or the trouble.
fn read(events: &[&str]) -> Result<(String, bool, Ending), Trouble> {
    let mut reader = ChatReader::default();
    let (mut text, mut last) = (String::new(), false);
    for data in events {
        let event = Event { name: String::new(), data: (*data).to_owned() };
        let piece = reader.event(&event)?;
        text.push_str(&piece.text);
        last |= piece.last;
    }
    Ok((text, last, reader.ending))
}

#[test]
fn what_llama_cpp_has_counted_so_far_is_known() {
    let timed = r#"{"choices":[{"delta":{"content":"a"}}],"timings":{"cache_n":30,"prompt_n":9,"predicted_n":2}}"#;
    let (_, _, ending) = read(&[timed]).unwrap();
    let usage = Usage { prompt: 39, cached: 30, reply: 2, ..Usage::default() };
    assert_eq!((ending.usage, ending.is_counted), (Some(usage), false));
    let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"timings":{"cache_n":30,"prompt_n":9,"predicted_n":5}}"#;
    let (_, _, ending) = read(&[timed, end]).unwrap();
    assert_eq!((ending.usage.unwrap().reply, ending.is_counted), (5, true));
}

#[test]
fn text_is_found_and_nothing_else_is_taken_for_it() {
    let table = [
        (r#"{"choices":[{"delta":{"content":"a"}}]}"#, "a"),
        (r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}"#, "a"),
        (r#"{"choices":[{"index":1,"delta":{"content":"other"}}]}"#, ""),
        (r#"{"choices":[]}"#, ""),
        (r#"{"choices":null}"#, ""),
        (r#"{"id":"x"}"#, ""),
        (r#"{"choices":[{}]}"#, ""),
        (r#"{"choices":[{"delta":null}]}"#, ""),
        (r#"{"choices":[{"delta":{"role":null,"content":null}}]}"#, ""),
        (
            r#"{"choices":[{"delta":{"reasoning":"r","reasoning_content":"r","reasoning_text":"r"}}]}"#,
            "",
        ),
        (
            r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"r"}]},{"type":"text","text":"a"}]}}]}"#,
            "a",
        ),
        (r#"{"choices":[{"delta":{"content":"a"},"message":{"content":"all of it"}}]}"#, "a"),
        (r#"{"choices":[{"delta":{"content":7}}]}"#, ""),
        (r#"{"error":null,"choices":[{"delta":{"content":"a"}}]}"#, "a"),
        ("", ""),
        ("null", ""),
        ("[DONE]", ""),
    ];
    for (event, text) in table {
        assert_eq!(read(&[event]).unwrap().0, text, "{event}");
    }
}

#[test]
fn only_known_words_end_a_reply() {
    let table = [
        (json!("stop"), Some(Finish::Stop), None),
        (json!("end_turn"), Some(Finish::Stop), None),
        (json!("STOP"), Some(Finish::Stop), None),
        (json!("length"), Some(Finish::Length), None),
        (json!("max_tokens"), Some(Finish::Length), None),
        (json!("model_length"), Some(Finish::Length), None),
        (json!("content_filter"), Some(Finish::Filtered), None),
        (json!("tool_calls"), None, Some("tool_calls")),
        (json!(""), None, None),
        (json!("null"), None, None),
        (json!(null), None, None),
        (json!(3), None, None),
    ];
    for (word, finish, foreign) in table {
        let event = json!({"choices": [{"delta": {}, "finish_reason": word}]}).to_string();
        let ending = read(&[&event]).unwrap().2;
        assert_eq!(ending.finish, finish, "{word}");
        assert_eq!(ending.foreign.as_deref(), foreign, "{word}");
    }
    assert_eq!(read(&["[DONE]"]).unwrap().2.finish, None);
    assert!(read(&["[DONE]"]).unwrap().1);
}

#[test]
fn a_refusal_in_its_own_field_is_filtered() {
    let ending = read(&[
        r#"{"choices":[{"delta":{"refusal":"I cannot"}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
    ])
    .unwrap()
    .2;
    assert_eq!(ending.finish, Some(Finish::Filtered));
}

#[test]
fn usage_and_model_are_taken_from_any_event() {
    let ending = read(&[
        r#"{"model":"m","choices":[],"usage":null}"#,
        r#"{"model":"","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}"#,
    ])
    .unwrap()
    .2;
    assert_eq!(ending.model.as_deref(), Some("m"));
    assert_eq!(ending.usage, Some(Usage { prompt: 9, cached: 3, reply: 4, ..Usage::default() }));
}

#[test]
fn tokens_are_counted_in_the_words_of_many_vendors() {
    let usage = |prompt, cached, written, reply, reasoning| Usage {
        prompt,
        cached,
        written,
        reply,
        reasoning,
    };
    let table = [
        (json!({"prompt_tokens": 9}), usage(9, 0, 0, 0, 0)),
        (
            json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}),
            usage(9, 0, 0, 4, 0),
        ),
        // Reasoning beside the reply, and within it.
        (
            json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 7}}),
            usage(9, 0, 0, 11, 7),
        ),
        (
            json!({"prompt_tokens": 9, "completion_tokens": 11, "total_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 7}}),
            usage(9, 0, 0, 11, 7),
        ),
        (
            json!({"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2}}),
            usage(9, 5, 2, 1, 0),
        ),
        (
            json!({"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 5}),
            usage(9, 5, 0, 1, 0),
        ),
        (
            json!({"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": null, "total_tokens": null}),
            usage(9, 0, 0, 1, 0),
        ),
    ];
    for (said, expected) in table {
        let says_reply = !said["completion_tokens"].is_null();
        assert_eq!(super::usage(&said), Some((expected, says_reply)), "{said}");
    }
    assert_eq!(super::usage(&json!({"total_tokens": 9})), None);
}

#[test]
fn only_a_count_at_the_end_is_of_the_whole() {
    let counts = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#;
    let ends = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    let says = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
    let thinks = r#"{"choices":[{"delta":{"content":"","reasoning":"a"}}]}"#;
    let first = r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":0}}"#;
    let one = r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
    let two = r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;
    let null = r#"{"choices":[{"delta":{"content":"a"}}],"usage":null}"#;
    let prompt = r#"{"choices":[],"usage":{"prompt_tokens":9}}"#;
    let no_reply =
        r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":null,"total_tokens":9}}"#;
    let total = r#"{"choices":[],"usage":{"prompt_tokens":9,"total_tokens":12}}"#;
    let table: [(&[&str], bool); 19] = [
        // Counted before the end: all that came after it is not in it.
        (&[first, says, ends], false),
        (&[one, says, ends], false),
        (&[one, null, ends], false),
        (&[counts, says, ends], false),
        (&[counts, thinks, ends], false),
        (&[one, one, ends], false),
        (&[first, says, ends, counts], true),
        // Counted in every event.
        (&[one, two, ends], true),
        (&[says, one, ends], true),
        (&[one, two, says, ends], false),
        (&[one, two, r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#], false),
        // A reply that nobody counted is none of no tokens.
        (&[ends, prompt], false),
        (&[ends, no_reply], false),
        (&[ends, total], true),
        (&[counts], false),
        (&[counts, ends], true),
        (&[ends, counts], true),
        (&[ends], false),
        (&[counts, r#"{"choices":[{"finish_reason":"tool_calls"}]}"#], true),
    ];
    for (events, counted) in table {
        let priced =
            events.iter().map(|event| event.replace("\"usage\":{", "\"usage\":{\"cost\":0.5,"));
        let priced: Vec<String> = priced.collect();
        let priced: Vec<&str> = priced.iter().map(String::as_str).collect();
        let costs =
            counted || matches!(events.last(), Some(last) if *last == prompt || *last == no_reply);
        assert_eq!(read(&priced).unwrap().2.cost.is_some(), costs, "{events:?}");
        assert_eq!(read(events).unwrap().2.is_counted, counted, "{events:?}");
    }
}

#[test]
fn errors_inside_a_stream_are_errors() {
    let table = [
        (
            r#"{"error":{"code":502,"message":"m"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            Some(502),
            "m",
        ),
        (r#"{"error":{"message":"m","type":"server_error"}}"#, Some(500), "m"),
        (r#"{"object":"error","message":"m","code":400}"#, Some(400), "m"),
        (r#"{"error":"m"}"#, None, "m"),
        (
            r#"{"choices":[{"finish_reason":"error"}]}"#,
            Some(500),
            "the reply ended with finish reason `error`",
        ),
    ];
    for (event, status, message) in table {
        match read(&[event]) {
            Err(Trouble::Refused(refusal)) => {
                assert_eq!((refusal.status, refusal.message.as_str()), (status, message));
            }
            other => panic!("{event}: {other:?}"),
        }
    }
    for garbled in ["{", "7", "\"text\"", "[]", "ping"] {
        assert!(matches!(read(&[garbled]), Err(Trouble::Garbled(_))), "{garbled}");
    }
}

#[test]
fn a_whole_reply_is_read_like_a_stream_of_one() {
    let mut reader = ChatReader::default();
    let reply =
        json!({"model": "m", "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]});
    let piece = reader.whole(&reply).unwrap();
    assert_eq!(piece, Piece { text: "a".into(), last: true });
    assert_eq!(reader.ending.finish, Some(Finish::Stop));
    assert!(matches!(ChatReader::default().whole(&json!({"ok": 1})), Err(Trouble::Garbled(_))));
    assert!(matches!(
        ChatReader::default().whole(&json!({"detail": "no"})),
        Err(Trouble::Refused(_))
    ));
}

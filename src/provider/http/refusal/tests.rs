use super::*;

#[test]
fn errors_are_found_in_every_known_shape() {
    let table = [
        (
            r#"{"error":{"message":"m","type":"invalid_request_error","param":"seed","code":null}}"#,
            Some(400),
            Some("seed"),
            "m",
        ),
        (
            r#"{"error":{"code":429,"message":"slow","metadata":{"raw":"down"}}}"#,
            Some(429),
            None,
            "slow: down",
        ),
        (r#"{"error":{"code":"rate_limit_exceeded","message":"m"}}"#, Some(429), None, "m"),
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
            Some(529),
            None,
            "m",
        ),
        (r#"{"error":"no such model"}"#, None, None, "no such model"),
        (
            r#"{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}"#,
            Some(400),
            None,
            "m",
        ),
        (
            r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]"#,
            Some(429),
            None,
            "m",
        ),
        (r#"{"detail":"Not Found"}"#, None, None, "Not Found"),
        (
            r#"{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted","input":1}]}"#,
            Some(422),
            Some("seed"),
            "`seed`: Extra inputs are not permitted",
        ),
        (
            r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted","input":1}]},"type":"invalid_request_error","param":null,"code":null}"#,
            Some(422),
            Some("max_completion_tokens"),
            "`max_completion_tokens`: Extra inputs are not permitted",
        ),
        (
            r#"{"error":{"message":"{\"detail\":[{\"loc\":[\"body\",\"seed\"],\"msg\":\"no\"}]}","code":422}}"#,
            Some(422),
            Some("seed"),
            "`seed`: no",
        ),
        (
            r#"{"object":"error","message":{"no":1},"type":"invalid_request_error"}"#,
            Some(400),
            None,
            "invalid_request_error",
        ),
        (
            r#"{"model":"m","message":{"role":"assistant","content":"He"},"done":false}"#,
            None,
            None,
            "it answered with JSON that is neither a reply nor an error",
        ),
        (r#"{"detail":{"error":"Model busy"}}"#, None, None, "Model busy"),
        (r#"{"detail":{"msg":"m","type":"service_unavailable"}}"#, Some(503), None, "m"),
        (r#"{"message":"m"}"#, None, None, "m"),
        (r#"{"error":"cut \ud83d"}"#, None, None, "cut \u{fffd}"),
        (r#"{"error":{"code":"502"}}"#, Some(502), None, "502"),
        (
            r#"{"ok":true}"#,
            None,
            None,
            "it answered with JSON that is neither a reply nor an error",
        ),
        (
            "<html><head><TITLE lang=en>\n502 Bad\nGateway </title>",
            None,
            None,
            "it answered with an HTML page titled `502 Bad\nGateway`",
        ),
        ("\u{feff}<title>cut", None, None, "it answered with an HTML page"),
        ("\n<!DOCTYPE html><p>no", None, None, "it answered with an HTML page"),
        ("<?xml version=\"1.0\"?><no/>", None, None, "it answered with text that is no JSON"),
        ("no", None, None, "it answered with text that is no JSON"),
        (" \n", None, None, "it said nothing"),
    ];
    for (body, status, param, message) in table {
        let refusal = of_body(body.as_bytes());
        let seen = (refusal.status, refusal.param.as_deref(), refusal.message.as_str());
        assert_eq!(seen, (status, param, message), "{body}");
    }
    assert_eq!(Refusal::read(&serde_json::json!({"error": null, "choices": []})), None);
}

#[test]
fn a_field_is_named_as_a_whole_word() {
    let table = [
        ("'max_tokens' is not supported, use 'max_completion_tokens'", "max_tokens", true),
        ("use max_completion_tokens", "max_tokens", false),
        ("the seed: no", "seed", true),
        ("seeds", "seed", false),
    ];
    for (message, field, named) in table {
        assert_eq!(saying(message).names(field), named, "{message}");
    }
    let param = Refusal { param: Some("response_format.json_schema".into()), ..saying("seed") };
    assert!(param.names("response_format") && !param.names("seed"));
}

#[test]
fn some_refusals_are_not_about_the_key() {
    let table = [
        (
            r#"{"error":{"message":"Your chosen model requires moderation and your input was flagged"}}"#,
            true,
        ),
        (r#"{"error":{"code":"unsupported_country_region_territory","message":"not here"}}"#, true),
        (r#"{"error":{"message":"Key limit exceeded (total limit)"}}"#, true),
        (r#"{"error":{"message":"You have used all your credits"}}"#, true),
        ("<html><title>Just a moment...</title>", true),
        (r#"{"error":{"message":"Invalid credentials"}}"#, false),
        (
            r#"{"error":{"type":"permission_error","message":"this key may not use the model"}}"#,
            false,
        ),
        ("", false),
    ];
    for (body, spared) in table {
        assert_eq!(of_body(body.as_bytes()).spares_the_key(), spared, "{body}");
    }
}

#[test]
fn nothing_foreign_is_shown_raw() {
    let table = [
        ("a\n b\u{1b}[31m\tc", None, "a b [31m c".to_owned()),
        ("key sk-1 is bad, sk-1!", Some("sk-1"), "key [key] is bad, [key]!".to_owned()),
        ("plain", Some(""), "plain".to_owned()),
    ];
    for (words, secret, expected) in table {
        assert_eq!(shown(words, secret), expected, "{words:?}");
    }
    let long = format!("{}sk-secret", "x".repeat(SHOWN - 3));
    assert!(!shown(&long, Some("sk-secret")).contains("sk-"));
    assert!(shown(&"語".repeat(5000), None).chars().count() <= SHOWN + 1);
}

#[test]
fn an_error_without_a_status_means_one() {
    let table = [
        (r#"{"error":{"code":502,"message":"the model is not found"}}"#, 502),
        (r#"{"error":{"code":"503","message":"m"}}"#, 503),
        (r#"{"error":"m","status":429}"#, 429),
        (r#"{"error":{"type":"overloaded_error","message":"invalid"}}"#, 529),
        (
            r#"{"error":{"type":"invalid_request_error","code":"invalid_api_key","message":"m"}}"#,
            401,
        ),
        (r#"{"error":{"type":"content_filter","message":"m"}}"#, 400),
        (r#"{"error":{"type":"exceeded_current_quota_error","message":"rate limit"}}"#, 402),
        (
            r#"{"object":"error","message":"Service tier capacity exceeded for this model.","type":"service_tier_capacity_exceeded","code":"3505"}"#,
            429,
        ),
        (r#"{"error":{"param":"seed","message":"try again"}}"#, 400),
        (r#"{"detail":[{"loc":["body","seed"],"msg":"try again"}]}"#, 422),
        (r#"{"error":{"code":1305,"message":"server busy"}}"#, 503),
        (r#"{"error":{"type":"BadRequestError","message":"m"}}"#, 400),
        (r#"{"error":"llama runner process has terminated: exit status 2"}"#, 500),
        (r#"{"error":"m"}"#, 500),
        (r#"{"error":{}}"#, 500),
    ];
    for (body, status) in table {
        assert_eq!(error(body.as_bytes()).map(|error| error.means()), Some(status), "{body}");
    }
    for no_error in ["<title>Internal Server Error</title>", r#"{"ok":true}"#, "", "server busy"] {
        assert_eq!(error(no_error.as_bytes()), None, "{no_error}");
    }
}

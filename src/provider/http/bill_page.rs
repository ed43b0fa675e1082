//! What an endpoint bills for a reply that was not heard to its end.
//!
//! A stream that is stopped or breaks off has no figures, and counts with its
//! worst case. `OpenRouter` can be asked for them afterwards, by the reply's id:
//! `GET /generation?id=…`. They are there a moment after the reply has ended, so
//! a page that is not there yet is asked for again, for as long as is worth it;
//! one that is busy, not before the time that it asks for.
//!
//! A server's error may come after the reply had been given a number, in the head of
//! its answer. Then the page says whether there was a reply after all.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::dialect::Ending;
use super::{Remote, billing, fee};
use crate::provider::{Fault, Usage};

/// The pauses before the page is asked for. Most replies are on it within two
/// seconds; a book should not wait longer than the next reply takes.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(300),
    Duration::from_millis(700),
    Duration::from_millis(1500),
    Duration::from_millis(2500),
];

/// How long it may take altogether.
const LONGEST: Duration = Duration::from_secs(8);

/// What came of asking for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// It is there.
    There,
    /// The endpoint knows of no such reply, however often it was asked.
    Absent,
    /// Nobody knows: it was not asked, or did not say.
    Unknown,
}

impl Remote {
    /// Completes what is known of a reply that was not heard to its end, where
    /// its endpoint has such a page; `has_text` says whether any text has come.
    pub(super) async fn ask_for_bill(&self, ending: &mut Ending, has_text: bool) -> Page {
        let path = self.endpoint.knobs.bill_page.as_deref();
        let id = ending.id.as_deref().filter(|id| is_plain(id));
        let (Some(path), Some(id), false) = (path, id, ending.is_counted) else {
            return Page::Unknown;
        };
        let path = format!("{path}{id}");
        let end = Instant::now() + LONGEST;
        let mut asked_for = Duration::ZERO;
        let mut found = Page::Absent;
        for pause in PAUSES {
            let pause = pause.max(std::mem::take(&mut asked_for));
            if pause >= end.saturating_duration_since(Instant::now()) {
                return Page::Unknown;
            }
            sleep(pause).await;
            match timeout_at(end, self.page(&path)).await {
                Ok(Ok(page)) => {
                    complete(ending, &page, has_text);
                    return Page::There;
                }
                // It is not there yet, or somebody is busy.
                Ok(Err(Fault::Refused { status: 404, .. } | Fault::Gone { .. })) => {}
                Ok(Err(Fault::Busy { retry_after, .. })) => {
                    asked_for = retry_after.unwrap_or_default();
                    found = Page::Unknown;
                }
                Ok(Err(fault)) if fault.is_passing() => found = Page::Unknown,
                Ok(Err(_)) | Err(_) => return Page::Unknown,
            }
        }
        found
    }
}

/// Whether an id can stand in an address as it is.
fn is_plain(id: &str) -> bool {
    (1..=120).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Takes the figures of a page, if it has them all: the native tokens, which are
/// those that count, and the cost. A page of another reply has none, nor has one
/// whose figures cannot be.
fn complete(ending: &mut Ending, page: &Value, has_text: bool) {
    let data = page.get("data").unwrap_or(page);
    if data.get("id").is_some_and(|id| id.as_str() != ending.id.as_deref()) {
        return;
    }
    let tokens = |name: &str| data.get(name).and_then(Value::as_u64);
    let cost = fee::cost(data, "total_cost", "/upstream_inference_cost");
    // With the user's own key a part of the cost may be missing: its price is known.
    let is_priced = cost.is_some() || data.get("is_byok") == Some(&Value::Bool(true));
    let (Some(prompt), Some(reply), true) =
        (tokens("native_tokens_prompt"), tokens("native_tokens_completion"), is_priced)
    else {
        return;
    };
    let usage = Usage {
        prompt,
        reply,
        cached: tokens("native_tokens_cached").unwrap_or_default(),
        reasoning: tokens("native_tokens_reasoning").unwrap_or_default(),
        ..Usage::default()
    };
    let mut told = Ending { usage: Some(usage), cost, is_counted: true, ..ending.clone() };
    billing::forget_impossible(&mut told, has_text);
    if told.is_counted {
        *ending = told;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;
    use serde_json::json;

    fn of_reply() -> Ending {
        Ending { id: Some("gen-1".into()), ..Ending::default() }
    }

    #[test]
    fn a_page_counts_where_it_has_all_figures() {
        let whole = json!({"data": {
            "id": "gen-1", "total_cost": 0.0015, "cancelled": true, "tokens_prompt": 10,
            "native_tokens_prompt": 12, "native_tokens_completion": 25,
            "native_tokens_reasoning": 5, "native_tokens_cached": 3,
        }});
        let usage = Usage { prompt: 12, cached: 3, reply: 25, reasoning: 5, ..Usage::default() };
        let without = |name: &str| {
            let mut page = whole.clone();
            page["data"].as_object_mut().unwrap().remove(name);
            page
        };
        let with = |name: &str, value: Value| {
            let mut page = whole.clone();
            page["data"][name] = value;
            page
        };
        for (page, expected) in [
            (whole.clone(), Some(usage)),
            (without("native_tokens_cached"), Some(Usage { cached: 0, ..usage })),
            (without("native_tokens_prompt"), None),
            (without("native_tokens_completion"), None),
            (without("total_cost"), None),
            (with("total_cost", json!(-1)), None),
            (with("native_tokens_prompt", json!(0)), None),
            (with("native_tokens_completion", json!(0)), None),
            (with("id", json!("gen-2")), None),
            (with("id", json!(null)), None),
            (without("id"), Some(usage)),
            (json!({}), None),
            (json!([]), None),
        ] {
            let mut ending = of_reply();
            complete(&mut ending, &page, true);
            assert_eq!(ending.usage, expected, "{page}");
            assert_eq!(ending.is_counted, expected.is_some(), "{page}");
            assert_eq!(ending.cost, expected.and(Money::of_dollars(0.0015)), "{page}");
        }
    }

    #[test]
    fn with_a_key_of_ones_own_a_page_says_the_providers_cost_too() {
        let page = |upstream: Value| {
            json!({"data": {"total_cost": 0.001, "native_tokens_prompt": 12, "is_byok": true,
                "native_tokens_completion": 25, "upstream_inference_cost": upstream}})
        };
        for (upstream, cost) in [(json!(0.25), Some(0.251)), (json!(null), None)] {
            let mut ending = of_reply();
            complete(&mut ending, &page(upstream.clone()), true);
            assert!(ending.is_counted && ending.usage.is_some(), "{upstream}");
            assert_eq!(ending.cost, cost.and_then(Money::of_dollars), "{upstream}");
        }
    }

    #[test]
    fn ids_that_could_change_the_address_are_left_alone() {
        for (id, plain) in [
            ("gen-1_A", true),
            ("", false),
            ("gen-1&x=2", false),
            ("../key", false),
            ("gen 1", false),
        ] {
            assert_eq!(is_plain(id), plain, "{id}");
        }
    }
}

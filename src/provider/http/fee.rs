//! What a vendor's own words say that a reply costs, in dollars.
//!
//! Pure. `OpenRouter` says it in two places: in the usage of a stream, and on the
//! page of a reply. Where the user brings a key of the provider behind it
//! (`is_byok`), its cost is only its own fee, and the provider bills the user for
//! the rest. That rest stands beside the cost for other replies, too, which it is
//! a part of: only the flag tells.

use serde_json::Value;

use crate::money::Money;

/// What `bill` says that a reply costs: `own` is the field of the vendor's part,
/// `upstream` the path to the provider's. None where it does not say all of it.
#[must_use]
pub fn cost(bill: &Value, own: &str, upstream: &str) -> Option<Money> {
    let dollars = |said: Option<&Value>| said.and_then(number).and_then(Money::of_dollars);
    let own = dollars(bill.get(own))?;
    if bill.get("is_byok").and_then(Value::as_bool) != Some(true) {
        return Some(own);
    }
    Some(own + dollars(bill.pointer(upstream))?)
}

/// A number, or one that is written out as text, which decimals often are.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn with_a_key_of_ones_own_the_providers_bill_is_added() {
        for (bill, expected) in [
            (json!({"cost": 0.5}), Some(0.5)),
            (json!({"cost": 0.5, "up": 0.4}), Some(0.5)),
            (json!({"cost": 0.5, "up": 0.4, "is_byok": false}), Some(0.5)),
            (json!({"cost": 0.5, "up": 0.4, "is_byok": null}), Some(0.5)),
            (json!({"cost": 0.5, "up": 0.25, "is_byok": true}), Some(0.75)),
            (json!({"cost": 0, "up": 0.25, "is_byok": true}), Some(0.25)),
            (json!({"cost": 0.5, "is_byok": true}), None),
            (json!({"cost": 0.5, "up": null, "is_byok": true}), None),
            (json!({"cost": 0.5, "up": -1, "is_byok": true}), None),
            (json!({"up": 0.25, "is_byok": true}), None),
            (json!({"cost": -1}), None),
            (json!({"cost": "0.0123"}), Some(0.0123)),
            (json!({"cost": " 5e-1 ", "up": "0.25", "is_byok": true}), Some(0.75)),
            (json!({"cost": "-1"}), None),
            (json!({"cost": "NaN"}), None),
            (json!({"cost": "inf"}), None),
            (json!({"cost": "free"}), None),
            (json!({"cost": ""}), None),
            (json!(null), None),
        ] {
            assert_eq!(cost(&bill, "cost", "/up"), expected.and_then(Money::of_dollars), "{bill}");
        }
    }
}

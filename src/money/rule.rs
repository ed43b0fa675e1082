//! Whether a model may be asked, by what is known of its price.

use super::Price;

/// What is to be done about the price of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It costs nothing: nothing is reserved.
    Free,
    /// The worst case by this price is reserved first.
    Reserve(Price),
    /// What it costs is not known, and that is all right here.
    Unpriced,
    /// It is not made, for what it costs is not known.
    Refuse,
}

/// Whether a model may be asked. A price that nobody knows is allowed by the
/// user, or at an endpoint on this machine as long as no cap is set that it
/// could pass unseen.
#[must_use]
pub fn may_ask(
    price: Option<Price>,
    is_local: bool,
    is_capped: bool,
    unknown_is_allowed: bool,
) -> Verdict {
    match price {
        Some(price) if price.is_free() => Verdict::Free,
        Some(price) => Verdict::Reserve(price),
        None if unknown_is_allowed || is_local && !is_capped => Verdict::Unpriced,
        None => Verdict::Refuse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_price_is_refused_until_it_is_given_or_allowed() {
        use Verdict::{Free, Refuse, Reserve, Unpriced};
        let price = Price::per_million(1.0, 2.0, None, None).unwrap();
        for (known, is_local, is_capped, allowed, expected) in [
            (Some(Price::FREE), false, true, false, Free),
            (Some(price), true, false, false, Reserve(price)),
            (Some(price), false, true, true, Reserve(price)),
            (None, false, false, false, Refuse),
            (None, false, true, false, Refuse),
            (None, true, false, false, Unpriced),
            (None, true, true, false, Refuse),
            (None, false, false, true, Unpriced),
            (None, false, true, true, Unpriced),
            (None, true, true, true, Unpriced),
        ] {
            assert_eq!(
                may_ask(known, is_local, is_capped, allowed),
                expected,
                "{known:?} local: {is_local} capped: {is_capped} allowed: {allowed}"
            );
        }
    }
}

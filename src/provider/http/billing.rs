//! What a try of a request is billed with, as far as that can be known.
//!
//! Pure. The rule is never to be below the endpoint's own bill: what nobody can
//! know stays open, and the caller counts it with all that it could cost.
//!
//! | What came | Billed with |
//! |---|---|
//! | no connection | nothing |
//! | an answer other than 200 that the endpoint gave itself | nothing |
//! | the same from 500 on, with a number for the reply | what its page says of that; nothing where it knows none, open where it says nothing |
//! | a gateway's 408, 499, 502, 504, 520, 524: who knows what stands behind it did | open |
//! | a refusal in a 200 before any text that gives its status or type (4xx, 429, 503, 529) | nothing |
//! | the same in words alone | open |
//! | figures that cannot be: no prompt at all, or no reply where text has come | as if they had not come |
//! | a whole reply with its tokens | these, at the vendor's own cost where it says one |
//! | an error, of any kind, that states figures | these |
//! | a broken reply that was counted up to some point | open: what was counted is the least of it |
//! | anything else: silence, a reset, a page, a reply without tokens, a cancel | open |

use super::dialect::Ending;
use crate::money::{Money, Price};
use crate::provider::{Bill, Usage};

/// The statuses of a gateway that has given up waiting, or has lost what it
/// waited for: the model behind it may have worked all the same.
const GATEWAYS: [u16; 6] = [408, 499, 502, 504, 520, 524];

/// Whether an endpoint that answers with this status, and with nothing else, did
/// no work that it could bill.
#[must_use]
pub(super) fn is_free(status: u16) -> bool {
    !(200..300).contains(&status) && !GATEWAYS.contains(&status)
}

/// Whether an endpoint that answers with this status may have accepted the request
/// before: if so, it may have given the reply a number.
#[must_use]
pub(super) fn may_have_worked(status: u16) -> bool {
    status >= 500 || GATEWAYS.contains(&status)
}

/// Whether a refusal inside an answer that began well stands for no work done.
#[must_use]
pub(super) fn is_free_in_band(status: u16) -> bool {
    matches!(status, 400..=499 | 503 | 529) && is_free(status)
}

/// Whether an ending says that anything was taken, be it possible or not: then it was
/// not for nothing.
#[must_use]
pub(super) fn says_a_bill(ending: &Ending) -> bool {
    let has_tokens = ending.usage.is_some_and(|usage| usage.prompt > 0 || usage.reply > 0);
    has_tokens || ending.cost.is_some_and(|cost| cost > Money::ZERO)
}

/// Forgets the figures that cannot be: a prompt was sent, so it has tokens, and
/// so has a reply with text (`has_text`). What is left counts with its worst case.
///
/// A server that does not count what its cache holds of a prompt is among them:
/// nobody can know its bill either.
pub(super) fn forget_impossible(ending: &mut Ending, has_text: bool) {
    let Some(usage) = ending.usage else { return };
    let has_prompt = usage.prompt > 0;
    if has_prompt && (usage.reply > 0 || !has_text) {
        return;
    }
    ending.usage = ending.usage.filter(|_| has_prompt);
    ending.is_counted = false;
    // Nothing for such figures is as little to be believed.
    ending.cost = ending.cost.filter(|cost| *cost > Money::ZERO);
}

/// What a try is billed with; nothing is known where it gives nothing.
///
/// `ending` is what was learned of the reply, `is_free` whether the endpoint did
/// no work.
#[must_use]
pub(super) fn bill(ending: &Ending, is_free: bool, price: Option<Price>) -> Option<Bill> {
    let Some(usage) = ending.usage.filter(|_| ending.is_counted) else {
        return match ending.cost {
            Some(_) => Some(Bill { usage: Usage::default(), cost: ending.cost }),
            None => is_free.then(Bill::default),
        };
    };
    Some(Bill { usage, cost: ending.cost.or_else(|| cost(usage, price)) })
}

/// The most that a reply may be billed of which only a part was counted: it was written
/// on, for all anyone knows, up to `most` tokens.
#[must_use]
pub(super) fn worst(ending: &Ending, price: Option<Price>, most: u64) -> Option<Money> {
    let told = ending.usage?;
    cost(Usage { reply: told.reply.max(most), ..told }, price)
}

fn cost(usage: Usage, price: Option<Price>) -> Option<Money> {
    let Usage { prompt, cached, written, reply, .. } = usage;
    Some(price?.cost(prompt, cached, written, reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_is_never_below_what_may_be_billed() {
        let usage = Usage { prompt: 1_000, cached: 400, reply: 3, ..Usage::default() };
        let said =
            |usage, is_counted, cost| Ending { usage, is_counted, cost, ..Ending::default() };
        let cost = Money::of_pico(7);
        let price = Price::per_million(1.0, 10.0, Some(0.5), None).unwrap();
        let at = |reply| Some(price.cost(1_000, 400, 0, reply));
        let table = [
            ("nothing known", said(None, false, None), false, None),
            ("no work", said(None, false, None), true, Some((Usage::default(), None))),
            ("counted", said(Some(usage), true, None), false, Some((usage, at(3)))),
            (
                "counted and priced",
                said(Some(usage), true, Some(cost)),
                false,
                Some((usage, Some(cost))),
            ),
            ("broken off", said(Some(usage), false, None), false, None),
            (
                "broken off and priced",
                said(Some(usage), false, Some(cost)),
                false,
                Some((Usage::default(), Some(cost))),
            ),
            (
                "cost alone",
                said(None, false, Some(cost)),
                false,
                Some((Usage::default(), Some(cost))),
            ),
        ];
        for (name, ending, is_free, expected) in table {
            let expected = expected.map(|(usage, cost)| Bill { usage, cost });
            assert_eq!(bill(&ending, is_free, Some(price)), expected, "{name}");
        }
        let unpriced = bill(&said(Some(usage), true, None), false, None).unwrap();
        assert_eq!(unpriced, Bill { usage, cost: None });
        // What broke off costs no less than what was said of it.
        for (told, most, expected) in
            [(Some(usage), 700, at(700)), (Some(usage), 2, at(3)), (None, 700, None)]
        {
            assert_eq!(worst(&said(told, false, None), Some(price), most), expected);
        }
        assert_eq!(worst(&said(Some(usage), false, None), None, 700), None);
    }

    #[test]
    fn figures_that_cannot_be_are_forgotten() {
        let usage = |prompt, reply| Some(Usage { prompt, reply, ..Usage::default() });
        let (free, paid) = (Some(Money::ZERO), Some(Money::of_pico(7)));
        for (told, cost, has_text, expected) in [
            (usage(9, 4), free, true, (usage(9, 4), true, free)),
            (usage(9, 4), paid, false, (usage(9, 4), true, paid)),
            (usage(9, 0), free, false, (usage(9, 0), true, free)),
            (usage(9, 0), free, true, (usage(9, 0), false, None)),
            (usage(9, 0), paid, true, (usage(9, 0), false, paid)),
            (usage(0, 4), free, true, (None, false, None)),
            (usage(0, 0), paid, true, (None, false, paid)),
            (usage(0, 0), None, false, (None, false, None)),
        ] {
            let mut ending = Ending { usage: told, is_counted: true, cost, ..Ending::default() };
            forget_impossible(&mut ending, has_text);
            let left = (ending.usage, ending.is_counted, ending.cost);
            assert_eq!(left, expected, "{told:?} {cost:?} {has_text}");
        }
    }

    #[test]
    fn gateways_know_nothing() {
        for (status, free) in [
            (200, false),
            (302, true),
            (401, true),
            (408, false),
            (429, true),
            (500, true),
            (502, false),
            (503, true),
            (504, false),
            (524, false),
            (529, true),
        ] {
            assert_eq!(is_free(status), free, "{status}");
            let is_late = [408, 500, 502, 503, 504, 524, 529].contains(&status);
            assert_eq!(may_have_worked(status), is_late, "{status}");
        }
        for (status, free) in
            [(200, false), (400, true), (408, false), (500, false), (502, false), (529, true)]
        {
            assert_eq!(is_free_in_band(status), free, "{status}");
        }
    }
}

//! How much a model may think, within what its host limits: the whole reply, thinking
//! included.

/// The tokens that a reply may take for thinking, of those that are `asked` for: half of
/// the window and of a reply at most, for the text needs room, too.
pub fn within(asked: usize, window: usize, reply: Option<usize>) -> usize {
    asked.min(window / 2).min(reply.unwrap_or(usize::MAX) / 2)
}

/// Says that a model may think less than was asked for.
pub(super) fn cut(name: &str, asked: usize, window: usize, reply: Option<usize>) -> Option<String> {
    let allowed = within(asked, window, reply);
    let (what, limit) = match reply {
        Some(reply) if reply <= window => ("reply", reply),
        _ => ("window", window),
    };
    (allowed < asked).then(|| {
        format!(
            "`{name}` may think {allowed} tokens a reply, not {asked}: its {what} of {limit} tokens has to hold the text as well"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_gives_way_to_the_text() {
        for (asked, window, reply, allowed, said) in [
            (0, 20_000, None, 0, None),
            (8_000, 20_000, None, 8_000, None),
            (8_000, 12_000, None, 6_000, Some("its window of 12000 tokens")),
            (8_000, 200_000, Some(64_000), 8_000, None),
            (8_000, 200_000, Some(1_024), 512, Some("its reply of 1024 tokens")),
            (6_000, 32_000, Some(4_096), 2_048, Some("its reply of 4096 tokens")),
            (2_000, 32_000, Some(4_096), 2_000, None),
            (8_000, 4_096, Some(8_192), 2_048, Some("its window of 4096 tokens")),
        ] {
            assert_eq!(within(asked, window, reply), allowed, "{asked} {window} {reply:?}");
            let told = cut("a/b", asked, window, reply);
            assert_eq!(told.is_some(), said.is_some(), "{told:?}");
            assert!(told.is_none_or(|told| said.is_some_and(|said| told.contains(said))));
        }
    }
}

//! Whether the model that answers is the one that was asked, by their names alone.
//!
//! Hosts write one model in several ways: with its maker before it or not, in
//! another order, with its date, its version, its variant or the number of its
//! bits. None of these is another model. Pure.

/// Words of a name that say how a model is served, not which one it is.
const SERVED: [&str; 23] = [
    "latest", "preview", "beta", "free", "nitro", "floor", "extended", "online", "exacto", "fp4",
    "nvfp4", "fp8", "fp16", "bf16", "int4", "int8", "awq", "gptq", "gguf", "hf", "it", "instruct",
    "chat",
];

/// Names under which a host chooses a model by itself.
const ROUTERS: [&str; 2] = ["auto", "router"];

/// Whether `answered` may be the model `asked`: in doubt it is.
#[must_use]
pub fn is_same_model(asked: &str, answered: &str) -> bool {
    let (asked, mut answered) = (parts(asked), parts(answered));
    if asked.is_empty() || answered.is_empty() {
        return true;
    }
    if asked.iter().any(|part| ROUTERS.contains(&part.as_str())) {
        return true;
    }
    let mut lacking = Vec::new();
    for part in asked {
        match answered.iter().position(|one| *one == part) {
            Some(at) => drop(answered.remove(at)),
            None => lacking.push(part),
        }
    }
    // Only one of the two may say more, and no more than what is no name.
    let is_served = |parts: &[String]| parts.iter().all(|part| is_manner(part) || is_version(part));
    is_served(&answered) && is_served(&lacking) && (answered.is_empty() || lacking.is_empty())
}

/// The words and numbers of a name, without its maker, and without what its end
/// says of how it is served.
fn parts(name: &str) -> Vec<String> {
    let name = name.trim().trim_end_matches('/').to_lowercase();
    let own = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let words = own.split(['-', '_', ':', '@', ' ']).filter(|word| !word.is_empty());
    let mut parts: Vec<String> = Vec::new();
    for word in words {
        if is_version(word) {
            parts.push(word.to_owned());
        } else {
            parts.extend(word.split('.').filter(|part| !part.is_empty()).map(str::to_owned));
        }
    }
    while parts.len() > 1 && parts.last().is_some_and(|last| is_manner(last)) {
        parts.pop();
    }
    parts
}

/// `v2`, `v4.1`.
fn is_version(part: &str) -> bool {
    let digits = part.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether a part of a name tells only when it was made or how it is served.
fn is_manner(part: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // `2025`, `04`, `0528`, `20250414`, `001`.
    let is_date = part.len() >= 2 && is_number(part);
    let bits = ["iq", "q"].iter().find_map(|start| part.strip_prefix(start));
    let bits = bits.or_else(|| part.strip_suffix("bit")).or_else(|| part.strip_suffix("bpw"));
    // The letters of `Q4_K_M` and `IQ3_XXS`.
    let is_size = ["k", "m", "s", "l", "xs", "xl", "xxs"].contains(&part);
    SERVED.contains(&part) || is_date || is_size || bits.is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_model_is_known_by_all_its_names() {
        let table = [
            ("gpt-4.1", "gpt-4.1", true),
            ("gpt-4.1", "gpt-4.1-2025-04-14", true),
            ("gpt-4.1-2025-04-14", "gpt-4.1", true),
            ("gpt-4.1", "openai/gpt-4.1", true),
            ("thedrummer/unslopnemo-12b", "unslopnemo-12b:free", true),
            ("thedrummer/unslopnemo-12b", "TheDrummer/UnslopNemo-12B-v4.1", true),
            ("anthropic/claude-sonnet-4.5", "anthropic/claude-4.5-sonnet-20250929", true),
            ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022", true),
            ("ministral-8b-2512", "ministral-8b-latest", true),
            ("mythomax-l2-13b", "Gryphe/MythoMax-L2-13b-fp8", true),
            ("mistral-nemo", "mistral-nemo-instruct-2407-Q4_K_M.gguf", true),
            ("sao10k/l3.1-euryale-70b", "Sao10K/L3.1-70B-Euryale-v2.2", true),
            ("openrouter/auto", "mistralai/mistral-nemo", true),
            ("gpt-4.1", "", true),
            ("gpt-4.1", "gpt-4.1-mini", false),
            ("gpt-4.1", "gpt-4", false),
            ("gpt-4.1", "cheap-tiny-3b", false),
            ("deepseek-v3", "deepseek-v2", false),
            ("llama-3.3-70b-instruct", "llama-3.1-70b-instruct", false),
            ("ministral-8b-2512", "ministral-3b-2512", false),
            ("thedrummer/unslopnemo-12b", "thedrummer/rocinante-12b", false),
            ("command-r-plus", "command-r", false),
        ];
        for (asked, answered, is_same) in table {
            assert_eq!(is_same_model(asked, answered), is_same, "{asked} {answered}");
        }
    }
}

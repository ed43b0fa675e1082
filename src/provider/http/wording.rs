//! What an error inside a 200 stands for that gives neither a status nor a known type.
//!
//! Pure. An endpoint that has begun to answer has taken the request: what it then
//! fails at is most often its own. So what is not known at all counts as a fault of
//! the server, and is tried again before the first text; a wasted try costs little.
//! What can only be the request's fault is final, as it would be with its status.

/// Words of errors, and the HTTP status they stand for. The first that stand in an
/// error count, so what decides comes before what can be said of anything.
///
/// They are whole words in lower case; a `*` stands for the rest of a word.
const WORDINGS: &[(&[&str], u16)] = &[
    (CRASHES, 500),
    (GATEWAYS, 502),
    (&["too large", "too big"], 413),
    (LIMITS, 429),
    (LENGTHS, 400),
    (&["overload*"], 529),
    (&["busy", "capacity"], 503),
    (&["permission*", "forbidden", "access denied"], 403),
    (BALANCES, 402),
    (KEYS, 401),
    (CONTENTS, 400),
    (MISSING, 404),
    (PARAMETERS, 400),
    (&["time out", "timeout*", "timed out", "deadline"], 504),
    (&["unavailable", "not ready", "loading", "try again", "retry", "later", "temporar*"], 503),
];

/// The program that runs the model has come to an end, or has never begun well.
const CRASHES: &[&str] = &[
    "runner",
    "unexpected eof",
    "out of memory",
    "system memory",
    "insufficient memory",
    "cuda",
    "cudamalloc",
    "rocm",
    "vulkan",
    "ggml*",
    "crash*",
    "has terminated",
    "no longer running",
    "segmentation fault",
    "core dumped",
    "panic*",
    "nil pointer",
    "invalid memory",
    "stack trace",
    "traceback",
    "failed to load",
    "error loading",
    "unable to load",
    "internal*",
    "server error",
    "servererror",
];

/// What stands behind the endpoint did not answer it.
const GATEWAYS: &[&str] = &[
    "bad gateway",
    "upstream",
    "connection refused",
    "connection reset",
    "connection closed",
    "broken pipe",
    "no such host",
    "invalid response",
];

/// A limit that time lifts.
const LIMITS: &[&str] = &[
    "rate limit*",
    "ratelimit*",
    "too many requests",
    "per second",
    "per minute",
    "per hour",
    "per day",
    "usage limit",
    "concurrency",
    "throttl*",
    "resource exhausted",
    "slow down",
    "please wait",
];

/// The prompt is too long.
const LENGTHS: &[&str] = &[
    "context length",
    "context size",
    "context window",
    "contextwindow*",
    "exceed context",
    "maximum context",
    "maximum input length",
    "too long",
    "too many tokens",
    "token limit",
];

const BALANCES: &[&str] = &[
    "balance",
    "credit",
    "credits",
    "quota",
    "billing",
    "payment",
    "subscription",
    "insufficient funds",
];

const KEYS: &[&str] = &[
    "api key",
    "api keys",
    "apikey",
    "unauthorized",
    "unauthorised",
    "unauthenticated",
    "authenticat*",
    "credentials",
    "invalid key",
];

/// A filter looked at the text, and would look at it in the same way again.
const CONTENTS: &[&str] = &[
    "content filter*",
    "content management",
    "content policy",
    "contentpolicy*",
    "content exists risk",
    "moderation",
    "flagged",
    "safety",
    "policy",
    "policies",
];

/// There is nothing of that name.
const MISSING: &[&str] = &[
    // LM Studio, where the address lacks its `/v1`: "Returning 200 anyway".
    "unexpected endpoint",
    "not found",
    "notfound*",
    "does not exist",
    "no such model",
    "unknown model",
    "invalid model",
    "not a valid model",
    "no endpoints",
    "no allowed providers",
    "decommissioned",
    "has been deprecated",
    "has been retired",
];

const PARAMETERS: &[&str] = &[
    "bad request",
    "badrequest*",
    "invalid*",
    "malformed",
    "unsupported",
    "not supported",
    "not support",
    "not permitted",
    "not allowed",
    "unrecognized",
    "unknown parameter",
    "unknown field",
    "unknown argument",
    "unknown option",
    "extra inputs",
    "extra forbidden",
    "validation",
    "must be",
    "should be",
    "is required",
    "is missing",
    "missing required",
    "out of range",
];

/// The status that an error's words stand for; that of a failing server where they
/// say nothing.
#[must_use]
pub(super) fn status(words: &str) -> u16 {
    const A_FAILING_SERVER: u16 = 500;
    let words = plain(words);
    let says = |wording: &&str| {
        let (start, end) = wording.strip_suffix('*').map_or((*wording, " "), |start| (start, ""));
        words.contains(&format!(" {start}{end}"))
    };
    let known = WORDINGS.iter().find(|(wordings, _)| wordings.iter().any(says));
    known.map_or(A_FAILING_SERVER, |(_, status)| *status)
}

/// Its words in lower case, each between two blanks.
fn plain(words: &str) -> String {
    let lower = words.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(" ".to_owned(), |plain, word| plain + word + " ")
}

#[cfg(test)]
mod tests;

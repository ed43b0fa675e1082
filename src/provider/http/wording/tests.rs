use super::*;

/// Errors as endpoints word them, by the status that they stand for.
const SAMPLES: &[(u16, &[&str])] = &[
    (
        500,
        &[
            "llama runner process has terminated: exit status 2",
            "llama runner process no longer running: 2 CUDA error: invalid argument",
            "llama runner process has terminated: error loading model: unknown model architecture: 'x'",
            "an error was encountered while running the model: unexpected EOF",
            "model requires more system memory (8.0 GiB) than is available (5.1 GiB)",
            "model failed to load, this may be due to resource limitations or an internal error",
            "cudaMalloc failed: out of memory",
            "GGML_ASSERT(n_tokens > 0) failed",
            "The model has crashed without additional information. (Exit code: 6)",
            "runtime error: invalid memory address or nil pointer dereference",
            "The server had an error while processing your request. Sorry about that!",
            "EngineCore encountered an issue. See stack trace (above) for the root cause.",
            "Internal Server Error: invalid state",
            "InternalServerError",
            "context canceled",
            // Nobody knows.
            "m",
            "",
            "etwas ist schiefgegangen",
            "unmapped",
        ],
    ),
    (502, &["Bad Gateway", "invalid response from the model", "upstream: not found"]),
    (
        503,
        &[
            "server busy, please try again.  maximum pending requests exceeded",
            "Server is busy; please try again later.",
            "Model busy, retry later",
            "Insufficient capacity for this model",
            "Loading model",
            "the model is temporarily unavailable",
            "no healthy backend behind the load balancer, try again",
        ],
    ),
    (
        504,
        &[
            "timed out waiting for llama to start - progress 0.00 - ",
            "context deadline exceeded",
            "Request timeout",
        ],
    ),
    (529, &["That model is currently overloaded with other requests.", "engine_overloaded"]),
    (
        429,
        &[
            "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 a day",
            "rate_limit_exceeded",
            "Too many requests",
            "Too many tokens, please wait before trying again.",
            "you've reached your hourly usage limit",
            "slow down",
        ],
    ),
    (
        400,
        &[
            "This model's maximum context length is 4096 tokens.",
            "the input length exceeds the context length",
            "ContextWindowExceededError",
            "prompt is too long: 215000 tokens > 200000 maximum",
            "Invalid value for 'temperature'",
            "temperature must be between 0 and 0.5",
            "`seed` is not supported",
            "\"m\" does not support thinking",
            "unknown field `seed`",
            "Extra inputs are not permitted",
            "BadRequestError",
            "The response was filtered due to the prompt triggering our content management policy.",
            "your input was flagged by moderation",
            "Content Exists Risk",
        ],
    ),
    (401, &["Incorrect API key provided: [key].", "unauthorized", "AuthenticationError"]),
    (402, &["Insufficient Balance", "You have no credits left", "check your billing details"]),
    (403, &["You have insufficient permissions for this operation"]),
    (
        404,
        &[
            "model 'm' not found, try pulling it first",
            "The model `m` does not exist.",
            "No endpoints found for m.",
            "m is not a valid model ID",
            "Not Found",
            "NotFoundError",
        ],
    ),
    (413, &["Request too large for model m on tokens per minute (TPM): Limit 6000"]),
];

#[test]
fn words_stand_for_the_status_that_they_come_with_elsewhere() {
    for (expected, texts) in SAMPLES {
        for text in *texts {
            assert_eq!(status(text), *expected, "{text}");
        }
    }
}

#[test]
fn each_wording_is_plain() {
    for wording in WORDINGS.iter().flat_map(|(wordings, _)| *wordings) {
        let bare = wording.trim_end_matches('*');
        assert_eq!(plain(bare).trim(), bare, "{wording}");
    }
}

//! How much a model holds: the smallest count that anyone gives, on every host.

use crate::support::Project;

/// The model, what the user's file says beside, a flag; the window that is used.
type Case = (&'static str, &'static str, &'static [&'static str], &'static str);

#[test]
fn the_smallest_count_holds_on_every_host() {
    let wide = "endpoints: {llamacpp: {window: 65536}, vllm: {window: 3000}}\n";
    let table: [Case; 13] = [
        ("llamacpp/mythomax-13b", "{}", &[], "4096"),
        ("llamacpp-completion/mythomax-13b", "{}", &[], "4096"),
        ("vllm/mythomax-13b", "{}", &[], "4096"),
        ("vllm/Gryphe/MythoMax-L2-13b", "{}", &[], "4096"),
        ("lmstudio/mythomax-13b", "{}", &[], "4096"),
        ("ollama/mythomax-13b", "{}", &[], "4096"),
        ("openai/mythomax-13b", "{}", &[], "4096"),
        ("llamacpp/MythoMax-L2-13B.Q4_K_M.gguf", "{}", &[], "4096"),
        ("llamacpp/mythomax-13b", wide, &[], "4096"),
        ("llamacpp/mythomax-13b", "{}", &["--window", "60000"], "4096"),
        ("vllm/mythomax-13b", wide, &[], "3000"),
        ("llamacpp/mythomax-13b", "{}", &["--window", "3500"], "3500"),
        ("llamacpp/nobody-knows-it", "{}", &[], "32768"),
    ];
    let project = Project::copy("tests/tiny");
    for (model, config, flags, window) in table {
        project.write("../home/config/storygen/config.yaml", config);
        let ask = ["prompt", "chapter", "1", "--table", "--model", model];
        let variables = [("STORYGEN_BASE_URL", "http://127.0.0.1:1/v1")];
        let output = project.run_with(&[&ask[..], flags].concat(), &variables);
        assert_eq!(output.code, 0, "{model} {config}: {output}");
        let said = format!(" window {window}, reply up to ");
        assert!(output.stdout.contains(&said), "{model} {config} {flags:?}: {output}");
    }
}

/// Nothing is said to be assumed of a model whose own count is known.
#[test]
fn what_is_known_is_not_assumed() {
    let project = Project::copy("tests/tiny");
    for (model, is_assumed) in
        [("llamacpp-completion/mythomax-13b", false), ("llamacpp/nobody-knows-it", true)]
    {
        let config = "endpoints: {llamacpp: {tries: 1}, llamacpp-completion: {tries: 1}}\n";
        project.write("../home/config/storygen/config.yaml", config);
        let variables = [("STORYGEN_BASE_URL", "http://127.0.0.1:1")];
        let output = project.run_with(&["models", "test", model], &variables);
        let said = output.to_string();
        assert_eq!(said.contains("32768 tokens are assumed"), is_assumed, "{model}: {said}");
    }
}

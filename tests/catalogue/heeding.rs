//! What each model is asked, of all that was asked for: what it would not heed is told
//! before the call, and refused where it has to be heeded.

use serde_json::json;

use crate::byte_server::{ByteServer, answer};
use crate::support::Project;

const PAID: [&str; 4] = ["draft", "chapter", "1", "--allow-unknown-price"];

/// A model that stands in is asked by its own author's settings, under the book's, and
/// by no token numbers of another vocabulary.
#[test]
fn who_stands_in_is_asked_in_its_own_way() {
    let refusing = || vec![answer(400, &[], b"{}")];
    let (gemma, qwen) = ("novita/google/gemma-3-27b-it", "together/Qwen/Qwen2.5-72B-Instruct");
    let qwen_too = "deepinfra/Qwen/Qwen2.5-72B-Instruct";
    let told = "`logit_bias` of the book: `together/Qwen/Qwen2.5-72B-Instruct` is not known to number its tokens as `novita/google/gemma-3-27b-it` does, so it is not sent there\n";
    // Who drafts; what is asked of it, and of the one that stands in.
    for (main, is_told, asked) in [
        (gemma, true, [json!([1.0, 64, {"5": -2.0}]), json!([0.7, 20, null])]),
        (qwen_too, false, [json!([0.7, 20, null]), json!([0.7, 20, {"5": -2.0}])]),
    ] {
        let [first, second] = [(); 2].map(|()| ByteServer::start([refusing(), refusing()]));
        let at = |server: &ByteServer| format!("{{base_url: '{}/v1', tries: 1}}", server.origin());
        let project = Project::copy("tests/tiny");
        let book = project.read("storygen.yaml");
        let sampling = "sampling: {top_p: 0.9, logit_bias: [{token: 5, bias: -2}]}";
        project.write("storygen.yaml", format!("{book}\n{sampling}\n"));
        let config = format!(
            "model: {main}\nmodels: {{fallback: [{qwen}]}}\nendpoints: {{{}: {}, together: {}}}\n",
            main.split('/').next().unwrap_or_default(),
            at(&first),
            at(&second)
        );
        project.write("../home/config/storygen/config.yaml", config);
        let strict = project.run(&[&PAID[..], &["--strict"]].concat());
        assert_eq!(strict.code, 2, "{main}: {strict}");
        assert_eq!(strict.stderr.contains(told.trim_end()), is_told, "{main}: {strict}");
        assert!(first.requests().is_empty() && second.requests().is_empty(), "{strict}");
        let output = project.run(&PAID);
        assert_eq!(output.stderr.contains(told), is_told, "{main}: {output}");
        for (server, [temperature, top_k, bias]) in [&first, &second]
            .into_iter()
            .zip(asked.map(|asked| [0, 1, 2].map(|at| asked[at].clone())))
        {
            let body = server.requests().remove(0).json();
            let number =
                |field: &str| (body[field].as_f64().unwrap_or_default() * 100.0).round() / 100.0;
            assert_eq!(json!(number("temperature")), temperature, "{main}: {body}");
            assert_eq!(json!(number("top_p")), 0.9, "{main}: {body}");
            assert_eq!((&body["top_k"], &body["logit_bias"]), (&top_k, &bias), "{main}: {body}");
        }
    }
}

/// The seed that is usual is nobody's wish; one that was asked for is.
#[test]
fn a_seed_that_was_asked_for_is_not_dropped_in_silence() {
    let told = "`--seed`: `mistral/mistral-large-2512` does not take one";
    for (model, takes_it) in
        [("mistral/mistral-large-2512", true), ("anthropic/claude-haiku-4-5", false)]
    {
        let told = told.replace("mistral/mistral-large-2512", model);
        let server =
            ByteServer::start([vec![answer(400, &[], b"{}")], vec![answer(400, &[], b"{}")]]);
        let project = Project::copy("tests/tiny");
        let host = model.split('/').next().unwrap_or_default();
        let config = format!("endpoints: {{{host}: {{base_url: '{}/v1'}}}}\n", server.origin());
        project.write("../home/config/storygen/config.yaml", config);
        let run = |more: &[&str]| project.run(&[&PAID[..], &["--model", model], more].concat());
        let strict = run(&["--seed", "7", "--strict"]);
        let is_refused = strict.code == 2 && strict.stderr.contains(&told);
        assert_eq!(is_refused, !takes_it, "{model}: {strict}");
        assert_eq!(server.requests().is_empty(), is_refused, "{model}: {strict}");
        assert_eq!(run(&["--seed", "7"]).stderr.contains(&told), !takes_it, "{model}");
        let usual = run(&["--strict"]);
        assert!(usual.code == 6 && !usual.stderr.contains("--seed"), "{model}: {usual}");
    }
}

/// What nobody knew that the endpoint would refuse is left out and told once, or ends
/// the run where all has to be heeded.
#[test]
fn a_setting_that_an_endpoint_refuses_is_told() {
    let refused =
        || vec![answer(400, &[], br#"{"error": {"message": "property 'min_p' is unsupported"}}"#)];
    let told = "`openai/foo` refuses `min_p`, so it is left out";
    for is_strict in [false, true] {
        let server = ByteServer::start([refused(), vec![answer(400, &[], b"{}")]]);
        let project = Project::copy("tests/tiny");
        project.write(
            "storygen.yaml",
            format!("{}sampling: {{min_p: 0.1}}\n", project.read("storygen.yaml")),
        );
        let config = format!("base_url: {}/v1\n", server.origin());
        project.write("../home/config/storygen/config.yaml", config);
        let strict: &[&str] = if is_strict { &["--strict"] } else { &[] };
        let output = project.run(&[&PAID[..], &["--model", "openai/foo"], strict].concat());
        assert_eq!(output.code, 6, "{output}");
        assert_eq!(output.stderr.matches(told).count(), usize::from(!is_strict), "{output}");
        assert_eq!(server.requests().len(), if is_strict { 1 } else { 2 }, "{output}");
    }
}

//! The texts that end a reply: a model's own have their places before the book's, and
//! what is left out is told before the call.

use serde_json::json;

use crate::byte_server::{ByteServer, answer};
use crate::support::Project;

#[test]
fn a_model_keeps_its_own_stops_and_what_is_left_out_is_told() {
    let named = "`stop` of the book: `openrouter/gryphe/mythomax-l2-13b` takes at most 4 of them, and 2 are the model's own: ";
    let table = [
        ("[a1, b2]", vec!["a1", "b2"], None),
        ("['### Input:', a1, b2]", vec!["a1", "b2"], None),
        ("[a1, b2, c3]", vec!["a1", "b2"], Some("`c3` is left out")),
        ("[a1, b2, c3, d4]", vec!["a1", "b2"], Some("`c3`, `d4` are left out")),
    ];
    for (stops, sent, left_out) in table {
        let server = ByteServer::start([vec![answer(400, &[], b"{}")]]);
        let project = Project::copy("tests/tiny");
        let book = project.read("storygen.yaml");
        project.write("storygen.yaml", format!("{book}\nsampling: {{stop: {stops}}}\n"));
        let own = format!("endpoints: {{openrouter: {{base_url: '{}/v1'}}}}\n", server.origin());
        project.write("../home/config/storygen/config.yaml", own);
        let ask = ["draft", "chapter", "1", "--model", "openrouter/gryphe/mythomax-l2-13b"];
        let paid = ["--allow-unknown-price"];
        let key = [("OPENROUTER_API_KEY", "sk")];
        let strict = project.run_with(&[&ask[..], &paid, &["--strict"]].concat(), &key);
        let is_refused = strict.code == 2 && strict.stderr.contains(named);
        assert_eq!(is_refused, left_out.is_some(), "{stops}: {strict}");
        if left_out.is_some() {
            assert!(server.requests().is_empty(), "{stops}: {strict}");
            let output = project.run_with(&[&ask[..], &paid].concat(), &key);
            let told = format!("{named}{}\n", left_out.unwrap_or_default());
            let at = output.stderr.find(&told);
            assert!(at.is_some_and(|at| at < output.stderr.find("error:").unwrap()), "{output}");
        }
        let own = ["### Instruction:", "### Input:"];
        let body = server.requests().remove(0).json();
        assert_eq!(body["stop"], json!([&own[..], &sent].concat()), "{stops}: {body}");
    }
}

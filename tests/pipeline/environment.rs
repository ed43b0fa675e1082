//! Address and key of the environment are for one host: a call to another goes to that
//! one's own address, with its own key.

use crate::byte_server::{ByteServer, Step, answer};
use crate::common::*;

fn refuses() -> Vec<Vec<Step>> {
    vec![vec![answer(401, &[("connection", "close")], br#"{"error":{"message":"no"}}"#)]; 4]
}

/// The environment's model, `model:` of the configuration; the command; whether the
/// environment's address is asked, and the key that goes along.
type Case = (Option<&'static str>, &'static str, &'static [&'static str], bool, &'static str);

#[test]
fn the_environment_s_address_and_key_are_for_one_host() {
    const WIDE: &[&str] =
        &["draft", "chapter", "1", "--model", "openrouter/gryphe/mythomax-l2-13b"];
    const ATTIC: &[&str] = &["draft", "chapter", "1", "--model", "attic/m"];
    const TEST: &[&str] = &["models", "test", "attic/m"];
    const OPEN: &[&str] =
        &["draft", "chapter", "1", "--model", "openai/x", "--allow-unknown-price"];
    const LIST: &[&str] = &["models", "refresh", "openrouter"];
    const PLAIN: &[&str] = &["draft", "chapter", "1", "--allow-unknown-price"];
    let table: [Case; 13] = [
        (Some("openai/x"), "", PLAIN, true, "sk-env"),
        (Some("openai/x"), "", OPEN, true, "sk-env"),
        (Some("openai/x"), "", WIDE, false, "sk-wide"),
        (Some("openai/x"), "", ATTIC, false, "sk-attic"),
        (Some("openai/x"), "", TEST, false, "sk-attic"),
        (Some("openai/x"), "", LIST, false, "sk-wide"),
        (Some("attic/m"), "", TEST, true, "sk-env"),
        (None, "model: attic/m\n", PLAIN, true, "sk-env"),
        (None, "model: attic/m\n", WIDE, false, "sk-wide"),
        (None, "", WIDE, true, "sk-env"),
        (None, "", LIST, true, "sk-env"),
        (None, "", ATTIC, false, "sk-attic"),
        (None, "", TEST, false, "sk-attic"),
    ];
    for (environment, config, command, is_there, key) in table {
        let (there, own) = (ByteServer::start(refuses()), ByteServer::start(refuses()));
        let project = small(&[]);
        let attic = format!(
            "{config}endpoints: {{attic: {{base_url: '{}/v1', api_key_env: ATTIC_KEY, price: {{prompt: 1, reply: 1}}}}}}\n",
            own.origin()
        );
        project.write("../home/config/storygen/config.yaml", attic);
        let wide = format!(
            "vendors: {{openrouter: {{base_url: '{}/v1', key: OPENROUTER_API_KEY}}}}\n",
            own.origin()
        );
        project.write("../home/config/storygen/catalogue.yaml", wide);
        let address = format!("{}/v1", there.origin());
        let keys = [("ATTIC_KEY", "sk-attic"), ("OPENROUTER_API_KEY", "sk-wide")];
        let mut variables =
            vec![("STORYGEN_BASE_URL", address.as_str()), ("STORYGEN_API_KEY", "sk-env")];
        variables.extend(keys);
        variables.extend(environment.map(|model| ("STORYGEN_MODEL", model)));
        let output = project.run_with(command, &variables);
        let what = format!("{environment:?} {config} {command:?}: {output}");
        let (asked, other) = if is_there { (&there, &own) } else { (&own, &there) };
        let (sent, beside) = (asked.requests(), other.requests());
        assert_eq!(beside.len(), 0, "{what}");
        let keys: Vec<_> = sent.iter().map(|one| one.header("authorization")).collect();
        assert_eq!(keys, [Some(format!("Bearer {key}").as_str())], "{what}");
        // Who names another host by a flag is told that the address is not for it.
        let is_told = output.stderr.contains("`STORYGEN_BASE_URL` is for `");
        let host = environment.unwrap_or(config).trim_start_matches("model: ");
        let host = host.split('/').next().unwrap_or_default();
        let is_named = command.contains(&"--model") || command.contains(&"test");
        assert_eq!(is_told, !is_there && is_named && !host.is_empty(), "{what}");
    }
}

//! What a model that stands in makes of the window: nothing where it could not be asked,
//! and its name where the prompt does not fit because of it.

use crate::support::Project;

#[test]
fn one_that_cannot_stand_in_shrinks_no_window() {
    let barn = "barn/small";
    let config = "endpoints:
  attic: {base_url: 'http://127.0.0.1:1/v1', window: 32768, price: {prompt: 1, reply: 2}}
  barn: {base_url: 'https://barn.invalid/v1', api_key_env: BARN, window: 700, price: {prompt: 1, reply: 2}}
  loft: {base_url: 'http://127.0.0.1:1/v1', window: 60000, price: {prompt: 1, reply: 2}}
model: attic/a
";
    let commands: [&[&str]; 4] = [
        &["cost"],
        &["prompt", "chapter", "1", "--table"],
        &["draft", "chapter", "1", "--dry-run"],
        &["draft", "chapter", "1"],
    ];
    let left_out = "no key is set for `barn/small` at https://barn.invalid; it cannot stand in, and is left out\n";
    let way = "help: the window is that of `barn/small`, which is to stand in and leaves 700 tokens, the fewest of the models; take it out of `fallback` for a larger one\n";
    // Whether its key is set; who stands in.
    for (key, fallback) in [
        (None, vec![barn]),
        (None, vec!["loft/b", barn]),
        (Some("sk-1"), vec![barn]),
        (Some("sk-1"), vec![barn, "loft/b"]),
        (Some("sk-1"), vec!["loft/b"]),
    ] {
        let project = Project::copy("tests/tiny");
        let fallback_words = format!("models: {{fallback: [{}]}}\n", fallback.join(", "));
        project.write("../home/config/storygen/config.yaml", format!("{config}{fallback_words}"));
        let variables: Vec<(&str, &str)> = key.map(|key| ("BARN", key)).into_iter().collect();
        for command in commands {
            let output = project.run_with(command, &variables);
            let what = format!("{key:?} {fallback:?} {command:?}: {output}");
            let is_asked = command == ["draft", "chapter", "1"];
            let is_short = key.is_some() && fallback.contains(&barn);
            let is_told = output.stderr.contains(left_out);
            assert_eq!(is_told, key.is_none() && !is_asked, "{what}");
            assert_eq!(output.stderr.contains("indispensable"), is_short, "{what}");
            assert_eq!(output.stderr.contains(way), is_short, "{what}");
            if !is_asked {
                assert_eq!(output.code, i32::from(is_short), "{what}");
            } else if !is_short {
                assert!(output.stderr.contains("cannot reach http://127.0.0.1:1"), "{what}");
                assert!(key.is_some() || output.stderr.contains("it cannot\n"), "{what}");
            }
            // The window of whom could be asked.
            let is_table = command.contains(&"--table") && !is_short;
            assert_eq!(output.stdout.contains("window 32768"), is_table, "{what}");
        }
    }
    // A smaller window that the user asks for is the user's own.
    let project = Project::copy("tests/tiny");
    let fallback = format!("{config}models: {{fallback: [barn/small]}}\n");
    project.write("../home/config/storygen/config.yaml", fallback);
    let ask = ["prompt", "chapter", "1", "--window", "600"];
    let output = project.run_with(&ask, &[("BARN", "sk-1")]);
    assert!(output.stderr.contains("indispensable"), "{output}");
    assert!(!output.stderr.contains("which is to stand in"), "{output}");
}

/// One that its host has withdrawn is left out, and told of; who names it is said, and
/// where it is the model itself, that is an error.
#[test]
fn one_that_cannot_be_had_is_left_out() {
    let gone = "mistral/labs-mistral-small-creative";
    let named = format!("; your configuration names `{gone}`");
    let left_out = format!(
        "{named}; it cannot stand in, and is left out (another model takes its place: `ministral-3-8b`"
    );
    let attic = "endpoints: {attic: {base_url: 'http://127.0.0.1:1/v1', tries: 1, price: {prompt: 1, reply: 2}}}\n";
    for (models, code, words) in [
        (format!("model: attic/a\nmodels: {{fallback: [{gone}]}}\n"), 0, &left_out),
        (format!("model: {gone}\n"), 6, &named),
    ] {
        for command in [&["cost"][..], &["draft", "chapter", "1", "--dry-run"], &["draft"]] {
            let project = Project::copy("tests/tiny");
            project.write("../home/config/storygen/config.yaml", format!("{attic}{models}"));
            let output = project.run(command);
            assert_eq!(output.stderr.matches(words.as_str()).count(), 1, "{models}: {output}");
            let is_asked = command == ["draft"] && code == 0;
            assert_eq!(output.stderr.contains("cannot reach"), is_asked, "{models}: {output}");
            assert_eq!(output.code, if is_asked { 6 } else { code }, "{models}: {output}");
        }
    }
}

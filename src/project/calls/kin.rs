//! The kept call that is nearest to one that is not kept, and what tells them apart.

use anyhow::Result;
use serde_json::Value;

use super::super::folder::Folder;
use super::{CallNote, list, read};
use crate::provider::Request;

/// What the nearest kept call asked otherwise, each thing in words; none where no
/// call is kept about the same.
///
/// Nearest is a call of the same name, or else of the same stage and chapter, whose
/// prompt is alike for longest.
///
/// # Errors
///
/// When a file cannot be read.
pub fn otherwise(
    folder: &Folder,
    about: &str,
    call: &CallNote,
    request: &Request,
) -> Result<Option<Vec<String>>> {
    // By way of text: so numbers are rounded as those of the file were.
    let now: Value = serde_json::from_str(&serde_json::to_string(request)?)?;
    let mut nearest: Option<((bool, usize), Value)> = None;
    for heading in list(folder)? {
        let Some(head) = head(folder, &heading.digest)? else { continue };
        let is_named_so = head["about"] == *about;
        let is_kin = head["call"]["stage"] == *call.stage.name()
            && head["call"]["chapter"].as_str() == call.chapter.as_deref();
        if !is_named_so && !is_kin {
            continue;
        }
        let rank = (is_named_so, alike(&said(&head["request"]), &said(&now)));
        if nearest.as_ref().is_none_or(|(best, _)| rank > *best) {
            nearest = Some((rank, head));
        }
    }
    Ok(nearest.map(|(_, head)| differences(&head, &call.model, &now)))
}

/// Whether a call is kept that is about this: the one of that digest or, without one, any.
///
/// # Errors
///
/// When a file cannot be read.
pub fn is_kept(folder: &Folder, about: &str, digest: Option<String>) -> Result<bool> {
    let digests = match digest {
        Some(digest) => vec![digest],
        None => list(folder)?.into_iter().map(|heading| heading.digest).collect(),
    };
    for digest in digests {
        if head(folder, &digest)?.is_some_and(|head| head["about"] == *about) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The first line of a kept call; none where that is no JSON.
fn head(folder: &Folder, digest: &str) -> Result<Option<Value>> {
    let Some(bytes) = read(folder, digest)? else { return Ok(None) };
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    Ok(serde_json::from_slice(line).ok())
}

/// All that a request's messages say.
fn said(request: &Value) -> String {
    let messages = request["messages"].as_array().into_iter().flatten();
    messages.map(|one| format!("{}\n", text(one))).collect()
}

fn text(message: &Value) -> &str {
    message["text"].as_str().unwrap_or_default()
}

fn alike(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

fn differences(head: &Value, model: &str, now: &Value) -> Vec<String> {
    let then = &head["request"];
    let mut found = Vec::new();
    if head["model"] != *model {
        found.push(format!("the model was {}, and is `{model}`", shown(&head["model"])));
    }
    let (was, is) = (&then["sampling"], &now["sampling"]);
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().map(|keys| keys.keys().cloned().collect()).unwrap_or_default()
    };
    let mut names = keys(was);
    names.extend(keys(is));
    names.sort();
    names.dedup();
    for key in names.iter().filter(|key| was[*key] != is[*key]) {
        found.push(format!("`{key}` was {}, and is {}", shown(&was[key]), shown(&is[key])));
    }
    for (key, words) in [("seed", "the seed"), ("reply_tokens", "the most tokens of the reply")] {
        if then[key] != now[key] {
            found.push(format!("{words} was {}, and is {}", shown(&then[key]), shown(&now[key])));
        }
    }
    for (key, words) in
        [("schema", "the shape of the answer"), ("bans", "the list of phrases to avoid")]
    {
        if then[key] != now[key] {
            found.push(format!("{words} is another"));
        }
    }
    found.extend(prompts(then, now));
    found
}

/// Where two prompts part.
fn prompts(then: &Value, now: &Value) -> Option<String> {
    let messages = |value: &Value| value["messages"].as_array().cloned().unwrap_or_default();
    let (was, is) = (messages(then), messages(now));
    let (was, is) = (was.as_slice(), is.as_slice());
    let at = (0..was.len().max(is.len())).find(|at| was.get(*at) != is.get(*at))?;
    let (Some(was), Some(is)) = (was.get(at), is.get(at)) else {
        return Some(format!("the prompt had {} messages, and has {}", was.len(), is.len()));
    };
    let (mut was_lines, mut is_lines) = (text(was).lines(), text(is).lines());
    for line in 1.. {
        let (was_line, is_line) = match (was_lines.next(), is_lines.next()) {
            (None, None) => break,
            (was, is) => (was.unwrap_or_default(), is.unwrap_or_default()),
        };
        if was_line != is_line {
            let role = is["role"].as_str().unwrap_or("user");
            let (was, is) = parted(was_line, is_line);
            return Some(format!(
                "line {line} of the prompt's `{role}` message was “{was}”, and is “{is}”"
            ));
        }
    }
    Some("a message of the prompt is another".to_owned())
}

/// Two lines from shortly before where they part.
fn parted(was: &str, is: &str) -> (String, String) {
    const BEFORE: usize = 24;
    const SHOWN: usize = 72;
    let same: Vec<char> =
        was.chars().zip(is.chars()).take_while(|(a, b)| a == b).map(|(one, _)| one).collect();
    // From the beginning of a word, where there is one.
    let from = same.len().saturating_sub(BEFORE);
    let word = same.iter().skip(from).position(|one| *one == ' ').filter(|_| from > 0);
    let from = from + word.map_or(0, |at| at + 1);
    let cut = |line: &str| {
        let mut text: String = line.chars().skip(from).take(SHOWN).collect();
        if from > 0 {
            text.insert(0, '…');
        }
        if line.chars().count() > from + SHOWN {
            text.push('…');
        }
        text
    };
    (cut(was), cut(is))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Case<'a> = (&'a str, &'a dyn Fn(&mut Value), &'a [&'a str]);

    #[test]
    fn what_differs_is_named() {
        let asked = |change: &dyn Fn(&mut Value)| {
            let mut request = json!({
                "messages": [
                    { "role": "system", "text": "You write.\nNo dreams." },
                    { "role": "user", "text": "# The book\nA ferry bell rings at night though its rope was cut." },
                ],
                "reply_tokens": 400, "sampling": { "temperature": 0.8 }, "seed": 7, "schema": null,
            });
            change(&mut request);
            request
        };
        let head = json!({ "model": "a/b", "request": asked(&|_| {}) });
        let table: [Case<'_>; 9] = [
            ("a/b", &|_| {}, &[]),
            ("a/c", &|_| {}, &["the model was `a/b`, and is `a/c`"]),
            (
                "a/b",
                &|now| now["sampling"] = json!({ "temperature": 0.3, "top_p": 0.9 }),
                &["`temperature` was 0.8, and is 0.3", "`top_p` was not set, and is 0.9"],
            ),
            ("a/b", &|now| now["seed"] = json!(8), &["the seed was 7, and is 8"]),
            (
                "a/b",
                &|now| now["reply_tokens"] = json!(500),
                &["the most tokens of the reply was 400, and is 500"],
            ),
            ("a/b", &|now| now["bans"] = json!("x"), &["the list of phrases to avoid is another"]),
            (
                "a/b",
                &|now| now["messages"][0]["text"] = json!("You write.\nNo dreams.\nBe brief."),
                &["line 3 of the prompt's `system` message was “”, and is “Be brief.”"],
            ),
            (
                "a/b",
                &|now| {
                    now["messages"][1]["text"] =
                        json!("# The book\nA ferry bell rings at night though its rope was new.");
                },
                &[
                    "line 2 of the prompt's `user` message was “…though its rope was cut.”, and is “…though its rope was new.”",
                ],
            ),
            (
                "a/b",
                &|now| now["messages"].as_array_mut().unwrap().truncate(1),
                &["the prompt had 2 messages, and has 1"],
            ),
        ];
        for (model, change, expected) in table {
            assert_eq!(differences(&head, model, &asked(change)), expected);
        }
    }
}

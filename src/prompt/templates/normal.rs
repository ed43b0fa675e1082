//! A template as its digest is made of it: without what no prompt shows.

use std::borrow::Cow;

use super::tidy;

/// A template without its comments, and with the spaces and empty lines that
/// [`tidy`] leaves in a prompt: two templates of one form make the same prompts. One
/// in which spaces may count, or what looks like a comment may be none, is its own
/// form, byte for byte.
pub(super) fn form(text: &str) -> Cow<'_, str> {
    match uncommented(text) {
        Some(bare) => Cow::Owned(tidy(&bare) + "\n"),
        None => Cow::Borrowed(text),
    }
}

/// A template without its comments; none where it cannot be told what is one, or what
/// stands between tags is more than put out.
fn uncommented(text: &str) -> Option<String> {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, tag) = rest.split_at(at);
        bare.push_str(before);
        let length = match tag.as_bytes().get(1) {
            Some(b'#') => {
                let end = tag.find("#}")? + 2;
                // One with a dash takes the spaces around it along.
                if tag.starts_with("{#-") || tag[..end].ends_with("-#}") {
                    return None;
                }
                rest = &tag[end..];
                continue;
            }
            Some(b'%') => tag_length(tag, "%}").filter(|end| only_fills_in(&tag[..*end]))?,
            Some(b'{') => tag_length(tag, "}}")?,
            _ => 1,
        };
        bare.push_str(&tag[..length]);
        rest = &tag[length..];
    }
    bare.push_str(rest);
    Some(bare)
}

/// The bytes of a tag that `end` closes; none where words in it are quoted: there
/// every space counts, and every bracket is a letter.
fn tag_length(tag: &str, end: &str) -> Option<usize> {
    let length = tag.find(end)? + end.len();
    let is_quoted = |c| matches!(c, '"' | '\'' | '`');
    let said = &tag[..length];
    (!said.contains(is_quoted) || said.matches(is_quoted).count() % 2 == 0 && !said.contains('\n'))
        .then_some(length)
}

/// Whether a tag only chooses or repeats what stands between it and its end.
fn only_fills_in(tag: &str) -> bool {
    let word = tag[2..].trim_start_matches('-').trim_start();
    let word = word.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    ["if", "elif", "else", "endif", "for", "endfor", "break", "continue"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::super::TEMPLATES;
    use super::*;

    #[test]
    fn a_built_in_template_is_its_own_form() {
        for (template, (language, text)) in
            TEMPLATES.iter().flat_map(|one| one.texts.iter().map(move |text| (one.name, text)))
        {
            assert_eq!(form(text), *text, "{template} {language}");
            assert_eq!(form(&format!("{{# mine #}}\n{text}")), *text, "{template} {language}");
        }
    }

    #[test]
    fn what_no_prompt_shows_is_left_out() {
        let text = "# A\n\n{% if title == \"x\" %}{{ title }}{% endif %}\n- { b }\n";
        for (other, is_same) in [
            (text.trim_end().to_owned(), true),
            (format!("\n{text}\n \n"), true),
            (text.replace('\n', " \n"), true),
            (text.replace('\n', "\r\n"), true),
            (text.replace("\n\n", "\n\n \n\n"), true),
            (format!("{text}{{# a note #}}"), true),
            (text.replace("# A", "# A {# a\nnote #}"), true),
            // On a line of its own it leaves that line empty.
            (text.replace("\n- {", "\n{# a note #}\n- {"), false),
            (text.replace("\n- {", "\n {#- a note -#} - {"), false),
            (text.replace("\n- {", "\n- {# no end {"), false),
            (text.replace("\n- ", "\n - "), false),
            (text.replace("\"x\"", "\"x \""), false),
            (text.replace("\n\n", "\n"), false),
            (format!("{text}{{% raw %}}{{# said #}}{{% endraw %}}"), false),
        ] {
            assert_eq!(form(&other) == form(text), is_same, "{other:?}");
        }
        // Where spaces may count, all do.
        for text in ["{% filter upper %}a {% endfilter %}", "{{ a | replace(from=\"\n \") }}"] {
            assert_eq!(form(text), text);
        }
    }
}

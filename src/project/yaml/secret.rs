//! Keys of endpoints that stand where they do not belong: they are not shown.

/// Where a key belongs.
pub const WAY_OUT: &str = "a key stands in `STORYGEN_API_KEY`, or in the file that `api_key_file` of your own configuration names; never in a project";

/// Whether what stands under this name is most likely secret: `api_key`,
/// `auth-token`, `Authorization`. A file with a key (`api_key_file`) is not.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    const WHOLE: [&str; 6] = ["key", "apikey", "token", "secret", "password", "authorization"];
    let name = name.trim().trim_matches(['"', '\'']).to_lowercase();
    name.rsplit(['-', '_', ' ', '.']).next().is_some_and(|last| WHOLE.contains(&last))
}

/// Whether what stands under this name would decide where requests go, what
/// they carry, or what is run: `base_url`, `headers`, `https_proxy`,
/// `api_key_command`. A project may set none of it.
#[must_use]
pub fn is_reach(name: &str) -> bool {
    const WORDS: [&str; 15] = [
        // The block of the user's own configuration that holds all the others.
        "endpoints",
        "url",
        "uri",
        "host",
        "origin",
        "header",
        "headers",
        "proxy",
        "command",
        "cmd",
        "exec",
        "shell",
        "cert",
        "certificate",
        "ca",
    ];
    let name = name.trim().trim_matches(['"', '\'']).to_lowercase();
    let mut words = name.split(['-', '_', ' ', '.']);
    // `api_key_file`, `api_key_env`, `api_key_keyring`.
    name.starts_with("api_key") || words.any(|word| WORDS.contains(&word))
}

/// A file's text with what is secret in it replaced, line by line, to be shown.
/// In the bible single words such as `secret` and `key` are the story's own.
#[must_use]
pub fn masked(file: &str, text: &str) -> String {
    let is_bible = file.starts_with("bible/");
    let mut shown = String::with_capacity(text.len());
    // How far the key is indented whose value goes on in the lines below it.
    let mut inside: Option<usize> = None;
    let mut headers = Headers::default();
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let end = if line.ends_with('\n') { "\n" } else { "" };
        if inside.is_some_and(|outer| indent > outer || line.trim().is_empty()) {
            shown.push('…');
            shown.push_str(end);
            continue;
        }
        inside = None;
        let header = if is_bible { None } else { headers.value(line, indent) };
        match header.or_else(|| value_of_secret(line, is_bible)) {
            Some(at) => {
                // Below a header's value stand other headers.
                inside = header.is_none().then_some(indent);
                let mut kept = line.get(..at).unwrap_or_default().to_owned();
                kept.push_str(" …");
                // What is wrong with a header further on keeps its column.
                let wide = if header.is_some() { line.trim_end().chars().count() } else { 0 };
                kept.extend(std::iter::repeat_n(' ', wide.saturating_sub(kept.chars().count())));
                shown.push_str(&kept);
                shown.push_str(end);
            }
            None if is_bible => shown.push_str(line),
            None => shown.push_str(&user_masked(&address_masked(line))),
        }
    }
    shown
}

/// The block of `headers` that a line stands in: their values may be as secret as a
/// key, whatever their names.
#[derive(Default)]
struct Headers {
    /// How far `headers` is indented.
    outer: Option<usize>,
    /// How far their names are.
    names: Option<usize>,
}

impl Headers {
    /// Where in a line that is indented so far the value of a header begins.
    fn value(&mut self, line: &str, indent: usize) -> Option<usize> {
        if self.outer.is_some_and(|outer| indent > outer || line.trim().is_empty()) {
            if line.trim().is_empty() {
                return None;
            }
            // What is indented further goes on with the value above it.
            let is_name = indent <= *self.names.get_or_insert(indent);
            return Some(line.find(':').filter(|_| is_name).map_or(indent, |at| at + 1));
        }
        *self = Self::default();
        let is_edge = |c: char| " \t{,\"'-".contains(c);
        let (at, _) = line.match_indices("headers").find(|(at, word)| {
            let after = line[at + word.len()..].trim_start_matches(['"', '\'']);
            line[..*at].chars().next_back().is_none_or(is_edge) && after.starts_with(':')
        })?;
        let colon = at + line[at..].find(':')? + 1;
        let rest = &line[colon..];
        if rest.trim().is_empty() || rest.trim_start().starts_with('#') {
            self.outer = Some(indent);
            return None;
        }
        Some(rest.find(':').map_or(colon, |next| colon + next + 1))
    }
}

/// A line whose address keeps its user name, password and query to itself.
fn address_masked(line: &str) -> String {
    let Some((before, address)) = line.split_once("://") else { return line.to_owned() };
    let end = address.find(|c: char| c.is_whitespace() || "\"'`,}".contains(c));
    let (address, rest) = address.split_at(end.unwrap_or(address.len()));
    let host = address.find('/').unwrap_or(address.len());
    let mut shown = match address.get(..host).and_then(|head| head.rfind('@')) {
        Some(at) => format!("…{}", address.get(at..).unwrap_or_default()),
        None => address.to_owned(),
    };
    if let Some(query) = shown.find('?') {
        shown.truncate(query + 1);
        shown.push('…');
    }
    format!("{before}://{shown}{}", address_masked(rest))
}

/// A line whose address without a scheme keeps its user name and password to itself:
/// `me:word@host`. The line stays as long as it was.
fn user_masked(line: &str) -> String {
    let is_edge = |c: char| c.is_whitespace() || "\"'`,{}[]".contains(c);
    let words = line.split_inclusive(is_edge);
    words
        .map(|word| match word.rfind('@') {
            Some(at) if word[..at].contains(':') && !word.contains("://") => {
                "…".repeat(word[..at].chars().count()) + &word[at..]
            }
            _ => word.to_owned(),
        })
        .collect()
}

/// Where the value of the first secret key in a line begins.
fn value_of_secret(line: &str, is_bible: bool) -> Option<usize> {
    line.match_indices(':').map(|(at, _)| at).find_map(|at| {
        let before = line.get(..at)?;
        let name = before.rsplit([' ', '{', ',', '[', '\t']).next()?;
        let is_own = is_bible && ["key", "secret", "token"].contains(&name);
        (is_secret(name) && !is_own).then_some(at + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in
            ["api_key", "API-KEY", "apikey", "token", "auth_token", "Authorization", "secret"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["api_key_file", "reply_tokens", "keys", "title", "keyboard"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn names_of_what_a_project_may_not_set() {
        for name in [
            "base_url",
            "URL",
            "headers",
            "http-proxy",
            "api_key_command",
            "api_key_file",
            "ca_file",
            "endpoints",
        ] {
            assert!(is_reach(name), "{name}");
        }
        for name in
            ["title", "character", "commander", "calendar", "threads", "hostess", "endpoint"]
        {
            assert!(!is_reach(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        for (file, text, expected) in [
            ("storygen.yaml", "api_key: sk-1\ntitle: A\n", "api_key: …\ntitle: A\n"),
            ("storygen.yaml", "x: {token: sk-1, y: 2}\n", "x: {token: …\n"),
            ("storygen.yaml", "\"api_key\": 'sk-1'", "\"api_key\": …"),
            ("storygen.yaml", "key: >-\n  sk-1\n\ntitle: A", "key: …\n…\n…\ntitle: A"),
            (
                "config.yaml",
                "a: {base_url: 'https://u:w@h/v1?key=sk-1', tries: 1}\nb: https://h/a@b\n",
                "a: {base_url: 'https://…@h/v1?…', tries: 1}\nb: https://h/a@b\n",
            ),
            (
                "config.yaml",
                "a: {headers: {X-A: w1, X-B: w2}}\ntries: 1\n",
                "a: {headers: {X-A: …            \ntries: 1\n",
            ),
            (
                "config.yaml",
                " headers: # mine\n  X-A: w1\n  X-B: >-\n    w: 2\n\n  X-C: w\n tries: 1\n",
                " headers: # mine\n  X-A: … \n  X-B: … \n     …  \n\n  X-C: …\n tries: 1\n",
            ),
            ("bible/people.yaml", "headers: {a: b}\n", "headers: {a: b}\n"),
            (
                "config.yaml",
                "a: {base_url: \"me:word@127.0.0.1:1/v1\", tries: 1} # a@b, c: d@e\n",
                "a: {base_url: \"…………………@127.0.0.1:1/v1\", tries: 1} # a@b, c: d@e\n",
            ),
            ("config.yaml", "x: http://w@h:1 # http://h?k=1\n", "x: http://…@h:1 # http://h?…\n"),
            ("bible/characters.yaml", "secret: He knows.\n", "secret: He knows.\n"),
            ("bible/characters.yaml", "api_key: sk-1\n", "api_key: …\n"),
        ] {
            assert_eq!(masked(file, text), expected);
        }
    }
}

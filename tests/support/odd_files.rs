//! Files that a bible may be made of and hardly anybody wants to read: large ones, and
//! ones of odd shapes. Each is an error, told in time.

use std::fmt::Write as _;

/// A bible file of `size` bytes or a little more.
pub fn large(size: usize) -> String {
    let mut text = "places:\n".to_owned();
    let mut number = 0;
    while text.len() < size {
        number += 1;
        write!(text, "  - id: p{number}\n    name: Place {number}\n    description: a place like any other, and one more of them\n")
            .expect("a string to write to");
    }
    text
}

/// Texts for `bible/arcs.yaml`, by what is odd about them.
pub fn odd_files() -> Vec<(&'static str, String)> {
    let mut many_keys = String::new();
    for number in 0..60_000 {
        writeln!(many_keys, "k{number}: 1").expect("a string to write to");
    }
    vec![
        ("almost too large", large(4_000_000)),
        ("many keys", many_keys),
        ("one long line", format!("places: [{}]\n", "{id: a, name: b}, ".repeat(100_000))),
        ("one long text", format!("places: \"{}\"\n", "a ".repeat(1_900_000))),
        ("open brackets", "{".repeat(1_000_000)),
        ("dashes", "- ".repeat(1_000_000)),
        ("question marks", "? ".repeat(500_000)),
        ("deep indents", (0..1_500).map(|depth| " ".repeat(depth) + "a:\n").collect()),
        (
            "anchors",
            (0..100_000).map(|number| ["- &a", &number.to_string(), " x\n"].concat()).collect(),
        ),
        ("merges", format!("a: &a {{x: 1}}\nb:\n{}", "  <<: *a\n".repeat(10_000))),
        ("zero bytes", "\0".repeat(1_000_000)),
        ("escapes", "places: \"\\e[31m\\x1b]0;x\\a\"\n".to_owned()),
        ("escapes in an id", "arcs: [{id: \"\\e[31m\\a\", name: x, beats: []}]\n".to_owned()),
        ("tags", "places: !!python/object:os.system [x]\n".to_owned()),
    ]
}

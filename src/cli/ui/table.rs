//! The table of chapters, as wide as the terminal it is read on.

/// One chapter's row.
pub(in crate::cli) struct Cells {
    pub number: usize,
    pub title: String,
    pub state: &'static str,
    pub words: String,
    pub takes: usize,
    pub tokens: u64,
    pub remarks: String,
}

/// Under a title's first letter.
const INDENT: usize = 6;

/// The widest that titles get.
const WIDEST_TITLE: usize = 36;

/// How the columns share a line.
struct Columns {
    title: usize,
    words: usize,
    takes: bool,
    tokens: bool,
    /// Remarks stand at the end of their row, and not on lines of their own.
    remarks: bool,
    /// What ends a title that is cut.
    cut: &'static str,
}

/// The table's lines. Where they go to a terminal, none is wider than that:
/// remarks move to lines of their own, titles are cut, and then columns are
/// left out whose figures other commands show, too.
pub(in crate::cli) fn lines(rows: &[Cells], width: Option<usize>) -> Vec<String> {
    let columns = Columns::of(rows, width);
    let mut lines = vec![columns.head()];
    for row in rows {
        lines.push(columns.row(row));
        if !columns.remarks {
            let room = width.unwrap_or(usize::MAX).saturating_sub(INDENT);
            let remarks = wrapped(&row.remarks, room);
            lines.extend(remarks.into_iter().map(|line| format!("{:INDENT$}{line}", "")));
        }
    }
    lines
}

impl Columns {
    fn of(rows: &[Cells], width: Option<usize>) -> Self {
        let longest = |text: fn(&Cells) -> &str| {
            rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0)
        };
        let title = longest(|row| &row.title).clamp(5, WIDEST_TITLE);
        let mut columns =
            Self { title, words: 13, takes: true, tokens: true, remarks: true, cut: "" };
        let Some(width) = width else { return columns };
        columns.cut = "…";
        if columns.width() + "  remarks".len().max(2 + longest(|row| &row.remarks)) <= width {
            return columns;
        }
        columns.remarks = false;
        columns.words = longest(|row| &row.words).max(5);
        // A title of this length can still be told from the next one.
        let least = title.min(16);
        columns.tokens = columns.width() - title + least <= width;
        columns.takes = columns.tokens || columns.width() - title + least <= width;
        let others = columns.width() - title;
        columns.title = width.saturating_sub(others).clamp(5, title);
        columns
    }

    /// The width of a row without its remarks.
    fn width(&self) -> usize {
        let takes = if self.takes { 7 } else { 0 };
        let tokens = if self.tokens { 10 } else { 0 };
        INDENT + self.title + 10 + 2 + self.words + takes + tokens
    }

    fn head(&self) -> String {
        let Self { title, words, .. } = *self;
        let mut line =
            format!("{:INDENT$}{:<title$}  {:<8}  {:>words$}", "", "title", "state", "words");
        if self.takes {
            line += &format!("  {:>5}", "takes");
        }
        if self.tokens {
            line += &format!("  {:>8}", "tokens");
        }
        if self.remarks {
            line += "  remarks";
        }
        line
    }

    fn row(&self, row: &Cells) -> String {
        let Self { title, words, .. } = *self;
        let name = shortened(&row.title, title, self.cut);
        let mut line =
            format!("{:>4}  {name:<title$}  {:<8}  {:>words$}", row.number, row.state, row.words);
        if self.takes {
            line += &format!("  {:>5}", row.takes);
        }
        if self.tokens {
            line += &format!("  {:>8}", row.tokens);
        }
        if self.remarks {
            line += &format!("  {}", row.remarks);
        }
        line.trim_end().to_owned()
    }
}

/// The text in so many characters; one that is cut ends in `cut`.
fn shortened(text: &str, most: usize, cut: &str) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - cut.chars().count()).collect();
    format!("{}{cut}", kept.trim_end())
}

/// A text as it stands where nobody looks at it on a terminal, else in the terminal's
/// lines, broken between words.
pub(in crate::cli) fn broken(text: &str, terminal: Option<usize>) -> Vec<String> {
    terminal.map_or_else(|| vec![text.to_owned()], |width| wrapped(text, width))
}

/// A text in lines of at most so many characters, broken between words.
pub(in crate::cli) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_breaks_inside_a_word() {
        let text = "prices are dollars for a million tokens; `storygen models info MODEL` says";
        for (terminal, lines) in [(None, 1), (Some(200), 1), (Some(40), 2), (Some(30), 3)] {
            let shown = broken(text, terminal);
            assert_eq!(shown.len(), lines, "{shown:?}");
            assert_eq!(shown.join(" "), text);
        }
    }

    fn rows() -> Vec<Cells> {
        let row = |number, title: &str, words: &str, remarks: &str| Cells {
            number,
            title: title.to_owned(),
            state: "drafted",
            words: words.to_owned(),
            takes: 1,
            tokens: 12_345,
            remarks: remarks.to_owned(),
        };
        vec![
            row(1, "The Second Hand", "1064 / 1100", ""),
            row(
                2,
                "At the Pans, Where the Salt Lies White",
                "84 / 90",
                "changed since: character `tolly`, character `mara`; canon corrected by hand",
            ),
        ]
    }

    #[test]
    fn no_line_is_wider_than_its_terminal() {
        for width in 36..160 {
            for line in lines(&rows(), Some(width)) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_gives_way_in_order() {
        let shown = |width| lines(&rows(), Some(width)).join("\n");
        let whole = lines(&rows(), None).join("\n");
        assert!(
            whole.ends_with(
                "12345  changed since: character `tolly`, character `mara`; canon corrected by hand"
            ),
            "{whole}"
        );
        assert_eq!(shown(500), whole.replace("Lies Whi ", "Lies Wh… "));
        let narrow = "
      title               state           words  takes    tokens
   1  The Second Hand     drafted   1064 / 1100      1     12345
   2  At the Pans, Wher…  drafted       84 / 90      1     12345
      changed since: character `tolly`, character `mara`; canon
      corrected by hand";
        assert_eq!(format!("\n{}", shown(64)), narrow);
        let narrowest = "
      title        state           words
   1  The Second…  drafted   1064 / 1100
   2  At the Pan…  drafted       84 / 90
      changed since: character `tolly`,
      character `mara`; canon corrected
      by hand";
        assert_eq!(format!("\n{}", shown(40)), narrowest);
    }
}

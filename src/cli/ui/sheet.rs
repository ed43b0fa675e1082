//! Tables of figures, as wide as the terminal they are read on.

/// A column.
pub(in crate::cli) struct Column {
    /// What stands at its head.
    pub title: &'static str,
    /// The characters that it takes where no terminal is read on.
    pub width: usize,
    /// Whether its cells are figures, which end below one another.
    pub is_number: bool,
}

impl Column {
    /// A column of figures.
    pub const fn number(title: &'static str, width: usize) -> Self {
        Self { title, width, is_number: true }
    }

    /// A column of words.
    pub const fn words(title: &'static str, width: usize) -> Self {
        Self { title, width, is_number: false }
    }
}

/// The table's lines, without its head. Where they go to a terminal, no column is
/// wider than what stands in it, and while the whole is wider than that, columns are
/// left out in the order of `spared`: other commands, or JSON, tell what they hold.
pub(in crate::cli) fn sheet(
    columns: &[Column],
    rows: &[Vec<String>],
    spared: &[&str],
    width: Option<usize>,
) -> Vec<String> {
    let mut shown: Vec<(usize, &Column, usize)> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().filter_map(|row| row.get(index));
            let longest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            (index, column, if width.is_some() { longest } else { column.width })
        })
        .collect();
    for title in spared {
        let taken: usize = shown.iter().map(|(.., taken)| taken + 2).sum();
        if width.is_none_or(|width| taken <= width + 2) {
            break;
        }
        shown.retain(|(_, column, _)| column.title != *title);
    }
    rows.iter().map(|row| line(row, &shown)).collect()
}

/// The same with the columns' titles at its head.
pub(in crate::cli) fn headed(
    columns: &[Column],
    rows: Vec<Vec<String>>,
    spared: &[&str],
    width: Option<usize>,
) -> Vec<String> {
    let head = columns.iter().map(|column| column.title.to_owned()).collect();
    let all: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    sheet(columns, &all, spared, width)
}

fn line(row: &[String], shown: &[(usize, &Column, usize)]) -> String {
    let cells = shown.iter().map(|(index, column, width)| {
        let cell = row.get(*index).map(String::as_str).unwrap_or_default();
        if column.is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::words("stage", 8),
        Column::number("calls", 11),
        Column::number("prompt", 10),
        Column::number("cost", 9),
    ];

    fn shown(width: Option<usize>) -> String {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows =
            vec![row(["draft", "3–9", "24511", "$0.0123"]), row(["all", "4–12", "30000", "$0.02"])];
        headed(&COLUMNS, rows, &["prompt", "calls"], width).join("\n")
    }

    #[test]
    fn columns_give_way_where_the_terminal_is_narrow() {
        let whole = "
stage           calls      prompt       cost
draft             3–9       24511    $0.0123
all              4–12       30000      $0.02";
        let fitting = "
stage  calls  prompt     cost
draft    3–9   24511  $0.0123
all     4–12   30000    $0.02";
        let narrow = "
stage  calls     cost
draft    3–9  $0.0123
all     4–12    $0.02";
        let narrowest = "
stage     cost
draft  $0.0123
all      $0.02";
        for (width, expected) in [
            (None, whole),
            (Some(200), fitting),
            (Some(29), fitting),
            (Some(28), narrow),
            (Some(21), narrow),
            (Some(20), narrowest),
            (Some(3), narrowest),
        ] {
            assert_eq!(format!("\n{}", shown(width)), expected, "{width:?}");
        }
    }
}

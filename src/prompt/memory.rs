//! Which passages stand for the chapters before this one.
//!
//! Synopses are kept one by one until there are twice as many as a group
//! holds; then the oldest group is folded into one passage. Passages are folded
//! into wider ones by the same rule. Where a fold begins and ends follows from
//! the number of chapters alone, not from the length of their texts, so an
//! edited synopsis moves no other fold; and between two folds the list only
//! grows at its end, which keeps prompts alike at their beginning.

/// How synopses are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Synopses in a fold of the first level; at least 2.
    pub group: usize,
    /// Folds in a fold of the next level; at least 2.
    pub fan: usize,
}

/// A fold: one passage for several chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// 1 for a fold of synopses, 2 for a fold of those, and so on.
    pub level: u32,
    /// The first chapter.
    pub from: usize,
    /// The last chapter.
    pub to: usize,
}

/// A passage of the story so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// A fold.
    Fold(Span),
    /// The synopsis of the chapter with this number.
    Synopsis(usize),
}

impl Shape {
    /// A shape for a memory that has room for `room` tokens of synopses of
    /// `each` tokens.
    #[must_use]
    pub fn for_room(room: usize, each: usize) -> Self {
        Self { group: (room / (2 * each.max(1))).clamp(2, 200), fan: 4 }
    }

    /// The passages that stand for the first `chapters` chapters, in order.
    #[must_use]
    pub fn passages(self, chapters: usize) -> Vec<Passage> {
        let mut passages = Vec::new();
        let levels = self.folds_by_level(chapters);
        for (index, folds) in levels.iter().enumerate().rev() {
            let level = index + 1;
            let covered = levels.get(index + 1).map_or(0, |wider| wider * self.fan);
            passages.extend((covered..*folds).map(|fold| Passage::Fold(self.span(level, fold))));
        }
        let covered = levels.first().map_or(0, |folds| folds * self.group);
        passages.extend((covered + 1..=chapters).map(Passage::Synopsis));
        passages
    }

    /// What a fold is made of: synopses, or narrower folds.
    #[must_use]
    pub fn parts(self, span: Span) -> Vec<Passage> {
        if span.level <= 1 {
            return (span.from..=span.to).map(Passage::Synopsis).collect();
        }
        let level = span.level as usize - 1;
        let width = self.width(level);
        let first = (span.from - 1) / width;
        (first..first + self.fan).map(|fold| Passage::Fold(self.span(level, fold))).collect()
    }

    /// The most passages above single synopses that a book of this length has.
    #[must_use]
    pub fn most_folds(self, chapters: usize) -> usize {
        self.folds_by_level(chapters).len() * (2 * self.fan - 1)
    }

    /// How many folds each level has had, narrowest first.
    fn folds_by_level(self, chapters: usize) -> Vec<usize> {
        let mut levels = Vec::new();
        let (mut below, mut width) = (chapters, self.group.max(2));
        loop {
            let folds = (below / width).saturating_sub(1);
            if folds == 0 {
                return levels;
            }
            levels.push(folds);
            below = folds;
            width = self.fan.max(2);
        }
    }

    /// How many chapters a fold of a level stands for.
    fn width(self, level: usize) -> usize {
        let mut width = self.group.max(2);
        for _ in 1..level {
            width = width.saturating_mul(self.fan.max(2));
        }
        width
    }

    fn span(self, level: usize, fold: usize) -> Span {
        let width = self.width(level);
        Span {
            level: u32::try_from(level).unwrap_or(u32::MAX),
            from: fold * width + 1,
            to: (fold + 1) * width,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_of_three() {
        let shape = Shape { group: 3, fan: 2 };
        let shown = |chapters| -> Vec<String> {
            shape
                .passages(chapters)
                .into_iter()
                .map(|passage| match passage {
                    Passage::Fold(span) => format!("{}-{}", span.from, span.to),
                    Passage::Synopsis(chapter) => chapter.to_string(),
                })
                .collect()
        };
        for (chapters, expected) in [
            (0, vec![]),
            (2, vec!["1", "2"]),
            (5, vec!["1", "2", "3", "4", "5"]),
            (6, vec!["1-3", "4", "5", "6"]),
            (8, vec!["1-3", "4", "5", "6", "7", "8"]),
            (9, vec!["1-3", "4-6", "7", "8", "9"]),
            (15, vec!["1-6", "7-9", "10-12", "13", "14", "15"]),
        ] {
            assert_eq!(shown(chapters), expected, "{chapters}");
        }
    }

    proptest! {
        // Passages cover every chapter once, in order, and stay few.
        #[test]
        fn passages_cover_the_book(group in 2usize..20, fan in 2usize..6, chapters in 0usize..1500) {
            let shape = Shape { group, fan };
            let passages = shape.passages(chapters);
            let mut next = 1;
            for passage in &passages {
                let (from, to) = match passage {
                    Passage::Fold(span) => (span.from, span.to),
                    Passage::Synopsis(chapter) => (*chapter, *chapter),
                };
                prop_assert_eq!(from, next);
                next = to + 1;
                if let Passage::Fold(span) = passage {
                    let mut inner = span.from;
                    for part in shape.parts(*span) {
                        let (from, to) = match part {
                            Passage::Fold(part) => (part.from, part.to),
                            Passage::Synopsis(chapter) => (chapter, chapter),
                        };
                        prop_assert_eq!(from, inner);
                        inner = to + 1;
                    }
                    prop_assert_eq!(inner, span.to + 1);
                }
            }
            prop_assert_eq!(next, chapters + 1);
            prop_assert!(passages.len() <= 2 * group + shape.most_folds(chapters));
        }

        // Adding a chapter only adds at the end, or folds.
        #[test]
        fn the_list_grows_at_its_end(group in 2usize..20, chapters in 1usize..800) {
            let shape = Shape { group, fan: 4 };
            let (before, after) = (shape.passages(chapters - 1), shape.passages(chapters));
            if chapters % group != 0 || chapters < 2 * group {
                prop_assert_eq!(&after[..before.len()], &before[..]);
            }
        }
    }
}

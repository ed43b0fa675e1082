//! A thread that is paid off before it is planted, or in the same chapter.

use super::Check;
use crate::diagnostic::Finding;
use crate::story::Story;

pub(super) const CHECK: Check = Check {
    code: "payoff-order",
    about: "a thread that is paid off before it is planted (an error), or in the same chapter (a warning)",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    let mut findings = Vec::new();
    for thread in &story.threads {
        let (planted, paid) = (thread.planted, thread.paid_off_by);
        let site = thread.paid_off_site.clone();
        if paid < planted {
            findings.push(
                Finding::error(
                    CHECK.code,
                    site,
                    format!("`{}` is paid off by chapter {paid}, before chapter {planted} plants it", thread.id),
                )
                .hint("`planted` is the chapter that raises the question, `paid_off_by` the last that may answer it"),
            );
        } else if paid == planted {
            findings.push(
                Finding::warning(
                    CHECK.code,
                    site,
                    format!("`{}` is planted and paid off in the same chapter {paid}", thread.id),
                )
                .hint("leave the reader some chapters to wonder, or take the thread out"),
            );
        }
    }
    findings
}

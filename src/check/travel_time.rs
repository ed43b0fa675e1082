//! Somebody who is sooner in another place than the way there takes.

use super::Check;
use super::told::{self, Told};
use crate::diagnostic::Finding;
use crate::story::world::Way;
use crate::story::{Character, Id, Place, Story};

pub(super) const CHECK: Check = Check {
    code: "travel-time",
    about: "a character who is in another place sooner than the way there takes",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, journey) in told::journeys(story).iter().enumerate() {
        for pair in journey.windows(2) {
            let [(left, from), (arrived, to)] = pair else { continue };
            let minutes = arrived - left;
            // Told the other way round it is the date that is wrong.
            if told::is_before(to, from) && !to.scene.flashback && !from.scene.flashback {
                continue;
            }
            let way = from
                .scene
                .place
                .zip(to.scene.place)
                .and_then(|(from, to)| quickest(story, from, to));
            if let Some(way) = way.filter(|way| minutes > 0 && minutes < i64::from(way.minutes)) {
                findings.push(too_soon(
                    &story[Id::<Character>::new(index)],
                    minutes,
                    *from,
                    *to,
                    way,
                ));
            }
        }
    }
    findings
}

/// The quickest way between two places that is declared at either of them.
fn quickest(story: &Story, from: Id<Place>, to: Id<Place>) -> Option<&Way> {
    let ways =
        |from: Id<Place>, to: Id<Place>| story[from].travel.iter().filter(move |way| way.to == to);
    if from == to {
        return None;
    }
    ways(from, to).chain(ways(to, from)).min_by_key(|way| way.minutes)
}

fn too_soon(
    character: &Character,
    minutes: i64,
    from: Told<'_>,
    to: Told<'_>,
    way: &Way,
) -> Finding {
    let by = way.by.as_ref().map(|by| format!(" {by}")).unwrap_or_default();
    Finding::warning(
        CHECK.code,
        to.time_site().clone(),
        format!(
            "`{}` is in another place {} after {from} begins, the way takes {}{by}",
            character.id,
            span(minutes),
            way.takes
        ),
    )
    .hint(format!("the way is declared in {}", way.site))
    .hint("let more time pass, shorten the way, or leave the character out of one of the two")
}

/// Minutes as people say them.
fn span(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

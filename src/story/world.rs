//! Where the story happens and what holds there.

use super::Id;
use crate::diagnostic::Place as Site;

/// A place, from `bible/world`.
#[derive(Clone, Debug)]
pub struct Place {
    /// The short name used in files.
    pub id: String,
    /// Where the author declared it.
    pub site: Site,
    /// The name.
    pub name: String,
    /// What one sees, hears and smells there.
    pub description: Option<String>,
    /// The ways from here.
    pub travel: Vec<Way>,
}

/// A way from one place to another, the same in both directions.
#[derive(Clone, Debug)]
pub struct Way {
    /// The other place.
    pub to: Id<Place>,
    /// Where the author wrote how long it takes.
    pub site: Site,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// How long it takes, in the author's words.
    pub takes: String,
    /// By what.
    pub by: Option<String>,
}

/// What holds in this world, whatever happens.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The short name used in files.
    pub id: String,
    /// The rule, in a sentence.
    pub rule: String,
}

/// Reads a duration such as `40 min`, `2 h`, `1.5 days`, `3 Tage`; gives minutes.
/// Units may be in English, German, French or Spanish, since they are shown in prompts.
#[must_use]
pub fn minutes(text: &str) -> Option<u32> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().ok()?;
    let factor = match unit.trim() {
        "min" | "minute" | "minutes" | "Minute" | "Minuten" | "minuto" | "minutos" => 1.0,
        "h" | "hour" | "hours" | "Std" | "Stunde" | "Stunden" | "heure" | "heures" | "hora"
        | "horas" => 60.0,
        "d" | "day" | "days" | "Tag" | "Tage" | "jour" | "jours" | "día" | "días" => 24.0 * 60.0,
        "week" | "weeks" | "Woche" | "Wochen" | "semaine" | "semaines" | "semana" | "semanas" => {
            7.0 * 24.0 * 60.0
        }
        _ => return None,
    };
    let minutes = (number * factor).round();
    // A float that is in range converts without loss worth speaking of.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be in range"
    )]
    (0.0..=f64::from(u32::MAX)).contains(&minutes).then_some(minutes as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("40 min", Some(40)),
            ("2h", Some(120)),
            ("1.5 days", Some(2160)),
            ("3 weeks", Some(30240)),
            ("2 Tage", Some(2880)),
            ("soon", None),
            ("2", None),
            ("2 moons", None),
            ("", None),
            ("1..2 h", None),
        ] {
            assert_eq!(minutes(text), expected, "{text}");
        }
    }
}

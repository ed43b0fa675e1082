//! Days and months as people write them, from seconds since 1970, in UTC.

/// A date and time: `2026-11-22 11:05`.
#[must_use]
pub fn date_time(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    let rest = seconds % 86_400;
    format!("{year}-{month:02}-{day:02} {:02}:{:02}", rest / 3_600, rest % 3_600 / 60)
}

/// A month: `2026-11`.
#[must_use]
pub fn month(seconds: u64) -> String {
    let (year, month, _) = civil(seconds / 86_400);
    format!("{year}-{month:02}")
}

/// Year, month and day, so many days after 1970 began.
fn civil(days: u64) -> (u64, u64, u64) {
    // Howard Hinnant's days-to-civil for the years since 1970.
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00"),
            (951_782_400, "2000-02-29 00:00"),
            (1_795_345_500, "2026-11-22 11:05"),
            (1_798_761_599, "2026-12-31 23:59"),
        ] {
            assert_eq!(date_time(seconds), expected);
            assert_eq!(month(seconds), expected[..7]);
        }
    }
}

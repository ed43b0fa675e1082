//! How the story counts days: the Gregorian calendar, or one the author invents.

use std::fmt;

/// A day: year, month and day of month, the last two from 1.
///
/// Dates compare in time order within one calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year; may be negative.
    pub year: i32,
    /// The month, from 1.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// How the story counts days.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The months of an invented year; empty for the Gregorian calendar.
    months: Vec<Month>,
    /// The days of an invented week; empty where there is none.
    week: Vec<String>,
    /// The first day of the story.
    pub starts: Option<Date>,
    /// The most years a person lives.
    pub lifespan: u32,
}

/// A month of an invented year.
#[derive(Clone, Debug)]
pub struct Month {
    /// The name.
    pub name: String,
    /// How many days it has.
    pub days: u32,
}

/// The Gregorian week by primary language subtag, Monday first.
const WEEKS: [(&str, [&str; 7]); 6] = [
    ("en", ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
    ("de", ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"]),
    ("fr", ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]),
    ("es", ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"]),
    ("it", ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"]),
    ("nl", ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"]),
];

/// Why a text is no date of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDate {
    /// Not of the form YEAR-MONTH-DAY.
    Form,
    /// No such month; the year has this many.
    Month(u32),
    /// No such day; the month has this many.
    Day(u32),
}

impl Default for Calendar {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new(), 120)
    }
}

impl Calendar {
    /// A calendar with these months and days of the week; without months, the
    /// Gregorian one.
    #[must_use]
    pub fn new(months: Vec<Month>, week: Vec<String>, lifespan: u32) -> Self {
        Self { months, week, starts: None, lifespan }
    }

    /// Reads `YEAR-MONTH-DAY`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with a text that is no day of this calendar.
    pub fn parse(&self, text: &str) -> Result<Date, NoDate> {
        let text = text.trim();
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut numbers = rest.split('-').map(str::parse::<u32>);
        let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
            (numbers.next(), numbers.next(), numbers.next(), numbers.next())
        else {
            return Err(NoDate::Form);
        };
        let year =
            i32::try_from(year).ok().filter(|year| *year <= 1_000_000).ok_or(NoDate::Form)?;
        let year = if negative { -year } else { year };
        let months = self.months_in_year();
        if !(1..=months).contains(&month) {
            return Err(NoDate::Month(months));
        }
        let days = self.days_in_month(year, month);
        if !(1..=days).contains(&day) {
            return Err(NoDate::Day(days));
        }
        Ok(Date { year, month, day })
    }

    /// How a date is written out in a prompt: with the month's and the day's
    /// name where the calendar is the author's own, else as in the files, with
    /// the day of the week in the book's language where we know its name.
    #[must_use]
    pub fn describe(&self, date: Date, language: &str) -> String {
        let weekday = self.weekday(date, language);
        match date.month.checked_sub(1).and_then(|index| self.months.get(index as usize)) {
            Some(month) => {
                let day = format!("{} {} {}", date.day, month.name, date.year);
                weekday.map_or(day.clone(), |weekday| format!("{weekday}, {day}"))
            }
            None => weekday.map_or(date.to_string(), |weekday| format!("{date} ({weekday})")),
        }
    }

    /// The name of the day of the week: the author's, or that of the Gregorian
    /// calendar in the language given.
    #[must_use]
    pub fn weekday(&self, date: Date, language: &str) -> Option<&str> {
        let position = |length: usize| {
            let length = i64::try_from(length).ok().filter(|length| *length > 0)?;
            usize::try_from(self.day_number(date).rem_euclid(length)).ok()
        };
        if self.months.is_empty() {
            let (_, week) = WEEKS.iter().find(|(tag, _)| *tag == language)?;
            position(7).and_then(|day| week.get(day).copied())
        } else {
            position(self.week.len()).and_then(|day| self.week.get(day).map(String::as_str))
        }
    }

    /// Days since day 1 of month 1 of year 1, which is day 0 (and, in the
    /// Gregorian calendar, a Monday).
    #[must_use]
    pub fn day_number(&self, date: Date) -> i64 {
        let year = i64::from(date.year) - 1;
        let years = if self.months.is_empty() {
            365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)
        } else {
            year * self.months.iter().map(|month| i64::from(month.days)).sum::<i64>()
        };
        let months: i64 =
            (1..date.month).map(|month| i64::from(self.days_in_month(date.year, month))).sum();
        years + months + i64::from(date.day) - 1
    }

    /// Whole years from `born` to `on`; negative before birth.
    #[must_use]
    pub fn years_between(born: Date, on: Date) -> i32 {
        let before_birthday = (on.month, on.day) < (born.month, born.day);
        on.year - born.year - i32::from(before_birthday)
    }

    fn months_in_year(&self) -> u32 {
        match self.months.len() {
            0 => 12,
            months => u32::try_from(months).unwrap_or(u32::MAX),
        }
    }

    fn days_in_month(&self, year: i32, month: u32) -> u32 {
        if let Some(month) =
            (month as usize).checked_sub(1).and_then(|index| self.months.get(index))
        {
            return month.days;
        }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invented() -> Calendar {
        let month = |name: &str, days| Month { name: name.to_owned(), days };
        Calendar::new(
            vec![month("Thaw", 30), month("Blaze", 40)],
            vec!["One".to_owned(), "Two".to_owned(), "Three".to_owned()],
            120,
        )
    }

    #[test]
    fn dates_are_read() {
        for (text, expected) in [
            ("1887-03-02", Ok((1887, 3, 2))),
            ("-44-3-15", Ok((-44, 3, 15))),
            ("2024-02-29", Ok((2024, 2, 29))),
            ("2023-02-29", Err(NoDate::Day(28))),
            ("2023-13-01", Err(NoDate::Month(12))),
            ("2023-00-01", Err(NoDate::Month(12))),
            ("March 3", Err(NoDate::Form)),
            ("1-2-3-4", Err(NoDate::Form)),
            ("99999999999-1-1", Err(NoDate::Form)),
        ] {
            let found =
                Calendar::default().parse(text).map(|date| (date.year, date.month, date.day));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn weekdays() {
        let calendar = Calendar::default();
        for (text, expected) in [
            ("2026-11-22", "Sunday"),
            ("1887-03-02", "Wednesday"),
            ("2000-02-29", "Tuesday"),
            ("1900-03-01", "Thursday"),
        ] {
            let date = calendar.parse(text).unwrap();
            assert_eq!(calendar.weekday(date, "en"), Some(expected), "{text}");
        }
    }

    #[test]
    fn an_invented_year() {
        let calendar = invented();
        let date = calendar.parse("2-2-40").unwrap();
        assert_eq!(calendar.day_number(date), 139);
        assert_eq!(calendar.describe(date, "en"), "Two, 40 Blaze 2");
        assert_eq!(calendar.parse("2-3-1"), Err(NoDate::Month(2)));
        assert_eq!(calendar.parse("2-1-31"), Err(NoDate::Day(30)));
    }

    #[test]
    fn ages() {
        let date = |year, month, day| Date { year, month, day };
        for (born, on, age) in [
            (date(1850, 3, 2), date(1887, 3, 2), 37),
            (date(1850, 3, 2), date(1887, 3, 1), 36),
            (date(1890, 1, 1), date(1887, 3, 1), -3),
        ] {
            assert_eq!(Calendar::years_between(born, on), age);
        }
    }
}

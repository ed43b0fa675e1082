//! How long to wait, for what, and how often.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};

/// The longest that an endpoint can make us wait before one more try.
pub const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The longest pause of our own choosing.
const LONGEST_BACKOFF: Duration = Duration::from_mins(1);

/// Waits and tries of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Tries of one request, the first included.
    pub tries: usize,
    /// The pause before the second try; it doubles from try to try, with jitter.
    pub base: Duration,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long an endpoint may be silent: before its answer and within it. A
    /// slow model on this machine may want more.
    pub idle: Duration,
    /// How long to listen on for usage figures and the end mark, once the reply
    /// has proven to be whole.
    pub grace: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 4,
            base: Duration::from_secs(1),
            connect: Duration::from_secs(10),
            idle: Duration::from_mins(2),
            grace: Duration::from_secs(5),
        }
    }
}

impl Patience {
    /// The pauses between tries; when they end, so do the tries.
    pub(super) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::default()
            .with_min_delay(self.base)
            .with_max_delay(LONGEST_BACKOFF)
            .with_max_times(self.tries.saturating_sub(1))
            .with_jitter()
            .build()
    }
}

/// What a `Retry-After` header asks for: seconds, or a date after `now`. One that was
/// sent twice may come as one, between commas: then the longest.
#[must_use]
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let parts: Vec<&str> = value.split(',').collect();
    // A date has a comma of its own.
    let dates = parts.windows(2).map(|pair| pair.join(","));
    let waits = dates.filter_map(|date| wait(&date, now));
    waits.chain(parts.iter().filter_map(|part| wait(part, now))).max()
}

fn wait(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        // A number beyond all that can be waited for is no reason to come sooner.
        let is_beyond = |seconds: &f64| *seconds >= Duration::MAX.as_secs_f64();
        let beyond = Some(seconds).filter(is_beyond).map(|_| Duration::MAX);
        return beyond.or_else(|| Duration::try_from_secs_f64(seconds).ok());
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_comes_in_two_forms() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let table = [
            ("7", Some(7.0)),
            (" 0.5 ", Some(0.5)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30.0)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0.0)),
            ("-1", None),
            ("NaN", None),
            ("99999999999999999999999", Some(f64::MAX)),
            ("1e300", Some(f64::MAX)),
            ("-1e300", None),
            ("3, 5", Some(5.0)),
            ("5,3", Some(5.0)),
            ("3, soon", Some(3.0)),
            ("3, -5", Some(3.0)),
            ("3, 99999999999999999999999", Some(f64::MAX)),
            ("Sun, 06 Nov 1994 08:50:07 GMT, Sun, 06 Nov 1994 08:49:57 GMT", Some(30.0)),
            ("3, Sun, 06 Nov 1994 08:50:07 GMT", Some(30.0)),
            ("Sunday, 06-Nov-94 08:50:07 GMT, 40", Some(40.0)),
            (",", None),
            ("soon", None),
            ("", None),
        ];
        for (value, seconds) in table {
            let wait =
                seconds.map(|wait| Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX));
            assert_eq!(retry_after(value, now), wait, "{value}");
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let patience = Patience { base: Duration::from_millis(100), ..Patience::default() };
        let pauses: Vec<_> = patience.pauses().collect();
        assert_eq!(pauses.len(), 3);
        for (pause, least) in pauses.iter().zip([100, 200, 400]) {
            let least = Duration::from_millis(least);
            assert!(*pause >= least && *pause <= least * 2, "{pause:?}");
        }
        for tries in [0, 1] {
            assert_eq!(Patience { tries, ..patience }.pauses().count(), 0);
        }
    }
}

//! Times in sentences, and sums of times.

use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use crate::tlsrpt::insight::Day;

/// `2026-11-22 23:59:59Z`
pub(super) struct Moment(pub(super) UnixTime);

impl Moment {
    /// Hour, minute and second.
    pub(super) const fn clock(&self) -> (u64, u64, u64) {
        let second = self.0.as_secs() % 86_400;
        (second / 3_600, second / 60 % 60, second % 60)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.clock();
        write!(f, "{} {hour:02}:{minute:02}:{second:02}Z", Day::of(self.0))
    }
}

/// A time in the unit that fits: `14 days`, `1 hour`, `90 seconds`; a second more than
/// that is told apart: `7 days and 1 second`.
pub(super) struct Span(pub(super) Duration);

impl Span {
    /// How many there are of the largest unit that fits without a rest.
    fn in_units(secs: u64) -> (u64, &'static str) {
        [(86_400, "day"), (3_600, "hour"), (60, "minute")]
            .into_iter()
            .find(|(size, _)| secs >= *size && secs.is_multiple_of(*size))
            .map_or((secs, "second"), |(size, unit)| (secs.checked_div(size).unwrap_or(0), unit))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.as_secs();
        let (whole, rest) = match Self::in_units(secs.saturating_sub(1)) {
            (_, "second") => (secs, ""),
            _ => (secs.saturating_sub(1), " and 1 second"),
        };
        let (count, unit) = Self::in_units(whole);
        write!(f, "{count} {unit}{}{rest}", if count == 1 { "" } else { "s" })
    }
}

/// The last second that can be told stays it.
pub(super) const fn later(time: UnixTime, by: Duration) -> UnixTime {
    let secs = time.as_secs().saturating_add(by.as_secs());
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn times_are_shown_for_people() {
        let moment = Moment(later(UnixTime::since_unix_epoch(Duration::ZERO), Duration::MAX));
        assert!(moment.to_string().ends_with('Z'));
        let at = |secs| Moment(UnixTime::since_unix_epoch(Duration::from_secs(secs)));
        assert_eq!(at(1_795_391_999).to_string(), "2026-11-22 23:59:59Z");
        for (secs, shown) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (5_400, "90 minutes"),
            (61, "1 minute and 1 second"),
            (62, "62 seconds"),
            (86_400, "1 day"),
            (604_801, "7 days and 1 second"),
        ] {
            assert_eq!(Span(Duration::from_secs(secs)).to_string(), shown);
        }
    }
}

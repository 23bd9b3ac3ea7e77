//! Days of the calendar.

use core::fmt;

use rustls_pki_types::UnixTime;

/// A day in UTC; `Display` is `2026-11-22`, the default is 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(u64);

impl Day {
    /// The day of a time.
    #[must_use]
    pub const fn of(time: UnixTime) -> Self {
        Self(time.as_secs() / SECS)
    }

    /// How many days there are from 1 January 1970 to this day.
    #[must_use]
    pub const fn days_since_epoch(self) -> u64 {
        self.0
    }

    /// The last day of a window: an end at midnight is that of the day before.
    pub(super) const fn last(start: UnixTime, end: UnixTime) -> Self {
        let (first, last) = (start.as_secs() / SECS, end.as_secs().saturating_sub(1) / SECS);
        Self(if first > last { first } else { last })
    }

    pub(super) const fn after(self, days: u64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Year, month and day of the month.
    fn date(self) -> (u64, usize, u64) {
        let mut year = 1970_u64.saturating_add((self.0 / DAYS_OF_400_YEARS).saturating_mul(400));
        let mut left = self.0 % DAYS_OF_400_YEARS;
        while let Some(rest) = left.checked_sub(days_of(year)) {
            (year, left) = (year.saturating_add(1), rest);
        }
        let february = days_of(year).saturating_sub(337);
        for (month, days) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
            match left.checked_sub(days) {
                Some(rest) => left = rest,
                None => return (year, month, left.saturating_add(1)),
            }
        }
        (year, 12, 31)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// `2026-11-22T23:59:59Z`.
pub(super) struct Timestamp(pub(super) UnixTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.as_secs() % SECS;
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", Day::of(self.0))
    }
}

const fn days_of(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leap { 366 } else { 365 }
}

const SECS: u64 = 86_400;
const DAYS_OF_400_YEARS: u64 = 146_097;

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use core::time::Duration;

    use super::*;

    #[test]
    fn out_4_days_are_those_of_the_calendar() {
        for (secs, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (u64::MAX, "584554051223-11-09T07:00:15Z"),
        ] {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(secs));
            assert_eq!(Timestamp(time).to_string(), shown);
        }
    }
}

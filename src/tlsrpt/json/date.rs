//! Date-times by RFC 3339, as reports have them.

use alloc::string::{String, ToString as _};
use core::time::Duration;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use rustls_pki_types::UnixTime;

/// What was odd about a date-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Odd {
    NoZone,
    Offset,
    Fraction,
}

/// Since when [`UnixTime`] counts.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// The octets of `2016-04-01T00:00:00`.
const SECONDS_LEN: usize = "2016-04-01T00:00:00".len();

/// Reads `date-time` of RFC 3339 §5.6, without zone too (UTC); a fraction is cut off.
///
/// The shape is looked at here, since jiff reads many more; what day there is and what
/// it means jiff knows. A leap second is the second before it. None before 1970, which
/// the type does not have.
pub(super) fn read(text: &str) -> Option<(UnixTime, impl Iterator<Item = Odd>)> {
    let (seconds, rest) = text.split_at_checked(SECONDS_LEN)?;
    let (rest, fraction) = split_fraction(rest)?;
    let (offset, zone) = match rest {
        "" => (0, Some(Odd::NoZone)),
        "Z" | "z" => (0, None),
        _ => (numeric_offset(rest)?, Some(Odd::Offset)),
    };
    let time = civil(seconds)?.checked_sub(SignedDuration::from_secs(offset)).ok()?;
    if seconds.ends_with("60") && !is_before_leap(time) {
        return None;
    }
    let since = Duration::try_from(time.duration_since(EPOCH)).ok()?;
    Some((UnixTime::since_unix_epoch(since), zone.into_iter().chain(fraction)))
}

/// `full-date "T" time-hour ":" time-minute ":" time-second`, a leap second as the one
/// before it.
fn civil(text: &str) -> Option<DateTime> {
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        mo1,
        mo2,
        b'-',
        d1,
        d2,
        b'T' | b't',
        h1,
        h2,
        b':',
        mi1,
        mi2,
        b':',
        s1,
        s2,
    ] = *text.as_bytes()
    else {
        return None;
    };
    let century = i16::from(two(y1, y2)?).checked_mul(100)?;
    let year = century.checked_add(two(y3, y4)?.into())?;
    let second = match two(s1, s2)? {
        60 => 59,
        second => second,
    };
    let time = (two(h1, h2)?, two(mi1, mi2)?, second);
    let day = jiff::civil::Date::new(year, two(mo1, mo2)?, two(d1, d2)?).ok()?;
    Some(day.to_datetime(jiff::civil::Time::new(time.0, time.1, time.2, 0).ok()?))
}

/// The number of two digits.
fn two(tens: u8, ones: u8) -> Option<i8> {
    let digit = |b: u8| i8::try_from(b.checked_sub(b'0')?).ok().filter(|digit| *digit < 10);
    digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?)
}

/// Whether a leap second may follow (RFC 3339 §5.7): the last second of June or
/// December, in UTC.
fn is_before_leap(time: DateTime) -> bool {
    let (month, day, time) = (time.month(), time.day(), time.time());
    matches!((month, day), (6, 30) | (12, 31)) && time == jiff::civil::time(23, 59, 59, 0)
}

/// `[time-secfrac]`, and what stands behind it.
fn split_fraction(text: &str) -> Option<(&str, Option<Odd>)> {
    let Some(digits) = text.strip_prefix('.') else {
        return Some((text, None));
    };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < digits.len()).then_some((rest, Some(Odd::Fraction)))
}

/// `time-numoffset` in seconds, to the east.
fn numeric_offset(text: &str) -> Option<i64> {
    let [sign, h1, h2, b':', m1, m2] = *text.as_bytes() else {
        return None;
    };
    let (hours, minutes) = (i64::from(two(h1, h2)?), i64::from(two(m1, m2)?));
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?;
    match sign {
        b'+' => Some(seconds),
        b'-' => seconds.checked_neg(),
        _ => None,
    }
}

/// The date-time in UTC; none after the year 9999.
pub(super) fn write(time: UnixTime) -> Option<String> {
    let since = SignedDuration::from_secs(time.as_secs().try_into().ok()?);
    let mut text = EPOCH.checked_add(since).ok()?.to_string();
    text.push('Z');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn seconds(text: &str) -> Option<u64> {
        read(text).map(|(time, _)| time.as_secs())
    }

    #[test]
    fn rpt_3_every_rfc_3339_date_time_is_read() {
        for (text, expected) in [
            ("2016-04-01T00:00:00Z", 1_459_468_800),
            ("2016-04-01t00:00:00z", 1_459_468_800),
            ("2016-04-01T23:59:59Z", 1_459_555_199),
            ("2016-04-01T00:00:00", 1_459_468_800),
            ("2016-04-01T00:00:00.999999999999999Z", 1_459_468_800),
            ("2016-04-01T02:00:00+02:00", 1_459_468_800),
            ("2016-03-31T19:30:00-04:30", 1_459_468_800),
            ("2016-04-01T00:00:00-00:00", 1_459_468_800),
            ("2016-02-29T00:00:00Z", 1_456_704_000),
            ("2016-12-31T23:59:60Z", 1_483_228_799),
            ("1990-12-31T15:59:60-08:00", 662_687_999),
            ("1970-01-01T00:00:00Z", 0),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn rpt_3_what_is_no_such_date_is_none() {
        for text in [
            "",
            "0",
            "1533081600",
            "2016-04-01",
            "2016-04-01T00:00Z",
            "2016-04-01 00:00:00Z",
            "20160401T000000Z",
            "2016-04-01T00:00:00.Z",
            "2016-04-01T00:00:00,5Z",
            "2016-04-01T00:00:00+0200",
            "2016-04-01T00:00:00+24:00",
            "2016-04-01T00:00:00+02:60",
            "2016-04-01T00:00:00+02",
            "2016-04-01T00:00:00Z[Europe/Paris]",
            "2016-04-01T00:00:00 Z",
            "2016-04-01T24:00:00Z",
            "2016-04-01T12:00:60Z",
            "2016-12-31T23:59:61Z",
            "2016-12-30T23:59:60Z",
            "2015-02-29T00:00:00Z",
            "2016-13-01T00:00:00Z",
            "2016-00-01T00:00:00Z",
            "+002016-04-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "2016-04-01T00:00:0\u{e9}Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn rpt_1_times_are_written_in_utc() {
        let write = |secs| write(UnixTime::since_unix_epoch(Duration::from_secs(secs)));
        assert_eq!(write(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(write(1_459_555_199).as_deref(), Some("2016-04-01T23:59:59Z"));
        assert_eq!(write(253_402_300_799).as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!(write(253_402_300_800), None);
        assert_eq!(write(u64::MAX), None);
    }
}

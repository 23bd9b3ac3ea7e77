//! What was out of order in a report that was read.

use core::fmt;

use super::member::Place;

/// One thing that was out of order, where, and what was made of it (RPT-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReportDeviation {
    kind: ReportDeviationKind,
    place: Place,
}

impl ReportDeviation {
    pub(super) const fn new(kind: ReportDeviationKind, place: Place) -> Self {
        Self { kind, place }
    }

    /// What was out of order.
    #[must_use]
    pub const fn kind(&self) -> ReportDeviationKind {
        self.kind
    }

    /// Where.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }
}

impl fmt::Display for ReportDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind.sentence())
    }
}

/// The kinds of [`ReportDeviation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ReportDeviationKind {
    /// A member that RFC 8460 wants is missing; for a count, 0 is taken. Of
    /// `failure-details` this is usual when nothing failed.
    Missing,
    /// `null` where a value belongs; taken as missing.
    Null,
    /// An empty text or array; kept.
    Empty,
    /// A value of another type, taken as missing.
    WrongType,
    /// A text where an array of texts belongs (as in RFC 8460's own example, erratum
    /// 6241); taken as its only element, the empty text as none.
    StringForArray,
    /// TLSA records as JSON within a text; taken apart.
    JsonInString,
    /// Several lines of a policy in one element; taken apart.
    LinesInOne,
    /// A date-time without zone; taken as UTC.
    NoTimeZone,
    /// A date-time with an offset; converted to UTC.
    Offset,
    /// A fraction of a second; cut off.
    Fraction,
    /// The end is the midnight after the day; kept.
    EndAtMidnight,
    /// The time is not that of one day; kept.
    NotOneDay,
    /// The end is before the start; kept.
    EndBeforeStart,
    /// A count above 2^53 - 1, which I-JSON does not have; kept.
    LargeCount,
    /// The counts of the rows do not add up to that of the summary; both kept.
    SumDiffers,
    /// No IP address, or one in brackets; kept as text.
    NotAnAddress,
    /// No domain name of several labels; kept as text.
    NotADomain,
    /// A pattern with `mx:` left in front; kept as text.
    Prefixed,
    /// Control characters in a text; kept, but shown only escaped.
    ControlCharacters,
    /// A value that the registry does not have; kept as text.
    UnknownValue,
    /// A member by a name that is not its own; understood.
    Alias,
    /// Two elements of `policies` for one policy; both kept.
    SamePolicyTwice,
    /// A report-id whose part behind `+` is missing; kept.
    NoDomain,
    /// `mx-host` for another type than `sts`; kept.
    MxHostOutOfPlace,
    /// White space around the JSON text; passed over.
    WhiteSpaceAround,
    /// A byte order mark; passed over.
    Bom,
    /// A member that stood there before; the last one is taken.
    Duplicate,
    /// A member that RFC 8460 does not define and that is no I-JSON (RFC 7493), is
    /// nested too deep, or is one too many; left out.
    NotKept,
}

impl ReportDeviationKind {
    /// All kinds, in the order in which they stand here.
    pub const ALL: &'static [Self] = &[
        Self::Missing,
        Self::Null,
        Self::Empty,
        Self::WrongType,
        Self::StringForArray,
        Self::JsonInString,
        Self::LinesInOne,
        Self::NoTimeZone,
        Self::Offset,
        Self::Fraction,
        Self::EndAtMidnight,
        Self::NotOneDay,
        Self::EndBeforeStart,
        Self::LargeCount,
        Self::SumDiffers,
        Self::NotAnAddress,
        Self::NotADomain,
        Self::Prefixed,
        Self::ControlCharacters,
        Self::UnknownValue,
        Self::Alias,
        Self::SamePolicyTwice,
        Self::NoDomain,
        Self::MxHostOutOfPlace,
        Self::WhiteSpaceAround,
        Self::Bom,
        Self::Duplicate,
        Self::NotKept,
    ];

    /// A short name, for counting.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.texts().0
    }

    const fn sentence(self) -> &'static str {
        self.texts().1
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("missing", "missing"),
            Self::Null => ("null", "null, taken as missing"),
            Self::Empty => ("empty", "empty"),
            Self::WrongType => ("wrong-type", "value of another type, taken as missing"),
            Self::StringForArray => ("string-for-array", "text instead of an array of texts"),
            Self::JsonInString => ("json-in-string", "JSON within a text, taken apart"),
            Self::LinesInOne => ("lines-in-one", "several lines in one text, taken apart"),
            Self::NoTimeZone => ("no-time-zone", "no time zone, taken as UTC"),
            Self::Offset => ("offset", "time that is not in UTC, converted"),
            Self::Fraction => ("fraction", "fraction of a second, cut off"),
            Self::EndAtMidnight => ("end-at-midnight", "end is the midnight after the day"),
            Self::NotOneDay => ("not-one-day", "range that is not one day"),
            Self::EndBeforeStart => ("end-before-start", "end before the start"),
            Self::LargeCount => ("large-count", "count above 2^53-1"),
            Self::SumDiffers => ("sum-differs", "rows that do not add up to the summary"),
            Self::NotAnAddress => ("not-an-address", "not a plain IP address, kept as text"),
            Self::NotADomain => ("not-a-domain", "not a domain name, kept as text"),
            Self::Prefixed => ("prefixed", "pattern with `mx:` in front, kept as text"),
            Self::ControlCharacters => ("control-characters", "control characters in a text"),
            Self::UnknownValue => ("unknown-value", "unknown value, kept as text"),
            Self::Alias => ("alias", "member by another name, understood"),
            Self::SamePolicyTwice => ("same-policy-twice", "a policy that stood there before"),
            Self::NoDomain => ("no-domain", "report-id without the part behind `+`"),
            Self::MxHostOutOfPlace => ("mx-host-out-of-place", "only for the type sts"),
            Self::WhiteSpaceAround => ("white-space-around", "white space around the JSON text"),
            Self::Bom => ("bom", "byte order mark"),
            Self::Duplicate => ("duplicate", "member that stood there before, the last is taken"),
            Self::NotKept => ("not-kept", "unknown member that cannot be kept, left out"),
        }
    }
}

impl fmt::Display for ReportDeviationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

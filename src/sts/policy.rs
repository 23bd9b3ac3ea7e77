//! The policy file (RFC 8461 §3.2): reading it, and what it says.
//!
//! This is not the fetching of a policy, nor a judgement whether one is wise:
//! nothing here looks at media types, certificates, ages or MX records.
//!
//! The grammar stands in the docs of [`Policy`], its parser in `grammar`, and what
//! errors, deviations and near misses look like in `error` and `near`.

mod build;
mod error;
mod grammar;
mod near;

use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::{self, FromStr};
use core::time::Duration;

use self::grammar::{Span, fields};
use super::mx::{Host, MxPattern};
use crate::escape::escape;
use crate::reading::{Deviations, Reading};

pub use self::build::{BuildPolicyError, PolicyBuilder};
pub use self::error::{ParsePolicyError, PolicyDeviation, PolicyDeviationKind, PolicyErrorKind};
pub use self::near::NearMiss;

/// The octets that the body of a policy may have unless the caller gives another
/// limit: what RFC 8461 §3.3 suggests as the most that a fetch should accept.
pub const MAX_BODY_LEN: usize = 65_536;

/// How many `mx` fields a policy may have.
///
/// The longest published policy has nine; each delivery walks the list.
pub const MAX_MX: usize = 1_000;

/// What a domain wants of those who send it mail (RFC 8461 §3.2).
///
/// It *is* the body that it was parsed from, with an index into it, and shares
/// both when cloned. `Eq` and `Hash` are those of the text; ask
/// [`same_meaning`](Self::same_meaning) whether two policies say the same.
///
/// # Grammar
///
/// UTF-8; names, `version` and `mode` are case-sensitive:
///
/// ```text
/// sts-policy-record        = sts-policy-field *WSP
///                            *(sts-policy-term sts-policy-field *WSP)
///                            [sts-policy-term]
/// sts-policy-field         = sts-policy-version   ; required once
///                          / sts-policy-mode      ; required once
///                          / sts-policy-max-age   ; required once
///                          / sts-policy-mx        ; required at least once, unless
///                                                 ;   the mode is none
///                          / sts-policy-extension
/// sts-policy-field-delim   = ":" *WSP
/// sts-policy-term          = LF / CRLF
/// sts-policy-version       = %s"version" sts-policy-field-delim %s"STSv1"
/// sts-policy-mode          = %s"mode" sts-policy-field-delim
///                            (%s"testing" / %s"enforce" / %s"none")
/// sts-policy-mx            = %s"mx" sts-policy-field-delim ["*."] Domain
/// sts-policy-max-age       = %s"max_age" sts-policy-field-delim 1*10(DIGIT)
/// sts-policy-extension     = sts-policy-ext-name sts-policy-field-delim
///                            sts-policy-ext-value
/// sts-policy-ext-name      = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
/// sts-policy-ext-value     = sts-policy-vchar [*(%x20 / sts-policy-vchar)
///                            sts-policy-vchar]
/// sts-policy-vchar         = %x21-7E / UTF8-2 / UTF8-3 / UTF8-4
/// ```
///
/// Where the RFC leaves room:
///
/// - A known name is held to its own rule: `mode: enforced` is an error, never an
///   extension and never guessed at.
/// - Of a repeated field other than `mx` the first counts; the values of later
///   ones are not read, but must be well-formed.
/// - A `max_age` above a year is taken as a [year](MaxAge).
/// - The [tolerant reading](Reading::Tolerant), meant for senders, forgives white
///   space and nothing else: a byte order mark, blank lines, white space before a
///   name or before its `:`. Each is a [`PolicyDeviation`]. A CR without LF is an
///   error in both readings.
///
/// # Examples
///
/// ```
/// use mta_sts::Reading;
/// use mta_sts::sts::{Mode, Policy};
///
/// let body = b"version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n";
/// let (policy, deviations) = Policy::parse(body, Reading::Tolerant)?;
/// assert!(deviations.is_empty());
/// assert_eq!(policy.mode(), Mode::Enforce);
/// assert_eq!(policy.max_age().as_secs(), 604_800);
///
/// let pattern = policy.matching_mx("mail.example.com").expect("a pattern covers it");
/// assert_eq!(pattern.as_str(), "*.example.com");
/// assert_eq!(policy.matching_mx("mail.example.net"), None);
/// # Ok::<_, mta_sts::sts::ParsePolicyError>(())
/// ```
#[derive(Clone)]
pub struct Policy {
    body: Arc<str>,
    mx: Arc<[Span]>,
    max_age: MaxAge,
    mode: Mode,
}

impl Policy {
    /// Parses a body of at most [`MAX_BODY_LEN`] octets.
    ///
    /// Takes time linear in the length, and two allocations unless there is
    /// something to forgive or more than a handful of `mx`.
    ///
    /// # Errors
    ///
    /// Says what is wrong in which line and column, and keeps the body, since a
    /// report must [quote](ParsePolicyError::lines) it.
    pub fn parse<T: AsRef<[u8]> + ?Sized>(
        body: &T,
        reading: Reading,
    ) -> Result<(Self, Deviations<PolicyDeviation>), ParsePolicyError> {
        Self::parse_within(body, reading, MAX_BODY_LEN)
    }

    /// [`parse`](Self::parse) with another limit, in octets: the one with which
    /// the body was fetched. A limit beyond `u32::MAX` is taken as that.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_within<T: AsRef<[u8]> + ?Sized>(
        body: &T,
        reading: Reading,
        max_len: usize,
    ) -> Result<(Self, Deviations<PolicyDeviation>), ParsePolicyError> {
        // Places in the body are kept in 32 bits.
        let max_len = max_len.min(usize::try_from(u32::MAX).unwrap_or(usize::MAX));
        let body = body.as_ref();
        if body.len() > max_len {
            return Err(ParsePolicyError::too_large(body, max_len));
        }
        let text = str::from_utf8(body)
            .map_err(|error| ParsePolicyError::not_utf8(body, error.valid_up_to()))?;
        grammar::read(text, reading).map_err(|problem| problem.into_error(text))
    }

    /// Starts a policy that is to be published.
    pub const fn builder(mode: Mode) -> PolicyBuilder {
        PolicyBuilder::new(mode)
    }

    /// What the domain wants done.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// How long the policy may be applied after it was fetched.
    #[must_use]
    pub const fn max_age(&self) -> MaxAge {
        self.max_age
    }

    /// The patterns in their order, at most [`MAX_MX`], repeated ones included;
    /// none only if the mode is `none`.
    pub fn mx(&self) -> impl ExactSizeIterator<Item = MxPattern<'_>> {
        self.mx.iter().map(|span| MxPattern::trusted(span.of(&self.body)))
    }

    /// The first pattern that the name of an MX host matches (RFC 8461 §4.1); the
    /// rules are those of [`MxPattern::matches`].
    ///
    /// Ask for the [`mode`](Self::mode) first: a policy of mode `none` allows every
    /// host, and need not have patterns.
    ///
    /// `host` is the name in the MX record (not the target of a CNAME there), or
    /// the domain itself where it has no MX records, or the smart host that is
    /// used without a look-up.
    #[must_use]
    pub fn matching_mx(&self, host: &str) -> Option<MxPattern<'_>> {
        let host = Host::new(host);
        self.mx().find(|pattern| host.matches(*pattern))
    }

    /// The extensions in their order, repeated ones included; the first of a name
    /// counts. Nothing in RFC 8461 gives one a meaning.
    ///
    /// Values are the publisher's text: [escape](crate::escape) them to show them.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &str)> {
        fields(&self.body)
            .map(|(_, name, value)| (name, value))
            .filter(|(name, _)| !FIELD_NAMES.contains(name))
    }

    /// The extensions whose names are slips of a known field's name, such as `ms`
    /// for `mx`, by which a policy silently loses a host.
    pub fn near_misses(&self) -> impl Iterator<Item = NearMiss<'_>> {
        near::fields(&self.body)
    }

    /// The fields in their order, the known ones among them: line (from 1), name, value.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (u32, &str, &str)> {
        fields(&self.body)
    }

    /// The body as received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.body
    }

    /// The lines of the body as received, without their ends: what `policy-string`
    /// of a report quotes (RFC 8460 §4.4).
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.body.lines()
    }

    /// Displays the normal form, unescaped: `version`, `mode`, the patterns in lower case,
    /// `max_age` as it is taken, extensions, one LF after each.
    ///
    /// It parses strictly and means the same. With the space after each colon it may
    /// be longer than the body was: one near the limit wants a larger limit then
    /// ([`parse_within`](Self::parse_within)).
    #[must_use]
    pub const fn canonical(&self) -> Canonical<'_> {
        Canonical(self)
    }

    /// The lengths in octets of its blocks of memory.
    #[cfg(feature = "cache")]
    pub(crate) fn blocks(&self) -> [usize; 2] {
        [self.body.len(), size_of_val(&*self.mx)]
    }

    /// Whether a sender would do the same by the other policy: mode, `max_age` as
    /// it is taken, and the set of patterns are equal. Extensions do not count.
    #[must_use]
    pub fn same_meaning(&self, other: &Self) -> bool {
        let patterns = |policy: &Self| {
            let mut all: Vec<_> = policy.mx().map(|mx| mx.as_str().to_ascii_lowercase()).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        self.mode == other.mode
            && self.max_age.as_secs() == other.max_age.as_secs()
            && patterns(self) == patterns(other)
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body
    }
}

impl Eq for Policy {}

impl Hash for Policy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.body.hash(state);
    }
}

/// Shows the beginning of the body, [escaped](crate::escape).
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({})", escape(&*self.body))
    }
}

/// The strict reading. Its inverse is [`Policy::as_str`]; there is no `Display`,
/// which would show the text of a stranger.
impl FromStr for Policy {
    type Err = ParsePolicyError;

    fn from_str(body: &str) -> Result<Self, ParsePolicyError> {
        Self::parse(body, Reading::Strict).map(|(policy, _)| policy)
    }
}

/// The normal form of a policy; see [`Policy::canonical`].
#[derive(Debug, Clone, Copy)]
pub struct Canonical<'a>(&'a Policy);

impl fmt::Display for Canonical<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = self.0;
        write!(f, "version: {VERSION}\nmode: {}\n", policy.mode)?;
        for mx in policy.mx() {
            writeln!(f, "mx: {}", mx.as_str().to_ascii_lowercase())?;
        }
        writeln!(f, "max_age: {}", policy.max_age.as_secs())?;
        policy.extensions().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}

/// What a domain wants done with a host that fails (RFC 8461 §3.2, §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a sender must act on each mode, and STSv1 has three")]
pub enum Mode {
    /// Do not deliver to it.
    Enforce,
    /// Deliver, and report the failure.
    Testing,
    /// There is no policy any more: deliver as if there had never been one.
    None,
}

impl Mode {
    /// The three modes.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Testing, Self::None];

    /// The value of the `mode` field.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"enforce" => Self::Enforce,
            b"testing" => Self::Testing,
            b"none" => Self::None,
            _ => return None,
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Self::parse(text.as_bytes()).ok_or_else(|| UnknownMode { found: shown(text) })
    }
}

/// The text is none of the three modes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `enforce`, `testing` or `none`, found `{found}`")]
pub struct UnknownMode {
    found: Box<str>,
}

fn shown(text: &str) -> Box<str> {
    escape(text).to_string().into()
}

/// How long a policy may be applied after it was fetched, in seconds
/// (RFC 8461 §3.2).
///
/// The RFC's maximum is 31,557,600 seconds, about a year. A policy may declare
/// more, with up to ten digits; that is taken as the maximum, and stays readable.
/// `Display`, `FromStr` and `Eq` are those of the declared seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaxAge {
    declared: u64,
}

impl MaxAge {
    /// The longest that a policy may be applied: 31,557,600 seconds.
    pub const MAX: Self = Self { declared: 31_557_600 };

    /// The digits that a policy may write.
    const MAX_DIGITS: usize = 10;

    /// The most that these digits can say.
    #[cfg(any(feature = "serde", feature = "arbitrary"))]
    pub(crate) const MAX_DECLARED: u64 = 9_999_999_999;

    /// A value that can be published: 0 to 31,557,600 seconds.
    ///
    /// # Errors
    ///
    /// [`MaxAgeTooLong`] if it is more.
    pub const fn from_secs(secs: u32) -> Result<Self, MaxAgeTooLong> {
        // `From` is not const; widening loses nothing.
        #[expect(clippy::as_conversions, reason = "u64::from is not const")]
        let declared = secs as u64;
        if declared > Self::MAX.declared {
            return Err(MaxAgeTooLong { secs });
        }
        Ok(Self { declared })
    }

    /// The seconds as they are taken: at most 31,557,600.
    #[must_use]
    pub fn as_secs(self) -> u32 {
        u32::try_from(self.declared.min(Self::MAX.declared)).unwrap_or(u32::MAX)
    }

    /// The time as it is taken.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.as_secs().into())
    }

    /// The seconds as the policy declares them: at most 9,999,999,999.
    #[must_use]
    pub const fn declared_secs(self) -> u64 {
        self.declared
    }

    /// A declared value of at most ten digits.
    #[cfg(any(feature = "serde", feature = "arbitrary"))]
    pub(crate) fn declared(secs: u64) -> Option<Self> {
        (secs <= Self::MAX_DECLARED).then_some(Self { declared: secs })
    }

    /// `1*10(DIGIT)`
    fn parse(text: &[u8]) -> Option<Self> {
        let fits = (1..=Self::MAX_DIGITS).contains(&text.len());
        if !fits || !text.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digit = |value: u64, b: &u8| value.wrapping_mul(10).wrapping_add((b & 0x0f).into());
        Some(Self { declared: text.iter().fold(0, digit) })
    }
}

impl fmt::Display for MaxAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.declared, f)
    }
}

impl FromStr for MaxAge {
    type Err = ParseMaxAgeError;

    fn from_str(text: &str) -> Result<Self, ParseMaxAgeError> {
        Self::parse(text.as_bytes()).ok_or_else(|| ParseMaxAgeError { found: shown(text) })
    }
}

/// The text is no `max_age`: not 1 to 10 digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected seconds in 1 to 10 digits, found `{found}`")]
pub struct ParseMaxAgeError {
    found: Box<str>,
}

/// A `max_age` that must not be published, since it is above the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at most 31557600 seconds, found {secs}")]
pub struct MaxAgeTooLong {
    secs: u32,
}

const VERSION: &str = "STSv1";

/// The names that are no extension's.
const FIELD_NAMES: [&str; 4] = ["version", "mode", "max_age", "mx"];

//! What can happen to a sender that remembers a domain: made from any bytes, so that
//! property tests and fuzzers share it, and told in two languages, that of the crate and
//! that of the [model](super::model).

use arbitrary::{Arbitrary, Result, Unstructured};
use core::time::Duration;

use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::cache::FetchRate;
use mta_sts::sts::discovery::{Config, Purpose, Recheck, TxtFailure};
use mta_sts::sts::fetch::{FetchLimits, PolicyResponse, TransportFailure};
use mta_sts::sts::{Mode, PolicyId, StsRecord};
use mta_sts::txt::{DnsFailure, NoRecord};

use super::model::{Response, Rules, Script, Txt};

/// Operations one after the other.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) start: u64,
    pub(crate) clock: Clock,
    pub(crate) rate: Rate,
    pub(crate) steps: Vec<(Jump, Operation)>,
}

/// Machines at once: after a past of single ones, moves of three.
#[derive(Debug, Clone)]
pub(crate) struct Interleaving {
    pub(crate) past: History,
    pub(crate) moves: Vec<(Jump, Move)>,
    /// How the updates are shuffled.
    pub(crate) order: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// It never runs backwards.
    Forward,
    Any,
}

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Discover(Plan),
    /// The same discovery over and over, each when the wait after the last failure ends.
    Persist {
        plan: Plan,
        times: u8,
    },
    /// The entry is written down and read again.
    Restore,
    /// An update of long ago is folded once more.
    FoldAgain(u8),
}

#[derive(Debug, Clone)]
pub(crate) enum Move {
    Begin {
        slot: usize,
        host: usize,
        /// From a state of long ago rather than from that of now.
        stale: Option<u8>,
        plan: Plan,
    },
    /// It is told what it has asked for, or is told something that it has not.
    Answer(usize),
    /// It ends, done or not, and its update is folded at once or later.
    End {
        slot: usize,
        folded: bool,
    },
    Fold {
        which: u8,
        host: usize,
    },
    /// All that the other host knows is folded.
    Merge {
        host: usize,
    },
    Restore {
        host: usize,
    },
}

/// One discovery and what it meets.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) purpose: Purpose,
    pub(crate) recheck_after: Option<u64>,
    pub(crate) absence: u64,
    pub(crate) txt: TxtAnswer,
    pub(crate) look_takes: Jump,
    pub(crate) fetch: FetchAnswer,
    pub(crate) fetch_takes: Jump,
    /// How many answers it is given.
    pub(crate) answers: u8,
    /// Whether its update is kept if it is abandoned.
    pub(crate) is_kept: bool,
    /// Whether it is told things that it has not asked for.
    pub(crate) is_nagged: bool,
}

/// Where the clock goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Jump {
    Stay,
    Forward(u64),
    Back(u64),
    /// To where something changes, or a second beside it.
    Edge {
        which: u8,
        beside: i8,
    },
    To(u64),
}

impl Jump {
    /// The time after it.
    pub(crate) fn from(self, now: u64, edges: &[u64], clock: Clock) -> u64 {
        let there = match self {
            Self::Stay => now,
            Self::Forward(secs) => now.saturating_add(secs),
            Self::Back(secs) => now.saturating_sub(secs),
            Self::To(time) => time,
            Self::Edge { which, beside } => match edges.len() {
                0 => now,
                len => edges[usize::from(which) % len].saturating_add_signed(beside.into()),
            },
        };
        match clock {
            Clock::Forward => there.max(now),
            Clock::Any => there,
        }
    }
}

/// FET-8, as configured: out of range too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    burst: u32,
    per_hour: u32,
}

impl Rate {
    pub(crate) const DEFAULT: Self = Self { burst: 10, per_hour: 10 };

    /// The most fetches that an hour may have.
    pub(crate) fn an_hour(self) -> u64 {
        let Self { burst, per_hour } = self;
        [burst, per_hour].map(|number| u64::from(number).clamp(1, 3_600)).iter().sum()
    }
}

const RATES: [Rate; 9] = [
    Rate::DEFAULT,
    Rate::DEFAULT,
    Rate { burst: 1, per_hour: 1 },
    Rate { burst: 3, per_hour: 7 },
    Rate { burst: 2, per_hour: 60 },
    Rate { burst: 1, per_hour: 1_000 },
    Rate { burst: 5, per_hour: 2_000 },
    Rate { burst: 0, per_hour: 3_601 },
    Rate { burst: 100_000, per_hour: 0 },
];

impl Plan {
    /// All of it at once.
    pub(crate) fn new(purpose: Purpose, txt: TxtAnswer, fetch: FetchAnswer) -> Self {
        let (look_takes, fetch_takes) = (Jump::Stay, Jump::Stay);
        Self {
            purpose,
            recheck_after: None,
            absence: 0,
            txt,
            look_takes,
            fetch,
            fetch_takes,
            answers: 2,
            is_kept: true,
            is_nagged: false,
        }
    }

    pub(crate) fn config(&self, rate: Rate) -> Config {
        let limits = FetchLimits::default().with_body(BODY_LIMIT).expect("within its range");
        let recheck = self
            .recheck_after
            .map_or(Recheck::EveryDelivery, |secs| Recheck::After(Duration::from_secs(secs)));
        Config::default()
            .with_recheck(recheck)
            .with_absence(Duration::from_secs(self.absence))
            .with_limits(limits)
            .with_rate(FetchRate::new(rate.burst, rate.per_hour))
    }

    pub(crate) fn rules(&self, rate: Rate) -> Rules {
        let within = |number: u32| u64::from(number).clamp(1, 3_600);
        Rules {
            recheck_after: self.recheck_after,
            absence: self.absence,
            burst: within(rate.burst),
            per_hour: within(rate.per_hour),
        }
    }

    /// The same for the model, begun now.
    pub(crate) fn script(&self, rules: Rules, now: u64, edges: &[u64], clock: Clock) -> Script {
        let looked_at = self.look_takes.from(now, edges, clock);
        let after_look = looked_at.max(now);
        Script {
            purpose: self.purpose,
            rules,
            begun_at: now,
            looked_at,
            answered_at: self.fetch_takes.from(after_look, edges, clock),
            txt: self.txt.meaning(),
            response: self.fetch.meaning(),
            answers: self.answers,
        }
    }
}

/// What DNS answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TxtAnswer {
    Record(&'static str),
    Absent,
    Several,
    Invalid,
    Failure(DnsFailure),
}

impl TxtAnswer {
    pub(crate) fn told(self) -> core::result::Result<PolicyId, TxtFailure> {
        Err(match self {
            Self::Record(id) => return Ok(PolicyId::new(id).expect("alphanumeric")),
            Self::Absent => NoRecord::Absent.into(),
            Self::Several => NoRecord::Several { count: 2 }.into(),
            Self::Invalid => {
                NoRecord::Invalid(StsRecord::parse("v=STSv1; id=").expect_err("no id")).into()
            }
            Self::Failure(failure) => failure.into(),
        })
    }

    pub(crate) fn is_record(self, id: &str) -> bool {
        matches!(self.meaning(), Txt::Record(record) if record == id)
    }

    pub(crate) fn is_absence(self, because: ReasonCode) -> bool {
        matches!(self.meaning(), Txt::NoRecord(reason) if reason == because)
    }

    /// TXT-5: the reasons are told apart.
    fn meaning(self) -> Txt {
        match self {
            Self::Record(id) => Txt::Record(id),
            Self::Absent => Txt::NoRecord(ReasonCode::NoRecord),
            Self::Several => Txt::NoRecord(ReasonCode::MultipleRecords),
            Self::Invalid => Txt::NoRecord(ReasonCode::InvalidRecord),
            Self::Failure(failure) => Txt::NoAnswer(dns_reason(failure)),
        }
    }
}

fn dns_reason(failure: DnsFailure) -> ReasonCode {
    match failure {
        DnsFailure::ServFail => ReasonCode::DnsServFail,
        DnsFailure::Refused => ReasonCode::DnsRefused,
        DnsFailure::Timeout => ReasonCode::DnsTimeout,
        _ => ReasonCode::DnsFailure,
    }
}

/// The octets that a body may have.
const BODY_LIMIT: usize = 300;

/// What the policy host answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FetchAnswer {
    Policy {
        mode: Mode,
        max_age: u64,
        /// Tells policies apart; an odd one has a blank line, which is forgiven.
        variant: u32,
    },
    /// One of [`INVALID`].
    Invalid(usize),
    TooLarge,
    Status(u16),
    MediaType(Option<&'static str>),
    ContentEncoding(&'static str),
    /// One of [`TRANSPORT`].
    Transport(usize),
}

impl FetchAnswer {
    pub(crate) fn is_policy(self) -> bool {
        matches!(self, Self::Policy { .. })
    }

    pub(crate) fn body(self) -> Vec<u8> {
        match self {
            Self::Policy { mode, max_age, variant } => {
                let blank = if variant % 2 == 1 { "\n" } else { "" };
                format!(
                    "version: STSv1\nmode: {mode}\n{blank}mx: a.example\nmax_age: {max_age}\nx: {variant}\n"
                )
                .into()
            }
            Self::Invalid(which) => INVALID[which].0.to_vec(),
            Self::TooLarge => vec![b'x'; BODY_LIMIT + 1],
            _ => Self::Policy { mode: Mode::None, max_age: 86_400, variant: 0 }.body(),
        }
    }

    /// `body` is [its own](Self::body).
    pub(crate) fn told(
        self,
        body: &[u8],
    ) -> core::result::Result<PolicyResponse<'_>, TransportFailure> {
        let (status, media_type, encoding) = match self {
            Self::Transport(which) => return Err(TRANSPORT[which].0),
            Self::Status(status) => (status, Some("text/plain"), None),
            Self::MediaType(media_type) => (200, media_type, None),
            Self::ContentEncoding(encoding) => (200, Some("text/plain"), Some(encoding)),
            Self::Policy { .. } | Self::Invalid(_) | Self::TooLarge => {
                (200, Some("Text/Plain ; charset=utf-8"), None)
            }
        };
        let mut response = PolicyResponse::new(status, body);
        if let Some(media_type) = media_type {
            response = response.with_field("content-type", media_type);
        }
        if let Some(encoding) = encoding {
            response = response.with_field("Content-Encoding", encoding);
        }
        Ok(response)
    }

    /// FET-2 to FET-6.
    fn meaning(self) -> Response {
        use ReasonCode::{HttpContentEncoding, HttpMediaType, HttpRedirect, HttpStatus};

        let body = String::from_utf8_lossy(&self.body()).into_owned();
        let refused = match self {
            Self::Invalid(_) => body.lines().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let fetch_error = |reason| Failure::new(ResultType::StsPolicyFetchError, reason);
        let failure = match self {
            Self::Policy { mode, max_age, variant } => {
                let forgiven = if variant % 2 == 1 { 1 } else { 0 };
                return Response::Policy { mode, declared_max_age: max_age, body, forgiven };
            }
            Self::Invalid(which) => Failure::new(ResultType::StsPolicyInvalid, INVALID[which].1),
            Self::Transport(which) => Failure::new(TRANSPORT[which].1, TRANSPORT[which].2),
            Self::TooLarge => fetch_error(ReasonCode::PolicyTooLarge),
            Self::Status(300..=399) => fetch_error(HttpRedirect),
            Self::Status(_) => fetch_error(HttpStatus),
            Self::MediaType(_) => fetch_error(HttpMediaType),
            Self::ContentEncoding(_) => fetch_error(HttpContentEncoding),
        };
        Response::Failure { failure, refused }
    }
}

/// Bodies that are no policies, and why.
const INVALID: [(&[u8], ReasonCode); 9] = [
    (b"", ReasonCode::PolicyMissingField),
    (b"version: STSv1\nmode: enforce\nmax_age: 1\n", ReasonCode::PolicyMissingField),
    (b"version: STSv2\nmode: none\nmax_age: 1\n", ReasonCode::PolicyVersion),
    (b"version: STSv1\nmode: enforced\nmx: a\nmax_age: 1\n", ReasonCode::PolicyMode),
    (b"version: STSv1\nmode: none\nmax_age: -1\n", ReasonCode::PolicyMaxAge),
    (b"version: STSv1\nmode: enforce\nmx: a.\nmax_age: 1\n", ReasonCode::PolicyMx),
    (b"version: STSv1\nmode: none\nmax_age: 1\nx: \xff\n", ReasonCode::PolicyNotText),
    (b"<html>\r\n<body>", ReasonCode::PolicySyntax),
    (b"version: STSv1\rmode: none", ReasonCode::PolicySyntax),
];

/// What ends a fetch without a response, and what a report calls it.
const TRANSPORT: [(TransportFailure, ResultType, ReasonCode); 13] = {
    use ResultType::{
        CertificateExpired, CertificateHostMismatch, CertificateNotTrusted, StsPolicyFetchError,
        StsWebpkiInvalid, ValidationFailure,
    };
    use TransportFailure as Met;
    const fn tls(result_type: ResultType, reason: ReasonCode) -> Met {
        Met::Tls(Failure::new(result_type, reason))
    }
    [
        (Met::Dns(DnsFailure::ServFail), StsPolicyFetchError, ReasonCode::DnsServFail),
        (Met::HostNotFound, StsPolicyFetchError, ReasonCode::HostNotFound),
        (Met::AddressNotPermitted, StsPolicyFetchError, ReasonCode::AddressNotPermitted),
        (Met::Connection, StsPolicyFetchError, ReasonCode::ConnectionFailed),
        (Met::Timeout, StsPolicyFetchError, ReasonCode::Timeout),
        (
            tls(CertificateExpired, ReasonCode::CertificateExpired),
            StsWebpkiInvalid,
            ReasonCode::CertificateExpired,
        ),
        (
            tls(CertificateHostMismatch, ReasonCode::CertificateHostMismatch),
            StsWebpkiInvalid,
            ReasonCode::CertificateHostMismatch,
        ),
        (
            tls(CertificateNotTrusted, ReasonCode::CertificateSelfSigned),
            StsWebpkiInvalid,
            ReasonCode::CertificateSelfSigned,
        ),
        (
            tls(ValidationFailure, ReasonCode::TlsVersion),
            StsPolicyFetchError,
            ReasonCode::TlsVersion,
        ),
        (Met::Protocol, StsPolicyFetchError, ReasonCode::HttpProtocol),
        (Met::HeaderTooLarge, StsPolicyFetchError, ReasonCode::HttpHeaderTooLarge),
        (Met::BodyTooLarge, StsPolicyFetchError, ReasonCode::PolicyTooLarge),
        (Met::BodyIncomplete, StsPolicyFetchError, ReasonCode::HttpBodyIncomplete),
    ]
};

/// How likely it is, in eighths, that there is a record, and that a fetch succeeds: one
/// mood for all of a history, so that some have many failures in a row.
#[derive(Debug, Clone, Copy)]
struct Mood {
    record: u8,
    policy: u8,
}

impl<'a> Arbitrary<'a> for Mood {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { record: *u.choose(&[6, 8, 4, 2])?, policy: *u.choose(&[4, 7, 1, 4])? })
    }
}

impl<'a> Arbitrary<'a> for History {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        history(u, 24)
    }
}

fn history(u: &mut Unstructured<'_>, most: usize) -> Result<History> {
    let mood = Mood::arbitrary(u)?;
    let now = 1_790_000_000;
    let start = *u.choose(&[now, now, now, 0, 1, 100_000, u64::MAX - 100_000, u64::MAX])?;
    let clock = *u.choose(&[Clock::Any, Clock::Forward])?;
    let rate = *u.choose(&RATES)?;
    let mut steps = Vec::new();
    while !u.is_empty() && steps.len() < most {
        steps.push((Jump::arbitrary(u)?, operation(u, mood)?));
    }
    Ok(History { start, clock, rate, steps })
}

impl<'a> Arbitrary<'a> for Interleaving {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let steps = u.int_in_range(0..=6)?;
        let past = history(u, steps)?;
        let order = u.arbitrary::<[u8; 8]>()?.into();
        let mood = Mood::arbitrary(u)?;
        let mut moves = Vec::new();
        while !u.is_empty() && moves.len() < 60 {
            let jump = if u.ratio(1, 2)? { Jump::arbitrary(u)? } else { Jump::Stay };
            moves.push((jump, a_move(u, mood)?));
        }
        Ok(Self { past, moves, order })
    }
}

fn operation(u: &mut Unstructured<'_>, mood: Mood) -> Result<Operation> {
    Ok(match u.int_in_range(0..=15)? {
        0 => Operation::Restore,
        1 | 2 => Operation::FoldAgain(u.arbitrary()?),
        3 => Operation::Persist { plan: plan(u, mood)?, times: u.int_in_range(1..=12)? },
        _ => Operation::Discover(plan(u, mood)?),
    })
}

fn a_move(u: &mut Unstructured<'_>, mood: Mood) -> Result<Move> {
    let slot = u.int_in_range(0..=2)?;
    let host = u.int_in_range(0..=1)?;
    Ok(match u.int_in_range(0..=15)? {
        0 => Move::Restore { host },
        1 => Move::Fold { which: u.arbitrary()?, host },
        2 => Move::Merge { host },
        3 | 4 => Move::End { slot, folded: u.ratio(3, 4)? },
        5..=7 => {
            let stale = if u.ratio(1, 6)? { Some(u.arbitrary()?) } else { None };
            Move::Begin { slot, host, stale, plan: plan(u, mood)? }
        }
        _ => Move::Answer(slot),
    })
}

const TIMES: [u64; 8] = [0, 1, 60, 300, 3_600, 86_400, 2_592_000, u64::MAX];

fn plan(u: &mut Unstructured<'_>, mood: Mood) -> Result<Plan> {
    use Purpose::{Delivery, FinalCheck, Refresh};

    let record = u.int_in_range(0..=7)? < mood.record;
    let policy = u.int_in_range(0..=7)? < mood.policy;
    Ok(Plan {
        purpose: *u.choose(&[Delivery, Delivery, Delivery, Refresh, Refresh, FinalCheck])?,
        recheck_after: if u.arbitrary()? { Some(*u.choose(&TIMES)?) } else { None },
        absence: *u.choose(&TIMES)?,
        txt: if record { TxtAnswer::Record(u.choose(&IDS)?) } else { *u.choose(&NO_RECORD)? },
        look_takes: delay(u)?,
        fetch: if policy { a_policy(u)? } else { a_failure(u)? },
        fetch_takes: delay(u)?,
        answers: *u.choose(&[2, 2, 2, 2, 2, 2, 1, 0])?,
        is_kept: u.arbitrary()?,
        is_nagged: u.ratio(1, 4)?,
    })
}

const IDS: [&str; 6] = ["a", "a", "a", "a", "b", "20261231235959Z"];

const NO_RECORD: [TxtAnswer; 8] = [
    TxtAnswer::Absent,
    TxtAnswer::Absent,
    TxtAnswer::Several,
    TxtAnswer::Invalid,
    TxtAnswer::Failure(DnsFailure::ServFail),
    TxtAnswer::Failure(DnsFailure::Refused),
    TxtAnswer::Failure(DnsFailure::Timeout),
    TxtAnswer::Failure(DnsFailure::Other),
];

const MAX_AGES: [u64; 14] = [
    604_800,
    86_400,
    31_557_600,
    9_999_999_999,
    31_557_601,
    172_800,
    172_799,
    3_600,
    600,
    60,
    7,
    2,
    1,
    0,
];

fn a_policy(u: &mut Unstructured<'_>) -> Result<FetchAnswer> {
    let mode = *u.choose(&[Mode::Enforce, Mode::Enforce, Mode::Testing, Mode::None])?;
    let variant = u.int_in_range(0..=3)?;
    Ok(FetchAnswer::Policy { mode, max_age: *u.choose(&MAX_AGES)?, variant })
}

fn a_failure(u: &mut Unstructured<'_>) -> Result<FetchAnswer> {
    Ok(match u.int_in_range(0..=7)? {
        0 | 1 => FetchAnswer::Invalid(u.choose_index(INVALID.len())?),
        2 => FetchAnswer::Status(*u.choose(&[404, 301, 300, 399, 400, 299, 201, 500])?),
        3 => FetchAnswer::MediaType(*u.choose(&[None, Some(""), Some("text/html")])?),
        4 => FetchAnswer::ContentEncoding(u.choose(&["gzip", "identity, br"])?),
        5 => FetchAnswer::TooLarge,
        _ => FetchAnswer::Transport(u.choose_index(TRANSPORT.len())?),
    })
}

/// Seconds of every magnitude.
fn secs(u: &mut Unstructured<'_>) -> Result<u64> {
    let magnitude: u32 = u.int_in_range(0..=31)?;
    Ok(u64::from(u.arbitrary::<u32>()? >> magnitude))
}

impl<'a> Arbitrary<'a> for Jump {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=31)? {
            0..=7 => Self::Forward(secs(u)?),
            8 | 9 => Self::Back(secs(u)?),
            10..=21 => Self::Edge { which: u.arbitrary()?, beside: u.int_in_range(-1..=1)? },
            22 => Self::To(*u.choose(&[0, 1, 1_790_000_000, u64::MAX - 1, u64::MAX])?),
            _ => Self::Stay,
        })
    }
}

/// How long an answer takes: now and then, anything.
fn delay(u: &mut Unstructured<'_>) -> Result<Jump> {
    Ok(match u.int_in_range(0..=7)? {
        0 => Jump::arbitrary(u)?,
        1 | 2 => Jump::Forward(u.int_in_range(0..=60)?),
        _ => Jump::Stay,
    })
}

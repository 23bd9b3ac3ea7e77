//! A naive model of the judgement of a response (RFC 8461 §3.2, §3.3; FET-2, FET-3, FET-4,
//! FET-6), and responses made from any bytes to try it on.
//!
//! Of the crate it uses the policy parser, for the body.

use core::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use mta_sts::Reading::Tolerant;
use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::discovery::DiscoveryFailure;
use mta_sts::sts::fetch::{FetchFailure, FetchLimits, PolicyRequest, PolicyResponse};
use mta_sts::sts::{Policy, PolicyDomain};

/// A response, and how long its body may be.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) limit: usize,
}

/// What is wrong with it, in the order in which it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wrong {
    Status,
    /// The first field that names a coding.
    Encoded(Vec<u8>),
    /// The first media type that is another, or that there is none.
    MediaType(Option<Vec<u8>>),
    TooLarge,
    NoPolicy,
}

impl Response {
    fn wrong(&self) -> Option<Wrong> {
        // FET-2.
        if self.status != 200 {
            return Some(Wrong::Status);
        }
        if let Some(coded) = self.all("content-encoding").find(|value| !is_uncoded(value)) {
            return Some(Wrong::Encoded(coded.to_vec()));
        }
        // FET-3.
        if self.all("content-type").next().is_none() {
            return Some(Wrong::MediaType(None));
        }
        if let Some(other) = self.all("content-type").find(|value| !is_text_plain(value)) {
            return Some(Wrong::MediaType(Some(other.to_vec())));
        }
        // FET-4.
        if self.body.len() > self.limit {
            return Some(Wrong::TooLarge);
        }
        self.policy().is_none().then_some(Wrong::NoPolicy)
    }

    /// What it tries.
    #[allow(dead_code, reason = "the fuzz target does not ask")]
    pub(crate) fn kind(&self) -> &'static str {
        match self.wrong() {
            None => "policy",
            Some(Wrong::Status) => "status",
            Some(Wrong::Encoded(_)) => "encoded",
            Some(Wrong::MediaType(None)) => "no media type",
            Some(Wrong::MediaType(Some(_))) => "media type",
            Some(Wrong::TooLarge) => "too large",
            Some(Wrong::NoPolicy) => "no policy",
        }
    }

    /// The values of a field: its name has no case.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |field: &&(String, Vec<u8>)| field.0.to_ascii_lowercase() == name;
        self.fields.iter().filter(named).map(|field| &*field.1)
    }

    fn policy(&self) -> Option<(Policy, usize)> {
        let (policy, deviations) = Policy::parse_within(&self.body, Tolerant, self.limit).ok()?;
        Some((policy, deviations.total()))
    }
}

/// Parameters and case ignored (RFC 9110 §8.3.1).
fn is_text_plain(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let (essence, _) = text.split_once(';').unwrap_or((&text, ""));
    essence.trim_matches([' ', '\t']) == "text/plain"
}

/// A list (RFC 9110 §8.4, §5.6.1) of nothing but `identity`.
fn is_uncoded(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    text.split(',').all(|coding| ["", "identity"].contains(&coding.trim_matches([' ', '\t'])))
}

/// It is judged as the model says, whatever it is.
pub(crate) fn response(response: &Response) {
    let domain = PolicyDomain::from_next_hop("example.com").expect("a domain");
    let limits = FetchLimits::default().with_body(response.limit).expect("within its range");
    let start = PolicyResponse::new(response.status, &response.body);
    let built =
        response.fields.iter().fold(start, |built, (name, value)| built.with_field(name, value));
    match PolicyRequest::new(&domain, limits).judge(&built) {
        Ok((policy, deviations)) => {
            assert_eq!(response.wrong(), None);
            assert_eq!(Some((policy, deviations.total())), response.policy());
        }
        Err(failure) => {
            let wrong = response.wrong().expect("it is right");
            fails_for(response, &wrong, &failure);
            let text = failure.to_string();
            assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
        }
    }
}

/// FET-6.
fn fails_for(response: &Response, wrong: &Wrong, failure: &FetchFailure) {
    let fetch_error = |reason| Failure::new(ResultType::StsPolicyFetchError, reason);
    let expected = match (wrong, failure) {
        (Wrong::Status, FetchFailure::Status { found }) => {
            assert_eq!(*found, response.status);
            let redirect = response.status / 100 == 3;
            fetch_error(if redirect { ReasonCode::HttpRedirect } else { ReasonCode::HttpStatus })
        }
        (Wrong::Encoded(value), FetchFailure::ContentEncoding { found }) => {
            is_shown(value, found);
            fetch_error(ReasonCode::HttpContentEncoding)
        }
        (Wrong::MediaType(None), FetchFailure::MediaType { found: None }) => {
            fetch_error(ReasonCode::HttpMediaType)
        }
        (Wrong::MediaType(Some(value)), FetchFailure::MediaType { found: Some(found) }) => {
            is_shown(value, found);
            fetch_error(ReasonCode::HttpMediaType)
        }
        (Wrong::TooLarge, FetchFailure::BodyTooLarge { limit }) => {
            assert_eq!(*limit, response.limit);
            fetch_error(ReasonCode::PolicyTooLarge)
        }
        (Wrong::NoPolicy, FetchFailure::Policy(error)) => {
            Failure::new(ResultType::StsPolicyInvalid, error.reason_code())
        }
        _ => panic!("{wrong:?}, but {failure:?}"),
    };
    assert_eq!(failure.failure(), expected);
    // RPT-9: a body that is no policy can be quoted, and no other.
    let body = String::from_utf8_lossy(&response.body);
    let quoted: Vec<&str> = if *wrong == Wrong::NoPolicy { body.lines().collect() } else { vec![] };
    let failure = DiscoveryFailure::Fetch(failure.clone());
    assert!(failure.refused_lines().eq(quoted));
}

/// ALL-1: short and harmless text as it is, other text escaped.
fn is_shown(value: &[u8], found: &str) {
    let harmless = |b: &u8| b.is_ascii_alphanumeric() || b" /;,=-".contains(b);
    if value.len() < 60 && value.iter().all(harmless) {
        assert_eq!(found.as_bytes(), value);
    }
    assert!(!found.contains(char::is_control));
}

/// FET-4: each limit may be set, and none may be off.
pub(crate) fn limits(octets: usize, secs: u64, nanos: u32) {
    let limits = FetchLimits::default();
    let time = Duration::new(secs, nanos % 1_000_000_000);
    let second = Duration::from_secs(1);
    let within = [
        (1..=1 << 20).contains(&octets),
        (8_192..=1 << 20).contains(&octets),
        (second..=600 * second).contains(&time),
    ];
    let (body, header) = (limits.with_body(octets), limits.with_header(octets));
    let timed = limits.with_time(time);
    assert_eq!([body.is_ok(), header.is_ok(), timed.is_ok()], within);
    assert!(body.is_ok_and(|limits| limits.body() == octets) == within[0]);
    assert!(header.is_ok_and(|limits| limits.header() == octets) == within[1]);
    assert!(timed.is_ok_and(|limits| limits.time() == time) == within[2]);
}

impl<'a> Arbitrary<'a> for Response {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let status = if u.ratio(7, 8)? { 200 } else { *u.choose(&STATUS)? };
        let status = if u.ratio(1, 32)? { u.arbitrary()? } else { status };
        let limit = if u.arbitrary()? { *u.choose(&LIMITS)? } else { u.int_in_range(1..=300)? };
        let mut fields = Vec::new();
        for _ in 0..u.int_in_range(0..=4)? {
            fields.push(field(u)?);
        }
        let body = body(u, limit)?;
        Ok(Self { status, fields, body, limit })
    }
}

const STATUS: [u16; 12] = [0, 199, 201, 204, 299, 300, 301, 304, 399, 400, 404, u16::MAX];
const LIMITS: [usize; 6] = [1, 100, 200, 65_535, 65_536, 65_537];

const NAMES: [&str; 14] = [
    "Content-Type",
    "content-type",
    "CONTENT-TYPE",
    "Content-Type",
    "content-type",
    "Content-Type ",
    "Content_Type",
    "content-typ\u{e9}",
    "Content-Encoding",
    "content-encoding",
    "Content-Encodin\u{1e9e}",
    "Transfer-Encoding",
    "Accept-Encoding",
    "",
];

const VALUES: [&[u8]; 22] = [
    b"text/plain",
    b"text/plain",
    b"Text/PLAIN",
    b"text/plain",
    b"text/plain; charset=utf-8",
    b"text/html",
    b"text/plainx",
    b"text",
    b"/",
    b";",
    b",",
    b" ",
    b"\t",
    b"identity",
    b"Identity",
    b"gzip",
    b"identity, br",
    b"\r\n",
    b"\x0b",
    b"\xa0",
    b"\xff",
    b"\0",
];

fn field(u: &mut Unstructured<'_>) -> Result<(String, Vec<u8>)> {
    // Mostly what a good server says.
    if u.ratio(1, 2)? {
        return Ok((u.choose(&NAMES[..5])?.to_string(), u.choose(&VALUES[..5])?.to_vec()));
    }
    let name = if u.ratio(1, 16)? { u.arbitrary()? } else { u.choose(&NAMES)?.to_string() };
    let mut value = Vec::new();
    for _ in 0..u.int_in_range(0..=4)? {
        value.extend(*u.choose(&VALUES)?);
    }
    if u.ratio(1, 16)? {
        value.extend(u.arbitrary::<[u8; 4]>()?);
    }
    Ok((name, value))
}

/// A policy, one as long as is just allowed or not any more, or other bytes.
fn body(u: &mut Unstructured<'_>, limit: usize) -> Result<Vec<u8>> {
    let policy: &[u8] = b"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 86400\nx: x";
    Ok(match u.int_in_range(0..=7)? {
        0 => u.bytes(u.len().min(200))?.to_vec(),
        1 => [policy, u.bytes(u.len().min(20))?].concat(),
        2..=4 => {
            let len = u.int_in_range(limit.saturating_sub(1)..=limit + 1)?;
            let mut body = policy.to_vec();
            body.resize(len.max(policy.len()), b'x');
            body
        }
        _ => policy.to_vec(),
    })
}

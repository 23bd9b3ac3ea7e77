//! [`Arbitrary`] for the public types (feature `arbitrary`): every value is valid,
//! and records and policies are also written in the ways that the grammars leave
//! open, not only in their canonical form.
//!
//! This makes no invalid text. To fuzz a parser, feed it bytes.

mod report;

use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::time::Duration;

use ::arbitrary::{Arbitrary, Error, Result, Unstructured};
use rustls_pki_types::UnixTime;

use crate::domain::DomainName;
use crate::failure::{ReasonCode, ResultType};
use crate::reading::Reading;
use crate::sts::{MaxAge, Mode, Policy, PolicyDomain, PolicyId, StsRecord};
use crate::tlsrpt::filename::{MAX_UNIQUE_ID_LEN, ReportFilename};
use crate::tlsrpt::identity::ReportKey;
use crate::tlsrpt::media::MediaType;
use crate::tlsrpt::subject::ReportSubject;
use crate::tlsrpt::{MailAddress, TlsRptRecord};

const ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const WHITE_SPACE: [&str; 4] = ["", " ", "\t", "  \t"];

/// `min` to `max` characters of `alphabet`.
fn text(u: &mut Unstructured<'_>, alphabet: &[u8], min: usize, max: usize) -> Result<String> {
    let len = u.int_in_range(min..=max)?;
    (0..len).map(|_| Ok(char::from(*u.choose(alphabet)?))).collect()
}

fn field_name(u: &mut Unstructured<'_>) -> Result<String> {
    let head = text(u, ALPHANUMERIC, 1, 1)?;
    let tail = text(u, b"aZ09_-.", 0, 31)?;
    Ok([head, tail].concat())
}

fn domain(u: &mut Unstructured<'_>) -> Result<String> {
    let labels: Vec<String> = (0..u.int_in_range(1..=4)?)
        .map(|_| {
            let mut label = text(u, b"abcxyzABC0189-", 0, 61)?;
            label.insert(0, 'x');
            label.push_str(u.choose(&["", "n", "7"])?);
            Ok(label.trim_end_matches('-').to_ascii_uppercase())
        })
        .collect::<Result<_>>()?;
    let mut name = labels.join(".");
    // 4 labels of 63 octets are two too many.
    name.truncate(236);
    name = [name.trim_end_matches(['.', '-']), ".example"].concat();
    Ok(if u.arbitrary()? { name } else { name.to_ascii_lowercase() })
}

impl<'a> Arbitrary<'a> for DomainName {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Self::parse(&domain(u)?).map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for PolicyDomain {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Self::from_next_hop(&domain(u)?).map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for PolicyId {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let id = text(u, ALPHANUMERIC, 1, Self::MAX_LEN)?;
        Self::new(&id).map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for Mode {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(&Self::ALL).copied()
    }
}

impl<'a> Arbitrary<'a> for Reading {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(&[Self::Strict, Self::Tolerant]).copied()
    }
}

impl<'a> Arbitrary<'a> for ResultType {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(Self::ALL).copied()
    }
}

impl<'a> Arbitrary<'a> for ReasonCode {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(Self::ALL).copied()
    }
}

/// Declared values up to ten digits, most of them publishable.
impl<'a> Arbitrary<'a> for MaxAge {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let max = if u.ratio(1, 8)? { Self::MAX_DECLARED } else { Self::MAX.declared_secs() };
        Self::declared(u.int_in_range(0..=max)?).ok_or(Error::IncorrectFormat)
    }
}

/// `version *( *WSP ";" *WSP field ) [ *WSP ";" *WSP ]` with the fields in any
/// order.
fn record(u: &mut Unstructured<'_>, version: &str, fields: Vec<String>) -> Result<String> {
    let mut fields = fields;
    for _ in 0..u.int_in_range(0..=3)? {
        let name = field_name(u)?;
        let value = text(u, b"!~azAZ09<>:/\"\\,", 1, 40)?;
        if !matches!(&*name, "v" | "id" | "rua") {
            fields.insert(u.int_in_range(0..=fields.len())?, [&name, "=", &value].concat());
        }
    }
    let mut text = String::from(version);
    for field in &fields {
        let (before, after) = (u.choose(&WHITE_SPACE)?, u.choose(&WHITE_SPACE)?);
        text.extend([before, ";", after, field]);
    }
    if u.arbitrary()? {
        text.extend([u.choose(&WHITE_SPACE)?, ";", u.choose(&WHITE_SPACE)?]);
    }
    Ok(text)
}

impl<'a> Arbitrary<'a> for StsRecord<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let id = PolicyId::arbitrary(u)?;
        let text = record(u, Self::VERSION, Vec::from([["id=", id.as_str()].concat()]))?;
        text.parse().map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for TlsRptRecord<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut fields = Vec::new();
        for _ in 0..u.int_in_range(1..=2)? {
            let mut rua = String::from("rua=");
            for n in 0..u.int_in_range(1..=3)? {
                if n > 0 {
                    rua.extend([u.choose(&WHITE_SPACE)?, ",", u.choose(&WHITE_SPACE)?]);
                }
                let scheme = *u.choose(&["mailto:a@", "https://", "MAILTO:b%21c@", "x:"])?;
                let path = *u.choose(&["", "?a=b", "/c%2Cd"])?;
                rua.extend([scheme, &domain(u)?, path]);
            }
            fields.push(rua);
        }
        let text = record(u, Self::VERSION, fields)?;
        text.parse().map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for Policy {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mode = Mode::arbitrary(u)?;
        let mut lines = Vec::from([
            ("version".into(), String::from("STSv1")),
            ("mode".into(), String::from(mode.as_str())),
            ("max_age".into(), MaxAge::arbitrary(u)?.declared_secs().to_string()),
        ]);
        let least = if mode == Mode::None { 0 } else { 1 };
        for _ in 0..u.int_in_range(least..=20)? {
            let pattern = *u.choose(&["", "*."])?;
            lines.insert(
                u.int_in_range(0..=lines.len())?,
                ("mx".into(), [pattern, &domain(u)?].concat()),
            );
        }
        for _ in 0..u.int_in_range(0..=3)? {
            let value = *u.choose(&["a", "a b", "ä: ö", "STSv1", "\u{2028}"])?;
            let name = field_name(u)?;
            if !matches!(&*name, "version" | "mode" | "max_age" | "mx") {
                lines.push((name, value.to_owned()));
            }
        }
        let mut body = String::new();
        for (name, value) in lines {
            let end = *u.choose(&["\n", "\r\n"])?;
            let (before, after) = (u.choose(&WHITE_SPACE)?, u.choose(&WHITE_SPACE)?);
            write!(body, "{name}:{before}{value}{after}{end}")
                .map_err(|_| Error::IncorrectFormat)?;
        }
        if u.arbitrary()? {
            body.truncate(body.trim_end_matches(['\r', '\n']).len());
        }
        body.parse().map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for MediaType {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(&Self::ALL).copied()
    }
}

/// Dot-atoms and quoted local parts.
impl<'a> Arbitrary<'a> for MailAddress {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let local = *u.choose(&["a", "tls.reports+b", "\"a b\"", "\"\\\"@\""])?;
        let domain = text(u, b"abcxyz019", 1, 60)?;
        Self::parse(&[local, "@x", &domain, ".example"].concat())
            .map_err(|_| Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for ReportFilename {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (sender, policy_domain) = (u.arbitrary()?, u.arbitrary()?);
        let mut time = || Ok(UnixTime::since_unix_epoch(Duration::from_secs(u.arbitrary()?)));
        let (begin, end) = (time()?, time()?);
        let name = Self::new(sender, policy_domain, begin, end, u.arbitrary()?);
        match text(u, ALPHANUMERIC, 0, MAX_UNIQUE_ID_LEN)? {
            none if none.is_empty() => Ok(name),
            unique_id => name.with_unique_id(&unique_id).map_err(|_| Error::IncorrectFormat),
        }
    }
}

impl<'a> Arbitrary<'a> for ReportSubject {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self::new(u.arbitrary()?, u.arbitrary()?, u.arbitrary()?))
    }
}

impl<'a> Arbitrary<'a> for ReportKey {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self::new(u.arbitrary()?, u.arbitrary()?))
    }
}

//! What could be published in place of what was found: proposals, which parse strictly.
//!
//! Nothing here is what a sender does: senders never guess. What is meant is taken from
//! the hints of the crate's own errors, and from the MX records.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::policy::{DAY, age_fault};
use super::view::{NoTxt, View};
use crate::hint::Hint;
use crate::observations::{Lookup, Observations};
use crate::reading::Reading;
use crate::sts::{
    MAX_MX, MaxAge, Mode, MxPattern, ParsePolicyError, Policy, PolicyErrorKind, PolicyId, StsRecord,
};
use crate::tlsrpt::{TlsRptRecord, UnusableUri};
use crate::txt;

/// How many lines of a policy are mended before it is given up, and one made anew: more
/// than any policy has that was meant as one.
const MAX_MENDS: usize = 64;

/// How many octets a policy may have that is proposed, which is for people to paste and
/// stands in many findings: published ones have less than a thousand.
const MAX_PROPOSAL: usize = 16_384;

/// The policy with all mended that can be; one in testing for the MX hosts where nothing
/// can be made of it. None if the hosts are not known either.
pub(super) fn policy(view: &View<'_>) -> Option<Policy> {
    let body = view.seen.fetch().and_then(|fetch| fetch.result().ok());
    let body =
        body.filter(|_| view.body.is_some()).and_then(|body| str::from_utf8(body.body()).ok());
    let read = match view.policy() {
        Some(policy) => Some(policy.clone()),
        None => body.and_then(|body| mended(view, body)),
    };
    match read {
        Some(policy) => rebuilt(view, &policy),
        None => proposed(view),
    }
}

/// A first policy for the MX hosts: a mistake in it does not last.
fn proposed(view: &View<'_>) -> Option<Policy> {
    build(Mode::Testing, DAY, &hosts(view), [])
}

fn hosts(view: &View<'_>) -> Vec<String> {
    view.host_names().map(String::from).collect()
}

/// The policy without what counts for nothing, and with what is missing.
fn rebuilt(view: &View<'_>, policy: &Policy) -> Option<Policy> {
    let secs = policy.max_age().as_secs();
    let secs = age_fault(policy.mode(), secs, view.phase).map_or(secs, |fault| fault.better);
    let slips: BTreeSet<&str> = policy.near_misses().map(|near| near.name()).collect();
    let extensions = policy.extensions().filter(|(name, _)| !slips.contains(name));
    let patterns = patterns(view, policy);
    // If there is no room, what has no meaning goes, then all that allows no MX host.
    build(policy.mode(), secs, &patterns, extensions)
        .or_else(|| build(policy.mode(), secs, &patterns, []))
        .or_else(|| build(policy.mode(), secs, &hosts(view), []))
}

/// The patterns that may stay, those that were misspelt, and the MX hosts that no pattern
/// allows.
fn patterns(view: &View<'_>, policy: &Policy) -> Vec<String> {
    let near = policy.near_misses().filter(|near| near.meant() == "mx");
    let names: BTreeSet<&str> = near.map(|near| near.name()).collect();
    let slips: Vec<MxPattern<'_>> = policy
        .extensions()
        .filter(|(name, _)| names.contains(name))
        .filter_map(|(_, value)| MxPattern::parse(value).ok())
        .take(MAX_MX)
        .collect();
    let mut kept: Vec<MxPattern<'_>> = Vec::new();
    for pattern in policy.mx().chain(slips) {
        // What stands in for hosts that nobody has seen must stay: without it they are
        // refused.
        let is_too_wide = !view.hosts.is_empty() && super::coverage::is_over_public_suffix(pattern);
        let is_of_use = !pattern.is_address()
            && !is_too_wide
            && super::coverage::missed(view, policy, pattern).is_none();
        if is_of_use && !kept.contains(&pattern) {
            kept.push(pattern);
        }
    }
    let is_allowed = |host: &str| kept.iter().any(|pattern| pattern.matches(host));
    let hosts: Vec<String> = match policy.mode() {
        Mode::None => Vec::new(),
        _ => view.host_names().map(String::from).filter(|host| !is_allowed(host)).collect(),
    };
    kept.iter().map(|pattern| pattern.as_str().to_ascii_lowercase()).chain(hosts).collect()
}

fn build<'a>(
    mode: Mode,
    secs: u32,
    patterns: &[String],
    extensions: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<Policy> {
    let mut builder = Policy::builder(mode).max_age(MaxAge::from_secs(secs).ok()?);
    for pattern in patterns {
        builder = builder.mx(pattern).ok()?;
    }
    for (name, value) in extensions {
        builder = builder.extension(name, value).ok()?;
    }
    builder.build().ok().filter(|policy| policy.as_str().len() <= MAX_PROPOSAL)
}

/// The body with one fault after the other mended.
fn mended(view: &View<'_>, body: &str) -> Option<Policy> {
    let mut text = Cow::Borrowed(body);
    for _ in 0..MAX_MENDS {
        match Policy::parse(&*text, Reading::Tolerant) {
            Ok((policy, _)) => return Some(policy),
            Err(error) => text = Cow::Owned(without_fault(view, &text, &error)?),
        }
    }
    None
}

/// The body without this fault.
fn without_fault(view: &View<'_>, body: &str, error: &ParsePolicyError) -> Option<String> {
    let line = error.line();
    let meant = |or: &str| match error.hint() {
        Some(Hint::DidYouMean(text)) => String::from(&**text),
        _ => or.into(),
    };
    match error.kind() {
        PolicyErrorKind::LoneCarriageReturn => Some(body.replace("\r\n", "\n").replace('\r', "\n")),
        PolicyErrorKind::Name | PolicyErrorKind::Colon | PolicyErrorKind::Value => {
            replaced(body, line?, |_| String::new())
        }
        PolicyErrorKind::Version => replaced(body, line?, |old| with_value(old, "STSv1")),
        PolicyErrorKind::Mode => replaced(body, line?, |old| with_value(old, &meant("testing"))),
        PolicyErrorKind::MaxAge => replaced(body, line?, |old| with_value(old, &meant("604800"))),
        PolicyErrorKind::Mx(_) => replaced(body, line?, |old| mx_lines(old, error.hint())),
        PolicyErrorKind::MissingVersion => with_field(body, error, "version: STSv1"),
        PolicyErrorKind::MissingMode => with_field(body, error, "mode: testing"),
        // What is too short for the mode is mended later.
        PolicyErrorKind::MissingMaxAge => with_field(body, error, &format!("max_age: {DAY}")),
        PolicyErrorKind::MissingMx => {
            let host = view.host_names().next().map(String::from);
            with_field(body, error, &host.map(|host| format!("mx: {host}")).unwrap_or_default())
        }
        _ => None,
    }
}

/// The text with another line in the place of that one.
fn replaced(body: &str, number: u32, new: impl Fn(&str) -> String) -> Option<String> {
    let lines = (1..).zip(body.split_inclusive('\n'));
    let text: String = lines
        .map(|(n, line)| if n == number { Cow::Owned(new(line)) } else { Cow::Borrowed(line) })
        .collect();
    (text != body).then_some(text)
}

/// The line with another value.
fn with_value(line: &str, value: &str) -> String {
    let name = line.split(':').next().unwrap_or_default();
    format!("{name}: {value}\n")
}

/// The hosts in an `mx` line, each on a line of its own.
fn mx_lines(line: &str, hint: Option<&Hint>) -> String {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let words: Vec<&str> = match hint {
        Some(Hint::DidYouMean(host)) => Vec::from([&**host]),
        _ => value.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).collect(),
    };
    let is_host = |word: &&str| {
        word.contains('.') && MxPattern::parse(word).is_ok_and(|pattern| !pattern.is_address())
    };
    let hosts = words.into_iter().map(|word| word.trim_end_matches('.')).filter(is_host);
    hosts.map(|host| format!("{name}: {host}\n")).collect()
}

/// The text with a field that is missing: under its right name if it has a wrong one.
fn with_field(body: &str, error: &ParsePolicyError, field: &str) -> Option<String> {
    if let Some(Hint::FieldName { meant, line: Some(line), .. }) = error.hint() {
        return replaced(body, *line, |old| match old.split_once(':') {
            Some((_, value)) => format!("{meant}:{value}"),
            None => String::new(),
        });
    }
    let end = if body.ends_with('\n') { "" } else { "\n" };
    (!field.is_empty()).then(|| format!("{body}{end}{field}\n"))
}

/// The record with what can be kept of it: its `id` if that is one without what no `id`
/// has; a new one else, which is the time of the look in Unix seconds.
pub(super) fn record(view: &View<'_>) -> String {
    let found = view.seen.sts_record().and_then(Result::ok);
    let is_sole = !matches!(&view.record, Some(Err(NoTxt::Record(txt::NoRecord::Several { .. }))));
    let texts = found.into_iter().filter(|_| is_sole).flat_map(Lookup::records).map(txt::join);
    let id = texts.filter_map(|text| id_in(&text)).next();
    StsRecord::new(id.unwrap_or_else(|| new_id(view.seen))).to_string()
}

/// A record with an `id` that is the time of the look in Unix seconds.
pub(super) fn fresh_record(view: &View<'_>) -> String {
    StsRecord::new(new_id(view.seen)).to_string()
}

/// The `id` of a text, whatever else is wrong with it.
fn id_in(text: &[u8]) -> Option<PolicyId> {
    let text = str::from_utf8(text).ok()?;
    let has_version = text.to_ascii_lowercase().contains("stsv1");
    let (_, rest) = text.split_once("id=").filter(|_| has_version)?;
    let value = rest.split(';').next().unwrap_or_default();
    let id: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    PolicyId::new(&id).ok()
}

fn new_id(seen: &Observations) -> PolicyId {
    let id = seen.observed_at().as_secs().to_string();
    PolicyId::new(&id).expect("1 to 20 digits are an id")
}

/// The TLSRPT record with the URIs that can be used or mended; one with an address of
/// the domain if there is none.
pub(super) fn tlsrpt(view: &View<'_>) -> Option<String> {
    let mut uris: Vec<String> = Vec::new();
    match &view.tlsrpt {
        Some(Ok((record, deviations))) => {
            let usable = record.rua().filter(|uri| uri.destination().is_ok());
            uris.extend(usable.map(|uri| uri.as_str().into()));
            let mended = deviations.iter().filter_map(|deviation| meant(deviation.found()));
            uris.extend(mended);
            let bad = record.rua().filter(|uri| uri.destination().is_err());
            uris.extend(bad.filter_map(|uri| meant(uri.as_str())));
        }
        Some(Err(NoTxt::Record(txt::NoRecord::Invalid(error)))) => {
            uris.extend(did_you_mean(error.hint()));
        }
        _ => {}
    }
    // Reports cannot go to a domain that takes no mail.
    if uris.is_empty() && !view.takes_no_mail() {
        uris.push(format!("mailto:tls-reports@{}", view.seen.domain()));
    }
    TlsRptRecord::new(&uris).ok().map(|record| record.to_string())
}

/// The URI that was probably meant.
fn meant(uri: &str) -> Option<String> {
    did_you_mean(TlsRptRecord::new([uri]).err()?.hint())
}

fn did_you_mean(hint: Option<&Hint>) -> Option<String> {
    match hint {
        Some(Hint::DidYouMean(text)) => Some(String::from(&**text)),
        _ => None,
    }
}

/// Why a URI is of no use, with the reason behind.
pub(super) fn unusable(error: &UnusableUri) -> String {
    match error {
        UnusableUri::Host(host) => format!("{error}: {host}"),
        _ => error.to_string(),
    }
}

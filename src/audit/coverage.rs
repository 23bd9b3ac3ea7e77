//! Whether policy and MX records fit together (RFC 8461 §4.1, §10.4).

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

use super::finding::{Finding, Findings};
use super::view::{View, fields};
use super::{Code, Place, Severity};
use crate::domain::DomainName;
use crate::escape::escape;
use crate::sts::apply::Context;
use crate::sts::{Mode, MxPattern, Policy};

pub(super) fn audit(view: &View<'_>, findings: &mut Findings) {
    let Some(policy) = view.policy() else { return };
    if policy.mode() != Mode::None {
        for host in &view.hosts {
            uncovered(view, policy, host, findings);
        }
    }
    patterns(view, policy, findings);
}

/// A host to which mail goes that no pattern allows.
fn uncovered(view: &View<'_>, policy: &Policy, host: &str, findings: &mut Findings) {
    let Ok(name) = DomainName::parse(host) else { return };
    if policy.matching_mx(host).is_some() {
        return;
    }
    let refused = Context::new(host).with_policy(policy).demand().refusal().is_some();
    let (severity, then) = match refused {
        true => (Severity::Error, "senders must not deliver to it"),
        false => (Severity::Warning, "senders report it"),
    };
    let host = escape(host);
    let what = format!("no `mx` of the policy allows the MX host {host}: {then}");
    let remedy = format!(
        "add `mx: {name}` to the policy and change the `id`, or take the host out of the MX records"
    );
    let finding = Finding::new(Code::MxUncovered, Place::Mx { host: format!("{host}") }, what)
        .at_most(severity)
        .with_remedy(remedy);
    findings.push(finding.with_corrected(view.corrected_policy()));
}

/// What is wrong with the patterns, each at its line.
fn patterns(view: &View<'_>, policy: &Policy, findings: &mut Findings) {
    let mut met: BTreeSet<String> = BTreeSet::new();
    for field in fields(policy).into_iter().filter(|field| field.name == "mx") {
        let Ok(pattern) = MxPattern::parse(field.value) else { continue };
        let place = Place::Policy { line: Some(field.line), column: Some(field.column) };
        let finding = match met.insert(field.value.to_ascii_lowercase()) {
            true => fault(view, policy, pattern),
            false => Some((Code::MxRepeated, format!("`{pattern}` stands there before"))),
        };
        if let Some((code, what)) = finding {
            let finding = Finding::new(code, place, what);
            findings.push(finding.with_corrected(correction(view, code)));
        }
    }
}

/// A line that only the owner can judge is not taken away.
fn correction(view: &View<'_>, code: Code) -> Option<super::Corrected> {
    let is_for_the_owner = matches!(code, Code::MxUnused | Code::MxOwnDomain);
    view.corrected_policy().filter(|_| !is_for_the_owner)
}

/// The first thing that is wrong with a pattern.
fn fault(view: &View<'_>, policy: &Policy, pattern: MxPattern<'_>) -> Option<(Code, String)> {
    if pattern.is_address() {
        return Some((
            Code::MxAddress,
            format!("`{pattern}` is an address, which no host matches"),
        ));
    }
    if is_over_public_suffix(pattern) {
        let what = format!("`{pattern}` allows whoever has a name under a public suffix");
        return Some((Code::MxPublicSuffix, what));
    }
    if let Some(host) = missed(view, policy, pattern) {
        let what =
            format!("`*` stands for one label, so that `{pattern}` misses {}", escape(&host));
        return Some((Code::MxDepth, what));
    }
    if is_unused(view, policy, pattern) {
        return Some((Code::MxUnused, format!("`{pattern}` allows none of the MX hosts")));
    }
    let domain = view.seen.domain().as_str();
    let is_own = pattern.wildcard_base().is_some_and(|base| base.eq_ignore_ascii_case(domain));
    is_own.then(|| (Code::MxOwnDomain, format!("`{pattern}` allows every host of the domain")))
}

/// Whether the hosts are known, and the pattern matches none; in mode `none` nobody asks.
fn is_unused(view: &View<'_>, policy: &Policy, pattern: MxPattern<'_>) -> bool {
    let is_asked = policy.mode() != Mode::None && !view.hosts.is_empty();
    is_asked && !view.hosts.iter().any(|host| pattern.matches(host))
}

/// A host that a wildcard without any match misses by a label, and no other pattern
/// allows.
pub(super) fn missed(view: &View<'_>, policy: &Policy, pattern: MxPattern<'_>) -> Option<String> {
    let base = DomainName::parse(pattern.wildcard_base()?).ok()?;
    if !is_unused(view, policy, pattern) {
        return None;
    }
    let is_below = |host: &str| {
        let before = host.strip_suffix(base.as_str());
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    // The parent of the base is the domain of a host that the pattern is too deep for.
    let is_beside = |host: &str| {
        let parent = base.as_str().split_once('.').map(|(_, parent)| parent);
        parent.is_some_and(|parent| {
            parent.contains('.') && host.split_once('.').is_some_and(|(_, rest)| rest == parent)
        })
    };
    let mut hosts = view.uncovered.iter().map(DomainName::as_str);
    hosts.find(|host| is_below(host) || is_beside(host)).map(String::from)
}

/// Whether anyone can have a name that the pattern allows. Without feature `psl` only
/// top-level domains are known to be such.
pub(super) fn is_over_public_suffix(pattern: MxPattern<'_>) -> bool {
    let base = pattern.wildcard_base().and_then(|base| DomainName::parse(base).ok());
    base.is_some_and(|base| is_public_suffix(&base))
}

#[cfg(feature = "psl")]
fn is_public_suffix(base: &DomainName) -> bool {
    base.is_public_suffix()
}

#[cfg(not(feature = "psl"))]
fn is_public_suffix(base: &DomainName) -> bool {
    base.labels().count() == 1
}

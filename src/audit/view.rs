//! The observations as the crate's parsers read them, once for all checks.

use alloc::vec::Vec;

use super::{Corrected, Phase, mend, record};
use crate::domain::DomainName;
use crate::failure::ReasonCode;
use crate::observations::{Fault, Lookup, MxHost, Observations, Response, TxtRecord};
use crate::reading::{Deviations, Reading};
use crate::sts::fetch::FetchFailure;
use crate::sts::{Mode, ParsePolicyError, Policy, PolicyDeviation, StsRecord};
use crate::tlsrpt::{RuaDeviation, TlsRptRecord};
use crate::txt::{DnsFailure, NoRecord};

/// Why there is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoTxt {
    Dns(DnsFailure),
    Record(NoRecord),
}

/// Why there is no policy that a sender can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble<'a> {
    Transport(&'a Fault),
    Response(FetchFailure),
}

/// A policy, and what was forgiven.
pub(super) type Read = (Policy, Deviations<PolicyDeviation>);

/// What the observations say. `None` is what nobody has looked at.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) seen: &'a Observations,
    pub(super) phase: Phase,
    pub(super) record: Option<Result<StsRecord<'a>, NoTxt>>,
    pub(super) tlsrpt: Option<Result<(TlsRptRecord<'a>, Deviations<RuaDeviation>), NoTxt>>,
    /// What a sender makes of the fetch.
    pub(super) fetched: Option<Result<Read, Trouble<'a>>>,
    /// What is in the body, also where the header forbids to read it.
    pub(super) body: Option<Result<Read, ParsePolicyError>>,
    /// The names of the hosts to which mail goes.
    pub(super) hosts: Vec<&'a str>,
    /// Those of them that can stand in a policy, and that the policy does not allow.
    pub(super) uncovered: Vec<DomainName>,
    /// The policy with all mended that can be.
    mended: Option<Policy>,
}

impl<'a> View<'a> {
    pub(super) fn new(seen: &'a Observations, phase: Phase) -> Self {
        let rrset = |found: &'a Lookup<TxtRecord>| found.records().iter();
        let record = seen.sts_record().map(|found| match found {
            Ok(found) => StsRecord::from_rrset(rrset(found)).map_err(NoTxt::Record),
            Err(failure) => Err(NoTxt::Dns(failure)),
        });
        let tlsrpt = seen.tlsrpt_record().map(|found| match found {
            Ok(found) => {
                TlsRptRecord::from_rrset(rrset(found), Reading::Tolerant).map_err(NoTxt::Record)
            }
            Err(failure) => Err(NoTxt::Dns(failure)),
        });
        let fetched = seen.fetch().map(|fetch| match fetch.result() {
            Ok(response) => response.judge(seen.domain()).map_err(Trouble::Response),
            Err(fault) => Err(Trouble::Transport(fault)),
        });
        let response = seen.fetch().and_then(|fetch| fetch.result().ok());
        let mut view = Self {
            seen,
            phase,
            record,
            tlsrpt,
            body: response.filter(|one| is_read(one, fetched.as_ref())).map(read_body),
            fetched,
            hosts: seen.mail_hosts(),
            uncovered: Vec::new(),
            mended: None,
        };
        view.uncovered = view.host_names().filter(|host| !view.allows(host)).collect();
        view.mended = mend::policy(&view);
        view
    }

    /// The policy that a sender fetches.
    pub(super) fn usable(&self) -> Option<&Policy> {
        self.fetched.as_ref()?.as_ref().ok().map(|(policy, _)| policy)
    }

    /// The policy in the body, usable or not.
    pub(super) fn policy(&self) -> Option<&Policy> {
        self.body.as_ref()?.as_ref().ok().map(|(policy, _)| policy)
    }

    /// The policy that a sender applies that has none cached: there is a record, or nobody
    /// has looked for one, and a usable policy.
    pub(super) fn applied(&self) -> Option<&Policy> {
        match &self.record {
            Some(Err(_)) => None,
            _ => self.usable(),
        }
    }

    /// Whether DNS says that there is no record.
    pub(super) fn has_no_record(&self) -> bool {
        matches!(self.record, Some(Err(NoTxt::Record(NoRecord::Absent))))
    }

    /// Whether DNS says that the policy host has no address.
    pub(super) fn has_no_policy_host(&self) -> bool {
        let is_fault = |fault: &Fault| fault.failure().reason_code() == ReasonCode::HostNotFound;
        match self.seen.policy_host() {
            Some(found) => found.is_ok_and(|found| found.records().is_empty()),
            None => matches!(self.fetched, Some(Err(Trouble::Transport(fault))) if is_fault(fault)),
        }
    }

    /// Whether the policy host is there as every name of the domain is, by a wildcard in
    /// DNS: without certificate for it, or with a web site that has no such page.
    fn serves_something_else(&self) -> bool {
        match &self.fetched {
            Some(Err(Trouble::Transport(_))) => true,
            Some(Err(Trouble::Response(FetchFailure::Status { .. }))) => true,
            Some(Err(Trouble::Response(FetchFailure::MediaType { found }))) => {
                let is_html = |found: &str| found.to_ascii_lowercase().starts_with("text/html");
                found.as_deref().is_some_and(is_html) && matches!(self.body, Some(Err(_)))
            }
            _ => false,
        }
    }

    /// Whether the domain does nothing about MTA-STS.
    pub(super) fn is_absent(&self) -> bool {
        let has_aliases = |found: Option<Result<&Lookup<TxtRecord>, DnsFailure>>| matches!(found, Some(Ok(found)) if !found.aliases().is_empty());
        self.has_no_record()
            && (self.has_no_policy_host() || self.serves_something_else())
            && record::misspelt(self).is_none()
            && !has_aliases(self.seen.sts_record())
            && !matches!(self.seen.policy_host(), Some(Ok(found)) if !found.aliases().is_empty())
    }

    /// Whether the domain says that it takes no mail.
    pub(super) fn takes_no_mail(&self) -> bool {
        matches!(self.seen.mx(), Some(Ok(found)) if !found.records().is_empty())
            && self.hosts.is_empty()
    }

    /// What was seen of a host to which mail goes.
    pub(super) fn host(&self, name: &str) -> Option<&'a MxHost> {
        self.seen.hosts().iter().find(|host| is_same(host.name(), name))
    }

    /// The hosts to which mail goes that can stand in a policy.
    pub(super) fn host_names(&self) -> impl Iterator<Item = DomainName> {
        self.hosts.iter().filter_map(|host| DomainName::parse(host).ok())
    }

    fn allows(&self, host: &DomainName) -> bool {
        self.policy().is_some_and(|policy| policy.matching_mx(host.as_str()).is_some())
    }

    /// The policy with all mended that can be, if that is another than the one there is.
    pub(super) fn corrected_policy(&self) -> Option<Corrected> {
        let served = self.policy().map(Policy::as_str);
        let mended = self.mended.as_ref()?;
        (Some(mended.as_str()) != served).then(|| Corrected::Policy(mended.as_str().into()))
    }

    /// The record with what can be kept of it.
    pub(super) fn corrected_record(&self) -> Corrected {
        Corrected::StsRecord(mend::record(self))
    }

    /// A record with a new `id`.
    pub(super) fn fresh_record(&self) -> Corrected {
        Corrected::StsRecord(mend::fresh_record(self))
    }

    /// The mode of the policy that a sender fetches.
    pub(super) fn mode(&self) -> Option<Mode> {
        self.usable().map(Policy::mode)
    }
}

/// Where a field stands in the text of a record, from an offset on.
pub(super) fn offset_of(text: &str, field: &str, from: usize) -> Option<usize> {
    Some(text.get(from..)?.find(field)?.saturating_add(from))
}

/// Whether two names are the same host's.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let bare = |name| str::strip_suffix(name, '.').unwrap_or(name);
    bare(one).eq_ignore_ascii_case(bare(other))
}

/// A field of a policy, and where its value stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// The fields of a policy with their places.
pub(super) fn fields(policy: &Policy) -> Vec<Field<'_>> {
    let mut lines = (1..).zip(policy.lines());
    let mut fields = Vec::new();
    for (line, name, value) in policy.fields() {
        let text = lines.find(|(number, _)| *number == line).map_or("", |(_, text)| text);
        fields.push(Field { line, column: value_column(text), name, value });
    }
    fields
}

/// The column at which the value of a field begins.
fn value_column(line: &str) -> u32 {
    let Some((name, value)) = line.split_once(':') else { return 1 };
    let blanks = value.chars().take_while(|c| matches!(c, ' ' | '\t')).count();
    let before = name.chars().count().saturating_add(blanks).saturating_add(2);
    u32::try_from(before).unwrap_or(u32::MAX)
}

/// Whether there is something to read: a body, or one that is taken for a policy although
/// it is empty. Whoever fetches need not read what is no policy by its header.
fn is_read(response: &Response, fetched: Option<&Result<Read, Trouble<'_>>>) -> bool {
    let is_judged =
        matches!(fetched, Some(Ok(_) | Err(Trouble::Response(FetchFailure::Policy(_)))));
    response.status() == 200 && (is_judged || !response.body().is_empty())
}

fn read_body(response: &Response) -> Result<Read, ParsePolicyError> {
    Policy::parse(response.body(), Reading::Tolerant)
}

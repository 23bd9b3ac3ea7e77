//! Some of the reports, and the sums over them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ptr;

use super::day::Day;
use super::digest::{Key, Policy, Row, RowKind, Sender};
use super::impact::Impact;
use super::totals::{By, Counts, FailureTotal, Label, Sums, Total};
use super::{Authentication, Copy};
use crate::domain::DomainName;
use crate::failure::{PolicyType, ResultType};
use crate::tlsrpt::report::Reported;

/// Reports that have been selected, and which of their policies.
pub(super) struct View<'a> {
    reports: Vec<(&'a Key, &'a Copy)>,
    scope: Scope,
}

/// Which policies are looked at.
enum Scope {
    All,
    /// Those of this domain.
    Domain(DomainName),
    /// Of those, the MTA-STS policies under which sessions succeeded.
    Evidence(DomainName),
}

impl Scope {
    fn is_of_domain(&self, policy: &Policy) -> bool {
        match self {
            Self::All => true,
            Self::Domain(domain) | Self::Evidence(domain) => {
                policy.domain.as_deref() == Some(domain.as_str())
            }
        }
    }

    fn has(&self, policy: &Policy) -> bool {
        let wanted = !matches!(self, Self::Evidence(_)) || policy.is_evidence();
        wanted && self.is_of_domain(policy)
    }
}

impl<'a> View<'a> {
    pub(super) fn of(reports: &'a BTreeMap<Key, Copy>) -> Self {
        Self { reports: reports.iter().collect(), scope: Scope::All }
    }

    /// Those reports of a time that have a policy of this domain, and nothing but that of
    /// them.
    pub(super) fn about(self, domain: &DomainName, in_time: impl Fn(u64) -> bool) -> Self {
        let mut view = Self { scope: Scope::Domain(domain.clone()), reports: Vec::new() };
        let has = |copy| view.policies_of(copy).next().is_some();
        let reports = self.reports.into_iter();
        view.reports = reports.filter(|(key, copy)| in_time(key.start()) && has(copy)).collect();
        view
    }

    /// The views of the reports that have a policy of a domain, but for TLSA records, by
    /// domain; those that are no domain names are left out.
    pub(super) fn by_domain(&self) -> BTreeMap<DomainName, Self> {
        let mut reports = BTreeMap::<&str, Vec<_>>::new();
        for (key, copy) in &self.reports {
            let policies = copy.digest.policies.iter();
            let names = policies.filter(|one| one.known_type() != Some(PolicyType::Tlsa));
            let names: BTreeSet<_> = names.filter_map(|one| one.domain.as_deref()).collect();
            for name in names {
                reports.entry(name).or_default().push((*key, *copy));
            }
        }
        let named = reports.into_iter().filter_map(|(name, reports)| {
            let view = Self { reports, scope: Scope::All };
            let domain = DomainName::parse(name).ok().filter(|domain| domain.as_str() == name);
            domain.map(|domain| (domain, view))
        });
        named.collect()
    }

    /// What shows that the MTA-STS policy of this domain works.
    pub(super) fn evidence(&self, domain: &DomainName) -> Self {
        Self { reports: self.reports.clone(), scope: Scope::Evidence(domain.clone()) }
    }

    pub(super) fn retain(&mut self, wanted: impl Fn(Authentication) -> bool) {
        self.reports.retain(|(_, copy)| wanted(copy.authentication));
    }

    pub(super) const fn len(&self) -> usize {
        self.reports.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    /// Each policy with its report.
    pub(super) fn policies(&self) -> impl Iterator<Item = (&'a Key, Authentication, &'a Policy)> {
        self.reports.iter().flat_map(|(key, copy)| {
            self.policies_of(copy).map(|policy| (*key, copy.authentication, policy))
        })
    }

    /// Those of a report; they are sorted, by domain first.
    fn policies_of(&self, copy: &'a Copy) -> impl Iterator<Item = &'a Policy> {
        let policies = &copy.digest.policies;
        let start = match &self.scope {
            Scope::All => 0,
            Scope::Domain(domain) | Scope::Evidence(domain) => {
                policies.partition_point(|one| one.domain.as_deref() < Some(domain.as_str()))
            }
        };
        let rest = policies.iter().skip(start);
        let of_domain = rest.take_while(|policy| self.scope.is_of_domain(policy));
        of_domain.filter(|policy| self.scope.has(policy))
    }

    pub(super) fn totals(&self, by: By) -> Vec<Total<'a>> {
        let mut totals = BTreeMap::<Label<'a>, Sums>::new();
        for (key, copy) in &self.reports {
            for (label, mut counts) in self.counts(by, key, copy) {
                counts.reports = 1;
                totals.entry(label).or_default().of_mut(copy.authentication).add(counts);
            }
        }
        totals.into_iter().map(|(label, sums)| Total { label, sums }).collect()
    }

    /// The counts of one report.
    fn counts(&self, by: By, key: &'a Key, copy: &'a Copy) -> BTreeMap<Label<'a>, Counts> {
        let mut counts = BTreeMap::<Label<'a>, Counts>::new();
        for policy in self.policies_of(copy) {
            let label = match by {
                By::PolicyDomain => Label::of(policy.domain.as_deref()),
                By::Sender => key.sender.label(),
                By::Organization => Label::of(copy.digest.organization.as_deref()),
                By::Day => Label::Day(key.days.0),
                By::ResultType | By::Mx => {
                    for row in &policy.rows {
                        let (result, mx, _) = row.labels();
                        let label = if by == By::Mx { mx } else { result };
                        counts.entry(label).or_default().add(row.counts());
                    }
                    continue;
                }
            };
            counts.entry(label).or_default().add(policy.counts);
        }
        counts
    }

    pub(super) fn failures(&self, reasons: Reasons) -> Vec<FailureTotal<'a>> {
        let mut groups = BTreeMap::<_, Group<'a>>::new();
        for (key, authentication, policy) in self.policies() {
            for row in &policy.rows {
                let of = of_row(policy, row, reasons);
                groups.entry(of).or_default().add(key, authentication, row);
            }
        }
        let mut failures: Vec<_> = groups.into_iter().map(|(of, group)| group.total(of)).collect();
        // Stable: what is as bad stays in the order of the labels.
        failures.sort_by_key(|one| (one.policy_domain, one.impact, Reverse(one.sums.all().failed)));
        failures
    }
}

impl Sender {
    pub(super) fn label(&self) -> Label<'_> {
        match self {
            Self::Submitter(domain) => Label::Named(domain.as_str()),
            Self::Organization(name) => Label::Named(name),
            Self::Unknown => Label::Missing,
        }
    }
}

impl Policy {
    /// Whether sessions succeeded under an MTA-STS policy.
    fn is_evidence(&self) -> bool {
        self.known_type() == Some(PolicyType::Sts) && self.counts.successful > 0
    }
}

impl Row {
    /// Result type, MX and reason.
    fn labels(&self) -> (Label<'_>, Label<'_>, Option<&str>) {
        match &self.kind {
            RowKind::Kept { result, mx, reason } => {
                let result = result.as_ref().map(Reported::<ResultType>::as_str);
                (Label::of(result), Label::of(mx.as_deref()), reason.as_deref())
            }
            RowKind::Others => (Label::Others, Label::Others, None),
        }
    }

    const fn counts(&self) -> Counts {
        Counts { reports: 0, successful: 0, failed: self.sessions, rows: self.rows }
    }

    fn known(&self) -> Option<ResultType> {
        match &self.kind {
            RowKind::Kept { result, .. } => result.as_ref().and_then(Reported::known),
            RowKind::Others => None,
        }
    }
}

/// Whether rows of several reason codes are kept apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reasons {
    Apart,
    Together,
}

/// All that tells failure rows apart.
type Of<'a> = (Label<'a>, Label<'a>, Impact, Label<'a>, Label<'a>, Option<&'a str>);

fn of_row<'a>(policy: &'a Policy, row: &'a Row, reasons: Reasons) -> Of<'a> {
    let policy_type = policy.policy_type.as_ref();
    let impact = match row.kind {
        RowKind::Kept { .. } => Impact::of(policy.known_type(), row.known()),
        RowKind::Others => Impact::Unknown,
    };
    let (result, mx, reason) = row.labels();
    let reason = reason.filter(|_| reasons == Reasons::Apart);
    let domain = Label::of(policy.domain.as_deref());
    (domain, Label::of(policy_type.map(Reported::<PolicyType>::as_str)), impact, result, mx, reason)
}

/// Rows that say the same.
#[derive(Default)]
struct Group<'a> {
    sums: Sums,
    senders: BTreeSet<Label<'a>>,
    days: Option<(Day, Day)>,
    last_report: Option<&'a Key>,
}

impl<'a> Group<'a> {
    fn add(&mut self, key: &'a Key, authentication: Authentication, row: &Row) {
        let mut counts = row.counts();
        // Reports come one after the other: is it another one than the last? A key without
        // an id has all that the report says, and is not compared for each row.
        let last = self.last_report.replace(key);
        counts.reports = u64::from(!last.is_some_and(|last| ptr::eq(last, key)));
        self.sums.of_mut(authentication).add(counts);
        self.senders.insert(key.sender.label());
        let (first, last) = self.days.unwrap_or((key.days.0, key.days.0));
        self.days = Some((first.min(key.days.0), last.max(key.days.0)));
    }

    fn total(self, of: Of<'a>) -> FailureTotal<'a> {
        let (policy_domain, policy_type, impact, result_type, mx, reason) = of;
        let (first_day, last_day) = self.days.unwrap_or_default();
        FailureTotal {
            policy_domain,
            policy_type,
            result_type,
            mx,
            reason,
            impact,
            sums: self.sums,
            senders: self.senders.len(),
            first_day,
            last_day,
        }
    }
}

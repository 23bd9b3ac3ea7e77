//! Sessions of several hosts, counted by tallies that are merged and restored, and by a
//! naive model that keeps everything (RPT-8 to RPT-12).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use mta_sts::DomainName;
use mta_sts::failure::{Failure, PolicyType, ReasonCode, ResultType};
use mta_sts::sts::Policy;
use mta_sts::sts::apply::Mail;
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::json::ReadLimits;
use mta_sts::tlsrpt::report::{MAX_COUNT, PolicyReport};
use mta_sts::tlsrpt::tally::{Limits, OTHER_ROWS, Session, Submitter, Tally, TlsaRrset, UtcDay};
use rustls_pki_types::UnixTime;

/// The hosts that count.
const HOSTS: usize = 3;

/// What happens, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    rows: usize,
    policies: usize,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Record(usize, Event),
    /// The tally of one host goes to another, and it begins anew.
    Hand(usize, usize),
    /// It is written down and read again.
    Restore(usize),
    /// Very many successful sessions without policy.
    Many(usize, u64),
}

/// A session, by numbers.
#[derive(Debug, Clone, Copy)]
struct Event {
    domain: usize,
    mail: Mail,
    tlsa: Option<(usize, Option<Failure>)>,
    sts: Option<(usize, Option<Failure>)>,
    without: Option<Option<Failure>>,
    discovery: Option<(usize, Failure)>,
    mx: usize,
    helo: usize,
    ip: usize,
}

impl<'a> Arbitrary<'a> for Script {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (rows, policies) = (u.int_in_range(0..=6)?, u.int_in_range(0..=4)?);
        let mut steps = Vec::new();
        while !u.is_empty() {
            steps.push(u.arbitrary()?);
        }
        Ok(Self { rows, policies, steps })
    }
}

impl<'a> Arbitrary<'a> for Step {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let host = u.choose_index(HOSTS)?;
        Ok(match u.int_in_range(0..=19)? {
            0 => Self::Hand(host, u.choose_index(HOSTS)?),
            1 => Self::Restore(host),
            2 => Self::Many(host, *u.choose(&[1, 1 << 52, MAX_COUNT - 1, MAX_COUNT])?),
            _ => Self::Record(host, u.arbitrary()?),
        })
    }
}

impl<'a> Arbitrary<'a> for Event {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mail = match u.int_in_range(0..=9)? {
            0 => Mail::TlsReport,
            1 => Mail::TlsOptional,
            _ => Mail::Ordinary,
        };
        let maybe = |u: &mut Unstructured<'a>, most| -> Result<_> {
            let under = (u.choose_index(most)?, result(u)?);
            Ok(u.ratio(1, 2)?.then_some(under))
        };
        let (tlsa, sts) = (maybe(u, RRSETS.len())?, maybe(u, BODIES.len())?);
        let without = maybe(u, 1)?.map(|(_, failure)| failure);
        let discovery = match u.int_in_range(0..=3)? {
            0 => Some((u.choose_index(REFUSED.len())?, *u.choose(&FAILURES)?)),
            _ => None,
        };
        Ok(Self {
            domain: u.choose_index(DOMAINS.len())?,
            mail,
            tlsa,
            sts,
            without,
            discovery,
            mx: u.choose_index(MX.len())?,
            helo: u.choose_index(MX.len())?,
            ip: u.choose_index(3)?,
        })
    }
}

fn result(u: &mut Unstructured<'_>) -> Result<Option<Failure>> {
    Ok(match u.ratio(2, 3)? {
        true => Some(*u.choose(&FAILURES)?),
        false => None,
    })
}

const DOMAINS: [&str; 3] = ["a.example", "b.example", "xn--bcher-kva.example"];
const MX: [&str; 5] =
    ["", "mx1.a.example.", "mx1.a.example", "_2.a.example", "[h\u{e9}lo\"\r\n\u{fdd0}"];
/// What is left of them as host and as HELO.
const HOST: [&str; 5] = ["", "mx1.a.example", "mx1.a.example", "_2.a.example", ""];
const HELO: [&str; 5] =
    ["", "mx1.a.example.", "mx1.a.example", "_2.a.example", "[h\u{e9}lo\"\r\n\u{fffd}"];
const BODIES: [&str; 5] = [
    "version: STSv1\r\nmode: enforce\r\nmx: *.a.example\r\nmx: b.example\r\nmax_age: 1\r\n",
    "version: STSv1\nmode: testing\nmx: *.a.example\nmax_age: 1\n",
    "version: STSv1\nmode: testing\nmx: *.a.example\nmax_age: 2\n",
    "version: STSv1\nmode: none\nmax_age: 1\n",
    "version: STSv1\nmode: enforce\nmx: *.a.example\nmax_age: 3\n",
];
const REFUSED: [&str; 3] = ["", "<html>\n", "version: STSv1\nmode: enforced\n"];
const RRSETS: [&[&str]; 4] =
    [&[], &["3 1 1 ab"], &["2 0 1 CD", "3 1 1 ab"], &["3 1 1 AB", "3 1 2 ef"]];
const FAILURES: [Failure; 4] = [
    Failure::new(ResultType::StartTlsNotSupported, ReasonCode::StartTlsNotOffered),
    Failure::new(ResultType::ValidationFailure, ReasonCode::TlsVersion),
    Failure::new(ResultType::ValidationFailure, ReasonCode::TlsAlert),
    Failure::new(ResultType::StsPolicyFetchError, ReasonCode::HttpStatus),
];

/// What the events are about.
struct World {
    domains: Vec<DomainName>,
    policies: Vec<Policy>,
    rrsets: Vec<TlsaRrset>,
}

impl World {
    fn new() -> Self {
        let name = |text: &&str| DomainName::parse(text).expect("a domain");
        let base = name(&"mx1.a.example");
        Self {
            domains: DOMAINS.iter().map(name).collect(),
            policies: BODIES.iter().map(|body| body.parse().expect("a policy")).collect(),
            rrsets: RRSETS
                .iter()
                .map(|records| TlsaRrset::parse(&base, *records).expect("TLSA records"))
                .collect(),
        }
    }

    fn session(&self, event: &Event) -> Session<'_> {
        let mut session = Session::by_hand(&self.domains[event.domain], event.mail)
            .with_mx(MX[event.mx])
            .with_helo(MX[event.helo])
            .with_receiving_ip(ip(event.ip))
            .with_sending_ip(ip(0));
        if let Some((which, failure)) = event.discovery {
            session = session.with_failed_discovery(failure, Some(REFUSED[which]));
        }
        if let Some((which, failure)) = event.tlsa {
            session = session.with_tlsa(&self.rrsets[which], failure);
        }
        if let Some((which, failure)) = event.sts {
            session = session.with_sts(&self.policies[which], failure);
        }
        match event.without {
            Some(failure) => session.without_policy(failure),
            None => session,
        }
    }
}

fn ip(which: usize) -> IpAddr {
    match which {
        0 => IpAddr::V4(Ipv4Addr::LOCALHOST),
        1 => IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped()),
        _ => IpAddr::V6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()),
    }
}

fn day() -> UtcDay {
    UtcDay::of(now())
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600))
}

/// However the hosts share the work, hand it on and restart, they count what one host
/// counts that is told of everything in any order, and that is what the model says.
pub(crate) fn count(script: &Script) {
    let world = World::new();
    let limits = Limits::default().with_rows(script.rows).with_policies(script.policies);
    let mut hosts: Vec<Tally> = (0..HOSTS).map(|_| Tally::new(day(), limits)).collect();
    let (mut forwards, mut backwards) = (Tally::new(day(), limits), Tally::new(day(), limits));
    let mut model = Model::default();
    for step in &script.steps {
        match step {
            Step::Record(host, event) => {
                record(&mut hosts[*host], &world, event);
                record(&mut forwards, &world, event);
                model.record(event);
            }
            Step::Hand(from, to) => {
                let handed = std::mem::replace(&mut hosts[*from], Tally::new(day(), limits));
                hosts[*to].merge(&handed).expect("the same day");
            }
            Step::Restore(host) => hosts[*host] = restored(&hosts[*host]),
            Step::Many(host, count) => {
                for tally in [&mut hosts[*host], &mut forwards] {
                    tally.merge(&many(*count, limits)).expect("the same day");
                }
                model.many(*count);
            }
        }
    }
    for step in script.steps.iter().rev() {
        match step {
            Step::Record(_, event) => record(&mut backwards, &world, event),
            Step::Many(_, count) => backwards.merge(&many(*count, limits)).expect("the same day"),
            Step::Hand(..) | Step::Restore(_) => {}
        }
    }
    merged_alike(&hosts, &forwards);
    assert_eq!(forwards, backwards);
    assert_eq!(lines(&forwards), lines(&backwards));
    assert_eq!(restored(&forwards), forwards);
    model.compare(&forwards, script);
}

fn record(tally: &mut Tally, world: &World, event: &Event) {
    tally.record(&world.session(event), now()).expect("a session of the day");
}

/// In any order and any groups.
fn merged_alike(hosts: &[Tally], all: &Tally) {
    let merge = |one: &Tally, other: &Tally| {
        let mut sum = one.clone();
        sum.merge(other).expect("the same day");
        sum
    };
    let [a, b, c] = hosts else { panic!("{HOSTS} hosts") };
    assert_eq!(&merge(&merge(a, b), c), all);
    assert_eq!(&merge(a, &merge(b, c)), all);
    assert_eq!(&merge(&merge(c, a), b), all);
    assert_eq!(&merge(&Tally::new(all.day(), all.limits()), all), all);
}

fn lines(tally: &Tally) -> Vec<String> {
    tally.to_lines().collect()
}

fn restored(tally: &Tally) -> Tally {
    Tally::from_lines(lines(tally)).expect("what was written")
}

/// Any text is a tally that is written as it is read, or an error that is shown in a line.
#[allow(dead_code, reason = "for lines made from nothing")]
pub(crate) fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Tally::from_lines(text.lines()) {
        Ok(tally) => {
            assert_eq!(restored(&tally), tally);
            let us = Submitter::new("Us", "a@us.example").expect("a submitter");
            assert!(tally.reports(&us).all(|report| !report.policies.is_empty()));
        }
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.contains(char::is_control), "{shown:?}");
            assert!(shown.chars().count() < 1_500, "{shown}");
        }
    }
}

fn many(count: u64, limits: Limits) -> Tally {
    let (rows, policies) = (limits.rows(), limits.policies());
    let start = day().start().as_secs();
    Tally::from_lines([
        format!(r#"{{"v":1,"day":{start},"rows":{rows},"policies":{policies},"domains":1}}"#),
        format!(
            r#"{{"domain":"{}","policies":[{{"kind":"no-policy-found","ok":{count}}}]}}"#,
            DOMAINS[0]
        ),
    ])
    .expect("a tally")
}

/// What a report says of a policy: type, domain, string, hosts.
type Described = (PolicyType, String, Vec<String>, Vec<String>);
/// What it says of a row: result type, reason, host, HELO, addresses.
type RowText = (ResultType, String, [Option<String>; 4]);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counts {
    ok: u64,
    failed: u64,
    rows: BTreeMap<RowText, u64>,
}

fn add(to: &mut u64, count: u64) {
    *to = to.saturating_add(count).min(MAX_COUNT);
}

impl Counts {
    fn merge(&mut self, other: &Self) {
        add(&mut self.ok, other.ok);
        add(&mut self.failed, other.failed);
        for (row, count) in &other.rows {
            add(self.rows.entry(row.clone()).or_default(), *count);
        }
    }

    fn by_type(&self) -> BTreeMap<ResultType, u64> {
        let mut sums = BTreeMap::new();
        for ((result_type, ..), count) in &self.rows {
            add(sums.entry(*result_type).or_default(), *count);
        }
        sums
    }
}

/// All that was ever counted.
#[derive(Default)]
struct Model(BTreeMap<&'static str, BTreeMap<Described, Counts>>);

impl Model {
    fn record(&mut self, event: &Event) {
        if event.mail == Mail::TlsReport {
            return;
        }
        let domain = DOMAINS[event.domain];
        let describe = |policy_type, lines: Vec<String>, mx: &[&str]| {
            let mx = mx.iter().map(ToString::to_string).collect();
            (policy_type, domain.to_owned(), lines, mx)
        };
        let none = describe(PolicyType::NoPolicyFound, Vec::new(), &[]);
        if let Some((which, failure)) = event.tlsa {
            let records = RRSETS[which].iter().map(ToString::to_string).collect();
            let tlsa = (PolicyType::Tlsa, "mx1.a.example".to_owned(), records, Vec::new());
            self.count(event, tlsa, failure, None);
        }
        let discovery = event.discovery.map(|(_, failure)| failure);
        match (event.sts, event.discovery) {
            (Some((3, failure)), _) if event.without.is_none() && event.tlsa.is_none() => {
                self.count(event, none.clone(), failure, None);
            }
            (Some((3, _)), _) => {}
            (Some((which, failure)), _) => {
                let mx =
                    if which == 0 { &["*.a.example", "b.example"][..] } else { &["*.a.example"] };
                let lines = BODIES[which].lines().map(str::to_owned).collect();
                self.count(event, describe(PolicyType::Sts, lines, mx), failure, discovery);
            }
            (None, Some((which, failure))) => {
                let lines = REFUSED[which].lines().map(str::to_owned).collect();
                let also = event.without.flatten();
                self.count(event, describe(PolicyType::Sts, lines, &[]), Some(failure), also);
                return;
            }
            (None, None) => {}
        }
        if let Some(failure) = event.without {
            self.count(event, none, failure, None);
        }
    }

    fn count(
        &mut self,
        event: &Event,
        policy: Described,
        failure: Option<Failure>,
        also: Option<Failure>,
    ) {
        let counts = self.0.entry(DOMAINS[event.domain]).or_default().entry(policy).or_default();
        add(if failure.is_some() { &mut counts.failed } else { &mut counts.ok }, 1);
        let failures: BTreeSet<Failure> = failure.into_iter().chain(also).collect();
        for failure in failures {
            let ip = if event.ip == 2 { "2001:db8::1" } else { "127.0.0.1" };
            let texts = [HOST[event.mx], HELO[event.helo], "127.0.0.1", ip];
            let row = (
                failure.result_type(),
                failure.reason_code().as_str().to_owned(),
                texts.map(|text| (!text.is_empty()).then(|| text.to_owned())),
            );
            add(counts.rows.entry(row).or_default(), 1);
        }
    }

    fn many(&mut self, count: u64) {
        let none = (PolicyType::NoPolicyFound, DOMAINS[0].to_owned(), Vec::new(), Vec::new());
        add(&mut self.0.entry(DOMAINS[0]).or_default().entry(none).or_default().ok, count);
    }

    fn compare(&self, tally: &Tally, script: &Script) {
        let us = Submitter::new("Us", "a@us.example").expect("a submitter");
        assert!(tally.domains().eq(self.0.keys().copied()));
        for (report, (domain, policies)) in tally.reports(&us).zip(&self.0) {
            let id = format!("1795305600_{domain}@us.example");
            assert_eq!(report.report_id.as_deref(), Some(&*id));
            assert_eq!(report.date_range.start_datetime.as_secs(), 1_795_305_600);
            assert_eq!(report.date_range.end_datetime.as_secs(), 1_795_391_999);
            reported(&report, policies, domain, script);
            let json = report.to_json().expect("a report that may be sent");
            let (read, _) =
                Report::from_json(json.as_bytes(), &ReadLimits::default()).expect("a report");
            assert_eq!(read, report);
        }
    }
}

/// What is kept is as it was counted; all the rest is with the others of its type.
fn reported(
    report: &Report<'_>,
    policies: &BTreeMap<Described, Counts>,
    domain: &str,
    script: &Script,
) {
    let mut told: BTreeMap<Described, Counts> = BTreeMap::new();
    for policy in &report.policies {
        let (described, counts) = read(policy);
        told.entry(described).or_default().merge(&counts);
    }
    let unquoted = |policy_type| (policy_type, domain.to_owned(), Vec::new(), Vec::new());
    let none = unquoted(PolicyType::NoPolicyFound);
    let mut kept = BTreeSet::new();
    let mut rest: BTreeMap<Described, Counts> = BTreeMap::new();
    for (policy, counts) in policies {
        let is_told = *policy == none || *policy != unquoted(policy.0);
        match told.get(policy).filter(|_| is_told) {
            Some(told) => {
                kept.insert(policy);
                assert_eq!((told.ok, told.failed), (counts.ok, counts.failed), "{policy:?}");
                rows(told, counts, script.rows);
            }
            None => rest.entry(unquoted(policy.0)).or_default().merge(counts),
        }
    }
    for (policy, rest) in &rest {
        let told = told.get(policy).expect("the others are counted");
        assert_eq!((told.ok, told.failed), (rest.ok, rest.failed), "{policy:?}");
        assert_eq!(told.by_type(), rest.by_type(), "{policy:?}");
    }
    assert!(told.keys().all(|policy| kept.contains(policy) || rest.contains_key(policy)));
    // Whether a policy of which nothing can be quoted is kept cannot be seen.
    let unseen = usize::from(policies.contains_key(&unquoted(PolicyType::Sts)));
    let room = policies.keys().filter(|policy| **policy != none).count().min(script.policies);
    let kept = kept.into_iter().filter(|policy| **policy != none).count();
    assert!(kept <= room && room <= kept + unseen, "{kept} of {room}");
}

fn rows(told: &Counts, counted: &Counts, max: usize) {
    let is_other = |row: &RowText| row.1 == OTHER_ROWS;
    let kept = told.rows.iter().filter(|(row, _)| !is_other(row));
    assert_eq!(kept.clone().count(), counted.rows.len().min(max));
    for (row, count) in kept {
        assert_eq!(counted.rows.get(row), Some(count), "{row:?}");
    }
    assert_eq!(told.by_type(), counted.by_type());
}

fn read(policy: &PolicyReport<'_>) -> (Described, Counts) {
    let texts = |list: &[std::borrow::Cow<'_, str>]| list.iter().map(ToString::to_string).collect();
    let said = &policy.policy;
    let described = (
        said.known_type().expect("a type of ours"),
        said.policy_domain.as_deref().expect("a domain").to_owned(),
        texts(&said.policy_string),
        texts(&said.mx_host),
    );
    let mut counts = Counts {
        ok: policy.summary.total_successful_session_count,
        failed: policy.summary.total_failure_session_count,
        rows: BTreeMap::new(),
    };
    for row in &policy.failure_details {
        let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
        let key = (
            row.known_type().expect("a type of ours"),
            text(&row.failure_reason_code).expect("a reason"),
            [
                text(&row.receiving_mx_hostname),
                text(&row.receiving_mx_helo),
                text(&row.sending_mta_ip),
                text(&row.receiving_ip),
            ],
        );
        let before = counts.rows.insert(key, row.failed_session_count);
        assert_eq!(before, None, "two rows are alike");
    }
    (described, counts)
}

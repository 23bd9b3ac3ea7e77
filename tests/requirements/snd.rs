//! RFC 8461 §2, §4, §5: what a policy means for an MX host.

use std::collections::HashMap;

use mta_sts::failure::{Failure, ReasonCode, ResultType};
use mta_sts::sts::Policy;
use mta_sts::sts::apply::{
    Check, Checked, Context, Dane, Delivery, Demand, LocalRequirement, Mail, MxRrset, Session,
    TlsOutcome, TlsVersion, Tlsa, Verdict,
};

const TABLE: &str = include_str!("../../src/sts/apply/decision-table.md");

const EXPIRED: Failure =
    Failure::new(ResultType::CertificateExpired, ReasonCode::CertificateExpired);
const HANDSHAKE: Failure = Failure::new(ResultType::ValidationFailure, ReasonCode::TlsHandshake);

const MAILS: [(&str, Mail); 3] = [
    ("ordinary", Mail::Ordinary),
    ("TLS optional", Mail::TlsOptional),
    ("TLS report", Mail::TlsReport),
];
const LOCALS: [(&str, LocalRequirement); 4] = [
    ("opportunistic", LocalRequirement::Opportunistic),
    ("encrypted", LocalRequirement::Encrypted),
    ("webpki", LocalRequirement::WebPki),
    ("dane", LocalRequirement::Dane),
];
const TLSAS: [(&str, Option<Tlsa>); 4] = [
    ("none", None),
    ("usable", Some(Tlsa::Usable)),
    ("unusable", Some(Tlsa::Unusable)),
    ("failed", Some(Tlsa::LookupFailed)),
];
const MX_RRSETS: [(&str, MxRrset); 2] =
    [("secure", MxRrset::Secure), ("insecure", MxRrset::Insecure)];
const POLICIES: [(&str, Option<&str>); 4] = [
    ("none", None),
    ("none", Some("none")),
    ("testing", Some("testing")),
    ("enforce", Some("enforce")),
];
const HOSTS: [(&str, &str); 2] = [("listed", "Mx.Example.com."), ("not listed", "mx.example.net")];
const CHECKS: [(&str, Checked); 3] = [
    ("valid", Checked::Valid),
    ("not valid", Checked::Invalid(EXPIRED)),
    ("not valid", Checked::No),
];

/// The names of the columns' values, and the verdict.
type Row<'a> = HashMap<&'a str, &'a str>;

fn policy(mode: &str) -> Policy {
    let body = format!("version: STSv1\nmode: {mode}\nmx: *.example.com\nmax_age: 86400\n");
    body.parse().expect("a policy")
}

fn context<'a>(host: &'a str, policy: Option<&'a Policy>) -> Context<'a> {
    Context::new(host).with_policy(policy)
}

/// The outcomes of a connection by the names in the table, with the two checks.
fn outcomes() -> Vec<([(&'static str, &'static str); 3], TlsOutcome)> {
    let without = [
        ("unreachable", TlsOutcome::Unreachable),
        ("deferred", TlsOutcome::Deferred),
        ("no STARTTLS", TlsOutcome::NotOffered),
        ("STARTTLS 5xx", TlsOutcome::Refused),
        ("STARTTLS 4xx", TlsOutcome::StartTlsDeferred),
        ("handshake failed", TlsOutcome::HandshakeFailed(HANDSHAKE)),
    ];
    let row = |connection, certificate, tlsa| {
        [("connection", connection), ("certificate", certificate), ("TLSA match", tlsa)]
    };
    let mut all: Vec<_> =
        without.map(|(name, outcome)| (row(name, "not valid", "not valid"), outcome)).into();
    for (version_name, version) in
        [("old TLS", TlsVersion::Older), ("TLS", TlsVersion::Tls12OrLater)]
    {
        for (webpki_name, webpki) in CHECKS {
            for (dane_name, dane) in CHECKS {
                let session = Session::new(version).with_webpki(webpki).with_dane(dane);
                all.push((
                    row(version_name, webpki_name, dane_name),
                    TlsOutcome::Established(session),
                ));
            }
        }
    }
    all
}

/// Every demand there can be, with what the table calls its parts.
fn demands() -> Vec<(Row<'static>, Demand)> {
    let mut all = Vec::new();
    for (mail_name, mail) in MAILS {
        for (local_name, local) in LOCALS {
            for (tlsa_name, tlsa) in TLSAS {
                for (rrset_name, mx_rrset) in MX_RRSETS {
                    let dane = tlsa.map_or(Dane::None, |tlsa| Dane::Tlsa { mx_rrset, tlsa });
                    for (policy_name, mode) in POLICIES {
                        for (listed, host) in HOSTS {
                            let policy = mode.map(policy);
                            let demand = context(host, policy.as_ref())
                                .with_mail(mail)
                                .with_local(local)
                                .with_dane(dane)
                                .demand();
                            let row = HashMap::from([
                                ("mail", mail_name),
                                ("local", local_name),
                                ("TLSA", tlsa_name),
                                ("MX RRset", rrset_name),
                                ("policy", policy_name),
                                ("MX", listed),
                            ]);
                            all.push((row, demand));
                        }
                    }
                }
            }
        }
    }
    all
}

/// The rows of the documented table, each as its cells by column.
fn table() -> Vec<Row<'static>> {
    let mut lines = TABLE.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &'static str| {
        line.trim_matches('|').split('|').map(str::trim).collect::<Vec<&'static str>>()
    };
    let header = cells(lines.next().expect("a header"));
    lines.skip(1).map(|line| header.iter().copied().zip(cells(line)).collect()).collect()
}

/// The first row that fits.
fn documented<'a>(table: &'a [Row<'static>], case: &Row<'_>) -> (usize, &'a Row<'static>) {
    let fits = |row: &Row<'_>| {
        case.iter().all(|(column, value)| {
            row[column] == "any" || row[column].split(", ").any(|cell| cell == *value)
        })
    };
    table.iter().enumerate().find(|(_, row)| fits(row)).expect("the last row fits all")
}

#[test]
fn snd_1_2_3_7_decision_table_is_what_the_code_decides() {
    let table = table();
    let outcomes = outcomes();
    let mut used = vec![0; table.len()];
    for (case, demand) in demands() {
        for (facts, outcome) in &outcomes {
            let case: Row<'_> = case.clone().into_iter().chain(*facts).collect();
            let (number, row) = documented(&table, &case);
            used[number] += 1;
            let verdict = demand.judge(outcome);
            assert_eq!(verdict.delivery().to_string(), row["verdict"], "{case:?}");
            // A delivery has no cause but what may be over soon.
            let cause = verdict.cause();
            let cause = cause.filter(|cause| {
                verdict.delivery() != Delivery::Deliver || cause.result_type().is_some()
            });
            let by = cause.map_or("-".to_owned(), |cause| cause.rule().to_string());
            assert_eq!(by, row["by"], "{case:?}");
            agrees_with_itself(&demand, outcome, &verdict);
        }
    }
    for (number, count) in used.iter().enumerate() {
        assert!(*count > 0, "row {} is never reached", number + 1);
    }
    assert_eq!(used.iter().sum::<usize>(), 3 * 4 * 4 * 2 * 4 * 2 * 24);
}

/// What must hold between the parts of the answer.
#[track_caller]
fn agrees_with_itself(demand: &Demand, outcome: &TlsOutcome, verdict: &Verdict) {
    let skipped = verdict.delivery() == Delivery::Skip;
    assert_eq!(verdict.status().is_some(), skipped);
    let reported = verdict.results().any(|result| result.failure().is_some());
    match verdict.delivery() {
        Delivery::DeliverAndReport => assert!(reported),
        Delivery::Deliver | Delivery::Skip => {}
    }
    if let Some(refusal) = demand.refusal() {
        assert_eq!(refusal, *verdict);
    }
    assert!(!demand.may_use(demand.host(), outcome) || !skipped);
}

#[test]
fn snd_7_what_is_demanded_is_what_is_judged() {
    let session = Session::new(TlsVersion::Tls12OrLater)
        .with_webpki(Checked::Valid)
        .with_dane(Checked::Valid);
    // How much a fault matters, for all that can be seen of the verdict.
    let matters = |demand: &Demand, faulty: Session| {
        let [good, bad] = [session, faulty].map(|one| demand.judge(&TlsOutcome::Established(one)));
        match (bad.delivery(), good == bad) {
            (Delivery::Skip, _) => Check::Require,
            (_, false) => Check::Observe,
            (_, true) => Check::Needless,
        }
    };
    for (case, demand) in demands() {
        if demand.refusal().is_some() {
            continue;
        }
        let without = demand.judge(&TlsOutcome::NotOffered).delivery();
        assert_eq!(demand.requires_tls(), without == Delivery::Skip, "{case:?}");
        for fault in [Checked::No, Checked::Invalid(EXPIRED)] {
            let found = matters(&demand, session.with_webpki(fault));
            assert_eq!(demand.webpki(), found, "{case:?}");
            assert_eq!(demand.dane(), matters(&demand, session.with_dane(fault)), "{case:?}");
        }
    }
}

#[test]
fn snd_1_enforce_skips_and_testing_delivers() {
    let body = policy("enforce");
    let demand = context("mx.example.com", Some(&body)).demand();
    assert_eq!((demand.requires_tls(), demand.webpki()), (true, Check::Require));
    assert!(demand.refusal().is_none());
    let verdict = demand.judge(&TlsOutcome::NotOffered);
    assert_eq!(
        verdict.to_string(),
        "skip: starttls-not-supported (starttls-not-offered), by MTA-STS"
    );
    assert_eq!(verdict.status().unwrap().to_string(), "4.7.4");

    let unlisted = context("mx.example.net", Some(&body)).demand();
    let refusal = unlisted.refusal().expect("refused before connecting");
    assert_eq!(refusal.to_string(), "skip: validation-failure (mx-not-listed), by MTA-STS");
    assert_eq!(refusal.status().unwrap().to_string(), "4.7.0");
    assert_eq!(refusal.status().unwrap().permanent().to_string(), "5.7.0");

    let body = policy("testing");
    let demand = context("mx.example.net", Some(&body)).demand();
    assert_eq!((demand.requires_tls(), demand.webpki()), (false, Check::Observe));
    assert!(demand.refusal().is_none());
    let verdict = demand.judge(&TlsOutcome::NotOffered);
    assert_eq!(
        verdict.to_string(),
        "deliver and report: validation-failure (mx-not-listed), by MTA-STS"
    );

    let body = policy("none");
    let none = context("mx.example.net", Some(&body)).demand();
    assert_eq!(none, context("mx.example.net", None).demand());
    assert_eq!(none.webpki(), Check::Needless);
    assert_eq!(none.judge(&TlsOutcome::NotOffered).to_string(), "deliver");
}

#[test]
fn snd_1_all_hosts_refused_is_a_deferral() {
    let body = policy("enforce");
    let hosts = ["mx.example.net", "mx1.example.com", "mx2.example.com"];
    let outcomes =
        [TlsOutcome::NotOffered, TlsOutcome::Unreachable, TlsOutcome::HandshakeFailed(HANDSHAKE)];
    for (host, outcome) in hosts.iter().zip(outcomes) {
        let status = context(host, Some(&body)).demand().judge(&outcome).status();
        assert!(status.expect("skipped").to_string().starts_with("4."));
    }
}

#[test]
fn snd_2_dane_decides_alone_with_a_secure_mx_rrset() {
    let body = policy("enforce");
    let dane = |mx_rrset| Dane::Tlsa { mx_rrset, tlsa: Tlsa::Usable };
    let session = Session::new(TlsVersion::Tls12OrLater).with_dane(Checked::Valid);
    let outcome = TlsOutcome::Established(session.with_webpki(Checked::Invalid(EXPIRED)));

    let alone = context("mx.example.com", Some(&body)).with_dane(dane(MxRrset::Secure)).demand();
    assert_eq!((alone.dane(), alone.webpki()), (Check::Require, Check::Observe));
    let verdict = alone.judge(&outcome);
    assert_eq!(
        verdict.to_string(),
        "deliver and report: certificate-expired (certificate-expired), by MTA-STS"
    );
    let results: Vec<_> =
        verdict.results().map(|result| (result.policy_type().as_str(), result.failure())).collect();
    assert_eq!(results, [("tlsa", None), ("sts", Some(EXPIRED))]);

    let both = context("mx.example.com", Some(&body)).with_dane(dane(MxRrset::Insecure)).demand();
    assert_eq!((both.dane(), both.webpki()), (Check::Require, Check::Require));
    assert_eq!(both.judge(&outcome).delivery(), Delivery::Skip);

    // Neither lets a mismatch of DANE through, whatever MTA-STS says.
    let mismatch = session.with_webpki(Checked::Valid).with_dane(Checked::TLSA_MISMATCH);
    for demand in [alone, both] {
        let verdict = demand.judge(&TlsOutcome::Established(mismatch));
        assert_eq!(verdict.to_string(), "skip: tlsa-invalid (tlsa-mismatch), by DANE");
        assert_eq!(verdict.status().unwrap().to_string(), "4.7.5");
    }
}

#[test]
fn snd_3_a_verdict_only_tightens() {
    // How strict, for one connection.
    let strictness = |demand: &Demand, outcome: &TlsOutcome| match demand.judge(outcome).delivery()
    {
        Delivery::Deliver => 0,
        Delivery::DeliverAndReport => 1,
        Delivery::Skip => 2,
    };
    for (_, outcome) in outcomes() {
        for (_, local) in LOCALS {
            for (_, host) in HOSTS {
                let alone = context(host, None).with_local(local).demand();
                let skipped = alone.judge(&outcome).delivery() == Delivery::Skip;
                for mode in ["testing", "enforce", "none"] {
                    let policy = policy(mode);
                    for (_, mail) in MAILS {
                        let demand =
                            context(host, Some(&policy)).with_local(local).with_mail(mail).demand();
                        assert!(strictness(&demand, &outcome) >= strictness(&alone, &outcome));
                        assert!(!skipped || demand.judge(&outcome).delivery() == Delivery::Skip);
                    }
                }
            }
        }
    }
}

#[test]
fn snd_3_the_one_relaxation_has_a_name() {
    let body = policy("enforce");
    let dane = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::LookupFailed };
    let context = context("mx.example.net", Some(&body)).with_dane(dane);
    assert_eq!(context.demand().judge(&TlsOutcome::NotOffered).delivery(), Delivery::Skip);
    let optional = context.with_mail(Mail::TlsOptional).demand();
    assert!(!optional.requires_tls());
    let verdict = optional.judge(&TlsOutcome::NotOffered);
    assert_eq!(verdict.delivery(), Delivery::DeliverAndReport);
    assert_eq!(verdict.results().count(), 2);
    let report = context.with_mail(Mail::TlsReport).demand();
    let verdict = report.judge(&TlsOutcome::NotOffered);
    assert_eq!(verdict.delivery(), Delivery::Deliver);
    assert_eq!(verdict.results().count(), 0, "RPT-10");
}

/// Whatever policy, TLSA records and TLS say, as long as our own configuration wants no
/// more; and no report counts the session (RPT-10).
#[test]
fn mail_7_a_report_is_delivered_despite_failures_of_tls() {
    let body = policy("enforce");
    for (_, mx_rrset) in MX_RRSETS {
        for (name, tlsa) in TLSAS {
            for (listed, host) in HOSTS {
                let dane = tlsa.map_or(Dane::None, |tlsa| Dane::Tlsa { mx_rrset, tlsa });
                let context = context(host, Some(&body)).with_dane(dane);
                let demand = context.with_mail(Mail::TlsReport).demand();
                assert!(demand.refusal().is_none() && !demand.requires_tls());
                for (seen, outcome) in outcomes() {
                    let verdict = demand.judge(&outcome);
                    let talked = !matches!(outcome, TlsOutcome::Unreachable | TlsOutcome::Deferred);
                    let delivered = verdict.delivery() == Delivery::Deliver;
                    assert_eq!(delivered, talked, "{name}, {listed}, {seen:?}: {verdict}");
                    assert_eq!(verdict.results().count(), 0);
                }
            }
        }
    }
}

#[test]
fn snd_4_the_name_is_that_of_the_host() {
    let body = policy("enforce");
    let demand = context("MX.Example.com.", Some(&body)).demand();
    assert_eq!(demand.host(), "mx.example.com");
    assert_eq!(demand.server_name().unwrap().as_ref(), "mx.example.com");
    // An address can be neither listed nor authenticated.
    for host in ["192.0.2.1", "[192.0.2.1]", ""] {
        let demand = context(host, Some(&body)).demand();
        assert!(demand.refusal().is_some());
        assert!(demand.server_name().is_none());
    }
}

#[test]
fn snd_4_tls_1_2_or_later() {
    let body = policy("enforce");
    let demand = context("mx.example.com", Some(&body)).demand();
    let session = Session::new(TlsVersion::Older).with_webpki(Checked::Valid);
    let verdict = demand.judge(&TlsOutcome::Established(session));
    assert_eq!(verdict.to_string(), "skip: validation-failure (tls-version), by MTA-STS");
}

#[test]
fn snd_5_every_outcome_carries_its_causes() {
    let body = policy("testing");
    let demand = context("mx.example.net", Some(&body))
        .with_local(LocalRequirement::WebPki)
        .with_dane(Dane::Tlsa { mx_rrset: MxRrset::Insecure, tlsa: Tlsa::Unusable })
        .demand();
    let session = Session::new(TlsVersion::Older).with_webpki(Checked::Invalid(EXPIRED));
    let causes: Vec<_> = demand
        .judge(&TlsOutcome::Established(session))
        .causes()
        .map(|cause| cause.to_string())
        .collect();
    assert_eq!(
        causes,
        [
            "certificate-expired (certificate-expired), by local requirement",
            "tlsa-invalid (tlsa-unusable), by DANE",
            "validation-failure (mx-not-listed), by MTA-STS",
            "certificate-expired (certificate-expired), by MTA-STS",
            "validation-failure (tls-version), by MTA-STS",
        ]
    );
    let refused =
        context("mx.example.com", Some(&policy("enforce"))).demand().judge(&TlsOutcome::Refused);
    let cause = refused.cause().unwrap();
    assert_eq!(cause.result_type(), Some(ResultType::StartTlsNotSupported));
    assert_eq!(cause.reason_code(), ReasonCode::StartTlsRefused);

    let missing =
        context("mx.example.com", None).with_local(LocalRequirement::Dane).demand().refusal();
    assert_eq!(
        missing.as_ref().unwrap().to_string(),
        "skip: dane-required (tlsa-missing), by local requirement"
    );
    let missing_status = missing.and_then(|verdict| verdict.status()).unwrap();
    assert_eq!(missing_status.to_string(), "4.7.0");
    // What nobody has checked is not valid.
    let unchecked = TlsOutcome::Established(Session::new(TlsVersion::Tls12OrLater));
    let verdict = context("mx.example.com", Some(&policy("enforce"))).demand().judge(&unchecked);
    assert_eq!(
        verdict.to_string(),
        "skip: validation-failure (certificate-not-checked), by MTA-STS"
    );
}

#[test]
fn snd_5_dane_outcomes_carry_their_causes() {
    let dane = |tlsa| {
        let dane = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa };
        context("mx.example.com", None).with_dane(dane).demand()
    };
    let failed = dane(Tlsa::LookupFailed).refusal().unwrap();
    assert_eq!(failed.to_string(), "skip: dnssec-invalid (tlsa-lookup-failed), by DANE");
    assert_eq!(failed.status().unwrap().to_string(), "4.7.0");
    let unchecked = TlsOutcome::Established(Session::new(TlsVersion::Tls12OrLater));
    let verdict = dane(Tlsa::Usable).judge(&unchecked);
    assert_eq!(verdict.to_string(), "skip: validation-failure (tlsa-not-checked), by DANE");
    let verdict = dane(Tlsa::Unusable).judge(&unchecked);
    assert_eq!(verdict.to_string(), "deliver and report: tlsa-invalid (tlsa-unusable), by DANE");
    // A fault of DANE is none of the policy's, although its handshake has failed too.
    let body = policy("enforce");
    let usable = Dane::Tlsa { mx_rrset: MxRrset::Insecure, tlsa: Tlsa::Usable };
    let demand = context("mx.example.com", Some(&body)).with_dane(usable).demand();
    for result_type in
        [ResultType::TlsaInvalid, ResultType::DnssecInvalid, ResultType::DaneRequired]
    {
        let failure = Failure::new(result_type, ReasonCode::TlsaMismatch);
        let verdict = demand.judge(&TlsOutcome::HandshakeFailed(failure));
        let results: Vec<_> = verdict.results().filter_map(|result| result.failure()).collect();
        let for_sts = Failure::new(ResultType::ValidationFailure, ReasonCode::TlsaMismatch);
        assert_eq!(results, [failure, for_sts]);
    }
}

#[test]
fn snd_7_mail_with_a_report_asks_for_nothing_that_only_a_report_would_tell() {
    let body = policy("enforce");
    let usable = Dane::Tlsa { mx_rrset: MxRrset::Insecure, tlsa: Tlsa::Usable };
    let context = context("mx.example.com", Some(&body)).with_dane(usable);
    let unchecked = TlsOutcome::Established(Session::new(TlsVersion::Older));
    let report = context.with_mail(Mail::TlsReport).demand();
    assert_eq!((report.webpki(), report.dane()), (Check::Needless, Check::Needless));
    assert!(report.may_use("mx.example.com", &unchecked));
    assert_eq!(report.judge(&unchecked).causes().len(), 0);
    let optional = context.with_mail(Mail::TlsOptional).demand();
    assert_eq!((optional.webpki(), optional.dane()), (Check::Observe, Check::Observe));
    assert!(!optional.may_use("mx.example.com", &unchecked));
    let session = Session::new(TlsVersion::Older).with_webpki(Checked::Valid);
    assert!(!optional.may_use("mx.example.com", &TlsOutcome::Established(session)));
    assert_eq!(optional.mode().map(|mode| mode.as_str()), Some("enforce"));
}

#[test]
fn snd_5_results_are_those_of_each_policy() {
    let results = |demand: &Demand, outcome: &TlsOutcome| -> Vec<String> {
        let shown = |failure: Option<Failure>| failure.map_or("ok".to_owned(), |f| f.to_string());
        demand
            .judge(outcome)
            .results()
            .map(|result| format!("{}: {}", result.policy_type(), shown(result.failure())))
            .collect()
    };
    let none = context("mx.example.com", None).demand();
    let tls = TlsOutcome::Established(Session::new(TlsVersion::Older));
    assert_eq!(results(&none, &tls), ["no-policy-found: ok"]);
    assert_eq!(
        results(&none, &TlsOutcome::NotOffered),
        ["no-policy-found: starttls-not-supported (starttls-not-offered)"]
    );
    assert_eq!(
        results(&none, &TlsOutcome::HandshakeFailed(HANDSHAKE)),
        ["no-policy-found: validation-failure (tls-handshake)"]
    );
    let body = policy("testing");
    let testing = context("mx.example.com", Some(&body));
    assert_eq!(
        results(&testing.demand(), &TlsOutcome::Refused),
        ["sts: starttls-not-supported (starttls-refused)"]
    );
    let usable = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::Usable };
    let valid = Session::new(TlsVersion::Tls12OrLater)
        .with_dane(Checked::Valid)
        .with_webpki(Checked::Valid);
    assert_eq!(
        results(&testing.with_dane(usable).demand(), &TlsOutcome::Established(valid)),
        ["tlsa: ok", "sts: ok"]
    );
    // Refused before connecting: of the other policy nothing is known.
    let failed = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::LookupFailed };
    assert_eq!(
        results(&testing.with_dane(failed).demand(), &TlsOutcome::Unreachable),
        ["tlsa: dnssec-invalid (tlsa-lookup-failed)"]
    );
}

#[test]
fn snd_6_what_may_be_over_soon_is_no_failure() {
    for mode in ["enforce", "testing"] {
        let body = policy(mode);
        let demand = context("mx.example.com", Some(&body)).demand();
        for (outcome, shown, status) in [
            (TlsOutcome::Unreachable, "skip: connection-failed, by connection", "4.4.1"),
            (TlsOutcome::Deferred, "skip: smtp-deferred, by connection", "4.3.2"),
        ] {
            let verdict = demand.judge(&outcome);
            assert_eq!(verdict.to_string(), shown);
            assert_eq!(verdict.status().unwrap().to_string(), status);
            assert_eq!(verdict.results().count(), 0);
            assert_eq!(verdict.cause().unwrap().failure(), None);
        }
    }
    let body = policy("enforce");
    let demand = context("mx.example.com", Some(&body)).demand();
    let verdict = demand.judge(&TlsOutcome::StartTlsDeferred);
    assert_eq!(verdict.to_string(), "skip: smtp-deferred, by MTA-STS");
    assert_eq!(verdict.status().unwrap().to_string(), "4.7.4");
    assert_eq!(verdict.results().count(), 0);
    let body = policy("testing");
    let demand = context("mx.example.com", Some(&body)).demand();
    let verdict = demand.judge(&TlsOutcome::StartTlsDeferred);
    assert_eq!(verdict.to_string(), "deliver");
    assert_eq!(verdict.results().count(), 0);
    // That the host is not listed is known all the same.
    let unlisted = context("mx.example.net", Some(&body)).demand();
    let verdict = unlisted.judge(&TlsOutcome::StartTlsDeferred);
    assert_eq!(verdict.delivery(), Delivery::DeliverAndReport);
    assert_eq!(verdict.results().count(), 1);
}

#[test]
fn snd_7_a_connection_is_reused_only_if_it_satisfies_the_demand() {
    let (enforce, testing) = (policy("enforce"), policy("testing"));
    let strict = context("mx.example.com", Some(&enforce)).demand();
    let lax = context("mx.example.com", Some(&testing)).demand();
    let none = context("mx.example.com", None).demand();
    let session = Session::new(TlsVersion::Tls12OrLater);
    let unchecked = TlsOutcome::Established(session);
    let valid = TlsOutcome::Established(session.with_webpki(Checked::Valid));
    let invalid = TlsOutcome::Established(session.with_webpki(Checked::Invalid(EXPIRED)));
    for (outcome, may) in [
        // enforce, testing, no policy
        (unchecked, [false, false, true]),
        (valid, [true, true, true]),
        (invalid, [false, true, true]),
        (TlsOutcome::NotOffered, [false, true, true]),
        (TlsOutcome::Unreachable, [false, false, false]),
    ] {
        let found =
            [&strict, &lax, &none].map(|demand| demand.may_use("MX.example.com.", &outcome));
        assert_eq!(found, may, "{outcome:?}");
    }
    assert!(!none.may_use("mx.example.net", &valid));
    let dane = Dane::Tlsa { mx_rrset: MxRrset::Secure, tlsa: Tlsa::Usable };
    let dane = Context::new("mx.example.com").with_dane(dane).demand();
    assert!(!dane.may_use("mx.example.com", &valid));
    let vouched = session.with_dane(Checked::Valid);
    assert!(dane.may_use("mx.example.com", &TlsOutcome::Established(vouched)));
}

//! nginx as the endpoint of reports (RFC 8460 §3, §5.4).

use core::time::Duration;

use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::tlsrpt::submit::{Action, CertificateErrors, Config, MAX_DELAY, Plan, SubmitFailure};
use mta_sts::{DomainName, Reading};
use rustls_pki_types::UnixTime;

use crate::certificates::{Authority, Shown};
use crate::network::{Hosts, https};
use crate::nginx::{Nginx, Site};
use crate::unbound::Unbound;

const DAY_END: u64 = 1_707_004_800;

/// More than one buffer of nginx, so that it goes through a file.
fn report() -> Vec<u8> {
    (0..100_000).map(|number: usize| number.to_le_bytes()[0]).collect()
}

/// Posts the report to each of these paths, and returns what nginx has seen.
async fn post(
    shown: Shown,
    config: Config,
    paths: &[&str],
) -> (Vec<Result<(), SubmitFailure>>, Nginx) {
    let authority = Authority::new();
    let sites = [Site::shows("rpt.example", shown)];
    let nginx = Nginx::start(&authority, &sites);
    let unbound = Unbound::start("mta-sts.rpt.example. A 127.0.0.1\n");
    let https = https(Hosts::of(&nginx, &sites).dialer(&unbound), &authority);
    let mut results = Vec::new();
    for path in paths {
        let text = format!("v=TLSRPTv1;rua=https://mta-sts.rpt.example{path}");
        let record = TlsRptRecord::parse(&text, Reading::Strict).unwrap().0;
        let plan = Plan::new(&record, config);
        let at = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
        let domain = DomainName::parse("example.com").unwrap();
        let mut delivery = plan.delivery(&domain, at(DAY_END), 7);
        let due = at(DAY_END + MAX_DELAY);
        let Action::Post(request) = delivery.poll_action(due) else { panic!("{delivery:?}") };
        results.push(https.post(request, &report()).await);
    }
    (results, nginx)
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn mail_4_a_report_is_posted() {
    let (results, nginx) = post(Shown::Valid, Config::default(), &["/reports?a=b"]).await;
    assert_eq!(results, [Ok(())]);
    assert_eq!(nginx.posted(), [report()]);
    assert_eq!(nginx.seen(), "mta-sts.rpt.example POST /reports?a=b 201 application/tlsrpt+gzip\n");
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn mail_4_a_redirect_is_not_followed() {
    let (results, nginx) = post(Shown::Valid, Config::default(), &["/moved", "/broken"]).await;
    assert_eq!(
        results,
        [Err(SubmitFailure::Redirect { status: 307 }), Err(SubmitFailure::Status { status: 503 }),]
    );
    assert_eq!(nginx.seen().lines().count(), 2);
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn mail_4_certificate_errors_may_be_ignored() {
    let (results, _) = post(Shown::Expired, Config::default(), &["/reports"]).await;
    assert_eq!(results, [Err(SubmitFailure::Certificate)]);
    let config = Config::default().with_certificate_errors(CertificateErrors::Ignore);
    let (results, nginx) = post(Shown::Expired, config, &["/reports"]).await;
    assert_eq!(results, [Ok(())]);
    assert_eq!(nginx.posted().len(), 1);
}

//! nginx as policy host, and what the client makes of it.

use mta_sts::client::Advice;
use mta_sts::failure::ReasonCode::{self, *};
use mta_sts::failure::ResultType::{self, StsPolicyFetchError, StsPolicyInvalid, StsWebpkiInvalid};
use mta_sts::sts::{Mode, PolicyDomain};

use crate::certificates::{Authority, Shown};
use crate::network::{Hosts, ask, client, https, reported};
use crate::nginx::{Nginx, POLICY, Port, Site};
use crate::unbound::Unbound;

/// A valid record and the address of the policy host for each domain.
fn records(sites: &[Site]) -> String {
    let lines = sites.iter().map(|Site { domain, .. }| {
        format!("_mta-sts.{domain}. TXT \"v=STSv1; id=1;\"\nmta-sts.{domain}. A 127.0.0.1\n")
    });
    lines.collect()
}

/// Asks for the policy of each domain, once.
async fn assert_each(sites: &[Site], expected: impl Fn(&'static str, &mta_sts::client::Answer)) {
    let authority = Authority::new();
    let nginx = Nginx::start(&authority, sites);
    let unbound = Unbound::start(&records(sites));
    let dialer = Hosts::of(&nginx, sites).dialer(&unbound);
    let client = client(&unbound, https(dialer, &authority));
    for site in sites {
        expected(site.domain, &ask(&client, site.domain).await);
    }
}

async fn assert_fetched(sites: &[Site]) {
    assert_each(sites, |domain, answer| {
        assert_eq!(answer.advice(), Advice::Enforce, "{domain}: {answer:?}");
        let policy = answer.policy().unwrap();
        assert_eq!(policy.mode(), Mode::Enforce, "{domain}");
        assert!(policy.matching_mx("mail.example.com").is_some(), "{domain}");
        assert_eq!(answer.report(), None, "{domain}");
    })
    .await;
}

async fn assert_fail(sites: &[(Site, ResultType, ReasonCode)]) {
    let expected = |domain: &str| sites.iter().find(|(site, ..)| site.domain == domain).unwrap();
    let all: Vec<_> = sites.iter().map(|(site, ..)| site.clone()).collect();
    assert_each(&all, |domain, answer| {
        let (_, kind, reason) = expected(domain);
        assert_eq!(reported(answer), (*kind, *reason), "{domain}");
    })
    .await;
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn fet_1_policies_of_nginx_are_fetched() {
    assert_fetched(&[
        Site::new("plain.example", POLICY),
        Site::shows("wildcard.example", Shown::Wildcard),
        Site::on("tls12.example", Port::Tls12),
        Site::new("charset.example", "charset utf-8; default_type text/plain; alias WWW/policy;"),
        // Without a length: chunked, and ended by the end of the connection.
        Site::new(
            "chunked.example",
            "ssi on; ssi_types *; default_type text/plain; alias WWW/policy;",
        ),
        Site::new(
            "closed.example",
            "ssi on; ssi_types *; chunked_transfer_encoding off;
             default_type text/plain; alias WWW/policy;",
        ),
        // It compresses for those who ask for it, and we do not.
        Site::new(
            "gzip.example",
            "gzip on; gzip_types *; gzip_min_length 1; default_type text/plain; alias WWW/policy;",
        ),
        Site::new(
            "twice.example",
            "default_type text/plain; add_header Content-Type text/plain; alias WWW/policy;",
        ),
        Site::new("largest.example", "default_type text/plain; alias WWW/largest;"),
        Site::new("many-headers.example", concat!(
            "add_header Strict-Transport-Security max-age=31536000; add_header X-Frame-Options DENY;",
            "add_header Set-Cookie a=b; expires 1h; default_type text/plain; alias WWW/policy;",
        )),
    ])
    .await;
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn fet_2_only_status_200_counts() {
    let failed =
        |domain, location, reason| (Site::new(domain, location), StsPolicyFetchError, reason);
    assert_fail(&[
        failed("r301.example", "return 301 https://www.example/policy;", HttpRedirect),
        failed("r302.example", "return 302 https://mta-sts.r302.example/;", HttpRedirect),
        failed("r303.example", "return 303 /other;", HttpRedirect),
        failed("r307.example", "return 307 /other;", HttpRedirect),
        failed("r308.example", "return 308 /other;", HttpRedirect),
        failed("missing.example", "alias WWW/missing;", HttpStatus),
        failed("gone.example", "default_type text/plain; return 410 gone;", HttpStatus),
        failed("broken.example", "default_type text/plain; return 500 broken;", HttpStatus),
        failed("empty.example", "return 204;", HttpStatus),
    ])
    .await;
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn fet_2_and_fet_3_codings_and_media_types() {
    let failed =
        |domain, location, reason| (Site::new(domain, location), StsPolicyFetchError, reason);
    assert_fail(&[
        failed(
            "zipped.example",
            "gzip_static always; default_type text/plain; alias WWW/zipped;",
            HttpContentEncoding,
        ),
        failed("html.example", "default_type text/html; alias WWW/policy;", HttpMediaType),
        failed("untyped.example", "default_type ''; alias WWW/policy;", HttpMediaType),
        failed(
            "twice.example",
            "default_type text/plain; add_header Content-Type text/html; alias WWW/policy;",
            HttpMediaType,
        ),
    ])
    .await;
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn fet_4_and_pol_bodies_that_are_no_policy() {
    let plain = |domain, location, kind, reason| (Site::new(domain, location), kind, reason);
    assert_fail(&[
        plain(
            "large.example",
            "default_type text/plain; alias WWW/too_large;",
            StsPolicyFetchError,
            PolicyTooLarge,
        ),
        plain(
            "large-chunked.example",
            "ssi on; ssi_types *; default_type text/plain; alias WWW/too_large;",
            StsPolicyFetchError,
            PolicyTooLarge,
        ),
        plain(
            "slow.example",
            "limit_rate 5; default_type text/plain; alias WWW/largest;",
            StsPolicyFetchError,
            Timeout,
        ),
        plain(
            "invalid.example",
            "default_type text/plain; alias WWW/invalid;",
            StsPolicyInvalid,
            PolicyMode,
        ),
        plain(
            "nothing.example",
            "default_type text/plain; return 200 '';",
            StsPolicyInvalid,
            PolicyMissingField,
        ),
    ])
    .await;
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn fet_6_certificates_that_are_not_valid() {
    let shows = |domain, shown, reason| (Site::shows(domain, shown), StsWebpkiInvalid, reason);
    assert_fail(&[
        shows("expired.example", Shown::Expired, CertificateExpired),
        shows("other.example", Shown::OtherName, CertificateHostMismatch),
        shows("self-signed.example", Shown::SelfSigned, CertificateSelfSigned),
        shows("unknown.example", Shown::UnknownIssuer, CertificateUnknownIssuer),
        shows("both.example", Shown::ExpiredAndUnknownIssuer, CertificateExpired),
    ])
    .await;
}

#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn fet_6_connections_that_fail() {
    let failed = |site, reason| (site, StsPolicyFetchError, reason);
    assert_fail(&[
        failed(Site::new("closing.example", "return 444;"), ConnectionFailed),
        failed(Site::on("tls11.example", Port::Tls11), TlsVersion),
    ])
    .await;
}

/// Its name leads to nginx, which does not know it.
#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn fet_6_a_host_that_nginx_does_not_know() {
    let authority = Authority::new();
    let known = [Site::new("known.example", POLICY)];
    let nginx = Nginx::start(&authority, &known);
    let asked = [Site::new("unknown.example", POLICY)];
    let unbound = Unbound::start(&records(&asked));
    let dialer = Hosts::of(&nginx, &asked).dialer(&unbound);
    let answer = ask(&client(&unbound, https(dialer, &authority)), "unknown.example").await;
    assert_eq!(reported(&answer), (StsPolicyFetchError, TlsUnrecognizedName));
}

/// What is cached is applied when nginx, and then unbound too, is gone.
#[tokio::test]
#[ignore = "needs nginx, unbound and Postfix: see CONTRIBUTING.md"]
async fn dis_2_a_policy_outlives_its_servers() {
    let authority = Authority::new();
    let sites = [Site::new("lasting.example", POLICY)];
    let nginx = Nginx::start(&authority, &sites);
    let unbound = Unbound::start(&records(&sites));
    let dialer = Hosts::of(&nginx, &sites).dialer(&unbound);
    let client = client(&unbound, https(dialer, &authority));
    let domain = PolicyDomain::from_next_hop("lasting.example").unwrap();
    assert_eq!(client.policy(&domain).await.unwrap().advice(), Advice::Enforce);

    drop(nginx);
    let answer = client.refresh(&domain).await.unwrap();
    assert_eq!(answer.advice(), Advice::Enforce);
    let failure = answer.report().unwrap().failure();
    assert_eq!(failure.reason_code(), ConnectionFailed);

    drop(unbound);
    let answer = client.policy(&domain).await.unwrap();
    assert_eq!(answer.advice(), Advice::Enforce);
    assert_eq!(answer.report().unwrap().failure().reason_code(), DnsTimeout);
}

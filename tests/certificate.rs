//! The certificate check, for MX hosts (SND-4) and policy hosts (FET-1, FET-6): what it
//! accepts, what it refuses, and what a report says of it (RPT-6). All of it with each
//! crypto provider that is compiled in.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/certificates.rs"]
mod laws;

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mta_sts::certificate::{
    self, CertificateCause, MAX_CHAIN_LEN, MAX_CHAIN_OCTETS, MAX_PRESENTED_NAMES, RING_ALGORITHMS,
};
use mta_sts::failure::ReasonCode as Reason;
use mta_sts::failure::ResultType::{
    self, CertificateExpired, CertificateHostMismatch, CertificateNotTrusted, StsWebpkiInvalid,
};
use mta_sts::sts::apply::Checked;
use mta_sts::sts::fetch::TransportFailure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, NameConstraints, SanType,
    date_time_ymd,
};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, DnsName, InvalidSignature, SignatureVerificationAlgorithm,
    TrustAnchor, UnixTime, alg_id,
};

const MAIL: &str = "mail.example.com";

/// The first of June, 2030.
const NOW: u64 = 1_906_502_400;

type Algorithms = &'static [&'static dyn SignatureVerificationAlgorithm];

const PROVIDERS: &[(&str, Algorithms)] = &[
    ("ring", RING_ALGORITHMS),
    #[cfg(feature = "aws-lc-rs")]
    ("aws-lc-rs", certificate::AWS_LC_RS_ALGORITHMS),
];

// Making certificates. Each has a distinguished name of its own, since rcgen's default is
// one and the same.

type Ca = CertifiedIssuer<'static, KeyPair>;
type Der = CertificateDer<'static>;

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// A host's certificate: valid throughout 2030, for TLS servers and clients.
fn host(names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "host");
    params.not_before = date_time_ymd(2030, 1, 1);
    params.not_after = date_time_ymd(2031, 1, 1);
    params.subject_alt_names =
        names.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// A CA's certificate: valid for the twenties and thirties.
fn ca(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root() -> Ca {
    Ca::self_signed(ca("root"), key()).unwrap()
}

fn below(issuer: &Ca, params: CertificateParams) -> Ca {
    Ca::signed_by(params, key(), issuer).unwrap()
}

fn issued(issuer: &Ca, params: CertificateParams) -> Der {
    params.signed_by(&key(), issuer).unwrap().into()
}

fn self_signed(params: CertificateParams) -> Der {
    params.self_signed(&key()).unwrap().into()
}

fn der(ca: &Ca) -> Der {
    ca.der().clone()
}

// Checking them.

struct Check<'a> {
    chain: Vec<Der>,
    roots: Vec<Der>,
    host: &'a str,
    now: u64,
    only: fn(&dyn SignatureVerificationAlgorithm) -> bool,
}

/// A check of `chain` for mail.example.com, now, with one root.
fn check(chain: &[Der], root: &Ca) -> Check<'static> {
    Check { chain: chain.to_vec(), roots: vec![der(root)], host: MAIL, now: NOW, only: |_| true }
}

impl Check<'_> {
    fn with(&self, algorithms: Algorithms) -> Result<(), certificate::CertificateFailure> {
        let roots: Vec<TrustAnchor<'_>> =
            self.roots.iter().map(|root| certificate::trust_anchor(root).unwrap()).collect();
        let algorithms: Vec<_> =
            algorithms.iter().copied().filter(|algorithm| (self.only)(*algorithm)).collect();
        let host = DnsName::try_from(self.host).unwrap();
        certificate::verify(&self.chain, &host, &roots, &algorithms, seconds(self.now))
    }

    #[track_caller]
    fn accepted(&self) {
        for (provider, algorithms) in PROVIDERS {
            let checked = self.with(algorithms);
            assert_eq!(checked, Ok(()), "{provider}");
            assert_eq!(Checked::from(checked), Checked::Valid);
        }
    }

    /// Refused by each provider: as an MX host's certificate with this type and reason, as
    /// a policy host's with the same reason; and shown with all causes.
    #[track_caller]
    fn refused(&self, result: ResultType, reason: Reason, shown: &str) {
        for (provider, algorithms) in PROVIDERS {
            let error = self.with(algorithms).unwrap_err();
            assert_eq!(error.to_string(), shown, "{provider}");
            let mx = error.failure();
            assert_eq!((mx.result_type(), mx.reason_code()), (result, reason), "{provider}");
            let policy_host = error.policy_host_failure();
            assert_eq!(policy_host.result_type(), StsWebpkiInvalid, "{provider}");
            assert_eq!(policy_host.reason_code(), reason, "{provider}");
            assert_eq!(error.causes()[0].failure(), mx, "{provider}");
            // So does the sender take it.
            assert_eq!(TransportFailure::from(&error).failure(), policy_host);
            assert_eq!(Checked::from(Err(error)), Checked::Invalid(mx));
        }
    }
}

fn seconds(since_epoch: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(since_epoch))
}

const UNKNOWN_ISSUER: &str = "no path to a trusted root (certificates sent: 1, trusted roots: 1)";
const SELF_SIGNED: &str = "expected a certificate of a trusted CA, found a self-signed one";

// What is accepted.

#[test]
fn snd_4_a_chain_to_a_root_is_valid() {
    let root = root();
    check(&[issued(&root, host(&[MAIL]))], &root).accepted();

    let issuing = below(&root, ca("issuing"));
    let chain = [issued(&issuing, host(&["other.example", MAIL])), der(&issuing)];
    check(&chain, &root).accepted();
    let with_root = [&chain[..], &[der(&root)]].concat();
    check(&with_root, &root).accepted();
    Check { roots: vec![der(&issuing)], ..check(&chain[..1], &root) }.accepted();
}

#[test]
fn fet_1_a_policy_host_is_checked_alike() {
    let root = root();
    let chain = [issued(&root, host(&["*.example.com"]))];
    Check { host: "mta-sts.example.com", ..check(&chain, &root) }.accepted();
    Check { host: "mta-sts.sub.example.com", ..check(&chain, &root) }.refused(
        CertificateHostMismatch,
        Reason::CertificateHostMismatch,
        "expected the name `mta-sts.sub.example.com`, found `*.example.com`",
    );
}

#[test]
fn snd_4_the_order_of_a_chain_is_free() {
    let root = root();
    let upper = below(&root, ca("upper"));
    let lower = below(&upper, ca("lower"));
    let stray = Ca::self_signed(ca("stray"), key()).unwrap();
    let chain = [issued(&lower, host(&[MAIL])), der(&stray), der(&root), der(&upper), der(&lower)];
    check(&chain, &root).accepted();
    let garbage: Der = b"garbage".to_vec().into();
    check(&[chain[0].clone(), garbage, der(&upper), der(&lower)], &root).accepted();
}

#[test]
fn snd_4_names_are_compared_without_case() {
    let root = root();
    let chain = [issued(&root, host(&["Mail.Example.COM", "_dc-mx.example.net"]))];
    for host in [MAIL, "MAIL.example.com", "mail.example.com.", "_DC-mx.example.net"] {
        Check { host, ..check(&chain, &root) }.accepted();
    }
    let chain = [issued(&root, host(&["xn--bcher-kva.example"]))];
    Check { host: "XN--bcher-KVA.example", ..check(&chain, &root) }.accepted();
    let chain = [issued(&root, host(&["*.EXAMPLE.com"]))];
    for host in [MAIL, "xn--bcher-kva.example.com", "_dc-mx.example.com"] {
        Check { host, ..check(&chain, &root) }.accepted();
    }
}

#[test]
fn snd_4_a_certificate_is_valid_to_its_last_second() {
    let root = root();
    let chain = [issued(&root, host(&[MAIL]))];
    let (first, last) = (1_893_456_000, 1_924_992_000);
    Check { now: first, ..check(&chain, &root) }.accepted();
    Check { now: last, ..check(&chain, &root) }.accepted();
    Check { now: last + 1, ..check(&chain, &root) }.refused(
        CertificateExpired,
        Reason::CertificateExpired,
        "expired at Unix time 1924992000, now 1924992001",
    );
    Check { now: first - 1, ..check(&chain, &root) }.refused(
        CertificateNotTrusted,
        Reason::CertificateNotYetValid,
        "valid from Unix time 1893456000, now 1893455999",
    );
}

#[test]
fn snd_4_a_certificate_without_extended_key_usage_is_for_all() {
    let root = root();
    let mut params = host(&[MAIL]);
    params.extended_key_usages.clear();
    check(&[issued(&root, params)], &root).accepted();
}

// Names.

#[test]
fn snd_4_the_name_must_be_a_dns_id() {
    let root = root();
    let mismatch = |params: CertificateParams, host: &str, found: &str| {
        let shown = format!("expected the name `{host}`, found {found}");
        let chain = [issued(&root, params)];
        let check = Check { host, ..check(&chain, &root) };
        check.refused(CertificateHostMismatch, Reason::CertificateHostMismatch, &shown);
    };
    mismatch(host(&["example.com", "mx.example.com"]), MAIL, "`example.com`, `mx.example.com`");

    let mut only_common_name = host(&[]);
    only_common_name.distinguished_name.push(DnType::CommonName, MAIL);
    mismatch(only_common_name, MAIL, "no name");

    let mut only_address = host(&[]);
    only_address.subject_alt_names = vec![
        SanType::IpAddress([192, 0, 2, 1].into()),
        SanType::URI("https://mail.example.com".try_into().unwrap()),
        SanType::Rfc822Name(MAIL.try_into().unwrap()),
    ];
    mismatch(
        only_address,
        MAIL,
        "`IpAddress(192.0.2.1)`, `UniformResourceIdentifier(\"https://mail.example.com\")`, \
         `Unsupported(0x01)`",
    );
    assert!(DnsName::try_from("192.0.2.1").is_err(), "an address cannot be asked for");

    for (name, host_name) in [
        // Not the whole label.
        ("m*.example.com", MAIL),
        ("*l.example.com", MAIL),
        ("m*l.example.com", MAIL),
        ("xn--*.example.com", "xn--bcher-kva.example.com"),
        // Not the left-most one, or not one only.
        ("mail.*.com", MAIL),
        ("*.*.com", MAIL),
        ("*.*.example.com", "a.b.example.com"),
        ("*.example.com", "a.b.example.com"),
        ("*.example.com", "example.com"),
        ("*.com", "example.com"),
        ("*", "localhost"),
        // No names.
        (".example.com", MAIL),
        ("mail.example.com.", MAIL),
        ("mail.example.com\0.evil.example", MAIL),
        ("", MAIL),
    ] {
        let found = format!("`{}`", name.replace('\0', "\\0"));
        mismatch(host(&[name]), host_name, &found);
    }
}

#[test]
fn all_1_presented_names_are_escaped_and_bounded() {
    let root = root();
    let names: Vec<String> = (0..12).map(|n| format!("\x1b[3{n}m.example")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let chain = [issued(&root, host(&names))];
    let error = check(&chain, &root).with(RING_ALGORITHMS).unwrap_err();
    let CertificateCause::HostMismatch { expected, presented } = &error.causes()[0] else {
        panic!("{error:?}");
    };
    assert_eq!(&**expected, MAIL);
    assert_eq!((presented.as_slice().len(), presented.total()), (MAX_PRESENTED_NAMES, 12));
    assert_eq!(&*presented.as_slice()[0], "\\u{1b}[30m.example");
    assert!(error.to_string().ends_with("`\\u{1b}[34m.example` and 7 more"), "{error}");

    let long = "x".repeat(10_000);
    let chain = [issued(&root, host(&[&long]))];
    let error = check(&chain, &root).with(RING_ALGORITHMS).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("expected the name `{MAIL}`, found `{}…`", "x".repeat(100))
    );
}

// Trust.

#[test]
fn snd_4_self_signed_is_not_trusted() {
    let root = root();
    check(&[self_signed(host(&[MAIL]))], &root).refused(
        CertificateNotTrusted,
        Reason::CertificateSelfSigned,
        SELF_SIGNED,
    );
    // What `openssl req -x509` makes.
    let mut params = host(&[MAIL]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    check(&[self_signed(params)], &root).refused(
        CertificateNotTrusted,
        Reason::CertificateSelfSigned,
        &format!("{SELF_SIGNED}; expected the certificate of a host, found that of a CA"),
    );
}

#[test]
fn snd_4_an_unknown_issuer_is_not_trusted() {
    let (root, other) = (root(), Ca::self_signed(ca("other"), key()).unwrap());
    check(&[issued(&other, host(&[MAIL]))], &root).refused(
        CertificateNotTrusted,
        Reason::CertificateUnknownIssuer,
        UNKNOWN_ISSUER,
    );
    check(&[issued(&other, host(&[MAIL])), der(&other)], &root).refused(
        CertificateNotTrusted,
        Reason::CertificateUnknownIssuer,
        "no path to a trusted root (certificates sent: 2, trusted roots: 1)",
    );
    let chain = [issued(&root, host(&[MAIL]))];
    Check { roots: vec![], ..check(&chain, &root) }.refused(
        CertificateNotTrusted,
        Reason::CertificateUnknownIssuer,
        "no path to a trusted root (certificates sent: 1, trusted roots: 0)",
    );
}

#[test]
fn snd_4_a_missing_intermediate_is_an_unknown_issuer() {
    let root = root();
    let chain = [issued(&below(&root, ca("issuing")), host(&[MAIL]))];
    check(&chain, &root).refused(
        CertificateNotTrusted,
        Reason::CertificateUnknownIssuer,
        UNKNOWN_ISSUER,
    );
    let garbage: Der = b"garbage".to_vec().into();
    check(&[chain[0].clone(), garbage], &root).refused(
        CertificateNotTrusted,
        Reason::CertificateUnknownIssuer,
        "no path to a trusted root (certificates sent: 2, trusted roots: 1); \
         malformed certificate: not in DER, or not the structure of RFC 5280",
    );
}

#[test]
fn snd_4_a_forged_signature_is_not_trusted() {
    let (genuine, forger) = (root(), root());
    check(&[issued(&forger, host(&[MAIL]))], &genuine).refused(
        CertificateNotTrusted,
        Reason::CertificateSignature,
        "wrong signature, or too short a key, in the path to the root",
    );
}

#[test]
fn snd_4_the_constraints_of_a_ca_hold() {
    let root = root();
    let refused = |chain: &[Der], shown: &str| {
        check(chain, &root).refused(CertificateNotTrusted, Reason::CertificateConstraint, shown);
    };
    for (permitted, excluded) in [(vec!["example.org"], vec![]), (vec![], vec!["example.com"])] {
        let subtrees = |names: Vec<&str>| {
            names.into_iter().map(|name| GeneralSubtree::DnsName(name.to_owned())).collect()
        };
        let mut params = ca("constrained");
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: subtrees(permitted),
            excluded_subtrees: subtrees(excluded),
        });
        let constrained = below(&root, params);
        refused(
            &[issued(&constrained, host(&[MAIL])), der(&constrained)],
            "name outside the constraints of a CA",
        );
        let chain = [issued(&constrained, host(&["mail.example.org"])), der(&constrained)];
        Check { host: "mail.example.org", ..check(&chain, &root) }.accepted();
    }

    let mut params = ca("upper");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let upper = below(&root, params);
    let lower = below(&upper, ca("lower"));
    check(&[issued(&upper, host(&[MAIL])), der(&upper)], &root).accepted();
    refused(
        &[issued(&lower, host(&[MAIL])), der(&lower), der(&upper)],
        "more CAs in the path than one of them allows",
    );

    let no_ca = below(&root, host(&["other.example"]));
    let mut params = host(&[MAIL]);
    params.distinguished_name.push(DnType::CommonName, "another host");
    refused(
        &[issued(&no_ca, params), der(&no_ca)],
        "issued by a certificate that is not that of a CA",
    );
}

#[test]
fn snd_4_the_purpose_must_be_tls_servers() {
    let root = root();
    let refused = |chain: &[Der], found: &str| {
        check(chain, &root).refused(
            CertificateNotTrusted,
            Reason::CertificatePurpose,
            &format!("expected the extended key usage serverAuth, found {found}"),
        );
    };
    let with = |mut params: CertificateParams, usages: &[ExtendedKeyUsagePurpose]| {
        params.extended_key_usages = usages.to_vec();
        params
    };
    use ExtendedKeyUsagePurpose as Usage;
    refused(&[issued(&root, with(host(&[MAIL]), &[Usage::ClientAuth]))], "clientAuth");
    refused(
        &[issued(
            &root,
            with(
                host(&[MAIL]),
                &[
                    Usage::EmailProtection,
                    Usage::Other(vec![1, 3, 6, 1, 4, 1, 311, 10, 3, 4]),
                    Usage::CodeSigning,
                    Usage::TimeStamping,
                    Usage::Other(vec![1, 2, 3]),
                    Usage::OcspSigning,
                ],
            ),
        )],
        "emailProtection, other, codeSigning, timeStamping, OCSPSigning",
    );
    refused(&[issued(&root, with(host(&[MAIL]), &[Usage::Any]))], "anyExtendedKeyUsage");
    let mail_only = below(&root, with(ca("mail"), &[Usage::EmailProtection]));
    refused(&[issued(&mail_only, host(&[MAIL])), der(&mail_only)], "emailProtection");
}

#[test]
fn snd_4_a_certificate_of_a_ca_is_not_a_hosts() {
    let root = root();
    let mut params = host(&[MAIL]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let shown = "expected the certificate of a host, found that of a CA";
    check(&[issued(&root, params.clone())], &root).refused(
        CertificateNotTrusted,
        Reason::CertificateIsCa,
        shown,
    );
    // What an unknown CA has issued to a CA: webpki does not look on.
    let other = Ca::self_signed(ca("other"), key()).unwrap();
    check(&[issued(&other, params.clone())], &root).refused(
        CertificateNotTrusted,
        Reason::CertificateIsCa,
        shown,
    );
    let of_root = Ca::self_signed(params, key()).unwrap();
    check(&[der(&of_root)], &of_root).refused(
        CertificateNotTrusted,
        Reason::CertificateIsCa,
        shown,
    );
}

#[test]
fn snd_4_only_the_given_algorithms_count() {
    let root = root();
    let chain = [issued(&root, host(&[MAIL]))];
    let id = |algorithm: &dyn SignatureVerificationAlgorithm| {
        algorithm.signature_alg_id() == alg_id::ECDSA_SHA256
    };
    assert!(RING_ALGORITHMS.iter().any(|algorithm| id(*algorithm)));
    Check { only: |one| one.signature_alg_id() != alg_id::ECDSA_SHA256, ..check(&chain, &root) }
        .refused(
            CertificateNotTrusted,
            Reason::CertificateAlgorithm,
            "signature algorithm 1.2.840.10045.4.3.2 is not accepted",
        );
    Check { only: |one| one.public_key_alg_id() != alg_id::ECDSA_P256, ..check(&chain, &root) }
        .refused(
            CertificateNotTrusted,
            Reason::CertificateAlgorithm,
            "signature algorithm 1.2.840.10045.4.3.2 is not accepted with a key of \
         1.2.840.10045.2.1 1.2.840.10045.3.1.7",
        );
    Check { only: |_| false, ..check(&chain, &root) }.refused(
        CertificateNotTrusted,
        Reason::CertificateAlgorithm,
        "signature algorithm 1.2.840.10045.4.3.2 is not accepted",
    );
}

#[test]
fn snd_4_modern_algorithms_are_accepted() {
    for algorithm in
        [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519]
    {
        let root = Ca::self_signed(ca("root"), KeyPair::generate_for(algorithm).unwrap()).unwrap();
        check(&[issued(&root, host(&[MAIL]))], &root).accepted();
    }
    let (rsa_root, short): (Der, Der) = (
        include_bytes!("support/certificates/rsa-root.der")[..].into(),
        include_bytes!("support/certificates/rsa-root-short.der")[..].into(),
    );
    let any = root();
    let rsa = |chain: &[Der]| Check {
        roots: vec![rsa_root.clone(), short.clone()],
        ..check(chain, &any)
    };
    rsa(&[include_bytes!("support/certificates/rsa-pkcs1.der")[..].into()]).accepted();
    rsa(&[include_bytes!("support/certificates/rsa-pss.der")[..].into()]).accepted();
    rsa(&[include_bytes!("support/certificates/rsa-sha1.der")[..].into()]).refused(
        CertificateNotTrusted,
        Reason::CertificateAlgorithm,
        "signature algorithm 1.2.840.113549.1.1.5 is not accepted",
    );
    rsa(&[include_bytes!("support/certificates/rsa-short.der")[..].into()]).refused(
        CertificateNotTrusted,
        Reason::CertificateSignature,
        "wrong signature, or too short a key, in the path to the root",
    );
}

/// Names of algorithms: of the key, and of the signature.
fn names(algorithms: Algorithms) -> BTreeSet<(Vec<u8>, Vec<u8>)> {
    let id = |one: &&dyn SignatureVerificationAlgorithm| {
        (one.public_key_alg_id().to_vec(), one.signature_alg_id().to_vec())
    };
    algorithms.iter().map(id).collect()
}

#[test]
fn snd_4_the_sets_of_algorithms_differ_by_p_521_only() {
    assert_eq!(names(RING_ALGORITHMS).len(), RING_ALGORITHMS.len(), "each once");
    assert_eq!(RING_ALGORITHMS.len(), 14);
    #[cfg(feature = "aws-lc-rs")]
    {
        let aws = names(certificate::AWS_LC_RS_ALGORITHMS);
        assert_eq!(aws.len(), certificate::AWS_LC_RS_ALGORITHMS.len(), "each once");
        let more: Vec<_> = aws.difference(&names(RING_ALGORITHMS)).cloned().collect();
        let p_521 = (alg_id::ECDSA_P521.to_vec(), alg_id::ECDSA_SHA512.to_vec());
        assert_eq!(more, [p_521]);
        assert!(aws.is_superset(&names(RING_ALGORITHMS)));
    }
}

// What cannot be read.

#[test]
fn rpt_6_what_cannot_be_read_is_not_trusted() {
    let root = root();
    let refused = |chain: &[Der], what: &str| {
        check(chain, &root).refused(
            CertificateNotTrusted,
            Reason::CertificateMalformed,
            &format!("malformed certificate: {what}"),
        );
    };
    const ENCODING: &str = "not in DER, or not the structure of RFC 5280";
    let good = issued(&root, host(&[MAIL]));
    refused(&[b"garbage".to_vec().into()], ENCODING);
    refused(&[b"".to_vec().into(), good.clone()], ENCODING);
    refused(&[good[..good.len() - 1].to_vec().into()], ENCODING);
    refused(&[[&good[..], b"x"].concat().into()], ENCODING);

    let mut params = host(&[MAIL]);
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
    refused(&[issued(&root, params)], "unknown critical extension");

    let mut params = host(&[MAIL]);
    params.not_after = date_time_ymd(2029, 1, 1);
    refused(&[issued(&root, params)], "validity that ends before it begins");

    // Names of which the first cannot be read.
    let mut params = host(&[]);
    let names = CustomExtension::from_oid_content(&[2, 5, 29, 17], vec![0x30, 2, 0x82, 9]);
    params.custom_extensions.push(names);
    refused(&[issued(&root, params.clone())], ENCODING);
    // The check of constraints and that of the name find the same: it is said once.
    let mut constrained = ca("constrained");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
        excluded_subtrees: vec![],
    });
    let constrained = below(&root, constrained);
    refused(&[issued(&constrained, params), der(&constrained)], ENCODING);

    let error = certificate::trust_anchor(&b"garbage".to_vec().into()).unwrap_err();
    assert_eq!(error.to_string(), format!("malformed certificate: {ENCODING}"));
}

#[test]
fn rpt_6_no_certificate_is_not_trusted() {
    check(&[], &root()).refused(
        CertificateNotTrusted,
        Reason::CertificateMissing,
        "expected a certificate, found none",
    );
}

#[test]
fn all_2_chains_are_bounded() {
    let root = root();
    let refused = |chain: &[Der], shown: &str| {
        check(chain, &root).refused(CertificateNotTrusted, Reason::CertificateMalformed, shown);
    };
    let good = issued(&root, host(&[MAIL]));
    check(&vec![good.clone(); MAX_CHAIN_LEN], &root).accepted();
    refused(&vec![good.clone(); MAX_CHAIN_LEN + 1], "expected at most 8 certificates, found 9");
    let rest: Der = vec![0; MAX_CHAIN_OCTETS - good.len()].into();
    check(&[good.clone(), rest.clone()], &root).accepted();
    refused(
        &[good.clone(), [&rest[..], &[0]].concat().into()],
        "expected at most 65536 octets of certificates, found 65537",
    );
}

#[test]
fn all_2_a_chain_made_to_be_costly_is_given_up() {
    let root = root();
    // Each could be the issuer of each.
    let maze: Vec<Der> = (1..MAX_CHAIN_LEN).map(|_| self_signed(ca("maze"))).collect();
    let entrance = Ca::self_signed(ca("maze"), key()).unwrap();
    let mut params = host(&[MAIL]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.not_after = date_time_ymd(2030, 2, 1);
    let chain = [vec![issued(&entrance, params)], maze].concat();
    let error = check(&chain, &root).with(RING_ALGORITHMS).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expired at Unix time 1896134400, now 1906502400; \
         expected the extended key usage serverAuth, found clientAuth; \
         no path to a trusted root found within the bounds of the search",
    );
}

/// Refuses every signature, and counts them.
#[derive(Debug, Default)]
struct NoSignature(AtomicUsize);

impl SignatureVerificationAlgorithm for NoSignature {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

#[test]
fn all_2_a_fault_that_cannot_be_set_aside_ends_the_search() {
    let root = root();
    let algorithm = NoSignature::default();
    let anchor = der(&root);
    let error = certificate::verify(
        &[issued(&root, host(&[MAIL])), der(&below(&root, ca("unrelated")))],
        &DnsName::try_from(MAIL).unwrap(),
        &[certificate::trust_anchor(&anchor).unwrap()],
        &[&algorithm],
        seconds(NOW),
    );
    assert_eq!(error.unwrap_err().causes(), [CertificateCause::Signature]);
    assert_eq!(algorithm.0.into_inner(), 1, "signatures were checked again");
}

// Several causes.

#[test]
fn snd_4_all_causes_are_kept_and_the_first_decides() {
    let (root, other) = (root(), Ca::self_signed(ca("other"), key()).unwrap());
    let mut params = host(&["mx.example.net"]);
    params.not_after = date_time_ymd(2030, 2, 1);
    const EXPIRED: &str = "expired at Unix time 1896134400, now 1906502400";
    const MISMATCH: &str = "expected the name `mail.example.com`, found `mx.example.net`";
    let chain = [issued(&other, params.clone())];
    check(&chain, &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        &format!("{EXPIRED}; {MISMATCH}; {UNKNOWN_ISSUER}"),
    );
    let error = check(&chain, &root).with(RING_ALGORITHMS).unwrap_err();
    let [CertificateCause::Expired { not_after, now }, mismatch, unknown] = error.causes() else {
        panic!("{error:?}");
    };
    assert_eq!((*not_after, *now), (seconds(1_896_134_400), seconds(NOW)));
    assert!(matches!(mismatch, CertificateCause::HostMismatch { .. }));
    assert_eq!(*unknown, CertificateCause::UnknownIssuer { sent: 1, roots: 1 });

    check(&[issued(&root, params.clone())], &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        &format!("{EXPIRED}; {MISMATCH}"),
    );
    check(&[issued(&other, host(&["mx.example.net"]))], &root).refused(
        CertificateHostMismatch,
        Reason::CertificateHostMismatch,
        &format!("{MISMATCH}; {UNKNOWN_ISSUER}"),
    );

    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    check(&[self_signed(params.clone())], &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        &format!(
            "{EXPIRED}; {MISMATCH}; {SELF_SIGNED}; \
             expected the extended key usage serverAuth, found clientAuth"
        ),
    );
    let mut old = ca("old");
    old.not_after = date_time_ymd(2030, 1, 15);
    let old = below(&other, old);
    let garbage: Der = b"garbage".to_vec().into();
    check(&[issued(&old, params.clone()), der(&old), garbage], &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        &format!(
            "{EXPIRED}; expired at Unix time 1894665600, now 1906502400; {MISMATCH}; \
             no path to a trusted root (certificates sent: 3, trusted roots: 1); \
             expected the extended key usage serverAuth, found clientAuth; \
             malformed certificate: not in DER, or not the structure of RFC 5280"
        ),
    );

    params.not_before = date_time_ymd(2031, 1, 1);
    params.not_after = date_time_ymd(2032, 1, 1);
    check(&[self_signed(params)], &root).refused(
        CertificateHostMismatch,
        Reason::CertificateHostMismatch,
        &format!(
            "{MISMATCH}; valid from Unix time 1924992000, now 1906502400; {SELF_SIGNED}; \
             expected the extended key usage serverAuth, found clientAuth"
        ),
    );
}

#[test]
fn snd_4_the_whole_path_must_be_in_time() {
    let root = root();
    let valid = |name: &str, from: i32, to: i32| {
        let mut params = ca(name);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        below(&root, params)
    };
    const EXPIRED: &str = "expired at Unix time 1893456000, now 1906502400";
    let old = valid("old", 2020, 2030);
    check(&[issued(&old, host(&[MAIL])), der(&old)], &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        EXPIRED,
    );
    let new = valid("new", 2031, 2040);
    check(&[issued(&new, host(&[MAIL])), der(&new)], &root).refused(
        CertificateNotTrusted,
        Reason::CertificateNotYetValid,
        "valid from Unix time 1924992000, now 1906502400",
    );

    let mut params = host(&[MAIL]);
    params.not_before = date_time_ymd(2022, 1, 1);
    params.not_after = date_time_ymd(2024, 1, 1);
    const LONG_EXPIRED: &str = "expired at Unix time 1704067200, now 1906502400";
    // The CA was not there yet when the certificate expired: no fault by now.
    let later = valid("later", 2025, 2040);
    check(&[issued(&later, params.clone()), der(&later)], &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        LONG_EXPIRED,
    );
    // Both at once.
    check(&[issued(&new, params.clone()), der(&new)], &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        &format!("{LONG_EXPIRED}; valid from Unix time 1924992000, now 1906502400"),
    );
    let older = valid("older", 2020, 2023);
    check(&[issued(&older, params), der(&older)], &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        &format!("{LONG_EXPIRED}; expired at Unix time 1672531200, now 1906502400"),
    );
    // The host's certificate is yet to come, the CA's has gone.
    let mut params = host(&[MAIL]);
    params.not_before = date_time_ymd(2031, 1, 1);
    params.not_after = date_time_ymd(2032, 1, 1);
    check(&[issued(&old, params), der(&old)], &root).refused(
        CertificateExpired,
        Reason::CertificateExpired,
        &format!("{EXPIRED}; valid from Unix time 1924992000, now 1906502400"),
    );
}

// Laws.

/// One step of damage to a chain in DER.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Repeat(Index, usize),
    Cut(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        8 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        1 => at().prop_map(Damage::Remove),
        1 => (at(), 1..2_000_usize).prop_map(|(at, len)| Damage::Repeat(at, len)),
        1 => at().prop_map(Damage::Cut),
    ]
}

fn damaged(mut bytes: Vec<u8>, steps: &[Damage]) -> Vec<u8> {
    for step in steps {
        let len = bytes.len();
        match step {
            _ if len == 0 => {}
            Damage::Set(at, byte) => bytes[at.index(len)] = *byte,
            Damage::Insert(at, byte) => bytes.insert(at.index(len), *byte),
            Damage::Remove(at) => _ = bytes.remove(at.index(len)),
            Damage::Repeat(at, more) => {
                let at = at.index(len);
                bytes.extend_from_within(at..len.min(at + more));
            }
            Damage::Cut(at) => bytes.truncate(at.index(len)),
        }
    }
    bytes
}

proptest! {
    #[test]
    fn all_2_any_bytes_obey_the_laws(bytes in vec(any::<u8>(), 0..2_000)) {
        laws::certificate(&bytes);
    }

    #[test]
    fn all_2_damaged_chains_obey_the_laws(steps in vec(damage(), 0..4)) {
        laws::certificate(&damaged(laws::CHAIN.to_vec(), &steps));
    }
}

#[test]
fn snd_4_the_chain_of_the_laws_is_valid() {
    assert!(laws::accepts(laws::CHAIN));
    assert!(!laws::accepts(&laws::CHAIN[..laws::CHAIN.len() - 1]));
}

/// Writes the root and the chains of `support/certificates.rs` and of the fuzz target.
#[test]
#[ignore = "for when they have to change: their keys are thrown away"]
fn write_the_certificates_of_the_laws() {
    let root = root();
    let mut params = ca("issuing");
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
        excluded_subtrees: vec![GeneralSubtree::DnsName("secret.example.com".to_owned())],
    });
    let issuing = below(&root, params);
    let upper = below(&root, ca("upper"));
    let lower = below(&upper, ca("lower"));
    let dated = |names: &[&str], from: i32, to: i32| {
        let mut params = host(names);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        params
    };
    let mut for_clients = host(&[MAIL]);
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut of_ca = host(&[MAIL]);
    of_ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut with_addresses = host(&[MAIL]);
    with_addresses.subject_alt_names.insert(0, SanType::IpAddress([192, 0, 2, 1].into()));

    let mut old = ca("old");
    old.not_after = date_time_ymd(2030, 1, 1);
    let old = below(&root, old);

    let valid = [issued(&issuing, host(&["www.example.com", MAIL])), der(&issuing)];
    let disorder = [issued(&lower, host(&[MAIL])), der(&root), der(&upper), der(&lower)];
    let many: Vec<String> = (0..30).map(|n| format!("mx{n}.example.net")).collect();
    let many: Vec<&str> = many.iter().map(|name| &**name).collect();
    let of_root = |params: CertificateParams| vec![issued(&root, params)];
    let seeds: [(&str, Vec<Der>); 16] = [
        ("valid", valid.to_vec()),
        ("valid-by-root", of_root(host(&[MAIL]))),
        ("valid-wildcard", of_root(host(&["*.example.com"]))),
        ("valid-addresses", of_root(with_addresses)),
        ("valid-disorder", disorder.to_vec()),
        ("expired", of_root(dated(&[MAIL], 2028, 2029))),
        ("expired-ca", vec![issued(&old, host(&[MAIL])), der(&old)]),
        ("not-yet-valid", of_root(dated(&[MAIL], 2031, 2032))),
        ("everything-wrong", vec![self_signed(dated(&["mx.example.net"], 2028, 2029))]),
        ("many-names", of_root(host(&many))),
        ("constraint", vec![issued(&issuing, host(&["mail.example.net"])), der(&issuing)]),
        ("purpose", of_root(for_clients)),
        ("ca", of_root(of_ca)),
        ("missing-intermediate", valid[..1].to_vec()),
        ("garbage", vec![b"garbage".to_vec().into()]),
        ("empty", vec![]),
    ];
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let write = |path: &str, chain: &[Der]| {
        let bytes: Vec<u8> = chain.iter().flat_map(|one| one.to_vec()).collect();
        fs::write(here.join(path), bytes).unwrap();
    };
    write("tests/support/certificates/root.der", &[der(&root)]);
    write("tests/support/certificates/chain.der", &valid);
    fs::create_dir_all(here.join("fuzz/seeds/certificate")).unwrap();
    for (name, chain) in seeds {
        write(&format!("fuzz/seeds/certificate/{name}"), &chain);
    }
}

//! What holds of every chain of certificates, whatever it is: laws that a property test and
//! a fuzz target assert alike. The root, the host and the time are fixed.

use core::time::Duration;

use mta_sts::certificate::{
    self, CertificateCause, CertificateFailure, MAX_CHAIN_LEN, RING_ALGORITHMS,
};
use mta_sts::failure::ResultType;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, DnsName, InvalidSignature, SignatureVerificationAlgorithm,
    UnixTime, alg_id,
};

/// A chain that is valid for mail.example.com throughout 2030, host first.
#[allow(dead_code, reason = "only the tests begin with it")]
pub(crate) const CHAIN: &[u8] = include_bytes!("certificates/chain.der");

const ROOT: &[u8] = include_bytes!("certificates/root.der");

/// The first of June, 2030.
const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_906_502_400));

/// RFC 8461 §3.3, §4.2. `bytes` are certificates one after the other.
pub(crate) fn certificate(bytes: &[u8]) {
    let chain = split(bytes);
    let genuine = verified(&chain, RING_ALGORITHMS);
    let any_signature = verified(&chain, &[&AnySignature]);
    assert!(genuine.is_err() || any_signature.is_ok(), "a signature only ever refuses");
    for result in [genuine, any_signature] {
        match result {
            Ok(()) => accepted(&chain),
            Err(failed) => refused(&failed),
        }
    }
}

/// Whether the chain in `bytes` is accepted.
#[allow(dead_code, reason = "only the tests ask")]
pub(crate) fn accepts(bytes: &[u8]) -> bool {
    verified(&split(bytes), RING_ALGORITHMS).is_ok()
}

fn verified(
    chain: &[CertificateDer<'_>],
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), CertificateFailure> {
    let root = CertificateDer::from(ROOT);
    let roots = [certificate::trust_anchor(&root).expect("a certificate")];
    let verify = |host: &str| {
        let host = DnsName::try_from(host).expect("a name");
        certificate::verify(chain, &host, &roots, algorithms, NOW)
    };
    let result = verify("mail.example.com");
    let in_capitals = verify("MAIL.EXAMPLE.COM");
    assert_eq!(
        in_capitals.map_err(|failed| failed.failure()),
        result.clone().map_err(|failed| failed.failure())
    );
    result
}

fn accepted(chain: &[CertificateDer<'_>]) {
    assert!(chain.len() <= MAX_CHAIN_LEN);
    let certificate = chain[0].to_ascii_lowercase();
    let has = |name: &[u8]| {
        // dNSName of RFC 5280 §4.2.1.6, in DER.
        let encoded = [&[0x82, u8::try_from(name.len()).expect("a short one")], name].concat();
        certificate.windows(encoded.len()).any(|bytes| bytes == encoded)
    };
    assert!(has(b"mail.example.com") || has(b"*.example.com"));
}

fn refused(failed: &CertificateFailure) {
    let first = failed.causes().first().expect("a failure has a cause");
    assert_eq!(failed.failure(), first.failure());
    let policy_host = failed.policy_host_failure();
    assert_eq!(policy_host.result_type(), ResultType::StsWebpkiInvalid);
    assert_eq!(policy_host.reason_code(), first.failure().reason_code());

    let order = [
        ResultType::CertificateExpired,
        ResultType::CertificateHostMismatch,
        ResultType::CertificateNotTrusted,
    ];
    let place = |cause: &CertificateCause| {
        let result = cause.failure().result_type();
        order.iter().position(|one| *one == result).expect("one of the three")
    };
    assert!(failed.causes().is_sorted_by_key(place), "{failed}");
    for (n, cause) in failed.causes().iter().enumerate() {
        assert!(!failed.causes()[..n].contains(cause), "twice: {cause}");
        match cause {
            CertificateCause::Expired { not_after, now } => assert!(not_after < now && *now == NOW),
            CertificateCause::NotYetValid { not_before, now } => {
                assert!(now < not_before && *now == NOW);
            }
            _ => {}
        }
    }

    for shown in [failed.to_string(), format!("{failed:?}")] {
        assert!(shown.len() < 8_000, "{} octets", shown.len());
        assert!(
            !shown.contains(|c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))
        );
    }
}

/// The certificates: values in DER with a length in two octets, as those of certificates
/// are, and the rest.
fn split(mut bytes: &[u8]) -> Vec<CertificateDer<'_>> {
    let mut chain = Vec::new();
    while let [0x30, 0x82, high, low, ..] = bytes {
        let len = 4 + usize::from(u16::from_be_bytes([*high, *low]));
        let (one, rest) = bytes.split_at(len.min(bytes.len()));
        chain.push(one.into());
        bytes = rest;
    }
    if !bytes.is_empty() {
        chain.push(bytes.into());
    }
    chain
}

/// Accepts every signature, so that damage to what was signed gets past it.
#[derive(Debug)]
struct AnySignature;

impl SignatureVerificationAlgorithm for AnySignature {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

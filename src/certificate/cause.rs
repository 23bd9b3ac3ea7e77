//! What the errors of webpki mean.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use rustls_pki_types::{ServerName, UnixTime};
use webpki::{Error, InvalidNameContext};

use super::failure::{CertificateCause, Malformation, PresentedNames};
use crate::escape::escape;

/// What a cause says beside webpki's error.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub(super) now: UnixTime,
    pub(super) sent: usize,
    pub(super) roots: usize,
    pub(super) is_self_issued: bool,
}

impl Facts {
    /// Whether a cause found with another time in mind is one now.
    pub(super) fn holds(&self, cause: &CertificateCause) -> bool {
        match cause {
            CertificateCause::Expired { not_after, .. } => *not_after < self.now,
            CertificateCause::NotYetValid { not_before, .. } => self.now < *not_before,
            _ => true,
        }
    }

    /// What each error of webpki 0.103 means.
    ///
    /// Those about revocation lists cannot come, since none are given. They, and those
    /// of later releases, are failures without a name, never successes.
    #[allow(deprecated, reason = "webpki may still return them")]
    pub(super) fn cause(&self, error: &Error) -> CertificateCause {
        match error {
            Error::CertExpired { not_after, .. } => {
                CertificateCause::Expired { not_after: *not_after, now: self.now }
            }
            Error::CertNotValidForName(InvalidNameContext {
                expected: ServerName::DnsName(expected),
                presented,
            }) => CertificateCause::HostMismatch {
                expected: expected.as_ref().into(),
                presented: PresentedNames::new(presented),
            },
            Error::CertNotValidYet { not_before, .. } => {
                CertificateCause::NotYetValid { not_before: *not_before, now: self.now }
            }
            Error::UnknownIssuer if self.is_self_issued => CertificateCause::SelfSigned,
            Error::UnknownIssuer => {
                CertificateCause::UnknownIssuer { sent: self.sent, roots: self.roots }
            }
            Error::InvalidSignatureForPublicKey => CertificateCause::Signature,
            Error::UnsupportedSignatureAlgorithmContext(found) => {
                CertificateCause::Algorithm { algorithm: oids(&found.signature_algorithm_id) }
            }
            Error::UnsupportedSignatureAlgorithm
            | Error::UnsupportedSignatureAlgorithmForPublicKey => {
                CertificateCause::Algorithm { algorithm: oids(&[]) }
            }
            Error::UnsupportedSignatureAlgorithmForPublicKeyContext(found) => {
                CertificateCause::KeyAlgorithm {
                    algorithm: oids(&found.signature_algorithm_id),
                    key: oids(&found.public_key_algorithm_id),
                }
            }
            Error::NameConstraintViolation => CertificateCause::NameConstraint,
            Error::PathLenConstraintViolated => CertificateCause::PathLength,
            Error::EndEntityUsedAsCa => CertificateCause::IssuerNotCa,
            Error::RequiredEkuNotFoundContext(usages) => {
                CertificateCause::Purpose { found: purposes(&usages.present) }
            }
            Error::RequiredEkuNotFound | Error::EmptyEkuExtension => {
                CertificateCause::Purpose { found: purposes(&[]) }
            }
            Error::CaUsedAsEndEntity => CertificateCause::IsCa,
            Error::CertRevoked | Error::CertDistrusted => CertificateCause::Revoked,
            Error::MaximumNameConstraintComparisonsExceeded
            | Error::MaximumPathBuildCallsExceeded
            | Error::MaximumPathDepthExceeded
            | Error::MaximumSignatureChecksExceeded => CertificateCause::TooComplex,
            other => {
                malformation(other).map_or(CertificateCause::Unnamed, CertificateCause::Malformed)
            }
        }
    }
}

/// The cause of an error in reading a certificate.
pub(super) fn unreadable(error: &Error) -> CertificateCause {
    CertificateCause::Malformed(malformation(error).unwrap_or(Malformation::Encoding))
}

/// Which part of a certificate an error says cannot be read.
fn malformation(error: &Error) -> Option<Malformation> {
    Some(match error {
        Error::BadDer | Error::TrailingData(_) => Malformation::Encoding,
        Error::UnsupportedCertVersion => Malformation::Version,
        Error::BadDerTime => Malformation::Date,
        Error::InvalidCertValidity => Malformation::Validity,
        Error::InvalidSerialNumber => Malformation::SerialNumber,
        Error::SignatureAlgorithmMismatch => Malformation::SignatureAlgorithm,
        Error::MalformedDnsIdentifier => Malformation::Name,
        Error::MalformedNameConstraint | Error::InvalidNetworkMaskConstraint => {
            Malformation::NameConstraint
        }
        Error::ExtensionValueInvalid | Error::MalformedExtensions => Malformation::Extension,
        Error::UnsupportedCriticalExtension => Malformation::CriticalExtension,
        _ => return None,
    })
}

/// The extended key usages by their names (RFC 5280 §4.2.1.12), each once, those that
/// have none there as `other`.
fn purposes(usages: &[Vec<usize>]) -> Box<str> {
    let mut names: Vec<&str> = Vec::new();
    for usage in usages {
        let name = match **usage {
            [2, 5, 29, 37, 0] => "anyExtendedKeyUsage",
            [1, 3, 6, 1, 5, 5, 7, 3, 1] => "serverAuth",
            [1, 3, 6, 1, 5, 5, 7, 3, 2] => "clientAuth",
            [1, 3, 6, 1, 5, 5, 7, 3, 3] => "codeSigning",
            [1, 3, 6, 1, 5, 5, 7, 3, 4] => "emailProtection",
            [1, 3, 6, 1, 5, 5, 7, 3, 8] => "timeStamping",
            [1, 3, 6, 1, 5, 5, 7, 3, 9] => "OCSPSigning",
            _ => "other",
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { "none".into() } else { names.join(", ").into() }
}

/// The object identifiers at the start of the content of an `AlgorithmIdentifier`, in
/// dotted form: the algorithm and, of an elliptic curve's key, the curve.
fn oids(algorithm: &[u8]) -> Box<str> {
    let mut rest = algorithm;
    let mut dotted: Vec<String> = Vec::new();
    while let Some((oid, after)) = split_oid(rest) {
        dotted.push(oid);
        rest = after;
    }
    if dotted.is_empty() { "unknown".into() } else { escape(&dotted.join(" ")).to_string().into() }
}

/// An `OBJECT IDENTIFIER` in dotted form (X.690 §8.19), and what follows it.
fn split_oid(der: &[u8]) -> Option<(String, &[u8])> {
    let [0x06, len @ ..=0x7f, rest @ ..] = der else { return None };
    let (content, after) = rest.split_at_checked(usize::from(*len))?;
    let mut arcs: Vec<String> = Vec::new();
    let mut value: u64 = 0;
    for byte in content {
        value = value.checked_mul(0x80)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 != 0 {
            continue;
        }
        if arcs.is_empty() {
            let root = (value / 40).min(2);
            arcs.push(root.to_string());
            value = value.saturating_sub(root.saturating_mul(40));
        }
        arcs.push(value.to_string());
        value = 0;
    }
    Some((arcs.join("."), after))
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned as _;
    use alloc::vec;
    use core::time::Duration;

    use webpki::{
        DerTypeId, KeyUsage, RequiredEkuNotFoundContext, UnsupportedSignatureAlgorithmContext,
        UnsupportedSignatureAlgorithmForPublicKeyContext,
    };

    use super::*;
    use crate::failure::ReasonCode as Reason;
    use crate::failure::ResultType::{
        CertificateExpired, CertificateHostMismatch, CertificateNotTrusted,
    };

    const NOW: UnixTime = seconds(1_000);
    const FACTS: Facts = Facts { now: NOW, sent: 2, roots: 3, is_self_issued: false };

    const SHA1_RSA: [u8; 13] = [6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 5, 5, 0];
    const P_521: [u8; 16] = [6, 7, 42, 134, 72, 206, 61, 2, 1, 6, 5, 43, 129, 4, 0, 35];

    const fn seconds(since_epoch: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(since_epoch))
    }

    /// An error, what it means, and how it is shown.
    #[track_caller]
    fn means(error: Error, cause: CertificateCause, reason: Reason, shown: &str) {
        let found = FACTS.cause(&error);
        assert_eq!(found, cause);
        assert_eq!(found.to_string(), shown);
        let result = match reason {
            Reason::CertificateExpired => CertificateExpired,
            Reason::CertificateHostMismatch => CertificateHostMismatch,
            _ => CertificateNotTrusted,
        };
        let failure = found.failure();
        assert_eq!((failure.result_type(), failure.reason_code()), (result, reason));
    }

    #[test]
    fn rpt_6_times_and_names_are_told_apart() {
        means(
            Error::CertExpired { time: seconds(7), not_after: seconds(900) },
            CertificateCause::Expired { not_after: seconds(900), now: NOW },
            Reason::CertificateExpired,
            "expired at Unix time 900, now 1000",
        );
        means(
            Error::CertNotValidYet { time: seconds(7), not_before: seconds(1_100) },
            CertificateCause::NotYetValid { not_before: seconds(1_100), now: NOW },
            Reason::CertificateNotYetValid,
            "valid from Unix time 1100, now 1000",
        );
        let presented = vec!["DnsName(\"a.example\")".to_owned(), "DirectoryName".to_owned()];
        means(
            Error::CertNotValidForName(InvalidNameContext {
                expected: ServerName::try_from("mail.example.com").unwrap(),
                presented: presented.clone(),
            }),
            CertificateCause::HostMismatch {
                expected: "mail.example.com".into(),
                presented: PresentedNames::new(&presented),
            },
            Reason::CertificateHostMismatch,
            "expected the name `mail.example.com`, found `a.example`, `DirectoryName`",
        );
    }

    #[test]
    fn rpt_6_causes_hold_at_their_time_only() {
        let holds = |error: Error| FACTS.holds(&FACTS.cause(&error));
        let expired = |not_after| holds(Error::CertExpired { time: NOW, not_after });
        assert!(expired(seconds(999)) && !expired(NOW) && !expired(seconds(1_001)));
        let not_yet = |not_before| holds(Error::CertNotValidYet { time: NOW, not_before });
        assert!(!not_yet(seconds(999)) && !not_yet(NOW) && not_yet(seconds(1_001)));
        assert!(holds(Error::UnknownIssuer));
    }

    #[test]
    fn rpt_6_faults_of_the_path_are_told_apart() {
        means(
            Error::UnknownIssuer,
            CertificateCause::UnknownIssuer { sent: 2, roots: 3 },
            Reason::CertificateUnknownIssuer,
            "no path to a trusted root (certificates sent: 2, trusted roots: 3)",
        );
        let self_issued = Facts { is_self_issued: true, ..FACTS };
        assert_eq!(self_issued.cause(&Error::UnknownIssuer), CertificateCause::SelfSigned);
        assert_eq!(self_issued.cause(&Error::CertRevoked), CertificateCause::Revoked);
        means(
            Error::InvalidSignatureForPublicKey,
            CertificateCause::Signature,
            Reason::CertificateSignature,
            "wrong signature, or too short a key, in the path to the root",
        );
        for (error, cause, shown) in [
            (
                Error::NameConstraintViolation,
                CertificateCause::NameConstraint,
                "name outside the constraints of a CA",
            ),
            (
                Error::PathLenConstraintViolated,
                CertificateCause::PathLength,
                "more CAs in the path than one of them allows",
            ),
            (
                Error::EndEntityUsedAsCa,
                CertificateCause::IssuerNotCa,
                "issued by a certificate that is not that of a CA",
            ),
        ] {
            means(error, cause, Reason::CertificateConstraint, shown);
        }
        means(
            Error::CaUsedAsEndEntity,
            CertificateCause::IsCa,
            Reason::CertificateIsCa,
            "expected the certificate of a host, found that of a CA",
        );
        for error in [Error::CertRevoked, Error::CertDistrusted] {
            let shown = "revoked, or of a key that must not be trusted";
            means(error, CertificateCause::Revoked, Reason::CertificateRevoked, shown);
        }
        for error in [
            Error::MaximumNameConstraintComparisonsExceeded,
            Error::MaximumPathBuildCallsExceeded,
            Error::MaximumPathDepthExceeded,
            Error::MaximumSignatureChecksExceeded,
        ] {
            let shown = "no path to a trusted root found within the bounds of the search";
            means(error, CertificateCause::TooComplex, Reason::CertificateMalformed, shown);
        }
    }

    #[test]
    #[allow(deprecated, reason = "webpki may still return them")]
    fn rpt_6_algorithms_are_named() {
        means(
            Error::UnsupportedSignatureAlgorithmContext(UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: SHA1_RSA.to_vec(),
                supported_algorithms: vec![],
            }),
            CertificateCause::Algorithm { algorithm: "1.2.840.113549.1.1.5".into() },
            Reason::CertificateAlgorithm,
            "signature algorithm 1.2.840.113549.1.1.5 is not accepted",
        );
        means(
            Error::UnsupportedSignatureAlgorithmForPublicKeyContext(
                UnsupportedSignatureAlgorithmForPublicKeyContext {
                    signature_algorithm_id: SHA1_RSA.to_vec(),
                    public_key_algorithm_id: P_521.to_vec(),
                },
            ),
            CertificateCause::KeyAlgorithm {
                algorithm: "1.2.840.113549.1.1.5".into(),
                key: "1.2.840.10045.2.1 1.3.132.0.35".into(),
            },
            Reason::CertificateAlgorithm,
            "signature algorithm 1.2.840.113549.1.1.5 is not accepted with a key of \
             1.2.840.10045.2.1 1.3.132.0.35",
        );
        for error in
            [Error::UnsupportedSignatureAlgorithm, Error::UnsupportedSignatureAlgorithmForPublicKey]
        {
            means(
                error,
                CertificateCause::Algorithm { algorithm: "unknown".into() },
                Reason::CertificateAlgorithm,
                "signature algorithm unknown is not accepted",
            );
        }
    }

    #[test]
    #[allow(deprecated, reason = "webpki may still return them")]
    fn rpt_6_purposes_are_named() {
        let context = |present: &[&[usize]]| {
            Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext {
                required: KeyUsage::server_auth(),
                present: present.iter().map(|usage| usage.to_vec()).collect(),
            })
        };
        let all: &[&[usize]] = &[
            &[2, 5, 29, 37, 0],
            &[1, 3, 6, 1, 5, 5, 7, 3, 1],
            &[1, 3, 6, 1, 5, 5, 7, 3, 2],
            &[1, 3, 6, 1, 5, 5, 7, 3, 2],
            &[1, 3, 6, 1, 5, 5, 7, 3, 3],
            &[1, 3, 6, 1, 5, 5, 7, 3, 4],
            &[1, 3, 6, 1, 5, 5, 7, 3, 8],
            &[1, 3, 6, 1, 5, 5, 7, 3, 9],
            &[1, 3, 6, 1, 5, 5, 7, 3],
            &[],
        ];
        for (error, found) in [
            (
                context(all),
                "anyExtendedKeyUsage, serverAuth, clientAuth, codeSigning, emailProtection, \
                 timeStamping, OCSPSigning, other",
            ),
            (context(&[]), "none"),
            (Error::EmptyEkuExtension, "none"),
            (Error::RequiredEkuNotFound, "none"),
        ] {
            means(
                error,
                CertificateCause::Purpose { found: found.into() },
                Reason::CertificatePurpose,
                &alloc::format!("expected the extended key usage serverAuth, found {found}"),
            );
        }
    }

    #[test]
    fn rpt_6_what_cannot_be_read_is_told_apart() {
        for (error, part, shown) in [
            (Error::BadDer, Malformation::Encoding, "not in DER, or not the structure of RFC 5280"),
            (
                Error::TrailingData(DerTypeId::Certificate),
                Malformation::Encoding,
                "not in DER, or not the structure of RFC 5280",
            ),
            (Error::UnsupportedCertVersion, Malformation::Version, "version other than 3"),
            (Error::BadDerTime, Malformation::Date, "unreadable date"),
            (
                Error::InvalidCertValidity,
                Malformation::Validity,
                "validity that ends before it begins",
            ),
            (Error::InvalidSerialNumber, Malformation::SerialNumber, "unreadable serial number"),
            (
                Error::SignatureAlgorithmMismatch,
                Malformation::SignatureAlgorithm,
                "two signature algorithms that differ",
            ),
            (Error::MalformedDnsIdentifier, Malformation::Name, "unreadable name"),
            (
                Error::MalformedNameConstraint,
                Malformation::NameConstraint,
                "unreadable name constraint",
            ),
            (
                Error::InvalidNetworkMaskConstraint,
                Malformation::NameConstraint,
                "unreadable name constraint",
            ),
            (
                Error::ExtensionValueInvalid,
                Malformation::Extension,
                "unreadable or repeated extension",
            ),
            (
                Error::MalformedExtensions,
                Malformation::Extension,
                "unreadable or repeated extension",
            ),
            (
                Error::UnsupportedCriticalExtension,
                Malformation::CriticalExtension,
                "unknown critical extension",
            ),
        ] {
            let cause = CertificateCause::Malformed(part);
            assert_eq!(unreadable(&error), cause);
            let shown = alloc::format!("malformed certificate: {shown}");
            means(error, cause, Reason::CertificateMalformed, &shown);
        }
    }

    #[test]
    #[allow(deprecated, reason = "webpki may still return them")]
    fn rpt_6_what_has_no_name_is_not_trusted() {
        let algorithm = UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: vec![],
            supported_algorithms: vec![],
        };
        let algorithms = UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: vec![],
            public_key_algorithm_id: vec![],
        };
        for error in [
            Error::CrlExpired { time: NOW, next_update: NOW },
            Error::InvalidCrlNumber,
            Error::InvalidCrlSignatureForPublicKey,
            Error::IssuerNotCrlSigner,
            Error::UnknownRevocationStatus,
            Error::UnsupportedCrlIssuingDistributionPoint,
            Error::UnsupportedCrlSignatureAlgorithm,
            Error::UnsupportedCrlSignatureAlgorithmContext(algorithm),
            Error::UnsupportedCrlSignatureAlgorithmForPublicKey,
            Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(algorithms),
            Error::UnsupportedCrlVersion,
            Error::UnsupportedDeltaCrl,
            Error::UnsupportedIndirectCrl,
            Error::UnsupportedNameType,
            Error::UnsupportedRevocationReason,
            Error::UnsupportedRevocationReasonsPartitioning,
        ] {
            assert_eq!(
                unreadable(&error),
                CertificateCause::Malformed(Malformation::Encoding),
                "{error}"
            );
            means(
                error,
                CertificateCause::Unnamed,
                Reason::CertificateMalformed,
                "not verified, for a reason that has no name here",
            );
        }
    }

    #[test]
    fn object_identifiers_are_shown_in_dotted_form() {
        for (der, dotted) in [
            (&SHA1_RSA[..], "1.2.840.113549.1.1.5"),
            (&P_521, "1.2.840.10045.2.1 1.3.132.0.35"),
            (&[6, 1, 0], "0.0"),
            (&[6, 1, 39], "0.39"),
            (&[6, 1, 40], "1.0"),
            (&[6, 1, 79], "1.39"),
            (&[6, 1, 80], "2.0"),
            (&[6, 3, 0x88, 0x37, 3], "2.999.3"),
            (&[6, 2, 42, 3, 6, 2, 42, 0x83], "1.2.3 1.2"),
            // No object identifier, or not the whole of it.
            (&[], "unknown"),
            (&[5, 0], "unknown"),
            (&[6], "unknown"),
            (&[6, 2, 42], "unknown"),
            (&[6, 0x81, 1, 42], "unknown"),
            // An arc of more than 64 bits.
            (&[6, 11, 42, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0], "unknown"),
        ] {
            assert_eq!(&*oids(der), dotted);
        }
        let long = [&[6, 127][..], &[42; 127]].concat();
        assert_eq!(oids(&long).chars().count(), 101);
    }
}

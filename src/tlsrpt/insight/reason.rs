//! What the reason codes of other senders mean.

use crate::failure::ReasonCode;

/// The reason code that this text is, or means.
pub(super) fn known(text: &str) -> Option<ReasonCode> {
    let named = text.parse().ok();
    named.or_else(|| {
        let text = text.to_ascii_lowercase();
        let found = FOREIGN.iter().find(|(part, _)| text.contains(part));
        found.map(|(_, code)| *code)
    })
}

/// Parts of what others write, in lower case: names of OpenSSL's and rustls' errors,
/// and words of the large senders and of Go's libraries. The first one that is found decides.
const FOREIGN: &[(&str, ReasonCode)] = &[
    ("mx_hosts_mismatch", ReasonCode::MxNotListed),
    ("mx-mismatch", ReasonCode::MxNotListed),
    ("cert_has_expired", ReasonCode::CertificateExpired),
    ("certificate has expired", ReasonCode::CertificateExpired),
    ("cert_not_yet_valid", ReasonCode::CertificateNotYetValid),
    ("hostname_mismatch", ReasonCode::CertificateHostMismatch),
    ("certificate subject does not match", ReasonCode::CertificateHostMismatch),
    ("depth_zero_self_signed_cert", ReasonCode::CertificateSelfSigned),
    ("self_signed_cert_in_chain", ReasonCode::CertificateUnknownIssuer),
    ("unable_to_get_issuer_cert", ReasonCode::CertificateUnknownIssuer),
    ("unable_to_verify_leaf_signature", ReasonCode::CertificateUnknownIssuer),
    ("unknown issuer", ReasonCode::CertificateUnknownIssuer),
    ("unknownissuer", ReasonCode::CertificateUnknownIssuer),
    ("unknown authority", ReasonCode::CertificateUnknownIssuer),
    ("cert_revoked", ReasonCode::CertificateRevoked),
    ("invalid_purpose", ReasonCode::CertificatePurpose),
    ("path_length_exceeded", ReasonCode::CertificateConstraint),
    ("https response code", ReasonCode::HttpStatus),
    ("no such host", ReasonCode::HostNotFound),
    ("connection refused", ReasonCode::ConnectionFailed),
    ("connection reset", ReasonCode::ConnectionFailed),
    ("deadline exceeded", ReasonCode::Timeout),
    ("timed out", ReasonCode::Timeout),
];

//! The codes of findings.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::fmt;
use core::str::FromStr;

use super::catalogue::{self, Entry};
use super::{Severity, Subject};
use crate::escape::escape;

/// What a finding is about: stable across releases, the key of the
/// [catalogue](super#the-catalogue). `as_str`, `Display` and `FromStr` are the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// No MTA-STS at all.
    StsAbsent,
    /// No `_mta-sts` record.
    StsRecordMissing,
    /// An `_mta-sts` record whose version is misspelt.
    StsRecordMisspelt,
    /// Several `_mta-sts` records.
    StsRecordMultiple,
    /// An `_mta-sts` record that is not valid.
    StsRecordInvalid,
    /// An `_mta-sts` record without a valid id.
    StsRecordId,
    /// The `_mta-sts` record could not be looked up.
    StsRecordDnsFailure,
    /// A CNAME at `_mta-sts` that leads nowhere.
    StsRecordDangling,
    /// The `_mta-sts` record is delegated.
    StsRecordDelegated,
    /// Other TXT records at `_mta-sts`.
    StsRecordOthers,
    /// A field of the `_mta-sts` record that senders ignore.
    StsRecordExtension,
    /// An `_mta-sts` record with a long TTL.
    StsRecordTtlLong,
    /// A policy host without address.
    HostNoAddress,
    /// A CNAME at the policy host that leads nowhere.
    HostDangling,
    /// The policy host is delegated.
    HostDelegated,
    /// The policy host could not be looked up.
    HostDnsFailure,
    /// A policy host with addresses that are not public.
    HostAddress,
    /// No HTTPS service at the policy host.
    HostConnection,
    /// The policy host does not answer in time.
    HostTimeout,
    /// TLS with the policy host fails.
    HostTls,
    /// The policy host has no TLS 1.2.
    HostTlsVersion,
    /// The policy host does not answer in HTTP.
    HostProtocol,
    /// The policy host answers with an error.
    HostStatus,
    /// The policy host redirects.
    HostRedirect,
    /// A policy that is not text/plain.
    HostMediaType,
    /// A policy that is compressed.
    HostEncoding,
    /// A policy that is too large.
    HostTooLarge,
    /// The policy host is slow.
    HostSlow,
    /// The certificate of the policy host has expired.
    HostExpired,
    /// The certificate of the policy host is not valid yet.
    HostNotYetValid,
    /// The certificate of the policy host is for another name.
    HostMismatch,
    /// The policy host shows its provider's certificate.
    HostProvider,
    /// The certificate of the policy host is self-signed.
    HostSelfSigned,
    /// No trusted root for the certificate of the policy host.
    HostUnknownIssuer,
    /// The certificate of the policy host is not valid.
    HostCertificate,
    /// The certificate of the policy host is about to expire.
    HostExpiresSoon,
    /// A web page in place of a policy.
    PolicyHtml,
    /// A policy that is not UTF-8.
    PolicyNotText,
    /// A line of the policy that is no field.
    PolicySyntax,
    /// A policy of an unknown version.
    PolicyVersion,
    /// A mode that there is not.
    PolicyMode,
    /// A `max_age` that is no number.
    PolicyMaxAge,
    /// An mx that is no host name.
    PolicyMx,
    /// An mx with a dot at its end.
    PolicyTrailingDot,
    /// A policy with too many mx.
    PolicyTooManyMx,
    /// A policy that lacks a field.
    PolicyMissingField,
    /// A byte order mark before the policy.
    PolicyByteOrderMark,
    /// White space that the grammar has not.
    PolicyWhitespace,
    /// A field name that looks misspelt.
    PolicyNearMiss,
    /// A field of the policy that senders ignore.
    PolicyExtension,
    /// A field that stands twice in the policy.
    PolicyRepeated,
    /// A policy in testing.
    PolicyTesting,
    /// A policy that is withdrawn.
    PolicyNone,
    /// A withdrawn policy with a long `max_age`.
    PolicyNoneLong,
    /// A `max_age` that is too short.
    PolicyAgeShort,
    /// A `max_age` that is too long for this phase.
    PolicyAgeLong,
    /// A `max_age` above the maximum.
    PolicyAgeCapped,
    /// An MX host that the policy does not allow.
    MxUncovered,
    /// An mx that allows no MX host.
    MxUnused,
    /// A wildcard of the wrong depth.
    MxDepth,
    /// An IP address as mx.
    MxAddress,
    /// A wildcard over a public suffix.
    MxPublicSuffix,
    /// A wildcard over the domain itself.
    MxOwnDomain,
    /// The same mx twice.
    MxRepeated,
    /// The MX records could not be looked up.
    MxDnsFailure,
    /// A domain that does not exist.
    MxNoDomain,
    /// A domain without MX records.
    MxImplicit,
    /// A domain that takes no mail.
    MxNull,
    /// A null MX among others.
    MxNullMixed,
    /// An MX record that names no host.
    MxName,
    /// An MX host without address.
    MxNoAddress,
    /// An MX host that could not be looked up.
    MxHostDnsFailure,
    /// An MX host that cannot be reached.
    MxUnreachable,
    /// An MX host that defers.
    MxDeferred,
    /// An MX host without STARTTLS.
    MxNoStartTls,
    /// A backup MX without TLS.
    MxBackup,
    /// An MX host that refuses STARTTLS for now.
    MxStartTlsDeferred,
    /// TLS with an MX host fails.
    MxTls,
    /// An MX host without TLS 1.2.
    MxTlsVersion,
    /// The certificate of an MX host has expired.
    MxExpired,
    /// The certificate of an MX host is not valid yet.
    MxNotYetValid,
    /// The certificate of an MX host is for another name.
    MxMismatch,
    /// The certificate of an MX host is self-signed.
    MxSelfSigned,
    /// No trusted root for the certificate of an MX host.
    MxUnknownIssuer,
    /// The certificate of an MX host is not valid.
    MxCertificate,
    /// The certificate of an MX host is about to expire.
    MxExpiresSoon,
    /// No TLSRPT record.
    TlsrptMissing,
    /// A TLSRPT record whose version is misspelt.
    TlsrptMisspelt,
    /// Several TLSRPT records.
    TlsrptMultiple,
    /// A TLSRPT record that is not valid.
    TlsrptInvalid,
    /// The TLSRPT record could not be looked up.
    TlsrptDnsFailure,
    /// A CNAME at `_smtp._tls` that leads nowhere.
    TlsrptDangling,
    /// A TLSRPT record without usable address.
    TlsrptUnusable,
    /// A URI of the TLSRPT record that is of no use.
    TlsrptUri,
    /// An item in the list of the TLSRPT record that is no URI.
    TlsrptDeviation,
    /// Other TXT records at `_smtp._tls`.
    TlsrptOthers,
    /// A field of the TLSRPT record that senders ignore.
    TlsrptExtension,
    /// A TLSRPT record with a short TTL.
    TlsrptTtlShort,
    /// The policy has changed and its id has not.
    ChangeIdKept,
    /// The id has changed and the policy has not.
    ChangeIdOnly,
    /// Enforced without having been tested.
    ChangeEnforceAtOnce,
    /// The policy was enforced and is not any more.
    ChangeWeakened,
    /// A policy was removed that may still be cached.
    ChangeRemoved,
}

impl Code {
    /// All codes, in the order of the catalogue.
    pub const ALL: &'static [Self] = &[
        Self::StsAbsent,
        Self::StsRecordMissing,
        Self::StsRecordMisspelt,
        Self::StsRecordMultiple,
        Self::StsRecordInvalid,
        Self::StsRecordId,
        Self::StsRecordDnsFailure,
        Self::StsRecordDangling,
        Self::StsRecordDelegated,
        Self::StsRecordOthers,
        Self::StsRecordExtension,
        Self::StsRecordTtlLong,
        Self::HostNoAddress,
        Self::HostDangling,
        Self::HostDelegated,
        Self::HostDnsFailure,
        Self::HostAddress,
        Self::HostConnection,
        Self::HostTimeout,
        Self::HostTls,
        Self::HostTlsVersion,
        Self::HostProtocol,
        Self::HostStatus,
        Self::HostRedirect,
        Self::HostMediaType,
        Self::HostEncoding,
        Self::HostTooLarge,
        Self::HostSlow,
        Self::HostExpired,
        Self::HostNotYetValid,
        Self::HostMismatch,
        Self::HostProvider,
        Self::HostSelfSigned,
        Self::HostUnknownIssuer,
        Self::HostCertificate,
        Self::HostExpiresSoon,
        Self::PolicyHtml,
        Self::PolicyNotText,
        Self::PolicySyntax,
        Self::PolicyVersion,
        Self::PolicyMode,
        Self::PolicyMaxAge,
        Self::PolicyMx,
        Self::PolicyTrailingDot,
        Self::PolicyTooManyMx,
        Self::PolicyMissingField,
        Self::PolicyByteOrderMark,
        Self::PolicyWhitespace,
        Self::PolicyNearMiss,
        Self::PolicyExtension,
        Self::PolicyRepeated,
        Self::PolicyTesting,
        Self::PolicyNone,
        Self::PolicyNoneLong,
        Self::PolicyAgeShort,
        Self::PolicyAgeLong,
        Self::PolicyAgeCapped,
        Self::MxUncovered,
        Self::MxUnused,
        Self::MxDepth,
        Self::MxAddress,
        Self::MxPublicSuffix,
        Self::MxOwnDomain,
        Self::MxRepeated,
        Self::MxDnsFailure,
        Self::MxNoDomain,
        Self::MxImplicit,
        Self::MxNull,
        Self::MxNullMixed,
        Self::MxName,
        Self::MxNoAddress,
        Self::MxHostDnsFailure,
        Self::MxUnreachable,
        Self::MxDeferred,
        Self::MxNoStartTls,
        Self::MxBackup,
        Self::MxStartTlsDeferred,
        Self::MxTls,
        Self::MxTlsVersion,
        Self::MxExpired,
        Self::MxNotYetValid,
        Self::MxMismatch,
        Self::MxSelfSigned,
        Self::MxUnknownIssuer,
        Self::MxCertificate,
        Self::MxExpiresSoon,
        Self::TlsrptMissing,
        Self::TlsrptMisspelt,
        Self::TlsrptMultiple,
        Self::TlsrptInvalid,
        Self::TlsrptDnsFailure,
        Self::TlsrptDangling,
        Self::TlsrptUnusable,
        Self::TlsrptUri,
        Self::TlsrptDeviation,
        Self::TlsrptOthers,
        Self::TlsrptExtension,
        Self::TlsrptTtlShort,
        Self::ChangeIdKept,
        Self::ChangeIdOnly,
        Self::ChangeEnforceAtOnce,
        Self::ChangeWeakened,
        Self::ChangeRemoved,
    ];

    /// The text, such as `sts.policy.mx-uncovered`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// The most that a finding of this code can weigh; one may weigh less, where senders
    /// do not refuse mail because of it, as in mode `testing`.
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.entry().severity
    }

    /// The section of the RFC that has the rule, such as `RFC 8461 §4.1`.
    #[must_use]
    pub const fn section(self) -> &'static str {
        self.entry().section
    }

    /// The check that it belongs to.
    #[must_use]
    pub const fn subject(self) -> Subject {
        self.entry().subject
    }

    /// What it is about, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.entry().title
    }

    /// Why it matters, in a paragraph.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        self.entry().explanation
    }

    /// What to do, in a sentence without full stop.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        self.entry().remedy
    }

    const fn entry(self) -> &'static Entry {
        use catalogue::{
            change, coverage, host_certificate, mx, policy, policy_host, record, tlsrpt,
        };

        match self {
            Self::StsAbsent => &record::STS_ABSENT,
            Self::StsRecordMissing => &record::STS_RECORD_MISSING,
            Self::StsRecordMisspelt => &record::STS_RECORD_MISSPELT,
            Self::StsRecordMultiple => &record::STS_RECORD_MULTIPLE,
            Self::StsRecordInvalid => &record::STS_RECORD_INVALID,
            Self::StsRecordId => &record::STS_RECORD_ID,
            Self::StsRecordDnsFailure => &record::STS_RECORD_DNS_FAILURE,
            Self::StsRecordDangling => &record::STS_RECORD_DANGLING,
            Self::StsRecordDelegated => &record::STS_RECORD_DELEGATED,
            Self::StsRecordOthers => &record::STS_RECORD_OTHERS,
            Self::StsRecordExtension => &record::STS_RECORD_EXTENSION,
            Self::StsRecordTtlLong => &record::STS_RECORD_TTL_LONG,
            Self::HostNoAddress => &policy_host::HOST_NO_ADDRESS,
            Self::HostDangling => &policy_host::HOST_DANGLING,
            Self::HostDelegated => &policy_host::HOST_DELEGATED,
            Self::HostDnsFailure => &policy_host::HOST_DNS_FAILURE,
            Self::HostAddress => &policy_host::HOST_ADDRESS,
            Self::HostConnection => &policy_host::HOST_CONNECTION,
            Self::HostTimeout => &policy_host::HOST_TIMEOUT,
            Self::HostTls => &policy_host::HOST_TLS,
            Self::HostTlsVersion => &policy_host::HOST_TLS_VERSION,
            Self::HostProtocol => &policy_host::HOST_PROTOCOL,
            Self::HostStatus => &policy_host::HOST_STATUS,
            Self::HostRedirect => &policy_host::HOST_REDIRECT,
            Self::HostMediaType => &policy_host::HOST_MEDIA_TYPE,
            Self::HostEncoding => &policy_host::HOST_ENCODING,
            Self::HostTooLarge => &policy_host::HOST_TOO_LARGE,
            Self::HostSlow => &policy_host::HOST_SLOW,
            Self::HostExpired => &host_certificate::HOST_EXPIRED,
            Self::HostNotYetValid => &host_certificate::HOST_NOT_YET_VALID,
            Self::HostMismatch => &host_certificate::HOST_MISMATCH,
            Self::HostProvider => &host_certificate::HOST_PROVIDER,
            Self::HostSelfSigned => &host_certificate::HOST_SELF_SIGNED,
            Self::HostUnknownIssuer => &host_certificate::HOST_UNKNOWN_ISSUER,
            Self::HostCertificate => &host_certificate::HOST_CERTIFICATE,
            Self::HostExpiresSoon => &host_certificate::HOST_EXPIRES_SOON,
            Self::PolicyHtml => &policy::POLICY_HTML,
            Self::PolicyNotText => &policy::POLICY_NOT_TEXT,
            Self::PolicySyntax => &policy::POLICY_SYNTAX,
            Self::PolicyVersion => &policy::POLICY_VERSION,
            Self::PolicyMode => &policy::POLICY_MODE,
            Self::PolicyMaxAge => &policy::POLICY_MAX_AGE,
            Self::PolicyMx => &policy::POLICY_MX,
            Self::PolicyTrailingDot => &policy::POLICY_TRAILING_DOT,
            Self::PolicyTooManyMx => &policy::POLICY_TOO_MANY_MX,
            Self::PolicyMissingField => &policy::POLICY_MISSING_FIELD,
            Self::PolicyByteOrderMark => &policy::POLICY_BYTE_ORDER_MARK,
            Self::PolicyWhitespace => &policy::POLICY_WHITESPACE,
            Self::PolicyNearMiss => &policy::POLICY_NEAR_MISS,
            Self::PolicyExtension => &policy::POLICY_EXTENSION,
            Self::PolicyRepeated => &policy::POLICY_REPEATED,
            Self::PolicyTesting => &policy::POLICY_TESTING,
            Self::PolicyNone => &policy::POLICY_NONE,
            Self::PolicyNoneLong => &policy::POLICY_NONE_LONG,
            Self::PolicyAgeShort => &policy::POLICY_AGE_SHORT,
            Self::PolicyAgeLong => &policy::POLICY_AGE_LONG,
            Self::PolicyAgeCapped => &policy::POLICY_AGE_CAPPED,
            Self::MxUncovered => &coverage::MX_UNCOVERED,
            Self::MxUnused => &coverage::MX_UNUSED,
            Self::MxDepth => &coverage::MX_DEPTH,
            Self::MxAddress => &coverage::MX_ADDRESS,
            Self::MxPublicSuffix => &coverage::MX_PUBLIC_SUFFIX,
            Self::MxOwnDomain => &coverage::MX_OWN_DOMAIN,
            Self::MxRepeated => &coverage::MX_REPEATED,
            Self::MxDnsFailure => &mx::MX_DNS_FAILURE,
            Self::MxNoDomain => &mx::MX_NO_DOMAIN,
            Self::MxImplicit => &mx::MX_IMPLICIT,
            Self::MxNull => &mx::MX_NULL,
            Self::MxNullMixed => &mx::MX_NULL_MIXED,
            Self::MxName => &mx::MX_NAME,
            Self::MxNoAddress => &mx::MX_NO_ADDRESS,
            Self::MxHostDnsFailure => &mx::MX_HOST_DNS_FAILURE,
            Self::MxUnreachable => &mx::MX_UNREACHABLE,
            Self::MxDeferred => &mx::MX_DEFERRED,
            Self::MxNoStartTls => &mx::MX_NO_START_TLS,
            Self::MxBackup => &mx::MX_BACKUP,
            Self::MxStartTlsDeferred => &mx::MX_START_TLS_DEFERRED,
            Self::MxTls => &mx::MX_TLS,
            Self::MxTlsVersion => &mx::MX_TLS_VERSION,
            Self::MxExpired => &mx::MX_EXPIRED,
            Self::MxNotYetValid => &mx::MX_NOT_YET_VALID,
            Self::MxMismatch => &mx::MX_MISMATCH,
            Self::MxSelfSigned => &mx::MX_SELF_SIGNED,
            Self::MxUnknownIssuer => &mx::MX_UNKNOWN_ISSUER,
            Self::MxCertificate => &mx::MX_CERTIFICATE,
            Self::MxExpiresSoon => &mx::MX_EXPIRES_SOON,
            Self::TlsrptMissing => &tlsrpt::TLSRPT_MISSING,
            Self::TlsrptMisspelt => &tlsrpt::TLSRPT_MISSPELT,
            Self::TlsrptMultiple => &tlsrpt::TLSRPT_MULTIPLE,
            Self::TlsrptInvalid => &tlsrpt::TLSRPT_INVALID,
            Self::TlsrptDnsFailure => &tlsrpt::TLSRPT_DNS_FAILURE,
            Self::TlsrptDangling => &tlsrpt::TLSRPT_DANGLING,
            Self::TlsrptUnusable => &tlsrpt::TLSRPT_UNUSABLE,
            Self::TlsrptUri => &tlsrpt::TLSRPT_URI,
            Self::TlsrptDeviation => &tlsrpt::TLSRPT_DEVIATION,
            Self::TlsrptOthers => &tlsrpt::TLSRPT_OTHERS,
            Self::TlsrptExtension => &tlsrpt::TLSRPT_EXTENSION,
            Self::TlsrptTtlShort => &tlsrpt::TLSRPT_TTL_SHORT,
            Self::ChangeIdKept => &change::CHANGE_ID_KEPT,
            Self::ChangeIdOnly => &change::CHANGE_ID_ONLY,
            Self::ChangeEnforceAtOnce => &change::CHANGE_ENFORCE_AT_ONCE,
            Self::ChangeWeakened => &change::CHANGE_WEAKENED,
            Self::ChangeRemoved => &change::CHANGE_REMOVED,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let named = Self::ALL.iter().find(|code| code.as_str() == text);
        named.copied().ok_or_else(|| UnknownCode { found: escape(text).to_string().into() })
    }
}

/// The text is no code of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a code of the catalogue, found `{found}`")]
pub struct UnknownCode {
    found: Box<str>,
}

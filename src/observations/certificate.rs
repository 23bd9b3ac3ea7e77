//! A certificate that a server has shown, and what stands in it.
//!
//! This does not check certificates: the module `certificate` does (feature `webpki`).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, UnixTime};

use super::text::cut;

/// How many octets of the text of a subject or issuer are kept: several lines, for people.
pub const MAX_DISTINGUISHED_NAME: usize = 1_024;

/// How many DNS names of a certificate are kept: as many as public CAs put into one
/// (Let's Encrypt's limit). All of them are in [`Certificate::der`].
pub const MAX_NAMES: usize = 100;

/// A certificate that a server has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    facts: Option<Box<CertificateFacts>>,
}

impl Certificate {
    /// A certificate of which nothing is known but its octets.
    #[must_use]
    pub const fn new(der: CertificateDer<'static>) -> Self {
        Self { der, facts: None }
    }

    /// A certificate, and what can be read in it.
    #[cfg(feature = "x509")]
    #[must_use]
    pub fn read(der: CertificateDer<'static>) -> Self {
        let facts = read(&der).map(Box::new);
        Self { der, facts }
    }

    /// This stands in it.
    #[must_use]
    pub fn with_facts(mut self, facts: CertificateFacts) -> Self {
        self.facts = Some(Box::new(facts));
        self
    }

    /// The certificate as the server has sent it; whether it is one at all is not said.
    #[must_use]
    pub const fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// What stands in it; `None` if it cannot be read, or nobody has.
    #[must_use]
    pub fn facts(&self) -> Option<&CertificateFacts> {
        self.facts.as_deref()
    }
}

/// What stands in a certificate, as far as people ask. All text is as it stands there and
/// should go through [`escape`](crate::escape::escape()) before it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    not_before: UnixTime,
    not_after: UnixTime,
    subject: String,
    issuer: String,
    names: Vec<String>,
    issued_by: IssuedBy,
}

impl CertificateFacts {
    /// Of a certificate without names that is valid from `not_before` to `not_after`.
    #[must_use]
    pub const fn new(not_before: UnixTime, not_after: UnixTime) -> Self {
        Self {
            not_before,
            not_after,
            subject: String::new(),
            issuer: String::new(),
            names: Vec::new(),
            issued_by: IssuedBy::Another,
        }
    }

    /// Whose it is, as text by RFC 4514; at most [`MAX_DISTINGUISHED_NAME`] octets are
    /// kept.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = cut(subject.into(), MAX_DISTINGUISHED_NAME);
        self
    }

    /// Who has issued it, likewise.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>, issued_by: IssuedBy) -> Self {
        self.issuer = cut(issuer.into(), MAX_DISTINGUISHED_NAME);
        self.issued_by = issued_by;
        self
    }

    /// The DNS names of its `subjectAltName`; at most [`MAX_NAMES`] are kept.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.names = names.into_iter().take(MAX_NAMES).collect();
        self
    }

    /// The first second of its validity.
    #[must_use]
    pub const fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// The last second of its validity.
    #[must_use]
    pub const fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// Whose it is, as text by RFC 4514 such as `CN=mail.example.com`; it plays no part in
    /// the check of names (RFC 8461 §4.2).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who has issued it, likewise.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The DNS names for which it is valid (`subjectAltName`), as they stand there.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether its issuer is its subject.
    #[must_use]
    pub const fn issued_by(&self) -> IssuedBy {
        self.issued_by
    }
}

/// Who has issued a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "its subject, or not")]
pub enum IssuedBy {
    /// Its own subject: a root, or self-signed (RFC 5280 §3.2).
    Itself,
    /// Another.
    Another,
}

#[cfg(feature = "x509")]
fn read(der: &[u8]) -> Option<CertificateFacts> {
    use core::time::Duration;

    use x509_cert::der::Decode as _;

    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let tbs = certificate.tbs_certificate();
    let time = |since: Duration| UnixTime::since_unix_epoch(since);
    let not_before = time(tbs.validity().not_before.to_unix_duration());
    let not_after = time(tbs.validity().not_after.to_unix_duration());
    let issued_by = match tbs.subject() == tbs.issuer() {
        true => IssuedBy::Itself,
        false => IssuedBy::Another,
    };
    let facts = CertificateFacts::new(not_before, not_after)
        .with_subject(shown(tbs.subject()))
        .with_issuer(shown(tbs.issuer()), issued_by);
    Some(facts.with_names(dns_names(tbs)))
}

/// A name as text. `to_string` would panic of one that cannot be written.
#[cfg(feature = "x509")]
fn shown(name: &x509_cert::name::Name) -> String {
    use core::fmt::Write as _;

    let mut text = String::new();
    // What was written before a failure is what there is to show.
    let _ = write!(text, "{name}");
    text
}

/// None if they cannot be read.
#[cfg(feature = "x509")]
fn dns_names(tbs: &x509_cert::TbsCertificate) -> Vec<String> {
    use x509_cert::ext::pkix::SubjectAltName;
    use x509_cert::ext::pkix::name::GeneralName;

    let Ok(Some((_, names))) = tbs.get_extension::<SubjectAltName>() else {
        return Vec::new();
    };
    let dns_name = |name| match name {
        GeneralName::DnsName(name) => Some(String::from(name.as_str())),
        _ => None,
    };
    names.0.into_iter().filter_map(dns_name).take(MAX_NAMES).collect()
}

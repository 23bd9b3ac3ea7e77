//! Conversions from and to the DNS types of hickory-proto 0.26 (feature
//! `hickory-proto`).
//!
//! This asks no server: it reads what an answer holds, and writes what a question
//! or a zone needs.
//!
//! ```
//! use hickory_proto::rr::rdata::TXT;
//! use mta_sts::hickory;
//!
//! let answer = [
//!     TXT::new(vec!["v=spf1 -all".to_owned()]),
//!     TXT::new(vec!["v=STSv1; ".to_owned(), "id=1;".to_owned()]),
//! ];
//! assert_eq!(hickory::sts_record(&answer)?.id().as_str(), "1");
//! # Ok::<_, mta_sts::txt::NoRecord>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use hickory_proto::rr::Name;
use hickory_proto::rr::rdata::TXT;

use crate::domain::{DomainName, ParseDomainError};
use crate::reading::{Deviations, Reading};
use crate::sts::StsRecord;
use crate::tlsrpt::{RuaDeviation, TlsRptRecord};
use crate::txt::{self, NoRecord};

/// Chooses and parses the one `_mta-sts` record of a TXT RRset (RFC 8461 §3.1).
///
/// An answer may hold other types, such as the CNAME records that led to it: pass
/// the TXT data only.
///
/// # Errors
///
/// As [`StsRecord::from_rrset`].
pub fn sts_record<'a>(rrset: impl IntoIterator<Item = &'a TXT>) -> Result<StsRecord<'a>, NoRecord> {
    StsRecord::from_rrset(rrset.into_iter().map(|txt| &*txt.txt_data))
}

/// Chooses and parses the one `_smtp._tls` record of a TXT RRset (RFC 8460 §3).
///
/// # Errors
///
/// As [`TlsRptRecord::from_rrset`].
pub fn tlsrpt_record<'a>(
    rrset: impl IntoIterator<Item = &'a TXT>,
    reading: Reading,
) -> Result<(TlsRptRecord<'a>, Deviations<RuaDeviation>), NoRecord> {
    TlsRptRecord::from_rrset(rrset.into_iter().map(|txt| &*txt.txt_data), reading)
}

/// The TXT data of a record's text, split at 255 octets.
fn txt_data(text: &str) -> TXT {
    TXT::from_bytes(txt::split(text).collect())
}

impl From<&StsRecord<'_>> for TXT {
    fn from(record: &StsRecord<'_>) -> Self {
        txt_data(record.as_str())
    }
}

impl From<&TlsRptRecord<'_>> for TXT {
    fn from(record: &TlsRptRecord<'_>) -> Self {
        txt_data(record.as_str())
    }
}

impl From<&DomainName> for Name {
    /// The absolute name.
    ///
    /// # Panics
    ///
    /// Never: the labels and the name are within the lengths of DNS.
    fn from(domain: &DomainName) -> Self {
        Self::from_labels(domain.labels().map(str::as_bytes))
            .expect("labels of at most 63 octets, 253 in all")
    }
}

impl TryFrom<&Name> for DomainName {
    type Error = ParseDomainError;

    fn try_from(name: &Name) -> Result<Self, ParseDomainError> {
        // A dot within a label must not become one between labels.
        let labels: Vec<String> =
            name.iter().map(|label| String::from_utf8_lossy(label).replace('.', "\\.")).collect();
        Self::parse(&labels.join("."))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use super::*;
    use crate::domain::DomainErrorKind;

    #[test]
    fn txt_5_selects_straight_from_rdata() {
        let txt = |strings: &[&[u8]]| TXT::from_bytes(strings.to_vec());
        let rrset = [txt(&[b"\xff\xfe"]), txt(&[b"v=STSv1", b"; id=a"])];
        assert_eq!(sts_record(&rrset).unwrap().id().as_str(), "a");
        assert_eq!(sts_record(&rrset[..1]), Err(NoRecord::Absent));
        let twice = [rrset[1].clone(), rrset[1].clone()];
        assert_eq!(sts_record(&twice), Err(NoRecord::Several { count: 2 }));
        assert!(matches!(sts_record(&[txt(&[b"v=STSv1;"])]), Err(NoRecord::Invalid(_))));

        let rrset = [txt(&[b"v=TLSRPTv1; rua=mailto:a@example.com,"])];
        assert!(tlsrpt_record(&rrset, Reading::Strict).is_err());
        let (record, deviations) = tlsrpt_record(&rrset, Reading::Tolerant).unwrap();
        assert_eq!((record.rua().count(), deviations.total()), (1, 1));
    }

    #[test]
    fn txt_6_records_become_rdata() {
        let record: StsRecord<'_> = "v=STSv1; id=1;".parse().unwrap();
        let long = record.with_extension("x", &"y".repeat(300)).unwrap();
        let rdata = TXT::from(&long);
        assert_eq!(rdata.txt_data.iter().map(|string| string.len()).collect::<Vec<_>>(), [255, 63]);
        assert_eq!(sts_record([&rdata]), Ok(long));
        let record: TlsRptRecord<'_> = "v=TLSRPTv1;rua=mailto:a@b.example".parse().unwrap();
        let rdata = TXT::from(&record);
        assert_eq!(tlsrpt_record([&rdata], Reading::Strict).unwrap().0, record);
    }

    #[test]
    fn names_convert_both_ways() {
        let domain = DomainName::parse("mail.example.com").unwrap();
        let name = Name::from(&domain);
        assert_eq!(name.to_string(), "mail.example.com.");
        assert_eq!(DomainName::try_from(&name), Ok(domain));
        let longest = DomainName::parse(&("a.".repeat(126) + "a")).unwrap();
        assert_eq!(DomainName::try_from(&Name::from(&longest)), Ok(longest));

        let error = |labels: Vec<&[u8]>| {
            DomainName::try_from(&Name::from_labels(labels).unwrap()).unwrap_err().kind()
        };
        assert_eq!(error(vec![b"a.b", b"example"]), DomainErrorKind::Character);
        assert_eq!(error(vec![b"_mta-sts", b"example"]), DomainErrorKind::Underscore);
        assert_eq!(error(vec![b"\xff", b"example"]), DomainErrorKind::NotAscii);
        assert_eq!(error(vec![]), DomainErrorKind::Empty);
    }
}

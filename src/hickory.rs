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

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::str;

use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{Name, RData, Record};

use crate::domain::{DomainName, NameTooLong, ParseDomainError};
use crate::reading::{Deviations, Reading};
use crate::sts::StsRecord;
use crate::tlsrpt::{RuaDeviation, TlsRptRecord};
use crate::txt::{self, NoRecord};

/// Chooses and parses the one `_mta-sts` record of a TXT RRset (RFC 8461 §3.1).
///
/// [`txt_rrset`] finds the TXT data in an answer, which may begin with CNAME
/// records.
///
/// # Errors
///
/// As [`StsRecord::from_rrset`].
pub fn sts_record<'a>(rrset: impl IntoIterator<Item = &'a TXT>) -> Result<StsRecord<'a>, NoRecord> {
    StsRecord::from_rrset(rrset.into_iter().map(|txt| &*txt.txt_data))
}

/// The TXT data that `answers` holds for `name`, the name that was asked for:
/// that of the name itself, or of the name at the end of its CNAME chain, which must
/// be followed (RFC 8461 §3.1, §8.2). Other records of the answer are left out.
///
/// That there are none does not say that the domain has no record if the server
/// has not followed the chain: see [`end_of_cnames`].
///
/// ```
/// use hickory_proto::rr::rdata::{CNAME, TXT};
/// use hickory_proto::rr::{Name, RData, Record};
/// use mta_sts::hickory;
///
/// let name = Name::from_ascii("_mta-sts.example.com.")?;
/// let target = Name::from_ascii("_mta-sts.provider.example.")?;
/// let txt = TXT::new(vec!["v=STSv1; id=1;".to_owned()]);
/// let answers = [
///     Record::from_rdata(name.clone(), 60, RData::CNAME(CNAME(target.clone()))),
///     Record::from_rdata(target, 60, RData::TXT(txt)),
/// ];
/// let record = hickory::sts_record(hickory::txt_rrset(&name, &answers))?;
/// assert_eq!(record.id().as_str(), "1");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn txt_rrset<'a>(name: &'a Name, answers: &'a [Record]) -> impl Iterator<Item = &'a TXT> {
    let owner = end_of_cnames(name, answers);
    answers.iter().filter(|record| record.name.eq_ignore_root(owner)).filter_map(|record| {
        match &record.data {
            RData::TXT(txt) => Some(txt),
            _ => None,
        }
    })
}

/// The name at the end of the CNAME chain that `answers` holds for `name`; `name`
/// itself if it is no alias.
///
/// If `answers` has no other records of that name, the server may have left it to
/// the resolver to go on: then ask for that name before taking it that there is no
/// record. A chain longer than [`MAX_CNAMES`] ends where the bound is reached, a loop
/// likewise.
#[must_use]
pub fn end_of_cnames<'a>(name: &'a Name, answers: &'a [Record]) -> &'a Name {
    let mut owner = name;
    for _ in 0..MAX_CNAMES {
        let alias = answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name.eq_ignore_root(owner) => Some(&target.0),
            _ => None,
        });
        match alias {
            Some(target) => owner = target,
            None => break,
        }
    }
    owner
}

/// The name of an MX host as [`Policy::matching_mx`](crate::sts::Policy::matching_mx)
/// and [`MxPattern::matches`](crate::sts::MxPattern::matches) take it.
///
/// `Name::to_string` will not do, since it turns A-labels into U-labels, nor will a
/// [`DomainName`], which has no underscore. A dot within a label is escaped, so that
/// the host matches nothing.
#[must_use]
pub fn mx_host(name: &Name) -> String {
    let labels: Vec<String> =
        name.iter().map(|label| String::from_utf8_lossy(label).replace('.', "\\.")).collect();
    labels.join(".")
}

/// How many CNAME records of one answer are followed: more than resolvers do, and
/// an end to loops.
pub const MAX_CNAMES: usize = 16;

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

/// The name of a domain's MTA-STS record, `_mta-sts.<domain>.`
///
/// # Errors
///
/// [`NameTooLong`] as [`StsRecord::owner_name`].
///
/// # Panics
///
/// Never: what that gives is a name.
pub fn sts_owner_name(domain: &DomainName) -> Result<Name, NameTooLong> {
    Ok(Name::from_ascii(StsRecord::owner_name(domain)?).expect("labels within the DNS lengths"))
}

/// The name of a domain's TLSRPT record, `_smtp._tls.<domain>.`
///
/// # Errors
///
/// [`NameTooLong`] as [`TlsRptRecord::owner_name`].
///
/// # Panics
///
/// Never: what that gives is a name.
pub fn tlsrpt_owner_name(domain: &DomainName) -> Result<Name, NameTooLong> {
    Ok(Name::from_ascii(TlsRptRecord::owner_name(domain)?).expect("labels within the DNS lengths"))
}

/// The TXT data of a record's text, split at 255 octets.
fn txt_data(text: &str) -> TXT {
    TXT::from_bytes(txt::split(text).collect())
}

/// The canonical form, ready to publish.
impl From<&StsRecord<'_>> for TXT {
    fn from(record: &StsRecord<'_>) -> Self {
        txt_data(&record.to_string())
    }
}

/// The canonical form, ready to publish.
impl From<&TlsRptRecord<'_>> for TXT {
    fn from(record: &TlsRptRecord<'_>) -> Self {
        txt_data(&record.to_string())
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
        Self::parse(&mx_host(name))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use hickory_proto::rr::rdata::CNAME;

    use super::*;
    use crate::domain::DomainErrorKind;
    use crate::sts::MxPattern;

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
    fn txt_7_cname_chains_are_followed() {
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let cname = |from: &str, to: &str| {
            Record::from_rdata(name(from), 60, RData::CNAME(CNAME(name(to))))
        };
        let txt = |owner: &str, text: &str| {
            let data = TXT::new(vec![text.to_string()]);
            Record::from_rdata(name(owner), 60, RData::TXT(data))
        };
        let answers = [
            txt("other.example.", "v=STSv1;id=other"),
            cname("b.example.", "C.example."),
            cname("_mta-sts.example.com.", "b.example."),
            txt("c.example.", "v=spf1 -all"),
            txt("c.example.", "v=STSv1;id=1"),
        ];
        let id = |asked: &str| {
            let asked = name(asked);
            sts_record(txt_rrset(&asked, &answers)).map(|record| record.id().to_string())
        };
        assert_eq!(id("_MTA-STS.example.com."), Ok("1".to_string()));
        assert_eq!(id("other.example."), Ok("other".to_string()));
        assert_eq!(id("OTHER.example"), Ok("other".to_string()), "the same without an alias");
        assert_eq!(id("nowhere.example."), Err(NoRecord::Absent));
        assert_eq!(
            id("_mta-sts.example.com"),
            Ok("1".to_string()),
            "with or without the final dot"
        );
        let asked = name("_mta-sts.example.com");
        assert_eq!(end_of_cnames(&asked, &answers).to_string(), "C.example.");

        let hop = |n: usize| alloc::format!("h{n}.example.");
        let long = |hops: usize| -> Vec<Record> {
            let aliases = (0..hops).map(|n| cname(&hop(n), &hop(n + 1)));
            aliases.chain([txt(&hop(hops), "v=STSv1;id=1")]).collect()
        };
        let first = name(&hop(0));
        assert_eq!(txt_rrset(&first, &long(MAX_CNAMES)).count(), 1);
        assert_eq!(txt_rrset(&first, &long(MAX_CNAMES + 1)).count(), 0);

        let a = name("a.example.");
        let circle = [cname("a.example.", "b.example."), cname("b.example.", "a.example.")];
        assert_eq!(txt_rrset(&a, &circle).count(), 0);
    }

    #[test]
    fn txt_6_records_become_rdata() {
        let record: StsRecord<'_> = "v=STSv1; id=1;".parse().unwrap();
        let long = record.with_extension("x", &"y".repeat(300)).unwrap();
        let rdata = TXT::from(&long);
        assert_eq!(rdata.txt_data.iter().map(|string| string.len()).collect::<Vec<_>>(), [255, 60]);
        assert_eq!(sts_record([&rdata]), Ok(long));
        let record: TlsRptRecord<'_> = "v=TLSRPTv1;rua=mailto:a@b.example".parse().unwrap();
        let rdata = TXT::from(&record);
        assert_eq!(tlsrpt_record([&rdata], Reading::Strict).unwrap().0, record);
    }

    #[test]
    fn mx_1_hosts_are_matched_by_their_labels() {
        let matches = |pattern: &str, labels: Vec<&[u8]>| {
            let name = Name::from_labels(labels).unwrap();
            MxPattern::parse(pattern).unwrap().matches(&mx_host(&name))
        };
        assert!(matches("*.example.com", vec![b"_dc-mx", b"Example", b"com"]));
        assert!(matches("xn--bcher-kva.example", vec![b"xn--bcher-kva", b"example"]));
        assert!(!matches("*.example.com", vec![b"a.example", b"com"]));
        assert!(!matches("*.example.com", vec![b"a.b", b"example", b"com"]));
    }

    #[test]
    fn names_convert_both_ways() {
        let domain = DomainName::parse("mail.example.com").unwrap();
        let name = Name::from(&domain);
        assert_eq!(name.to_string(), "mail.example.com.");
        assert_eq!(DomainName::try_from(&name).as_ref(), Ok(&domain));
        let owner = sts_owner_name(&domain).unwrap();
        assert_eq!(owner.to_string(), "_mta-sts.mail.example.com.");
        let owner = tlsrpt_owner_name(&domain).unwrap();
        assert_eq!(owner.to_string(), "_smtp._tls.mail.example.com.");
        let longest = DomainName::parse(&("a.".repeat(126) + "a")).unwrap();
        assert!(sts_owner_name(&longest).is_err() && tlsrpt_owner_name(&longest).is_err());
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

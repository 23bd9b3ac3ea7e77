//! RFC 8460 §3: whose signature a mailed report must have.

use mta_sts::DomainName;
use mta_sts::tlsrpt::dkim::{
    Authentication, DkimDeviation, IgnoreReason, KeyTags, MAX_TAG_LIST_LEN, SignatureTags,
    TagsErrorKind,
};

const KEY: &str = "v=DKIM1; k=rsa; s=tlsrpt; p=MIGf";

fn judge(submitter: &str, signatures: &[(&str, &str)]) -> Authentication {
    let tags: Vec<_> = signatures
        .iter()
        .map(|(signature, key)| {
            (SignatureTags::parse(*signature).unwrap(), KeyTags::parse(*key).unwrap())
        })
        .collect();
    let is_public_suffix = |name: &DomainName| ["com", "co.uk"].contains(&name.as_str());
    let submitter = DomainName::parse(submitter).unwrap();
    Authentication::judge(&submitter, tags.iter().map(|(s, k)| (s, k)), is_public_suffix)
}

#[track_caller]
fn ignored(submitter: &str, signatures: &[(&str, &str)], reason: IgnoreReason) {
    assert_eq!(judge(submitter, signatures), Authentication::Ignore(reason));
}

#[track_caller]
fn authenticated(
    submitter: &str,
    signatures: &[(&str, &str)],
    by: &str,
    expected: &[DkimDeviation],
) {
    let Authentication::Authenticated { domain, deviations } = judge(submitter, signatures) else {
        panic!("ignored");
    };
    assert_eq!(domain.as_str(), by);
    assert_eq!(deviations.as_slice(), expected);
}

#[test]
fn mail_6_the_signature_is_of_the_submitter_or_a_parent() {
    authenticated("mail.example.com", &[("d=mail.example.com", KEY)], "mail.example.com", &[]);
    authenticated("mail.example.com", &[("d=Example.COM", KEY)], "example.com", &[]);
    authenticated("co.uk", &[("d=co.uk", KEY)], "co.uk", &[]);
    for other in ["other.example", "ample.com", "a.mail.example.com", "com", "e.com"] {
        let signature = format!("d={other}");
        ignored("mail.example.com", &[(&signature, KEY)], IgnoreReason::OtherDomain);
    }
    ignored("example.co.uk", &[("d=co.uk", KEY)], IgnoreReason::OtherDomain);
}

#[test]
fn mail_6_without_a_valid_signature_a_report_is_ignored() {
    ignored("example.com", &[], IgnoreReason::NoSignature);
    for (reason, shown) in [
        (IgnoreReason::NoSignature, "no valid DKIM signature"),
        (IgnoreReason::OtherDomain, "no valid DKIM signature of the submitter"),
        (IgnoreReason::TestKey, "DKIM key of the submitter that is for tests"),
        (
            IgnoreReason::BodyLength,
            "DKIM signature of the submitter that does not cover the whole body",
        ),
    ] {
        assert_eq!(reason.to_string(), shown);
    }
}

#[test]
fn mail_6_a_body_length_is_unusable() {
    for length in ["l=1", "l = 99999999", "l=", "\tl=x"] {
        let signature = format!("d=example.com;{length}; s=a");
        ignored("example.com", &[(&signature, KEY)], IgnoreReason::BodyLength);
    }
    authenticated("example.com", &[("d=example.com; L=1; ll=1", KEY)], "example.com", &[]);
}

/// RFC 6376 §3.6.1: what a key for tests has signed is as if it were not signed.
#[test]
fn mail_6_a_key_for_tests_proves_nothing() {
    for flags in ["y", "s:y", " y : s "] {
        let key = format!("{KEY}; t={flags}");
        ignored("example.com", &[("d=example.com", &key)], IgnoreReason::TestKey);
        authenticated(
            "example.com",
            &[("d=example.com", &key), ("d=example.com", KEY)],
            "example.com",
            &[],
        );
    }
    for flags in ["s", "", "yes", "Y"] {
        let key = format!("{KEY}; t={flags}");
        authenticated("example.com", &[("d=example.com", &key)], "example.com", &[]);
    }
}

#[test]
fn mail_6_a_key_for_other_services_is_a_deviation() {
    let signature = "d=example.com";
    for key in ["p=", "v=DKIM1; s=*; p=", "s=email:tlsrpt", "s=email : * ;p=", "s=\r\n tlsrpt\t"] {
        authenticated("example.com", &[(signature, key)], "example.com", &[]);
    }
    for key in ["s=email", "s=", "s=TLSRPT", "s=tlsrpt2", "s=tls rpt"] {
        let expected = [DkimDeviation::ServiceType];
        authenticated("example.com", &[(signature, key)], "example.com", &expected);
    }
    let shown = DkimDeviation::ServiceType.to_string();
    assert_eq!(shown, "DKIM key without the service type `tlsrpt`");
}

#[test]
fn mail_6_of_several_signatures_the_best_counts() {
    let (other, long) = (("d=other.example", KEY), ("d=a.example.com; l=1", KEY));
    let (parent, own) = (("d=example.com", "s=email"), ("d=a.example.com", KEY));
    ignored("a.example.com", &[other, long], IgnoreReason::BodyLength);
    ignored("a.example.com", &[long, other], IgnoreReason::BodyLength);
    let odd = [DkimDeviation::ServiceType];
    authenticated("a.example.com", &[other, parent, long], "example.com", &odd);
    authenticated("a.example.com", &[parent, own], "a.example.com", &[]);
    authenticated("a.example.com", &[own, parent], "a.example.com", &[]);
    authenticated("a.example.com", &[("d=example.com", KEY), own], "example.com", &[]);
}

#[test]
fn mail_6_lists_of_tags_are_read() {
    let folded =
        "v=1; a=rsa-sha256;\r\n\td = example.com ; s=2024; h=From:To\r\n :Subject;\r\n b=ab cd==;";
    assert_eq!(SignatureTags::parse(folded).unwrap().domain().as_str(), "example.com");
    assert!(!SignatureTags::parse(folded).unwrap().has_length());
    let long = ["d=a;b=", &"b".repeat(MAX_TAG_LIST_LEN - 6)].concat();
    assert!(SignatureTags::parse(&long).is_ok());
    for (text, kind, shown) in [
        (&*(long + "b"), TagsErrorKind::TooLong, "expected at most 16384 octets"),
        ("", TagsErrorKind::Tag, "expected a tag, found ``"),
        ("d", TagsErrorKind::Tag, "expected a tag, found `d`"),
        (";d=a", TagsErrorKind::Tag, "expected a tag, found `;d=a`"),
        ("d=a;;", TagsErrorKind::Tag, "expected a tag, found `;`"),
        ("1d=a", TagsErrorKind::Tag, "expected a tag, found `1d=a`"),
        ("d-=a", TagsErrorKind::Tag, "expected a tag, found `d-=a`"),
        (
            "d=a; s=\u{fc}",
            TagsErrorKind::Value,
            "expected `;` or the end of the tags, found `\u{fc}`",
        ),
        ("d=a\0", TagsErrorKind::Value, "expected `;` or the end of the tags, found `\\0`"),
        ("d=a; x=1; x=2", TagsErrorKind::Duplicate, "expected each tag once, found `x`"),
        ("d=a; d=a", TagsErrorKind::Duplicate, "expected each tag once, found `d`"),
        ("s=a", TagsErrorKind::NoDomain, "expected a tag `d`, found ``"),
    ] {
        let error = SignatureTags::parse(text).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().starts_with(shown), "{error}");
    }
    assert_eq!(
        SignatureTags::parse("d=a b").unwrap_err().to_string(),
        "expected a domain name in tag `d` (character other than letter, digit, hyphen and dot), found `a b`",
    );
    assert!(KeyTags::parse(b"s=\xff").is_err());
}

#[cfg(feature = "psl")]
#[test]
fn mail_6_public_suffixes_are_known() {
    let is_suffix = |text| DomainName::parse(text).unwrap().is_public_suffix();
    for suffix in ["com", "co.uk", "github.io", "nosuchtld"] {
        assert!(is_suffix(suffix), "{suffix}");
    }
    for name in ["example.com", "example.co.uk", "x.github.io", "example.nosuchtld", "www.ck"] {
        assert!(!is_suffix(name), "{name}");
    }
}

//! RPT-7: the forms in which a report travels, and what they may cost.

use std::borrow::Cow;

use mta_sts::tlsrpt::media::{self, Form, MediaType, UnpackErrorKind, UnpackLimits};

const JSON: &[u8] = br#"{"policies":[]}"#;

#[track_caller]
fn refused(octets: &[u8], limits: &UnpackLimits, kind: UnpackErrorKind, shown: &str) {
    let error = media::unpack(octets, limits).unwrap_err();
    assert_eq!(error.kind(), kind);
    assert_eq!(error.to_string(), shown);
}

#[test]
fn rpt_7_json_is_borrowed_and_not_looked_into() {
    let white_space = [b"\xef\xbb\xbf \r\n".as_slice(), JSON, b" \n"].concat();
    for text in [JSON, &white_space, b"", b"[]", b"{", b"\xff", b"<html>", b"a b: c", b": c"] {
        let unpacked = media::unpack(text, &UnpackLimits::default()).unwrap();
        assert_eq!(unpacked.form(), Form::Json);
        assert!(unpacked.deviations().is_empty());
        assert!(unpacked.clues().domain().is_none());
        assert!(matches!(unpacked.into_json(), Cow::Borrowed(json) if json == text));
    }
}

#[test]
fn rpt_7_input_and_output_are_bounded() {
    let limits = UnpackLimits::default().with_input(15);
    assert!(media::unpack(JSON, &limits).is_ok());
    let kind = UnpackErrorKind::InputTooLong { limit: 14, len: 15 };
    refused(JSON, &limits.with_input(14), kind, "expected at most 14 octets, found 15");
    let kind = UnpackErrorKind::OutputTooLong { limit: 14 };
    refused(JSON, &limits.with_output(14), kind, "expected at most 14 octets of JSON");
}

#[test]
fn rpt_7_limits_are_arguments_with_safe_defaults() {
    let limits = UnpackLimits::default();
    assert_eq!((limits.input(), limits.output()), (64 << 20, 32 << 20));
    assert_eq!((limits.members(), limits.parts(), limits.depth()), (1_000, 1_000, 8));
    let limits = limits.with_members(2).with_parts(3).with_depth(4);
    assert_eq!((limits.members(), limits.parts(), limits.depth()), (2, 3, 4));
    assert_eq!(limits.with_depth(usize::MAX).depth(), UnpackLimits::MAX_DEPTH);
}

#[test]
fn rpt_7_a_form_that_is_not_built_in_is_told() {
    let cases = [
        (cfg!(feature = "gzip"), "gzip", b"\x1f\x8b".as_slice()),
        (cfg!(feature = "mail"), "mail", b"Subject: x\r\n\r\n"),
        (cfg!(feature = "mail"), "mail", b"From me\n\n"),
    ];
    for (built_in, feature, octets) in cases {
        let error = media::unpack(octets, &UnpackLimits::default()).unwrap_err();
        let kind = UnpackErrorKind::Feature { feature };
        assert_eq!(error.kind() == kind, !built_in);
        assert!(
            built_in
                || error.to_string()
                    == format!("expected the feature `{feature}`, which is not built in")
        );
    }
}

#[test]
fn rpt_7_media_types_are_read_in_any_case() {
    for media_type in MediaType::ALL {
        let text = media_type.as_str();
        assert_eq!(media_type.to_string(), text);
        for text in [text.into(), text.to_uppercase(), format!(" {text} ; charset=\"utf-8\"")] {
            assert_eq!(text.parse(), Ok(media_type));
        }
    }
    let error = "application/json\n".parse::<MediaType>().unwrap_err();
    assert_eq!(error.found(), "application/json\\n");
    assert_eq!(
        error.to_string(),
        "expected application/tlsrpt+json or application/tlsrpt+gzip, \
         found `application/json\\n`"
    );
    assert!("".parse::<MediaType>().is_err());
}

#[test]
fn rpt_7_an_mbox_is_split_at_its_lines() {
    let one = "From a@example Thu\r\nSubject: 1\r\n\r\nHello\r\nFrom here\r\n>From there\r\n\r\n";
    let two = "From b@example Fri\n\n\n";
    let three = "From c@example Sat\nSubject: 3\n\n{}";
    let split = |mbox: &str| -> Vec<String> {
        let text = |message: &[u8]| String::from_utf8(message.to_vec()).unwrap();
        media::split_mbox(mbox).map(text).collect()
    };
    assert_eq!(split(&[one, two, three].concat()), [one, two, three]);
    assert_eq!(split(&["a line\n\n", two].concat()), [two]);
    for none in ["", "\n", "From", "Subject: 1\n\n{}", ">From x\n", " From x\n"] {
        assert!(split(none).is_empty(), "{none:?}");
    }
}

#[cfg(feature = "gzip")]
mod gzip {
    use mta_sts::tlsrpt::media::MediaDeviationKind;

    use super::*;

    #[test]
    fn rpt_7_gzip_is_told_by_its_magic_number() {
        let packed = media::packed(JSON);
        let unpacked = media::unpack(&packed, &UnpackLimits::default()).unwrap();
        assert_eq!(unpacked.form(), Form::Gzip);
        assert_eq!(unpacked.form().media_type(), MediaType::Gzip);
        assert_eq!(unpacked.json(), JSON);
        assert!(unpacked.deviations().is_empty());
        let exactly = UnpackLimits::default().with_output(JSON.len());
        assert!(media::unpack(&packed, &exactly).is_ok());
    }

    #[test]
    fn rpt_7_what_is_packed_has_no_time_and_no_name_in_it() {
        let packed = media::packed(JSON);
        // RFC 1952 §2.3: method 8, no flags, no time, any compression, system unknown.
        assert_eq!(packed[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        assert_eq!(packed[9], 255);
        assert_eq!(media::packed(JSON), packed);
    }

    #[test]
    fn rpt_7_the_members_of_a_gzip_are_joined() {
        let (head, tail) = JSON.split_at(5);
        let parts = [head, b"", tail].map(media::packed);
        let unpacked_with = |limits| {
            media::unpack(&parts.concat(), &limits).map(|it| {
                assert_eq!(it.json(), JSON);
                let deviation = &it.deviations().as_slice()[0];
                assert_eq!(deviation.kind(), MediaDeviationKind::SeveralMembers);
                assert_eq!(deviation.to_string(), "several gzip members: `3`");
            })
        };
        let limits = UnpackLimits::default();
        unpacked_with(limits).unwrap();
        unpacked_with(limits.with_members(3).with_output(JSON.len())).unwrap();
        let error = unpacked_with(limits.with_members(2)).unwrap_err();
        assert_eq!(error.kind(), UnpackErrorKind::TooManyMembers { limit: 2 });
        assert_eq!(error.offset(), Some(parts[0].len() + parts[1].len()));
        let error = unpacked_with(limits.with_output(JSON.len() - 1)).unwrap_err();
        assert_eq!(error.kind(), UnpackErrorKind::OutputTooLong { limit: JSON.len() - 1 });
    }

    #[test]
    fn rpt_7_half_a_gzip_is_an_error_wherever_it_ends() {
        let packed = media::packed(JSON);
        for len in GZIP_MAGIC.len()..packed.len() {
            let shown = "expected the rest of the gzip member at offset 0";
            let kind = UnpackErrorKind::Truncated;
            refused(&packed[..len], &UnpackLimits::default(), kind, shown);
        }
        let one_and_a_half = [&*packed, &packed[..20]].concat();
        let error = media::unpack(&one_and_a_half, &UnpackLimits::default()).unwrap_err();
        assert_eq!(error.kind(), UnpackErrorKind::Truncated);
        assert_eq!(error.offset(), Some(packed.len()));
    }

    const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

    #[test]
    fn rpt_7_a_damaged_gzip_is_an_error() {
        let packed = media::packed(JSON);
        let end = packed.len();
        for at in [end - 8, end - 1] {
            let mut bad = packed.clone();
            bad[at] ^= 1;
            let shown = "expected an undamaged gzip member at offset 0, found `corrupt gzip \
                         stream does not have a matching checksum`";
            refused(&bad, &UnpackLimits::default(), UnpackErrorKind::Damaged, shown);
        }
        for (at, octet) in [(2, 7), (10, 0xff)] {
            let mut bad = packed.clone();
            bad[at] = octet;
            let error = media::unpack(&bad, &UnpackLimits::default()).unwrap_err();
            assert_eq!(error.kind(), UnpackErrorKind::Damaged);
        }
    }

    #[test]
    fn rpt_7_nothing_may_stand_behind_a_gzip() {
        for behind in ["\0", "\n", "{}", "\u{1f}"] {
            let octets = [&*media::packed(JSON), behind.as_bytes()].concat();
            let error = media::unpack(&octets, &UnpackLimits::default()).unwrap_err();
            assert_eq!(error.kind(), UnpackErrorKind::TrailingOctets);
            assert_eq!(error.offset(), Some(octets.len() - behind.len()));
        }
        let octets = [&*media::packed(JSON), b"\n"].concat();
        let error = media::unpack(&octets, &UnpackLimits::default()).unwrap_err();
        assert_eq!(error.found(), "\\n");
        let offset = octets.len() - 1;
        let shown = format!("expected the end of the gzip at offset {offset}, found `\\n`");
        assert_eq!(error.to_string(), shown);
    }

    #[test]
    fn rpt_7_a_bomb_costs_no_more_than_the_cap() {
        // 64 MiB in many members, which costs the test less than in one.
        let bomb = zeros(1 << 20).repeat(64);
        assert!(bomb.len() < 80_000);
        let kind = UnpackErrorKind::OutputTooLong { limit: 32 << 20 };
        let shown = "expected at most 33554432 octets of JSON";
        refused(&bomb, &UnpackLimits::default(), kind, shown);

        let limits = UnpackLimits::default().with_output(1 << 20);
        let kind = UnpackErrorKind::OutputTooLong { limit: 1 << 20 };
        let shown = "expected at most 1048576 octets of JSON";
        refused(&bomb, &limits, kind, shown);
        refused(&zeros(4 << 20), &limits, kind, shown);
        let whole = zeros(1 << 20);
        let Cow::Owned(json) = media::unpack(&whole, &limits).unwrap().into_json() else {
            panic!("it was packed");
        };
        assert_eq!(json.len(), 1 << 20);
        assert!(json.capacity() <= (1 << 20) + 64, "room for {} octets", json.capacity());
    }

    #[test]
    fn rpt_7_empty_members_cost_no_more_than_their_cap() {
        let octets = media::packed(b"").repeat(100_000);
        let kind = UnpackErrorKind::TooManyMembers { limit: 1_000 };
        let shown = "expected at most 1000 gzip members at offset 20000";
        refused(&octets, &UnpackLimits::default(), kind, shown);
    }

    fn zeros(octets: usize) -> Vec<u8> {
        media::packed(&vec![0; octets])
    }
}

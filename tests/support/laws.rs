//! What holds of every input, whatever it is: laws that the property tests and the
//! fuzz targets assert alike, against models that are slow and obvious.

use core::fmt::Display;

use mta_sts::domain::DomainName;
use mta_sts::escape::{SHOWN_MAX, escape};
use mta_sts::sts::{MAX_MX, MxPattern, Policy, StsRecord};
use mta_sts::tlsrpt::{MAX_REPORT_URIS, TlsRptRecord};
use mta_sts::txt::{self, NoRecord};
use mta_sts::{Deviations, MAX_DEVIATIONS, Reading};

/// RFC 8461 §3.1.
pub(crate) fn sts_record(text: &[u8]) {
    let parsed = StsRecord::parse(text);
    assert_eq!(parsed.as_ref().ok().map(|record| record.id().to_string()), naive_sts_id(text));
    match parsed {
        Ok(record) => {
            let canonical = record.to_string();
            let again = StsRecord::parse(&canonical).expect("canonical text parses");
            assert_eq!(again, record);
            assert_eq!(again.to_string(), canonical);
            assert_eq!(record.clone().into_owned(), record);
            split_anywhere(text, |strings| {
                assert_eq!(StsRecord::from_rrset([strings]).as_ref(), Ok(&record));
            });
            let mut rebuilt = StsRecord::new(record.id());
            for (name, value) in record.extensions() {
                rebuilt = rebuilt.with_extension(name, value).expect("was one before");
            }
            assert_eq!(rebuilt, record);
        }
        Err(error) => {
            assert!(error.offset() <= text.len());
            shown(&error);
        }
    }
}

/// The `id` that counts, found by cutting the text at each `;`.
fn naive_sts_id(text: &[u8]) -> Option<String> {
    let text = core::str::from_utf8(text).ok().filter(|text| text.len() <= txt::MAX_TEXT_LEN)?;
    let fields = naive_fields(text, "v=STSv1")?;
    let mut id = None;
    for (name, value) in fields {
        let alphanumeric = value.chars().all(|c| c.is_ascii_alphanumeric());
        if name == "id" && id.is_none() {
            id = Some(value).filter(|_| alphanumeric && (1..=32).contains(&value.len()));
            id?;
        } else if !is_value(value) {
            return None;
        }
    }
    id.map(str::to_owned)
}

fn is_value(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_graphic() && !";=".contains(c))
}

/// Names and values of a record's fields, values not looked at.
fn naive_fields<'a>(text: &'a str, version: &str) -> Option<Vec<(&'a str, &'a str)>> {
    let is_blank = |c: char| c == ' ' || c == '\t';
    let mut parts: Vec<&str> = text.strip_prefix(version)?.split(';').collect();
    if !parts.remove(0).chars().all(is_blank) {
        return None;
    }
    let last = parts.pop()?;
    if !last.is_empty() && !last.chars().all(is_blank) {
        // Nothing but a delimiter may end in white space.
        parts.push(last.trim_start_matches(is_blank));
        if last.ends_with(is_blank) {
            return None;
        }
    }
    let field = |part: &'a str| {
        let (name, value) = part.trim_matches(is_blank).split_once('=')?;
        let fits = name.len() <= 32
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        fits.then_some((name, value))
    };
    parts.into_iter().map(field).collect()
}

/// RFC 8460 §3.
pub(crate) fn tlsrpt_record(text: &[u8]) {
    let strict = TlsRptRecord::parse(text, Reading::Strict);
    let tolerant = TlsRptRecord::parse(text, Reading::Tolerant);
    if let Ok((record, deviations)) = &strict {
        assert!(deviations.is_empty());
        let (tolerant, deviations) = tolerant.as_ref().expect("strict is within tolerant");
        assert!(deviations.is_empty());
        assert_eq!(tolerant, record);
        split_anywhere(text, |strings| {
            let (again, _) = TlsRptRecord::from_rrset([strings], Reading::Strict).expect("valid");
            assert_eq!(&again, record);
        });
    }
    match tolerant {
        Ok((record, deviations)) => {
            forgiven(&deviations);
            assert_eq!(deviations.is_empty(), strict.is_ok());
            assert!((1..=MAX_REPORT_URIS).contains(&record.rua().count()));
            let canonical = record.to_string();
            let (again, _) =
                TlsRptRecord::parse(&canonical, Reading::Strict).expect("canonical text parses");
            assert_eq!(again, record);
            assert_eq!(again.to_string(), canonical);
            usable(&record, !deviations.is_empty());
        }
        Err(error) => {
            assert!(strict.is_err());
            assert!(error.offset() <= text.len());
            shown(&error);
        }
    }
}

/// Only a record whose URIs can all be used is one that a constructor makes.
fn usable(record: &TlsRptRecord<'_>, at_least_one: bool) {
    let all = record.rua().all(|uri| uri.destination().is_ok());
    let any = record.rua().any(|uri| uri.destination().is_ok());
    assert!(any || !at_least_one);
    match TlsRptRecord::new(record.rua().map(|uri| uri.as_str())) {
        Ok(built) => assert!(all && built.rua().eq(record.rua())),
        Err(_) => assert!(!all),
    }
}

/// RFC 8461 §3.1, the choice among TXT records: 0xFE ends a record, 0xFF a
/// character-string.
pub(crate) fn txt_rrset(bytes: &[u8]) {
    let mut rrset: Vec<Vec<&[u8]>> =
        bytes.split(|&b| b == 0xfe).map(|record| record.split(|&b| b == 0xff).collect()).collect();
    let chosen = StsRecord::from_rrset(&rrset).map(StsRecord::into_owned);
    let text = naive_choice(&rrset, "v=STSv1");
    match &text {
        Ok(text) => assert_eq!(chosen, StsRecord::parse(text).map_err(NoRecord::Invalid)),
        Err(none) => assert_eq!(chosen.as_ref(), Err(none)),
    }
    for version in ["v=STSv1", "v=TLSRPTv1"] {
        let select = |rrset| txt::select(rrset, version).map(|text| text.into_owned());
        assert_eq!(select(&rrset), naive_choice(&rrset, version));
    }
    rrset.reverse();
    let reversed = StsRecord::from_rrset(&rrset).map(StsRecord::into_owned);
    assert_eq!(reversed, chosen, "the order of an RRset has no meaning");
}

/// The one text that counts, from the words of RFC 8461 §3.1.
fn naive_choice(rrset: &[Vec<&[u8]>], version: &str) -> Result<Vec<u8>, NoRecord> {
    let mut texts: Vec<Vec<u8>> = rrset.iter().map(|strings| strings.concat()).collect();
    let sole = texts.len() == 1;
    texts.retain(|text| match text.strip_prefix(version.as_bytes()) {
        Some([b';', ..]) => true,
        Some([] | [b' ' | b'\t', ..]) => sole,
        _ => false,
    });
    match texts.len() {
        0 => Err(NoRecord::Absent),
        1 => Ok(texts.remove(0)),
        count => Err(NoRecord::Several { count }),
    }
}

/// RFC 8461 §3.2.
pub(crate) fn policy(body: &[u8]) {
    let strict = Policy::parse(body, Reading::Strict);
    let tolerant = Policy::parse(body, Reading::Tolerant);
    if let Ok((policy, deviations)) = &strict {
        assert!(deviations.is_empty());
        let (tolerant, deviations) = tolerant.as_ref().expect("strict is within tolerant");
        assert!(deviations.is_empty());
        assert_eq!(tolerant, policy);
        assert_eq!(tolerant.canonical().to_string(), policy.canonical().to_string());
    }
    match &tolerant {
        Ok((policy, deviations)) => {
            forgiven(deviations);
            assert_eq!(deviations.is_empty(), strict.is_ok());
            assert_eq!(policy.as_str().as_bytes(), body);
            assert!(policy.mx().len() <= MAX_MX);
            assert!(policy.mx().all(|mx| MxPattern::parse(mx.as_str()).is_ok()));
            policy.near_misses().for_each(|near| shown(&near));

            let canonical = policy.canonical().to_string();
            // The space after each colon may make it longer than the body was.
            let (again, _) = Policy::parse_within(&canonical, Reading::Strict, 2 * body.len())
                .expect("canonical text parses");
            assert!(again.same_meaning(policy) && policy.same_meaning(&again));
            assert!(again.extensions().eq(policy.extensions()));
            assert_eq!(again.canonical().to_string(), canonical);
        }
        Err(error) => {
            assert!(strict.is_err());
            shown(error);
            assert_eq!(error.line().is_some(), error.column().is_some());
            let lines = body.split(|&b| b == b'\n').count();
            assert!(error.line().is_none_or(|line| usize::try_from(line).unwrap() <= lines));
        }
    }
    if let Ok(text) = core::str::from_utf8(body)
        && body.len() <= mta_sts::sts::MAX_BODY_LEN
    {
        let found = strict.ok().map(|(policy, _)| {
            let mx = policy.mx().map(|mx| mx.as_str().to_owned()).collect();
            (policy.mode().as_str().to_owned(), policy.max_age().declared_secs(), mx)
        });
        assert_eq!(found, naive_policy(text));
        let bare = without_white_space(text).parse::<Policy>();
        assert_eq!(bare.is_ok(), tolerant.is_ok(), "white space is all that is forgiven");
        if let (Ok(bare), Ok((policy, _))) = (bare, tolerant) {
            assert_eq!(bare.canonical().to_string(), policy.canonical().to_string());
        }
    }
}

/// Mode, declared `max_age` and patterns by the strict grammar, found by cutting the
/// body at each LF and the lines at the first colon.
fn naive_policy(body: &str) -> Option<(String, u64, Vec<String>)> {
    let blank = [' ', '\t'];
    let mut lines: Vec<&str> = body.split('\n').collect();
    let unended = lines.pop().filter(|line| !line.is_empty());
    let ended = lines.into_iter().map(|line| line.strip_suffix('\r').unwrap_or(line));
    let (mut version, mut mode, mut max_age, mut mx) = (None, None, None, Vec::new());
    for line in ended.chain(unended) {
        let (name, value) = line.split_once(':')?;
        let value = value.trim_matches(blank);
        let is_name = (1..=32).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        if !is_name || value.is_empty() || value.contains(|c: char| c.is_ascii_control()) {
            return None;
        }
        let digits = value.len() <= 10 && value.chars().all(|c| c.is_ascii_digit());
        let right = match name {
            "version" if version.replace(()).is_none() => value == "STSv1",
            "mode" if mode.is_none() => {
                mode = Some(value.to_owned());
                ["enforce", "testing", "none"].contains(&value)
            }
            "max_age" if max_age.is_none() => {
                max_age = value.parse().ok();
                digits
            }
            "mx" => {
                mx.push(value.to_owned());
                is_pattern(value) && mx.len() <= 1000
            }
            _ => true,
        };
        if !right {
            return None;
        }
    }
    let (mode, max_age) = (mode?, max_age?);
    version?;
    (mode == "none" || !mx.is_empty()).then_some((mode, max_age, mx))
}

fn is_pattern(text: &str) -> bool {
    text.len() <= 253
        && text.strip_prefix("*.").unwrap_or(text).split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
}

/// The body without what the tolerant reading forgives.
fn without_white_space(body: &str) -> String {
    let is_blank = |c: char| c == ' ' || c == '\t';
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    let mut bare = String::new();
    for line in body.split_inclusive('\n') {
        let end = if line.ends_with("\r\n") {
            "\r\n"
        } else if line.ends_with('\n') {
            "\n"
        } else {
            ""
        };
        let text = line[..line.len() - end.len()].trim_start_matches(is_blank);
        if text.is_empty() {
            continue;
        }
        match text.split_once(':') {
            Some((name, value)) => bare.extend([name.trim_end_matches(is_blank), ":", value]),
            None => bare.push_str(text),
        }
        bare.push_str(end);
    }
    bare
}

/// RFC 8461 §4.1: a pattern, LF, a host.
pub(crate) fn mx_match(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (pattern, host) = text.split_once('\n').unwrap_or((&text, &text));
    if let Ok(domain) = DomainName::parse(host) {
        assert_eq!(DomainName::try_from(&domain.to_dns_name()).as_ref(), Ok(&domain));
        assert_eq!(DomainName::parse(domain.as_str()).as_ref(), Ok(&domain));
        let plain = MxPattern::parse(domain.as_str()).expect("a domain is a pattern");
        assert!(plain.matches(host) && plain.matches(&host.to_ascii_uppercase()));
    }
    match MxPattern::parse(pattern) {
        Ok(pattern) => {
            assert_eq!(pattern.matches(host), naive_match(pattern.as_str(), host));
            let dotted = [host, "."].concat();
            assert!(!pattern.matches(host) || host.ends_with('.') || pattern.matches(&dotted));
            let body = format!("version: STSv1\nmode: enforce\nmx: {pattern}\nmax_age: 1\n");
            let policy: Policy = body.parse().expect("an mx is all that could be wrong");
            assert_eq!(policy.matching_mx(host).is_some(), pattern.matches(host));
        }
        Err(error) => {
            assert!(error.offset() <= pattern.len());
            shown(&error);
        }
    }
}

/// Label by label, from the words of spec and RFC.
fn naive_match(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    let hosts: Vec<&str> = host.split('.').collect();
    let patterns: Vec<&str> = pattern.split('.').collect();
    let octet = |label: &&str| {
        (1..=3).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_digit())
            && label.parse::<u16>().is_ok_and(|n| n <= 255)
    };
    // What no host name has is refused in the label under `*`; elsewhere it cannot
    // equal a pattern.
    let strange = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    let never = hosts.iter().any(|label| label.is_empty() || label.len() > 63)
        || hosts[0].contains(strange)
        || host.len() > 253
        || host.starts_with('*')
        || host.contains(['[', ':'])
        || !host.is_ascii()
        || (hosts.len() == 4 && hosts.iter().all(octet));
    !never
        && hosts.len() == patterns.len()
        && hosts
            .iter()
            .zip(&patterns)
            .enumerate()
            .all(|(n, (h, p))| h == p || (n == 0 && *p == "*"))
}

/// Every split into two character-strings, and the one into single octets.
fn split_anywhere(text: &[u8], law: impl Fn(&[&[u8]])) {
    let step = (text.len() / 64).max(1);
    for at in (0..=text.len()).step_by(step) {
        let (head, tail) = text.split_at(at);
        law(&[head, tail]);
    }
    law(&text.chunks(1).collect::<Vec<_>>());
}

fn forgiven<D: Display>(deviations: &Deviations<D>) {
    assert_eq!(deviations.as_slice().len(), deviations.total().min(MAX_DEVIATIONS));
    deviations.iter().for_each(shown);
}

/// Errors and findings are one printable line of bounded length.
fn shown(error: &impl Display) {
    let text = error.to_string();
    assert!(!text.is_empty());
    // Nothing else may be added to the remote text than words of our own.
    assert!(text.chars().count() < 12 * SHOWN_MAX, "{} characters", text.chars().count());
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(!text.contains('\u{202e}'));
    let _ = escape(&text);
}

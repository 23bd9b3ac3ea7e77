//! The form of IP addresses: what the standard library reads, and of that what RFC 5952
//! lets one write. It reads an address, and writes one, in ten times the time it takes to
//! look at its form, and a report has two in each row.

use alloc::string::ToString as _;
use core::net::Ipv6Addr;
use core::ops::Range;

/// Whether a text is an address, in whatever form.
pub(super) fn is_address(text: &str) -> bool {
    let octets = text.as_bytes();
    is_ipv4(octets) || is_ipv6(octets) || (has_dots(octets) && text.parse::<Ipv6Addr>().is_ok())
}

/// Whether a text is an address in the one form of RFC 5952; IPv4 has no other.
pub(super) fn is_canonical(text: &str) -> bool {
    let read = || text.parse::<Ipv6Addr>();
    let octets = text.as_bytes();
    match (is_ipv4(octets), has_dots(octets)) {
        (true, _) => true,
        (false, true) => read().is_ok_and(|address| address.to_string() == text),
        (false, false) => read().is_ok_and(|address| is_plain(octets, &address)),
    }
}

fn has_dots(text: &[u8]) -> bool {
    text.contains(&b'.')
}

/// Four numbers up to 255, without leading zeros.
fn is_ipv4(text: &[u8]) -> bool {
    let (mut dots, mut number, mut digits) = (0_u32, 0_u32, 0_u32);
    for b in text {
        if b.is_ascii_digit() && (digits == 0 || number > 0) && number < 26 {
            number = number.wrapping_mul(10).wrapping_add(u32::from(b & 0xf));
            digits = digits.wrapping_add(1);
        } else if *b == b'.' && digits > 0 && number < 256 && dots < 3 {
            (dots, number, digits) = (dots.wrapping_add(1), 0, 0);
        } else {
            return false;
        }
    }
    dots == 3 && digits > 0 && number < 256
}

/// Eight groups of one to four digits, or fewer with one `::`; none has dots.
fn is_ipv6(text: &[u8]) -> bool {
    let (mut groups, mut digits, mut gaps) = (0_u32, 0_u32, 0_u32);
    let mut before = b' ';
    for b in text {
        if *b == b':' {
            gaps = gaps.wrapping_add(u32::from(before == b':'));
            digits = 0;
        } else {
            groups = groups.wrapping_add(u32::from(digits == 0));
            digits = digits.wrapping_add(1);
            if digits > 4 || groups > 8 || !b.is_ascii_hexdigit() {
                return false;
            }
        }
        before = *b;
    }
    let whole = match text {
        [b':', second, ..] if *second != b':' => false,
        [.., last, b':'] if *last != b':' => false,
        _ => true,
    };
    whole && matches!((gaps, groups), (0, 8) | (1, ..8))
}

/// RFC 5952 §4, for an address without dots.
fn is_plain(octets: &[u8], address: &Ipv6Addr) -> bool {
    let groups = &address.segments();
    // §4.1, §4.3: no leading zeros, lower case.
    let before = [b':'].iter().chain(octets);
    let padded = before
        .zip(octets.windows(2))
        .any(|(before, pair)| matches!((before, pair), (b':', [b'0', next]) if *next != b':'));
    let upper = octets.iter().any(u8::is_ascii_uppercase);
    // §4.2: `::` for the first of the longest runs of at least two zeros.
    let zeros = longest_zeros(groups);
    let short = match octets.windows(2).position(|pair| pair == b"::") {
        None => zeros.len() < 2,
        Some(at) => {
            let (before, after) = (octets.get(..at), octets.get(at.saturating_add(2)..));
            zeros.len() > 1
                && count_groups(before) == zeros.start
                && count_groups(after) == groups.len().saturating_sub(zeros.end)
        }
    };
    short && !padded && !upper
}

fn count_groups(part: Option<&[u8]>) -> usize {
    let colons = |part: &[u8]| part.iter().filter(|b| **b == b':').count();
    part.filter(|part| !part.is_empty()).map_or(0, |part| colons(part).saturating_add(1))
}

/// Where the first of the longest runs of zeros is.
fn longest_zeros(groups: &[u16; 8]) -> Range<usize> {
    let (mut longest, mut start) = (0..0, 0);
    for (end, group) in (1_usize..).zip(groups) {
        if *group != 0 {
            start = end;
        } else if end.saturating_sub(start) > longest.len() {
            longest = start..end;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use core::net::IpAddr;

    use super::*;

    #[test]
    fn rpt_1_addresses_have_the_form_of_rfc_5952() {
        for text in
            ["192.0.2.1", "::", "::1", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "1::2:0:0:3:4"]
        {
            assert!(is_canonical(text), "{text}");
        }
        for text in
            ["2001:0:0:1::1", "2001::1:0:0:1", "1:2:3:4:5:6:7:0", "::ffff:192.0.2.1", "fe80::"]
        {
            let shown = text.parse::<Ipv6Addr>().map(|address| address.to_string());
            let fits = is_canonical(text);
            assert_eq!(shown.as_deref() == Ok(text), fits, "{text}");
        }
        for text in [
            "",
            "x.x.x.x",
            "192.0.2.01",
            "192.0.2",
            "[::1]",
            "::1%eth0",
            "2001:DB8::1",
            "2001:db8::01",
            "2001:db8:0:0:1::1",
            "2001:db8:0:0:0:0:0:1",
            "2001:db8::1:1:1:1:1",
            "0::1",
            "::0",
            "1::0:0:2",
            "::192.0.2.1",
        ] {
            assert!(!is_canonical(text), "{text}");
        }
    }

    /// All texts of up to five of the pieces that addresses are made of.
    #[test]
    fn rpt_5_an_address_is_what_the_standard_library_reads() {
        let pieces =
            ["0", "7", "25", "255", "256", ".", ":", "::", "a", "fffff", "1.2.3.4", "1:2:3", "G"];
        let mut texts = alloc::vec![String::new()];
        for _ in 0..5 {
            let longer = |text: &String| pieces.map(|piece| alloc::format!("{text}{piece}"));
            texts = texts.iter().flat_map(longer).collect();
            for text in &texts {
                assert_eq!(is_address(text), text.parse::<IpAddr>().is_ok(), "{text}");
            }
        }
    }

    /// All shapes that eight groups of none, one and more digits have.
    #[test]
    fn rpt_1_the_rule_of_rfc_5952_is_that_of_the_standard_library() {
        for shape in 0..3_u32.pow(8) {
            let group = |n: u32| match shape.checked_div(3_u32.pow(n)).unwrap_or(0) % 3 {
                0 => 0,
                1 => 1,
                _ => 0xab,
            };
            let groups: [u16; 8] = core::array::from_fn(|n| group(u32::try_from(n).unwrap_or(0)));
            let address = Ipv6Addr::from(groups);
            let shown = address.to_string();
            let full = groups.map(|group| alloc::format!("{group:x}")).join(":");
            if !shown.contains('.') {
                assert!(is_plain(shown.as_bytes(), &address), "{shown}");
                assert_eq!(is_plain(full.as_bytes(), &address), shown == full, "{full}");
            }
        }
    }
}

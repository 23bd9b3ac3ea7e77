//! An `id` that was not there before (RFC 8461 §3.1).

use alloc::format;
use alloc::string::{String, ToString as _};

use rustls_pki_types::UnixTime;

use super::time::Moment;
use crate::sts::{Policy, PolicyId};
use crate::tlsrpt::insight::Day;

/// An `id` from the time at which the policy is published, such as `20160831085700Z`.
///
/// `last` is the `id` that was published last. If that is of the same second, or of a
/// later one because a clock ran back, a count is added to it: `20160831085700Z1`. So no
/// `id` comes twice, as long as each is made from the one before. Beyond what fits into
/// 32 characters the `id` is made as [`id_from_content`] makes it.
///
/// ```
/// use mta_sts::rollout::id_from_time;
/// use mta_sts::sts::PolicyId;
/// use rustls_pki_types::UnixTime;
///
/// let now = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_472_633_820));
/// let id = id_from_time(now, Some(PolicyId::new("20160801")?));
/// assert_eq!(id.as_str(), "20160831085700Z");
/// assert_eq!(id_from_time(now, Some(id)).as_str(), "20160831085700Z1");
/// # Ok::<_, mta_sts::sts::PolicyIdError>(())
/// ```
///
/// # Panics
///
/// Never: what is written has 1 to 32 letters and digits.
#[must_use]
pub fn id_from_time(now: UnixTime, last: Option<PolicyId>) -> PolicyId {
    let (hour, minute, second) = Moment(now).clock();
    let day = Day::of(now).to_string().replace('-', "");
    let stamp = format!("{day}{hour:02}{minute:02}{second:02}");
    let text = match last.as_ref().and_then(|last| stamped(last.as_str())) {
        Some((before, count)) if !is_earlier(before, &stamp) => next(before, count),
        _ => Some(format!("{stamp}Z")),
    };
    text.and_then(|text| PolicyId::new(&text).ok()).unwrap_or_else(|| digest(b"", last))
}

/// The digits of the time in an `id` of this form, and its count.
fn stamped(id: &str) -> Option<(&str, &str)> {
    let (stamp, count) = id.split_once('Z')?;
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    (stamp.len() >= STAMP_LEN && is_digits(stamp) && is_digits(count)).then_some((stamp, count))
}

/// `YYYYMMDDhhmmss`; years may have more digits.
const STAMP_LEN: usize = 14;

fn is_earlier(a: &str, b: &str) -> bool {
    (a.len(), a) < (b.len(), b)
}

fn next(stamp: &str, count: &str) -> Option<String> {
    let count: u64 = if count.is_empty() { 0 } else { count.parse().ok()? };
    Some(format!("{stamp}Z{}", count.checked_add(1)?))
}

/// An `id` from the body of the policy and the `id` published before it.
///
/// The same two give the same `id`, so that a deployment can be repeated; while the body
/// stays as it is, the `id` must stay too. Since each `id` depends on the one before, and
/// so on all before that, a domain that goes back to an older body does not go back to an
/// older `id`.
///
/// It is `c` and a hash of 128 bits in base 32. That is no security boundary: whoever can
/// choose bodies may be able to make two with one `id`, and would harm nobody but the
/// domain they publish for.
///
/// ```
/// use mta_sts::rollout::id_from_content;
///
/// let first = "version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 86400\n".parse()?;
/// let second = "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 86400\n".parse()?;
/// let id = id_from_content(&first, None);
/// assert_eq!(id, id_from_content(&first, None));
/// let next = id_from_content(&second, Some(id));
/// assert_ne!(id_from_content(&first, Some(next)), id); // back to the first body
/// # Ok::<_, mta_sts::sts::ParsePolicyError>(())
/// ```
///
/// # Panics
///
/// Never: what is written has 27 letters and digits.
#[must_use]
pub fn id_from_content(policy: &Policy, last: Option<PolicyId>) -> PolicyId {
    digest(policy.as_str().as_bytes(), last)
}

fn digest(body: &[u8], last: Option<PolicyId>) -> PolicyId {
    let last_text = last.as_ref().map_or("", PolicyId::as_str);
    // An octet that no `id` has ends it.
    let octets = last_text.bytes().chain([0]).chain(body.iter().copied());
    let hash = hash(octets);
    let id = |prefix| id_of(prefix, hash);
    // A hash may come out as the last one did; never with both letters.
    Some(id('c')).filter(|id| Some(*id) != last).unwrap_or_else(|| id('d'))
}

fn id_of(prefix: char, mut hash: u128) -> PolicyId {
    let mut text = String::from(prefix);
    for _ in 0..DIGITS {
        let digit = u32::try_from(hash % 32).unwrap_or_default();
        text.push(char::from_digit(digit, 32).unwrap_or_default());
        hash /= 32;
    }
    PolicyId::new(&text).expect("27 letters and digits")
}

/// Of 5 bits each: 128 bits.
const DIGITS: usize = 26;

/// Two hashes in the manner of FNV, with different multipliers and orders, mixed at the
/// end.
fn hash(octets: impl Iterator<Item = u8>) -> u128 {
    let mut a: u64 = 0xcbf2_9ce4_8422_2325;
    let mut b: u64 = 0x9e37_79b9_7f4a_7c15;
    for octet in octets {
        a = (a ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3);
        b = b.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ u64::from(octet);
    }
    (u128::from(mixed(a)) << 64) | u128::from(mixed(b ^ a.rotate_left(32)))
}

/// Every bit of the result depends on every bit.
const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

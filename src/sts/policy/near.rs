//! What the author of a refused policy probably meant: the slips that published
//! policies show.

use alloc::string::String;
use core::fmt;

use super::{FIELD_NAMES, MaxAge, Mode, PolicyErrorKind, VERSION};
use crate::escape::escape;
use crate::hint::{self, Hint};
use crate::sts::mx;

/// An extension whose name is a slip of a known field's name; see
/// [`Policy::near_misses`](super::Policy::near_misses).
///
/// A sender ignores such a field, as it must (RFC 8461 §3.2); its author probably
/// does not know that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearMiss<'a> {
    line: u32,
    name: &'a str,
    meant: &'static str,
}

impl<'a> NearMiss<'a> {
    /// The line of the field, counted from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The name as written.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The name that was probably meant.
    #[must_use]
    pub const fn meant(&self) -> &'static str {
        self.meant
    }
}

impl fmt::Display for NearMiss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, name, meant } = self;
        write!(f, "line {line}: `{}` is ignored; did you mean `{meant}`?", escape(name))
    }
}

/// The near misses among the fields of a body.
pub(super) fn fields(body: &str) -> impl Iterator<Item = NearMiss<'_>> {
    super::fields(body).filter(|(_, name, _)| !FIELD_NAMES.contains(name)).filter_map(
        |(line, name, _)| {
            let meant = hint::closest(name, &FIELD_NAMES)?;
            Some(NearMiss { line, name, meant })
        },
    )
}

/// A hint for a fault of `kind`; `found` is the text that the error shows.
pub(super) fn hint(kind: PolicyErrorKind, found: &str, body: &str) -> Option<Hint> {
    match kind {
        PolicyErrorKind::Version => hint::closest(found, &[VERSION]).map(Hint::did_you_mean),
        PolicyErrorKind::Mode => mode(found),
        PolicyErrorKind::MaxAge => max_age(found),
        PolicyErrorKind::Mx(kind) => mx::near_miss(found, kind),
        PolicyErrorKind::MissingVersion => missing("version", body),
        PolicyErrorKind::MissingMode => missing("mode", body),
        PolicyErrorKind::MissingMaxAge => missing("max_age", body),
        PolicyErrorKind::MissingMx => missing("mx", body),
        PolicyErrorKind::Name | PolicyErrorKind::Colon => kind_of_text(body.as_bytes())
            .or_else(|| is_dns_line(found).then_some(Hint::DnsRecord))
            .or_else(|| found.starts_with(['#', '/']).then_some(Hint::Comment)),
        _ => None,
    }
}

/// What sort of text the body is, if it was never meant as a policy.
pub(super) fn kind_of_text(body: &[u8]) -> Option<Hint> {
    let head = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let first_line = head.split(|&b| b == b'\n').next().unwrap_or_default();
    // Enough for a record; a page may be one long line.
    let first_line = String::from_utf8_lossy(first_line.get(..256).unwrap_or(first_line));
    if head.starts_with(b"<") {
        Some(Hint::HtmlPage)
    } else if head.starts_with(b"{\\rtf") || head.starts_with(b"\\") {
        Some(Hint::RichText)
    } else {
        is_dns_line(&first_line).then_some(Hint::DnsRecord)
    }
}

fn is_dns_line(line: &str) -> bool {
    line.contains("v=STSv1") || line.contains("_mta-sts")
}

/// `enforced`, `[testing]`, `testing (or enforce)`, `enforce # a comment`
fn mode(found: &str) -> Option<Hint> {
    let names = Mode::ALL.map(Mode::as_str);
    if found.contains('|') {
        return Some(Hint::ChooseOne);
    }
    let word = found.split(|c: char| !c.is_ascii_alphabetic()).find(|word| !word.is_empty())?;
    // The drafts of RFC 8461 called it that.
    let word = if word.eq_ignore_ascii_case("report") { "testing" } else { word };
    hint::closest(word, &names).map(Hint::did_you_mean)
}

/// `604,800`, `604800 seconds`, `604800 # a week`
fn max_age(found: &str) -> Option<Hint> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | '_' | '\'');
    let end = found.find(|c| !is_number(c)).unwrap_or(found.len());
    let (number, unit) = found.split_at_checked(end)?;
    // Separators stand before groups of three.
    let mut groups = number.split([',', '.', '_', '\'']);
    let first = groups.next()?;
    let in_threes = first.len() <= 3 && groups.all(|group| group.len() == 3);
    let unit = unit.trim_start().to_ascii_lowercase();
    let in_seconds = ["", "s", "sec", "secs", "second", "seconds"].contains(&&*unit);
    let digits: String = number.chars().filter(char::is_ascii_digit).take(11).collect();
    let meant = (in_seconds || unit.starts_with('#')) && (digits == number || in_threes);
    (meant && digits != found && MaxAge::parse(digits.as_bytes()).is_some())
        .then(|| Hint::did_you_mean(&digits))
}

/// The field that was probably meant to be the missing one.
fn missing(name: &'static str, body: &str) -> Option<Hint> {
    fields(body)
        .find(|near| near.meant == name)
        .map(|near| Hint::FieldName {
            meant: name,
            found: alloc::format!("{}", escape(near.name)).into(),
            line: Some(near.line),
        })
        .or_else(|| kind_of_text(body.as_bytes()))
}

//! Near misses: what the author of a refused text probably meant.
//!
//! A hint is advice in an error or a finding. Nothing is ever accepted because of
//! one: what is not the RFC's text is refused, or it is one of the deviations
//! that the tolerant reading names.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};

use crate::escape::escape;

/// What the author of a refused text probably meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Hint {
    /// The text that was probably meant, [escaped](crate::escape).
    #[error("did you mean `{0}`?")]
    DidYouMean(Box<str>),
    /// An extension whose name is a slip of the field that is missing.
    #[error("did you mean `{meant}` by `{found}`{}?", in_line(*line))]
    FieldName {
        /// The name that was probably meant.
        meant: &'static str,
        /// The name as written, [escaped](crate::escape).
        found: Box<str>,
        /// The line, counted from 1; none in a record.
        line: Option<u32>,
    },
    /// Several alternatives were left in, as in a template.
    #[error("choose one of them")]
    ChooseOne,
    /// Several host names stand on one `mx` line.
    #[error("give each host an `mx` line of its own")]
    OneMxPerLine,
    /// A name is written in another script than ASCII.
    #[error("write its A-labels (`xn--…`)")]
    ALabels,
    /// A `#` begins what was meant as a comment.
    #[error("there are no comments in a policy")]
    Comment,
    /// The body is an HTML page.
    #[error("this looks like an HTML page, not a policy")]
    HtmlPage,
    /// The body is the TXT record, or a line of a zone file.
    #[error("this looks like a DNS record, not a policy")]
    DnsRecord,
    /// The body was saved by a word processor.
    #[error("this looks like a rich-text document; save it as plain text")]
    RichText,
}

impl Hint {
    pub(crate) fn did_you_mean(text: &str) -> Self {
        // What is suggested is shown whole: no name is longer.
        Self::DidYouMean(escape(text).at_most(MAX_SUGGESTION).to_string().into())
    }
}

fn in_line(line: Option<u32>) -> String {
    line.map_or_else(String::new, |line| alloc::format!(" in line {line}"))
}

/// The characters of a suggestion: a mail address is longer than any name.
const MAX_SUGGESTION: usize = 320;

/// The candidate that `found` is a slip of: the same in another case, its beginning
/// (three letters or more), the same but for two octets at the end, or one slip away
/// (two where both are long). One letter is no slip of anything.
pub(crate) fn closest<'a>(found: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if !(2..=2 * LONGEST).contains(&found.len()) {
        return None;
    }
    let near = |candidate: &&&str| {
        let shorter = found.len().min(candidate.len());
        let slips = if shorter < 5 { 1 } else { 2 };
        let prefix = common_prefix(found, candidate);
        (prefix >= 3 && prefix == found.len())
            || prefix >= shorter.saturating_sub(2).max(4)
            || distance(found, candidate) <= slips
    };
    let same = |candidate: &&&str| candidate.eq_ignore_ascii_case(found);
    candidates.iter().find(same).or_else(|| candidates.iter().find(near)).copied()
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(x, y)| x.eq_ignore_ascii_case(y)).count()
}

/// The longest word that slips are counted in: longer than any name or value of
/// the RFCs, and a bound on the work.
const LONGEST: usize = 12;

/// How many octets must be put in, left out or changed (Levenshtein), case
/// ignored; `usize::MAX` for words that are too long.
fn distance(a: &str, b: &str) -> usize {
    if a.len().max(b.len()) > LONGEST {
        return usize::MAX;
    }
    let mut row: [usize; LONGEST + 1] = core::array::from_fn(|n| n);
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let change = diagonal.saturating_add(usize::from(!x.eq_ignore_ascii_case(&y)));
            diagonal = *cell;
            *cell = change.min(left.saturating_add(1)).min(diagonal.saturating_add(1));
            left = *cell;
        }
    }
    row.get(b.len()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, slips) in [
            ("mx", "mx", 0),
            ("nmx", "mx", 1),
            ("ms", "mx", 1),
            ("max-age", "max_age", 1),
            ("vesrion", "version", 2),
            ("", "mx", 2),
            ("mx", "", 2),
        ] {
            assert_eq!(distance(a, b), slips, "{a} {b}");
        }
    }

    #[test]
    fn near_misses_are_found_and_others_are_not() {
        let modes = ["enforce", "testing", "none"];
        for (found, meant) in [
            ("Enforce", Some("enforce")),
            ("enforced", Some("enforce")),
            ("enforcing", Some("enforce")),
            ("test", Some("testing")),
            ("nonne", Some("none")),
            ("note", Some("none")),
            ("nope", Some("none")),
            ("notes", None),
            ("enf", Some("enforce")),
            ("en", None),
            ("live", None),
            ("", None),
        ] {
            assert_eq!(closest(found, &modes), meant, "{found}");
        }
        assert_eq!(closest(&"x".repeat(1000), &modes), None);
    }
}

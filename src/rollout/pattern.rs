//! What becomes of the patterns when one policy takes the place of another.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::sts::{MxPattern, Policy};

/// What becomes of the patterns of a policy; all texts in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternChange {
    /// It is new.
    Added(Box<str>),
    /// A host was listed, and now a wildcard lists it.
    Widened {
        /// The host name.
        from: Box<str>,
        /// The wildcard.
        to: Box<str>,
    },
    /// A wildcard has gone, and this host of those that it listed is listed still.
    Narrowed {
        /// The wildcard.
        from: Box<str>,
        /// The host name.
        to: Box<str>,
    },
    /// It is gone, and no other pattern stands in for it.
    Removed(Box<str>),
}

impl fmt::Display for PatternChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(pattern) => write!(f, "`{pattern}` is listed now"),
            Self::Widened { from, to } => write!(f, "`{from}` is within `{to}` now"),
            Self::Narrowed { from, to } => {
                write!(f, "of `{from}` only `{to}` is listed now")
            }
            Self::Removed(pattern) => write!(f, "`{pattern}` is not listed any more"),
        }
    }
}

/// The patterns that are not in both policies, first those that come, then those that go.
pub(super) fn patterns(old: &Policy, new: &Policy) -> Vec<PatternChange> {
    let (gone, come) = (missing(old, new), missing(new, old));
    let text = |pattern: MxPattern<'_>| pattern.as_str().to_ascii_lowercase().into();
    let narrowed = |to: MxPattern<'_>| {
        let from = gone.iter().find(|from| is_within(to, **from))?;
        Some(PatternChange::Narrowed { from: text(*from), to: text(to) })
    };
    let widened = |from: MxPattern<'_>| {
        let to = new.mx().find(|to| is_within(from, *to))?;
        Some(PatternChange::Widened { from: text(from), to: text(to) })
    };
    let has_heir = |from: MxPattern<'_>| come.iter().any(|to| is_within(*to, from));
    let added =
        |to: &MxPattern<'_>| narrowed(*to).unwrap_or_else(|| PatternChange::Added(text(*to)));
    let removed = |from: &MxPattern<'_>| {
        widened(*from).unwrap_or_else(|| PatternChange::Removed(text(*from)))
    };
    let without_heir = gone.iter().filter(|from| !has_heir(**from));
    come.iter().map(added).chain(without_heir.map(removed)).collect()
}

/// The patterns of the one that are not in the other, each once.
fn missing<'a>(one: &'a Policy, other: &Policy) -> Vec<MxPattern<'a>> {
    let mut missing = Vec::new();
    for pattern in one.mx() {
        if !missing.contains(&pattern) && !other.mx().any(|mx| mx == pattern) {
            missing.push(pattern);
        }
    }
    missing
}

/// Whether the one is a host that the other, a wildcard, lists.
fn is_within(one: MxPattern<'_>, other: MxPattern<'_>) -> bool {
    one.wildcard_base().is_none() && other.wildcard_base().is_some() && other.matches(one.as_str())
}

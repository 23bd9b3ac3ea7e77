//! The two ways to read text that somebody else published, and what the
//! forgiving one forgave.
//!
//! This is not where a format says what it forgives: see
//! [`Policy::parse`](crate::sts::Policy::parse) and
//! [`TlsRptRecord::parse`](crate::tlsrpt::TlsRptRecord::parse).

use alloc::vec::{self, Vec};
use core::slice;

/// How to read text from the network.
///
/// Both readings are one pass over one grammar; they differ only at the points
/// that the format lists as forgivable. Text that the strict reading accepts
/// means the same in the tolerant one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a third reading would be a third grammar")]
pub enum Reading {
    /// The RFC's grammar exactly: what a publisher must write.
    Strict,
    /// The grammar, and a short list of forgiven points, each of which is
    /// reported as a deviation: what a sender should accept.
    Tolerant,
}

impl Reading {
    /// The one place where the readings part: the tolerant one notes the
    /// deviation and goes on, the strict one makes an error of it.
    pub(crate) fn forgive<D, E>(
        self,
        deviations: &mut Deviations<D>,
        deviation: impl FnOnce() -> D,
        error: impl FnOnce() -> E,
    ) -> Result<(), E> {
        match self {
            Self::Strict => Err(error()),
            Self::Tolerant => {
                deviations.push(deviation);
                Ok(())
            }
        }
    }
}

/// How many deviations of one text are kept, the first ones.
///
/// Enough to show an owner what is wrong, and a bound on what 64 KiB of blank
/// lines can cost.
pub const MAX_DEVIATIONS: usize = 64;

/// What a tolerant reading forgave, in the order of the text: at most
/// [`MAX_DEVIATIONS`] of them, and the number of all.
///
/// Always empty after a strict reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviations<D> {
    kept: Vec<D>,
    total: usize,
}

impl<D> Deviations<D> {
    /// Whether the text was read without forgiving anything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many points were forgiven, those beyond [`MAX_DEVIATIONS`] included.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// The deviations that were kept.
    #[must_use]
    pub fn as_slice(&self) -> &[D] {
        &self.kept
    }

    /// The deviations that were kept, one by one.
    pub fn iter(&self) -> slice::Iter<'_, D> {
        self.kept.iter()
    }

    pub(crate) fn push(&mut self, deviation: impl FnOnce() -> D) {
        self.total = self.total.saturating_add(1);
        if self.kept.len() < MAX_DEVIATIONS {
            self.kept.push(deviation());
        }
    }
}

impl<D> Default for Deviations<D> {
    fn default() -> Self {
        Self { kept: Vec::new(), total: 0 }
    }
}

impl<'a, D> IntoIterator for &'a Deviations<D> {
    type Item = &'a D;
    type IntoIter = slice::Iter<'a, D>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<D> IntoIterator for Deviations<D> {
    type Item = D;
    type IntoIter = vec::IntoIter<D>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_capped_and_still_counted() {
        let mut deviations = Deviations::default();
        for n in 0..MAX_DEVIATIONS + 10 {
            deviations.push(|| n);
        }
        assert_eq!(deviations.as_slice().len(), MAX_DEVIATIONS);
        assert_eq!(deviations.total(), MAX_DEVIATIONS + 10);
        assert_eq!(deviations.iter().next(), Some(&0));
        assert!(!deviations.is_empty());
    }
}

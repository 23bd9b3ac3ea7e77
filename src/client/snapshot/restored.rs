//! What was restored of a snapshot, and what was not.

use alloc::vec::Vec;
use core::fmt;

use crate::snapshot::{MAX_LINE_LEN, ReadLineError};

/// What was restored of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    pub(super) entries: u64,
    damaged: Vec<DamagedLine>,
    damaged_total: u64,
}

impl Restored {
    /// How many damaged lines are told of: enough to see what has happened.
    pub const MAX_DAMAGED: usize = 20;

    /// How many entries were restored.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The first [`MAX_DAMAGED`](Self::MAX_DAMAGED) damaged lines.
    #[must_use]
    pub const fn damaged(&self) -> &[DamagedLine] {
        self.damaged.as_slice()
    }

    /// How many lines are damaged.
    #[must_use]
    pub const fn damaged_total(&self) -> u64 {
        self.damaged_total
    }

    pub(super) fn note(&mut self, number: u64, damage: Damage) {
        if self.damaged.len() < Self::MAX_DAMAGED {
            self.damaged.push(DamagedLine { number, damage });
        }
        self.damaged_total = self.damaged_total.saturating_add(1);
    }
}

/// Such as `12 entries, 1 line damaged (line 3: ...)`.
impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", self.entries)?;
        match self.damaged.first() {
            None => Ok(()),
            Some(first) => {
                write!(f, ", {} lines damaged (the first: {first})", self.damaged_total)
            }
        }
    }
}

/// A line of a snapshot that is no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedLine {
    number: u64,
    damage: Damage,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    #[error("expected at most {MAX_LINE_LEN} octets")]
    TooLong,
    #[error("expected UTF-8")]
    NotUtf8,
    #[error(transparent)]
    Line(ReadLineError),
}

impl DamagedLine {
    /// The number of the line, counted from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// What is wrong with it, unless it is too long or not UTF-8.
    #[must_use]
    pub const fn error(&self) -> Option<&ReadLineError> {
        match &self.damage {
            Damage::Line(error) => Some(error),
            Damage::TooLong | Damage::NotUtf8 => None,
        }
    }
}

/// Such as `line 3: expected UTF-8`.
impl fmt::Display for DamagedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.damage)
    }
}

//! The failure rows under one policy: those with the smallest hashes, and what is left
//! of the others.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::hash::FixedHash;
use super::plus;
use crate::failure::{Failure, ResultType};

/// The octets of a host name or HELO that are kept, as RFC 5321 §4.5.3.1.2 allows a
/// domain; what is longer is cut, and what is alike then is one row.
pub const MAX_TEXT_LEN: usize = 255;

/// The beginning of a text, at most so many octets, whole characters.
pub(super) fn cut(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

/// What sessions that failed in the same way have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowRef<'a> {
    pub(super) failure: Failure,
    pub(super) mx: Option<&'a str>,
    pub(super) helo: Option<&'a str>,
    pub(super) sending_ip: Option<IpAddr>,
    pub(super) receiving_ip: Option<IpAddr>,
}

impl RowRef<'_> {
    fn hash(self) -> u64 {
        let mut hash = FixedHash::new();
        hash.text(self.failure.result_type().as_str());
        hash.text(self.failure.reason_code().as_str());
        hash.text(self.mx.unwrap_or_default());
        hash.text(self.helo.unwrap_or_default());
        for ip in [self.sending_ip, self.receiving_ip] {
            match ip {
                None => hash.octets(&[]),
                Some(IpAddr::V4(ip)) => hash.octets(&ip.octets()),
                Some(IpAddr::V6(ip)) => hash.octets(&ip.octets()),
            }
        }
        hash.finish()
    }
}

/// A row that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    hash: u64,
    count: u64,
    failure: Failure,
    mx: Option<Box<str>>,
    helo: Option<Box<str>>,
    sending_ip: Option<IpAddr>,
    receiving_ip: Option<IpAddr>,
}

impl Row {
    fn new(row: RowRef<'_>, hash: u64, count: u64) -> Self {
        Self {
            hash,
            count,
            failure: row.failure,
            mx: row.mx.map(Box::from),
            helo: row.helo.map(Box::from),
            sending_ip: row.sending_ip,
            receiving_ip: row.receiving_ip,
        }
    }

    fn as_ref(&self) -> RowRef<'_> {
        RowRef {
            failure: self.failure,
            mx: self.mx.as_deref(),
            helo: self.helo.as_deref(),
            sending_ip: self.sending_ip,
            receiving_ip: self.receiving_ip,
        }
    }
}

/// All rows under one policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rows {
    /// In the order of their hashes, and of equal ones in that of what they say.
    kept: Vec<Row>,
    /// The sessions of all other rows.
    others: BTreeMap<ResultType, u64>,
}

impl Rows {
    /// Counts sessions in a row. At most `max` rows are kept: those with the smallest
    /// hashes of all that were ever counted, in whatever order they come. For as long as
    /// there are `max`, the greatest of them only becomes smaller, so that a row which
    /// has gone to the others once never comes back.
    pub(super) fn add(&mut self, row: RowRef<'_>, count: u64, max: usize) {
        let hash = row.hash();
        let first = self.kept.partition_point(|one| one.hash < hash);
        if let Some(known) = self.known(first, hash, row) {
            known.count = plus(known.count, count);
            return;
        }
        let smaller = |one: &&Row| one.hash == hash && one.as_ref() < row;
        let ties = self.kept.iter().skip(first).take_while(smaller).count();
        let at = first.saturating_add(ties);
        if at >= max {
            return self.add_other(row.failure.result_type(), count);
        }
        insert(&mut self.kept, at, Row::new(row, hash, count));
        self.shrink(max);
    }

    /// The row, if it is there: at the first place of its hash, or behind others of the
    /// same hash.
    #[inline]
    fn known(&mut self, first: usize, hash: u64, row: RowRef<'_>) -> Option<&mut Row> {
        let alike = self.kept.get_mut(first..)?.iter_mut().take_while(|one| one.hash == hash);
        alike.into_iter().find(|one| one.as_ref() == row)
    }

    /// Counts sessions of rows that are not kept.
    pub(super) fn add_other(&mut self, result_type: ResultType, count: u64) {
        let other = self.others.entry(result_type).or_default();
        *other = plus(*other, count);
    }

    /// Adds all rows of the same policy of another tally.
    pub(super) fn merge(&mut self, other: &Self, max: usize) {
        other.kept().for_each(|(row, count)| self.add(row, count, max));
        other.others().for_each(|(result_type, count)| self.add_other(result_type, count));
    }

    fn shrink(&mut self, max: usize) {
        while self.kept.len() > max {
            let Some(last) = self.kept.pop() else { return };
            self.add_other(last.failure.result_type(), last.count);
        }
    }

    /// The rows that are kept, in the order of their hashes, and their sessions.
    pub(super) fn kept(&self) -> impl ExactSizeIterator<Item = (RowRef<'_>, u64)> {
        self.kept.iter().map(|row| (row.as_ref(), row.count))
    }

    /// The sessions of all other rows, by result type.
    pub(super) fn others(&self) -> impl ExactSizeIterator<Item = (ResultType, u64)> {
        self.others.iter().map(|(result_type, count)| (*result_type, *count))
    }
}

/// Inserts a value; most lists have one and never grow, so that there is room for one
/// first.
pub(super) fn insert<T>(list: &mut Vec<T>, at: usize, value: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len().max(1));
    }
    list.insert(at.min(list.len()), value);
}

//! Why nothing could be unpacked.

use alloc::boxed::Box;
#[cfg(feature = "gzip")]
use alloc::string::ToString as _;
use core::fmt;

/// Why [`unpack`](super::unpack) has brought no JSON text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnpackError {
    kind: UnpackErrorKind,
    offset: Option<usize>,
    found: Box<str>,
}

impl UnpackError {
    pub(super) fn new(kind: UnpackErrorKind) -> Self {
        Self { kind, offset: None, found: Box::default() }
    }

    #[cfg(feature = "gzip")]
    pub(super) fn at<T: AsRef<[u8]> + ?Sized>(self, offset: usize, found: &T) -> Self {
        let found = crate::escape::escape(found).to_string().into();
        Self { offset: Some(offset), found, ..self }
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> UnpackErrorKind {
        self.kind
    }

    /// Where the member of a gzip begins that is at fault, or what stands behind the
    /// last one, in octets from the start of the gzip.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// What was found instead, shortened and [escaped](crate::escape); empty if there
    /// is nothing to show.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)?;
        if let Some(offset) = self.offset {
            write!(f, " at offset {offset}")?;
        }
        match &*self.found {
            "" => Ok(()),
            found => write!(f, ", found `{found}`"),
        }
    }
}

/// What was expected of the octets, and was not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackErrorKind {
    /// The input exceeds the limit.
    #[error("expected at most {limit} octets, found {len}")]
    InputTooLong {
        /// The limit, in octets.
        limit: usize,
        /// What there is, in octets.
        len: usize,
    },
    /// The JSON text exceeds the limit; it was unpacked no further.
    #[error("expected at most {limit} octets of JSON")]
    OutputTooLong {
        /// The limit, in octets.
        limit: usize,
    },
    /// The form is one that this build cannot read.
    #[error("expected the feature `{feature}`, which is not built in")]
    Feature {
        /// The feature of this crate that reads the form.
        feature: &'static str,
    },
    /// A member of a gzip breaks off.
    #[error("expected the rest of the gzip member")]
    Truncated,
    /// A member of a gzip is damaged: its data, its checksum, or its length.
    #[error("expected an undamaged gzip member")]
    Damaged,
    /// There is something behind the last member of a gzip.
    #[error("expected the end of the gzip")]
    TrailingOctets,
    /// A gzip has more members than allowed.
    #[error("expected at most {limit} gzip members")]
    TooManyMembers {
        /// The limit.
        limit: usize,
    },
    /// No part of a mail looks like a report.
    #[error("expected a report in the mail")]
    NoReport,
    /// The report's part cannot be decoded.
    #[error("expected a part in the transfer encoding that it names")]
    TransferEncoding,
    /// A mail has more parts than allowed.
    #[error("expected at most {limit} parts in the mail")]
    TooManyParts {
        /// The limit.
        limit: usize,
    },
    /// Multiparts or messages stand too deep in each other.
    #[error("expected at most {limit} multiparts and messages within each other")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The header of a mail or a part is too long.
    #[error("expected at most {limit} octets of header")]
    HeaderTooLong {
        /// The limit, in octets.
        limit: usize,
    },
}

//! Observations as JSON (feature `json`).

mod first;
mod form;
mod hex;

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};

use serde::Deserialize;

use self::form::Form;
use super::Observations;
use crate::escape::escape;

/// The octets that a text may have: a body of 1 MiB, each octet of which JSON may write
/// with six, and as much again as all the rest has where it is not made to be large.
pub const MAX_JSON_LEN: usize = 12 << 20;

/// The version of the form that is written, and the only one that is read.
const VERSION: u64 = 1;

impl Observations {
    /// The observations in their [JSON form](super#the-json-form), on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Only keys that are no text, or a failing writer, could make it fail.
        serde_json::to_string(&Form::from(self)).unwrap_or_default()
    }

    /// The observations of their [JSON form](super#the-json-form).
    ///
    /// # Errors
    ///
    /// [`ReadObservationsError`] says what is wrong.
    pub fn from_json(text: &str) -> Result<Self, ReadObservationsError> {
        if text.len() > MAX_JSON_LEN {
            let found = text.len().to_string();
            return Err(ReadObservationsError::new(ReadObservationsErrorKind::TooLong, found));
        }
        let version: Version = serde_json::from_str(text).map_err(|error| json(&error))?;
        if version.v != VERSION {
            let found = version.v.to_string();
            return Err(ReadObservationsError::new(ReadObservationsErrorKind::Version, found));
        }
        let form: Form = serde_json::from_str(text).map_err(|error| json(&error))?;
        Self::try_from(form)
    }
}

/// Read before the rest, whose form depends on it.
#[derive(Deserialize)]
struct Version {
    v: u64,
}

fn json(error: &serde_json::Error) -> ReadObservationsError {
    let found = escape(&error.to_string()).to_string();
    ReadObservationsError::new(ReadObservationsErrorKind::Json, found)
}

/// Why a text is no observations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{} {found}", match .kind {
    ReadObservationsErrorKind::Json => ":",
    _ => ", found",
})]
pub struct ReadObservationsError {
    kind: ReadObservationsErrorKind,
    found: Box<str>,
}

impl ReadObservationsError {
    fn new(kind: ReadObservationsErrorKind, found: impl Into<Box<str>>) -> Self {
        Self { kind, found: found.into() }
    }

    fn remote(kind: ReadObservationsErrorKind, found: &str) -> Self {
        Self::new(kind, alloc::format!("`{}`", escape(found)))
    }

    /// What was expected.
    #[must_use]
    pub const fn kind(&self) -> ReadObservationsErrorKind {
        self.kind
    }

    /// What was found instead, shortened and [escaped](crate::escape).
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// What a text should have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReadObservationsErrorKind {
    /// At most [`MAX_JSON_LEN`] octets.
    #[error("expected at most {MAX_JSON_LEN} octets")]
    TooLong,
    /// A JSON object with the members of the form.
    #[error("expected a JSON object of observations")]
    Json,
    /// The version of the form.
    #[error("expected version {VERSION} of the form")]
    Version,
    /// A policy domain.
    #[error("expected a policy domain")]
    Domain,
    /// A result type of RFC 8460 §4.3.
    #[error("expected a result type")]
    ResultType,
    /// A [reason code](crate::failure::ReasonCode) of this version of the crate.
    #[error("expected a reason code")]
    ReasonCode,
    /// A failure of DNS.
    #[error("expected a failure of DNS")]
    DnsFailure,
    /// Either a response or a fault.
    #[error("expected either a response or a fault")]
    Fetch,
    /// Octets in hexadecimal.
    #[error("expected pairs of hexadecimal digits")]
    Hex,
}

//! What an I/O error means for a fetch and for a handshake (feature `std`).
//!
//! This does no I/O.

use std::io;

use crate::failure::{Failure, ReasonCode, ResultType};
use crate::sts::fetch::TransportFailure;

/// What has broken a fetch: a time-out, the end of the response, or else the
/// connection.
///
/// Errors of TLS and HTTP that somebody wrapped into an I/O error are not looked into.
impl From<&io::Error> for TransportFailure {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Timeout,
            io::ErrorKind::UnexpectedEof => Self::BodyIncomplete,
            io::ErrorKind::InvalidData => Self::Protocol,
            _ => Self::Connection,
        }
    }
}

/// What has broken a handshake with an MX host after STARTTLS was accepted.
impl From<&io::Error> for Failure {
    fn from(error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => ReasonCode::Timeout,
            io::ErrorKind::InvalidData => ReasonCode::TlsHandshake,
            _ => ReasonCode::ConnectionFailed,
        };
        Self::new(ResultType::ValidationFailure, reason)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use io::ErrorKind;

    use super::*;

    #[test]
    fn rpt_6_io_errors_have_result_types() {
        for (kind, fetch, handshake) in [
            (ErrorKind::TimedOut, "timeout", "timeout"),
            (ErrorKind::WouldBlock, "timeout", "timeout"),
            (ErrorKind::ConnectionRefused, "connection-failed", "connection-failed"),
            (ErrorKind::ConnectionReset, "connection-failed", "connection-failed"),
            (ErrorKind::UnexpectedEof, "http-body-incomplete", "connection-failed"),
            (ErrorKind::InvalidData, "http-protocol", "tls-handshake"),
            (ErrorKind::Other, "connection-failed", "connection-failed"),
        ] {
            let error = io::Error::from(kind);
            let failure = TransportFailure::from(&error).failure();
            assert_eq!(failure.to_string(), alloc::format!("sts-policy-fetch-error ({fetch})"));
            let failure = Failure::from(&error);
            assert_eq!(failure.to_string(), alloc::format!("validation-failure ({handshake})"));
        }
    }
}

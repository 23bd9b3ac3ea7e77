//! What errors of TLS and HTTP mean for a fetch. They are told apart by type and kind,
//! never by text.

use core::error::Error;
use std::io;

use crate::sts::apply::TlsOutcome;
use crate::sts::fetch::TransportFailure;
use crate::verifier::Record;

/// Of a handshake that failed; what the certificate verifier has found goes before what
/// rustls makes of it.
///
/// It is as at an MX host: [`TransportFailure::failure`] knows that it is a policy host.
pub(super) fn of_handshake(error: &io::Error, record: &Record) -> TransportFailure {
    match cause(error).map(|error| record.failed_by(error)) {
        Some(TlsOutcome::HandshakeFailed(failure)) => TransportFailure::Tls(failure),
        _ => TransportFailure::Connection,
    }
}

/// Before the header of the response was whole.
pub(super) fn of_header(error: &hyper::Error) -> TransportFailure {
    if error.is_parse_too_large() {
        return TransportFailure::HeaderTooLarge;
    }
    if error.is_parse() {
        return TransportFailure::Protocol;
    }
    // A server of TLS 1.3 refuses us after our end of the handshake.
    if let Some(alert @ rustls::Error::AlertReceived(_)) = cause(error) {
        return TransportFailure::Tls(alert.into());
    }
    if cause::<io::Error>(error).is_some() {
        return TransportFailure::Connection;
    }
    match error.source().and_then(|source| source.downcast_ref::<hyper::Error>()) {
        // A request that was not begun carries what has ended the connection.
        Some(source) => of_header(source),
        None if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
            TransportFailure::Connection
        }
        // The server spoke before it was asked.
        None => TransportFailure::Protocol,
    }
}

/// While the body was read: chunks that are none, or an early end by whatever cause.
pub(super) fn of_body(error: &hyper::Error) -> TransportFailure {
    let kind = cause::<io::Error>(error).map(io::Error::kind);
    let is_tls = cause::<rustls::Error>(error).is_some();
    match kind {
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) if !is_tls => {
            TransportFailure::Protocol
        }
        _ => TransportFailure::BodyIncomplete,
    }
}

/// The first error of this type among an error and what has caused it. An [`io::Error`]
/// hides the error that it was made of from `source()`.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

//! Why there is no connection, and what that is to those who wanted one.

use crate::client::FetchError;
use crate::sts::fetch::TransportFailure;
use crate::tlsrpt::submit::SubmitFailure;
use crate::txt::DnsFailure;

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DialFailure {
    /// The addresses could not be looked up.
    #[error(transparent)]
    Dns(DnsFailure),
    /// The host has no address, or is no name.
    #[error("host has no address")]
    NoAddress,
    /// It has only addresses to which remote data may not make us connect.
    #[error("host has no permitted address")]
    NotPermitted,
    /// No address could be connected to.
    #[error("connection failed")]
    Connection,
    /// No address answered in time.
    #[error("timed out")]
    Timeout,
    /// Too many connections of our own go to the same addresses already, or there are too
    /// many in all for this process.
    #[error("too busy")]
    Busy,
}

impl From<DialFailure> for FetchError {
    fn from(failure: DialFailure) -> Self {
        Self::Failed(match failure {
            DialFailure::Dns(failure) => TransportFailure::Dns(failure),
            DialFailure::NoAddress => TransportFailure::HostNotFound,
            DialFailure::NotPermitted => TransportFailure::AddressNotPermitted,
            DialFailure::Connection => TransportFailure::Connection,
            DialFailure::Timeout => TransportFailure::Timeout,
            DialFailure::Busy => return Self::Busy,
        })
    }
}

/// A report that was not sent because we were too busy is tried again like one that
/// nobody has answered.
impl From<DialFailure> for SubmitFailure {
    fn from(failure: DialFailure) -> Self {
        match failure {
            DialFailure::NotPermitted => Self::AddressNotPermitted,
            DialFailure::Dns(_)
            | DialFailure::NoAddress
            | DialFailure::Connection
            | DialFailure::Timeout
            | DialFailure::Busy => Self::Transport,
        }
    }
}

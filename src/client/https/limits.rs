//! How long each stage of a request may last.

use core::time::Duration;

use crate::sts::fetch::{FetchLimits, LimitOutOfRange};

/// How long the stages of a request may last that come after connecting, for which
/// [`DialLimits`](crate::client::DialLimits) has bounds. Each can be set and none can be
/// switched off; all stages together are bounded by
/// [`FetchLimits::time`](crate::sts::fetch::FetchLimits::time).
///
/// ```
/// use core::time::Duration;
/// use mta_sts::client::https::StageLimits;
///
/// let limits = StageLimits::default().with_handshake(Duration::from_secs(5))?;
/// assert_eq!(limits.header().as_secs(), 30);
/// assert!(limits.with_header(Duration::ZERO).is_err());
/// # Ok::<_, mta_sts::sts::fetch::LimitOutOfRange>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StageLimits {
    handshake: Duration,
    header: Duration,
}

/// 15 seconds for the handshake, which takes two or three round trips; 30 seconds for the
/// header, in which a server may have to wake up what answers.
impl Default for StageLimits {
    fn default() -> Self {
        Self { handshake: Duration::from_secs(15), header: Duration::from_secs(30) }
    }
}

impl StageLimits {
    /// Allows the handshake of TLS this time, a second to [`FetchLimits::MAX_TIME`].
    ///
    /// # Errors
    ///
    /// [`LimitOutOfRange`].
    pub fn with_handshake(mut self, time: Duration) -> Result<Self, LimitOutOfRange> {
        self.handshake = in_range(time)?;
        Ok(self)
    }

    /// Allows this time from the end of the handshake to the end of the final response's
    /// header, a second to [`FetchLimits::MAX_TIME`]. The request is sent in it.
    ///
    /// # Errors
    ///
    /// [`LimitOutOfRange`].
    pub fn with_header(mut self, time: Duration) -> Result<Self, LimitOutOfRange> {
        self.header = in_range(time)?;
        Ok(self)
    }

    /// The time for the handshake of TLS.
    #[must_use]
    pub const fn handshake(self) -> Duration {
        self.handshake
    }

    /// The time from the end of the handshake to the end of the header.
    #[must_use]
    pub const fn header(self) -> Duration {
        self.header
    }
}

/// A stage may have what the whole may have.
fn in_range(time: Duration) -> Result<Duration, LimitOutOfRange> {
    Ok(FetchLimits::default().with_time(time)?.time())
}

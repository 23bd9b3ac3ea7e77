//! Sending reports (RFC 8460 §3, §5.4, §5.5): the driver of a
//! [`Delivery`].
//!
//! The delivery says what to do when; this does it, on tokio's timer, by two traits:
//! [`PostReport`], which `https` implements (feature `https`), and [`MailReport`], which is
//! the caller's: this crate speaks no SMTP. It neither writes nor signs the mail: that is
//! `tlsrpt::mail` (feature `mail`).

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;
use tokio::time::sleep;

use super::BoxFuture;
use crate::tlsrpt::MailAddress;
use crate::tlsrpt::submit::{Action, Delivery, Outcome, PostRequest, SubmitFailure};

/// The longest time for which a [`Submitter`] does not look at the clock, so that a clock
/// that is set, or a machine that has slept, delays no attempt by more: 5 minutes, the
/// [first wait](crate::tlsrpt::submit::FIRST_WAIT) of a delivery.
pub const MAX_SLEEP: Duration = Duration::from_secs(300);

/// Posts reports.
///
/// Whoever implements it connects to no address that [`Guard`](crate::guard::Guard)
/// refuses, follows no redirect, bounds the time, and lets
/// [`PostRequest::judge`] say what the status means.
pub trait PostReport: Send + Sync {
    /// Makes one attempt.
    fn post<'a>(
        &'a self,
        request: PostRequest<'a>,
        report: &'a [u8],
    ) -> BoxFuture<'a, Result<(), SubmitFailure>>;
}

/// Mails reports.
///
/// Whoever implements it writes the mail (`tlsrpt::mail`, feature `mail`), signs it by DKIM
/// and sends it whatever TLS the MX offers (RFC 8460 §3, §5.3), and bounds the time.
pub trait MailReport: Send + Sync {
    /// Makes one attempt. It has succeeded when a server has taken the responsibility
    /// for the mail, one's own queue included; [`SubmitFailure::Mail`] otherwise.
    fn mail<'a>(
        &'a self,
        address: &'a MailAddress,
        report: &'a [u8],
    ) -> BoxFuture<'a, Result<(), SubmitFailure>>;
}

/// Sends reports until they are delivered or given up.
///
/// By default it sends nothing: [`with_post`](Self::with_post) and
/// [`with_mail`](Self::with_mail) say how. What it cannot send by fails as it does when a
/// server cannot be reached.
#[derive(Clone)]
pub struct Submitter {
    post: Option<Arc<dyn PostReport>>,
    mail: Option<Arc<dyn MailReport>>,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
}

impl fmt::Debug for Submitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submitter")
            .field("post", &self.post.is_some())
            .field("mail", &self.mail.is_some())
            .finish_non_exhaustive()
    }
}

/// Without any way to send, by the system's clock.
impl Default for Submitter {
    fn default() -> Self {
        Self { post: None, mail: None, clock: Arc::new(UnixTime::now) }
    }
}

impl Submitter {
    /// Posts reports by this.
    #[must_use]
    pub fn with_post(mut self, post: Arc<dyn PostReport>) -> Self {
        self.post = Some(post);
        self
    }

    /// Mails reports by this.
    #[must_use]
    pub fn with_mail(mut self, mail: Arc<dyn MailReport>) -> Self {
        self.mail = Some(mail);
        self
    }

    /// Reads the time from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sends a report, packed as the [`Config`](crate::tlsrpt::submit::Config) of the
    /// delivery's plan says, until the delivery is over. It takes up to 28 hours:
    /// [`MAX_DELAY`](crate::tlsrpt::submit::MAX_DELAY) and
    /// [`RETRY_TIME`](crate::tlsrpt::submit::RETRY_TIME).
    ///
    /// The state is the caller's, and this can be dropped at any time: called again with
    /// the same delivery, it goes on where it was. An attempt that was cut off is made
    /// again, since nobody knows whether the report had arrived; receivers drop the second
    /// by its report-id (§5.6).
    pub async fn send(&self, delivery: &mut Delivery<'_>, report: &[u8]) -> Outcome {
        loop {
            let now = (self.clock)();
            let result = match delivery.poll_action(now) {
                Action::Post(request) => self.post(request, report).await,
                Action::Mail(address) => self.mail(address, report).await,
                Action::WaitUntil(time) => {
                    let secs = time.as_secs().saturating_sub(now.as_secs());
                    sleep(Duration::from_secs(secs).min(MAX_SLEEP)).await;
                    continue;
                }
                Action::Done => return delivery.outcome().unwrap_or(Outcome::GivenUp),
            };
            let asked = delivery.handle_result(result, (self.clock)());
            debug_assert!(asked.is_ok(), "the action was a mail or a POST");
        }
    }

    async fn post(&self, request: PostRequest<'_>, report: &[u8]) -> Result<(), SubmitFailure> {
        match &self.post {
            Some(post) => post.post(request, report).await,
            None => Err(SubmitFailure::Transport),
        }
    }

    async fn mail(&self, address: &MailAddress, report: &[u8]) -> Result<(), SubmitFailure> {
        match &self.mail {
            Some(mail) => mail.mail(address, report).await,
            None => Err(SubmitFailure::Mail),
        }
    }
}

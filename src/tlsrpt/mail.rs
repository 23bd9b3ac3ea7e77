//! Mails that carry a report (RFC 8460 §3, §5.3).
//!
//! [`ReportMail`] writes one. It does not send it, and does not sign it: a mail without a
//! DKIM signature of the submitter MUST be ignored by who gets it (§3), so sign it with
//! at least the headers of [`SIGNED_HEADERS`]. That it must be delivered even where TLS
//! fails is said to [`apply`](crate::sts::apply).

mod write;

pub use self::write::{ReportMail, SIGNED_HEADERS, WriteMailError, WriteMailErrorKind};

//! SMTP TLS Reporting, RFC 8460: the record that asks for reports, the reports, and how
//! they travel.
//!
//! | section | subject | here |
//! |---|---|---|
//! | §3 | the `_smtp._tls` TXT record | [`TlsRptRecord`], [`ReportUri`], [`Destination`] |
//! | §4.3, §4.4 | the report | [`report`] |
//!
//! Nothing here sends anything.

pub mod filename;
pub mod insight;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "mail")]
pub mod mail;
pub mod media;
mod record;
pub mod report;
pub mod submit;
#[cfg(feature = "std")]
pub mod tally;
mod uri;

pub use self::record::{MAX_REPORT_URIS, RuaDeviation, RuaDeviationKind, TlsRptRecord};
pub use self::report::Report;
pub use self::uri::{Destination, HttpsEndpoint, MailAddress, ReportUri, UnusableUri};

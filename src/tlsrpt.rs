//! SMTP TLS Reporting, RFC 8460: the record that asks for reports.
//!
//! | section | subject | here |
//! |---|---|---|
//! | §3 | the `_smtp._tls` TXT record | [`TlsRptRecord`], [`ReportUri`], [`Destination`] |
//!
//! Nothing here writes, reads or sends a report.

mod record;
mod uri;

pub use self::record::{MAX_REPORT_URIS, RuaDeviation, RuaDeviationKind, TlsRptRecord};
pub use self::uri::{Destination, HttpsEndpoint, MailAddress, ReportUri, UnusableUri};

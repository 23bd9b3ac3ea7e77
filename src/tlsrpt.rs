//! SMTP TLS Reporting, RFC 8460: the record that asks for reports, the reports, and how
//! they travel.
//!
//! | section | subject | here |
//! |---|---|---|
//! | §3 | the `_smtp._tls` TXT record | [`TlsRptRecord`], [`ReportUri`], [`Destination`] |
//! | §3 | DKIM signatures of reports | [`dkim`] |
//! | §4.1, §4.2 | counting the sessions of a day | `tally` (feature `std`) |
//! | §4.3, §4.4 | the report | [`report`]; its JSON: `json` (feature `json`) |
//! | §4.1, §5.4, §5.5 | where and when a report is sent | [`submit`] |
//! | §5.1 | names of files | [`filename`] |
//! | §5.2 | the forms in which a report travels | [`media`] |
//! | §5.3 | mails | `mail` (feature `mail`), [`subject`] |
//! | §5.6 | what tells reports apart | [`identity`] |
//! | §4.3, 8461 §8.1 | what reports say together | [`insight`] |
//!
//! Nothing here sends anything.

pub mod dkim;
pub mod filename;
pub mod identity;
pub mod insight;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "mail")]
pub mod mail;
pub mod media;
mod mix;
mod record;
pub mod report;
pub mod subject;
pub mod submit;
#[cfg(feature = "std")]
pub mod tally;
mod uri;

pub use self::record::{MAX_REPORT_URIS, RuaDeviation, RuaDeviationKind, TlsRptRecord};
pub use self::report::Report;
pub use self::uri::{Destination, HttpsEndpoint, MailAddress, ReportUri, UnusableUri};

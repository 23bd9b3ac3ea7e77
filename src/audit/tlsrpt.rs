//! The TLSRPT record (RFC 8460 §3, §7).

use alloc::format;
use alloc::string::{String, ToString as _};
use core::time::Duration;

use super::finding::{Finding, Findings};
use super::view::{NoTxt, View, offset_of};
use super::{Code, Corrected, Place, Severity, mend};
use crate::domain::DomainName;
use crate::escape::escape;
use crate::observations::{Dnssec, Lookup, TxtRecord};
use crate::reading::Reading;
use crate::tlsrpt::TlsRptRecord;
use crate::txt::{self, NoRecord, ParseRecordError, RecordErrorKind};

/// The shortest TTL that is not worth a word: an hour. RFC 8460 §7 asks for a large one
/// and names none; what a resolver tells is what is left of it.
pub(super) const SHORT_TTL: Duration = Duration::from_secs(3_600);

pub(super) fn audit(view: &View<'_>, findings: &mut Findings) {
    match &view.tlsrpt {
        None => {}
        Some(Err(NoTxt::Dns(failure))) => {
            let what = format!("{failure} for {}", name(view));
            findings.add(Code::TlsrptDnsFailure, Place::TLSRPT_RECORD, what);
        }
        // There is nothing to report, and no mail to report it by.
        Some(Err(NoTxt::Record(NoRecord::Absent))) if view.takes_no_mail() => {
            findings.push(absent(view).at_most(Severity::Notice));
        }
        Some(Err(NoTxt::Record(none))) => {
            findings.push(missing(view, none).with_corrected(corrected(view)));
        }
        Some(Ok((record, deviations))) => {
            for deviation in deviations {
                let place = Place::TlsrptRecord { offset: Some(deviation.offset()) };
                let finding = Finding::new(Code::TlsrptDeviation, place, deviation.to_string());
                findings.push(finding.with_corrected(corrected(view)));
            }
            destinations(view, record, findings);
            extensions(record, findings);
        }
    }
    if let Some(Ok(found)) = view.seen.tlsrpt_record() {
        answer(view, found, findings);
    }
}

/// The name of the record.
fn name(view: &View<'_>) -> String {
    let domain = DomainName::from(view.seen.domain());
    TlsRptRecord::owner_name(&domain).unwrap_or_else(|error| error.to_string())
}

fn corrected(view: &View<'_>) -> Option<Corrected> {
    mend::tlsrpt(view).map(Corrected::TlsrptRecord)
}

fn missing(view: &View<'_>, none: &NoRecord) -> Finding {
    match none {
        NoRecord::Absent => absent(view),
        NoRecord::Several { count } => {
            let what = format!("{count} TXT records begin with `{};`", TlsRptRecord::VERSION);
            Finding::new(Code::TlsrptMultiple, Place::TLSRPT_RECORD, what)
        }
        NoRecord::Invalid(error) => {
            let code = match error.kind() {
                RecordErrorKind::NoUsableUri => Code::TlsrptUnusable,
                _ => Code::TlsrptInvalid,
            };
            let place = Place::TlsrptRecord { offset: Some(error.offset()) };
            Finding::new(code, place, error.to_string())
        }
    }
}

fn absent(view: &View<'_>) -> Finding {
    let found = view.seen.tlsrpt_record().and_then(Result::ok);
    let misspelt = found.into_iter().flat_map(Lookup::records).find_map(misspelt);
    if let Some((text, error)) = misspelt {
        let place = Place::TlsrptRecord { offset: Some(error.offset()) };
        return Finding::new(
            Code::TlsrptMisspelt,
            place,
            format!("`{text}` is no record: {error}"),
        );
    }
    let name = name(view);
    match found.and_then(|found| found.aliases().last()) {
        Some(target) => {
            let what =
                format!("{name} is a CNAME that ends at {}, where no record is", escape(target));
            Finding::new(Code::TlsrptDangling, Place::TLSRPT_RECORD, what)
        }
        None => {
            let version = TlsRptRecord::VERSION;
            let what = format!("{name} has no TXT record that begins with `{version};`");
            Finding::new(Code::TlsrptMissing, Place::TLSRPT_RECORD, what)
        }
    }
}

/// A record that would be one if its version were spelt right, escaped.
fn misspelt(record: &TxtRecord) -> Option<(String, ParseRecordError)> {
    let text = txt::join(record);
    let error = TlsRptRecord::parse(&*text, Reading::Tolerant).err()?;
    let is_version = matches!(error.kind(), RecordErrorKind::Version { .. });
    let shown = escape(&*text).to_string();
    (is_version && error.hint().is_some()).then_some((shown, error))
}

/// URIs to which no report can be sent.
fn destinations(view: &View<'_>, record: &TlsRptRecord<'_>, findings: &mut Findings) {
    let code = match record.rua().any(|uri| uri.destination().is_ok()) {
        true => Code::TlsrptUri,
        false => Code::TlsrptUnusable,
    };
    for uri in record.rua() {
        let Err(error) = uri.destination() else { continue };
        let place = Place::TlsrptRecord { offset: record.as_str().find(uri.as_str()) };
        let what = format!("`{}`: {}", escape(uri.as_str()), mend::unusable(&error));
        let finding = Finding::new(code, place, what);
        findings.push(finding.with_corrected(corrected(view)));
    }
}

fn extensions(record: &TlsRptRecord<'_>, findings: &mut Findings) {
    let mut from = 0;
    for (name, value) in record.extensions() {
        let offset = offset_of(record.as_str(), &format!("{name}={value}"), from);
        from = offset.unwrap_or(from);
        let what = format!("senders ignore `{}={}`", escape(name), escape(value));
        findings.add(Code::TlsrptExtension, Place::TlsrptRecord { offset }, what);
    }
}

/// What the answer says beside the record.
fn answer(view: &View<'_>, found: &Lookup<TxtRecord>, findings: &mut Findings) {
    if !matches!(view.tlsrpt, Some(Ok(_))) {
        return;
    }
    let count = found.records().len().saturating_add(found.left_out());
    if count > 1 {
        let others = count.saturating_sub(1);
        let what = format!("{} has {others} other TXT records beside the one", name(view));
        findings.add(Code::TlsrptOthers, Place::TLSRPT_RECORD, what);
    }
    let ttl = found.ttl().filter(|ttl| *ttl < SHORT_TTL);
    if let Some(ttl) = ttl.filter(|_| found.dnssec() != Dnssec::Authentic) {
        let what = format!("the TTL is {} s, and nothing says that DNS is signed", ttl.as_secs());
        findings.add(Code::TlsrptTtlShort, Place::TLSRPT_RECORD, what);
    }
}

//! The `_mta-sts` record (RFC 8461 §3.1).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString as _;
use core::time::Duration;

use super::finding::{Finding, Findings};
use super::view::{NoTxt, View, offset_of};
use super::{Code, Place, Severity};
use crate::escape::escape;
use crate::observations::{Lookup, TxtRecord};
use crate::sts::StsRecord;
use crate::txt::{self, NoRecord, ParseRecordError, RecordErrorKind};

/// The longest TTL that is not worth a word: a day. Changes of a policy are planned in
/// days.
pub(super) const LONG_TTL: Duration = Duration::from_secs(86_400);

pub(super) fn audit(view: &View<'_>, findings: &mut Findings) {
    match &view.record {
        None => {}
        Some(Err(NoTxt::Dns(failure))) => findings.add(
            Code::StsRecordDnsFailure,
            Place::STS_RECORD,
            format!("{failure} for {}", escape(view.seen.domain().txt_name())),
        ),
        Some(Err(NoTxt::Record(none))) => findings.push(missing(view, none)),
        Some(Ok(record)) => extensions(record, findings),
    }
    if let Some(Ok(found)) = view.seen.sts_record() {
        answer(view, found, findings);
    }
}

/// Why there is no record, from what senders do with the answer.
fn missing(view: &View<'_>, none: &NoRecord) -> Finding {
    let finding = match none {
        NoRecord::Absent => absent(view),
        NoRecord::Several { count } => Finding::new(
            Code::StsRecordMultiple,
            Place::STS_RECORD,
            format!("{count} TXT records begin with `{};`", StsRecord::VERSION),
        ),
        NoRecord::Invalid(error) => invalid(error),
    };
    match finding.code() {
        // There is nothing to protect.
        Code::StsAbsent if view.takes_no_mail() => finding
            .at_most(Severity::Notice)
            .with_remedy("nothing: a domain that takes no mail needs no policy".into()),
        Code::StsAbsent => finding.with_corrected(view.corrected_policy()),
        _ => finding.with_corrected(view.corrected_record()),
    }
}

fn absent(view: &View<'_>) -> Finding {
    let name = view.seen.domain().txt_name();
    let found = view.seen.sts_record().and_then(Result::ok);
    if let Some((text, error)) = misspelt(view) {
        let place = Place::StsRecord { offset: Some(error.offset()) };
        let what = format!("`{}` is no record: {error}", escape(&*text));
        return Finding::new(Code::StsRecordMisspelt, place, what);
    }
    let target = found.and_then(|found| found.aliases().last());
    if let Some(target) = target {
        let what = format!("{name} is a CNAME that ends at {}, where no record is", escape(target));
        return Finding::new(Code::StsRecordDangling, Place::STS_RECORD, what);
    }
    let host = view.seen.domain().policy_host();
    let without = if view.has_no_policy_host() { "no address" } else { "serves no policy" };
    match view.is_absent() {
        true => Finding::new(
            Code::StsAbsent,
            Place::STS_RECORD,
            format!("{name} has no record, and {host} {without}"),
        ),
        false => Finding::new(
            Code::StsRecordMissing,
            Place::STS_RECORD,
            format!("{name} has no TXT record that begins with `{};`", StsRecord::VERSION),
        ),
    }
}

/// The first record that would be one if its version were spelt right.
pub(super) fn misspelt<'a>(view: &View<'a>) -> Option<(Cow<'a, [u8]>, ParseRecordError)> {
    let found = view.seen.sts_record().and_then(Result::ok);
    found.into_iter().flat_map(Lookup::records).find_map(would_be)
}

fn would_be(record: &TxtRecord) -> Option<(Cow<'_, [u8]>, ParseRecordError)> {
    let text = txt::join(record);
    let error = StsRecord::parse(&*text).err()?;
    let is_version = matches!(error.kind(), RecordErrorKind::Version { .. });
    (is_version && error.hint().is_some()).then_some((text, error))
}

fn invalid(error: &ParseRecordError) -> Finding {
    let code = match error.kind() {
        RecordErrorKind::Id | RecordErrorKind::MissingId => Code::StsRecordId,
        _ => Code::StsRecordInvalid,
    };
    Finding::new(code, Place::StsRecord { offset: Some(error.offset()) }, error.to_string())
}

fn extensions(record: &StsRecord<'_>, findings: &mut Findings) {
    let mut from = 0;
    for (name, value) in record.extensions() {
        let offset = offset_of(record.as_str(), &format!("{name}={value}"), from);
        from = offset.unwrap_or(from);
        let what = format!("senders ignore `{}={}`", escape(name), escape(value));
        findings.add(Code::StsRecordExtension, Place::StsRecord { offset }, what);
    }
}

/// What the answer says beside the record.
fn answer(view: &View<'_>, found: &Lookup<TxtRecord>, findings: &mut Findings) {
    let name = view.seen.domain().txt_name();
    if !matches!(view.record, Some(Ok(_))) {
        return;
    }
    let count = found.records().len().saturating_add(found.left_out());
    if count > 1 {
        let others = count.saturating_sub(1);
        let what = format!("{name} has {others} other TXT records beside the one");
        findings.add(Code::StsRecordOthers, Place::STS_RECORD, what);
    }
    if let Some(target) = found.aliases().last() {
        let what = format!("{name} is a CNAME that ends at {}", escape(target));
        findings.add(Code::StsRecordDelegated, Place::STS_RECORD, what);
    }
    if let Some(ttl) = found.ttl().filter(|ttl| *ttl > LONG_TTL) {
        let what = format!("the TTL is {} s, more than a day", ttl.as_secs());
        findings.add(Code::StsRecordTtlLong, Place::STS_RECORD, what);
    }
}

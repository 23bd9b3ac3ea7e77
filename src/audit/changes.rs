//! What an earlier look says about this one (RFC 8461 §5, §8.1, §8.3).

use alloc::format;

use rustls_pki_types::UnixTime;

use super::finding::{Finding, Findings};
use super::policy::place_of;
use super::view::{NoTxt, View};
use super::{Code, Place};
use crate::sts::{Mode, Policy, PolicyId};
use crate::tlsrpt::insight::Day;

pub(super) fn audit(earlier: &View<'_>, now: &View<'_>, findings: &mut Findings) {
    if earlier.seen.observed_at() > now.seen.observed_at()
        || earlier.seen.domain() != now.seen.domain()
    {
        return;
    }
    ids(earlier, now, findings);
    modes(earlier, now, findings);
    removal(earlier, now, findings);
}

fn id(view: &View<'_>) -> Option<PolicyId> {
    view.record.as_ref()?.as_ref().ok().map(|record| record.id())
}

/// Whether `id` and policy have changed together.
fn ids(earlier: &View<'_>, now: &View<'_>, findings: &mut Findings) {
    let (Some(old), Some(new)) = (earlier.usable(), now.usable()) else { return };
    let (Some(old_id), Some(new_id)) = (id(earlier), id(now)) else { return };
    let since = Day::of(earlier.seen.observed_at());
    if old_id == new_id && !old.same_meaning(new) {
        let what = format!("the policy is another than on {since}, and its id still {new_id}");
        let finding = Finding::new(Code::ChangeIdKept, Place::STS_RECORD, what);
        findings.push(finding.with_corrected(now.fresh_record()));
    } else if old_id != new_id && old == new {
        let what = format!("the id was {old_id} on {since} and is {new_id}, for the same policy");
        findings.add(Code::ChangeIdOnly, Place::STS_RECORD, what);
    }
}

fn modes(earlier: &View<'_>, now: &View<'_>, findings: &mut Findings) {
    let Some(policy) = now.applied() else { return };
    let since = Day::of(earlier.seen.observed_at());
    let had_none = matches!(earlier.record, Some(Err(NoTxt::Record(_))));
    if policy.mode() == Mode::Enforce && had_none {
        let what = format!("there was no policy on {since}, and now one is enforced");
        findings.add(Code::ChangeEnforceAtOnce, place_of(policy, "mode"), what);
    }
    let was_enforced = earlier.applied().map(Policy::mode) == Some(Mode::Enforce);
    if was_enforced && policy.mode() != Mode::Enforce {
        let what = format!("the mode was enforce on {since} and is {}", policy.mode());
        findings.add(Code::ChangeWeakened, place_of(policy, "mode"), what);
    }
}

/// Whether a policy is gone that senders may still have.
fn removal(earlier: &View<'_>, now: &View<'_>, findings: &mut Findings) {
    let Some(old) = earlier.applied().filter(|old| old.mode() != Mode::None) else { return };
    let until = earlier.seen.observed_at().as_secs().saturating_add(old.max_age().as_secs().into());
    if !now.has_no_record() || now.seen.observed_at().as_secs() > until {
        return;
    }
    let until = Day::of(UnixTime::since_unix_epoch(core::time::Duration::from_secs(until)));
    let what = format!("the record is gone, and senders may apply the old policy until {until}");
    findings.add(Code::ChangeRemoved, Place::STS_RECORD, what);
}

//! The policy by itself (RFC 8461 §3.2, §5).

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};

use super::finding::{Finding, Findings};
use super::view::{View, fields};
use super::{Code, Phase, Place, Severity};
use crate::escape::escape;
use crate::hint::Hint;
use crate::reading::Deviations;
use crate::sts::{
    MaxAge, Mode, MxErrorKind, ParsePolicyError, Policy, PolicyDeviation, PolicyDeviationKind,
    PolicyErrorKind,
};

/// A day, in seconds.
pub(super) const DAY: u32 = 86_400;

/// A week, in seconds: the least `max_age` that protects, and what most policies have.
pub(super) const WEEK: u32 = 7 * DAY;

/// The least `max_age` in testing, in seconds: a policy that is gone within the hour is
/// hardly ever applied, so that hardly anything is reported.
const TESTING_LEAST: u32 = 3_600;

/// The most while a policy is being tried, in seconds: two weeks.
const TRYING_MOST: u32 = 2 * WEEK;

pub(super) fn audit(view: &View<'_>, findings: &mut Findings) {
    match &view.body {
        None => {}
        // A web site, which nobody meant as a policy.
        Some(Err(_)) if view.is_absent() => {}
        // That is said of the response.
        Some(Err(error)) if matches!(error.kind(), PolicyErrorKind::TooLarge { .. }) => {}
        Some(Err(error)) => findings.push(refused(view, error)),
        Some(Ok((policy, deviations))) => {
            forgiven(view, deviations, findings);
            names(view, policy, findings);
            mode(view, policy, findings);
            max_age(view, policy, findings);
        }
    }
}

/// No sender can read it.
fn refused(view: &View<'_>, error: &ParsePolicyError) -> Finding {
    let place = Place::Policy { line: error.line(), column: error.column() };
    let text = error.to_string();
    // The place is said beside.
    let what = text.strip_prefix(&format!("{}: ", place_in_words(error))).unwrap_or(&text);
    let finding = Finding::new(code(error), place, what);
    let finding = match remedy(error) {
        Some(remedy) => finding.with_remedy(remedy),
        None => finding,
    };
    finding.with_corrected(view.corrected_policy())
}

fn place_in_words(error: &ParsePolicyError) -> String {
    let (line, column) = (error.line().unwrap_or_default(), error.column().unwrap_or_default());
    format!("line {line}, column {column}")
}

/// What is to be done, where it is known better than by the code.
fn remedy(error: &ParsePolicyError) -> Option<String> {
    match error.hint() {
        Some(Hint::DidYouMean(meant)) => {
            return Some(format!("write `{meant}` in place of `{}`", error.found()));
        }
        Some(Hint::FieldName { meant, found, line: Some(line) }) => {
            return Some(format!("write `{meant}` in place of `{found}` in line {line}"));
        }
        Some(hint @ (Hint::ChooseOne | Hint::OneMxPerLine | Hint::ALabels)) => {
            return Some(hint.to_string());
        }
        _ => {}
    }
    let field = match error.kind() {
        PolicyErrorKind::MissingVersion => "version: STSv1",
        PolicyErrorKind::MissingMode => "mode: testing",
        PolicyErrorKind::MissingMaxAge => "max_age: 604800",
        PolicyErrorKind::MissingMx => return Some("add an `mx` line for each MX host".into()),
        _ => return None,
    };
    Some(format!("add a line such as `{field}`"))
}

fn code(error: &ParsePolicyError) -> Code {
    if error.hint() == Some(&Hint::HtmlPage) {
        return Code::PolicyHtml;
    }
    match error.kind() {
        PolicyErrorKind::TooLarge { .. } => Code::HostTooLarge,
        PolicyErrorKind::NotUtf8 => Code::PolicyNotText,
        PolicyErrorKind::Version => Code::PolicyVersion,
        PolicyErrorKind::Mode => Code::PolicyMode,
        PolicyErrorKind::MaxAge => Code::PolicyMaxAge,
        PolicyErrorKind::Mx(MxErrorKind::TrailingDot) => Code::PolicyTrailingDot,
        PolicyErrorKind::Mx(_) => Code::PolicyMx,
        PolicyErrorKind::TooManyMx { .. } => Code::PolicyTooManyMx,
        PolicyErrorKind::MissingVersion
        | PolicyErrorKind::MissingMode
        | PolicyErrorKind::MissingMaxAge
        | PolicyErrorKind::MissingMx => Code::PolicyMissingField,
        PolicyErrorKind::ByteOrderMark
        | PolicyErrorKind::BlankLine
        | PolicyErrorKind::WhitespaceBeforeName
        | PolicyErrorKind::WhitespaceBeforeColon
        | PolicyErrorKind::LoneCarriageReturn
        | PolicyErrorKind::Name
        | PolicyErrorKind::Colon
        | PolicyErrorKind::Value => Code::PolicySyntax,
    }
}

/// What only some senders forgive.
fn forgiven(view: &View<'_>, deviations: &Deviations<PolicyDeviation>, findings: &mut Findings) {
    for deviation in deviations {
        let code = match deviation.kind() {
            PolicyDeviationKind::ByteOrderMark => Code::PolicyByteOrderMark,
            PolicyDeviationKind::BlankLine
            | PolicyDeviationKind::WhitespaceBeforeName
            | PolicyDeviationKind::WhitespaceBeforeColon => Code::PolicyWhitespace,
        };
        let place =
            Place::Policy { line: Some(deviation.line()), column: Some(deviation.column()) };
        let what = format!("{}, which not all senders forgive", deviation.kind());
        let finding = Finding::new(code, place, what);
        findings.push(finding.with_corrected(view.corrected_policy()));
    }
}

/// Fields that count for nothing.
fn names(view: &View<'_>, policy: &Policy, findings: &mut Findings) {
    for near in policy.near_misses() {
        let place = Place::Policy { line: Some(near.line()), column: Some(1) };
        let (name, meant) = (escape(near.name()), near.meant());
        let what = format!("senders ignore `{name}`, which looks like `{meant}`");
        let finding = Finding::new(Code::PolicyNearMiss, place, what)
            .with_remedy(format!("write `{meant}` in place of `{name}`, or delete the line"));
        findings.push(finding.with_corrected(view.corrected_policy()));
    }
    let slips: BTreeSet<u32> = policy.near_misses().map(|near| near.line()).collect();
    let mut seen = SeenNames::default();
    for field in fields(policy) {
        let place = Place::Policy { line: Some(field.line), column: Some(1) };
        if seen.is_repeated(field.name) {
            let what = format!("senders do not read this second `{}`", escape(field.name));
            let finding = Finding::new(Code::PolicyRepeated, place, what);
            findings.push(finding.with_corrected(view.corrected_policy()));
        } else if !slips.contains(&field.line) && !is_known(field.name) {
            let what = format!("senders ignore `{}`", escape(field.name));
            findings.add(Code::PolicyExtension, place, what);
        }
    }
}

/// Which of the fields that count once were met.
#[derive(Debug, Default)]
struct SeenNames<'a>(alloc::vec::Vec<&'a str>);

impl<'a> SeenNames<'a> {
    fn is_repeated(&mut self, name: &'a str) -> bool {
        let counts_once = is_known(name) && name != "mx";
        let is_repeated = self.0.contains(&name);
        if counts_once && !is_repeated {
            self.0.push(name);
        }
        is_repeated
    }
}

fn is_known(name: &str) -> bool {
    ["version", "mode", "max_age", "mx"].contains(&name)
}

/// Where the value of the first field of that name stands.
pub(super) fn place_of(policy: &Policy, name: &str) -> Place {
    match fields(policy).into_iter().find(|field| field.name == name) {
        Some(field) => Place::Policy { line: Some(field.line), column: Some(field.column) },
        None => Place::POLICY,
    }
}

fn mode(view: &View<'_>, policy: &Policy, findings: &mut Findings) {
    let (code, what) = match policy.mode() {
        Mode::Enforce => return,
        Mode::Testing => (Code::PolicyTesting, "failures are reported, and nothing is refused"),
        Mode::None => (Code::PolicyNone, "senders deliver as if there were no policy"),
    };
    let finding = Finding::new(code, place_of(policy, "mode"), what);
    let finding = match (view.phase, policy.mode()) {
        (Phase::Withdrawing, Mode::None) => finding.at_most(Severity::Notice),
        _ => finding,
    };
    findings.push(finding);
}

fn max_age(view: &View<'_>, policy: &Policy, findings: &mut Findings) {
    let place = place_of(policy, "max_age");
    let declared = policy.max_age().declared_secs();
    if declared > MaxAge::MAX.declared_secs() {
        let what = format!("{declared} s are taken as {} s", policy.max_age().as_secs());
        let finding = Finding::new(Code::PolicyAgeCapped, place.clone(), what);
        findings.push(finding.with_corrected(view.corrected_policy()));
    }
    if let Some(fault) = age_fault(policy.mode(), policy.max_age().as_secs(), view.phase) {
        let finding = Finding::new(fault.code, place, fault.what);
        findings.push(finding.with_corrected(view.corrected_policy()));
    }
}

/// A `max_age` that does not fit the mode.
#[derive(Debug)]
pub(super) struct AgeFault {
    code: Code,
    what: String,
    /// What would fit, in seconds.
    pub(super) better: u32,
}

/// What is wrong with a `max_age` of so many seconds in that mode and phase.
pub(super) fn age_fault(mode: Mode, secs: u32, phase: Phase) -> Option<AgeFault> {
    let fault = |code, what, better| Some(AgeFault { code, what, better });
    let least = if mode == Mode::Enforce { WEEK } else { TESTING_LEAST };
    let is_trying = mode == Mode::Testing || phase == Phase::Introducing;
    match mode {
        Mode::None if secs > WEEK => {
            let what = format!("a withdrawn policy is cached for {}", in_words(secs));
            fault(Code::PolicyNoneLong, what, DAY)
        }
        Mode::None => None,
        _ if secs < least => {
            let what = format!(
                "in {mode} the policy is cached for {}, less than {}",
                in_words(secs),
                in_words(least)
            );
            fault(Code::PolicyAgeShort, what, WEEK)
        }
        _ if is_trying && secs > TRYING_MOST => {
            let what = format!("a policy on trial is cached for {}", in_words(secs));
            fault(Code::PolicyAgeLong, what, WEEK)
        }
        _ => None,
    }
}

/// Seconds in the largest unit that fits.
fn in_words(secs: u32) -> String {
    let (count, unit) = match secs {
        DAY.. => (secs / DAY, "day"),
        3_600.. => (secs / 3_600, "hour"),
        60.. => (secs / 60, "minute"),
        _ => (secs, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

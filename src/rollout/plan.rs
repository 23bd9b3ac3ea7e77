//! The plan: which steps, in which order.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::caution::{Caution, cautions};
use super::draft::Draft;
use super::state::{Goal, MAX_HOSTS, Readiness, State, Wanted, lists};
use super::step::{Action, Step, WaitFor};
use super::words::Purpose;
use crate::domain::DomainName;
use crate::sts::{BuildPolicyError, MaxAge, Mode, Policy, PolicyBuilder};

/// The longest `max_age`, in seconds, of a policy that a plan puts into `testing` before
/// it is enforced: a day, so that what is found can be mended from one day to the next.
pub const TESTING_MAX_AGE: u32 = 86_400;

/// The `max_age`, in seconds, that a policy gets on its way to a longer one: a day, then a
/// week. Those that it has reached before, and those not below the wanted one, are left
/// out.
pub const LADDER: [u32; 2] = [86_400, 604_800];

/// The `max_age`, in seconds, of the policy of mode `none` that withdraws others: a day,
/// as RFC 8461 §8.3 gives for example.
pub const NONE_MAX_AGE: u32 = 86_400;

/// The steps from what is to what is wanted; see the [module](super).
///
/// ```
/// use mta_sts::DomainName;
/// use mta_sts::rollout::{Action, State, Wanted, plan};
/// use mta_sts::sts::PolicyDomain;
/// use rustls_pki_types::UnixTime;
///
/// let mx = [DomainName::parse("mx.example.com")?];
/// let state = State::new(PolicyDomain::from_next_hop("example.com")?, mx.clone());
/// let policy = "version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 86400\n".parse()?;
/// let plan = plan(&state, &Wanted::policy(policy, mx), UnixTime::now())?;
/// assert!(matches!(plan.steps()[0].action(), Action::PublishFile(_)));
/// assert!(matches!(plan.steps()[1].action(), Action::PublishRecord { replaces: None, .. }));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`PlanError`] if what is wanted would refuse its own hosts, or cannot be published.
pub fn plan(state: &State, wanted: &Wanted, now: UnixTime) -> Result<Plan, PlanError> {
    accept(state, wanted)?;
    let target = target(&wanted.goal)?;
    let mut draft = Draft::new(state, wanted, now);
    draft.ask_for_reports();
    let cautions = cautions(state, wanted, &target, now);
    let bridged = bridge(&mut draft, &target)?;
    draft.change_hosts(&target);
    if wanted.goal == Goal::Withdrawn {
        draft.remove();
    } else {
        observe(&mut draft, &target, bridged);
        climb(&mut draft, &target)?;
        draft.publish_unless_there(target, Purpose::Wanted);
    }
    Ok(Plan { steps: draft.steps, cautions })
}

/// Refuses what no plan leads to.
fn accept(state: &State, wanted: &Wanted) -> Result<(), PlanError> {
    if wanted.mx.is_empty() || state.mx.is_empty() {
        return Err(PlanError::NoHost);
    }
    if state.mx.len() > MAX_HOSTS || wanted.mx.len() > MAX_HOSTS {
        return Err(PlanError::TooManyHosts);
    }
    let Goal::Policy(policy) = &wanted.goal else { return Ok(()) };
    match wanted.mx.iter().find(|host| !lists(policy, host)) {
        Some(host) => Err(PlanError::NotListed { host: host.clone() }),
        None => Ok(()),
    }
}

/// The policy at the end, or the one that ends all others.
fn target(goal: &Goal) -> Result<Policy, PlanError> {
    match goal {
        Goal::Policy(policy) => Ok(policy.clone()),
        Goal::Withdrawn => {
            Policy::builder(Mode::None).max_age(age(NONE_MAX_AGE)).build().map_err(PlanError::Build)
        }
    }
}

/// The policy for the time in which hosts change or reports are read, unless the present
/// one will do; whether there is such.
fn bridge(draft: &mut Draft<'_>, target: &Policy) -> Result<bool, PlanError> {
    if target.mode() == Mode::None {
        return Ok(withdraw(draft, target));
    }
    let present = draft.present.as_ref();
    let mode = match (target.mode(), present.map(Policy::mode)) {
        (Mode::Enforce, Some(Mode::Enforce)) => Mode::Enforce,
        (Mode::Enforce, _) => Mode::Testing,
        (mode, _) => mode,
    };
    let listed = |policy: &&Policy| draft.hosts().all(|host| lists(policy, host));
    if present.filter(|policy| policy.mode() == mode).filter(listed).is_some() {
        return Ok(false);
    }
    let max_age = target.max_age().as_secs().min(match (target.mode(), present) {
        (Mode::Enforce, Some(present)) if mode == Mode::Enforce => present.max_age().as_secs(),
        (Mode::Enforce, _) => TESTING_MAX_AGE,
        _ => u32::MAX,
    });
    let unlisted: Vec<_> = draft.hosts().filter(|host| !lists(target, host)).cloned().collect();
    let bridge = derived(target, mode, max_age, &unlisted)?;
    let purpose = match (mode, target.mode()) {
        _ if bridge.same_meaning(target) => Purpose::Wanted,
        (Mode::Testing, Mode::Enforce) => Purpose::Testing,
        _ => Purpose::Hosts,
    };
    let bridge = if purpose == Purpose::Wanted { target.clone() } else { bridge };
    draft.publish(bridge, purpose);
    Ok(true)
}

/// What is of mode `none` comes at once, where there may be something to take back.
fn withdraw(draft: &mut Draft<'_>, target: &Policy) -> bool {
    if draft.wanted.goal != Goal::Withdrawn {
        return draft.publish_unless_there(target.clone(), Purpose::Wanted);
    }
    let is_needed = match &draft.present {
        Some(present) => present.mode() != Mode::None,
        None => draft.state.earlier.iter().any(|earlier| earlier.gone_at() > draft.now),
    };
    if is_needed {
        draft.publish(target.clone(), Purpose::Withdrawal);
    }
    is_needed
}

/// Before a domain enforces for the first time it reads reports, and again about hosts
/// that it has added in `testing`.
fn observe(draft: &mut Draft<'_>, target: &Policy, bridged: bool) {
    let is_testing = draft.present.as_ref().is_some_and(|policy| policy.mode() == Mode::Testing);
    let is_known = draft.wanted.readiness == Readiness::Ready;
    let has_changed = bridged || draft.added().next().is_some();
    if target.mode() == Mode::Enforce && is_testing && (has_changed || !is_known) {
        draft.wait_after_last(WaitFor::Reports, draft.wanted.pace.observe);
    }
}

/// The policies with a shorter `max_age` than the wanted one, each until it has stood the
/// test.
fn climb(draft: &mut Draft<'_>, target: &Policy) -> Result<(), PlanError> {
    if target.mode() != Mode::Enforce {
        return Ok(());
    }
    let enforced = draft.present.as_ref().filter(|policy| policy.mode() == Mode::Enforce);
    let reached = enforced.map_or(0, |policy| policy.max_age().as_secs());
    let aim = target.max_age().as_secs();
    for secs in LADDER.into_iter().filter(|secs| *secs > reached && *secs < aim) {
        let rung = derived(target, Mode::Enforce, secs, &[])?;
        draft.publish(rung, Purpose::Rung);
        draft.wait_after_last(WaitFor::Trial, draft.wanted.pace.hold);
    }
    Ok(())
}

/// The policy with another mode and `max_age`, and with more hosts.
fn derived(
    policy: &Policy,
    mode: Mode,
    max_age: u32,
    more: &[DomainName],
) -> Result<Policy, PlanError> {
    let build = |builder: PolicyBuilder| {
        // An address matches nothing, and a builder refuses it.
        let patterns = policy.mx().filter(|pattern| !pattern.is_address());
        let patterns = patterns.map(|pattern| pattern.as_str());
        let all = patterns.chain(more.iter().map(DomainName::as_str));
        let builder = all.into_iter().try_fold(builder, PolicyBuilder::mx)?;
        policy
            .extensions()
            .try_fold(builder, |builder, (name, value)| builder.extension(name, value))?
            .build()
    };
    build(Policy::builder(mode).max_age(age(max_age))).map_err(PlanError::Build)
}

/// More than can be published is the most that can.
pub(super) fn age(secs: u32) -> MaxAge {
    MaxAge::from_secs(secs).unwrap_or(MaxAge::MAX)
}

/// The steps from one state to another, in their order; made by [`plan()`].
///
/// `Display` shows all that is to be done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    steps: Vec<Step>,
    cautions: Vec<Caution>,
}

impl Plan {
    /// The steps in their order; none if all is as wanted.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What to know before the first step.
    #[must_use]
    pub fn cautions(&self) -> &[Caution] {
        &self.cautions
    }

    /// When the step may be done that comes after those done at the times given, in their
    /// order; `None` after the last.
    #[must_use]
    pub fn earliest(&self, done: &[UnixTime]) -> Option<UnixTime> {
        let done_at = |number: usize| {
            let index = number.saturating_sub(1);
            done.get(index).copied().unwrap_or(EPOCH)
        };
        self.steps.get(done.len()).map(|step| match step.number() {
            1 => step.at(),
            _ => step.earliest(done_at),
        })
    }
}

const EPOCH: UnixTime = UnixTime::since_unix_epoch(Duration::ZERO);

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for caution in &self.cautions {
            writeln!(f, "Note: {caution}")?;
        }
        if self.steps.is_empty() {
            return writeln!(f, "There is nothing to do.");
        }
        for (n, step) in self.steps.iter().enumerate() {
            if n > 0 || !self.cautions.is_empty() {
                writeln!(f)?;
            }
            write!(f, "{step}")?;
        }
        Ok(())
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No MX host is given, now or wanted.
    #[error("expected an MX host, now and wanted; without MX records it is the domain itself")]
    NoHost,
    /// There are more than [`MAX_HOSTS`].
    #[error("expected at most {MAX_HOSTS} MX hosts, now and wanted each")]
    TooManyHosts,
    /// The wanted policy does not list a wanted host.
    #[error("expected a policy that lists the MX host `{host}`")]
    NotListed {
        /// The host.
        host: DomainName,
    },
    /// A policy on the way cannot be published.
    #[error("a policy on the way cannot be published")]
    Build(#[source] BuildPolicyError),
}

/// A place, and the line of the zone file that stands there.
pub(super) fn place(action: &Action, state: &State) -> (Box<str>, Option<Box<str>>) {
    use crate::sts::StsRecord;
    use crate::sts::fetch::PolicyRequest;
    use crate::tlsrpt::TlsRptRecord;
    use crate::txt::presentation;

    let domain = &state.domain;
    let record_ttl = state.record_ttl().as_secs();
    let url = || alloc::format!("https://{}{}", domain.policy_host(), PolicyRequest::PATH);
    match action {
        Action::PublishTlsRpt(record) => {
            let owner = TlsRptRecord::owner_name(&domain.into()).unwrap_or_default();
            let text = record.to_string();
            let line = alloc::format!("{owner} {record_ttl} IN TXT {}", presentation(&text));
            (owner.into(), Some(line.into()))
        }
        Action::PublishFile(_) | Action::RemoveFile => (url().into(), None),
        Action::PublishRecord { id, .. } => {
            let (owner, text) = (domain.txt_name(), StsRecord::new(*id).to_string());
            let line = alloc::format!("{owner} {record_ttl} IN TXT {}", presentation(&text));
            (owner.into(), Some(line.into()))
        }
        Action::RemoveRecord => (domain.txt_name().into(), None),
        Action::AddMx(host) => {
            let line = alloc::format!("{domain}. {} IN MX 10 {host}.", state.mx_ttl.as_secs());
            (domain.as_str().into(), Some(line.into()))
        }
        Action::RemoveMx(_) => (domain.as_str().into(), None),
        Action::Wait(_) => ("".into(), None),
    }
}

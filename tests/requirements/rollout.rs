//! OUT-1 to OUT-3, RFC 8461 §8.1 to §8.3, §10.2: plans, `id`s, and the difference of two
//! policies. That plans are safe is shown on senders that are simulated by hand.

#[path = "../support/senders.rs"]
mod senders;

use core::time::Duration;

use mta_sts::DomainName;
use mta_sts::rollout::{
    Action, Caution, Earlier, Goal, Ids, LADDER, MAX_HOSTS, MaxAgeChange, ModeChange, Pace,
    PatternChange, Plan, PlanError, Published, Readiness, State, Step, TESTING_MAX_AGE, Treatment,
    WaitFor, Wanted, difference, id_from_content, id_from_time, plan,
};
use mta_sts::sts::{MaxAge, Mode, Policy, PolicyDomain, PolicyId};
use mta_sts::tlsrpt::TlsRptRecord;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rustls_pki_types::UnixTime;

use self::senders::{Broken, Sight, World};

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;
const NOW: u64 = 1_795_305_600; // 2026-11-22T00:00:00Z

fn at(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

fn host(name: &str) -> DomainName {
    DomainName::parse(name).unwrap()
}

fn hosts(names: &[&str]) -> Vec<DomainName> {
    names.iter().map(|name| host(name)).collect()
}

fn policy(mode: &str, mx: &[&str], max_age: u64) -> Policy {
    let mx: String = mx.iter().map(|mx| format!("mx: {mx}\n")).collect();
    format!("version: STSv1\nmode: {mode}\n{mx}max_age: {max_age}\n").parse().unwrap()
}

fn id(text: &str) -> PolicyId {
    PolicyId::new(text).unwrap()
}

fn example() -> PolicyDomain {
    PolicyDomain::from_next_hop("example.com").unwrap()
}

fn state(mx: &[&str]) -> State {
    State::new(example(), hosts(mx))
}

fn published(policy: Policy) -> Published {
    Published::new(policy, id("1"), Duration::from_secs(300))
}

fn tlsrpt() -> TlsRptRecord<'static> {
    TlsRptRecord::new(["mailto:tls@example.com"]).unwrap()
}

fn plan_of(state: &State, wanted: &Wanted) -> Plan {
    plan(state, wanted, at(NOW)).unwrap()
}

/// A word for each step, and the seconds from now.
fn outline(plan: &Plan) -> Vec<(String, u64)> {
    let word = |step: &Step| match step.action() {
        Action::PublishTlsRpt(_) => "tlsrpt".to_owned(),
        Action::PublishFile(policy) => {
            let mx: Vec<_> = policy.mx().map(|mx| mx.to_string()).collect();
            format!("file {} {} {}", policy.mode(), mx.join(","), policy.max_age())
        }
        Action::PublishRecord { id, .. } => format!("record {id}"),
        Action::AddMx(host) => format!("add {host}"),
        Action::RemoveMx(host) => format!("remove {host}"),
        Action::Wait(wait) => format!("wait {wait:?}"),
        Action::RemoveRecord => "no record".to_owned(),
        Action::RemoveFile => "no file".to_owned(),
    };
    plan.steps().iter().map(|step| (word(step), step.at().as_secs() - NOW)).collect()
}

#[track_caller]
fn leads(plan: &Plan, steps: &[(&str, u64)]) {
    let found = outline(plan);
    let found: Vec<_> = found.iter().map(|(word, at)| (word.as_str(), *at)).collect();
    assert_eq!(found, steps);
}

#[test]
fn out_1_from_nothing_to_enforce_goes_through_testing_and_short_ages() {
    let wanted = Wanted::policy(policy("enforce", &["mx1.a"], 31_557_600), hosts(&["mx1.a"]))
        .with_tlsrpt(tlsrpt());
    let plan = plan(&state(&["mx1.a"]), &wanted, at(NOW)).unwrap();
    leads(
        &plan,
        &[
            ("tlsrpt", 0),
            ("file testing mx1.a 86400", 0),
            ("record 20261122000000Z", 0),
            ("wait Reports", 14 * DAY),
            ("file enforce mx1.a 86400", 14 * DAY),
            ("record 20261206000000Z", 14 * DAY),
            ("wait Trial", 21 * DAY),
            ("file enforce mx1.a 604800", 21 * DAY),
            ("record 20261213000000Z", 21 * DAY),
            ("wait Trial", 28 * DAY),
            ("file enforce mx1.a 31557600", 28 * DAY),
            ("record 20261220000000Z", 28 * DAY),
        ],
    );
    assert_eq!(plan.cautions(), []);
    let lines: Vec<_> = plan.steps().iter().filter_map(Step::zone_line).collect();
    assert_eq!(
        lines[..2],
        [
            r#"_smtp._tls.example.com. 3600 IN TXT "v=TLSRPTv1;rua=mailto:tls@example.com""#,
            r#"_mta-sts.example.com. 3600 IN TXT "v=STSv1;id=20261122000000Z""#,
        ]
    );
    let file = &plan.steps()[1];
    assert_eq!(file.place(), "https://mta-sts.example.com/.well-known/mta-sts.txt");
    assert_eq!(
        file.policy_file().unwrap(),
        "version: STSv1\nmode: testing\nmx: mx1.a\nmax_age: 86400\n"
    );
}

#[test]
fn out_1_ready_domains_enforce_at_once_and_the_pace_is_the_callers() {
    let testing = state(&["mx1.a"]).with_published(published(policy("testing", &["mx1.a"], DAY)));
    let wanted = Wanted::policy(policy("enforce", &["mx1.a"], WEEK), hosts(&["mx1.a"]));
    let hour = Duration::from_secs(3_600);
    let wanted = wanted.with_pace(Pace { observe: 3 * hour, hold: hour });
    leads(
        &plan(&testing, &wanted, at(NOW)).unwrap(),
        &[
            ("wait Reports", 3 * 3_600),
            ("file enforce mx1.a 86400", 3 * 3_600),
            ("record 20261122030000Z", 3 * 3_600),
            ("wait Trial", 4 * 3_600),
            ("file enforce mx1.a 604800", 4 * 3_600),
            ("record 20261122040000Z", 4 * 3_600),
        ],
    );
    let wanted = wanted.with_readiness(Readiness::Ready);
    let ready = plan(&testing, &wanted, at(NOW)).unwrap();
    assert_eq!(outline(&ready)[0], ("file enforce mx1.a 86400".to_owned(), 0));

    // The reports say nothing of a host that is still to come.
    let more = policy("enforce", &["mx1.a", "mx2.a"], WEEK);
    let more = Wanted::policy(more, hosts(&["mx1.a", "mx2.a"])).with_readiness(Readiness::Ready);
    assert_eq!(
        outline(&plan(&testing, &more, at(NOW)).unwrap())[..4],
        [
            ("file testing mx1.a,mx2.a 86400".to_owned(), 0),
            ("record 20261122000000Z".to_owned(), 0),
            ("add mx2.a".to_owned(), 0),
            ("wait Reports".to_owned(), 14 * DAY),
        ]
    );
}

#[test]
fn out_1_hosts_stay_listed_until_old_caches_and_ttls_are_gone() {
    let state = state(&["mx1.a"])
        .with_published(published(policy("enforce", &["mx1.a"], WEEK)))
        .with_mx_ttl(Duration::from_secs(600))
        // Served until yesterday, and kept for 30 days: longer than the present one.
        .with_earlier(Earlier::new(policy("enforce", &["mx1.a"], 30 * DAY), at(NOW - DAY)));
    let wanted = Wanted::policy(policy("enforce", &["mx2.a"], WEEK), hosts(&["mx2.a"]));
    let plan = plan(&state, &wanted, at(NOW)).unwrap();
    let safe = 29 * DAY + 1;
    leads(
        &plan,
        &[
            ("file enforce mx2.a,mx1.a 604800", 0),
            ("record 20261122000000Z", 0),
            ("wait Caches", safe),
            ("add mx2.a", safe),
            ("wait MxTtl", safe + 600),
            ("remove mx1.a", safe + 600),
            ("wait MxTtl", safe + 1_200),
            ("file enforce mx2.a 604800", safe + 1_200),
            ("record 20261221002001Z", safe + 1_200),
        ],
    );
    // Both times are told: the safe one, and that of senders that see the record.
    let wait = &plan.steps()[2];
    assert_eq!(wait.usual(), Some(at(NOW + 300)));
    assert_eq!(wait.not_before(), Some(at(NOW + safe)));
    assert_eq!((wait.after()[0].step, wait.after()[0].delay), (1, Duration::from_secs(WEEK + 1)));
    // Done a month late, everything behind moves: the old file was served until then.
    let late = at(NOW + 30 * DAY);
    assert_eq!(plan.earliest(&[late, late]), Some(at(NOW + 37 * DAY + 1)));
    assert_eq!(plan.earliest(&[]), Some(at(NOW)));
    assert_eq!(plan.earliest(&[late; 9]), None);
}

#[test]
fn out_1_an_unknown_earlier_policy_is_taken_to_refuse_new_hosts() {
    let max_age = MaxAge::from_secs(86_400).unwrap();
    let state = state(&["mx1.a"]).with_earlier(Earlier::unknown(max_age, at(NOW - 10)));
    let both = ["mx1.a", "mx2.a"];
    let wanted = Wanted::policy(policy("testing", &both, DAY), hosts(&both));
    leads(
        &plan(&state, &wanted, at(NOW)).unwrap(),
        &[
            ("file testing mx1.a,mx2.a 86400", 0),
            ("record 20261122000000Z", 0),
            ("wait Caches", DAY - 9),
            ("add mx2.a", DAY - 9),
        ],
    );
    assert_eq!(Earlier::unknown(max_age, at(NOW)).gone_at(), at(NOW + DAY + 1));
}

#[test]
fn out_1_withdrawal_is_none_then_the_longest_of_all_ages_then_record_then_file() {
    let state = state(&["mx1.a"])
        .with_published(published(policy("enforce", &["mx1.a"], DAY)))
        .with_earlier(Earlier::new(policy("testing", &["mx1.a"], 9 * DAY), at(NOW - DAY)))
        .with_earlier(Earlier::new(policy("enforce", &["mx1.a"], WEEK), at(NOW - 30 * DAY)));
    let plan = plan(&state, &Wanted::withdrawn(hosts(&["mx1.a"])), at(NOW)).unwrap();
    leads(
        &plan,
        &[
            ("file none  86400", 0),
            ("record 20261122000000Z", 0),
            ("wait Expiry", 8 * DAY + 1),
            ("no record", 8 * DAY + 1),
            ("wait RecordTtl", 8 * DAY + 301),
            ("no file", 8 * DAY + 301),
        ],
    );
    assert_eq!(plan.cautions()[0], Caution::Weaker { to: Mode::None });
}

#[test]
fn out_1_a_withdrawal_says_that_it_goes_by_the_policies_that_were_named() {
    let bare = state(&["a"]).with_published(published(policy("testing", &["a"], DAY)));
    let withdrawn = Wanted::withdrawn(hosts(&["a"]));
    assert_eq!(plan_of(&bare, &withdrawn).cautions(), [Caution::NoEarlier]);
    let earlier = Earlier::new(policy("enforce", &["a"], WEEK), at(NOW - DAY));
    assert_eq!(plan_of(&bare.with_earlier(earlier), &withdrawn).cautions(), []);
}

#[test]
fn out_1_a_withdrawal_waits_for_the_ttl_of_the_record_too() {
    let long = Published::new(policy("enforce", &["a"], 60), id("1"), Duration::from_secs(DAY));
    let state = state(&["a"]).with_published(long);
    let plan = plan(&state, &Wanted::withdrawn(hosts(&["a"])), at(NOW)).unwrap();
    assert_eq!(outline(&plan)[2], ("wait Expiry".to_owned(), DAY));
    // So it does with a shorter one from now on: resolvers have the old record.
    let shorter = state.with_record_ttl(Duration::from_secs(300));
    let shorter = plan_of(&shorter, &Wanted::withdrawn(hosts(&["a"])));
    assert_eq!(outline(&shorter)[2], ("wait Expiry".to_owned(), DAY));
    assert!(shorter.steps()[1].zone_line().unwrap().contains(" 300 IN TXT "));
}

#[test]
fn out_1_what_was_just_removed_is_withdrawn_after_the_fact() {
    let bare = state(&["a"]).with_last_id(id("20301122000000Z"));
    let withdrawn = Wanted::withdrawn(hosts(&["a"]));
    assert!(plan(&bare, &withdrawn, at(NOW)).unwrap().steps().is_empty());
    let gone = Earlier::new(policy("enforce", &["a"], WEEK), at(NOW - WEEK - 1));
    assert!(
        plan(&bare.clone().with_earlier(gone), &withdrawn, at(NOW)).unwrap().steps().is_empty()
    );
    let cached = Earlier::new(policy("enforce", &["a"], WEEK), at(NOW - DAY));
    leads(
        &plan(&bare.with_earlier(cached), &withdrawn, at(NOW)).unwrap(),
        &[
            ("file none  86400", 0),
            ("record 20301122000000Z1", 0),
            ("wait Expiry", 6 * DAY + 1),
            ("no record", 6 * DAY + 1),
            ("wait RecordTtl", 6 * DAY + 1 + 3_600),
            ("no file", 6 * DAY + 1 + 3_600),
        ],
    );
    // Half done: the policy is `none` already.
    let half = state(&["a"]).with_published(published(policy("none", &[], DAY)));
    leads(
        &plan(&half, &withdrawn, at(NOW)).unwrap(),
        &[("no record", 0), ("wait RecordTtl", 300), ("no file", 300)],
    );
}

#[test]
fn out_1_nothing_is_done_where_all_is_as_wanted() {
    let same = policy("enforce", &["mx1.a"], WEEK);
    let state = state(&["mx1.a"]).with_published(published(same.clone())).with_tlsrpt(tlsrpt());
    let wanted = Wanted::policy(same, hosts(&["mx1.a"])).with_tlsrpt(tlsrpt());
    let done = plan(&state, &wanted, at(NOW)).unwrap();
    assert!(done.steps().is_empty() && done.cautions().is_empty());
    assert_eq!(done.to_string(), "There is nothing to do.\n");
    // An extension is a reason to publish; white space is none.
    let body = "version:STSv1\nmode:enforce\nmx:MX1.a\nmax_age:604800";
    let wanted = Wanted::policy(body.parse().unwrap(), hosts(&["mx1.a"]));
    assert!(plan(&state, &wanted, at(NOW)).unwrap().steps().is_empty());
    let body = format!("{body}\nx:1");
    let wanted = Wanted::policy(body.parse().unwrap(), hosts(&["mx1.a"]));
    assert_eq!(plan(&state, &wanted, at(NOW)).unwrap().steps().len(), 2);
}

#[test]
fn out_1_what_cannot_be_reached_is_refused() {
    let wanted = |mx: &[&str]| Wanted::policy(policy("enforce", &["mx1.a"], WEEK), hosts(mx));
    let error = |state: State, wanted: Wanted| plan(&state, &wanted, at(NOW)).unwrap_err();
    assert_eq!(
        error(state(&["mx1.a"]), wanted(&["mx1.a", "mx2.a"])).to_string(),
        "expected a policy that lists the MX host `mx2.a`"
    );
    let no_host = "expected an MX host, now and wanted; without MX records it is the domain itself";
    assert_eq!(error(state(&["mx1.a"]), wanted(&[])).to_string(), no_host);
    assert_eq!(error(state(&[]), wanted(&["mx1.a"])).to_string(), no_host);
    let many: Vec<_> = (0..=MAX_HOSTS).map(|n| host(&format!("mx{n}.a"))).collect();
    assert_eq!(
        error(State::new(example(), many), wanted(&["mx1.a"])).to_string(),
        "expected at most 1000 MX hosts, now and wanted each"
    );
    // With all hosts of before and after there would be too many patterns.
    let names: Vec<_> = (0..MAX_HOSTS).map(|n| format!("mx{n}.a")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let full = Wanted::policy(policy("enforce", &names, WEEK), hosts(&["mx1.a"]));
    let refused = error(state(&["old.a"]), full);
    assert!(matches!(refused, PlanError::Build(_)));
    assert_eq!(refused.to_string(), "a policy on the way cannot be published");
    let none = Wanted::policy(policy("none", &[], WEEK), hosts(&["mx1.a", "mx2.a"]));
    assert!(plan(&state(&["mx1.a"]), &none, at(NOW)).is_ok());
}

#[test]
fn out_1_cautions_tell_what_no_step_mends() {
    let state = state(&["mx1.a", "mx2.a"])
        .with_published(published(policy("enforce", &["mx1.a"], WEEK)))
        .with_earlier(Earlier::new(policy("enforce", &["mx2.a"], WEEK), at(NOW - DAY)));
    let wanted = Wanted::policy(policy("testing", &["*.a"], DAY), hosts(&["mx1.a", "mx2.a"]));
    let shown: Vec<_> = plan(&state, &wanted, at(NOW))
        .unwrap()
        .cautions()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        shown,
        [
            "until 2026-11-28 00:00:01Z senders may have an earlier policy that refuses the MX \
             host mx1.a; those that see the record of the policy published now have that one.",
            "senders refuse the MX host mx2.a now, since the policy does not list it.",
            "no TLSRPT record asks for reports, so that nothing will tell of failures.",
            "the domain enforces now and will not any more: in mode testing somebody in between \
             can make senders deliver without TLS, or to another host.",
        ]
    );
}

#[test]
fn out_1_a_step_says_all_that_is_to_be_known() {
    let state = state(&["mx1.a"]).with_published(published(policy("enforce", &["mx1.a"], WEEK)));
    let wanted = Wanted::policy(policy("enforce", &["mx2.a"], WEEK), hosts(&["mx2.a"]))
        .with_tlsrpt(tlsrpt())
        .with_ids(Ids::FromContent);
    let plan = plan(&state, &wanted, at(NOW)).unwrap();
    assert_eq!(
        plan.steps()[1].to_string(),
        "\
2. 2026-11-22 00:00:00Z: serve this file as https://mta-sts.example.com/.well-known/mta-sts.txt
   Why: Every MX host in use before, after and in between must be listed, since senders may have \
this policy all the while. (RFC 8461 §8.1)
   Otherwise: Senders that enforce the policy skip each host that it does not list; the mail waits \
in their queues, and comes back in the end.

version: STSv1
mode: enforce
mx: mx2.a
mx: mx1.a
max_age: 604800
"
    );
    let wait = plan.steps()[3].to_string();
    assert!(wait.starts_with(
        "4. 2026-11-29 00:00:01Z: wait until no sender has a policy that refuses the new hosts\n"
    ));
    assert!(wait.ends_with(
        "   Not before: 7 days and 1 second after step 2.\n   Usually: 2026-11-22 00:05:00Z; by then \
         all that see the record have the new policy.\n"
    ));
    for step in plan.steps() {
        assert!(step.section().starts_with("RFC 846"), "{step}");
        assert!(step.reason().ends_with('.') && step.otherwise().ends_with('.'), "{step}");
        let is_wait = matches!(step.action(), Action::Wait(_));
        assert_eq!(step.place().is_empty(), is_wait, "{step}");
    }
}

#[test]
fn out_1_times_at_the_end_of_all_times_overflow_nowhere() {
    let end = at(u64::MAX);
    let state = state(&["mx1.a"])
        .with_published(published(policy("enforce", &["mx1.a"], WEEK)))
        .with_mx_ttl(Duration::MAX)
        .with_earlier(Earlier::new(policy("enforce", &["b"], WEEK), end));
    for wanted in [
        Wanted::policy(policy("enforce", &["mx2.a"], WEEK), hosts(&["mx2.a"])),
        Wanted::withdrawn(hosts(&["mx2.a"])),
    ] {
        let plan = plan(&state, &wanted, end).unwrap();
        assert!(!plan.to_string().is_empty());
        assert_eq!(plan.steps().last().unwrap().at(), end);
    }
}

const POOL: [&str; 5] =
    ["mx1.example.com", "mx2.example.com", "mx3.example.com", "mx4.example.net", "example.com"];

/// A policy that lists these hosts, by name or by wildcard.
fn any_policy(listed: Vec<&'static str>) -> impl Strategy<Value = Policy> {
    let modes = select(vec!["enforce", "enforce", "testing", "none"]);
    let ages = select(vec![0, 60, 3_600, DAY, WEEK, 20 * DAY, 31_557_600]);
    let more = subsequence(POOL.to_vec(), 0..=1);
    (modes, ages, any::<bool>(), more).prop_map(move |(mode, age, wide, more)| {
        let mut mx: Vec<_> = listed.iter().chain(&more).copied().collect();
        if wide {
            mx.retain(|mx| !mx.ends_with(".example.com"));
            mx.push("*.example.com");
        }
        policy(mode, &mx, age)
    })
}

fn any_earlier(listed: Vec<&'static str>) -> impl Strategy<Value = (Policy, u64, bool)> {
    (any_policy(listed), select(vec![1, 600, DAY, 5 * DAY, 40 * DAY]), any::<bool>())
}

#[derive(Debug, Clone)]
struct Case {
    world: World,
    state: State,
    wanted: Wanted,
    target: Option<Policy>,
}

fn any_case() -> impl Strategy<Value = Case> {
    let hosts = || subsequence(POOL.to_vec(), 1..=3);
    let ttl = || select(vec![60, 3_600, 2 * DAY]);
    (hosts(), hosts(), ttl(), ttl(), any::<bool>())
        .prop_flat_map(|(now, then, ttl, mx_ttl, ready)| {
            (
                Just((now.clone(), then.clone(), ttl, mx_ttl, ready)),
                proptest::option::weighted(0.8, any_policy(now.clone())),
                vec(any_earlier(now), 0..3),
                proptest::option::weighted(0.75, any_policy(then)),
            )
        })
        .prop_map(|((now, then, ttl, mx_ttl, ready), present, earlier, target)| {
            case(&now, &then, (ttl, mx_ttl), ready, present, earlier, target)
        })
}

fn case(
    now: &[&str],
    then: &[&str],
    (ttl, mx_ttl): (u64, u64),
    ready: bool,
    present: Option<Policy>,
    earlier: Vec<(Policy, u64, bool)>,
    target: Option<Policy>,
) -> Case {
    let mut state = state(now).with_mx_ttl(Duration::from_secs(mx_ttl)).with_last_id(id("1"));
    let mut world = World::new(NOW, hosts(now), ttl, mx_ttl);
    for (policy, ago, is_known) in earlier {
        let last_served = NOW - ago;
        state = state.with_earlier(match is_known {
            true => Earlier::new(policy.clone(), at(last_served)),
            false => Earlier::unknown(policy.max_age(), at(last_served)),
        });
        world.served(policy, last_served);
    }
    let ttl = Duration::from_secs(ttl);
    if let Some(policy) = present {
        state = state.with_published(Published::new(policy.clone(), id("1"), ttl));
        world.publishes(policy, id("1"));
    } else {
        world.record_ttl = 3_600;
    }
    let goal = target.clone().map_or(Goal::Withdrawn, Goal::Policy);
    let wanted = match goal {
        Goal::Policy(policy) => Wanted::policy(policy, hosts(then)),
        Goal::Withdrawn => Wanted::withdrawn(hosts(then)),
    };
    let readiness = if ready { Readiness::Ready } else { Readiness::Unknown };
    Case { world, state, wanted: wanted.with_readiness(readiness), target }
}

/// The times at which the steps are done if each is at its earliest.
fn on_time(plan: &Plan) -> Vec<Option<u64>> {
    plan.steps().iter().map(|step| Some(step.at().as_secs())).collect()
}

/// As soon as all else allows if this wait is left out.
fn without_wait(plan: &Plan, left_out: usize) -> Vec<Option<u64>> {
    with_wait_until(plan, left_out, at(0))
}

fn with_wait_until(plan: &Plan, wait: usize, until: UnixTime) -> Vec<Option<u64>> {
    let mut done: Vec<UnixTime> = Vec::new();
    for step in plan.steps() {
        let before = done.last().copied().unwrap_or(at(NOW));
        let is_it = step.number() == wait;
        done.push(if is_it { before.max(until) } else { plan.earliest(&done).unwrap() });
    }
    done.iter().map(|time| Some(time.as_secs())).collect()
}

fn find_wait(plan: &Plan, wait: WaitFor) -> Option<&Step> {
    plan.steps().iter().find(|step| *step.action() == Action::Wait(wait))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn out_1_no_honest_mail_is_refused_while_a_plan_is_carried_out(case in any_case()) {
        let plan = plan(&case.state, &case.wanted, at(NOW)).unwrap();
        let mut world = case.world.clone();
        world.carry_out(&plan, &on_time(&plan));
        prop_assert_eq!(world.broken(), [], "{}", plan);
        // What is wanted is there in the end.
        let (file, record, mx) = world.at_the_end();
        match &case.target {
            Some(target) => {
                prop_assert!(file.unwrap().same_meaning(target));
                prop_assert!(record.is_some());
            }
            None => prop_assert!(file.is_none() && record.is_none()),
        }
        prop_assert!(mx.iter().all(|host| case_hosts(&case).contains(host)), "{:?}", mx);
    }

    #[test]
    fn out_1_protection_is_never_given_up_on_the_way(case in any_case()) {
        let plan = plan(&case.state, &case.wanted, at(NOW)).unwrap();
        let enforced = |policy: &Policy| policy.mode() == Mode::Enforce;
        let mut is_enforced = case.world.present().is_some_and(enforced);
        let stays = case.target.as_ref().is_some_and(enforced);
        let mut testing_since = None;
        for step in plan.steps() {
            let Action::PublishFile(policy) = step.action() else { continue };
            if stays && is_enforced {
                prop_assert!(enforced(policy), "{}", plan);
            }
            if policy.mode() == Mode::Testing {
                testing_since = Some(step.at().as_secs());
            }
            if enforced(policy) && !is_enforced && case.world.present().is_none() {
                prop_assert!(step.at().as_secs() >= testing_since.unwrap() + 14 * DAY);
            }
            is_enforced = enforced(policy);
        }
    }

    #[test]
    fn out_1_each_file_has_an_id_of_its_own(case in any_case(), content: bool) {
        let ids = if content { Ids::FromContent } else { Ids::FromTime };
        let plan = plan(&case.state, &case.wanted.with_ids(ids), at(NOW)).unwrap();
        let mut seen = vec![id("1")];
        let mut files = 0;
        for pair in plan.steps().windows(2) {
            if let Action::PublishFile(_) = pair[0].action() {
                let Action::PublishRecord { id, replaces } = pair[1].action() else {
                    panic!("{plan}");
                };
                let is_first = files == 0 && case.world.present().is_none();
                prop_assert_eq!(*replaces, seen.last().copied().filter(|_| !is_first));
                prop_assert!(!seen.contains(id), "{}", plan);
                seen.push(*id);
                files += 1;
            }
        }
        for pair in plan.steps().windows(2) {
            prop_assert!(pair[0].at() <= pair[1].at());
        }
    }

    #[test]
    fn out_1_the_usual_time_is_safe_for_those_who_see_the_record(case in any_case()) {
        let plan = plan(&case.state, &case.wanted, at(NOW)).unwrap();
        let Some(wait) = find_wait(&plan, WaitFor::Caches) else { return Ok(()) };
        let times = with_wait_until(&plan, wait.number(), wait.usual().unwrap());
        let mut world = case.world.clone().with_sight(Sight::All);
        world.carry_out(&plan, &times);
        prop_assert_eq!(world.broken(), [], "{}", plan);
    }

    #[test]
    fn out_1_a_host_that_does_not_wait_for_the_caches_is_refused(case in any_case()) {
        let plan = plan(&case.state, &case.wanted, at(NOW)).unwrap();
        let Some(wait) = find_wait(&plan, WaitFor::Caches) else { return Ok(()) };
        let mut world = case.world.clone();
        // A policy that is kept for no time, and one of which nothing is known but which
        // happens to allow the host, break nothing.
        prop_assume!(world.may_refuse_new_hosts(&plan));
        world.carry_out(&plan, &without_wait(&plan, wait.number()));
        let broken = world.broken();
        let is_refused = broken.iter().any(|one| matches!(one, Broken::Refused { .. }));
        prop_assert!(is_refused, "{:?}\n{}", broken, plan);
    }
}

fn case_hosts(case: &Case) -> Vec<DomainName> {
    let plan = plan(&case.state, &case.wanted, at(NOW)).unwrap();
    let mut mx = case.world.mx();
    for step in plan.steps() {
        match step.action() {
            Action::AddMx(host) => mx.push(host.clone()),
            Action::RemoveMx(host) => mx.retain(|mx| mx != host),
            _ => {}
        }
    }
    mx
}

/// One host for another, in a domain that enforces.
fn exchange() -> (World, Plan) {
    let case = case(
        &["mx1.example.com"],
        &["mx2.example.com"],
        (300, 600),
        false,
        Some(policy("enforce", &["mx1.example.com"], WEEK)),
        vec![],
        Some(policy("enforce", &["mx2.example.com"], WEEK)),
    );
    let plan = plan(&case.state, &case.wanted, at(NOW)).unwrap();
    (case.world, plan)
}

fn broken(world: &World, plan: &Plan, times: &[Option<u64>]) -> Vec<Broken> {
    let mut world = world.clone();
    world.carry_out(plan, times);
    world.broken()
}

#[test]
fn out_1_steps_left_out_or_done_early_break_what_they_say() {
    let (world, plan) = exchange();
    let times = on_time(&plan);
    assert_eq!(broken(&world, &plan, &times), []);
    let refused = |name: &str| Broken::Refused { host: host(name) };
    let (old, new) = (refused("mx1.example.com"), refused("mx2.example.com"));
    let without = |numbers: &[usize]| {
        let mut times = times.clone();
        numbers.iter().for_each(|number| times[number - 1] = None);
        broken(&world, &plan, &times)
    };
    // No policy with both hosts; the file, but no new id; the id, but no file.
    assert!(without(&[1, 2]).contains(&new));
    assert!(without(&[2]).contains(&Broken::Outdated));
    assert!(without(&[1]).contains(&new));
    // The record a minute before the file.
    let mut swapped: Vec<_> = times.iter().map(|time| time.map(|time| time + 60)).collect();
    swapped[1] = times[1];
    assert_eq!(broken(&world, &plan, &swapped), [Broken::Outdated]);
    // No wait for the caches, and one that ends two seconds too early.
    assert_eq!(broken(&world, &plan, &without_wait(&plan, 3)), std::slice::from_ref(&new));
    let mut early = times.clone();
    early[3] = early[3].map(|time| time - 2);
    assert_eq!(broken(&world, &plan, &early), [new]);
    // The old host leaves the policy while resolvers have its MX record.
    assert_eq!(broken(&world, &plan, &without_wait(&plan, 7)), [old]);
}

#[test]
fn out_1_a_withdrawal_in_a_hurry_leaves_caches_behind() {
    let name = "mx1.example.com";
    let present = Some(policy("enforce", &[name], WEEK));
    let case = case(&[name], &[name], (300, 600), false, present, vec![], None);
    let plan = plan(&case.state, &case.wanted, at(NOW)).unwrap();
    let times = on_time(&plan);
    let breaks = |times: &[Option<u64>]| broken(&case.world, &plan, times);
    assert_eq!(breaks(&times), []);
    let expiry = find_wait(&plan, WaitFor::Expiry).unwrap().number();
    assert_eq!(breaks(&without_wait(&plan, expiry)), [Broken::CachesLeft]);
    let ttl = find_wait(&plan, WaitFor::RecordTtl).unwrap().number();
    assert_eq!(breaks(&without_wait(&plan, ttl)), [Broken::FetchFails]);
    // Straight to removal: no `none`, and no wait.
    let straight = [None, None, times[0], times[0], times[0], times[0]];
    assert!(breaks(&straight).contains(&Broken::CachesLeft));
}

#[test]
fn out_1_the_ladder_has_an_order() {
    assert!(LADDER.is_sorted());
    assert!(TESTING_MAX_AGE <= LADDER[0]);
}

#[test]
fn out_2_ids_from_times_go_on_when_the_clock_does_not() {
    let now = at(1_472_633_820);
    for (last, fresh) in [
        (None, "20160831085700Z"),
        (Some("1"), "20160831085700Z"),
        (Some("20160831085659Z"), "20160831085700Z"),
        (Some("20160831085659Z7"), "20160831085700Z"),
        (Some("20160831085700Z"), "20160831085700Z1"),
        (Some("20160831085700Z1"), "20160831085700Z2"),
        (Some("20160831085700Z09"), "20160831085700Z10"),
        // The clock ran back: the last one goes on.
        (Some("20170101000000Z"), "20170101000000Z1"),
        (Some("120170101000000Z"), "120170101000000Z1"),
        // No times.
        (Some("2016083108570Z"), "20160831085700Z"),
        (Some("20170101000000"), "20160831085700Z"),
        (Some("20170101000000Zx"), "20160831085700Z"),
        (Some("2017010100x000Z"), "20160831085700Z"),
    ] {
        assert_eq!(id_from_time(now, last.map(id)).as_str(), fresh, "{last:?}");
    }
    let full = id("20170101000000Z99999999999999999");
    let fresh = id_from_time(now, Some(full));
    assert_eq!(fresh.as_str().len(), 27);
    assert_ne!(id_from_time(now, Some(fresh)), fresh);
    assert!(id_from_time(at(u64::MAX), None).as_str().ends_with('Z'));
    // The caller's text for the last one has its own error.
    assert_eq!(
        PolicyId::new("2016-08-31").unwrap_err().to_string(),
        "expected 1 to 32 letters and digits, found `2016-08-31`"
    );
}

#[test]
fn out_2_ids_from_content_are_never_those_of_an_older_body() {
    let bodies = [policy("testing", &["a"], 60), policy("enforce", &["a"], 60)];
    let mut seen: Vec<PolicyId> = Vec::new();
    for n in 0..1_000 {
        let fresh = id_from_content(&bodies[n % 2], seen.last().copied());
        assert!(!seen.contains(&fresh));
        assert_eq!(fresh.as_str().len(), 27);
        seen.push(fresh);
    }
    // The same on every machine and in every version.
    assert_eq!(seen[0].as_str(), "c0tthkj5ens92uliui5pvtmuqd1");
    // An octet, or its place, makes a difference.
    let others = [policy("testing", &["b"], 60), policy("testing", &["a"], 61)];
    for other in &others {
        assert_ne!(id_from_content(other, None), seen[0]);
    }
}

proptest! {
    #[test]
    fn out_2_no_id_is_the_last_one(
        times in vec(0_u64..4, 1..40),
        choices in vec(any::<bool>(), 40),
        first in "[0-9A-Za-z]{1,32}",
    ) {
        let body = policy("enforce", &["a"], 60);
        let mut seen = vec![id(&first)];
        let mut time = 1_472_633_820;
        for (step, content) in times.into_iter().zip(choices) {
            // The clock stands, goes on, or runs back.
            time = time + 2 - step;
            let last = seen.last().copied();
            let fresh = match content {
                true => id_from_content(&body, last),
                false => id_from_time(at(time), last),
            };
            prop_assert_ne!(Some(fresh), last);
            prop_assert_eq!(PolicyId::new(fresh.as_str()).unwrap(), fresh);
            seen.push(fresh);
        }
    }

    #[test]
    fn out_2_a_chain_of_times_never_repeats(steps in vec(0_u64..5, 1..60)) {
        let mut time = 1_472_633_820;
        let mut seen: Vec<PolicyId> = Vec::new();
        for step in steps {
            time = time + 2 - step;
            let fresh = id_from_time(at(time), seen.last().copied());
            prop_assert!(!seen.contains(&fresh), "{} {:?}", fresh, seen);
            seen.push(fresh);
        }
    }
}

#[test]
fn out_3_the_difference_tells_who_is_refused_until_when() {
    let old = policy("enforce", &["mx1.a", "*.b", "c.d"], WEEK);
    let new = policy("enforce", &["*.a", "mx1.b", "e.f"], DAY);
    let all = hosts(&["mx1.a", "mx2.a", "mx1.b", "mx2.b", "c.d", "e.f", "x.y"]);
    let difference = difference(&old, &new, &all, at(NOW));
    assert_eq!(difference.modes(), (Mode::Enforce, Mode::Enforce));
    assert_eq!(difference.mode_change(), ModeChange::Same);
    let days = |days: u64| Duration::from_secs(days * DAY);
    assert_eq!(difference.max_age_change(), MaxAgeChange::Shorter { from: days(7), to: days(1) });
    assert_eq!(
        difference.patterns(),
        [
            PatternChange::Added("*.a".into()),
            PatternChange::Narrowed { from: "*.b".into(), to: "mx1.b".into() },
            PatternChange::Added("e.f".into()),
            PatternChange::Widened { from: "mx1.a".into(), to: "*.a".into() },
            PatternChange::Removed("c.d".into()),
        ]
    );
    use Treatment::{Allowed, Refused};
    let found: Vec<_> =
        difference.hosts().iter().map(|change| (change.before, change.after)).collect();
    assert_eq!(
        found,
        [
            (Allowed, Allowed),
            (Refused, Allowed),
            (Allowed, Allowed),
            (Allowed, Refused),
            (Allowed, Refused),
            (Refused, Allowed),
            (Refused, Refused),
        ]
    );
    let names =
        |hosts: Vec<&DomainName>| hosts.into_iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(difference.refused_before().collect()), ["mx2.a", "e.f", "x.y"]);
    assert_eq!(names(difference.refused_after().collect()), ["mx2.b", "c.d", "x.y"]);
    assert_eq!(difference.old_gone_at(), at(NOW + WEEK + 1));
    assert_eq!(
        difference.to_string(),
        "\
The mode stays enforce.
The max_age goes from 7 days to 1 day.
`*.a` is listed now.
of `*.b` only `mx1.b` is listed now.
`e.f` is listed now.
`mx1.a` is within `*.a` now.
`c.d` is not listed any more.
mx2.a: will be listed.
mx2.b: will be refused by senders with the new policy.
c.d: will be refused by senders with the new policy.
e.f: will be listed.
Until 2026-11-29 00:00:01Z senders may apply the old policy: in it mx2.a is refused, e.f is \
refused, x.y is refused.
"
    );
}

#[test]
fn out_3_modes_have_an_order() {
    let modes = ["none", "testing", "enforce"];
    let one = [host("mx1.a")];
    for (old, new) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)] {
        let with = |mode: usize| policy(modes[mode], &["mx2.a"], 60);
        let difference = difference(&with(old), &with(new), &one, at(NOW));
        let change = match new.cmp(&old) {
            core::cmp::Ordering::Less => ModeChange::Weaker,
            core::cmp::Ordering::Equal => ModeChange::Same,
            core::cmp::Ordering::Greater => ModeChange::Stronger,
        };
        assert_eq!(difference.mode_change(), change);
        assert_eq!(difference.max_age_change(), MaxAgeChange::Same);
        assert_eq!(difference.patterns(), []);
        let treatments = [Treatment::Unprotected, Treatment::Reported, Treatment::Refused];
        let host = &difference.hosts()[0];
        assert_eq!((host.before, host.after), (treatments[old], treatments[new]));
        assert!(!difference.to_string().contains(": ."));
    }
    // Case and repetition make no difference.
    let twice = policy("enforce", &["A.b", "a.B"], 60);
    let once = policy("enforce", &["a.b"], 60);
    assert_eq!(difference(&twice, &once, &one, at(NOW)).patterns(), []);
}

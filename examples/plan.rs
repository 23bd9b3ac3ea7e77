//! From what a domain publishes to what it wants: what to publish, in which order, and
//! when.
//!
//! ```text
//! cargo run --example plan -- --domain example.com --want enforce --mx mx1.example.com
//! cargo run --example plan -- --help
//! ```
//!
//! Asks no server anything; what is published now it is told.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers")]

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use mta_sts::rollout::{Earlier, Ids, Published, Readiness, State, Wanted, difference, plan};
use mta_sts::sts::{MaxAge, Mode, Policy, PolicyDomain, PolicyId};
use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::tlsrpt::insight::Day;
use mta_sts::{DomainName, Reading};
use rustls_pki_types::UnixTime;

const HELP: &str = "\
Says what to publish, in which order and when, to get from one MTA-STS policy to another.

Usage: plan --domain DOMAIN --want POLICY --mx HOST... [options]

What is wanted:
  --domain DOMAIN       the domain in mail addresses
  --want POLICY         a policy file; or enforce or testing, for a policy of the hosts of --mx;
                        or none, to withdraw the policy
  --mx HOST...          the MX hosts that are wanted, up to the next option
  --max-age SECONDS     with --want enforce or testing (default: 28 days, and 1 day)
  --rua URI             where reports should go; may be repeated
  --ready               reports of the testing policy have been read, and are good
  --ids content         an id is made from the policy, not from the time

What is published now:
  --current FILE        the policy file, or none (default)
  --id ID               the id in the TXT record, or the last one that was there
  --ttl SECONDS         the TTL of that record, and of new ones (default: 3600)
  --mx-now HOST...      the MX hosts of now (default: those of --mx)
  --mx-ttl SECONDS      the TTL of the MX records (default: 3600)
  --rua-now URI         where reports go now; may be repeated
  --earlier POLICY      a policy of before, a file or its max_age in seconds; may be repeated,
                        each followed by
  --served-until TIME   when that was last served: Unix seconds, 2026-11-22 or
                        2026-11-22T12:00:00Z
  --now TIME            instead of the clock's

Exit status: 0 with a plan, 1 if there is none, 2 for wrong arguments or a file that cannot be
read.";

/// The columns of the text; what is to be published is not broken.
const COLUMNS: usize = 100;

fn main() -> ExitCode {
    let arguments = match Arguments::parse() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return print(HELP),
        Err(error) => return fail(&error.to_string(), 2),
    };
    let (state, wanted) = match arguments.state().and_then(|state| Ok((state, arguments.wanted()?)))
    {
        Ok(both) => both,
        Err(error) => return fail(&error, 2),
    };
    match plan(&state, &wanted, arguments.now) {
        Ok(plan) => {
            let changes = wrap(&arguments.changes(), |_| true);
            print(&(changes + &wrap(&plan.to_string(), is_prose)))
        }
        Err(error) => fail(&chain(&error), 1),
    }
}

fn fail(error: &str, status: u8) -> ExitCode {
    eprintln!("plan: {error}{}", if status == 2 { "; see --help" } else { "" });
    ExitCode::from(status)
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A closed pipe is no failure of ours.
fn print(text: &str) -> ExitCode {
    match writeln!(io::stdout().lock(), "{}", text.trim_end()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => fail(&error.to_string(), 2),
        _ => ExitCode::SUCCESS,
    }
}

struct Arguments {
    domain: PolicyDomain,
    want: String,
    mx: Vec<DomainName>,
    max_age: Option<u32>,
    rua: Vec<String>,
    readiness: Readiness,
    ids: Ids,
    current: Option<Policy>,
    id: Option<PolicyId>,
    ttl: Duration,
    mx_now: Vec<DomainName>,
    mx_ttl: Duration,
    rua_now: Vec<String>,
    earlier: Vec<Earlier>,
    now: UnixTime,
}

impl Arguments {
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        use lexopt::prelude::*;

        let mut domain = None;
        let mut want = None;
        let mut earlier = VecDeque::new();
        let mut arguments = Self::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("domain") => {
                    domain = Some(parser.value()?.parse_with(PolicyDomain::from_next_hop)?)
                }
                Long("want") => want = Some(parser.value()?.string()?),
                Long("mx") => arguments.mx.extend(hosts(&mut parser)?),
                Long("max-age") => arguments.max_age = Some(parser.value()?.parse()?),
                Long("rua") => arguments.rua.push(parser.value()?.string()?),
                Long("ready") => arguments.readiness = Readiness::Ready,
                Long("ids") => arguments.ids = parser.value()?.parse_with(ids)?,
                Long("current") => {
                    let file = parser.value()?.string()?;
                    arguments.current = (file != "none").then(|| read(&file)).transpose()?;
                }
                Long("id") => arguments.id = Some(parser.value()?.parse()?),
                Long("ttl") => arguments.ttl = parser.value()?.parse_with(ttl)?,
                Long("mx-now") => arguments.mx_now.extend(hosts(&mut parser)?),
                Long("mx-ttl") => arguments.mx_ttl = parser.value()?.parse_with(ttl)?,
                Long("rua-now") => arguments.rua_now.push(parser.value()?.string()?),
                Long("earlier") => earlier.push_back(parser.value()?.string()?),
                Long("served-until") => {
                    let until = parser.value()?.parse_with(time)?;
                    let policy = earlier.pop_front().ok_or("--served-until without --earlier")?;
                    arguments.earlier.push(before(&policy, until)?);
                }
                Long("now") => arguments.now = parser.value()?.parse_with(time)?,
                Short('h') | Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        if !earlier.is_empty() {
            return Err("--earlier without --served-until".into());
        }
        arguments.domain = domain.ok_or("expected --domain")?;
        arguments.want = want.ok_or("expected --want")?;
        if arguments.mx.is_empty() {
            return Err("expected --mx".into());
        }
        if arguments.current.is_some() && arguments.id.is_none() {
            return Err("--current needs the --id of its record".into());
        }
        if arguments.mx_now.is_empty() {
            arguments.mx_now.clone_from(&arguments.mx);
        }
        Ok(Some(arguments))
    }

    fn state(&self) -> Result<State, String> {
        let mut state = State::new(self.domain.clone(), self.mx_now.clone())
            .with_mx_ttl(self.mx_ttl)
            .with_record_ttl(self.ttl);
        for earlier in &self.earlier {
            state = state.with_earlier(earlier.clone());
        }
        if let Some(record) = reports(&self.rua_now)? {
            state = state.with_tlsrpt(record);
        }
        Ok(match (&self.current, self.id) {
            (Some(policy), Some(id)) => {
                state.with_published(Published::new(policy.clone(), id, self.ttl))
            }
            (None, Some(id)) => state.with_last_id(id),
            (_, None) => state,
        })
    }

    fn wanted(&self) -> Result<Wanted, String> {
        let mx = self.mx.clone();
        let wanted = match self.target()? {
            Some(policy) => Wanted::policy(policy, mx),
            None => Wanted::withdrawn(mx),
        };
        let wanted = wanted.with_readiness(self.readiness).with_ids(self.ids);
        Ok(match reports(&self.rua)? {
            Some(record) => wanted.with_tlsrpt(record),
            None => wanted,
        })
    }

    /// The policy that is wanted; none if it is to be withdrawn.
    fn target(&self) -> Result<Option<Policy>, String> {
        let (mode, default) = match self.want.as_str() {
            "none" => return Ok(None),
            "testing" => (Mode::Testing, 86_400),
            "enforce" => (Mode::Enforce, 28 * 86_400),
            file => return read(file).map(Some).map_err(|error| error.to_string()),
        };
        let max_age = MaxAge::from_secs(self.max_age.unwrap_or(default));
        let mut builder = Policy::builder(mode).max_age(max_age.map_err(|error| chain(&error))?);
        for host in &self.mx {
            builder = builder.mx(host.as_str()).map_err(|error| chain(&error))?;
        }
        builder.build().map(Some).map_err(|error| chain(&error))
    }

    /// What changes for senders, where one policy takes the place of another.
    fn changes(&self) -> String {
        let (Some(old), Ok(Some(new))) = (&self.current, self.target()) else {
            return String::new();
        };
        let gone = self.mx_now.iter().filter(|host| !self.mx.contains(host));
        let all: Vec<_> = self.mx.iter().chain(gone).cloned().collect();
        format!(
            "In the end, if the new policy is served from now on:\n{}\n",
            difference(old, &new, &all, self.now)
        )
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            domain: PolicyDomain::from_next_hop("example.com").expect("a domain"),
            want: String::new(),
            mx: Vec::new(),
            max_age: None,
            rua: Vec::new(),
            readiness: Readiness::Unknown,
            ids: Ids::FromTime,
            current: None,
            id: None,
            ttl: Duration::from_secs(3_600),
            mx_now: Vec::new(),
            mx_ttl: Duration::from_secs(3_600),
            rua_now: Vec::new(),
            earlier: Vec::new(),
            now: UnixTime::now(),
        }
    }
}

fn hosts(parser: &mut lexopt::Parser) -> Result<Vec<DomainName>, lexopt::Error> {
    use lexopt::ValueExt as _;

    parser.values()?.map(|host| host.parse()).collect()
}

fn ids(text: &str) -> Result<Ids, String> {
    match text {
        "time" => Ok(Ids::FromTime),
        "content" => Ok(Ids::FromContent),
        _ => Err("expected `time` or `content`".to_owned()),
    }
}

fn reports(uris: &[String]) -> Result<Option<TlsRptRecord<'static>>, String> {
    if uris.is_empty() {
        return Ok(None);
    }
    TlsRptRecord::new(uris).map(Some).map_err(|error| error.to_string())
}

fn read(file: &str) -> Result<Policy, lexopt::Error> {
    let body = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    match Policy::parse(&body, Reading::Tolerant) {
        Ok((policy, _)) => Ok(policy),
        Err(error) => Err(format!("{file}: {error}").into()),
    }
}

fn before(policy: &str, until: UnixTime) -> Result<Earlier, lexopt::Error> {
    match policy.parse() {
        Ok(secs) => Ok(Earlier::unknown(MaxAge::from_secs(secs).unwrap_or(MaxAge::MAX), until)),
        Err(_) => Ok(Earlier::new(read(policy)?, until)),
    }
}

/// Unix seconds, `2026-11-22`, or `2026-11-22T12:00:00Z`.
fn time(text: &str) -> Result<UnixTime, String> {
    let at = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
    let is_that = |time: &UnixTime| text.starts_with(&Day::of(*time).to_string());
    let secs = text.parse().ok().map(at).or_else(|| date(text).map(at).filter(is_that));
    secs.ok_or_else(|| "expected Unix seconds, a date, or a date and time with Z".to_owned())
}

fn date(text: &str) -> Option<u64> {
    let (date, clock) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let fields: Vec<u64> = date
        .split('-')
        .chain(clock.strip_suffix('Z')?.split(':'))
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    let [year, month @ 1..=12, day @ 1..=31, hour @ 0..=23, minute @ 0..=59, second @ 0..=59] =
        *fields.as_slice()
    else {
        return None;
    };
    // March is the first month, so that the leap day comes last.
    let year =
        year.checked_sub(u64::from(month < 3)).filter(|year| (1969..10_000).contains(year))?;
    let days = 365 * year + year / 4 - year / 100 + year / 400;
    let days = days + (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some((days.checked_sub(719_468)? * 24 + hour) * 3_600 + minute * 60 + second)
}

/// What a plan says of its steps, and not what is to be published.
fn is_prose(line: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_title = line.split_once(". ").is_some_and(|(number, _)| is_number(number));
    is_title || line.starts_with("   ") || line.starts_with("Note: ")
}

/// Breaks lines of prose that are too long.
fn wrap(text: &str, is_prose: impl Fn(&str) -> bool) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        if line.chars().count() <= COLUMNS || !is_prose(line) {
            wrapped.push_str(line);
            wrapped.push('\n');
            continue;
        }
        let indent = " ".repeat(line.len() - line.trim_start().len());
        let mut column = 0;
        for word in line.split_whitespace() {
            let width = word.chars().count();
            if column > 0 && column + 1 + width > COLUMNS {
                wrapped.push('\n');
                column = 0;
            }
            let space = if column == 0 { &indent } else { " " };
            wrapped.push_str(space);
            wrapped.push_str(word);
            column += space.len() + width;
        }
        wrapped.push('\n');
    }
    wrapped
}

/// A TTL has 31 bits (RFC 2181 §8).
fn ttl(text: &str) -> Result<Duration, String> {
    let secs = text.parse().ok().filter(|secs: &u32| *secs <= u32::MAX >> 1);
    secs.map(|secs| Duration::from_secs(secs.into()))
        .ok_or_else(|| format!("expected a TTL of at most 2147483647 seconds, found `{text}`"))
}

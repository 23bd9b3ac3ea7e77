//! What a tally costs: time and memory for each session, from a hundred thousand to ten
//! millions, over a hundred thousand domains.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use mta_sts::tlsrpt::tally::{Limits, Tally, UtcDay};
use mta_sts_benches::counting::{Counting, octets};
use mta_sts_benches::tally::{World, now};

#[global_allocator]
static COUNTING: Counting = Counting;

const HELP: &str = "\
Counts sessions over 100,000 domains, one in twenty of which fails, and says what each of
them takes; then merges the tally with another of the same size, writes it as lines,
restores it, and makes its reports.

Usage: tally [--domains N] [--sessions N]

  --domains N   how many; 100,000 by default
  --sessions N  the most sessions; 10,000,000 by default
  -h, --help    this text

Prints tab-separated values with a header line. Octets are those that the allocator was
asked for, without those of the policies, which a sender has in its cache; memory grows
with rows and never shrinks, so that the last figure is the peak.
";

fn main() -> ExitCode {
    let measured = match arguments() {
        Ok(Some((domains, sessions))) => measure(domains, sessions),
        Ok(None) => io::stdout().write_all(HELP.as_bytes()),
        Err(error) => {
            eprintln!("tally: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tally: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Domains and sessions; `None` if help is asked for.
fn arguments() -> Result<Option<(usize, u64)>, lexopt::Error> {
    use lexopt::prelude::*;

    let (mut domains, mut sessions) = (100_000, 10_000_000);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("domains") => domains = arguments.value()?.parse()?,
            Long("sessions") => sessions = arguments.value()?.parse()?,
            Short('h') | Long("help") => return Ok(None),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some((domains.max(1), sessions.max(1))))
}

fn measure(domains: usize, most: u64) -> io::Result<()> {
    row("what", "domains", "ns each", "octets in all")?;
    let world = World::new(domains);
    let before = octets();
    let mut tally = Tally::new(UtcDay::of(now()), Limits::default());
    let mut events = world.events(most);
    let mut counted = 0;
    let mut target = most.min(100_000);
    while counted < most {
        let part = usize::try_from(target - counted).map_err(io::Error::other)?;
        let start = Instant::now();
        for event in events.by_ref().take(part) {
            tally.record(&world.session(event), now()).map_err(io::Error::other)?;
        }
        let what = format!("sessions {counted} to {target}");
        let seen = tally.domains().len();
        row(&what, seen, nanos(start, target - counted), octets() - before)?;
        counted = target;
        target = (target * 10).min(most);
    }
    again(&world, &mut tally, most, before)
}

/// What is done with a whole tally; nanoseconds for each domain.
fn again(world: &World, tally: &mut Tally, sessions: u64, before: usize) -> io::Result<()> {
    let domains = tally.domains().len();
    let each = u64::try_from(domains).map_err(io::Error::other)?;
    let other = world.tally(&world.events(sessions).collect::<Vec<_>>());

    let start = Instant::now();
    tally.merge(&other).map_err(io::Error::other)?;
    row("merge, a domain", domains, nanos(start, each), octets() - before)?;
    drop(other);

    let start = Instant::now();
    let lines: Vec<String> = tally.to_lines().collect();
    row("write as lines, a domain", domains, nanos(start, each), octets() - before)?;

    let start = Instant::now();
    let restored = Tally::from_lines(&lines).map_err(io::Error::other)?;
    row("restore, a domain", domains, nanos(start, each), octets() - before)?;
    assert!(restored == *tally);
    drop((restored, lines));

    let start = Instant::now();
    let mut written = 0;
    for report in world.reports(tally) {
        written += report.to_json().map_err(io::Error::other)?.len();
    }
    row("report and its JSON, a domain", domains, nanos(start, each), octets() - before)?;
    row("octets of all reports", domains, "", written)
}

fn nanos(start: Instant, times: u64) -> String {
    let times = u32::try_from(times).unwrap_or(u32::MAX);
    format!("{:.1}", start.elapsed().as_secs_f64() * 1e9 / f64::from(times))
}

fn row(
    what: &str,
    domains: impl ToString,
    nanos: impl ToString,
    octets: impl ToString,
) -> io::Result<()> {
    let cells = [what.to_owned(), domains.to_string(), nanos.to_string(), octets.to_string()];
    writeln!(io::stdout(), "{}", cells.join("\t"))
}

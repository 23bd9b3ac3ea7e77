//! What the client costs beyond the libraries it stands on: discoveries over loopback DNS
//! and HTTPS beside the same requests by the bare libraries, and answers from the cache
//! beside the bare cache.

mod cached;
mod discoveries;
mod processes;

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use mta_sts_benches::timing::median;

const HELP: &str = "\
Discoveries by the client over DNS and HTTPS on loopback, beside the same requests by
hickory-resolver, hyper and tokio-rustls, by turns; answers from the cache of the client
from 1 and 2 threads, beside PolicyCache::get.

Usage: client [--domains N] [--rounds N] [--only ours|theirs]

  --domains N  how many are looked for in a turn; 200 by default
  --rounds N   how many turns each has; 41 by default
  --only SIDE  nothing but the discoveries of one side, for a profiler
  -h, --help   this text

The servers are in a process of their own, and one thread asks, for 64 domains at once.
Prints tab-separated values with a header line; what is to
be reached goes to stderr. The ratio is what the others take by what we take, the median
of the rounds: 1 is as fast, 0.5 takes twice as long. `cpu` is that of the time of the
thread that asks (Linux), which other processes disturb less.
";

type Failure = Box<dyn Error + Send + Sync>;

/// What is to be reached.
const REACH: f64 = 0.9;

fn main() -> ExitCode {
    let done = match wanted() {
        Ok(Wanted::Measure { domains, rounds }) => measure(domains, rounds),
        Ok(Wanted::Only { side, domains, rounds }) => discoveries::run(side, domains, rounds),
        Ok(Wanted::Serve { domains }) => processes::serve(domains),
        Ok(Wanted::Help) => io::stdout().write_all(HELP.as_bytes()).map_err(Into::into),
        Err(error) => {
            eprintln!("client: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {error}");
            ExitCode::FAILURE
        }
    }
}

enum Wanted {
    Measure { domains: u32, rounds: usize },
    Only { side: Side, domains: u32, rounds: usize },
    Serve { domains: u32 },
    Help,
}

/// Who makes the discoveries.
#[derive(Debug, Clone, Copy)]
enum Side {
    Ours,
    Theirs,
}

fn wanted() -> Result<Wanted, lexopt::Error> {
    use lexopt::prelude::*;

    let (mut domains, mut rounds, mut only) = (200, 41, None);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("domains") => domains = arguments.value()?.parse()?,
            Long("rounds") => rounds = arguments.value()?.parse()?,
            Long("only") => {
                only = Some(arguments.value()?.parse_with(|side| match side {
                    "ours" => Ok(Side::Ours),
                    "theirs" => Ok(Side::Theirs),
                    _ => Err("expected ours or theirs"),
                })?);
            }
            // How this starts itself for the servers.
            Long("serve") => return Ok(Wanted::Serve { domains: arguments.value()?.parse()? }),
            Short('h') | Long("help") => return Ok(Wanted::Help),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(match only {
        Some(side) => Wanted::Only { side, domains, rounds },
        None => Wanted::Measure { domains, rounds: rounds.max(1) },
    })
}

fn measure(domains: u32, rounds: usize) -> Result<(), Failure> {
    row(&["what", "a second", "the others", "ratio", "cpu"])?;
    let ratio = discoveries::compare(domains, rounds)?;
    for threads in [1, 2] {
        cached::compare(threads, rounds)?;
    }
    let reached = if ratio >= REACH { "reached" } else { "not reached" };
    eprintln!("discoveries: {ratio:.2} of the bare libraries; {REACH} is {reached}");
    Ok(())
}

fn row(columns: &[impl AsRef<str>]) -> io::Result<()> {
    let columns: Vec<_> = columns.iter().map(AsRef::as_ref).collect();
    writeln!(io::stdout(), "{}", columns.join("\t"))
}

/// Time, and that of the thread, for so many operations.
#[derive(Clone, Copy)]
struct Turn {
    wall: f64,
    cpu: f64,
}

impl Turn {
    /// Takes the time of it.
    fn of(operations: impl FnOnce() -> Result<(), Failure>) -> Result<Self, Failure> {
        let (start, before) = (Instant::now(), cpu());
        operations()?;
        Ok(Self { wall: start.elapsed().as_secs_f64(), cpu: cpu() - before })
    }
}

/// The seconds that this thread has run; not a number where the system does not say.
fn cpu() -> f64 {
    let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = times.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.map_or(f64::NAN, |nanos| nanos / 1e9)
}

/// Both sides by turns; the first round only warms up.
fn compare(
    what: &str,
    operations: u32,
    rounds: usize,
    mut ours: impl FnMut() -> Result<Turn, Failure>,
    mut theirs: impl FnMut() -> Result<Turn, Failure>,
) -> Result<f64, Failure> {
    let mut turns = Vec::new();
    for _ in 0..=rounds {
        turns.push((ours()?, theirs()?));
    }
    let turns = &turns[1..];
    let rate = |turn: f64| f64::from(operations) / turn;
    let of = |pick: fn(&(Turn, Turn)) -> f64| median(turns.iter().map(pick));
    let ratio = of(|(ours, theirs)| theirs.wall / ours.wall);
    let cpu = of(|(ours, theirs)| theirs.cpu / ours.cpu);
    row(&[
        what,
        &format!("{:.0}", rate(of(|(ours, _)| ours.wall))),
        &format!("{:.0}", rate(of(|(_, theirs)| theirs.wall))),
        &format!("{ratio:.2}"),
        &if cpu.is_nan() { String::new() } else { format!("{cpu:.2}") },
    ])?;
    Ok(ratio)
}

//! Reads many small report files, `.json.gz` each, as a processor of reports does, and as
//! a peer in Python does.
//!
//! Both read the same files from a folder that is made and removed here, one after the
//! other, in one process and one thread each; what the peer takes is taken inside of
//! Python, without its start.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, fs, process};

use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::json::ReadLimits;
use mta_sts::tlsrpt::media::{UnpackLimits, packed, unpack};
use mta_sts_benches::reports;
use mta_sts_benches::timing::median;

const HELP: &str = "\
Reads small .json.gz reports with mta-sts, and with Python.

Usage: files [--files N] [--python PROGRAM]

  --files N           how many files [10000]
  --python PROGRAM    the Python to run [python3]; where it has parsedmarc, that
                      reads the files too, without look-ups on the network
  -h, --help          this text

Prints the microseconds for one file, median of five rounds, and the ratio.
";

/// Prints `name seconds` for each way to read the files of the folder.
const PYTHON: &str = r#"
import glob, gzip, json, sys, time
files = sorted(glob.glob(sys.argv[1] + "/*.gz"))
start = time.perf_counter()
failures = 0
for name in files:
    with open(name, "rb") as file:
        report = json.loads(gzip.decompress(file.read()))
    failures += sum(p["summary"]["total-failure-session-count"] for p in report["policies"])
print("json+gzip", time.perf_counter() - start, failures, sep="\t")
try:
    from parsedmarc import parse_report_file
except ImportError:
    sys.exit()
start = time.perf_counter()
failures = 0
for name in files:
    parsed = parse_report_file(name, offline=True)["report"]
    failures += sum(p["failed_session_count"] for p in parsed["policies"])
print("parsedmarc", time.perf_counter() - start, failures, sep="\t")
"#;

const ROUNDS: usize = 5;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("files: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    use lexopt::prelude::*;

    let (mut count, mut python) = (10_000_u32, "python3".to_owned());
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("files") => count = arguments.value()?.parse()?,
            Long("python") => python = arguments.value()?.parse()?,
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(());
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    let folder = Folder::new(count)?;
    let (mut ours, mut failures) = (Vec::new(), 0);
    let mut peers: Vec<(String, Vec<f64>)> = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        failures = read(&folder.0)?;
        ours.push(start.elapsed().as_secs_f64());
        for Peer { name, seconds, failures: theirs } in peers_read(&python, &folder.0)? {
            assert_eq!(theirs, failures, "{name} has counted something else");
            match peers.iter_mut().find(|(peer, _)| *peer == name) {
                Some((_, times)) => times.push(seconds),
                None => peers.push((name, vec![seconds])),
            }
        }
    }
    let micros = |seconds: f64| seconds * 1e6 / f64::from(count);
    let ours = median(ours);
    println!("{count} files, {failures} failures\n{:<12} {:>8.1} us", "mta-sts", micros(ours));
    for (name, times) in peers {
        let theirs = median(times);
        println!("{name:<12} {:>8.1} us  ratio {:.1}", micros(theirs), theirs / ours);
    }
    Ok(())
}

/// The failures of all files.
fn read(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut failures = 0;
    for entry in fs::read_dir(folder)? {
        let octets = fs::read(entry?.path())?;
        let unpacked = unpack(&octets, &UnpackLimits::default())?;
        let (report, _) = Report::from_json(unpacked.json(), &ReadLimits::default())?;
        failures += report.failures();
    }
    Ok(failures)
}

/// What one way to read them in Python took and counted.
struct Peer {
    name: String,
    seconds: f64,
    failures: u64,
}

fn peers_read(python: &str, folder: &Path) -> Result<Vec<Peer>, Box<dyn Error>> {
    let output = Command::new(python).arg("-c").arg(PYTHON).arg(folder).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut peers = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let mut fields = line.split('\t');
        let mut next = || fields.next().ok_or("three fields");
        let (name, seconds, failures) = (next()?, next()?, next()?);
        peers.push(Peer {
            name: name.to_owned(),
            seconds: seconds.parse()?,
            failures: failures.parse()?,
        });
    }
    Ok(peers)
}

/// Reports of none to four rows, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(count: u32) -> Result<Self, Box<dyn Error>> {
        let folder = Self(env::temp_dir().join(format!("mta-sts-reports-{}", process::id())));
        fs::create_dir(&folder.0)?;
        for n in 0..count {
            let json = reports::json(usize::try_from(n % 5)?);
            fs::write(folder.0.join(format!("{n}.json.gz")), packed(&json))?;
        }
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

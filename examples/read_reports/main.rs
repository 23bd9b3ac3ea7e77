//! What TLS reports say: totals, each failure in plain words, and whether the domains
//! are ready for `enforce`.
//!
//! ```text
//! cargo run --example read_reports --features full                # the sample reports
//! cargo run --example read_reports --features full -- DIR mails.mbox report.json.gz
//! cargo run --example read_reports --features full -- --help
//! ```
//!
//! Reads files and nothing else.

mod json;
mod text;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use mta_sts::Deviations;
use mta_sts::escape::escape;
use mta_sts::tlsrpt::Report;
use mta_sts::tlsrpt::insight::{Authentication, By, Insight};
use mta_sts::tlsrpt::json::ReadLimits;
use mta_sts::tlsrpt::media::{self, UnpackLimits};

const HELP: &str = "\
Says what TLS reports (RFC 8460) say: totals, each failure with what to do about it, and
whether the policy domains are ready for enforce.

Usage: read_reports [--authenticated] [--verbose] [--json] [FILE|DIR|-]...

  FILE             a report as JSON or gzip, a mail, or an mbox; all in one run
  DIR              all such files in it and below it, but for hidden ones, .md and .txt
  -                standard input
  --authenticated  take all reports for authenticated, because whoever stored them has
                   checked their DKIM signatures. Without it they are shown and have no
                   weight: what a mail says of itself, in Authentication-Results too, is
                   not believed
  --verbose        list each deviation from RFC 8460, not only their kinds
  --json           a JSON document on standard output

Without FILE, reads the sample reports that come with the crate.

JSON: an object of
  sums         `authenticated` and `unauthenticated`, each with `reports`, `successful`,
               `failed` (sessions), `rows` (of failures)
  duplicates   reports that came again; they count once
  totals       `policy_domain`, `sender`, `result_type`, `mx`, `day`: each a list of `label`,
               null where the report has none, and `sums`
  failures     a list of `policy_domain`, `policy_type`, `result_type`, `mx`, `reason`, `impact`,
               `sums`, `senders`, `first_day`, `last_day`, `what`, `remedy`
  readiness    a list of `domain`, `ready`, `reasons`, `notes`, `senders`, `days`, `sessions`
  deviations   how often each kind was met
  unreadable   a list of `source` and `error`

Exit status: 0 if all was read, 1 if something could not be read (all else is), 2 for wrong
arguments or output that cannot be written.";

/// An mbox of years of reports; each message in it has limits of its own.
const MAX_FILE_LEN: u64 = 1 << 30;

fn main() -> ExitCode {
    let arguments = match Arguments::parse() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return print(HELP, ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("read_reports: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    let found = arguments.read();
    let text = match arguments.json {
        true => json::document(&found).to_string(),
        false => found.to_text(arguments.verbose),
    };
    print(text.trim_end(), ExitCode::from(u8::from(!found.unreadable.is_empty())))
}

/// A closed pipe is no failure of ours.
fn print(text: &str, status: ExitCode) -> ExitCode {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("read_reports: {error}");
            ExitCode::from(2)
        }
        _ => status,
    }
}

struct Arguments {
    sources: Vec<OsString>,
    authentication: Authentication,
    verbose: bool,
    json: bool,
}

impl Arguments {
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        use lexopt::prelude::*;

        let authentication = Authentication::Unauthenticated;
        let mut arguments =
            Self { sources: Vec::new(), authentication, verbose: false, json: false };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Value(source) => arguments.sources.push(source),
                Long("authenticated") => arguments.authentication = Authentication::Authenticated,
                Long("verbose") => arguments.verbose = true,
                Long("json") => arguments.json = true,
                Short('h') | Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        if arguments.sources.is_empty() {
            let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/reports");
            arguments.sources.push(samples.into());
        }
        Ok(Some(arguments))
    }

    fn read(&self) -> Found {
        let mut found = Found::default();
        let mut files = Vec::new();
        for source in &self.sources {
            collect(Path::new(source), &mut files, &mut found);
        }
        // Draws on standard error, and only if that is a terminal.
        let bar = ProgressBar::new(u64::try_from(files.len()).unwrap_or(u64::MAX));
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} files, {eta} left")
        {
            bar.set_style(style);
        }
        for file in bar.wrap_iter(files.iter()) {
            match octets(file) {
                Ok(octets) => found.file(file, &octets, self.authentication),
                Err(error) => found.cannot_read(&file.to_string_lossy(), &error),
            }
        }
        bar.finish_and_clear();
        found
    }
}

/// The files of a folder in the order of their names, or the one file.
fn collect(path: &Path, files: &mut Vec<PathBuf>, found: &mut Found) {
    if !path.is_dir() {
        return files.push(path.to_owned());
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.unwrap_or_else(|error| {
        found.cannot_read(&path.to_string_lossy(), &error);
        Vec::new()
    });
    entries.sort_by_key(fs::DirEntry::file_name);
    for path in entries.iter().map(fs::DirEntry::path).filter(|path| is_wanted(path)) {
        collect(&path, files, found);
    }
}

/// A link to a folder could lead in a circle, and a pipe would make us wait; what is not
/// there will be told.
fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let passed_over = name.starts_with('.') || name.ends_with(".md") || name.ends_with(".txt");
    let is_file = fs::metadata(path).map_or(true, |one| one.is_file());
    !passed_over && (is_file || path.is_dir() && !path.is_symlink())
}

fn octets(file: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let limit = MAX_FILE_LEN.saturating_add(1);
    let len = match file == Path::new("-") {
        true => io::stdin().lock().take(limit).read_to_end(&mut octets)?,
        false => fs::File::open(file)?.take(limit).read_to_end(&mut octets)?,
    };
    match u64::try_from(len).is_ok_and(|len| len <= MAX_FILE_LEN) {
        true => Ok(octets),
        false => Err(io::Error::other(format!("more than {MAX_FILE_LEN} octets"))),
    }
}

/// All that came out.
#[derive(Default)]
struct Found {
    insight: Insight,
    deviations: BTreeMap<String, usize>,
    each_deviation: Vec<String>,
    unreadable: Vec<(String, String)>,
}

impl Found {
    fn cannot_read(&mut self, source: &str, error: &dyn fmt::Display) {
        self.unreadable.push((escape(source).to_string(), error.to_string()));
    }

    fn file(&mut self, file: &Path, octets: &[u8], authentication: Authentication) {
        let source = file.file_name().map_or("-".into(), |name| name.to_string_lossy());
        if !octets.starts_with(b"From ") {
            return self.report(&source, octets, authentication);
        }
        for (n, mail) in (1..).zip(media::split_mbox(octets)) {
            self.report(&format!("{source}, mail {n}"), mail, authentication);
        }
    }

    fn report(&mut self, source: &str, octets: &[u8], authentication: Authentication) {
        let unpacked = match media::unpack(octets, &UnpackLimits::default()) {
            Ok(unpacked) => unpacked,
            Err(error) => return self.cannot_read(source, &error),
        };
        let (mut report, deviations) =
            match Report::from_json(unpacked.json(), &ReadLimits::default()) {
                Ok(read) => read,
                Err(error) => return self.cannot_read(source, &error),
            };
        let clues = unpacked.clues().clone().with_file_name(source);
        self.note(source, unpacked.deviations(), |one| one.kind().as_str().to_owned());
        self.note(source, &deviations, |one| one.kind().as_str().to_owned());
        self.note(source, &clues.differences(&report), |one| one.kind().as_str().to_owned());
        let submitter = clues.submitter_of(&report);
        report.report_id = clues.report_id_of(&report).map(|id| id.to_owned().into());
        for policy in &mut report.policies {
            policy.policy.policy_domain =
                clues.domain_of(policy).map(|name| name.to_owned().into());
        }
        match submitter {
            Some(submitter) => self.insight.add_from(&report, &submitter, authentication),
            None => self.insight.add(&report, authentication),
        };
    }

    fn note<D: fmt::Display>(
        &mut self,
        source: &str,
        deviations: &Deviations<D>,
        kind: impl Fn(&D) -> String,
    ) {
        for deviation in deviations {
            let count = self.deviations.entry(kind(deviation)).or_default();
            *count = count.saturating_add(1);
            self.each_deviation.push(format!("{}: {deviation}", escape(source)));
        }
        if let Some(more @ 1..) = deviations.total().checked_sub(deviations.as_slice().len()) {
            let count =
                self.deviations.entry("more of one report than are kept".into()).or_default();
            *count = count.saturating_add(more);
        }
    }
}

/// What totals are taken by: its name in JSON, and its title.
const TABLES: [(By, &str, &str); 5] = [
    (By::PolicyDomain, "policy_domain", "policy domain"),
    (By::Sender, "sender", "sender"),
    (By::ResultType, "result_type", "result type"),
    (By::Mx, "mx", "MX host"),
    (By::Day, "day", "day"),
];

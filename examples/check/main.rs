//! Whether domains have MTA-STS and TLS reporting right, and what to do if not.
//!
//! ```text
//! cargo run --features full --example check -- example.com
//! cargo run --features full --example check -- --demo
//! cargo run --features full --example check -- --help
//! ```
//!
//! Gathering (`gather.rs`), judging (the crate's `audit`) and printing (`text.rs`,
//! `evidence.rs`) are apart. No mail is sent.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use mta_sts::audit::{Auditor, JSON_SCHEMA, Phase, Severity};
use mta_sts::client::{Client, Stack};
use mta_sts::observations::Observations;
use mta_sts::sts::PolicyDomain;
use rustls::crypto::ring;

use self::arguments::{Command, Form, HELP, Options, Place};
use self::demo::Demo;
use self::gather::Gatherer;
use self::page::Colours;
use self::source::{Source, in_full, unreadable};

mod arguments;
mod demo;
mod evidence;
mod explain;
mod gather;
mod page;
mod source;
mod text;

/// How often the progress bar is drawn, at least: the first domains may take their time.
const TICK: Duration = Duration::from_millis(250);

/// The exit status of wrong arguments, and of failures of our own.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let command = match Command::parse() {
        Ok(command) => command,
        Err(error) => {
            eprintln!("check: {error}; see --help");
            return FAILED.into();
        }
    };
    let run = match command {
        Command::Help => print(HELP),
        Command::Schema => print(JSON_SCHEMA.trim_end()),
        Command::ListCodes => print(explain::list(colours()).trim_end()),
        Command::Explain(code) => match explain::explain(&code, colours()) {
            Ok(text) => print(text.trim_end()),
            Err(error) => Err(Stop::Failed(error)),
        },
        Command::Check(options) => run(options),
    };
    match run {
        Ok(status) => status,
        Err(Stop::Pipe) => ExitCode::SUCCESS,
        Err(Stop::Failed(error)) => {
            eprintln!("check: {error}");
            FAILED.into()
        }
    }
}

/// Why a run ends before its end.
enum Stop {
    /// Nobody reads any more.
    Pipe,
    Failed(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Pipe,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<Box<dyn Error>> for Stop {
    fn from(error: Box<dyn Error>) -> Self {
        Self::Failed(in_full(&*error))
    }
}

fn print(text: &str) -> Result<ExitCode, Stop> {
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

fn colours() -> Colours {
    let is_unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match io::stdout().is_terminal() && !is_unwanted {
        true => Colours::Terminal,
        false => Colours::Plain,
    }
}

#[tokio::main]
async fn run(options: Options) -> Result<ExitCode, Stop> {
    let demo = match options.place {
        Place::Demo => Some(Demo::start().await?),
        Place::Internet => None,
    };
    let mut checker = Checker::new(&options, demo.as_ref())?;
    match look(&options, demo.as_ref(), &mut checker).await {
        Ok(()) | Err(Stop::Pipe) => Ok(checker.end()),
        Err(stop) => Err(stop),
    }
}

/// Looks at what there is to look at, one domain after the other.
async fn look(options: &Options, demo: Option<&Demo>, checker: &mut Checker) -> Result<(), Stop> {
    if let Some(file) = &options.from {
        let source = source::of_observations(file);
        let mut source = source.map_err(|error| Stop::Failed(unreadable(file, &error)))?;
        return source.try_for_each(|seen| checker.say(seen));
    }
    let (domains, client) = (domains(options, demo)?, client(options, demo)?);
    Gatherer::new(client).run(domains, |seen| checker.say(seen)).await
}

fn domains(options: &Options, demo: Option<&Demo>) -> Result<Source<PolicyDomain>, Stop> {
    match (&options.file, demo) {
        (Some(file), _) => {
            source::of_list(file).map_err(|error| Stop::Failed(unreadable(file, &error)))
        }
        (None, Some(demo)) if options.domains.is_empty() => {
            Ok(Box::new(demo.domains().into_iter().map(Ok)))
        }
        (None, _) => Ok(source::of_words(options.domains.clone())),
    }
}

fn client(options: &Options, demo: Option<&Demo>) -> Result<Client, Stop> {
    if let Some(demo) = demo {
        return Ok(demo.client()?);
    }
    let stack = Stack::from_system(ring::default_provider()).map_err(Box::<dyn Error>::from)?;
    let stack = options.ehlo_name.clone().into_iter().fold(stack, Stack::with_ehlo_name);
    Ok(stack.client().map_err(Box::<dyn Error>::from)?.build())
}

/// Judges observations, and writes what is wanted of them.
struct Checker {
    form: Form,
    phase: Phase,
    earlier: HashMap<PolicyDomain, Observations>,
    /// What is known to be wrong with domains of the demonstration.
    told: HashMap<PolicyDomain, &'static str>,
    colours: Colours,
    bar: ProgressBar,
    worst: Option<Severity>,
    /// How many domains or observations could not be read.
    unread: usize,
}

impl Checker {
    fn new(options: &Options, demo: Option<&Demo>) -> Result<Self, Stop> {
        let earlier = options.earlier.as_deref().map(source::last_of_each).transpose();
        Ok(Self {
            form: options.form,
            phase: options.phase,
            earlier: earlier.map_err(Stop::Failed)?.unwrap_or_default(),
            told: demo.map(Demo::faults).unwrap_or_default(),
            colours: colours(),
            bar: bar(options),
            worst: None,
            unread: 0,
        })
    }

    fn say(&mut self, seen: Result<Observations, String>) -> Result<(), Stop> {
        let text = match seen {
            Ok(seen) => self.judged(&seen),
            Err(why) => {
                self.unread = self.unread.saturating_add(1);
                self.bar.suspend(|| eprintln!("check: {why}"));
                self.bar.inc(1);
                return Ok(());
            }
        };
        self.bar.suspend(|| writeln!(io::stdout().lock(), "{text}"))?;
        self.bar.inc(1);
        Ok(())
    }

    fn judged(&mut self, seen: &Observations) -> String {
        if self.form == Form::Observations {
            return seen.to_json();
        }
        let auditor = Auditor::new().with_phase(self.phase);
        let auditor =
            self.earlier.get(seen.domain()).into_iter().fold(auditor, Auditor::with_earlier);
        let audit = auditor.audit(seen);
        self.worst = self.worst.max(audit.worst());
        match self.form {
            Form::Json => audit.to_json(),
            _ => text::of(seen, &audit, self.told.get(seen.domain()).copied(), self.colours),
        }
    }

    fn end(self) -> ExitCode {
        self.bar.finish_and_clear();
        match (self.unread, self.worst) {
            (1.., _) => FAILED.into(),
            (0, Some(Severity::Error)) => ExitCode::FAILURE,
            (0, Some(Severity::Warning)) => ExitCode::from(3),
            (0, Some(Severity::Notice) | None) => ExitCode::SUCCESS,
        }
    }
}

/// For lists; it draws on standard error, and only if that is a terminal.
fn bar(options: &Options) -> ProgressBar {
    let Some(file) = &options.file else { return ProgressBar::hidden() };
    let (bar, template) = match source::count(file) {
        Some(count) => (ProgressBar::new(count), "{wide_bar} {pos}/{len} domains, {eta} left"),
        None => (ProgressBar::no_length(), "{pos} domains, {elapsed}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

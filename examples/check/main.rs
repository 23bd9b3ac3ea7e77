//! What a sender finds of a domain: record, policy, MX hosts.
//!
//! ```text
//! cargo run --features full --example check -- example.com
//! cargo run --features full --example check -- --demo
//! cargo run --features full --example check -- --help
//! ```
//!
//! Gathering (`gather.rs`) and printing (`text.rs`) are apart. Nothing is scored here, and
//! no mail is sent.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use mta_sts::client::{EhloName, Stack};
use mta_sts::sts::PolicyDomain;
use rustls::crypto::ring;

use self::gather::{Found, gather};

mod demo;
mod gather;
mod text;

const HELP: &str = "\
Looks at domains as a sender does: the _mta-sts record, the policy, the MX hosts with
their STARTTLS and certificates, and the _smtp._tls record.

Usage: check [--ehlo NAME] [--json] DOMAIN...
       check --demo [--json]

  --ehlo NAME  probes the MX hosts on port 25, and calls itself NAME there: a domain name
               or an address literal of this machine; without it they are not probed
  --json       the observations as JSON, a domain on each line; the form is that of the
               crate's module `observations`
  --demo       domains of a world on loopback, each with a fault of its own, and what
               that is; needs no network

Exit status: 0 if nothing is wrong with any domain as far as it was looked at (and always
with --demo), 1 if something is, 2 for wrong arguments, a system without name servers, or
output that cannot be written.";

fn main() -> ExitCode {
    let arguments = match Arguments::parse() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return print(HELP, ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("check: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    match arguments.run() {
        Ok(found) => {
            let is_good = arguments.is_demo || found.iter().all(|one| one.failures().is_empty());
            let status = if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE };
            print(&arguments.shown(&found), status)
        }
        Err(error) => {
            eprintln!("check: {}", text::with_sources(&*error));
            ExitCode::from(2)
        }
    }
}

/// A closed pipe is no failure of ours.
fn print(text: &str, status: ExitCode) -> ExitCode {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("check: {error}");
            ExitCode::from(2)
        }
        _ => status,
    }
}

#[derive(Debug, Default)]
struct Arguments {
    domains: Vec<PolicyDomain>,
    ehlo_name: Option<EhloName>,
    is_demo: bool,
    is_json: bool,
}

impl Arguments {
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        use lexopt::prelude::*;

        let mut arguments = Self::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("ehlo") => arguments.ehlo_name = Some(parser.value()?.parse()?),
                Long("json") => arguments.is_json = true,
                Long("demo") => arguments.is_demo = true,
                Short('h') | Long("help") => return Ok(None),
                Value(domain) => arguments.domains.push(domain.parse()?),
                other => return Err(other.unexpected()),
            }
        }
        match (arguments.is_demo, arguments.domains.is_empty()) {
            (true, true) | (false, false) => Ok(Some(arguments)),
            (true, false) => Err("--demo has domains of its own".into()),
            (false, true) => Err("expected a domain".into()),
        }
    }

    #[tokio::main]
    async fn run(&self) -> Result<Vec<Found>, Box<dyn Error>> {
        if self.is_demo {
            return demo::run().await;
        }
        let mut stack = Stack::from_system(ring::default_provider())?;
        if let Some(name) = &self.ehlo_name {
            stack = stack.with_ehlo_name(name.clone());
        }
        let client = stack.client()?.build();
        let domains = self.domains.iter().map(|domain| (domain.clone(), None));
        Ok(gather(&client, domains.collect()).await)
    }

    fn shown(&self, found: &[Found]) -> String {
        let shown = found.iter().map(|one| match self.is_json {
            true => one.seen.to_json(),
            false => text::of(one),
        });
        shown.collect::<Vec<_>>().join("\n")
    }
}

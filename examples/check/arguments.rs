//! What the user wants.

use std::path::PathBuf;

use mta_sts::audit::Phase;
use mta_sts::client::EhloName;

pub(crate) const HELP: &str = "\
Checks domains as senders and auditors see them: the _mta-sts record, the policy, its host and
certificate, the MX hosts with their STARTTLS and certificates, and the _smtp._tls record. For each
domain: what is wrong and what to do, with texts to publish; checks; a score; and what was seen.

Usage: check [options] DOMAIN...
       check [options] --file LIST
       check [options] --demo [DOMAIN... | --file LIST]
       check [options] --from FILE
       check --explain CODE
       check --list-codes

  --file LIST      the domains of a file, or of - for standard input: one a line; blank lines and
                   what follows # are skipped; the results come in this order, as soon as they can
  --demo           a world on loopback, each domain with a fault of its own, and what that is;
                   needs no network; all its domains, or those that are given
  --from FILE      observations that --observations has written; nothing is asked
  --ehlo NAME      probes the MX hosts on port 25, and calls itself NAME there: a domain name or an
                   address literal of this machine; without it they are not probed
  --earlier FILE   compares with observations of before, the last of each domain
  --phase PHASE    what the policy is to become: settled (default), introducing or withdrawing
  --json           an audit on each line; --schema prints its JSON Schema
  --observations   what was seen, on each line, for --from and --earlier; the form is that of the
                   crate's module `observations`
  --explain CODE   what a code of a finding means, and what to do
  --list-codes     all codes

Colours are for terminals, and not if NO_COLOR is set; so is the progress bar of --file.

Exit status: 0 if there is nothing but notices, 3 if there are warnings, 1 if there are errors, and
2 for wrong arguments, a domain or observation that cannot be read (the others are still looked
at), a system without name servers, or output that cannot be written. With --observations nothing
is judged.";

/// A run.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Schema,
    ListCodes,
    Explain(String),
    Check(Options),
}

#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) domains: Vec<String>,
    pub(crate) file: Option<PathBuf>,
    pub(crate) from: Option<PathBuf>,
    pub(crate) earlier: Option<PathBuf>,
    pub(crate) ehlo_name: Option<EhloName>,
    pub(crate) phase: Phase,
    pub(crate) form: Form,
    pub(crate) place: Place,
}

/// What is written of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    #[default]
    Text,
    Json,
    Observations,
}

/// Where the domains are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    #[default]
    Internet,
    Demo,
}

impl Command {
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        use lexopt::prelude::*;

        let mut options = Options::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => return Ok(Self::Help),
                Long("schema") => return Ok(Self::Schema),
                Long("list-codes") => return Ok(Self::ListCodes),
                Long("explain") => return Ok(Self::Explain(parser.value()?.string()?)),
                Long("file") => options.file = Some(parser.value()?.into()),
                Long("from") => options.from = Some(parser.value()?.into()),
                Long("earlier") => options.earlier = Some(parser.value()?.into()),
                Long("ehlo") => options.ehlo_name = Some(parser.value()?.parse()?),
                Long("phase") => options.phase = parser.value()?.parse_with(phase)?,
                Long("json") => options.form = Form::Json,
                Long("observations") => options.form = Form::Observations,
                Long("demo") => options.place = Place::Demo,
                Value(domain) => options.domains.push(domain.string()?),
                other => return Err(other.unexpected()),
            }
        }
        options.consistent().map(Self::Check)
    }
}

impl Options {
    fn consistent(self) -> Result<Self, lexopt::Error> {
        let sources = [!self.domains.is_empty(), self.file.is_some(), self.from.is_some()];
        let is_demo = self.place == Place::Demo;
        match sources.iter().filter(|is_given| **is_given).count() {
            0 if !is_demo => Err("expected a domain".into()),
            _ if is_demo && self.from.is_some() => Err("--from takes no --demo".into()),
            0 | 1 => Ok(self),
            _ => Err("expected one of domains, --file and --from".into()),
        }
    }
}

fn phase(word: &str) -> Result<Phase, String> {
    match word {
        "settled" => Ok(Phase::Settled),
        "introducing" => Ok(Phase::Introducing),
        "withdrawing" => Ok(Phase::Withdrawing),
        _ => Err(format!("expected settled, introducing or withdrawing, found `{word}`")),
    }
}

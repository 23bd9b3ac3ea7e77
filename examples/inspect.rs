//! What records and policies mean for a sender, and what their owner should mend.
//!
//! ```text
//! cargo run --example inspect                      # the published policies in examples/data
//! cargo run --example inspect -- --policy FILE --mx HOST...
//! cargo run --example inspect -- --help
//! ```
//!
//! Reads what it is given and asks no server anything. This is a tool; to copy from,
//! see `read_policy.rs` and `publish_policy.rs`.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use mta_sts::escape::escape;
use mta_sts::sts::{MAX_BODY_LEN, MaxAge, Mode, ParsePolicyError, Policy, StsRecord};
use mta_sts::tlsrpt::{Destination, TlsRptRecord};
use mta_sts::txt::NoRecord;
use mta_sts::{DomainName, Reading};
use serde_json::{Value, json};

const HELP: &str = "\
Says what MTA-STS and TLSRPT records and policies mean for a sender, MX by MX, and
what their owner should mend.

Usage: inspect [--txt TEXT]... [--tlsrpt TEXT]... [--policy FILE]... [--mx HOST...] [--json]

  --txt TEXT     a TXT record of _mta-sts.DOMAIN; all given are one RRset
  --tlsrpt TEXT  a TXT record of _smtp._tls.DOMAIN; all given are one RRset
  --policy FILE  a policy file, - for standard input
  --mx HOST...   the MX hosts of the domain, up to the next option; U-labels are
                 understood with the crate's feature idna
  --json         a JSON array on standard output

Without --txt, --tlsrpt and --policy, inspects the published policies that come
with the crate, with the hosts of --mx if there are any.

JSON: each element has `source`, `kind` (sts-record, tlsrpt-record, policy), `note`,
`usable`, `meaning`, `details` (such as id, mode, max_age, result_type,
reason_code), `mx` (each host with `allowed`, `verdict`, `reason`), `forgiven` and
`mend`, the last two lists of text.

Exit status: 0 if a sender can use all that was given and the policies allow every
MX host (and always for the policies that come with the crate), 1 if not, 2 for
wrong arguments, a file that cannot be read, or output that cannot be written.";

fn main() -> ExitCode {
    let arguments = match Arguments::parse() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return print(HELP, ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("inspect: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    let inspections = match arguments.inspect() {
        Ok(inspections) => inspections,
        Err(error) => {
            eprintln!("inspect: {error}");
            return ExitCode::from(2);
        }
    };
    let status = match arguments.is_demo() || inspections.iter().all(Inspection::is_usable) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    };
    let text = match arguments.json {
        true => Value::from_iter(inspections.iter().map(Inspection::to_json)).to_string(),
        false => to_text(&inspections),
    };
    print(&text, status)
}

/// A closed pipe is no failure of ours.
fn print(text: &str, status: ExitCode) -> ExitCode {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("inspect: {error}");
            ExitCode::from(2)
        }
        _ => status,
    }
}

#[derive(Debug, Default)]
struct Arguments {
    txt: Vec<String>,
    tlsrpt: Vec<String>,
    policies: Vec<OsString>,
    mx: Vec<String>,
    json: bool,
}

impl Arguments {
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        use lexopt::prelude::*;

        let mut arguments = Self::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("txt") => arguments.txt.push(parser.value()?.string()?),
                Long("tlsrpt") => arguments.tlsrpt.push(parser.value()?.string()?),
                Long("policy") => arguments.policies.push(parser.value()?),
                Long("mx") => {
                    for host in parser.values()? {
                        arguments.mx.push(host.string()?);
                    }
                }
                Long("json") => arguments.json = true,
                Short('h') | Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        if arguments.policies.iter().filter(|file| *file == "-").count() > 1 {
            return Err("standard input can be read once".into());
        }
        if !arguments.mx.is_empty() && arguments.policies.is_empty() && !arguments.is_demo() {
            return Err("--mx says nothing without --policy".into());
        }
        Ok(Some(arguments))
    }

    fn is_demo(&self) -> bool {
        self.txt.is_empty() && self.tlsrpt.is_empty() && self.policies.is_empty()
    }

    fn inspect(&self) -> Result<Vec<Inspection>, String> {
        if self.is_demo() {
            return published_policies(&self.mx);
        }
        let mut inspections = Vec::new();
        if !self.txt.is_empty() {
            inspections.push(inspect_sts(&self.txt));
        }
        if !self.tlsrpt.is_empty() {
            inspections.push(inspect_tlsrpt(&self.tlsrpt));
        }
        for file in &self.policies {
            let body = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            inspections.push(inspect_policy(&file.to_string_lossy(), &body, &self.mx));
        }
        Ok(inspections)
    }
}

/// One octet more than a policy may have is enough to refuse it.
fn read(file: &OsStr) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(MAX_BODY_LEN).map_or(u64::MAX, |limit| limit.saturating_add(1));
    let mut body = Vec::new();
    if file == "-" {
        io::stdin().lock().take(limit).read_to_end(&mut body)?;
    } else {
        fs::File::open(file)?.take(limit).read_to_end(&mut body)?;
    }
    Ok(body)
}

/// The policies in `examples/data`, with the hosts of `index.tsv` unless others
/// are given.
fn published_policies(mx: &[String]) -> Result<Vec<Inspection>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let index = fs::read_to_string(folder.join("index.tsv"))
        .map_err(|error| format!("index.tsv: {error}"))?;
    let mut inspections = Vec::new();
    for row in index.lines().skip(1) {
        let [file, hosts, note] = row.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("index.tsv: not three columns: {row}"));
        };
        let body = fs::read(folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
        let hosts: Vec<String> = hosts.split_whitespace().map(str::to_owned).collect();
        let mut inspection = inspect_policy(file, &body, if mx.is_empty() { &hosts } else { mx });
        inspection.note = note.to_owned();
        inspections.push(inspection);
    }
    Ok(inspections)
}

/// What was found out about one thing.
#[derive(Debug, Default)]
struct Inspection {
    source: String,
    kind: &'static str,
    note: String,
    /// What it says, or why a sender refuses it.
    meaning: String,
    refused: bool,
    /// What a program may want to know.
    details: Value,
    hosts: Vec<Host>,
    forgiven: Vec<String>,
    mend: Vec<String>,
}

/// What a sender does with one MX host, and why.
#[derive(Debug)]
struct Host {
    name: String,
    allowed: bool,
    verdict: &'static str,
    reason: String,
}

impl Inspection {
    fn of(kind: &'static str, source: &str) -> Self {
        Self { source: source.to_owned(), kind, ..Self::default() }
    }

    fn is_usable(&self) -> bool {
        !self.refused && self.hosts.iter().all(|host| host.allowed)
    }

    fn without_record(mut self, none: &NoRecord) -> Self {
        self.details = json!({ "reason_code": none.reason_code().as_str() });
        self.refused(none)
    }

    fn refused(mut self, error: &dyn Error) -> Self {
        let mut text = error.to_string();
        if let Some(source) = error.source() {
            let _ = write!(text, ": {source}");
        }
        self.meaning = text;
        self.refused = true;
        self
    }

    fn to_json(&self) -> Value {
        let host = |host: &Host| {
            json!({
                "host": host.name,
                "allowed": host.allowed,
                "verdict": host.verdict,
                "reason": host.reason,
            })
        };
        json!({
            "source": self.source,
            "kind": self.kind,
            "note": self.note,
            "usable": !self.refused,
            "meaning": self.meaning,
            "details": self.details,
            "mx": self.hosts.iter().map(host).collect::<Vec<_>>(),
            "forgiven": self.forgiven,
            "mend": self.mend,
        })
    }

    fn to_text(&self) -> String {
        let mut text = escape(&self.source).to_string();
        if !self.note.is_empty() {
            let _ = write!(text, ": {}", self.note);
        }
        let refused = if self.refused { "not usable: " } else { "" };
        let _ = write!(text, "\n  {refused}{}", self.meaning);
        if self.refused
            && let [Host { verdict, reason, .. }, ..] = &self.hosts[..]
        {
            let _ = write!(text, "\n  every MX host  {verdict}: {reason}");
            return text;
        }
        let width = self.hosts.iter().map(|host| host.name.chars().count()).max().unwrap_or(0);
        for Host { name, verdict, reason, .. } in &self.hosts {
            let _ = write!(text, "\n  {name:width$}  {verdict}: {reason}");
        }
        for (title, list) in [("forgiven, to mend", &self.forgiven), ("to mend", &self.mend)] {
            for item in list {
                let _ = write!(text, "\n  {title}: {item}");
            }
        }
        text
    }
}

fn to_text(inspections: &[Inspection]) -> String {
    let mut text = String::new();
    for inspection in inspections {
        text.push_str(&inspection.to_text());
        text.push_str("\n\n");
    }
    let refused = inspections.iter().filter(|one| one.refused).count();
    let forgiven =
        inspections.iter().filter(|one| !one.refused && !one.forgiven.is_empty()).count();
    let clean = inspections.iter().filter(|one| !one.refused && one.forgiven.is_empty()).count();
    let _ = write!(
        text,
        "{clean} valid, {forgiven} accepted with something forgiven, {refused} not usable"
    );
    text
}

fn inspect_sts(rrset: &[String]) -> Inspection {
    let mut inspection = Inspection::of("sts-record", "_mta-sts TXT");
    match StsRecord::from_rrset(rrset.iter().map(|text| [text])) {
        Ok(record) => {
            inspection.meaning = format!("there is a policy, its id is {}", record.id());
            inspection.details = json!({ "id": record.id().as_str() });
            inspection
        }
        Err(none) => inspection.without_record(&none),
    }
}

fn inspect_tlsrpt(rrset: &[String]) -> Inspection {
    let mut inspection = Inspection::of("tlsrpt-record", "_smtp._tls TXT");
    let rrset = rrset.iter().map(|text| [text]);
    let (record, deviations) = match TlsRptRecord::from_rrset(rrset, Reading::Tolerant) {
        Ok(read) => read,
        Err(none) => return inspection.without_record(&none),
    };
    let mut ways = Vec::new();
    for uri in record.rua() {
        match uri.destination() {
            Ok(Destination::Mailto(address)) => {
                ways.push(format!("by mail to {}", escape(address.as_str())))
            }
            Ok(Destination::Https(endpoint)) => {
                ways.push(format!("by HTTPS to {}", endpoint.host()))
            }
            Err(unusable) => {
                inspection.mend.push(format!("{}: {unusable}", escape(uri.as_str())));
            }
        }
    }
    inspection.forgiven = deviations.iter().map(ToString::to_string).collect();
    inspection.refused = ways.is_empty();
    inspection.details = json!({ "rua": record.rua().map(|uri| uri.as_str()).collect::<Vec<_>>() });
    inspection.meaning = match ways.is_empty() {
        true => "no report can be sent to any of its URIs".to_owned(),
        false => format!("reports go {}", ways.join(" and ")),
    };
    inspection
}

fn inspect_policy(source: &str, body: &[u8], hosts: &[String]) -> Inspection {
    let mut inspection = Inspection::of("policy", source);
    let (policy, deviations) = match Policy::parse(body, Reading::Tolerant) {
        Ok(read) => read,
        Err(error) => {
            inspection.details = json!({
                "result_type": error.result_type().as_str(),
                "reason_code": error.reason_code().as_str(),
                "line": error.line(),
                "column": error.column(),
            });
            inspection.hosts = hosts.iter().map(|host| without_policy(host, &error)).collect();
            return inspection.refused(&error);
        }
    };
    inspection.meaning = meaning(&policy);
    inspection.details = json!({
        "mode": policy.mode().as_str(),
        "max_age": policy.max_age().as_secs(),
        "mx": policy.mx().map(|mx| mx.as_str()).collect::<Vec<_>>(),
    });
    inspection.hosts = hosts.iter().map(|host| verdict(&policy, host)).collect();
    inspection.forgiven = deviations.iter().map(ToString::to_string).collect();
    inspection.mend = mend(&policy, hosts);
    inspection
}

fn meaning(policy: &Policy) -> String {
    let age = policy.max_age();
    let (mode, mx, kept) = (policy.mode(), policy.mx().len(), in_words(age.as_secs()));
    let mut text = format!("mode {mode}, {mx} mx, kept for {kept}");
    if age.declared_secs() > MaxAge::MAX.declared_secs() {
        let _ = write!(text, ", although it says {age} s");
    }
    text
}

fn in_words(secs: u32) -> String {
    let secs = f64::from(secs);
    match secs {
        86_400.0.. => format!("{:.1} days", secs / 86_400.0),
        3_600.0.. => format!("{:.1} hours", secs / 3_600.0),
        _ => format!("{secs} seconds"),
    }
}

/// RFC 8461 §5: what a sender does, before it knows how TLS goes.
fn verdict(policy: &Policy, host: &str) -> Host {
    let name = escape(host).to_string();
    let pattern = policy.matching_mx(&a_labels(host));
    let allowed = pattern.is_some() || policy.mode() == Mode::None;
    let verdict = match (policy.mode(), allowed) {
        (Mode::Enforce, true) => "deliver only over TLS with a valid certificate",
        (Mode::Enforce, false) => "do not deliver to this host",
        (Mode::Testing, true) => "deliver, and report if TLS or the certificate fails",
        (Mode::Testing, false) => "deliver, and report a validation-failure",
        (Mode::None, _) => "deliver as if there were no policy",
    };
    let reason = match pattern {
        _ if policy.mode() == Mode::None => "the mode is none".to_owned(),
        Some(pattern) => format!("`{pattern}` allows it"),
        None => "no mx of the policy allows it".to_owned(),
    };
    Host { name, allowed, verdict, reason }
}

fn without_policy(host: &str, error: &ParsePolicyError) -> Host {
    Host {
        name: escape(host).to_string(),
        allowed: false,
        verdict: "deliver as if there were no policy, or by an older one that is cached",
        reason: format!("this one is refused ({})", error.result_type()),
    }
}

/// What the owner of a policy that senders accept should look at.
fn mend(policy: &Policy, hosts: &[String]) -> Vec<String> {
    let mut list: Vec<String> = policy.near_misses().map(|near| near.to_string()).collect();
    for pattern in policy.mx() {
        if pattern.is_address() {
            list.push(format!("mx `{pattern}` is an address, which no MX host matches"));
        } else if !hosts.is_empty() && !hosts.iter().any(|host| pattern.matches(&a_labels(host))) {
            list.push(format!("mx `{pattern}` allows none of the MX hosts"));
        }
    }
    for host in hosts.iter().filter(|_| policy.mode() != Mode::None) {
        if policy.matching_mx(&a_labels(host)).is_some() {
            continue;
        }
        let shown = escape(host);
        list.push(match DomainName::parse(&a_labels(host)) {
            Ok(name) => format!("add an mx for {name}, or take it out of DNS"),
            Err(_) => format!("`{shown}` is no host name: take it out of DNS"),
        });
    }
    list
}

/// Hosts that a person typed may have U-labels (feature `idna`).
fn a_labels(host: &str) -> String {
    #[cfg(feature = "idna")]
    let name = DomainName::from_unicode(host);
    #[cfg(not(feature = "idna"))]
    let name = DomainName::parse(host);
    name.map_or_else(|_| host.to_owned(), String::from)
}

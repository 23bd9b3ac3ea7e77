//! Write what a domain publishes for MTA-STS and TLSRPT: the policy file, the DNS records,
//! and the configuration of a web server that serves the file.
//!
//! ```text
//! cargo run --example publish -- --domain example.com --mx mx1.example.com
//! cargo run --example publish -- --help
//! ```
//!
//! This is a tool; to copy from, see `publish_policy.rs`. In which order to publish, and
//! when to go on to enforce, is told by `plan.rs`.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mta_sts::DomainName;
use mta_sts::rollout::id_from_time;
use mta_sts::sts::{MaxAge, Mode, Policy, PolicyDomain, PolicyId, StsRecord};
use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::txt;
use rustls_pki_types::UnixTime;

const HELP: &str = "\
Writes the policy file, the DNS records and a web server's configuration for a domain.

Usage: publish --domain DOMAIN --mx HOST... [options]

  --domain DOMAIN    the domain in mail addresses
  --mx HOST...       its MX hosts, or patterns such as *.example.net, up to the next option
  --mode MODE        testing (default), enforce or none
  --max-age SECONDS  how long senders keep the policy (default: 1 day; in enforce 28 days)
  --rua URI          where reports should go, mailto: or https:; may be repeated
                     (default: mailto:tls-reports@DOMAIN)
  --id ID            the id of the record (default: from the time)
  --last-id ID       the id published last, which is not used again
  --ttl SECONDS      the TTL of the records (default: 3600)
  --address ADDRESS  an address of the web server; may be repeated
  --cname HOST       the host that serves the policy, where it has a name of its own
  --root FOLDER      the web server's folder for the file (default: /var/www/mta-sts)
  --out FOLDER       write files there, in place of standard output; existing files stay, and
                     nothing is written
  --force            existing files are replaced

Files: .well-known/mta-sts.txt, records.zone, nginx.conf, Caddyfile.

Exit status: 0 if all was written, 2 if not.";

fn main() -> ExitCode {
    let arguments = match Arguments::parse() {
        Ok(arguments) => arguments,
        Err(error) => return fail(&error.to_string()),
    };
    let result = match arguments {
        Some(arguments) => arguments.run(),
        None => print(&format!("{HELP}\n")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&chain(&*error)),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("publish: {error}; see --help");
    ExitCode::from(2)
}

/// An error and its causes.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A closed pipe is no failure of ours.
fn print(text: &str) -> Result<(), Box<dyn Error>> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether what is there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existing {
    Stays,
    Replaced,
}

struct Arguments {
    domain: DomainName,
    mx: Vec<String>,
    mode: Mode,
    max_age: Option<u32>,
    rua: Vec<String>,
    id: PolicyId,
    ttl: u32,
    addresses: Vec<IpAddr>,
    cname: Option<DomainName>,
    root: String,
    out: Option<PathBuf>,
    existing: Existing,
}

impl Arguments {
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        use lexopt::prelude::*;

        let (mut domain, mut id, mut last) = (None, None, None);
        let (mut mx, mut rua, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        let (mut mode, mut max_age, mut ttl) = (Mode::Testing, None, 3_600);
        let (mut cname, mut out, mut existing) = (None, None, Existing::Stays);
        let mut root = "/var/www/mta-sts".to_owned();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("domain") => domain = Some(parser.value()?.parse()?),
                Long("mx") => {
                    for pattern in parser.values()? {
                        mx.push(pattern.string()?);
                    }
                }
                Long("mode") => mode = parser.value()?.parse()?,
                Long("max-age") => max_age = Some(parser.value()?.parse()?),
                Long("rua") => rua.push(parser.value()?.string()?),
                Long("id") => id = Some(parser.value()?.parse()?),
                Long("last-id") => last = Some(parser.value()?.parse()?),
                Long("ttl") => ttl = parser.value()?.parse_with(seconds)?,
                Long("address") => addresses.push(parser.value()?.parse()?),
                Long("cname") => cname = Some(parser.value()?.parse()?),
                Long("root") => root = parser.value()?.parse_with(folder)?,
                Long("out") => out = Some(parser.value()?.into()),
                Long("force") => existing = Existing::Replaced,
                Short('h') | Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        let domain: DomainName = domain.ok_or("expected --domain")?;
        if rua.is_empty() {
            rua.push(format!("mailto:tls-reports@{domain}"));
        }
        if id.is_some() && id == last {
            return Err("expected an --id other than the last one".into());
        }
        if cname.is_some() && !addresses.is_empty() {
            return Err("--cname and --address exclude each other".into());
        }
        let id = id.unwrap_or_else(|| id_from_time(UnixTime::now(), last));
        Ok(Some(Self {
            domain,
            mx,
            mode,
            max_age,
            rua,
            id,
            ttl,
            addresses,
            cname,
            root,
            out,
            existing,
        }))
    }

    fn run(&self) -> Result<(), Box<dyn Error>> {
        let host = PolicyDomain::try_from(&self.domain)?.policy_host().to_owned();
        let files = [
            (".well-known/mta-sts.txt", self.policy()?.as_str().to_owned()),
            ("records.zone", self.zone(&host)?),
            ("nginx.conf", self.nginx(&host)),
            ("Caddyfile", self.caddy(&host)),
        ];
        match &self.out {
            Some(folder) => write(folder, &files, self.existing),
            None => print(&files.map(|(name, text)| format!("# {name}\n{text}\n")).concat()),
        }
    }

    fn policy(&self) -> Result<Policy, Box<dyn Error>> {
        let default = if self.mode == Mode::Enforce { 28 * 86_400 } else { 86_400 };
        let max_age = MaxAge::from_secs(self.max_age.unwrap_or(default))?;
        let mut builder = Policy::builder(self.mode).max_age(max_age);
        for pattern in &self.mx {
            builder = builder.mx(pattern)?;
        }
        Ok(builder.build()?)
    }

    fn zone(&self, host: &str) -> Result<String, Box<dyn Error>> {
        let Self { domain, ttl, .. } = self;
        let sts = StsRecord::new(self.id).to_string();
        let reports = TlsRptRecord::new(&self.rua)?.to_string();
        let line =
            |owner: &str, kind: &str, data: &str| format!("{owner} {ttl} IN {kind} {data}\n");
        let text =
            |owner: String, text: &str| line(&owner, "TXT", &txt::presentation(text).to_string());
        let addresses: String = match &self.cname {
            Some(name) => line(&format!("{host}."), "CNAME", &format!("{name}.")),
            None if self.addresses.is_empty() => format!(
                "; {host}. {ttl} IN A ...  (the address of the web server, or a CNAME to it)\n"
            ),
            None => self
                .addresses
                .iter()
                .map(|address| {
                    let kind = if address.is_ipv4() { "A" } else { "AAAA" };
                    line(&format!("{host}."), kind, &address.to_string())
                })
                .collect(),
        };
        Ok(format!(
            "; First: where reports go.\n{}; Then: the host that serves the policy.\n{addresses}\
             ; Last, and only when https://{host}/.well-known/mta-sts.txt is there.\n{}",
            text(TlsRptRecord::owner_name(domain)?, &reports),
            text(StsRecord::owner_name(domain)?, &sts),
        ))
    }

    fn nginx(&self, host: &str) -> String {
        let root = &self.root;
        format!(
            r#"server {{
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name {host};

    # For exactly this name, by an authority that everybody trusts.
    ssl_certificate     /etc/ssl/{host}/fullchain.pem;
    ssl_certificate_key /etc/ssl/{host}/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;

    # No redirect: senders do not follow any.
    location = /.well-known/mta-sts.txt {{
        root {root};
        types {{ }}
        default_type text/plain;
    }}

    location / {{
        return 404;
    }}
}}
"#
        )
    }

    fn caddy(&self, host: &str) -> String {
        let root = &self.root;
        format!(
            r#"{host} {{
	handle /.well-known/mta-sts.txt {{
		root * {root}
		header Content-Type text/plain
		file_server
	}}
	handle {{
		respond 404
	}}
}}
"#
        )
    }
}

/// A path that means the same to both servers.
fn folder(text: &str) -> Result<String, &'static str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    match text.starts_with('/') && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err("expected an absolute path of letters, digits, `.`, `_` and `-`"),
    }
}

/// All files, or none: what is there is looked at first.
fn write(
    folder: &Path,
    files: &[(&str, String)],
    existing: Existing,
) -> Result<(), Box<dyn Error>> {
    if existing == Existing::Stays
        // A link that leads nowhere is there, too.
        && let Some((name, _)) =
            files.iter().find(|(name, _)| folder.join(name).symlink_metadata().is_ok())
    {
        return Err(format!(
            "{} is there already, and --force is not",
            folder.join(name).display()
        )
        .into());
    }
    for (name, text) in files {
        let path = folder.join(name);
        let failed = |error: io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
        let mut options = OpenOptions::new();
        match existing {
            Existing::Stays => options.write(true).create_new(true),
            Existing::Replaced => options.write(true).create(true).truncate(true),
        };
        let mut file = options.open(&path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        print(&format!("wrote {}\n", path.display()))?;
    }
    Ok(())
}

/// A TTL has 31 bits (RFC 2181 §8).
fn seconds(text: &str) -> Result<u32, String> {
    let secs = text.parse().ok().filter(|secs: &u32| *secs <= u32::MAX >> 1);
    secs.ok_or_else(|| format!("expected a TTL of at most 2147483647 seconds, found `{text}`"))
}

//! nginx as policy host: one server block for each host, told apart by SNI.

use std::fs;
use std::path::Path;

use crate::certificates::{Authority, Shown};
use crate::server::Server;

/// A policy host: what it shows, and what nginx does at the well-known path, in its own
/// words. `WWW` stands for the folder of the files.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) domain: &'static str,
    pub(crate) shown: Shown,
    pub(crate) port: Port,
    pub(crate) location: &'static str,
}

impl Site {
    pub(crate) const fn new(domain: &'static str, location: &'static str) -> Self {
        Self { domain, shown: Shown::Valid, port: Port::Modern, location }
    }

    /// A policy host whose policy is in order, but not its certificate.
    pub(crate) const fn shows(domain: &'static str, shown: Shown) -> Self {
        Self { domain, shown, port: Port::Modern, location: POLICY }
    }

    /// A policy host that is in order, on that port.
    pub(crate) const fn on(domain: &'static str, port: Port) -> Self {
        Self { domain, shown: Shown::Valid, port, location: POLICY }
    }

    pub(crate) fn host(&self) -> String {
        format!("mta-sts.{}", self.domain)
    }
}

/// The ports differ in the versions of TLS, which nginx takes from the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Modern,
    Tls12,
    Tls11,
}

pub(crate) struct Nginx {
    server: Server,
    ports: [u16; 3],
}

/// Lets nginx serve a file as it should.
pub(crate) const POLICY: &str = "default_type text/plain; alias WWW/policy;";

pub(crate) const BODY: &str =
    "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";

impl Nginx {
    pub(crate) fn start(authority: &Authority, sites: &[Site]) -> Self {
        let (server, ports) = Server::start("nginx", |folder, ports| {
            write_files(folder);
            for site in sites {
                authority.write(folder, &site.host(), site.shown);
            }
            fs::write(folder.join("nginx.conf"), configuration(folder, sites, ports)).unwrap();
            let folder = folder.to_str().unwrap();
            ["-p", folder, "-e", "stderr", "-c", "nginx.conf"].map(str::to_owned).to_vec()
        });
        Self { server, ports }
    }

    pub(crate) fn port(&self, port: Port) -> u16 {
        self.ports[number(port)]
    }

    /// What was asked: host, method, path, status and media type of the request.
    pub(crate) fn seen(&self) -> String {
        fs::read_to_string(self.server.folder().join("seen.log")).unwrap()
    }

    /// The bodies that were posted.
    pub(crate) fn posted(&self) -> Vec<Vec<u8>> {
        let bodies = fs::read_dir(self.server.folder().join("body")).unwrap();
        bodies.map(|body| fs::read(body.unwrap().path()).unwrap()).collect()
    }
}

const PORTS: [Port; 3] = [Port::Modern, Port::Tls12, Port::Tls11];

fn number(port: Port) -> usize {
    PORTS.iter().position(|other| *other == port).unwrap()
}

/// Policies of several sizes, and one in gzip.
fn write_files(folder: &Path) {
    let www = folder.join("www");
    fs::create_dir(&www).unwrap();
    fs::write(www.join("policy"), BODY).unwrap();
    fs::write(www.join("largest"), padded(65_536)).unwrap();
    fs::write(www.join("too_large"), padded(65_537)).unwrap();
    fs::write(www.join("zipped.gz"), zipped(BODY.as_bytes())).unwrap();
    fs::write(www.join("invalid"), BODY.replace("enforce", "enforced")).unwrap();
}

/// The policy with extension fields up to so many octets.
fn padded(len: usize) -> String {
    let mut text = BODY.to_owned();
    while text.len() < len {
        let rest = (len - text.len()).min(1_000);
        let rest = if rest < len - text.len() { rest - 10 } else { rest };
        text.push_str(&format!("x: {}\n", "y".repeat(rest - 4)));
    }
    text
}

fn zipped(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn configuration(folder: &Path, sites: &[Site], ports: [u16; 3]) -> String {
    let rest: String =
        PORTS.iter().zip(ports).map(|(port, number)| refusal(*port, number)).collect();
    let blocks: String = sites.iter().map(|site| block(site, ports[number(site.port)])).collect();
    let www = folder.join("www");
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr warn;
events {{ worker_connections 512; }}
http {{
  log_format seen '$host $request_method $request_uri $status $content_type';
  access_log seen.log seen;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server_names_hash_bucket_size 128;
  types {{ }}
  server {{ listen unix:sink; access_log off; location / {{ return 201; }} }}
{rest}{blocks}}}\n"
    )
    .replace("WWW", www.to_str().unwrap())
}

/// What is done with hosts that are not known.
fn refusal(port: Port, number: u16) -> String {
    let (listen, options) = options(port);
    format!(
        "  server {{ listen 127.0.0.1:{number} {listen} default_server;
    ssl_reject_handshake on; {options} }}\n"
    )
}

fn options(port: Port) -> (&'static str, &'static str) {
    match port {
        Port::Modern => ("ssl http2", ""),
        Port::Tls12 => ("ssl", "ssl_protocols TLSv1.2;"),
        Port::Tls11 => ("ssl", "ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0;"),
    }
}

fn block(site: &Site, number: u16) -> String {
    let (host, location) = (site.host(), site.location);
    let (_, options) = options(site.port);
    format!(
        "  server {{ listen 127.0.0.1:{number}; server_name {host}; {options}
    ssl_certificate {host}.crt; ssl_certificate_key {host}.key;
    location = /.well-known/mta-sts.txt {{ {location} }}
    location = /reports {{ client_body_in_file_only on; client_max_body_size 2m;
      proxy_pass http://unix:sink:/; }}
    location = /moved {{ return 307 /reports; }}
    location = /broken {{ return 503; }} }}\n"
    )
}

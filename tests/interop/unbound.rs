//! unbound as the recursive resolver that an MTA has beside it. What it resolves is a
//! root zone of its own, so that nothing is asked outside this machine.

use std::fs;
use std::path::Path;

use crate::server::Server;

pub(crate) struct Unbound {
    _server: Server,
    port: u16,
}

impl Unbound {
    /// Serves these records, each a line of a zone file whose origin is the root.
    pub(crate) fn start(records: &str) -> Self {
        let (server, [port]) = Server::start("unbound", |folder, [port]| {
            fs::write(folder.join("root.zone"), format!("{HEAD}{records}\n")).unwrap();
            fs::write(folder.join("unbound.conf"), configuration(folder, port)).unwrap();
            ["-d", "-c", "unbound.conf"].map(str::to_owned).to_vec()
        });
        Self { _server: server, port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

const HEAD: &str = "$ORIGIN .
$TTL 300
@ SOA ns.example. hostmaster.example. 1 3600 600 86400 60
@ NS ns.example.
ns.example. A 127.0.0.1
";

/// Whatever is under `servfail.example` is asked of a server that is not there, under
/// `refused.example` refused, and under `silent.example` never answered; what is under
/// `bogus.example` is not signed although it should be.
fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "server:
  interface: 127.0.0.1
  port: {port}
  directory: \"{folder}\"
  username: \"\"
  chroot: \"\"
  pidfile: \"\"
  use-syslog: no
  do-daemonize: no
  do-ip6: no
  num-threads: 1
  module-config: \"validator iterator\"
  trust-anchor: \"bogus.example. DS 1 13 2 {:064}\"
  local-zone: \"refused.example.\" always_refuse
  local-zone: \"silent.example.\" always_deny
remote-control:
  control-enable: no
auth-zone:
  name: \".\"
  zonefile: \"root.zone\"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
forward-zone:
  name: \"servfail.example.\"
  forward-addr: 127.0.0.1@9
",
        0
    )
}

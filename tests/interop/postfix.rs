//! Postfix as MX: one `smtpd` for each host, on a port of its own. Its master runs as
//! root only.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::certificates::{Authority, Shown};
use crate::server::{Server, installed};

/// An MX host: what it shows, and options of its `smtpd`, one a word.
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) shown: Shown,
    pub(crate) options: &'static [&'static str],
}

pub(crate) struct Postfix<const N: usize> {
    _server: Server,
    ports: [u16; N],
}

impl<const N: usize> Postfix<N> {
    pub(crate) fn start(authority: &Authority, hosts: &[Host; N]) -> Self {
        let (server, ports) = Server::start("master", |folder, ports| {
            write_configuration(folder, authority, hosts, ports);
            vec!["-c".to_owned(), folder.join("conf").to_str().unwrap().to_owned(), "-d".to_owned()]
        });
        Self { _server: server, ports }
    }

    /// The port of the host with that number.
    pub(crate) fn port(&self, number: usize) -> u16 {
        self.ports[number]
    }
}

fn write_configuration<const N: usize>(
    folder: &Path,
    authority: &Authority,
    hosts: &[Host; N],
    ports: [u16; N],
) {
    let conf = folder.join("conf");
    fs::create_dir(&conf).unwrap();
    fs::write(conf.join("main.cf"), main(folder)).unwrap();
    let services = hosts.iter().zip(ports).map(|(host, port)| service(folder, host, port));
    fs::write(conf.join("master.cf"), format!("{}{SERVICES}", services.collect::<String>()))
        .unwrap();
    for host in hosts {
        authority.write(folder, host.name, host.shown);
    }
    for queue in ["pid", "private", "public"] {
        fs::create_dir_all(folder.join("queue").join(queue)).unwrap();
    }
    fs::create_dir(folder.join("data")).unwrap();
    for path in ["data", "queue/private", "queue/public"] {
        owned_by_postfix(&folder.join(path));
    }
}

fn owned_by_postfix(path: &Path) {
    let changed = Command::new("chown").arg("postfix").arg(path).status().unwrap();
    assert!(changed.success(), "Postfix must be started by root");
}

fn main(folder: &Path) -> String {
    let daemons = installed("master").parent().unwrap().display().to_string();
    let folder = folder.display();
    format!(
        "compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
myhostname = mx.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_protocols = ipv4
maillog_file = {folder}/data/maillog
maillog_file_prefixes = {folder}
notify_classes =
"
    )
}

fn service(folder: &Path, host: &Host, port: u16) -> String {
    let options: String = host.options.iter().map(|option| format!(" -o {option}")).collect();
    format!(
        "127.0.0.1:{port} inet n - n - - smtpd -o myhostname={name} \
         -o smtpd_tls_chain_files={folder}/{name}.pem{options}\n",
        folder = folder.display(),
        name = host.name,
    )
}

const SERVICES: &str = "tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
postlog unix-dgram n - n - 1 postlogd
";

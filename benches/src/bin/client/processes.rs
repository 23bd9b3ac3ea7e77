//! The servers of the discoveries, in a process of their own.

use std::env;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use mta_sts_benches::loopback::{self, Servers};
use tokio::runtime::Builder;

use crate::Failure;

/// Starts this program again, with `--serve`.
pub(crate) fn start(domains: u32) -> Result<(Process, Servers), Failure> {
    let mut child = Command::new(env::current_exe()?)
        .args(["--serve", &domains.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no pipe")?;
    let process = Process(child);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let fields: Vec<_> = line.split_whitespace().collect();
    let [dns, https, root] = fields[..] else { return Err("the servers do not start".into()) };
    let octets: Result<Vec<u8>, _> =
        (0..root.len() / 2).map(|at| u8::from_str_radix(&root[2 * at..2 * at + 2], 16)).collect();
    Ok((process, Servers { dns: dns.parse()?, https: https.parse()?, root: octets?.into() }))
}

/// Ends with this.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Says where the servers are, and serves until nobody holds the other end of the pipe.
pub(crate) fn serve(domains: u32) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let servers = runtime.block_on(loopback::serve(domains))?;
    let root: String = servers.root.iter().map(|octet| format!("{octet:02x}")).collect();
    println!("{} {} {root}", servers.dns, servers.https);
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

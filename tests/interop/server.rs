//! Starting a server that nobody here wrote, on free ports of loopback, out of a
//! temporary folder; it is killed, with all it has started, when it is dropped.

use std::fs::{self, File, Permissions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// For how long a server may start: Postfix takes seconds on a machine that is busy.
const START: Duration = Duration::from_secs(30);

/// Servers of a test run that was killed itself are gone after so many seconds.
const LIFE: &str = "300";

/// How often it is tried on other ports, if somebody else has taken one meanwhile.
const TRIES: usize = 5;

/// One server starts at a time, so that none takes the ports of another.
static STARTING: Mutex<()> = Mutex::new(());

pub(crate) struct Server {
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Starts the program on so many ports, as `arguments` says after it has written
    /// the configuration into the folder.
    pub(crate) fn start<const N: usize>(
        program: &str,
        arguments: impl Fn(&Path, [u16; N]) -> Vec<String>,
    ) -> (Self, [u16; N]) {
        let program = installed(program);
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut logs = String::new();
        for _ in 0..TRIES {
            let ports = free_ports();
            let folder = readable_folder();
            let arguments = arguments(folder.path(), ports);
            let mut server = Self { child: spawn(&program, &arguments, folder.path()), folder };
            if server.listens(&ports) {
                return (server, ports);
            }
            logs.push_str(&server.log());
        }
        panic!("{} does not start: {logs}", program.display());
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has written to standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap()
    }

    fn listens(&mut self, ports: &[u16]) -> bool {
        let end = Instant::now() + START;
        ports.iter().all(|port| {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            loop {
                let connected = TcpStream::connect(address).is_ok();
                if self.child.try_wait().unwrap().is_some() || Instant::now() > end {
                    return false;
                }
                if connected {
                    return true;
                }
                thread::sleep(Duration::from_millis(10));
            }
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = format!("kill -s KILL -- -{}", self.child.id());
        let _ = Command::new("sh").args(["-c", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

fn spawn(program: &Path, arguments: &[String], folder: &Path) -> Child {
    Command::new("timeout")
        .args(["--signal=KILL", LIFE])
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(folder.join("log")).unwrap())
        .process_group(0)
        .spawn()
        .unwrap()
}

/// The path of a program of a package that is needed; without it there is no test.
pub(crate) fn installed(program: &str) -> PathBuf {
    ["/usr/sbin", "/usr/lib/postfix/sbin"]
        .iter()
        .map(|folder| Path::new(folder).join(program))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{program} is not installed: see CONTRIBUTING.md"))
}

/// Ports that are free for TCP and UDP.
fn free_ports<const N: usize>() -> [u16; N] {
    let held = core::array::from_fn::<_, N, _>(|_| free_port());
    held.map(|(listener, _)| listener.local_addr().unwrap().port())
}

fn free_port() -> (TcpListener, UdpSocket) {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
            return (listener, socket);
        }
    }
}

/// Servers that give up their privileges must be able to read it.
fn readable_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

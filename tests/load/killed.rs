//! A client that is killed while it saves a snapshot: the file is whole, and has all that
//! the one before had.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use mta_sts::client::Client;
use mta_sts::snapshot;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::CacheEntry;
use tempfile::TempDir;

use crate::callers::call;
use crate::domains::{Fault, Size, client, domain, name, world};
use crate::world::START;

/// The folder in which the process that is killed saves its snapshots.
const FOLDER: &str = "MTA_STS_KILLED_FOLDER";

/// Set if it is to come to its end.
const FINISH: &str = "MTA_STS_KILLED_FINISH";

/// How often it must be killed amid a save, and how often it is killed at most for that.
const TORN: usize = 3;
const KILLS: usize = 60;

/// For how long a save is waited for: minutes, since it has to be seen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn dis_2_a_client_that_is_killed_amid_a_save_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let (mut torn, mut kills) = (0, 0);
    while torn < TORN {
        assert!(kills < KILLS, "no save was met");
        kills += 1;
        torn += kill_amid_a_save(folder.path(), kills.min(TORN) * Size::wanted().domains / 5);
        assert_whole(folder.path());
    }
    let restored = entries(&folder.path().join("snapshot")).len();
    let mut last = Process::start(folder.path(), FINISH);
    assert!(last.child.wait().unwrap().success());
    let policies = policies(&folder.path().join("snapshot")).len();
    println!(
        "killed {kills} times, {torn} amid a save; {restored} entries then, {policies} at last"
    );
    assert_eq!(policies, healthy(Size::wanted()).count());
}

/// Starts the process, and kills it when it is about to replace a snapshot of so many
/// entries: 1 if it was.
fn kill_amid_a_save(folder: &Path, entries: usize) -> usize {
    for file in completed(folder) {
        fs::remove_file(file).unwrap();
    }
    let mut process = Process::start(folder, "MTA_STS_KILLED_BEFORE_THE_END");
    let end = Instant::now() + PATIENCE;
    let mut wait = |until: &dyn Fn() -> bool| {
        while !until() {
            assert_eq!(process.child.try_wait().unwrap(), None, "it must not end by itself");
            assert!(Instant::now() < end, "no save was met");
            thread::yield_now();
        }
    };
    wait(&|| completed(folder).iter().any(|snapshot| lines(snapshot) >= entries));
    wait(&|| unfinished(folder).is_empty());
    wait(&|| !unfinished(folder).is_empty());
    drop(process);
    let left = unfinished(folder);
    for file in &left {
        fs::remove_file(file).unwrap();
    }
    left.len().min(1)
}

/// Each line is an entry, and no policy is missing that a snapshot before had.
fn assert_whole(folder: &Path) {
    let now = policies(&folder.join("snapshot"));
    for before in completed(folder) {
        let missing: Vec<_> =
            policies(&before).into_keys().filter(|domain| !now.contains_key(domain)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// The policies of a snapshot.
fn policies(path: &Path) -> HashMap<PolicyDomain, CacheEntry> {
    let mut entries = entries(path);
    entries.retain(|_, entry| entry.unexpired(START).is_some());
    entries
}

fn entries(path: &Path) -> HashMap<PolicyDomain, CacheEntry> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| snapshot::from_line(line).unwrap()).collect()
}

/// None of a file that is gone meanwhile.
fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

/// Copies of what was a snapshot before.
fn completed(folder: &Path) -> Vec<PathBuf> {
    files(folder, "completed.")
}

/// What was to become a snapshot.
fn unfinished(folder: &Path) -> Vec<PathBuf> {
    files(folder, ".snapshot.")
}

fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let named = files.filter(|file| file.file_name().to_string_lossy().starts_with(prefix));
    named.map(|file| file.path()).collect()
}

fn healthy(size: Size) -> impl Iterator<Item = usize> {
    (0..size.domains).filter(|number| Fault::of(*number) == Fault::Healthy)
}

/// It is killed when this is dropped, and ends when nobody holds the pipe.
struct Process {
    child: Child,
    _pipe: ChildStdin,
}

impl Process {
    fn start(folder: &Path, variable: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "killed::to_be_killed"])
            .env(FOLDER, folder)
            .env(variable, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let pipe = child.stdin.take().unwrap();
        Self { child, _pipe: pipe }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process that is killed. It restores what is there, and fetches nothing of that
/// again.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the test that kills it"]
async fn to_be_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(1);
    });
    let folder = PathBuf::from(folder);
    let path = folder.join("snapshot");
    let size = Size::wanted();
    let world = world(size.domains).await;
    let client = client(&world);
    if path.exists() {
        assert_eq!(client.restore_snapshot(&path).await.unwrap().damaged_total(), 0);
    }
    let known = known(&client, size).await;
    let saving = tokio::spawn(save_again_and_again(client.clone(), folder));
    call(&client, size).await;
    if env::var_os(FINISH).is_none() {
        core::future::pending().await
    }
    saving.abort();
    let _ = saving.await;
    client.save_snapshot(&path).await.unwrap();
    for number in known {
        let asked = world.https().asked(&format!("mta-sts.{}", name(number)));
        assert_eq!(asked.handshakes, 0, "{}", name(number));
    }
}

/// Those of which a policy is known.
async fn known(client: &Client, size: Size) -> Vec<usize> {
    let mut known = Vec::new();
    for number in healthy(size) {
        if client.known(&domain(number)).await.unwrap().policy().is_some() {
            known.push(number);
        }
    }
    known
}

/// Saves snapshots one after the other, and keeps a copy of the last.
async fn save_again_and_again(client: Client, folder: PathBuf) {
    let path = folder.join("snapshot");
    for number in 0_u64.. {
        client.save_snapshot(&path).await.unwrap();
        fs::copy(&path, folder.join("copy")).unwrap();
        fs::rename(folder.join("copy"), folder.join(format!("completed.{number}"))).unwrap();
        if let Some(before) = number.checked_sub(1) {
            fs::remove_file(folder.join(format!("completed.{before}"))).unwrap();
        }
    }
}

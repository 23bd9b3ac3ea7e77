//! The client: snapshots of what it knows.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses some of it")]
#[path = "support/world.rs"]
mod world;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, fs};

use mta_sts::client::{
    Advice, BoxFuture, Client, Event, PolicyStore, RefreshConfig, SnapshotErrorKind, StoreError,
};
use mta_sts::snapshot::MAX_LINE_LEN;
use mta_sts::sts::PolicyDomain;
use mta_sts::sts::cache::{CacheEntry, RefreshRule, Update};
use mta_sts::txt::DnsFailure;
use rustls_pki_types::UnixTime;

use self::world::{DAY, ENFORCE, Http, TESTING, Txt, World, domain, mode};

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn dis_2_a_restart_keeps_policies_whatever_fails_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    let world = World::healthy();
    let before = world.client();
    for n in 0..500 {
        before.policy(&domain(&format!("d{n}.example"))).await.unwrap();
    }
    assert_eq!(before.save_snapshot(&path).await.unwrap(), 500);
    assert_eq!(names(folder.path()), ["policies"]);
    world.take_events();

    let after = world.client();
    let restored = after.restore_snapshot(&path).await.unwrap();
    assert_eq!((restored.entries(), restored.damaged_total()), (500, 0));
    assert_eq!(world.events().len(), 1);
    world.set(Txt::Fails(DnsFailure::ServFail), Http::Hangs);
    world.pass(10 * DAY);
    for n in 0..500 {
        let answer = after.policy(&domain(&format!("d{n}.example"))).await.unwrap();
        assert_eq!(answer.advice(), Advice::Enforce);
        assert!(answer.report().is_some());
    }
    world.pass(1);
    let answer = after.policy(&domain("d0.example")).await.unwrap();
    assert_eq!(answer.advice(), Advice::Unknown, "not a second longer");
}

#[tokio::test]
async fn dis_2_restoring_an_old_snapshot_weakens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    let world = World::new(Txt::Id("1"), Http::Body(TESTING));
    let client = world.client();
    let domain = domain("example.com");
    client.policy(&domain).await.unwrap();
    client.save_snapshot(&path).await.unwrap();
    world.pass(60);
    world.set(Txt::Id("2"), Http::Body(ENFORCE));
    client.policy(&domain).await.unwrap();
    client.restore_snapshot(&path).await.unwrap();
    client.restore_snapshot(&path).await.unwrap();
    assert_eq!(mode(&client.known(&domain).await.unwrap()).unwrap().as_str(), "enforce");
}

#[tokio::test]
async fn damaged_lines_lose_themselves_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    let world = World::healthy();
    let client = world.client();
    for name in ["a.example", "b.example", "c.example"] {
        client.policy(&domain(name)).await.unwrap();
    }
    client.save_snapshot(&path).await.unwrap();
    let whole = fs::read(&path).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|octet| *octet == b'\n').collect();
    let mut text = b"\n\xff\xfe\n".to_vec();
    text.extend_from_slice(lines[0]);
    text.extend_from_slice(&vec![b' '; MAX_LINE_LEN + 10]);
    text.extend_from_slice(b"\n{}\r\n");
    text.extend_from_slice(lines[1].strip_suffix(b"\n").unwrap());
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(&lines[2][..lines[2].len() / 2]);
    fs::write(&path, text).unwrap();

    let client = world.client();
    let restored = client.restore_snapshot(&path).await.unwrap();
    assert_eq!((restored.entries(), restored.damaged_total()), (2, 4));
    let told: Vec<_> = restored.damaged().iter().map(ToString::to_string).collect();
    assert_eq!(told[0], "line 2: expected UTF-8");
    assert_eq!(told[1], format!("line 4: expected at most {MAX_LINE_LEN} octets"));
    assert!(told[2].starts_with("line 5: expected a JSON object of a cache entry: "));
    assert!(told[3].starts_with("line 7: expected a JSON object of a cache entry: EOF"));
    assert!(restored.damaged()[0].error().is_none() && restored.damaged()[2].error().is_some());
    assert!(world.events().last().unwrap().contains("2 entries, 4 lines damaged"));

    fs::write(&path, "nonsense\n".repeat(1_000)).unwrap();
    let restored = client.restore_snapshot(&path).await.unwrap();
    assert_eq!((restored.damaged().len(), restored.damaged_total()), (20, 1_000));
}

#[tokio::test]
async fn a_whole_last_line_needs_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    fs::write(&path, r#"{"v":1,"domain":"example.com"}"#).unwrap();
    let restored = World::healthy().client().restore_snapshot(&path).await.unwrap();
    assert_eq!((restored.entries(), restored.damaged_total()), (1, 0));
}

#[tokio::test]
async fn what_went_wrong_with_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::healthy();
    let client = world.client();
    let error = client.restore_snapshot(folder.path().join("none")).await.unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::NotFound);
    assert!(error.to_string().ends_with("none not found"), "{error}");
    let error = client.restore_snapshot(folder.path()).await.unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::NotRead);
    for path in [folder.path().join("none").join("policies"), "/".into(), "".into()] {
        let error = client.save_snapshot(&path).await.unwrap_err();
        assert_eq!((error.kind(), error.path()), (SnapshotErrorKind::NotWritten, &*path));
    }
    assert_eq!(world.take_events().len(), 5);
}

#[tokio::test]
async fn the_old_snapshot_is_whole_until_the_new_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    let world = World::healthy();
    let client = world.client();
    client.policy(&domain("example.com")).await.unwrap();
    client.save_snapshot(&path).await.unwrap();
    let old = fs::read(&path).unwrap();
    // The old file is never written to: whoever has it open reads on.
    let linked = folder.path().join("linked");
    fs::hard_link(&path, &linked).unwrap();
    client.policy(&domain("other.example")).await.unwrap();
    client.save_snapshot(&path).await.unwrap();
    assert_eq!(fs::read(&linked).unwrap(), old);
    assert_ne!(fs::read(&path).unwrap(), old);
    // What a killed save leaves behind is in nobody's way.
    fs::write(folder.path().join(".policies.x.tmp"), "half").unwrap();
    client.save_snapshot(&path).await.unwrap();
    let restored = world.client().restore_snapshot(&path).await.unwrap();
    assert_eq!((restored.entries(), restored.damaged_total()), (2, 0));
}

/// No test of its own: the process that is killed.
#[tokio::test]
async fn saves_until_it_is_killed() {
    let Some(path) = env::var_os(KILLED) else { return };
    let client = World::healthy().client();
    for n in 0..2_000 {
        client.policy(&domain(&format!("d{n}.example"))).await.unwrap();
    }
    loop {
        client.save_snapshot(&path).await.unwrap();
    }
}

/// Where the process that is killed saves.
const KILLED: &str = "MTA_STS_TEST_SNAPSHOT";

#[tokio::test]
async fn dis_2_a_save_that_is_killed_leaves_a_whole_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    for turn in 0..4 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "saves_until_it_is_killed"])
            .env(KILLED, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The next save is under way then, as far as can be known from outside.
        while !path.exists() {
            assert!(child.try_wait().unwrap().is_none(), "the process has ended by itself");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let restored = World::healthy().client().restore_snapshot(&path).await.unwrap();
        assert_eq!((restored.entries(), restored.damaged_total()), (2_000, 0), "{turn}");
        fs::remove_file(&path).unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_a_snapshot() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    World::healthy().client().save_snapshot(&path).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dis_2_saves_at_once_and_amid_changes_leave_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    let world = World::healthy();
    let client = world.client();
    client.policy(&domain("first.example")).await.unwrap();
    let mut saves = Vec::new();
    for n in 0..20 {
        let (saving, path) = (client.clone(), path.clone());
        saves.push(tokio::spawn(async move { saving.save_snapshot(path).await.unwrap() }));
        client.policy(&domain(&format!("d{n}.example"))).await.unwrap();
    }
    // One that is dropped is saved all the same, or not begun.
    drop(tokio::time::timeout(Duration::ZERO, client.save_snapshot(&path)).await);
    for save in saves {
        assert!(save.await.unwrap() >= 1);
    }
    let entries = client.save_snapshot(&path).await.unwrap();
    let restored = world.client().restore_snapshot(&path).await.unwrap();
    assert_eq!((restored.entries(), restored.damaged_total()), (entries, 0));
    // The one that was dropped may still be at work.
    while names(folder.path()) != ["policies"] {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_refresh_task_saves_now_and_then_and_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    let world = World::healthy();
    let client = world.client();
    let config = || RefreshConfig::new(RefreshRule::new(0));
    let hour = Duration::from_secs(3_600);
    let task = client.spawn_refresh(config().with_snapshot(&path, hour));
    client.policy(&domain("example.com")).await.unwrap();
    assert!(!path.exists());
    task.stop().await;
    assert_eq!(world.client().restore_snapshot(&path).await.unwrap().entries(), 1);

    fs::remove_file(&path).unwrap();
    let task = client.spawn_refresh(config().with_snapshot(&path, Duration::ZERO));
    let saved = |event: &Event| matches!(event, Event::SnapshotSaved { .. });
    world.take_events();
    while !world.take_events().iter().any(saved) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(path.exists());
    drop(task);
}

/// A store that knows nothing.
struct Nothing;

impl PolicyStore for Nothing {
    fn load<'a>(&'a self, _: &'a PolicyDomain) -> BoxFuture<'a, Result<CacheEntry, StoreError>> {
        Box::pin(async { Ok(CacheEntry::default()) })
    }

    fn fold<'a>(
        &'a self,
        _: &'a PolicyDomain,
        _: &'a Update,
        _: UnixTime,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn due(
        &self,
        _: RefreshRule,
        _: UnixTime,
        _: usize,
    ) -> BoxFuture<'_, Result<Vec<PolicyDomain>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn forget<'a>(&'a self, _: &'a PolicyDomain) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_store_outside_has_no_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    let client = World::healthy().builder().with_store(Nothing).build();
    for error in [
        client.save_snapshot(&path).await.unwrap_err(),
        client.restore_snapshot(&path).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), SnapshotErrorKind::NotInMemory);
    }
    assert!(!path.exists());
}

#[tokio::test]
async fn a_handler_may_ask_for_the_next_snapshot() {
    // Told while the lock of snapshots was held, it would wait for itself.
    let world = World::healthy();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    let slot: Arc<Mutex<Option<Client>>> = Arc::default();
    let (runtime, again, to) = (tokio::runtime::Handle::current(), Arc::clone(&slot), path.clone());
    let client = world
        .builder()
        .with_events(move |event| {
            let saved = matches!(event, Event::SnapshotSaved { .. });
            let client = again.lock().unwrap().take_if(|_| saved);
            if let Some(client) = client {
                assert_eq!(runtime.block_on(client.save_snapshot(&to)).unwrap(), 0);
            }
        })
        .build();
    *slot.lock().unwrap() = Some(client.clone());
    let saved = tokio::time::timeout(Duration::from_secs(60), client.save_snapshot(&path));
    assert_eq!(saved.await.expect("ends").unwrap(), 0);
}

//! What a client knows, in a file, to outlive a restart (feature `json`).
//!
//! A file has one entry per line ([`crate::snapshot`]). It is replaced as a whole: the
//! new one is written beside it, brought to the disk, and renamed over it. Whenever the
//! process is killed, one of both is there, whole; what is left of the new one
//! (`.NAME.` and more, `.tmp`) can be deleted.
//!
//! The file may be read and written by its owner only (on Unix, mode 600), whatever it was
//! before; it says with whom one exchanges mail. A symbolic link is replaced, not
//! followed.
//!
//! # Limits
//!
//! This is for the cache in memory; a store outside keeps what it keeps. What the operator
//! has decided is not in it.

mod error;
mod restored;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use tokio::task::spawn_blocking;

pub use self::error::{SnapshotError, SnapshotErrorKind};
use self::restored::Damage;
pub use self::restored::{DamagedLine, Restored};
use super::event::Event;
use super::inner::Inner;
use super::policy::Client;
use super::store::Store;
use crate::cache::PolicyCache;
use crate::snapshot::{self, MAX_LINE_LEN};

impl Client {
    /// Writes all that is known to a file, and returns how many entries that is. The
    /// client can be used meanwhile. The file is written to its end if this is dropped.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`]. The file is what it was, or, if only its name could not be
    /// brought to the disk, the new one; whole in any case.
    pub async fn save_snapshot(&self, path: impl Into<PathBuf>) -> Result<u64, SnapshotError> {
        let (path, inner) = (path.into(), Arc::clone(&self.inner));
        self.in_background(path, move |cache, path| {
            // Nothing is guarded but the order.
            let one_at_a_time = inner.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
            let entries = save(cache, path)
                .map_err(|error| SnapshotError::io(SnapshotErrorKind::NotWritten, path, error))?;
            drop(one_at_a_time);
            inner.events.tell(|| Event::SnapshotSaved { path: path.into(), entries });
            Ok(entries)
        })
        .await
    }

    /// Folds what a file says into what is known. What a snapshot of an earlier time says
    /// makes nothing weaker that is known. A damaged line loses its entry and no other; but
    /// the file is believed: whoever can write it can make a policy look newer than ours.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`]. What was read before it happened is known.
    pub async fn restore_snapshot(
        &self,
        path: impl Into<PathBuf>,
    ) -> Result<Restored, SnapshotError> {
        let (path, inner) = (path.into(), Arc::clone(&self.inner));
        self.in_background(path, move |cache, path| {
            let restored = File::open(path).and_then(|file| restore(&inner, cache, file));
            let restored = restored.map_err(|error| {
                let kind = match error.kind() {
                    io::ErrorKind::NotFound => SnapshotErrorKind::NotFound,
                    _ => SnapshotErrorKind::NotRead,
                };
                SnapshotError::io(kind, path, error)
            })?;
            inner
                .events
                .tell(|| Event::SnapshotRestored { path: path.into(), restored: restored.clone() });
            Ok(restored)
        })
        .await
    }

    /// Works with files where that holds up no one.
    async fn in_background<T: Send + 'static>(
        &self,
        path: PathBuf,
        work: impl FnOnce(&PolicyCache, &Path) -> Result<T, SnapshotError> + Send + 'static,
    ) -> Result<T, SnapshotError> {
        let result = match &self.inner.store {
            Store::Outside { .. } => Err(SnapshotError::new(SnapshotErrorKind::NotInMemory, &path)),
            Store::Memory(cache) => {
                let (cache, to) = (Arc::clone(cache), path.clone());
                let work = spawn_blocking(move || work(&cache, &to)).await;
                let interrupted = || SnapshotError::new(SnapshotErrorKind::Interrupted, &path);
                work.unwrap_or_else(|_| Err(interrupted()))
            }
        };
        result.inspect_err(|error| {
            self.inner.events.tell(|| Event::SnapshotFailed(error.clone()));
        })
    }
}

/// Writes beside the file, and replaces it.
fn save(cache: &PolicyCache, path: &Path) -> io::Result<u64> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut beside = tempfile::Builder::new().prefix(&prefix).suffix(".tmp").tempfile_in(folder)?;
    let entries = write(cache, BufWriter::new(beside.as_file_mut()))?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    sync_folder(folder)?;
    Ok(entries)
}

fn write(cache: &PolicyCache, mut file: impl Write) -> io::Result<u64> {
    let mut entries = 0_u64;
    for (domain, entry) in cache.entries() {
        file.write_all(snapshot::to_line(&domain, &entry).as_bytes())?;
        file.write_all(b"\n")?;
        entries = entries.saturating_add(1);
    }
    file.flush()?;
    Ok(entries)
}

/// So that the new name outlives a power cut too.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn restore(inner: &Inner, cache: &PolicyCache, file: File) -> io::Result<Restored> {
    let mut file = BufReader::new(file);
    let mut restored = Restored::default();
    let mut number = 0_u64;
    while let Some(line) = next_line(&mut file)? {
        number = number.saturating_add(1);
        match line.as_deref().map(str::trim_ascii) {
            Ok("") => {}
            Ok(line) => match snapshot::from_line(line) {
                Ok((domain, entry)) => {
                    for evicted in cache.apply(&domain, &entry.into(), inner.now()) {
                        inner.events.tell(|| Event::Evicted(evicted));
                    }
                    restored.entries = restored.entries.saturating_add(1);
                }
                Err(error) => restored.note(number, Damage::Line(error)),
            },
            Err(damage) => restored.note(number, damage.clone()),
        }
    }
    Ok(restored)
}

/// The next line, with its end if it has one; of one that is too long nothing is kept.
fn next_line(file: &mut impl BufRead) -> io::Result<Option<Result<String, Damage>>> {
    let mut line = Vec::new();
    let mut is_too_long = false;
    let mut is_end = true;
    loop {
        let read = match file.fill_buf() {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if read.is_empty() {
            break;
        }
        is_end = false;
        let taken = read.split_inclusive(|octet| *octet == b'\n').next().unwrap_or(read);
        is_too_long |= line.len().saturating_add(taken.len()) > MAX_LINE_LEN.saturating_add(2);
        if is_too_long {
            line = Vec::new();
        } else {
            line.extend_from_slice(taken);
        }
        let (len, is_line) = (taken.len(), taken.ends_with(b"\n"));
        file.consume(len);
        if is_line {
            break;
        }
    }
    if is_end {
        return Ok(None);
    }
    if is_too_long {
        return Ok(Some(Err(Damage::TooLong)));
    }
    Ok(Some(String::from_utf8(line).map_err(|_| Damage::NotUtf8)))
}

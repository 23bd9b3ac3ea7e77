//! What can go wrong with a snapshot as a whole.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use std::io;
use std::path::Path;

use crate::client::event::shown;

/// Why a snapshot was not saved or not restored.
#[derive(Debug, Clone)]
pub struct SnapshotError {
    kind: SnapshotErrorKind,
    path: Box<Path>,
    source: Option<Arc<io::Error>>,
}

impl SnapshotError {
    pub(super) fn new(kind: SnapshotErrorKind, path: &Path) -> Self {
        Self { kind, path: path.into(), source: None }
    }

    pub(super) fn io(kind: SnapshotErrorKind, path: &Path, error: io::Error) -> Self {
        Self { source: Some(Arc::new(error)), ..Self::new(kind, path) }
    }

    /// What has happened.
    #[must_use]
    pub const fn kind(&self) -> SnapshotErrorKind {
        self.kind
    }

    /// The file.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "snapshot {} {}", shown(&self.path), self.kind)
    }
}

impl Error for SnapshotError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source: &(dyn Error + 'static) = self.source.as_deref()?;
        Some(source)
    }
}

/// What has happened to a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotErrorKind {
    /// The client has a store outside.
    #[error("is not for a client with a store outside")]
    NotInMemory,
    /// There is no such file.
    #[error("not found")]
    NotFound,
    /// The file could not be read.
    #[error("not read")]
    NotRead,
    /// The file could not be written, or not brought to the disk; the one there is whole.
    #[error("not written")]
    NotWritten,
    /// The runtime has shut down.
    #[error("interrupted")]
    Interrupted,
}

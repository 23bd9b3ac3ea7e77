//! Parts of an entry that can be joined in any order, and twice.

use core::cmp::Ordering;

/// A part of an entry of which the latest version counts. What can still change
/// within a version only goes down.
pub(super) trait Register: Clone {
    /// Compares all of both but what `lower` lowers.
    fn version(&self, other: &Self) -> Ordering;

    /// Takes the lower of what both say of the same version.
    fn lower(&mut self, other: &Self);
}

/// The least upper bound: commutative, associative and idempotent, because versions
/// are in a total order, and so is what is lowered.
pub(super) fn join<R: Register>(ours: &mut Option<R>, theirs: Option<&R>) {
    let Some(theirs) = theirs else { return };
    match ours {
        None => *ours = Some(theirs.clone()),
        Some(ours) => match theirs.version(ours) {
            Ordering::Greater => *ours = theirs.clone(),
            Ordering::Equal => ours.lower(theirs),
            Ordering::Less => {}
        },
    }
}

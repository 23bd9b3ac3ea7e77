//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    // In cells of the thread, counting costs next to nothing; an atomic would make
    // each allocation slower, to the advantage of those who make few.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static OCTETS: Cell<usize> = const { Cell::new(0) };
}

/// The allocations and reallocations of one operation.
pub fn allocations<T>(operation: &mut impl FnMut() -> T) -> u64 {
    let before = ALLOCATIONS.get();
    black_box(&operation());
    ALLOCATIONS.get() - before
}

/// The octets that this thread has asked for and not given back.
#[must_use]
pub fn octets() -> usize {
    OCTETS.get()
}

/// The system's allocator, with the calls counted that give memory, and the octets
/// that are asked for and given back.
#[derive(Debug)]
pub struct Counting;

fn count(given: usize, taken: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + u64::from(given > 0));
    OCTETS.set(OCTETS.get().wrapping_add(given).wrapping_sub(taken));
}

// SAFETY: each call is handed on to the system's allocator as it is; the counters
// neither allocate nor need to be dropped.
#[expect(
    unsafe_code,
    reason = "GlobalAlloc is an unsafe trait, and there is no other way to count"
)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size, layout.size());
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(memory, layout, new_size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

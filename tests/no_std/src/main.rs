//! `cargo check` of this binary fails with E0152 ("duplicate lang item") if
//! anything that mta-sts needs links the standard library.

#![no_std]
#![no_main]

extern crate alloc;

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;
use core::ptr::null_mut;

use mta_sts::Reading;
use mta_sts::sts::{Policy, StsRecord};

struct NoMemory;

// SAFETY: it never returns memory.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Parses without std.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    let record = StsRecord::parse("v=STSv1; id=1").is_ok();
    let policy = Policy::parse("version: STSv1", Reading::Strict).is_ok();
    i32::from(record && policy)
}

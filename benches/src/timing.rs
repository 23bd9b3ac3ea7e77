//! How `peers` and `memory` take time.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// The turns of each side.
pub const ROUNDS: usize = 31;

/// How long a turn lasts at least: long against the clock's resolution, short
/// against what disturbs a machine.
pub const TURN: Duration = Duration::from_millis(2);

/// How many operations make a turn.
pub fn calibrate<T>(operation: &mut impl FnMut() -> T) -> u32 {
    let mut times = 1;
    while elapsed(operation, times) < TURN {
        times *= 2;
    }
    times
}

/// The nanoseconds of one operation, out of `times`.
pub fn nanos<T>(operation: &mut impl FnMut() -> T, times: u32) -> f64 {
    elapsed(operation, times).as_secs_f64() * 1e9 / f64::from(times)
}

fn elapsed<T>(operation: &mut impl FnMut() -> T, times: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        let made = operation();
        // By reference: moving a value is no part of making it.
        black_box(&made);
    }
    start.elapsed()
}

/// The median; of an even number, the greater of the two.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

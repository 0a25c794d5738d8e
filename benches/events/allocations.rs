//! How many allocations one event of each kind needs, and how long its line is. A program of its own, because counting them
//! takes time.

use std::alloc::System;
use std::io::Write;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

mod work;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    work::each_kind(|name, way| {
        const TIMES: usize = 1_000;
        let mut lines = Vec::with_capacity(8192);
        way(&mut lines);
        let region = Region::new(ALLOCATOR);
        (0..TIMES).for_each(|_| way(&mut lines));
        let change = region.change();
        let each = (change.allocations + change.reallocations) / TIMES;
        let length = lines.len();
        _ = writeln!(std::io::stdout(), "{name}: {each} allocations, a line of {length} bytes");
    });
}

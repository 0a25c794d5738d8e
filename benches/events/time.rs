//! How long one event of each kind takes, with the allocator of the program.

use std::alloc::System;
use std::hint::black_box;

use cap::Cap;
use criterion::Criterion;

mod work;

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    work::each_kind(|name, way| {
        let mut lines = Vec::with_capacity(8192);
        way(&mut lines);
        assert!(!lines.is_empty(), "{name} is stored");
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                way(&mut lines);
                black_box(lines.len())
            });
        });
    });
    criterion.final_summary();
}

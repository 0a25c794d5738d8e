//! UptimeMonitor: logs how long the program has been running and how much memory it uses.
//!
//! - receives: [`Drain`]
//! - sends: [`OwnMemory`] to every destination
//! - reports: nothing
//! - on restart: goes on counting iterations

mod settings;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle, Supervised};
use chrono::{DateTime, Utc};

use crate::domain::grouped::grouped;
use crate::domain::telemetry::OwnMemory;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::fanout::Fanout;
use crate::runtime::rhythm::on_schedule;

pub use settings::{ToNewRelic, UptimeKeys, UptimeSettings};

/// Reads the heap: bytes in use and their high-water mark.
pub type ReadHeap = fn() -> (u64, u64);

/// See the module.
pub struct UptimeMonitor {
    work: Rc<Work>,
    watching: Option<SpawnHandle>,
}

struct Work {
    settings: UptimeSettings,
    clock: Clock,
    started: DateTime<Utc>,
    /// The same on the clock's time that nobody can set.
    began: Duration,
    read_heap: ReadHeap,
    memory: Fanout<OwnMemory>,
    iteration: Cell<u64>,
}

impl UptimeMonitor {
    /// A monitor of a program that starts now.
    pub fn new(
        settings: UptimeSettings,
        clock: Clock,
        read_heap: ReadHeap,
        memory: Fanout<OwnMemory>,
    ) -> Self {
        let (started, began) = (clock.now(), clock.passed());
        let iteration = Cell::new(0);
        let work = Work { settings, clock, started, began, read_heap, memory, iteration };
        Self { work: Rc::new(work), watching: None }
    }
}

impl Work {
    fn tick(&self) {
        let iteration = self.iteration.get() + 1;
        self.iteration.set(iteration);
        let (heap_used, heap_total) = (self.read_heap)();
        let resident = memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64);
        let memory = OwnMemory {
            uptime: self.clock.passed().saturating_sub(self.began),
            heap_used,
            heap_total,
            external: 0,
            process_memory: resident,
        };
        self.settings.level.log(format_args!("--------------------------------"));
        self.settings.level.log(format_args!("{}", line(iteration, &memory)));
        self.memory.send(&memory);
    }
}

/// The line of section 11 of the page on operations.
fn line(iteration: u64, memory: &OwnMemory) -> String {
    let seconds = memory.uptime.as_secs();
    let days = seconds / 86_400;
    // A year has 365 days and twelve months here, a month 30 days.
    let months = days / 365 * 12 + days % 365 / 30;
    let days = days % 365 % 30;
    format!(
        "Iteration # {}, Uptime: {months} months, {days} days, {} hours, {} minutes, {} seconds, \
         Heap used {} MB of total heap {} MB. External (off-heap): {} MB. Memory allocated to \
         process: {} MB.",
        grouped(iteration),
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        OwnMemory::mib(memory.heap_used),
        OwnMemory::mib(memory.heap_total),
        OwnMemory::mib(memory.external),
        OwnMemory::mib(memory.process_memory),
    )
}

impl Actor for UptimeMonitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Rc::clone(&self.work);
        let ticks = async move {
            let tick = async || work.tick();
            on_schedule(&work.settings.schedule, &work.clock, work.started, tick).await;
        };
        self.watching = Some(ctx.spawn(wrap_future(ticks)));
    }
}

impl Supervised for UptimeMonitor {}

impl Handler<Drain> for UptimeMonitor {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        if let Some(watching) = self.watching.take() {
            ctx.cancel_future(watching);
        }
    }
}

#[cfg(test)]
mod tests;

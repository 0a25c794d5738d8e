//! UptimeMonitor: logs how long the program has been running and how much memory it uses.
//!
//! - receives: [`Drain`]
//! - sends: [`OwnMemory`] to every destination
//! - reports: nothing
//! - on restart: goes on counting iterations

mod settings;

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle, Supervised};
use chrono::{DateTime, Utc};

use crate::domain::telemetry::OwnMemory;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::fanout::Fanout;

pub use settings::{ToNewRelic, UptimeConfig, UptimeSettings};

/// Reads the heap: bytes in use and their high-water mark.
pub type ReadHeap = fn() -> (u64, u64);

/// See the module.
pub struct UptimeMonitor {
    settings: UptimeSettings,
    clock: Clock,
    started: DateTime<Utc>,
    read_heap: ReadHeap,
    memory: Fanout<OwnMemory>,
    iteration: u64,
    timer: Option<SpawnHandle>,
}

impl UptimeMonitor {
    /// A monitor of a program that starts now.
    pub fn new(
        settings: UptimeSettings,
        clock: Clock,
        read_heap: ReadHeap,
        memory: Fanout<OwnMemory>,
    ) -> Self {
        let started = clock.now();
        Self { settings, clock, started, read_heap, memory, iteration: 0, timer: None }
    }

    fn schedule(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        let next = self.settings.schedule.next(now, self.started);
        let pause = (next - now).to_std().unwrap_or(Duration::from_secs(1));
        // Asleep for a minute at most, so that a clock that was set does not delay for long.
        let early = pause > LONGEST_SLEEP;
        let timer = ctx.run_later(pause.min(LONGEST_SLEEP), move |this, ctx| {
            if !early {
                this.tick();
            }
            this.schedule(ctx);
        });
        self.timer = Some(timer);
    }

    fn tick(&mut self) {
        self.iteration += 1;
        let (heap_used, heap_total) = (self.read_heap)();
        let resident = memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64);
        let memory = OwnMemory {
            uptime: (self.clock.now() - self.started).to_std().unwrap_or_default(),
            heap_used,
            heap_total,
            external: 0,
            process_memory: resident,
        };
        self.settings.level.log(format_args!("--------------------------------"));
        self.settings.level.log(format_args!("{}", line(self.iteration, &memory)));
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
        thousands(iteration),
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        OwnMemory::mib(memory.heap_used),
        OwnMemory::mib(memory.heap_total),
        OwnMemory::mib(memory.external),
        OwnMemory::mib(memory.process_memory),
    )
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const LONGEST_SLEEP: Duration = Duration::from_secs(60);

impl Actor for UptimeMonitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.schedule(ctx);
    }
}

impl Supervised for UptimeMonitor {}

impl Handler<Drain> for UptimeMonitor {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
    }
}

#[cfg(test)]
mod tests;

//! The messages that carry measurements from a source to every destination. A measurement knows
//! nothing of where it goes.

mod body;
mod events;
mod health;
mod own_memory;
mod sessions;

pub use events::{
    CountedEvents, EventBatch, EventStream, QueueMetrics, QueueReading, TakeCounts, UnderWay,
};
pub use health::{AppDocs, AppNames, DocList, EngineHealth, HealthMetrics};
pub use own_memory::OwnMemory;
pub use sessions::{ProxySession, ProxySessions};

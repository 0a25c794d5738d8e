//! uptime_monitor

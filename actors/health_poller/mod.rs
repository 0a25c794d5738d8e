//! health_poller

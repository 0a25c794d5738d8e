//! proxy_poller

#![doc = include_str!("README.md")]

pub mod config;
pub mod domain;
pub mod io;
pub mod runtime;

pub mod app_names_extractor;
pub mod certificate_watcher;
pub mod config_page;
pub mod error_history;
pub mod error_tracker;
pub mod event_counter;
pub mod health_endpoint;
pub mod health_poller;
pub mod heartbeat;
pub mod influx_error_sink;
pub mod influx_writer;
pub mod mqtt_error_sink;
pub mod mqtt_publisher;
pub mod new_relic_poster;
pub mod prometheus_endpoint;
pub mod proxy_poller;
pub mod udp_receiver;
pub mod uptime_monitor;

//! The whole program against real servers, real sockets and a simulated Qlik Sense site.

#![expect(clippy::unwrap_used, reason = "here a panic is the message")]

mod categories;
mod certificates;
mod check_config;
mod checked_values;
mod clock_set;
mod command_line;
mod common;
mod config_files;
mod config_page;
mod crash;
mod data_places;
mod demo;
mod documentation;
mod error_log;
mod errors_command;
mod event_burst;
mod events;
mod few_series;
mod fixtures;
#[cfg(unix)]
mod handed_sockets;
mod hostile_answers;
mod hostile_events;
mod hostile_files;
mod influx_v1;
mod influx_v2_v3;
mod influx_verdicts;
mod kept_connections;
mod misspelt_keys;
mod modules;
mod mqtt;
mod mqtt_facts;
mod mqtt_failures;
mod new_relic;
mod new_relic_service;
mod new_relic_tls;
mod old_files;
mod original_rows;
mod outbox_command;
mod plain_texts;
mod polling;
mod prometheus;
mod prometheus_page;
mod recovery;
mod schema_command;
mod secrets;
mod signals;
mod stop_and_restart;
mod tidy;
mod tls;
mod verbose;
mod web_attacks;

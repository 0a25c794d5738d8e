//! The events of the simulated site: user events and log events of every source, sent by UDP as
//! the appenders of Qlik Sense send them.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Local};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::app::App;

/// The configuration of the sockets: ports of the system's choice, everything on.
pub const SECTIONS: &str = "  qlikSenseEvents:
    eventCount:
      enable: true
  userEvents:
    enable: true
    udpServerConfig:
      serverHost: 127.0.0.1
      portUserActivityEvents: 0
  logEvents:
    udpServerConfig:
      serverHost: 127.0.0.1
      portLogEvents: 0
    source:
      engine:
        enable: true
      proxy:
        enable: true
      repository:
        enable: true
      scheduler:
        enable: true
      qixPerf:
        enable: true
    enginePerformanceMonitor:
      enable: true
      monitorFilter:
        allApps:
          enable: true
";

/// Between two events.
const PAUSE: Duration = Duration::from_millis(250);

/// How long the sockets have to be bound.
const BIND_PATIENCE: Duration = Duration::from_secs(5);

const APP: &str = "4d1c6f0e-2b7a-4c59-8e13-9a5f0b6c7d21";
const SESSION: &str = "b7e2a9c4-51d8-4f36-a0c7-3e8d9f1b2a60";

/// Which socket an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socket {
    /// User events.
    User,
    /// Log events.
    Log,
}

/// The event with this number: all kinds take turns, and now and then one is cut short.
pub fn event(number: usize, now: DateTime<Local>) -> (Socket, String) {
    let iso = now.format("%Y%m%dT%H%M%S%.3f%z");
    let local = now.format("%Y-%m-%d %H:%M:%S,%3f");
    let host = if number.is_multiple_of(2) { "sense1" } else { "sense2" };
    let row = number % 9_999 + 1;
    let head = |source: &str, level: &str, subsystem: &str| {
        format!("/{source}/;{row};{iso};{local};{level};{host};{subsystem};ACME\\qlikservice;")
    };
    match number % 8 {
        0 => (
            Socket::User,
            format!(
                "/qseow-proxy-session/;{host};Start session;ACME;anna;AppAccess;/app/{APP};Start \
                 session for user: 'ACME\\anna'; UserAgent: 'Mozilla/5.0 (X11; Linux x86_64) \
                 Firefox/128.0'"
            ),
        ),
        1 => (
            Socket::User,
            format!(
                "/qseow-proxy-connection/;{host};Open connection;ACME;anna;AppAccess;/app/{APP};\
                 connection Opened for session {SESSION}"
            ),
        ),
        2 => (
            Socket::Log,
            head("qseow-engine", "WARN", "System.Engine.Engine")
                + &format!(
                    "Memory is short; caches are emptied;{SESSION};ACME;anna;{iso};;14.173.4;\
                     {iso};;{SESSION};{APP}"
                ),
        ),
        3 => (
            Socket::Log,
            head("qseow-proxy", "WARN", "Security.Proxy.Communication")
                + "A client certificate has expired;;ACME;anna;Open connection;403;AppAccess;/hub/",
        ),
        4 => (
            Socket::Log,
            head("qseow-repository", "ERROR", "System.Repository.Core")
                + "The database is slow;Timeout;;;Synchronise;500;Repository;Not available",
        ),
        5 => (
            Socket::Log,
            head("qseow-scheduler", "ERROR", "System.Scheduler.Tasks")
                + &format!(
                    "A reload failed;Script error;;;ACME\\anna;Nightly;Sales;{SESSION};{APP};\
                     {SESSION}"
                ),
        ),
        6 => (
            Socket::Log,
            head("qseow-qix-perf", "INFO", "QixPerformance.Engine.Engine")
                + &format!(
                    "{SESSION};ACME;anna;{iso};{SESSION};{APP};{row};GenericObject::GetLayout;\
                     12.5;11.2;0;0.4;0.9;7;chart1;20480;65536;barchart"
                ),
        ),
        // What a firewall or a mistake in an appender leaves of an event.
        _ if number % 32 == 7 => (Socket::User, format!("/qseow-proxy-session/;{host};Start")),
        _ if number % 32 == 15 => (Socket::Log, format!("/qseow-engine/;{row};{iso}")),
        _ => (
            Socket::User,
            format!(
                "/qseow-proxy-session/;{host};Stop session;ACME;anna;;/hub/;Stop session for \
                 user: 'ACME\\anna'"
            ),
        ),
    }
}

/// Where events are received, as soon as both sockets are bound.
pub(super) async fn addresses(app: &App) -> [Option<SocketAddr>; 2] {
    let end = Instant::now() + BIND_PATIENCE;
    loop {
        let addresses = app.event_addresses().await;
        if addresses.iter().all(Option::is_some) || Instant::now() >= end {
            return addresses;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Sends events for ever to the sockets of user events and of log events.
pub(super) async fn play([user, log]: [Option<SocketAddr>; 2]) {
    let (Some(user), Some(log)) = (user, log) else {
        log::warn!("DEMO: The sockets for events could not be bound: no events are sent");
        return std::future::pending().await;
    };
    let socket = match UdpSocket::bind("127.0.0.1:0").await {
        Ok(socket) => socket,
        Err(error) => {
            log::warn!("DEMO: No events are sent: {error}");
            return std::future::pending().await;
        }
    };
    log::info!("DEMO: Events of every kind are sent to {user} and {log}; some are cut short");
    for number in 0.. {
        let (to, datagram) = event(number, Local::now());
        let to = if to == Socket::User { user } else { log };
        if let Err(error) = socket.send_to(datagram.as_bytes(), to).await {
            log::debug!("DEMO: An event could not be sent: {error}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use actors::domain::events::{LogDatagram, Source, UserDatagram};

    use super::*;

    #[test]
    fn every_kind_is_sent_whole_and_some_events_are_cut() {
        let now = Local::now();
        let (mut sources, mut users, mut cut) = (Vec::new(), 0, 0);
        for number in 0..32 {
            let (socket, text) = event(number, now);
            match socket {
                Socket::User => {
                    let kind = UserDatagram::kind_of(&text).unwrap();
                    match UserDatagram::read(kind, &text) {
                        Ok(_) => users += 1,
                        Err(_) => cut += 1,
                    }
                }
                Socket::Log => {
                    let source = LogDatagram::source_of(&text).unwrap();
                    match LogDatagram::read(source, &text) {
                        Ok(_) => sources.push(source),
                        Err(_) => cut += 1,
                    }
                }
            }
        }
        assert!(Source::ALL.iter().all(|source| sources.contains(source)), "{sources:?}");
        assert_eq!((users, cut), (10, 2));
    }
}

//! From the errors of the MQTT client to a [`Failure`]. Category and sentence come from the type of
//! the error; the word "mqtt" in the sentence is what the page's rules look for when there is no
//! better code.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rumqttc::{ConnectionError, StateError, TlsError};

use super::settings::{CONNECT_TIMEOUT, MqttSettings};
use crate::domain::errors::{ErrorCode, Failure, Stage};
use crate::io::cause::{self, Cause};

/// Why the connection to the broker of `settings` was not made, or broke.
pub(super) fn explain(error: &ConnectionError, settings: &MqttSettings) -> Failure {
    match error {
        ConnectionError::ConnectionRefused(code) => Failure::Local {
            code: None,
            message: format!("the mqtt broker refused the login: {code:?}").into(),
        },
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => silence(CONNECT_TIMEOUT),
        ConnectionError::MqttState(StateError::AwaitPingResp) => silence(settings.keep_alive),
        ConnectionError::MqttState(StateError::ConnectionAborted) => disconnected(closed()),
        ConnectionError::Io(error)
        | ConnectionError::MqttState(
            StateError::Io(error)
            | StateError::Deserialization(rumqttc::mqttbytes::Error::Io(error)),
        )
        | ConnectionError::Tls(TlsError::Io(error)) => disconnected(of_io(error, settings)),
        ConnectionError::Tls(TlsError::TLS(error)) => disconnected(cause::of_tls(error)),
        _ => Failure::Local {
            code: None,
            message: "the server does not answer as an mqtt broker".into(),
        },
    }
}

/// The broker has said nothing for too long.
pub(super) fn silence(limit: Duration) -> Failure {
    let text = format!("timeout of {} s exceeded, waiting for the broker", limit.as_secs());
    disconnected((ErrorCode::TimedOut, Stage::Exchange, text))
}

fn disconnected((code, stage, message): Cause) -> Failure {
    Failure::Disconnected { code, stage, message: format!("mqtt broker: {message}").into() }
}

fn closed() -> Cause {
    cause::reset("the connection was closed by the broker")
}

fn of_io(error: &io::Error, settings: &MqttSettings) -> Cause {
    let number = error.raw_os_error();
    // What the library says when the other side has closed.
    if number.is_none() && error.kind() == io::ErrorKind::ConnectionAborted {
        return closed();
    }
    // The resolver's errors have no number on Unix, and these on Windows.
    let from_resolver = match number {
        None => error.to_string().contains("lookup address"),
        Some(number) => (11_001..=11_004).contains(&number),
    };
    if from_resolver {
        return cause::of_lookup(error);
    }
    let (code, stage, text) = cause::of_io(error);
    let dialled = matches!(
        code,
        ErrorCode::ConnectionRefused
            | ErrorCode::HostUnreachable
            | ErrorCode::NetworkUnreachable
            | ErrorCode::AddressNotAvailable
    );
    // Which of a name's addresses was dialled the library does not tell.
    let broker = settings.broker.as_str().trim_matches(['[', ']']).parse::<IpAddr>();
    match broker {
        Ok(ip) if dialled => (code, Stage::Dial(SocketAddr::new(ip, settings.port)), text),
        _ => (code, stage, text),
    }
}

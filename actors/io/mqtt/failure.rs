//! From the errors of the MQTT client to a [`Failure`]. Category and sentence come from the type of
//! the error; the word "mqtt" in the sentence is what the page's rules look for when there is no
//! better code.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rumqttc::{ConnectionError, StateError, TlsError};

use super::settings::{CONNECT_TIMEOUT, MqttSettings};
use super::tls;
use crate::domain::errors::{ErrorCode, Failure, Stage, Transfer};
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
        ConnectionError::MqttState(StateError::ConnectionAborted) => disconnected(closed(settings)),
        ConnectionError::Io(error)
        | ConnectionError::MqttState(
            StateError::Io(error)
            | StateError::Deserialization(rumqttc::mqttbytes::Error::Io(error)),
        )
        | ConnectionError::Tls(TlsError::Io(error)) => disconnected(of_io(error, settings)),
        ConnectionError::Tls(TlsError::TLS(error)) => disconnected(of_tls(error, settings)),
        _ => Failure::Local {
            code: None,
            message: "the server does not answer as an mqtt broker".into(),
        },
    }
}

/// The broker has said nothing for too long.
pub(super) fn silence(limit: Duration) -> Failure {
    let text = format!("timeout of {} s exceeded, waiting for the broker", limit.as_secs());
    disconnected((ErrorCode::TimedOut, Stage::Waiting, text))
}

fn disconnected((code, stage, message): Cause) -> Failure {
    Failure::Disconnected { code, stage, message: format!("mqtt broker: {message}").into() }
}

fn closed(settings: &MqttSettings) -> Cause {
    let text = "the connection was closed by the broker";
    (ErrorCode::ConnectionReset, reading(settings), text.into())
}

fn of_tls(error: &rustls::Error, settings: &MqttSettings) -> Cause {
    let (code, text) = tls::explain(error);
    (code, reading(settings), text)
}

/// The address of the broker, where that is how it is given: which of a name's addresses was
/// dialled the library does not tell.
fn address(settings: &MqttSettings) -> Option<SocketAddr> {
    let ip = settings.broker.as_str().trim_matches(['[', ']']).parse::<IpAddr>().ok()?;
    Some(SocketAddr::new(ip, settings.port))
}

fn reading(settings: &MqttSettings) -> Stage {
    address(settings).map_or(Stage::Waiting, |address| Stage::Exchange(address, Transfer::Read))
}

fn of_io(error: &io::Error, settings: &MqttSettings) -> Cause {
    let number = error.raw_os_error();
    // What the library says when the other side has closed.
    if number.is_none() && error.kind() == io::ErrorKind::ConnectionAborted {
        return closed(settings);
    }
    let payload = error.get_ref().and_then(|payload| payload.downcast_ref::<rustls::Error>());
    if let Some(error) = payload {
        return of_tls(error, settings);
    }
    // The resolver's errors have no number on Unix, and these on Windows.
    let from_resolver = match number {
        None => error.to_string().contains("lookup address"),
        Some(number) => (11_001..=11_004).contains(&number),
    };
    if from_resolver {
        return cause::of_lookup(error);
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        let text = "the connection was closed during the handshake";
        return (ErrorCode::ConnectionReset, reading(settings), text.into());
    }
    let code = cause::io_code(error);
    let text = format!("the connection failed: {error}");
    let dialled = matches!(
        code,
        ErrorCode::ConnectionRefused
            | ErrorCode::TimedOut
            | ErrorCode::HostUnreachable
            | ErrorCode::NetworkUnreachable
            | ErrorCode::AddressNotAvailable
    );
    let stage = match address(settings) {
        Some(address) if dialled => Stage::Dial(address),
        _ => reading(settings),
    };
    (code, stage, text)
}

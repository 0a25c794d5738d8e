//! From the errors of the MQTT client to a [`Failure`]. Category and sentence come from the type of
//! the error, address and system call from where the operation was made; the word "mqtt" in the
//! sentence is what the page's rules look for when there is no better code.

use std::io;
use std::time::Duration;

use rumqttc::{ConnectionError, StateError, TlsError};

use super::settings::{CONNECT_TIMEOUT, MqttSettings};
use super::tls;
use crate::domain::errors::{ErrorCode, Failure, Stage};
use crate::io::failure_cause::{self, Cause};

/// Why the connection to the broker of `settings` was not made, or broke, at this stage.
pub(super) fn explain(error: &ConnectionError, settings: &MqttSettings, stage: Stage) -> Failure {
    match error {
        ConnectionError::ConnectionRefused(code) => {
            unnamed(stage, format!("the mqtt broker refused the login: {code:?}"))
        }
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => silence(CONNECT_TIMEOUT),
        ConnectionError::MqttState(StateError::AwaitPingResp) => silence(settings.keep_alive),
        ConnectionError::MqttState(StateError::ConnectionAborted) => disconnected(closed(stage)),
        // Only lookup and dial fail like this.
        ConnectionError::Io(error) => match stage {
            Stage::Lookup => disconnected(failure_cause::of_lookup(error)),
            _ => disconnected(of_io(error, stage)),
        },
        ConnectionError::MqttState(
            StateError::Io(error)
            | StateError::Deserialization(rumqttc::mqttbytes::Error::Io(error)),
        ) => disconnected(of_io(error, stage)),
        ConnectionError::Tls(TlsError::Io(error))
            if error.kind() == io::ErrorKind::UnexpectedEof =>
        {
            let text = "the connection was closed during the TLS handshake";
            disconnected((ErrorCode::ConnectionReset, stage, text.into()))
        }
        ConnectionError::Tls(TlsError::Io(error)) => disconnected(of_io(error, stage)),
        ConnectionError::Tls(TlsError::TLS(error)) => disconnected(of_tls(error, stage)),
        ConnectionError::Tls(TlsError::DNSName(_)) => {
            let name = settings.broker.as_str();
            unnamed(stage, format!("no certificate of an mqtt broker can be for the name {name:?}"))
        }
        _ => unnamed(stage, "the server does not answer as an mqtt broker".to_owned()),
    }
}

/// The broker has said nothing for too long.
pub(super) fn silence(limit: Duration) -> Failure {
    let text = format!("timeout of {} s exceeded, waiting for the broker", limit.as_secs());
    disconnected((ErrorCode::TimedOut, Stage::Waiting, text))
}

/// Whether the broker ended a connection that stood, or somebody between.
pub(super) fn is_closed_by_broker(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Disconnected {
            code: ErrorCode::ConnectionReset | ErrorCode::BrokenPipe | ErrorCode::ConnectionAborted,
            ..
        }
    )
}

/// No system call failed, and the protocol has no codes.
fn unnamed(stage: Stage, message: String) -> Failure {
    Failure::Disconnected { code: ErrorCode::Unnamed, stage, message: message.into() }
}

fn disconnected((code, stage, message): Cause) -> Failure {
    Failure::Disconnected { code, stage, message: format!("mqtt broker: {message}").into() }
}

fn closed(stage: Stage) -> Cause {
    (ErrorCode::ConnectionReset, stage, "the connection was closed by the broker".into())
}

fn of_tls(error: &rustls::Error, stage: Stage) -> Cause {
    let (code, text) = tls::explain(error);
    (code, stage, text)
}

fn of_io(error: &io::Error, stage: Stage) -> Cause {
    let payload = error.get_ref().and_then(|payload| payload.downcast_ref::<rustls::Error>());
    if let Some(error) = payload {
        return of_tls(error, stage);
    }
    // A TLS connection that ends without a farewell.
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return closed(stage);
    }
    (failure_cause::io_code(error), stage, format!("the connection failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::errors::{Category, Transfer};

    #[test]
    fn a_failure_tells_the_system_call_that_failed() {
        let settings = MqttSettings::for_tests(1883);
        let address = ([192, 0, 2, 7], 1883).into();
        let (dial, read) = (Stage::Dial(address), Stage::Exchange(address, Transfer::Read));
        let write = Stage::Exchange(address, Transfer::Write);
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        let broken = io::Error::from(io::ErrorKind::BrokenPipe);
        for (error, stage, category, code, syscall) in [
            // The system gave the dial up, or a connection that stood.
            (ConnectionError::Io(late()), dial, Category::Timeout, "ETIMEDOUT", "connect"),
            (StateError::Io(late()).into(), read, Category::Timeout, "ETIMEDOUT", "read"),
            (StateError::Io(broken).into(), write, Category::MqttError, "EPIPE", "write"),
            (StateError::InvalidState.into(), read, Category::MqttError, "", "read"),
        ] {
            let failure = explain(&error, &settings, stage);
            assert_eq!(failure.remote(), Some(address), "{error}");
            assert_eq!(failure.syscall(), Some(syscall), "{error}");
            assert_eq!(failure.code().map(ErrorCode::as_str), Some(code), "{error}");
            assert_eq!(failure.category(), category, "{error}");
        }
        // Our own limit is no system call that failed (decision E7).
        let ours = explain(&ConnectionError::NetworkTimeout, &settings, dial);
        assert_eq!((ours.remote(), ours.syscall()), (None, None));
    }
}

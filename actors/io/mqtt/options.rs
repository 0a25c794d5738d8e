//! From settings to the options of the client library.

use std::sync::Arc;

use rumqttc::{Broker, MqttOptions, TlsConfiguration, Transport};

use super::dial::Route;
use super::settings::MqttSettings;
use super::tls::client_config;

/// How to connect, noting on `route` how far that is. The error says why TLS cannot be set up.
pub(super) fn options(
    settings: &MqttSettings,
    max_packet: usize,
    route: &Route,
) -> Result<MqttOptions, String> {
    // Two programs with one id would end each other's connections for ever.
    let id = settings.client_id.clone().unwrap_or_else(made_up_id);
    let (host, port) = (settings.broker.as_str().to_owned(), settings.port);
    // The name that a certificate is verified against, and that a server is asked for.
    let mut options = MqttOptions::new(id, Broker::tcp(&*host, port));
    let keep_alive = u16::try_from(settings.keep_alive.as_secs()).unwrap_or(u16::MAX);
    options.set_keep_alive(keep_alive).set_max_packet_size(max_packet, max_packet);
    options.set_clean_session(true);
    let route = route.clone();
    options.set_socket_connector(move |_, _| route.clone().dial(host.clone(), port));
    if let Some((user, password)) = &settings.login {
        options.set_credentials(user, password.reveal().to_owned());
    }
    if let Some(tls) = &settings.tls {
        let config = Arc::new(client_config(tls)?);
        options.set_transport(Transport::Tls(TlsConfiguration::Rustls(config)));
    }
    Ok(options)
}

/// Letters and digits only, 23 at most, which every broker accepts (MQTT 3.1.1, section 3.1.3.1).
fn made_up_id() -> String {
    format!("butlersos{:08x}", fastrand::u32(..))
}

//! From settings to the options of the client library.

use std::path::Path;
use std::sync::Arc;

use rumqttc::{MqttOptions, TlsConfiguration, Transport};

use super::settings::MqttSettings;
use super::tls::trusting;

/// How to connect. The error says why TLS cannot be set up.
pub(super) fn options(settings: &MqttSettings, max_packet: usize) -> Result<MqttOptions, String> {
    // Two programs with one id would end each other's connections for ever.
    let id = settings.client_id.clone().unwrap_or_else(made_up_id);
    let host = settings.broker.as_str();
    let mut options = MqttOptions::new(id, host, settings.port);
    options.set_keep_alive(settings.keep_alive).set_max_packet_size(max_packet, max_packet);
    options.set_clean_session(true);
    if let Some((user, password)) = &settings.login {
        options.set_credentials(user, password.reveal());
    }
    if let Some(tls) = &settings.tls {
        let config = trusting(tls.ca_file.as_deref().map(Path::new))?;
        options.set_transport(Transport::Tls(TlsConfiguration::Rustls(Arc::new(config))));
    }
    Ok(options)
}

/// Letters and digits only, 23 at most, which every broker accepts (MQTT 3.1.1, section 3.1.3.1).
fn made_up_id() -> String {
    format!("butlersos{:08x}", fastrand::u32(..))
}

//! What the program says about itself when it starts (section 8 of the page on operations).

use std::path::Path;

use actors::domain::errors::DestinationHost;

use crate::config::Settings;
use crate::paths;

/// Says what the program is about to do.
pub(crate) fn introduce(settings: &Settings) {
    log::info!("MAIN: Starting Butler SOS {}", env!("CARGO_PKG_VERSION"));
    log::info!("MAIN: Log level: {}", settings.log_level);
    log::info!(
        "MAIN: Instance: {}, process {}",
        gethostname::gethostname().to_string_lossy(),
        std::process::id()
    );
    log::info!("MAIN: In a container: {}", if in_container() { "yes" } else { "no" });
    log::info!("MAIN: Operating system: {}", operating_system());
    if let Some(certificate) = &settings.sense.certificate {
        for (what, file) in [
            ("Client certificate", &certificate.cert),
            ("Key of the certificate", &certificate.key),
            ("Certificate authority", &certificate.ca),
        ] {
            log::info!("MAIN: {what}: {}", paths::absolute(file).display());
        }
    }
    let sense = &settings.sense;
    let virtual_proxies: usize = sense
        .targets
        .iter()
        .filter_map(|target| target.sessions.as_ref())
        .map(|sessions| sessions.virtual_proxies.len())
        .sum();
    log::info!(
        "MAIN: Qlik Sense servers: {}, health every {} s; virtual proxies: {virtual_proxies}",
        sense.targets.len(),
        sense.health_interval.as_secs_f64(),
    );
    match &settings.influx {
        Some(influx) => {
            log::info!("MAIN: Writing to InfluxDB {} at {}", influx.version(), influx.base_url);
        }
        None => log::info!("MAIN: InfluxDB is switched off"),
    }
    if let Some(mqtt) = &settings.mqtt {
        let tls = if mqtt.tls.is_some() { " over TLS" } else { "" };
        log::info!("MAIN: Publishing to the MQTT broker {}:{}{tls}", mqtt.broker, mqtt.port);
    }
    if let Some(relic) = &settings.new_relic {
        let to = |url: &str| DestinationHost::of_url(url).as_str().to_owned();
        if relic.metrics.is_some() || relic.uptime.is_some() {
            log::info!("MAIN: Posting metrics to New Relic at {}", to(&relic.metric.url));
        }
        if let Some(events) =
            relic.events.as_ref().filter(|on| on.user.is_some() || on.log.is_some())
        {
            log::info!("MAIN: Posting events to New Relic at {}", to(&events.to.url));
        }
    }
    if let Some(history) = settings.tracking.as_ref().and_then(|on| on.history.as_ref()) {
        log::info!("MAIN: Keeping the error history in {}", history.file.display());
    }
    if let Some(prometheus) = &settings.prometheus {
        log::info!(
            "MAIN: Prometheus may scrape Qlik Sense at {}, this program at {}",
            prometheus.sense,
            prometheus.own
        );
    }
    for (what, on) in [
        ("user events", settings.user_events.is_some()),
        ("log events", settings.log_events.is_some()),
    ] {
        log::info!("MAIN: Receiving {what}: {}", if on { "yes" } else { "no" });
    }
}

/// Container platforms leave one of these behind.
fn in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists())
        || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}

/// Name, processor and, on Linux, the release of the kernel.
fn operating_system() -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    match std::fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(release) => format!("{os}/{arch} {}", release.trim()),
        Err(_) => format!("{os}/{arch}"),
    }
}

//! The files in `config/` load.

use std::path::Path;

use actors::domain::errors::InfluxVersion;
use butler_sos::config;

fn load(name: &str) -> config::Settings {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loaded = config::load(&root.join("config").join(name), Path::new("/base")).unwrap();
    assert_eq!(loaded.problems, []);
    loaded.settings.unwrap()
}

#[test]
fn the_minimal_file_loads() {
    let settings = load("minimal.yaml");
    assert_eq!(settings.influx.unwrap().version(), InfluxVersion::V1);
    let target = &settings.sense.targets[0];
    assert_eq!(&*target.authority, "sense1.example.com:4747");
    assert!(settings.sense.certificate.is_some() && settings.sense.reject_unauthorized);
    assert!(settings.tracking.unwrap().log_summary);
}

#[test]
fn the_file_about_error_tracking_says_the_defaults() {
    let written = load("error_tracking.yaml").tracking.unwrap();
    let default = config::check("Butler-SOS: {}", "/x.yaml".into(), Path::new("/base")).unwrap();
    let default = default.settings.unwrap().tracking.unwrap();
    assert_eq!(written.log_summary, default.log_summary);
    assert_eq!(written.influx, default.influx);
    assert_eq!(written.history, default.history);
    assert_eq!(written.history.unwrap().file, Path::new("/base/data/errors.sqlite3"));
}

#[test]
fn anchors_merge_keys_and_unknown_sections_are_taken() {
    let text = "
defaults: &site { polled: true }
Butler-SOS:
  newRelic: { enable: true, event: [1, 2] }
  serversToMonitor:
    servers:
      - &first { host: a, serverName: one, serverDescription: x }
      - { <<: *first, serverName: two }
  cert: { clientCert: a, clientCertKey: b, clientCertCA: c, clientCertPassphrase: ~ }
";
    let loaded = config::check(text, "/x.yaml".into(), Path::new("/")).unwrap();
    let settings = loaded.settings.unwrap();
    let names = settings.sense.targets.iter().map(|target| target.server.name.to_string());
    assert_eq!(names.collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(&*settings.sense.targets[1].server.description, "x");
}

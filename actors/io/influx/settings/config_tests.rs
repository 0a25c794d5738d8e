//! How `influxdbConfig` is checked.

use std::time::Duration;

use super::*;
use crate::config::testing::{messages, section};

fn check(yaml: &str) -> (Option<InfluxSettings>, Vec<String>) {
    let (keys, problems) = section::<InfluxKeys>("Butler-SOS.influxdbConfig", yaml);
    (keys.check(Path::new("/etc")), messages(&problems))
}

#[test]
fn only_the_block_of_the_version_is_needed() {
    let (settings, problems) = check(
        "{enable: true, host: influx, version: 2, v1Config: , v2Config: {org: o, bucket: b, token: t}}",
    );
    assert!(problems.is_empty(), "{problems:?}");
    let settings = settings.unwrap();
    assert_eq!(settings.base_url, "http://influx:8086");
    assert_eq!(settings.timeout(), Duration::from_secs(10));
    let InfluxTarget::V2 { retention, .. } = settings.target else { panic!() };
    assert_eq!(retention, Some(Duration::from_secs(864_000)));
}

#[test]
fn every_mistake_of_the_section_is_told_at_once() {
    let (settings, problems) = check(
        "{enable: true, port: eighty, version: 2, maxBatchSize: 0, v2Config: {org: [], token: , bucket: b, retentionDuration: soon}}",
    );
    assert_eq!(settings, None);
    let at = "Butler-SOS.influxdbConfig";
    let why = "is missing; needed because influxdbConfig.enable is true";
    assert_eq!(
        problems,
        [
            format!("{at}.host: {why}"),
            format!("{at}.port: expected a port number 1-65535, found string \"eighty\""),
            format!("{at}.v2Config.org: expected a string, found a list"),
            format!("{at}.v2Config.token: {why} and version is 2"),
            format!(
                "{at}.v2Config.retentionDuration: expected a duration such as 10d, 1d12h or 0 \
                 for ever, found string \"soon\""
            ),
            format!("{at}.maxBatchSize: expected 1 to 10000, found number 0; 1000 is used"),
        ]
    );
}

#[test]
fn a_url_takes_the_place_of_host_and_port() {
    let (settings, problems) =
        check("{enable: true, url: 'https://influx/tsdb/', version: 1, v1Config: {dbName: d}}");
    assert_eq!(problems, Vec::<String>::new(), "no host is needed");
    let settings = settings.unwrap();
    assert_eq!(settings.base_url, "https://influx/tsdb");
    assert_eq!(settings.destination().as_str(), "https://influx");

    let (settings, problems) = check(
        "{enable: true, host: h, url: 'https://u:p@influx', version: 1, v1Config: {dbName: d}}",
    );
    assert_eq!(settings, None);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[1].contains("has a user or a password in it"), "{problems:?}");
}

#[test]
fn a_file_with_authorities_is_for_https_only_and_must_be_there() {
    let with = |url: &str, file: &str| {
        check(&format!(
            "{{enable: true, url: '{url}', caFile: '{file}', version: 1, v1Config: {{dbName: d}}}}"
        ))
    };
    let (settings, problems) = with("http://influx", "ca.pem");
    assert_eq!(settings.unwrap().ca_file, None);
    assert!(problems[0].contains("caFile: has no effect"), "{problems:?}");
    let (_, problems) = with("https://influx", "not-there.pem");
    let missing = Path::new("/etc").join("not-there.pem");
    let cure = format!("caFile: there is no file {}", missing.display());
    assert!(problems[0].contains(&cure), "{problems:?}");
    assert_eq!(with("https://influx", " ").0.unwrap().ca_file, None);
}

#[test]
fn an_ipv6_address_gets_its_brackets() {
    let (settings, _) = check("{enable: true, host: '::1', version: 1, v1Config: {dbName: d}}");
    assert_eq!(settings.unwrap().base_url, "http://[::1]:8086");
    let (settings, problems) =
        check("{enable: true, host: 'http://x', version: 1, v1Config: {dbName: d}}");
    assert!(settings.is_none());
    assert_eq!(problems.len(), 1);
}

//! The configuration page in a real browser.

use std::fs;
use std::path::Path;
use std::process::Command;

use test_support::{Program, get, run_to_end};

use crate::common::BINARY;

/// What the page consists of after its script has run, as a browser without a window sees it.
fn seen_by_a_browser(profile: &Path, url: &str) -> String {
    let output = Command::new("chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--no-first-run", "--disable-background-networking", "--virtual-time-budget=10000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(["--dump-dom", url])
        .output()
        .expect("chromium runs; on Debian: apt-get install chromium");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A configuration with a page on a port that was free a moment ago.
fn configure(folder: &Path, obfuscate: bool) -> (String, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let text = format!(
        "Butler-SOS:
  fileLogging: false
  errorTracking: {{ history: {{ enable: false }} }}
  configVisualisation: {{ enable: true, host: 127.0.0.1, port: {}, obfuscate: {obfuscate} }}
  influxdbConfig:
    enable: false
    host: influx.example.com
    v2Config: {{ org: '<b>my org</b>', token: planted-token }}
  mqttConfig: &broker {{ enable: false, brokerHost: broker.example.com }}
  userEvents:
    enable: false
    tags: [{{ name: '</script><script>document.title=\"broken\"</script>', value: 'ü 😀' }}]
",
        address.port()
    );
    let file = folder.join("config.yaml");
    fs::write(&file, text).unwrap();
    (file.display().to_string(), address.to_string())
}

#[test]
fn a_person_sees_the_masked_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let (file, address) = configure(folder.path(), true);
    let mut program = Program::start(BINARY, &["-c", &file]);
    program
        .line_with(&format!("info: CONFIG VIS: The configuration is shown at http://{address}/"));

    let page = seen_by_a_browser(&folder.path().join("one"), &format!("http://{address}/"));
    for text in [
        "<span class=\"key\">influxdbConfig</span>",
        "<span class=\"text\">**********</span>",
        "<span class=\"key\">fileLogging</span>: <span class=\"value\">false</span>",
        // Text of the file is never markup.
        "&lt;/script&gt;&lt;script&gt;document.title",
        "<title>Butler SOS configuration</title>",
        "ü 😀",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    assert!(!page.contains("planted"), "{page}");

    let url = format!("http://{address}/#brokerHost");
    let found = seen_by_a_browser(&folder.path().join("two"), &url);
    assert!(found.contains("1 found") && found.contains("class=\"leaf found\""), "{found}");

    assert!(!page.contains("influx.ex") && !page.contains("inf*"), "not even a beginning: {page}");
    let yaml = get(&address, "/config.yaml").unwrap().body;
    assert!(yaml.starts_with("Butler-SOS:") && !yaml.contains("planted"), "{yaml}");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}

#[test]
fn everything_is_shown_when_told_so_and_a_taken_port_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (file, address) = configure(folder.path(), false);
    let first = Program::start(BINARY, &["-c", &file]);
    first.line_with("CONFIG VIS: The configuration is shown at");
    let json = get(&address, "/config.json").unwrap().json();
    assert_eq!(json["influxdbConfig"]["v2Config"]["token"], "planted-token");
    let (code, out, _) = run_to_end(BINARY, &["-c", &file], folder.path());
    assert_eq!(code, Some(1));
    assert!(out.contains("Butler-SOS.configVisualisation.port: cannot listen on"), "{out}");
}

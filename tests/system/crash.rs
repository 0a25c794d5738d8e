//! A crash dump of the real program, forced by taking away what it needs to start its threads.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::BINARY;

/// Starts the program with more and more files that it may have open, until it gets so far that
/// an actor's thread is what cannot be made; the dump as JSON and as text, and the log.
pub(crate) fn crash(folder: &Path, config: &str) -> (Value, String, String) {
    let dumps = folder.join("dumps");
    let text = config.replace(
        "Butler-SOS:\n",
        &format!(
            "Butler-SOS:\n  crashFile: {{ crashFileDirectory: {:?} }}\n",
            dumps.display().to_string()
        ),
    );
    let file = folder.join("crash.yaml");
    fs::write(&file, text).unwrap();
    for files in 6..40 {
        let output = Command::new("sh")
            .args(["-c", "ulimit -n $0; exec timeout 60 \"$@\""])
            .args([files.to_string().as_str(), BINARY, "-c", &file.display().to_string()])
            .output()
            .unwrap();
        let find = |extension: &str| {
            let entries = fs::read_dir(&dumps).ok()?;
            let mut paths = entries.map(|entry| entry.unwrap().path());
            let found = paths.find(|path| path.extension().is_some_and(|e| e == extension))?;
            Some(fs::read_to_string(found).unwrap())
        };
        if let (Some(json), Some(text)) = (find("json"), find("txt")) {
            assert_eq!(output.status.code(), Some(1));
            let log = String::from_utf8(output.stdout).unwrap();
            // With too few files even names of functions cannot be looked up.
            if json.contains("App::start") {
                return (serde_json::from_str(&json).unwrap(), text, log);
            }
            fs::remove_dir_all(&dumps).unwrap();
        }
    }
    panic!("the program never crashed");
}

#[test]
fn a_crash_leaves_a_dump_with_the_calls_that_led_there() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        "Butler-SOS:\n  fileLogging: false\n  errorTracking: { history: { enable: false } }\n";
    let (json, text, log) = crash(folder.path(), config);
    assert_eq!(json["error"]["type"], "panic");
    assert_eq!(json["context"]["exitCode"], 1);
    assert_eq!(json["config"]["logLevel"], "info");
    for member in [
        "anonTelemetry",
        "systemInfoEnable",
        "userEventsEnable",
        "influxdbEnable",
        "influxdbVersion",
        "prometheusEnable",
        "mqttEnable",
        "auditEventsEnable",
        "fileLogging",
    ] {
        assert!(json["config"].get(member).is_some(), "{member}");
    }
    let stack = json["error"]["stack"].as_str().unwrap();
    assert!(stack.contains("butler_sos::app::App::start"), "{stack}");
    assert!(!stack.contains(env!("CARGO_MANIFEST_DIR")), "{stack}");
    assert!(text.contains("BUTLER SOS CRASH DUMP"));
    assert!(log.contains(" error: CRASH DUMP: Written to "), "{log}");
    assert!(log.contains(" error: MAIN: panicked at "), "{log}");
}

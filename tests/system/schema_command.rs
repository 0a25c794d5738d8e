//! `butler-sos schema`, and what an independent validator makes of the schema.

use std::fs;
use std::path::{Path, PathBuf};

use actors::config::{Severity, compose};
use serde_json::{Value, json};
use test_support::run_to_end;

use crate::common::BINARY;

fn schema() -> Value {
    serde_json::from_str(&printed(&["schema"])).unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = run_to_end(BINARY, arguments, Path::new("."));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    stdout
}

/// The files that come with the program, and those of every version of the original.
fn real_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["config", "tests/data/config"].map(|folder| fs::read_dir(root.join(folder)));
    let files = files.into_iter().flat_map(Result::unwrap).map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

/// Whether the program finds nothing in a file but what is of an older version.
fn is_as_it_should_be(file: &Path) -> bool {
    let Ok(loaded) = butler_sos::config::load(file, Path::new("/")) else { return false };
    loaded.problems.iter().all(|problem| {
        let of_old = ["old spelling", "not used any more", "as in version 9.1"];
        problem.severity == Severity::Note || of_old.iter().any(|of| problem.message.contains(of))
    })
}

/// What `jsonschema` of Python says of a document; nothing when it is valid.
fn objections(schema: &Path, document: &Value) -> String {
    let file = schema.with_extension("instance");
    fs::write(&file, document.to_string()).unwrap();
    let (file, schema) = (file.to_str().unwrap(), schema.to_str().unwrap());
    let arguments = ["-W", "ignore", "-m", "jsonschema", "-i", file, schema];
    let (_, stdout, stderr) = run_to_end("python3", &arguments, Path::new("."));
    stdout + &stderr
}

#[test]
fn another_implementation_takes_real_files_and_refuses_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("schema.json");
    fs::write(&path, schema().to_string()).unwrap();
    let files = real_files();
    let mut taken = 0;
    for file in files.iter().filter(|file| is_as_it_should_be(file)) {
        taken += 1;
        // With its merge keys applied, as an editor does before it looks.
        let document = compose(&fs::read_to_string(file).unwrap()).unwrap().to_json();
        assert_eq!(objections(&path, &document), "", "{}", file.display());
    }
    assert!(taken > 15, "{taken} of {}", files.len());
    for (mistake, word) in [
        (json!({}), "'Butler-SOS' is a required property"),
        (json!({ "Butler-SOS": { "infuxdbConfig": {} } }), "'infuxdbConfig' was unexpected"),
        (json!({ "Butler-SOS": { "logLevel": "loud" } }), "'loud' is not valid under any"),
        (json!({ "Butler-SOS": { "prometheus": { "port": 65_536 } } }), "greater than the maximum"),
        (json!({ "Butler-SOS": { "userEvents": { "tags": {} } } }), "is not of type 'array'"),
        (json!({ "Butler-SOS": { "uptimeMonitor": { "enable": 1 } } }), "is not of type 'boolean'"),
    ] {
        let said = objections(&path, &mistake);
        assert!(said.contains(word), "{mistake}: {said}");
    }
}

#[test]
fn every_key_has_its_sentence_and_secrets_are_marked() {
    let schema = schema();
    let keys = &schema["properties"]["Butler-SOS"]["properties"];
    let port = &keys["influxdbConfig"]["properties"]["port"];
    assert_eq!(port["default"], 8086);
    assert_eq!(port["description"], "Its port");
    let token = &keys["influxdbConfig"]["properties"]["v2Config"]["properties"]["token"];
    assert_eq!(token["writeOnly"], true);
    let old = &keys["influxdbConfig"]["properties"]["hostIP"];
    assert_eq!(old["deprecated"], true);
    assert_eq!(old["description"], "Old spelling of influxdbConfig.host");
}

#[test]
fn the_yaml_form_is_a_file_that_starts_and_markdown_is_what_the_page_has() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sense.yaml");
    fs::write(&file, printed(&["schema", "--format", "yaml"])).unwrap();
    let loaded = butler_sos::config::load(&file, folder.path()).unwrap();
    assert_eq!(loaded.problems, []);
    let text = printed(&["schema", "--format", "markdown"]);
    assert!(text.starts_with("## Top level\n\n| Key | Default | What |\n"), "{text}");
    assert!(text.contains("| `mqttConfig.brokerPort` | `1883` | Its port |"), "{text}");
}

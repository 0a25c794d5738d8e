//! A file about the end of a program that had to give up, for whoever has to find out why
//! (section 13 of the page on operations).

mod redact;
mod settings;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use actors::domain::errors::ErrorCounts;
use actors::io::private;
use chrono::{DateTime, Local, SecondsFormat};
use serde_json::{Map, Value, json};

pub use redact::redact;
pub use settings::{CrashFileKeys, CrashSettings};

/// What ended the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// `panic` or `fatal`.
    pub source: &'static str,
    /// What failed.
    pub message: String,
    /// Where in the program, and the calls that led there, if that is known.
    pub stack: Option<String>,
    /// What was counted that day.
    pub counts: Option<ErrorCounts>,
}

/// Dumps of this process so far.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Writes the files and logs where they are. `facts` are settings that may help, none of them
/// secret. A dump that cannot be written is one warning.
pub fn write(crash: &Crash, settings: &CrashSettings, facts: &Value) {
    let now = Local::now();
    let name = format!(
        "crash_dump_{}_{}_{}",
        now.format("%Y%m%d_%H%M%S_%3f"),
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed) + 1,
    );
    let report = report(crash, facts, now);
    let forms =
        [(settings.json, "json", format!("{report:#}\n")), (settings.text, "txt", text(&report))];
    for (_, extension, content) in forms.into_iter().filter(|(wanted, ..)| *wanted) {
        let path = settings.folder.join(format!("{name}.{extension}"));
        match write_file(&settings.folder, &path, &content) {
            Ok(()) => log::error!("CRASH DUMP: Written to {}", path.display()),
            Err(error) => log::warn!("CRASH DUMP: {} cannot be written: {error}", path.display()),
        }
    }
}

fn report(crash: &Crash, facts: &Value, now: DateTime<Local>) -> Value {
    let mut report = json!({
        "version": "1.0",
        "timestamp": now.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true),
        "app": { "name": "butler-sos", "version": env!("CARGO_PKG_VERSION") },
        "runtime": {
            "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
            "pid": std::process::id(),
        },
        "error": {
            "type": crash.source,
            "message": redact(&crash.message),
            "stack": crash.stack.as_deref().map(redact),
        },
        "context": { "exitCode": 1, "source": crash.source },
        "config": facts,
    });
    if let Some(counts) = &crash.counts {
        let details = serde_json::from_str(&counts.details().to_string()).unwrap_or(Value::Null);
        report["errorTracker"] = json!({ "total": counts.total(), "details": details });
    }
    report
}

/// The same facts for people: a heading for each part.
fn text(report: &Value) -> String {
    let rule = "=".repeat(72);
    let mut text = format!("{rule}\nBUTLER SOS CRASH DUMP\n");
    for (part, value) in report.as_object().unwrap_or(&Map::new()) {
        match value.as_object() {
            None => text.push_str(&format!("{part}: {}\n", plain(value))),
            Some(members) => {
                text.push_str(&format!("\n{}\n", part.to_uppercase()));
                for (name, value) in members {
                    text.push_str(&format!("  {name}: {}\n", plain(value)));
                }
            }
        }
    }
    text + &rule + "\n"
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Creates a file that only the owner can read, in a folder that only the owner can open.
fn write_file(folder: &Path, path: &Path, content: &str) -> io::Result<()> {
    private::make_folder(folder)?;
    let mut file = private::open(path, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use actors::domain::errors::ErrorType;

    use super::*;

    #[test]
    fn a_dump_is_written_once_in_each_form_and_holds_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            CrashSettings { folder: folder.path().join("dumps"), json: true, text: true };
        let mut counts = ErrorCounts::new("2026-05-03".parse().unwrap());
        counts.add(ErrorType::HealthApi, Some(&"sense1".into()));
        let crash = Crash {
            source: "panic",
            message: "token=s3cr3t-value in /home/me/x at https://me:pass@h/".to_owned(),
            stack: Some("src/app.rs:1:2".to_owned()),
            counts: Some(counts),
        };
        let facts = json!({ "logLevel": "info" });
        write(&crash, &settings, &facts);
        write(&crash, &settings, &facts);
        let mut names: Vec<PathBuf> =
            fs::read_dir(&settings.folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        assert_eq!(names.len(), 4);
        for name in &names {
            let content = fs::read_to_string(name).unwrap();
            assert!(!content.contains("s3cr3t") && !content.contains("pass@"), "{content}");
            assert!(!content.contains("/home/me"), "{content}");
            assert!(content.contains("sense1") && content.contains("src/app.rs:1:2"), "{content}");
        }
        let json = names.iter().find(|name| name.extension().unwrap() == "json").unwrap();
        let report: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
        assert_eq!(report["context"], json!({ "exitCode": 1, "source": "panic" }));
        assert_eq!(report["errorTracker"]["details"]["HEALTH_API"]["servers"]["sense1"], 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&settings.folder), mode(json)), (0o700, 0o600));
        }
    }
}

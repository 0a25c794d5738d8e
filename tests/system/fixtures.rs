//! Files of every version of the original start without an edit: for each in `tests/data/config`
//! the warnings and the values that count are written beside it, in a file that ends with
//! `.expected`.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use actors::config::Severity;
use butler_sos::config::{self, LoadedConfig, Settings};
use test_support::run_to_end;

use crate::common::BINARY;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config")
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

/// What is told, then the values.
fn effect(loaded: &LoadedConfig) -> String {
    let mut text = String::new();
    for problem in loaded.problems.iter().filter(|problem| problem.severity != Severity::Note) {
        writeln!(text, "{:?}: {problem}", problem.severity).unwrap();
    }
    match &loaded.settings {
        Some(settings) => values(settings, &mut text),
        None => text.push_str("does not start\n"),
    }
    text
}

fn values(settings: &Settings, text: &mut String) {
    let tracking = settings.tracking.as_ref();
    let uptime = settings.uptime.as_ref();
    let influx = settings.influx.as_ref();
    let sense = &settings.sense;
    let servers = sense.targets.iter().map(|target| {
        let sessions = target.sessions.as_ref().map(|s| format!("{:?}", s.virtual_proxies));
        format!(
            "{} {} {:?} {:?} {:?} {:?}",
            target.authority,
            target.server.name,
            target.server.description,
            target.server.tags,
            target.headers.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            sessions,
        )
    });
    let probes = [
        ("level", settings.log_level.as_str().to_owned()),
        ("log folder", format!("{:?}", settings.log_directory)),
        ("log summary", format!("{:?}", tracking.map(|on| on.log_summary))),
        (
            "measurement",
            format!("{:?}", tracking.and_then(|on| on.influx.as_ref()).map(|i| &i.measurement)),
        ),
        ("uptime", format!("{:?}", uptime.map(|up| (&up.schedule, up.level, &up.instance)))),
        ("influx", format!("{:?}", influx.map(|influx| &influx.base_url))),
        ("target", format!("{:?}", influx.map(|influx| &influx.target))),
        ("batch", format!("{:?}", influx.map(|influx| (influx.max_batch_size, influx.include)))),
        ("certificate", format!("{:?}", sense.certificate.as_ref().map(|files| &files.cert))),
        ("polling", format!("{:?} {}", sense.health_interval, sense.reject_unauthorized)),
        ("sessions", format!("{:?}", sense.sessions)),
        ("app names", format!("{:?}", sense.app_names)),
        ("servers", servers.collect::<Vec<_>>().join("; ")),
    ];
    for (name, value) in probes {
        writeln!(text, "{name} = {value}").unwrap();
    }
    if let Some(on) = &settings.prometheus {
        writeln!(text, "prometheus = {}, {}", on.sense, on.own).unwrap();
    }
    if let Some(relic) = &settings.new_relic {
        let known: Vec<&String> = relic.accounts.iter().map(|account| &account.name).collect();
        let (metrics, uptime) = (relic.metrics.as_ref(), relic.uptime.as_ref());
        let (metrics, uptime) = (metrics.map(|to| &to.accounts), uptime.map(|to| &to.accounts));
        let url = &relic.metric.url;
        writeln!(text, "new relic = {known:?}, {metrics:?}, {uptime:?}, {url}").unwrap();
    }
}

#[test]
fn files_of_every_version_have_their_effect() {
    let mut wrong = Vec::new();
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        let at_root = Path::new("/").join(file.file_name().unwrap());
        let loaded = config::check(&text, at_root, Path::new("/base")).unwrap();
        let found = effect(&loaded);
        let beside = file.with_extension("expected");
        if std::env::var_os("WRITE_EXPECTED").is_some() {
            fs::write(&beside, &found).unwrap();
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files().len() >= 22, "files were lost");
}

#[test]
fn the_program_accepts_each_of_them() {
    let here = tempfile::tempdir().unwrap();
    for file in files() {
        let name = file.display().to_string();
        let (code, out, _) = run_to_end(BINARY, &["-c", &name, "--check-config"], here.path());
        // The three certificate files do not exist, and somebody else may have the ports of these
        // files; nothing else may stand in the way.
        let all: Vec<&str> = out.lines().filter(|line| line.contains(" error: ")).collect();
        let mut errors = all.clone();
        errors.retain(|line| {
            !line.contains("Butler-SOS.cert: ") && !line.contains("cannot listen on ")
        });
        assert_eq!(errors, Vec::<&str>::new(), "{name}");
        assert_eq!(code, Some(i32::from(!all.is_empty())), "{name}: {out}");
    }
}

//! The command line and the configuration file as an administrator meets them.

use std::fs;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::{Program, run_to_end};

use crate::common::BINARY;

#[test]
fn help_and_version_are_answers_and_mistakes_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| run_to_end(BINARY, arguments, folder.path());
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for line in ["butler-sos demo", "butler-sos -c sense.yaml", "butler-sos errors --since"] {
        assert!(out.contains(line), "{out}");
    }
    let (code, out, _) = run(&["-V"]);
    assert_eq!((code, out.trim()), (Some(0), env!("CARGO_PKG_VERSION")), "as the original");
    for mistake in [&["--unknown"][..], &["-c"], &["word"], &["-c", "a.yaml", "-l", "loud"]] {
        let (code, out, err) = run(mistake);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{mistake:?}");
        assert!(err.starts_with("error:"), "{err}");
    }
    let (code, out, err) = run(&[]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let last = err.trim_end().lines().last().unwrap_or_default();
    assert!(last.starts_with("error: no configuration file given.") && err.contains("Usage:"));
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let missing = folder.path().join("no.yaml").display().to_string();
    for (path, expected) in [
        (missing.clone(), format!("Specified config file does not exist: {missing}")),
        (file("a.json", b"{}"), "Config file extension must be yaml or yml".to_owned()),
        (file("b.yaml", b"\xff\xfe\x00"), "is not UTF-8 text".to_owned()),
        (file("c.yaml", b"a: [1\nb: 2"), "c.yaml:2:2: ".to_owned()),
        (file("d.yaml", b"a: 1\na: 2"), "duplicate".to_owned()),
        (file("e.yaml", b""), "Butler-SOS: is missing".to_owned()),
    ] {
        let (code, out, err) = run_to_end(BINARY, &["-c", &path], folder.path());
        assert_eq!((code, err.as_str()), (Some(1), ""), "{path}: {out}");
        assert!(out.contains(&expected) && out.contains(" error: "), "{path}: {out}");
    }
}

#[test]
fn five_mistakes_are_five_lines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mistakes.yml");
    let text = "
Butler-SOS:
  logLevel: loud
  errorTracking:
    enable: perhaps
  influxdbConfig:
    enable: true
    host: influx
    port: eighty
    version: 4
  cert:
    clientCert: a.pem
    clientCertKey: b.pem
    clientCertCA: c.pem
  serversToMonitor:
    pollingInterval: soon
    servers:
      - host: sense1:4747
        serverName: sense1
";
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let (code, out, err) = run_to_end(BINARY, &["-c", &file], folder.path());
    assert_eq!((code, err.as_str()), (Some(1), ""));
    let lines: Vec<&str> = out
        .lines()
        .filter_map(|line| line.split_once("VERIFY CONFIG FILE ERROR: "))
        .map(|l| l.1)
        .collect();
    let expected = [
        "Butler-SOS.logLevel (line 3): expected one of error, warn, info, verbose, debug, silly, found string \"loud\"",
        "Butler-SOS.errorTracking.enable (line 5): expected true or false, found string \"perhaps\"",
        "Butler-SOS.influxdbConfig.port (line 9): expected a port number 1-65535, found string \"eighty\"",
        "Butler-SOS.influxdbConfig.version (line 10): expected one of 1, 2, 3, found number 4",
        "Butler-SOS.serversToMonitor.pollingInterval (line 16): expected a number of milliseconds, found string \"soon\"",
    ];
    assert_eq!(lines, expected, "{out}");
    let last = out.lines().last().unwrap();
    assert!(last.contains("error: CONFIG: 5 error(s), 0 warning(s) in "), "{last}");
    assert!(last.ends_with("mistakes.yml. Not starting."), "{last}");
}

#[test]
fn the_errors_command_explains_what_it_cannot_do() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| run_to_end(BINARY, arguments, folder.path());
    for (arguments, expected) in [
        (&["errors", "--file", "no.sqlite3"][..], "there is no error history at "),
        (&["errors", "--type", "HEALTH"], "Allowed are: HEALTH_API, PROXY_API, "),
        (&["errors", "--category", "slow"], "Allowed are: timeout, connection_refused, "),
        (&["errors", "--since", "yesterday"], "--since expects a time such as 90s"),
        (&["errors", "-c", "no.yaml"], "Specified config file does not exist"),
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(err.contains(expected), "{err}");
    }
    let foreign = folder.path().join("foreign.sqlite3");
    fs::write(&foreign, "this is a text file and no database at all").unwrap();
    let (code, _, err) = run(&["errors", "--file", "foreign.sqlite3"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("foreign.sqlite3 cannot be read"), "{err}");
}

#[test]
fn a_check_looks_at_certificates_too_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let file = folder.path().join("good.yaml");
    let good = of_site(&site, 1, &Choices::default());
    fs::write(&file, &good).unwrap();
    let file = file.display().to_string();
    let check = || run_to_end(BINARY, &["-c", &file, "--check-config"], folder.path());
    let (code, out, _) = check();
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("is correctly formatted"), "{out}");
    assert_eq!(site.requests(), []);

    fs::write(&site.client.key, "no key at all").unwrap();
    let (code, out, _) = check();
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("error: Butler-SOS.cert: "), "{out}");
    assert!(out.contains("clientCertKey") && out.contains("client_key.pem"), "{out}");
}

#[test]
fn mistakes_can_be_tolerated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mistakes.yaml");
    let text = "Butler-SOS:\n  fileLogging: false\n  influxdbConfig: { enable: true, port: x }\n";
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let mut program = Program::start(BINARY, &["-c", &file, "--skip-config-verification"]);
    program
        .line_with("warn: VERIFY CONFIG FILE WARNING: Butler-SOS.influxdbConfig.port (line 3): ");
    program.line_with("ERROR TRACKER: Scheduled next error counter reset");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}

#[test]
fn new_relic_lists_must_have_one_length() {
    let folder = tempfile::tempdir().unwrap();
    let lists = ["-c", "a.yaml", "--new-relic-account-name", "a", "b", "--new-relic-api-key", "k"];
    let (code, out, err) = run_to_end(BINARY, &lists, folder.path());
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(
        err.trim(),
        "Incorrect command line parameters: Number of New Relic account names/IDs/API keys must \
         match."
    );
}

#[test]
fn the_log_goes_to_a_file_for_today_too() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    site.set(Endpoint::Engine(0), Fault::Status(503, ""));
    let log = folder.path().join("logs");
    let history = folder.path().join("errors.sqlite3").display().to_string();
    let text = of_site(&site, 1, &Choices::default()).replace(
        "  fileLogging: false\n",
        &format!(
            "  fileLogging: true\n  logDirectory: {:?}\n  errorTracking:\n    history:\n      file: \
             {history:?}\n",
            log.display().to_string()
        ),
    );
    let file = folder.path().join("config.yaml");
    fs::write(&file, text).unwrap();
    let before = chrono::Local::now().date_naive();
    let mut program = Program::start(BINARY, &["-c", &file.display().to_string()]);
    program.line_with("ERROR TRACKER: Error counts today (UTC): Total=1,");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    let after = chrono::Local::now().date_naive();
    let name = |day: chrono::NaiveDate| log.join(format!("butler-sos.{day}.log"));
    let text = [before, after].iter().find_map(|day| fs::read_to_string(name(*day)).ok()).unwrap();
    let on_console = program.lines();
    let begin = on_console.iter().position(|line| line.contains("Logging to files in")).unwrap();
    if before == after {
        assert_eq!(text.lines().collect::<Vec<_>>(), on_console[begin..]);
    }
    for line in text.lines() {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(
            chrono::DateTime::parse_from_rfc3339(time).is_ok() && time.ends_with('Z'),
            "{line}"
        );
        let level = rest.split_once(": ").unwrap().0;
        assert!(["error", "warn", "info"].contains(&level), "{line}");
    }
}

#[test]
fn a_container_platform_can_ask_whether_it_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let write = |section: &str| {
        let history = "errorTracking: { history: { enable: false } }";
        let text = format!("Butler-SOS:\n  fileLogging: false\n  {history}\n  {section}\n");
        fs::write(&file, text).unwrap();
    };
    let file = file.display().to_string();
    let ask = || run_to_end(BINARY, &["-c", &file, "--health-check"], folder.path());
    write("dockerHealthCheck: { enable: false }");
    let (code, out, _) = ask();
    assert_eq!((code, out.starts_with("disabled")), (Some(2), true), "{out}");
    assert!(
        out.contains("dockerHealthCheck.enable is false in ") && out.contains("set it to true")
    );

    // A port that was free a moment ago; whoever takes it in between fails this test.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    write(&format!("dockerHealthCheck: {{ enable: true, port: {port} }}"));
    let (code, out, _) = run_to_end(BINARY, &["-c", &file], folder.path());
    assert_eq!(code, Some(1));
    assert!(out.contains("Butler-SOS.dockerHealthCheck.port: cannot listen on"), "{out}");
    drop(listener);
    let (code, _, err) = ask();
    assert_eq!(code, Some(1));
    assert!(err.starts_with("error: unhealthy: "), "{err}");

    let mut program = Program::start(BINARY, &["-c", &file]);
    program.line_with(&format!("info: MAIN: Started Docker healthcheck server on port {port}."));
    let (code, out, err) = ask();
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "healthy\n", ""));
    let ready = test_support::get(&format!("127.0.0.1:{port}"), "/health/ready").unwrap();
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (200, Some(true)));
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}

/// Starts the program with nothing to do but to tell its uptime, until it has told it twice.
fn idle(more: &str, arguments: &[&str]) -> (tempfile::TempDir, Program) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let history = "errorTracking: { history: { enable: false } }";
    let uptime = "uptimeMonitor: { frequency: every 1 seconds }";
    let text = format!("Butler-SOS:\n  fileLogging: false\n  {history}\n  {uptime}\n{more}");
    fs::write(&file, text).unwrap();
    let program =
        Program::start(BINARY, &[&["-c", &file.display().to_string()], arguments].concat());
    program.line_with(": Iteration # 2, Uptime: ");
    (folder, program)
}

#[test]
fn the_level_verbose_shows_verbose_lines_and_no_debug_lines() {
    let (_folder, mut program) = idle("", &["-l", "verbose"]);
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    let lines = program.lines();
    assert!(lines.iter().any(|line| line.contains(" verbose: Iteration # 2, Uptime: ")));
    assert!(lines.iter().all(|line| !line.contains(" debug: ")));
}

#[test]
fn the_level_silly_shows_the_masked_configuration_and_every_line_has_one_form() {
    let (_folder, mut program) = idle("  logLevel: error\n", &["-l", "silly"]);
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    let lines = program.lines();
    let shown = lines.iter().find(|line| line.contains(" silly: CONFIG: As it was read: {"));
    assert!(shown.is_some_and(|line| line.contains(r#""logLevel":"error""#)), "{lines:?}");
    let levels = ["error", "warn", "info", "verbose", "debug", "silly"];
    for line in &lines {
        // 2026-05-03T16:10:09.420Z info: message
        let (time, rest) = line.split_at(24);
        assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{line}");
        let (level, _) = rest[1..].split_once(": ").unwrap();
        assert!(rest.starts_with(' ') && time.ends_with('Z') && levels.contains(&level), "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn nobody_is_called_who_is_not_configured() {
    let (_folder, mut program) = idle("  anonTelemetry: true\n", &["-l", "verbose"]);
    let process = format!("/proc/{}", program.id());
    let mut sockets = Vec::new();
    for entry in fs::read_dir(format!("{process}/fd")).unwrap() {
        let target = fs::read_link(entry.unwrap().path()).unwrap_or_default();
        let target = target.display().to_string();
        sockets.extend(target.strip_prefix("socket:[").map(|end| end.replace(']', "")));
    }
    for protocol in ["tcp", "tcp6", "udp", "udp6"] {
        let table = fs::read_to_string(format!("{process}/net/{protocol}")).unwrap();
        for line in table.lines().skip(1) {
            let inode = line.split_whitespace().nth(9).unwrap().to_owned();
            assert!(!sockets.contains(&inode), "{protocol}: {line}");
        }
    }
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    program.line_with("anonTelemetry (line 5): is true, but this program never sends telemetry");
}

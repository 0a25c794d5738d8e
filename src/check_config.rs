//! `butler-sos --check-config`: a dry start. The file is read as at a start, certificates are
//! opened, listeners are bound and released, names of senders are looked up; nothing is started
//! and nobody is called.

mod listeners;
mod report;

use std::io::{self, Write};
use std::path::PathBuf;

use actors::config::{Problem, Severity};
use actors::io::quoted::keep_secret;
use actors::new_relic_poster::Account;
use actors::runtime::clock::Clock;
use actors::runtime::level::Level;

use self::report::Report;
use crate::cli::ReportFormat;
use crate::config::{self, LoadedConfig, Settings, Unreadable};
use crate::failed::Failed;
use crate::paths::Bases;
use crate::{logging, paths};

/// What the command line asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The configuration file.
    pub file: PathBuf,
    /// Where the files of the program lie.
    pub bases: Bases,
    /// Whether mistakes are warnings.
    pub tolerant: bool,
    /// New Relic accounts that replace those of the file, unless there are none.
    pub accounts: Vec<Account>,
    /// Logs to standard error; `None` logs nothing.
    pub level: Option<Level>,
    /// Whether warnings have an exit code of their own, 3.
    pub strict: bool,
    /// How to print.
    pub format: ReportFormat,
}

/// Checks a file and prints every problem to `out`, the verdict last.
///
/// # Errors
/// 1 where there is an error, 3 where there are only warnings and those count; or `out` cannot be
/// written.
pub fn run(request: &Request, out: &mut impl Write) -> Result<(), Failed> {
    // Standard output is for the report alone.
    let start = |level| logging::start_on(level, Box::new(io::stderr()), false);
    let _log = request.level.map(start).transpose()?;
    let shown = request.file.display().to_string();
    let file = paths::absolute(&request.file);
    let loaded = config::load_with(&file, request.bases.clone(), request.accounts.clone());
    let report = match loaded {
        Ok(loaded) if request.tolerant => checked(loaded.tolerant(), shown, request),
        Ok(loaded) => checked(loaded, shown, request),
        Err(Unreadable { at, reason, .. }) => Report::of_unreadable(shown, at, reason),
    };
    let written = match request.format {
        ReportFormat::Text => report.write_text(out),
        ReportFormat::Json => report.write_json(out),
    };
    written.map_err(|error| format!("error: the report cannot be written: {error}"))?;
    match (report.count(Severity::Error), report.count(Severity::Warning)) {
        (0, 0) => Ok(()),
        (0, _) if request.strict => Err(Failed::silently(WARNED)),
        (0, _) => Ok(()),
        _ => Err(Failed::silently(1)),
    }
}

/// The exit code of a file with warnings only, where they count.
const WARNED: u8 = 3;

/// What a start would meet.
fn checked(mut loaded: LoadedConfig, shown: String, request: &Request) -> Report {
    keep_secret(std::mem::take(&mut loaded.secrets));
    log::trace!("CONFIG: As it was read: {}", loaded.masked);
    let mut problems = std::mem::take(&mut loaded.problems);
    // What the configuration says is an error stops the start; what is found below is not all so.
    let mut starts = loaded.settings.is_some();
    if let Some(settings) = loaded.settings_or_tolerant() {
        starts &= listeners::check(settings, &mut problems);
        problems.extend(certificate_problems(settings));
        problems.extend(sender_problems(settings));
    }
    let file = paths::absolute(&request.file).display().to_string();
    let beside = config::not_read(&request.file, |name| std::env::var(name).ok());
    problems.extend(beside.into_iter().map(|message| warning(file.clone(), message)));
    loaded.source.locate(&mut problems);
    problems.sort_by_key(|problem| problem.line);
    Report::new(shown, &file, problems, &loaded.source, starts)
}

fn warning(path: String, message: String) -> Problem {
    Problem { severity: Severity::Warning, path, line: None, message }
}

/// Certificates that cannot be used keep the program from polling, not from starting; whoever asks
/// for a check wants to know.
fn certificate_problems(settings: &Settings) -> Vec<Problem> {
    let Some(files) = &settings.sense.certificate else { return Vec::new() };
    let messages = files.problems(Clock::system().now(), settings.sense.reject_unauthorized);
    let problem = |message| Problem {
        severity: Severity::Error,
        path: "Butler-SOS.cert".to_owned(),
        line: None,
        message,
    };
    messages.into_iter().map(problem).collect()
}

/// Senders that are allowed and that nobody knows, as the receivers look them up.
fn sender_problems(settings: &Settings) -> Vec<Problem> {
    let receivers = listeners::receivers(settings);
    let allowed = receivers.into_iter().filter_map(|(section, _, udp)| {
        Some((section, udp.allowed_sources.as_ref().filter(|hosts| !hosts.is_empty())?))
    });
    let unknown = allowed.map(|(section, hosts)| {
        let unknown = actix::System::new().block_on(actors::udp_receiver::unresolved(hosts));
        unknown.into_iter().map(move |host| {
            let path = format!("Butler-SOS.{section}.udpServerConfig.allowedSources");
            warning(
                path,
                format!(
                    "{host:?} is no IPv4 address and does not resolve to one: what it sends is \
                     refused until it does; check the name, or give the address"
                ),
            )
        })
    });
    unknown.flatten().collect()
}

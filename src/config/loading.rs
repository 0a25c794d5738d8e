//! From a file to settings, or to everything that is wrong with it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use actors::config::{
    Catalog, Mistake, Problem, Problems, SectionKeys as _, Severity, Tree, compose,
    configured_secrets, masked, modern, visit,
};
use actors::domain::secrets::Secrets;
use actors::new_relic_poster::Account;
use actors::runtime::level::Level;

use super::encoding::{self, Notice};
use super::lines::Lines;
use super::source::Source;
use super::{ConfigKeys, ROOT, Settings, quoting, unknown};
use crate::paths::{self, Bases};

/// A configuration file that was read: settings, and what was noticed.
#[derive(Debug)]
pub struct LoadedConfig {
    /// `None` when there is at least one error, unless mistakes are tolerated.
    pub settings: Option<Settings>,
    /// What is wrong or worth a note, in the order of the file.
    pub problems: Vec<Problem>,
    /// How much to log while telling the problems.
    pub log_level: Level,
    /// Lists that have a key but nothing below it.
    pub empty_lists: Vec<String>,
    /// What is below the root key, as JSON on one line, with everything masked that must not be
    /// shown.
    pub masked: String,
    /// Everything in it that must never be shown, the keys of replaced accounts included.
    pub secrets: Secrets,
    /// The text, for messages that quote it.
    pub source: Source,
    /// What the settings are when mistakes are tolerated; `None` when there are none.
    tolerant: Option<Settings>,
}

impl LoadedConfig {
    /// The same with every error turned into a warning: what is wrong has its default, and what
    /// is needed and missing is left out.
    #[must_use]
    pub fn tolerant(mut self) -> Self {
        for problem in &mut self.problems {
            if problem.severity == Severity::Error {
                problem.severity = Severity::Warning;
            }
        }
        self.settings = self.settings.or(self.tolerant.take());
        self
    }

    /// The settings, and where there is an error what they would be without it.
    pub fn settings_or_tolerant(&self) -> Option<&Settings> {
        self.settings.as_ref().or(self.tolerant.as_ref())
    }
}

/// Why there is no configuration to check at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The line for the log, with the name of the file.
    told: String,
    /// Line and column of a mistake in the text, from 1.
    pub at: Option<(usize, usize)>,
    /// The reason; with a place it does not name the file. No value of the file is in it.
    pub reason: String,
}

impl Unreadable {
    fn new(told: String) -> Self {
        Self { reason: told.clone(), at: None, told }
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.told)
    }
}

/// Reads and checks a configuration file. The places of files that the program writes follow from
/// `bases`.
///
/// # Errors
/// When the file cannot be read or is not YAML.
pub fn load(file: &Path, bases: impl Into<Bases>) -> Result<LoadedConfig, Unreadable> {
    load_with(file, bases, Vec::new())
}

/// As [`load`], with New Relic accounts that replace those of the file, unless there are none.
///
/// # Errors
/// When the file cannot be read or is not YAML.
pub fn load_with(
    file: &Path,
    bases: impl Into<Bases>,
    accounts: Vec<Account>,
) -> Result<LoadedConfig, Unreadable> {
    let file = paths::absolute(file);
    let yaml = file.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
    });
    if !yaml {
        return Err(Unreadable::new(format!(
            "Config file extension must be yaml or yml: {}",
            file.display()
        )));
    }
    let text = read(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => Unreadable::new(format!(
            "Config file {} is larger than {} MiB; that cannot be a configuration",
            file.display(),
            MAX_BYTES >> 20
        )),
        std::io::ErrorKind::NotFound => {
            Unreadable::new(format!("Specified config file does not exist: {}", file.display()))
        }
        _ => Unreadable::new(format!("Config file {} cannot be read: {error}", file.display())),
    })?;
    let (text, notice) = encoding::decode(text)
        .map_err(|message| Unreadable::new(format!("Config file {} {message}", file.display())))?;
    let path = file.display().to_string();
    let mut loaded = check_with(&text, file, &bases.into(), accounts)?;
    if let Some(Notice { line, message }) = notice {
        let problem = Problem { severity: Severity::Warning, path, line, message };
        loaded.problems.insert(0, problem);
    }
    Ok(loaded)
}

/// Ten thousand servers fit in; what is larger is some other file.
const MAX_BYTES: u64 = 4 << 20;

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    fs::File::open(file)?.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// Checks the text of a configuration file that lies at `file`.
///
/// # Errors
/// When the text is not YAML.
pub fn check(
    text: &str,
    file: PathBuf,
    bases: impl Into<Bases>,
) -> Result<LoadedConfig, Unreadable> {
    check_with(text, file, &bases.into(), Vec::new())
}

fn check_with(
    text: &str,
    file: PathBuf,
    bases: &Bases,
    accounts: Vec<Account>,
) -> Result<LoadedConfig, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let document = compose(text).map_err(|mistake| unreadable(&file, text, &mistake))?;
    let (catalog, problems) = (catalog(), Problems::default());
    let at = problems.at(ROOT);
    let others = || document.entries().map(|(_, name, _)| name).filter(|name| *name != ROOT);
    for key in others() {
        problems.at(key).warning(format!("is ignored; every setting is below {ROOT}"));
    }
    let written = document.get(ROOT).cloned();
    match &written {
        None => at.error("is missing; every setting is below this key"),
        Some(Tree::Null | Tree::Map(_)) => {}
        Some(other) => at.expected("a map of keys", other),
    }
    let written = written.unwrap_or_default();
    let visit = visit(catalog, &written, ROOT);
    let mistyped_secrets = unknown::report(&visit.sections, catalog, &written, &problems);
    let unknown = visit.sections.iter().flat_map(|section| {
        section.unknown.iter().map(move |key| format!("{}.{key}", section.path))
    });
    let unknown = others().map(str::to_owned).chain(unknown).collect();
    let tree = written.to_json();
    let masked = masked(catalog, ROOT, &tree, &mistyped_secrets);
    let mut secrets = configured_secrets(catalog, ROOT, &tree, &mistyped_secrets);
    for account in &accounts {
        secrets.add(account.key.reveal());
    }
    let keys = ConfigKeys::take(at.clone(), &modern(catalog, &written, &at));
    let settings = keys.check((&tree, &masked), file, bases, accounts);
    let log_level = settings.log_level;
    let failed = problems.count(Severity::Error) > 0;
    let (settings, tolerant) = if failed { (None, Some(settings)) } else { (Some(settings), None) };
    let lines = Lines::of(&document);
    report_swallowed(text, &lines, &problems);
    Ok(LoadedConfig {
        settings,
        problems: in_order(problems.take(), &lines),
        log_level,
        empty_lists: visit.empty_lists,
        masked: masked.to_string(),
        secrets,
        source: Source::new(text, lines, mistyped_secrets.into_iter().collect(), unknown),
        tolerant,
    })
}

/// A text that is not one YAML document, with what helps where something does. No value of the
/// file is in it.
fn unreadable(file: &Path, text: &str, mistake: &Mistake) -> Unreadable {
    let help = quoting::help(text, mistake).map(|help| format!("; {help}")).unwrap_or_default();
    let reason = format!("{}{help}", mistake.reason);
    let (line, column) = mistake.at;
    Unreadable {
        told: format!("VERIFY CONFIG FILE ERROR: {}:{line}:{column}: {reason}", file.display()),
        at: Some(mistake.at),
        reason,
    }
}

/// Warns about secrets that YAML took for something else.
fn report_swallowed(text: &str, lines: &Lines, problems: &Problems) {
    for (line, key, message) in quoting::swallowed(text) {
        if let Some(path) = lines.path_of(line, key) {
            problems.at(path).warning(message);
        }
    }
}

/// All that there is to say about every key of a configuration file, below `Butler-SOS`.
pub fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(ConfigKeys::definitions()));
    &CATALOG
}

/// Every key that a configuration file can have, as a dotted path, with `[]` for the items of
/// lists; older spellings last.
pub fn keys() -> Vec<String> {
    catalog().paths().iter().map(|path| format!("{ROOT}.{path}")).collect()
}

/// Problems with their lines, in the order of the file.
fn in_order(mut problems: Vec<Problem>, lines: &Lines) -> Vec<Problem> {
    for problem in &mut problems {
        problem.line = lines.line(&problem.path);
    }
    problems.sort_by_key(|problem| lines.nearest(&problem.path));
    problems
}

//! From a file to settings, or to everything that is wrong with it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use actors::domain::secrets::Secrets;
use actors::domain::yaml::{
    Problem, Problems, Severity, configured_secrets, known_keys, masked, traced,
};
use actors::new_relic_poster::Account;
use actors::runtime::level::Level;

use super::encoding::{self, Notice};
use super::lines::Lines;
use super::{Config, ROOT, Settings, unknown, yaml};
use crate::paths;

/// A configuration file that was read: settings, and what was noticed.
#[derive(Debug)]
pub struct Loaded {
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
    /// What the settings are when mistakes are tolerated; `None` when there are none.
    tolerant: Option<Settings>,
}

impl Loaded {
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
}

/// Why there is no configuration to check at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads and checks a configuration file. `base` is where relative paths of files begin that the
/// program writes.
///
/// # Errors
/// When the file cannot be read or is not YAML.
pub fn load(file: &Path, base: &Path) -> Result<Loaded, Unreadable> {
    load_with(file, base, Vec::new())
}

/// As [`load`], with New Relic accounts that replace those of the file, unless there are none.
///
/// # Errors
/// When the file cannot be read or is not YAML.
pub fn load_with(file: &Path, base: &Path, accounts: Vec<Account>) -> Result<Loaded, Unreadable> {
    let file = paths::absolute(file);
    let yaml = file.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
    });
    if !yaml {
        return Err(Unreadable(format!(
            "Config file extension must be yaml or yml: {}",
            file.display()
        )));
    }
    let text = read(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => Unreadable(format!(
            "Config file {} is larger than {} MiB; that cannot be a configuration",
            file.display(),
            MAX_BYTES >> 20
        )),
        std::io::ErrorKind::NotFound => {
            Unreadable(format!("Specified config file does not exist: {}", file.display()))
        }
        _ => Unreadable(format!("Config file {} cannot be read: {error}", file.display())),
    })?;
    let (text, notice) = encoding::decode(text)
        .map_err(|message| Unreadable(format!("Config file {} {message}", file.display())))?;
    let path = file.display().to_string();
    let mut loaded = check_with(&text, file, base, accounts)?;
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
pub fn check(text: &str, file: PathBuf, base: &Path) -> Result<Loaded, Unreadable> {
    check_with(text, file, base, Vec::new())
}

fn check_with(
    text: &str,
    file: PathBuf,
    base: &Path,
    accounts: Vec<Account>,
) -> Result<Loaded, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let (read, noticed) = traced(ROOT, || yaml::read(text));
    let read = read.map_err(|error| Unreadable(error.describe(&file, text)))?;
    let problems = Problems::default();
    let at = problems.reader(ROOT);
    for key in read.others() {
        problems.reader(key).warning(format!("is ignored; every setting is below {ROOT}"));
    }
    let config: Config = match &read.root {
        Some(root) => at.section(root),
        None => {
            at.error("is missing; every setting is below this key");
            Config::default()
        }
    };
    let has = |path: &str| read.has(path);
    let mistyped_secrets = unknown::tell(&noticed.sections, keys, has, &problems);
    let tree = read.below_root();
    let masked = masked(ROOT, &tree, &mistyped_secrets);
    let mut secrets = configured_secrets(ROOT, &tree, &mistyped_secrets);
    for account in &accounts {
        secrets.add(account.key.reveal());
    }
    let settings = config.check(&at, (&tree, &masked), file, base, accounts);
    let log_level = settings.log_level;
    let failed = problems.count(Severity::Error) > 0;
    let (settings, tolerant) = if failed { (None, Some(settings)) } else { (Some(settings), None) };
    tell_swallowed(text, &problems);
    let problems = in_order(problems.take(), text);
    Ok(Loaded {
        settings,
        problems,
        log_level,
        empty_lists: noticed.empty_lists,
        masked: masked.to_string(),
        secrets,
        tolerant,
    })
}

/// Warns about secrets that YAML took for something else.
fn tell_swallowed(text: &str, problems: &Problems) {
    let swallowed = yaml::swallowed(text);
    if swallowed.is_empty() {
        return;
    }
    let lines = Lines::of(text);
    for (line, key, said) in swallowed {
        if let Some(path) = lines.path_of(line, key) {
            problems.reader(path).warning(said);
        }
    }
}

/// Every key that a configuration file can have, as a dotted path, with `[]` for the items of
/// lists.
pub fn keys() -> Vec<String> {
    known_keys::<Config>(ROOT)
}

/// Problems with their lines, in the order of the file.
fn in_order(mut problems: Vec<Problem>, text: &str) -> Vec<Problem> {
    if !problems.is_empty() {
        let lines = Lines::of(text);
        for problem in &mut problems {
            problem.line = lines.line(&problem.path);
        }
        problems.sort_by_key(|problem| lines.nearest(&problem.path));
    }
    problems
}

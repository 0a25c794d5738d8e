//! The program with all that is around it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, Instant};

use actors::io::error_log::{ErrorReader, Filter, HistoryRow};
use actors::io::influx::encode_error;
use butler_sos::demo::site::Site;
use tempfile::TempDir;
use test_support::Program;

use crate::config::{self, Files};
use crate::database::{Database, Key, key_of};
use crate::producer::Producer;

/// What must happen has happened by then, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

/// One program, its servers, its files and its database over several rounds.
pub(crate) struct Campaign {
    binary: String,
    program: Option<Program>,
    pub(crate) database: Database,
    pub(crate) producer: Producer,
    pub(crate) files: Files,
    /// All errors that a history of this campaign was ever seen to know.
    pub(crate) known: BTreeSet<Key>,
    /// Of these, what was lost with damage that was reported.
    pub(crate) damaged: BTreeSet<Key>,
    /// Times in which errors were written to a file that had been deleted.
    pub(crate) nameless: Vec<RangeInclusive<i64>>,
    /// Lines of the programs that ended in this round.
    earlier_lines: Vec<String>,
    /// Lines of the program that runs from before this round.
    before: usize,
    /// How long faults last that have a duration.
    pub(crate) is_long: bool,
    _hanging: TcpListener,
    _site: Site,
    _folder: TempDir,
}

impl Campaign {
    pub(crate) fn start(binary: &str, is_long: bool, malformed: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = Site::start(1, folder.path()).expect("the site starts");
        let database = Database::start();
        // The system accepts for it, as long as it is there.
        let hanging = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = hanging.local_addr().expect("a bound socket has an address");
        let files = config::write(folder.path(), &site, database.port(), address);
        let mut campaign = Self {
            binary: binary.to_owned(),
            program: None,
            database,
            producer: Producer::start(malformed),
            files,
            known: BTreeSet::new(),
            damaged: BTreeSet::new(),
            nameless: Vec::new(),
            earlier_lines: Vec::new(),
            before: 0,
            is_long,
            _hanging: hanging,
            _site: site,
            _folder: folder,
        };
        campaign.launch().expect("the program starts");
        campaign
    }

    /// Starts the program, and waits until it listens.
    pub(crate) fn launch(&mut self) -> Result<(), String> {
        let program = self.begin(&self.files.config);
        self.program = Some(program);
        let line = self.line_with("LOG EVENT: Listening on ")?;
        let address = line.split("Listening on ").nth(1).and_then(|rest| rest.split('/').next());
        let address: Option<SocketAddr> = address.and_then(|address| address.parse().ok());
        self.producer.send_to(address.ok_or_else(|| format!("no address in {line}"))?);
        Ok(())
    }

    /// Starts a program with one of the configurations.
    pub(crate) fn begin(&self, config: &Path) -> Program {
        Program::start(&self.binary, &["-c", &config.display().to_string()])
    }

    pub(crate) fn program(&mut self) -> Result<&mut Program, String> {
        self.program.as_mut().ok_or_else(|| "the program does not run".to_owned())
    }

    /// Ends the program: with SIGKILL, else as a service manager does.
    pub(crate) fn end(&mut self, is_kill: bool) -> Result<(), String> {
        let mut program = self.program.take().ok_or("the program does not run")?;
        let before = std::mem::take(&mut self.before);
        if program.has_ended() {
            self.earlier_lines.extend(program.lines().split_off(before));
            return Err("the program had ended by itself".to_owned());
        }
        if is_kill {
            program.kill();
        } else {
            program.terminate();
            let code = program.wait();
            if code != Some(0) {
                self.earlier_lines.extend(program.lines().split_off(before));
                return Err(format!("exit code {code:?} after SIGTERM"));
            }
        }
        self.earlier_lines.extend(program.lines().split_off(before));
        Ok(())
    }

    /// What the history has, as lines. It must be there and readable, and have nothing twice.
    pub(crate) fn learn(&mut self) -> Result<BTreeMap<Key, String>, String> {
        let mut rows = BTreeMap::new();
        let mut count = 0;
        let reader = ErrorReader::open(&self.files.history);
        let each = |row: HistoryRow| {
            let mut line = Vec::new();
            encode_error(&row, "butler_sos_errors", None, &mut line);
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            count += 1;
            rows.extend(key_of(&line).map(|key| (key, line)));
        };
        reader
            .and_then(|reader| reader.for_each(&Filter::default(), None, each))
            .map_err(|error| format!("the history cannot be read: {error}"))?;
        if rows.len() != count {
            return Err(format!("rule 3: {count} rows of {} errors", rows.len()));
        }
        self.known.extend(rows.keys().cloned());
        Ok(rows)
    }

    /// Waits for a line that the program that runs says in this round.
    pub(crate) fn line_with(&mut self, text: &str) -> Result<String, String> {
        self.line_with_one_of(&[text])
    }

    pub(crate) fn line_with_one_of(&mut self, texts: &[&str]) -> Result<String, String> {
        wait(&format!("a line with {texts:?}"), || {
            let mut lines = self.program.as_ref().map(Program::lines).unwrap_or_default();
            lines
                .split_off(self.before)
                .into_iter()
                .find(|line| texts.iter().any(|text| line.contains(text)))
        })
    }

    /// Lines of this round.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = self.earlier_lines.clone();
        let now = self.program.as_ref().map(Program::lines);
        lines.extend(now.unwrap_or_default().split_off(self.before));
        lines
    }

    /// A round is over.
    pub(crate) fn forget_lines(&mut self) {
        self.earlier_lines.clear();
        self.before = self.program.as_ref().map_or(0, |program| program.lines().len());
    }

    /// The last of what the program said.
    pub(crate) fn print_log(&self) {
        let lines = self.lines();
        // Each failed poll has one.
        let told = lines.iter().filter(|line| !line.contains("HEALTH")).collect::<Vec<_>>();
        for line in &told[told.len().saturating_sub(60)..] {
            println!("  {line}");
        }
    }
}

/// Waits until `condition` gives a value.
pub(crate) fn wait<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> Result<T, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return Ok(value);
        }
        if Instant::now() > deadline {
            return Err(format!("waited in vain for {what}"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

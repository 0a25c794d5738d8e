//! The report of a check: `file:line: error: key: message`, the line of the file below, the verdict
//! last; or the same as one JSON object.

use std::collections::BTreeSet;
use std::io::{self, Write};

use actors::config::{Problem, Severity};
use serde_json::{Value, json};

use crate::config::Source;
use crate::logging::one_line;

/// What was found in a file.
pub(super) struct Report {
    /// The file as the command line names it.
    file: String,
    findings: Vec<Finding>,
    /// Whether the program would start with it.
    starts: bool,
}

struct Finding {
    severity: Severity,
    /// Line and column, from 1, where they are known.
    line: Option<usize>,
    column: Option<usize>,
    /// Dotted path; `None` where the file as a whole is meant.
    key: Option<String>,
    message: String,
    /// The line, without secrets.
    source: Option<String>,
}

/// Of the JSON object; it changes when a key changes its meaning.
const VERSION: u32 = 1;

impl Report {
    /// A report of these problems, in their order. Those whose path is `path`, the file, are about
    /// the file as a whole.
    pub(super) fn new(
        file: String,
        path: &str,
        problems: Vec<Problem>,
        source: &Source,
        starts: bool,
    ) -> Self {
        let lines: BTreeSet<usize> = problems.iter().filter_map(|problem| problem.line).collect();
        let mut excerpts = source.excerpts(&lines);
        let findings =
            problems.into_iter().map(|Problem { severity, path: key, line, message }| {
                // One line is quoted once, at its first problem.
                let source = line.and_then(|line| excerpts.remove(&line));
                let key = (key != path).then_some(key);
                Finding { severity, line, column: None, key, message, source }
            });
        Self { findings: findings.collect(), file, starts }
    }

    /// A file that is no configuration. No line of it is quoted: what is secret is not known.
    pub(super) fn of_unreadable(file: String, at: Option<(usize, usize)>, message: String) -> Self {
        let (line, column) = at.unzip();
        let (severity, key, source) = (Severity::Error, None, None);
        let finding = Finding { severity, line, column, key, message, source };
        Self { file, findings: vec![finding], starts: false }
    }

    pub(super) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The last line.
    fn summary(&self) -> String {
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let counts = format!("{}, {}", counted(errors, "error"), counted(warnings, "warning"));
        let verdict = match (self.starts, errors, warnings) {
            (false, ..) => "Not starting.".to_owned(),
            (true, 0, 0) => format!("Your config file at {} is correctly formatted", self.file),
            (true, 0, _) => {
                "The program would start, but not all of the file means what it says.".to_owned()
            }
            (true, ..) => {
                "The program would start, but not do all that the file asks for.".to_owned()
            }
        };
        format!("{counts}. {verdict}")
    }

    /// For people.
    pub(super) fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let file = one_line(&self.file);
        for finding in &self.findings {
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            let column = finding.column.map(|column| format!(":{column}")).unwrap_or_default();
            let key = finding.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
            let (word, told) =
                (word(finding.severity), one_line(format!("{key}{}", finding.message)));
            writeln!(out, "{file}{line}{column}: {word}: {told}")?;
            if let (Some(line), Some(source)) = (finding.line, &finding.source) {
                writeln!(out, "{line:>5} | {source}")?;
            }
        }
        if !self.findings.is_empty() {
            writeln!(out)?;
        }
        writeln!(out, "{}", one_line(self.summary()))?;
        out.flush()
    }

    /// For programs: one object.
    pub(super) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let problems: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "severity": word(finding.severity),
                    "line": finding.line,
                    "column": finding.column,
                    "key": finding.key,
                    "message": finding.message,
                    "source": finding.source,
                })
            })
            .collect();
        let report = json!({
            "version": VERSION,
            "file": self.file,
            "starts": self.starts,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "summary": self.summary(),
            "problems": problems,
        });
        writeln!(out, "{report:#}")?;
        out.flush()
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

//! What is wrong with a configuration file.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The program does not start.
    Error,
    /// The program starts and says what it does instead.
    Warning,
    /// Nothing is wrong, but it may not be what was meant.
    Note,
}

/// One thing that is wrong with the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Dotted path of the key, `Butler-SOS.influxdbConfig.port`.
    pub path: String,
    /// Line of the key in the file, from 1, where it is known.
    pub line: Option<usize>,
    /// What was expected, what was found, why it is needed.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} (line {line}): {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// All problems, in the order in which they were found.
#[derive(Debug, Default, Clone)]
pub struct Problems(Rc<RefCell<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    found: Vec<Problem>,
    /// Path and message: whoever asks twice is told once.
    known: HashSet<(String, String)>,
    /// What is to be told about an old spelling once somebody asks for the key, by its path now;
    /// and whether that is what is read.
    old: HashMap<String, (Problem, bool)>,
}

impl Problems {
    /// Adds one, unless it is known.
    pub(super) fn add(&self, problem: Problem) {
        let mut inner = self.0.borrow_mut();
        if inner.known.insert((problem.path.clone(), problem.message.clone())) {
            inner.found.push(problem);
        }
    }

    /// Keeps what is to be told about an old spelling once somebody asks for the key at `path`.
    /// `is_read` says whether its value is that of the key.
    pub(super) fn keep(&self, path: String, problem: Problem, is_read: bool) {
        self.0.borrow_mut().old.insert(path, (problem, is_read));
    }

    /// Whether there is an old spelling of the key at `path`, and whether its value is read.
    pub(super) fn old(&self, path: &str) -> Option<bool> {
        self.0.borrow().old.get(path).map(|(_, is_read)| *is_read)
    }

    /// Adds what was kept for `path`.
    pub(super) fn note_old_spelling(&self, path: &str) {
        let kept = self.0.borrow().old.get(path).map(|(problem, _)| problem.clone());
        kept.into_iter().for_each(|problem| self.add(problem));
    }

    /// What was found so far.
    pub fn take(&self) -> Vec<Problem> {
        std::mem::take(&mut self.0.borrow_mut().found)
    }

    /// How many problems of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.0.borrow().found.iter().filter(|problem| problem.severity == severity).count()
    }
}

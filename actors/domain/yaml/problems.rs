//! What is wrong with a configuration file.

use std::cell::RefCell;
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
pub struct Problems(Rc<RefCell<Vec<Problem>>>);

impl Problems {
    /// Adds one.
    pub(super) fn add(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// What was found so far.
    pub fn take(&self) -> Vec<Problem> {
        self.0.take()
    }

    /// How many problems of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.0.borrow().iter().filter(|problem| problem.severity == severity).count()
    }
}

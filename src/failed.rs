//! Why the program does not end with 0.

/// What `main` ends with instead of success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The exit code: 1 something is wrong with what was asked about, 2 the question has no answer
    /// here, 3 only warnings, where they were asked to count.
    pub code: u8,
    /// For standard error; empty where everything is said.
    pub message: String,
}

impl Failed {
    /// Ends with this code, after everything was said.
    pub fn silently(code: u8) -> Self {
        Self { code, message: String::new() }
    }
}

/// Most mistakes end with 1.
impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self { code: 1, message }
    }
}

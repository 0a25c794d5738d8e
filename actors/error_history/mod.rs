//! error_history

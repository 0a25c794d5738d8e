//! error_tracker

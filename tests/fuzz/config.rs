//! Any bytes as a configuration file: an answer, never a panic.

#![no_main]

use std::path::Path;

use butler_sos::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(loaded) = config::check(text, "/x.yaml".into(), Path::new("/base")) {
        for problem in &loaded.problems {
            assert!(!problem.to_string().contains('\0'), "{problem}");
        }
        assert!(loaded.settings.is_some() || !loaded.problems.is_empty());
    }
});

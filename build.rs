//! Looks for what compiling OpenSSL needs, and says so in one sentence before its build does in
//! many.

#![expect(clippy::print_stderr, reason = "that is where cargo takes a sentence from")]

use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-env-changed=PATH");
    let missing: Vec<&str> = ["perl", "make"].into_iter().filter(|name| !runs(name)).collect();
    if !missing.is_empty() {
        eprintln!(
            "To compile OpenSSL, which is part of this program, {} must be installed (on Debian: \
             sudo apt-get install {}).",
            missing.join(" and "),
            missing.join(" ")
        );
        std::process::exit(1);
    }
}

fn runs(name: &str) -> bool {
    let run = Command::new(name).arg("--version").stdout(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

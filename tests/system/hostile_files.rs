//! Configuration files that nobody means well with: a clear error or warning, and soon.

use std::fmt::Write;
use std::fs;

use test_support::run_to_end;

use crate::common::BINARY;

/// Lists of lists of one text by reference: ten to the power of `levels` texts when unfolded.
fn laughs(levels: usize, padding: usize) -> String {
    let mut text = format!("a0: &a0 [{}]\n", ["x"; 10].join(", "));
    for level in 1..levels {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{below}]").unwrap();
    }
    write!(text, "Butler-SOS: *a{}\n#{}\n", levels - 1, "x".repeat(padding)).unwrap();
    text
}

#[test]
fn hostile_files_are_refused_in_words() {
    let mut keys = "Butler-SOS:\n".to_owned();
    let mut million = keys.clone();
    for number in 0..1_000_000 {
        let line = format!("  k{number}: 1\n");
        if number < 200_000 {
            keys.push_str(&line);
        }
        million.push_str(&line);
    }
    let deep = "[".repeat(1 << 20);
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("laughs", laughs(9, 3 << 20).into_bytes(), "repetition limit exceeded"),
        ("laughs-10-mib", laughs(9, 10 << 20).into_bytes(), "is larger than 4 MiB"),
        ("million", million.into_bytes(), "is larger than 4 MiB"),
        (
            "keys",
            keys.into_bytes(),
            "keys.yaml:1: warning: Butler-SOS: has 199800 more unknown keys, ignored",
        ),
        ("recursive", b"Butler-SOS: &a\n  logLevel: *a\n".to_vec(), "recursive.yaml:2:13: error: "),
        ("deep", deep.into_bytes(), "is nested too deep to be a configuration"),
        ("latin", b"Butler-SOS:\n  logLevel: \xe9\n".to_vec(), "is not UTF-8 text"),
        (
            "nul",
            b"Butler-SOS:\n  logLevel: in\0fo\n".to_vec(),
            "control characters are not allowed",
        ),
        ("tab", b"Butler-SOS:\n\tlogLevel: info\n".to_vec(), "indent with spaces, not with tabs"),
    ];
    for (name, bytes, expected) in cases {
        let file = folder.path().join(format!("{name}.yaml"));
        fs::write(&file, bytes).unwrap();
        let file = file.display().to_string();
        let arguments = ["-c", &file, "--check-config"];
        let (code, out, err) = run_to_end(BINARY, &arguments, folder.path());
        let shown: String = out.chars().take(2_000).collect();
        assert!(out.contains(expected), "{name}: {shown}");
        assert_eq!((code, err.as_str()), (Some(i32::from(name != "keys")), ""), "{name}: {shown}");
        assert!(out.len() < 100_000, "{name} prints {} bytes", out.len());
    }
}

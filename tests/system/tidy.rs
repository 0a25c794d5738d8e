//! The rules of the tree, so that they hold without anybody remembering them.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders in `actors/` that are no actors.
const SHARED: [&str; 4] = ["config", "domain", "io", "runtime"];

const LONGEST_FILE: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder of the repository, with its text.
fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What fuzzing leaves behind is not ours.
                if !path.ends_with("fuzz/target") && !path.ends_with("fuzz/corpus") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

fn all() -> Vec<(PathBuf, String)> {
    ["src", "actors", "tests", "benches"].into_iter().flat_map(files).collect()
}

/// The code of a file before its inline tests, without comments.
fn program(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn is_test(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_string_lossy();
    path.starts_with("tests") || name == "tests" || name.ends_with("_tests")
}

fn actor_folders() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("actors"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !SHARED.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

#[test]
fn every_file_begins_with_its_purpose_and_is_short() {
    for (path, text) in all() {
        assert!(text.starts_with("//!") || text.starts_with("#![doc"), "{}", path.display());
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", path.display());
    }
}

#[test]
fn no_actor_knows_another() {
    for actor in actor_folders() {
        for (path, text) in files(&format!("actors/{actor}")) {
            for other in actor_folders().into_iter().filter(|other| *other != actor) {
                let named = text.contains(&format!("crate::{other}"));
                assert!(!named, "{} uses {other}", path.display());
            }
        }
    }
}

#[test]
fn the_domain_does_no_input_and_no_output() {
    for (path, text) in files("actors/domain") {
        for word in
            ["tokio", "awc", "rusqlite", "std::fs", "std::net::Tcp", "crate::io", "crate::runtime"]
        {
            assert!(!program(&text).contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn work_is_spawned_where_supervision_sees_it() {
    for (path, text) in files("actors") {
        // Supervision itself is the one place that spawns.
        if is_test(&path) || path.ends_with("runtime/supervise.rs") {
            continue;
        }
        for word in
            ["tokio::spawn", "actix::spawn", "actix_rt::spawn", "spawn_local", "Arbiter::current"]
        {
            assert!(!program(&text).contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn only_main_ends_the_process() {
    for (path, text) in files("src").into_iter().chain(files("actors")) {
        assert!(!text.contains("process::exit"), "{}", path.display());
        assert!(path.ends_with("src/main.rs") || !text.contains("ExitCode"), "{}", path.display());
    }
}

#[test]
fn every_actor_has_tests_and_a_row_in_the_table() {
    let table = fs::read_to_string(root().join("actors/README.md")).unwrap();
    let lib = fs::read_to_string(root().join("actors/lib.rs")).unwrap();
    for actor in actor_folders() {
        let folder = root().join("actors").join(&actor);
        assert!(folder.join("mod.rs").exists(), "{actor}");
        assert!(folder.join("tests.rs").exists(), "{actor} has no tests.rs");
        assert!(lib.contains(&format!("pub mod {actor};")), "{actor}");
        assert!(table.contains(&format!("`{actor}`")), "{actor} has no row in actors/README.md");
        let doc = fs::read_to_string(folder.join("mod.rs")).unwrap();
        for line in ["//! - receives:", "//! - sends:", "//! - reports:", "//! - on restart:"] {
            assert!(doc.contains(line), "{actor} does not say {line}");
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let reasons = fs::read_to_string(root().join("docs/decisions/0002-dependencies.md")).unwrap();
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let names = section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    for name in names.filter(|name| !name.starts_with('#')) {
        assert!(reasons.contains(&format!("`{name}`")), "{name} has no reason");
    }
}

/// What the page shows of the example is what the example is.
#[test]
fn the_page_about_adding_an_actor_shows_the_example_as_it_is() {
    let page = fs::read_to_string(root().join("docs/ADDING-AN-ACTOR.md")).unwrap();
    let mut shown = 0;
    for part in page.split("\n`examples/").skip(1) {
        let (path, rest) = part.split_once("`\n").unwrap();
        let code = rest.split("```rust,ignore\n").nth(1).unwrap().split("```").next().unwrap();
        let file = fs::read_to_string(root().join("examples").join(path)).unwrap();
        assert!(file.contains(code), "{path} has not: {code}");
        shown += 1;
    }
    assert_eq!(shown, 3);
}

/// A promise without a test is a wish.
#[test]
fn every_promise_of_the_architecture_has_its_test() {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let table = page.split("## What holds everywhere").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let sources: Vec<String> =
        ["actors", "src", "tests"].into_iter().flat_map(files).map(|it| it.1).collect();
    let mut promises = 0;
    for row in table.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |")) {
        let test = row.rsplit('`').nth(1).unwrap();
        let is_there = sources.iter().any(|text| text.contains(&format!("fn {test}(")));
        assert!(is_there, "no test is called {test}");
        promises += 1;
    }
    assert!(promises >= 15, "{promises}");
}

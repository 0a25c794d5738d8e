//! Who may read the files, and that links do not lead astray.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::store_tests::{all, simple};
use super::*;

#[test]
fn every_file_is_for_its_owner_also_those_of_an_earlier_version() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data/errors.sqlite3");
    let modes = || {
        let entries = fs::read_dir(file.parent().unwrap()).unwrap();
        let modes = entries.map(|entry| entry.unwrap().metadata().unwrap().permissions().mode());
        modes.map(|mode| mode & 0o777).collect::<Vec<_>>()
    };
    let mut store = ErrorStore::open(&file).unwrap();
    store.insert(&[simple(1, "a")]).unwrap();
    assert_eq!(modes(), [0o600; 4]);
    drop(store);
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let mut store = ErrorStore::open(&file).unwrap();
    store.insert(&[simple(2, "a")]).unwrap();
    assert_eq!(modes(), [0o600; 4]);
    assert_eq!(all(&file, &Filter::default()).len(), 2);
}

#[test]
fn a_link_in_place_of_a_file_is_neither_followed_nor_emptied() {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    for name in ["errors.sqlite3.lock", "errors.sqlite3", "errors.sqlite3-wal"] {
        let link = dir.path().join(name);
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        let error = ErrorStore::open(&dir.path().join("errors.sqlite3")).err().unwrap();
        assert!(error.to_string().contains("it is a link"), "{name}: {error}");
        fs::remove_file(&link).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{name}");
    }
}

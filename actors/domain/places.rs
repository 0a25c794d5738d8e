//! Where the files of the program lie: one rule for all of them.

use std::path::{Path, PathBuf};

/// Places for the files that belong to one configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Where a relative path begins that somebody has written down.
    pub relative: PathBuf,
    /// Folder of what the program keeps for this configuration file and for no other.
    pub own: PathBuf,
    /// Where earlier versions kept relative paths, the likeliest first.
    pub earlier: Vec<PathBuf>,
}

impl Places {
    /// A path that was written down.
    pub fn written(&self, path: &str) -> PathBuf {
        self.relative.join(path)
    }

    /// Where `path` may lie since earlier versions, other than at `now`.
    pub fn before(&self, path: &str, now: &Path) -> Vec<PathBuf> {
        let all = self.earlier.iter().map(|folder| folder.join(path));
        all.filter(|place| place != now).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_place_is_another_one() {
        let places = Places {
            relative: "/opt".into(),
            own: "/etc/a.yaml.data".into(),
            earlier: vec!["/opt".into(), "/home".into()],
        };
        assert_eq!(places.written("log"), Path::new("/opt/log"));
        assert_eq!(places.written("/var/log"), Path::new("/var/log"));
        assert_eq!(places.before("log", Path::new("/opt/log")), [PathBuf::from("/home/log")]);
        assert!(places.before("/var/log", Path::new("/var/log")).is_empty());
    }
}

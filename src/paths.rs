//! Where files begin: what the machine and the command line say, before any configuration is read.

use std::path::{Path, PathBuf};

use actors::domain::places::Places;

/// Folders from which the places of each configuration file follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases {
    /// Folder of the executable; the working directory in a container.
    program: PathBuf,
    /// What `--data-dir` or the service manager names.
    data: Option<PathBuf>,
    /// Where earlier versions put relative paths.
    earlier: Vec<PathBuf>,
}

impl Bases {
    /// As this process was started: `data_dir` is that of the command line, and `variable` reads
    /// the environment. Nothing is tried out on the disk.
    pub fn of_process(data_dir: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Self {
        let working = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let program = match std::env::current_exe() {
            Ok(exe) if !Path::new("/.dockerenv").exists() => exe.parent().map(Path::to_owned),
            _ => None,
        };
        let program = program.unwrap_or_else(|| working.clone());
        // The service manager may name several, separated by colons; the first is meant for us.
        let state = variable("STATE_DIRECTORY").unwrap_or_default();
        let state = state.split(':').next().filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let data = data_dir.map(Path::to_owned).or(state).map(|folder| absolute(&folder));
        let mut earlier = vec![program.clone(), working];
        earlier.dedup();
        Self { program, data, earlier }
    }

    /// The places of one configuration file. Its own folder is named after it: two files never
    /// share what is kept, not even below one data folder.
    pub fn places(&self, file: &Path) -> Places {
        let file = absolute(file);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let folder = file.parent().unwrap_or(Path::new("."));
        let own = match &self.data {
            None => folder.join(format!("{name}{OWN}")),
            Some(data) => {
                // Files of one name in two folders; the folder may be spelt in several ways.
                let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
                let mark = mark(folder.to_string_lossy().as_bytes());
                data.join(format!("{name}-{mark:08x}{OWN}"))
            }
        };
        Places { relative: self.program.clone(), own, earlier: self.earlier.clone() }
    }

    /// Folders in which the own folder of some configuration file may lie, for those who do not
    /// name the file.
    pub fn data_folder(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| absolute(Path::new(".")))
    }

    /// Where earlier versions may have left a file with this relative path.
    pub fn earlier(&self, path: &str) -> Vec<PathBuf> {
        self.earlier.iter().map(|folder| folder.join(path)).collect()
    }
}

/// Everything begins in one folder.
impl From<&Path> for Bases {
    fn from(folder: &Path) -> Self {
        Self { program: folder.to_owned(), data: None, earlier: vec![folder.to_owned()] }
    }
}

/// What the name of an own folder ends with.
pub const OWN: &str = ".data";

/// The absolute form of a path, which need not exist.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// FNV-1a, whose values stay the same in every version of the program and of Rust.
fn mark(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn each_configuration_file_has_a_folder_of_its_own() {
        let bases = Bases::of_process(None, nothing);
        let own = |file: &str| bases.places(Path::new(file)).own;
        assert_eq!(own("/etc/sos/a.yaml"), Path::new("/etc/sos/a.yaml.data"));
        assert_ne!(own("/etc/sos/a.yml"), own("/etc/sos/a.yaml"));
        let folder = tempfile::tempdir().unwrap();
        let bases = Bases::of_process(Some(folder.path()), nothing);
        let own = |file: &str| bases.places(Path::new(file)).own;
        assert_eq!(own("/x/a.yaml").parent(), Some(folder.path()));
        assert_ne!(own("/x/a.yaml"), own("/y/a.yaml"), "one name in two folders");
        let name = own("/x/a.yaml").file_name().unwrap().to_owned();
        assert_eq!(name, "a.yaml-57d1f0d2.data", "the same in every version");
    }

    #[test]
    fn a_folder_has_one_mark_however_it_is_spelt() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("config")).unwrap();
        let bases = Bases::of_process(Some(Path::new("/data")), nothing);
        let own = |file: &str| bases.places(&folder.path().join(file)).own;
        assert_eq!(own("config/a.yaml"), own("config/../config/a.yaml"));
    }

    #[test]
    fn the_option_comes_before_the_service_manager() {
        let state = |name: &str| {
            (name == "STATE_DIRECTORY").then(|| "/var/lib/sos:/var/lib/other".to_owned())
        };
        let data = |option: Option<&str>| Bases::of_process(option.map(Path::new), state).data;
        assert_eq!(data(Some("/srv")).as_deref(), Some(Path::new("/srv")));
        assert_eq!(data(None).as_deref(), Some(Path::new("/var/lib/sos")));
        assert_eq!(Bases::of_process(None, |_| Some(String::new())).data, None);
    }
}

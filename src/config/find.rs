//! Which configuration file is read (section 1 of the page on operations).

use std::path::{Path, PathBuf};

/// The file that was named, or else the one that the environment names as older versions of the
/// original had it: `$NODE_CONFIG_DIR/$NODE_ENV.yaml`, the folder being `./config` by default.
/// `variable` reads the environment.
pub fn find(named: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let environment = variable("NODE_ENV").filter(|name| !name.is_empty())?;
    let folder = variable("NODE_CONFIG_DIR").filter(|folder| !folder.is_empty());
    let folder = PathBuf::from(folder.unwrap_or_else(|| "config".to_owned()));
    Some(folder.join(format!("{environment}.yaml")))
}

/// What the original may have read beside the file, and this program does not: one sentence for
/// each.
pub fn not_read(file: &Path, variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut found = Vec::new();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let own = format!("local-{stem}.yaml");
    for name in ["default.yaml", "local.yaml", &own, "custom-environment-variables.yaml"] {
        let other = folder.join(name);
        if other != file && other.exists() {
            found.push(format!(
                "{} is not read: one file is the whole configuration",
                other.display()
            ));
        }
    }
    if variable("NODE_CONFIG").is_some_and(|text| !text.is_empty()) {
        found.push("The variable NODE_CONFIG is not read".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_option_wins_over_the_environment() {
        let production = [("NODE_ENV", "production"), ("NODE_CONFIG_DIR", "/etc/sos")];
        let named = Path::new("a.yaml");
        assert_eq!(find(Some(named), of(&production)).as_deref(), Some(named));
        assert_eq!(find(None, of(&production)), Some("/etc/sos/production.yaml".into()));
        assert_eq!(find(None, of(&production[..1])), Some("config/production.yaml".into()));
        assert_eq!(find(None, of(&[("NODE_ENV", "")])), None);
        assert_eq!(find(None, of(&[])), None);
    }

    #[test]
    fn what_the_original_read_beside_the_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["production.yaml", "local.yaml", "local-production.yaml", "other.yaml"] {
            std::fs::write(at(name), "").unwrap();
        }
        let found = not_read(&at("production.yaml"), of(&[("NODE_CONFIG", "{}")]));
        assert_eq!(found.len(), 3);
        assert!(found[0].contains("local.yaml is not read"));
        assert!(found[1].contains("local-production.yaml is not read"));
        assert!(not_read(&at("other.yaml"), of(&[])).len() == 1);
    }
}

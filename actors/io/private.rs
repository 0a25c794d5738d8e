//! Files that the program makes: for its own user alone, from the first byte on. Elsewhere than on
//! Unix they have the permissions of the folder that they are in.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder that only its owner can open, and those above it. One that exists stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Opens a file by the options; one that is made can be read by its owner alone. What lies there
/// is kept, and a link is not followed: it would have us write to a file of somebody's choice.
///
/// # Errors
/// When it cannot be opened, or is a link.
pub fn open(file: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
    }
    options.open(file).map_err(explain)
}

/// Makes a file if there is none, and takes it away from everybody but its owner if there is.
///
/// # Errors
/// When it cannot be opened, or is a link.
pub fn claim(file: &Path) -> io::Result<()> {
    close_to_others(&open(
        file,
        OpenOptions::new().read(true).write(true).create(true).truncate(false),
    )?)
}

/// As [`claim`], for a file that need not exist.
///
/// # Errors
/// When it is there and cannot be opened, or is a link.
pub fn claim_existing(file: &Path) -> io::Result<()> {
    match open(file, OpenOptions::new().read(true).write(true)) {
        Ok(file) => close_to_others(&file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn close_to_others(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn close_to_others(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn explain(error: io::Error) -> io::Error {
    if error.raw_os_error() == Some(libc::ELOOP) {
        let said = "it is a link, which is not followed; name the file that it leads to";
        return io::Error::new(error.kind(), said);
    }
    error
}

#[cfg(not(unix))]
fn explain(error: io::Error) -> io::Error {
    error
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_belongs_to_its_owner_and_what_exists_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let open_to_all = dir.path().join("open");
        fs::create_dir(&open_to_all).unwrap();
        fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o755)).unwrap();
        make_folder(&open_to_all.join("a/b")).unwrap();
        make_folder(&open_to_all).unwrap();
        assert_eq!(mode(&open_to_all), 0o755);
        assert_eq!((mode(&open_to_all.join("a")), mode(&open_to_all.join("a/b"))), (0o700, 0o700));
        let file = open_to_all.join("file");
        drop(open(&file, OpenOptions::new().append(true).create(true)).unwrap());
        assert_eq!(mode(&file), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        drop(open(&file, OpenOptions::new().append(true).create(true)).unwrap());
        assert_eq!(mode(&file), 0o644, "opening alone changes nothing");
        fs::write(&file, "kept").unwrap();
        claim(&file).unwrap();
        assert_eq!((mode(&file), fs::read_to_string(&file).unwrap().as_str()), (0o600, "kept"));
    }

    #[test]
    fn a_link_is_not_followed_and_is_named_for_what_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (victim, link) = (dir.path().join("victim"), dir.path().join("link"));
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, &link).unwrap();
        let error = claim(&link).unwrap_err().to_string();
        assert!(error.contains("it is a link"), "{error}");
        assert!(claim_existing(&link).is_err());
        claim_existing(&dir.path().join("none")).unwrap();
        // A link into the void would let others choose where the file is made.
        symlink(dir.path().join("nowhere"), dir.path().join("dangling")).unwrap();
        assert!(claim(&dir.path().join("dangling")).is_err());
        assert!(!dir.path().join("nowhere").exists());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }
}

//! Files are replaced whole, all of them or none, and what they were comes back by itself.
//!
//! The old file stays under a second name (`.sshd.axes-old`) until the new one is kept: to go back
//! takes no room on the disk, and brings back the very same file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use xattr::FileExt as _;

use super::stacks::Edit;

/// Why a file could not be replaced; nothing was changed, or all is as it was.
#[derive(Debug, thiserror::Error)]
pub(in crate::ctl) enum FileError {
    #[error("cannot write {path}: {1}; nothing was changed", path = .0.display())]
    Write(PathBuf, #[source] io::Error),
    #[error("cannot keep a copy in {path}: {1}; nothing was changed", path = .0.display())]
    Backup(PathBuf, #[source] io::Error),
    #[error("{path} was changed by somebody else meanwhile; nothing was changed, try again", path = .0.display())]
    Changed(PathBuf),
    #[error("another axesctl is at work in {path}; nothing was changed", path = .0.display())]
    Busy(PathBuf),
    #[error(
        "{path} could not be put back: {1}. Put it back by hand: `mv {old} {path}`",
        path = .0.display(), old = old_name(.0).display()
    )]
    Stuck(PathBuf, #[source] io::Error),
}

/// Files that were replaced. What is dropped without [`Replaced::keep`] goes back.
#[derive(Debug)]
pub(super) struct Replaced {
    /// Of the folder: nobody else is at it.
    _lock: Option<Flock<File>>,
    /// For which there is a new file beside the old one.
    staged: Vec<PathBuf>,
    /// In the order in which they were replaced.
    done: Vec<PathBuf>,
}

/// Replaces files by what they are to say.
pub(super) fn replace(edits: &[Edit]) -> Result<Replaced, FileError> {
    let first = edits.first().map(|edit| lock(&edit.path)).transpose()?;
    let mut replaced = Replaced { _lock: first, staged: Vec::new(), done: Vec::new() };
    for edit in edits {
        let path = real(&edit.path)?;
        replaced.staged.push(path.clone());
        stage(&path, edit).map_err(|error| FileError::Write(path, error))?;
    }
    for (path, edit) in replaced.staged.clone().into_iter().zip(edits) {
        let failed = |error| FileError::Write(path.clone(), error);
        if fs::read(&path).map_err(failed)? != edit.before.as_bytes() {
            return Err(FileError::Changed(path));
        }
        link_old(&path).map_err(failed)?;
        fs::rename(new_name(&path), &path).map_err(failed)?;
        replaced.done.push(path.clone());
        sync_folder(&path).map_err(failed)?;
    }
    Ok(replaced)
}

/// Copies of the files as they are, in a folder of this moment below `folder`; which folder.
pub(super) fn back_up(edits: &[Edit], folder: &Path, moment: &str) -> Result<PathBuf, FileError> {
    let above = folder.parent().unwrap_or(folder);
    fs::create_dir_all(above).map_err(|error| FileError::Backup(above.to_owned(), error))?;
    let folder = folder.join(moment);
    let failed = |error| FileError::Backup(folder.clone(), error);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    for edit in edits {
        let path = real(&edit.path)?;
        let copy = folder.join(path.file_name().unwrap_or_default());
        fs::copy(&path, &copy).and_then(|_| File::open(&copy)?.sync_all()).map_err(failed)?;
        sync_folder(&copy).map_err(failed)?;
    }
    sync_folder(&folder).map_err(failed)?;
    Ok(folder)
}

impl Replaced {
    /// The new files stay.
    pub(super) fn keep(mut self) {
        for path in self.done.drain(..) {
            // One that stays is in nobody's way: libpam reads it for no service that exists.
            let _ = fs::remove_file(old_name(&path));
        }
    }

    /// The old files come back.
    pub(super) fn undo(mut self) -> Result<(), FileError> {
        self.put_back()
    }

    fn put_back(&mut self) -> Result<(), FileError> {
        let mut result = Ok(());
        while let Some(path) = self.done.pop() {
            let back = fs::rename(old_name(&path), &path).and_then(|()| sync_folder(&path));
            result = result.and(back.map_err(|error| FileError::Stuck(path, error)));
        }
        result
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        // Only where something else failed already, which is what is told.
        let _ = self.put_back();
        for path in &self.staged {
            let _ = fs::remove_file(new_name(path));
        }
    }
}

fn lock(path: &Path) -> Result<Flock<File>, FileError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let failed = |error| FileError::Write(folder.to_owned(), error);
    let file = File::open(folder).map_err(failed)?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => FileError::Busy(folder.to_owned()),
        error => failed(error.into()),
    })
}

/// Whatever links lead to it.
fn real(path: &Path) -> Result<PathBuf, FileError> {
    path.canonicalize().map_err(|error| FileError::Write(path.to_owned(), error))
}

/// The new file, beside the old one, and in everything but its text the same.
fn stage(path: &Path, edit: &Edit) -> io::Result<()> {
    let new = new_name(path);
    remove_leftover(&new)?;
    let old = File::open(path)?;
    let about = old.metadata()?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(edit.after.as_bytes())?;
    fchown(&file, Some(about.uid()), Some(about.gid()))?;
    file.set_permissions(about.permissions())?;
    copy_attributes(&old, &file)?;
    file.sync_all()
}

/// The label of SELinux and lists of access.
fn copy_attributes(from: &File, to: &File) -> io::Result<()> {
    let names = match from.list_xattr() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
        names => names?,
    };
    for name in names {
        if let Some(value) = from.get_xattr(&name)? {
            to.set_xattr(&name, &value)?;
        }
    }
    Ok(())
}

fn link_old(path: &Path) -> io::Result<()> {
    let old = old_name(path);
    remove_leftover(&old)?;
    fs::hard_link(path, old)
}

/// Of a run that was killed.
fn remove_leftover(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

fn new_name(path: &Path) -> PathBuf {
    hidden(path, "new")
}

fn old_name(path: &Path) -> PathBuf {
    hidden(path, "old")
}

/// libpam takes every file for a service, but no program calls itself that.
fn hidden(path: &Path, word: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.axes-{word}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn of(files: &[(&str, &str)]) -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            for (name, text) in files {
                fs::write(folder.path(name), text).unwrap();
            }
            folder
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn text(&self, name: &str) -> String {
            fs::read_to_string(self.path(name)).unwrap()
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.0.path()).unwrap();
            let mut names: Vec<_> =
                entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }

        fn edit(&self, name: &str, before: &str) -> Edit {
            Edit { path: self.path(name), before: before.into(), after: "new".into() }
        }
    }

    #[test]
    fn a_new_file_is_like_the_old_one_in_everything_but_its_text() {
        let folder = Folder::of(&[("sshd", "old")]);
        let path = folder.path("sshd");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        xattr::set(&path, "user.label", b"x").unwrap();
        replace(&[folder.edit("sshd", "old")]).unwrap().keep();
        assert_eq!(folder.text("sshd"), "new");
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o640);
        assert_eq!(xattr::get(&path, "user.label").unwrap().unwrap(), b"x");
        assert_eq!(folder.names(), ["sshd"]);
    }

    #[test]
    fn going_back_brings_the_very_same_files() {
        let folder = Folder::of(&[("a", "1"), ("b", "2")]);
        let inode = |name| folder.path(name).metadata().unwrap().ino();
        let before = ["a", "b"].map(inode);
        let edits = [folder.edit("a", "1"), folder.edit("b", "2")];
        let replaced = replace(&edits).unwrap();
        assert_eq!([folder.text("a"), folder.text("b")], ["new", "new"]);
        replaced.undo().unwrap();
        assert_eq!([folder.text("a"), folder.text("b")], ["1", "2"]);
        assert_eq!(["a", "b"].map(inode), before);
        drop(replace(&edits).unwrap());
        assert_eq!(folder.text("a"), "1");
        assert_eq!(folder.names(), ["a", "b"]);
    }

    #[test]
    fn one_file_that_was_changed_meanwhile_leaves_all_as_they_were() {
        let folder = Folder::of(&[("a", "1"), ("b", "changed")]);
        let refused = replace(&[folder.edit("a", "1"), folder.edit("b", "2")]);
        assert!(matches!(refused, Err(FileError::Changed(_))), "{refused:?}");
        assert_eq!([folder.text("a"), folder.text("b")], ["1", "changed"]);
        assert_eq!(folder.names(), ["a", "b"]);
    }

    #[test]
    fn two_at_once_do_not_mix_their_files() {
        let folder = Folder::of(&[("a", "1")]);
        let first = replace(&[folder.edit("a", "1")]).unwrap();
        let second = replace(&[folder.edit("a", "new")]);
        assert!(matches!(second, Err(FileError::Busy(_))), "{second:?}");
        first.undo().unwrap();
        assert_eq!(folder.text("a"), "1");
        replace(&[folder.edit("a", "1")]).unwrap().keep();
    }

    #[test]
    fn what_a_killed_run_left_is_in_nobodys_way() {
        let folder = Folder::of(&[("a", "1"), (".a.axes-new", "half"), (".a.axes-old", "x")]);
        replace(&[folder.edit("a", "1")]).unwrap().undo().unwrap();
        assert_eq!(folder.text("a"), "1");
    }

    #[test]
    fn a_link_stays_one_and_its_target_is_replaced() {
        let folder = Folder::of(&[("real", "1")]);
        symlink("real", folder.path("link")).unwrap();
        replace(&[folder.edit("link", "1")]).unwrap().keep();
        assert_eq!(folder.text("real"), "new");
        assert!(folder.path("link").is_symlink());
    }

    #[test]
    fn a_copy_is_kept_where_only_root_looks() {
        let folder = Folder::of(&[("sshd", "old")]);
        let edits = [folder.edit("sshd", "old")];
        let kept = back_up(&edits, &folder.path("backup"), "2026-11-23-200511").unwrap();
        assert_eq!(fs::read_to_string(kept.join("sshd")).unwrap(), "old");
        assert_eq!(kept.metadata().unwrap().mode() & 0o777, 0o700);
    }
}

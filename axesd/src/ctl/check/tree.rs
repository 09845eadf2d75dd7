//! The files of a host: this one's, or those of a tree that is not running.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::Mode;

/// Far more than a file of settings or accounts has.
const MAX_SIZE: u64 = 4 << 20;
/// Far more than a folder of settings has.
const MAX_NAMES: usize = 4096;

/// A folder that holds a whole system. All paths are as that system would write them.
#[derive(Debug)]
pub(in crate::ctl) struct Tree {
    root: PathBuf,
    folder: File,
    owner: u32,
    /// Texts that stand in for those of files.
    drafts: BTreeMap<PathBuf, String>,
    /// What could not be read, and why.
    pub(super) left_out: Vec<String>,
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) mode: u32,
    pub(super) owner: u32,
}

impl Tree {
    pub(in crate::ctl) fn open(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let folder = File::from(open(&root, OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?);
        let owner = folder.metadata()?.uid();
        Ok(Self { root, folder, owner, drafts: BTreeMap::new(), left_out: Vec::new() })
    }

    /// This very system, with its processes.
    pub(super) fn is_running(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where a file of the tree really is. A link on the way may still lead out of it.
    pub(in crate::ctl) fn outside(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A sentence with the names of files as the tree has them.
    pub(super) fn inside(&self, sentence: &str) -> String {
        match self.root.to_str().filter(|_| !self.is_running()) {
            Some(root) => sentence.replace(root, ""),
            None => sentence.to_owned(),
        }
    }

    /// Root of this tree; it has another number where somebody else unpacked it.
    pub(super) const fn owner(&self) -> u32 {
        self.owner
    }

    /// What a file says; `None` without one.
    pub(in crate::ctl) fn text(&mut self, path: &Path) -> Option<String> {
        if !self.drafts.is_empty()
            && let Some(draft) = self.drafts.get(&self.real(path))
        {
            return Some(draft.clone());
        }
        let read = self.open_in(path, OFlag::O_NONBLOCK).and_then(|file| contents(file.into()));
        self.noting(path, read)
    }

    /// The file that a name leads to, whatever links are between them.
    pub(in crate::ctl) fn real(&self, path: &Path) -> PathBuf {
        let real = self.outside(path).canonicalize().ok();
        let inside =
            real.and_then(|real| Some(Path::new("/").join(real.strip_prefix(&self.root).ok()?)));
        inside.unwrap_or_else(|| path.to_owned())
    }

    /// From now on the file seems to say this, by whatever name; nothing is written.
    pub(in crate::ctl) fn pretend(&mut self, path: &Path, draft: String) {
        self.drafts.insert(self.real(path), draft);
    }

    /// What was pretended, by real names.
    pub(in crate::ctl) const fn drafts(&self) -> &BTreeMap<PathBuf, String> {
        &self.drafts
    }

    /// Takes back what was pretended since.
    pub(in crate::ctl) fn restore(&mut self, drafts: BTreeMap<PathBuf, String>) {
        self.drafts = drafts;
    }

    /// What is in a folder, in order; `None` without one.
    pub(in crate::ctl) fn names(&mut self, folder: &Path) -> Option<Vec<String>> {
        let read = self.open_in(folder, OFlag::O_DIRECTORY).and_then(members);
        self.noting(folder, read)
    }

    /// Who may do what with a file; `None` without one.
    pub(super) fn stat(&mut self, path: &Path) -> Option<Stat> {
        let stat = self.open_in(path, OFlag::O_PATH).and_then(|file| {
            let metadata = File::from(file).metadata()?;
            Ok(Stat { mode: metadata.mode() & 0o7777, owner: metadata.uid() })
        });
        self.noting(path, stat)
    }

    /// Whether there is such a file; `None` where that cannot be seen.
    pub(in crate::ctl) fn has(&mut self, path: &Path) -> Option<bool> {
        let there = match self.open_in(path, OFlag::O_PATH) {
            Err(error) if is_absent(&error) => Ok(false),
            opened => opened.map(|_| true),
        };
        self.noting(path, there)
    }

    fn open_in(&self, path: &Path, flags: OFlag) -> io::Result<OwnedFd> {
        let flags = flags | OFlag::O_CLOEXEC;
        if self.is_running() {
            return Ok(open(path, flags, Mode::empty())?);
        }
        // A link of the tree must not lead to the files of this system.
        let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_IN_ROOT);
        Ok(openat2(&self.folder, path, how)?)
    }

    fn noting<T>(&mut self, path: &Path, read: io::Result<T>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) if is_absent(&error) => None,
            Err(error) => {
                let line = format!("{}: {error}", path.display());
                if !self.left_out.contains(&line) {
                    self.left_out.push(line);
                }
                None
            }
        }
    }
}

impl Stat {
    /// Neither group nor others may write.
    pub(super) const fn is_closed(self) -> bool {
        self.mode & 0o022 == 0
    }
}

fn is_absent(error: &io::Error) -> bool {
    let absent = [Errno::ENOENT, Errno::ENOTDIR].map(|errno| errno as i32);
    error.raw_os_error().is_some_and(|code| absent.contains(&code))
}

fn contents(file: File) -> io::Result<String> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(io::Error::other(format!("it is larger than {MAX_SIZE} bytes")));
    }
    // Whatever is not UTF-8 is part of no word that is looked for.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn members(folder: OwnedFd) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::from_fd(folder)?.into_iter().take(MAX_NAMES) {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_string_lossy();
        if !name.starts_with('.') {
            names.push(name.into_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree(fill: impl FnOnce(&Path)) -> (tempfile::TempDir, Tree) {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path());
        let tree = Tree::open(folder.path()).unwrap();
        (folder, tree)
    }

    #[test]
    fn a_link_never_leads_out_of_the_tree() {
        let (_folder, mut tree) = tree(|root| {
            fs::create_dir(root.join("etc")).unwrap();
            fs::write(root.join("etc/passwd"), "inside").unwrap();
            symlink("/etc/passwd", root.join("absolute")).unwrap();
            symlink("../../../../etc/passwd", root.join("above")).unwrap();
        });
        for link in ["/absolute", "/above"] {
            assert_eq!(tree.text(Path::new(link)).unwrap(), "inside");
        }
        assert!(!tree.is_running());
        assert!(Tree::open(Path::new("/.")).unwrap().is_running());
    }

    #[test]
    fn what_is_missing_is_nothing_and_what_is_no_file_is_left_out() {
        let (_folder, mut tree) = tree(|root| {
            fs::create_dir(root.join("folder")).unwrap();
            let huge = vec![b'x'; usize::try_from(MAX_SIZE).unwrap() + 1];
            fs::write(root.join("huge"), huge).unwrap();
            nix::unistd::mkfifo(&root.join("pipe"), Mode::S_IRWXU).unwrap();
        });
        assert_eq!(tree.text(Path::new("/none")), None);
        assert!(tree.left_out.is_empty());
        for path in ["/folder", "/huge", "/pipe", "/pipe"] {
            assert_eq!(tree.text(Path::new(path)), None);
        }
        assert_eq!(tree.left_out.len(), 3, "{:?}", tree.left_out);
        assert_eq!(tree.names(Path::new("/")).unwrap(), ["folder", "huge", "pipe"]);
    }

    #[test]
    fn a_folder_is_read_no_further_than_its_cap() {
        let (_folder, mut tree) = tree(|root| {
            for number in 0..MAX_NAMES + 10 {
                fs::write(root.join(number.to_string()), "").unwrap();
            }
        });
        assert!(tree.names(Path::new("/")).unwrap().len() <= MAX_NAMES);
    }

    #[test]
    fn sentences_name_files_as_the_tree_does() {
        let (folder, tree) = tree(|_| {});
        let sentence = format!("{}/etc/axes: bad", tree.root.display());
        assert_eq!(tree.inside(&sentence), "/etc/axes: bad");
        assert_eq!(
            tree.outside(Path::new("/etc")),
            folder.path().canonicalize().unwrap().join("etc")
        );
    }
}

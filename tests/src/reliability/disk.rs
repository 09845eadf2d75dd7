//! A disk of its own for the state of a daemon: ext4 in a file. It takes root.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::process::Command;

use crate::host::Host;

/// `_IOR('X', 125, __u32)`.
const EXT4_IOC_SHUTDOWN: libc::c_ulong = 0x8004_587d;
const WITHOUT_FLUSHING: u32 = 2;

/// An ext4 file system in a file.
pub(super) struct Disk {
    image: PathBuf,
    /// Where it is mounted.
    pub(super) mounted: PathBuf,
}

impl Disk {
    /// A new one of so many bytes, mounted where this host keeps its state.
    pub(super) fn of(host: &Host, size: u64) -> Self {
        let (image, mounted) = (host.path("disk"), host.path("state"));
        let file = File::create(&image).expect("an image");
        file.set_len(size).expect("an image");
        fs::create_dir(&mounted).expect("a folder");
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image));
        let disk = Self { image, mounted };
        disk.mount();
        disk
    }

    pub(super) fn mount(&self) {
        run(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.mounted));
    }

    pub(super) fn unmount(&self) {
        run(Command::new("umount").arg(&self.mounted));
    }

    /// From now on nothing more reaches the image.
    pub(super) fn cut(&self) {
        let root = File::open(&self.mounted).expect("the root of the file system");
        let how = WITHOUT_FLUSHING;
        let done = unsafe { libc::ioctl(root.as_raw_fd(), EXT4_IOC_SHUTDOWN, &raw const how) };
        assert_eq!(done, 0, "EXT4_IOC_SHUTDOWN: {}", std::io::Error::last_os_error());
    }

    /// Takes all the space that is left.
    pub(super) fn fill(&self) {
        let filler = OpenOptions::new().create(true).append(true).open(self.filler());
        let mut filler = filler.expect("a file");
        for block in [1 << 20, 1 << 12, 1] {
            while filler.write_all(&vec![b'x'; block]).is_ok() {}
        }
    }

    /// Gives back what [`Disk::fill`] took.
    pub(super) fn empty(&self) {
        fs::remove_file(self.filler()).expect("space");
    }

    fn filler(&self) -> PathBuf {
        self.mounted.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Also in the middle of a panic, with a daemon still in it.
        let _ = Command::new("umount").arg("--lazy").arg(&self.mounted).status();
    }
}

/// Runs a program that has to succeed.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said} (it takes root)");
}

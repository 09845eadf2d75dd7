//! The kernel command line: the switch for a host that lets nobody in any more.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Refuses nobody for as long as the host runs.
const WORD: &str = "axes=off";
/// The kernel itself takes 2 to 4 KiB, and no more than this.
const MOST: u64 = 64 * 1024;

/// Whether the kernel was started with `axes=off`.
///
/// # Errors
///
/// When the command line cannot be read.
pub(super) fn says_off(path: &Path) -> io::Result<bool> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(has_word(&String::from_utf8_lossy(&bytes)))
}

/// What comes after `--` is for init.
fn has_word(line: &str) -> bool {
    line.split_ascii_whitespace().take_while(|word| *word != "--").any(|word| word == WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_word_counts_and_only_where_the_kernel_reads() {
        for line in ["axes=off", "ro quiet axes=off\n", "a  axes=off b -- c"] {
            assert!(has_word(line), "{line}");
        }
        for line in ["", "axes=offline", "xaxes=off", "axes=on", "axes", "-- axes=off"] {
            assert!(!has_word(line), "{line}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_read_to_a_bound() {
        assert!(!says_off(Path::new("/dev/zero")).unwrap());
        assert!(says_off(Path::new("/nonexistent/cmdline")).is_err());
    }
}

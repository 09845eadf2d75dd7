//! A secret of this host, made once.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use super::record::{Fault, seal, unseal};
use super::{StoreError, files};

const FILE: &str = "pseudonyms.key";
const MODE: u32 = 0o600;
/// Bound into the checksum.
const KEY: &[u8] = b"pseudonyms";
const ASIDE: &str = "pseudonyms.key.damaged-";

/// A secret, and what the administrator should know of it.
pub struct Secret {
    /// The key itself.
    pub key: [u8; 32],
    /// Whoever was known under another key is a stranger.
    pub notice: Option<String>,
}

/// The key beside the database; made where there is none, or none that is whole.
///
/// # Errors
///
/// [`StoreError`] when it cannot be read or written, or is of a newer version.
pub fn secret(store: &Path) -> Result<Secret, StoreError> {
    let path = store.join(FILE);
    let Some(bytes) = files::read(&path)? else {
        return Ok(Secret { key: make(store, &path)?, notice: None });
    };
    match unseal(KEY, &bytes) {
        Ok(key) => {
            fs::set_permissions(&path, fs::Permissions::from_mode(MODE))
                .map_err(StoreError::io(&path))?;
            Ok(Secret { key, notice: None })
        }
        Err(Fault::Damaged) => replaced(store, &path),
        Err(fault) => Err(fault.at(&path)),
    }
}

/// Nothing is lost but who somebody was.
fn replaced(store: &Path, path: &Path) -> Result<Secret, StoreError> {
    let aside = files::set_aside(path, last_written(path))?;
    let key = make(store, path)?;
    files::prune(store, ASIDE)?;
    let kept = files::kept_as(aside);
    let notice = format!(
        "{}: damaged{kept}; a new key was made, whoever is kept as a hash is a stranger",
        path.display()
    );
    Ok(Secret { key, notice: Some(notice) })
}

/// In microseconds since 1970.
fn last_written(path: &Path) -> u64 {
    let written = fs::metadata(path).and_then(|file| file.modified());
    let since = written.ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_micros()).ok()).unwrap_or_default()
}

fn make(store: &Path, path: &Path) -> Result<[u8; 32], StoreError> {
    let key = passing_secret()?;
    files::make_folder(store)?;
    files::replace(path, &[&seal(KEY, &key)])?;
    Ok(key)
}

/// A key that nobody knows after a restart.
///
/// # Errors
///
/// A [`StoreError`] when the system has no random numbers.
pub fn passing_secret() -> Result<[u8; 32], StoreError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)
        .map_err(|error| StoreError::io(Path::new("getrandom"))(error.into()))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::checksum;

    #[test]
    fn it_is_made_once_and_nobody_else_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let Secret { key, notice } = secret(&store).unwrap();
        assert_eq!(notice, None);
        assert_ne!(key, passing_secret().unwrap());
        assert_eq!(secret(&store).unwrap().key, key);
        let path = store.join(FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(secret(&store).unwrap().key, key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
    }

    #[test]
    fn a_damaged_key_is_kept_aside_and_told_of_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let key = secret(folder.path()).unwrap().key;
        let whole = fs::read(&path).unwrap();
        for place in 0..=whole.len() {
            let mut damaged = whole[..place].to_vec();
            if let Some(byte) = damaged.last_mut() {
                *byte ^= 4;
                damaged.extend(&whole[place..]);
            }
            fs::write(&path, &damaged).unwrap();
            let Secret { key: new, notice } = secret(folder.path()).unwrap();
            let notice = notice.unwrap();
            let (_, aside) = notice.split_once("; kept as ").unwrap();
            let (aside, _) = aside.split_once(';').unwrap();
            assert!(aside.contains("pseudonyms.key.damaged-2"), "{aside}");
            assert_eq!(fs::read(aside).unwrap(), damaged);
            assert_ne!(new, key);
            let again = secret(folder.path()).unwrap();
            assert_eq!((again.key, again.notice), (new, None));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "three are kept");
    }

    #[test]
    fn a_key_of_a_newer_release_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let mut newer = vec![9];
        newer.extend(checksum(9, KEY, &[b"unknown"]).to_be_bytes());
        newer.extend(b"unknown");
        fs::write(folder.path().join(FILE), &newer).unwrap();
        let refused = secret(folder.path()).err().unwrap();
        assert!(matches!(refused, StoreError::Newer { found: 9, .. }), "{refused}");
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), newer);
    }
}

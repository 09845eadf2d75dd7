//! A secret of this host, made once.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{StoreError, files};

const FILE: &str = "pseudonyms.key";
const MODE: u32 = 0o600;

/// The key beside the database; made where there is none. Who loses it knows nobody again.
///
/// # Errors
///
/// [`StoreError`] when it cannot be read or written, or is no key.
pub fn secret(store: &Path) -> Result<[u8; 32], StoreError> {
    let path = store.join(FILE);
    if let Some(bytes) = files::read(&path)? {
        fs::set_permissions(&path, fs::Permissions::from_mode(MODE))
            .map_err(StoreError::io(&path))?;
        return bytes.try_into().map_err(|_| StoreError::Secret(path));
    }
    let key = passing_secret()?;
    files::make_folder(store)?;
    files::replace(&path, &key)?;
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

    #[test]
    fn it_is_made_once_and_nobody_else_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let key = secret(&store).unwrap();
        assert_ne!(key, passing_secret().unwrap());
        assert_eq!(secret(&store).unwrap(), key);
        let path = store.join(FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(secret(&store).unwrap(), key);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
    }

    #[test]
    fn what_is_no_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), b"short").unwrap();
        let error = secret(folder.path()).unwrap_err().to_string();
        assert!(error.contains(FILE) && error.contains("32 bytes"), "{error}");
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), b"short");
    }
}

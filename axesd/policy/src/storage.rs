//! What becomes of logins while changes cannot be written.

/// Whether changes are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// They are.
    #[default]
    Works,
    /// Not at the moment: a restart would forget them.
    Fails,
}

/// What the administrator wants while they are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStoreError {
    /// Decide from memory.
    #[default]
    Safe,
    /// Refuse whoever would be counted.
    Secure,
}

//! An application of PAM, as sshd and sudo are: it starts a service, types one answer, and tells
//! what libpam says. Nothing else in `axesctl` knows libpam.

mod ffi;

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// `PAM_SUCCESS`
pub const SUCCESS: i32 = 0;

/// Who tries which service, and what he types.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// The folder with the service's file; `None` for those of the host.
    pub folder: Option<&'a Path>,
    /// The name of the service.
    pub service: &'a str,
    /// The user.
    pub user: &'a str,
    /// What is typed at every question.
    pub answer: &'a str,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The code of the phase that ended it: of the account phase once authentication succeeded.
    pub code: i32,
    /// Questions that were answered.
    pub answered: usize,
}

/// Runs the auth phase, and the account phase after a success. Never sleeps after a failure.
///
/// Waits for as long as the modules of the service do: let a process of its own do it.
#[must_use]
pub fn log_in(login: &Login<'_>) -> Ended {
    let texts = [login.service, login.user, login.answer].map(CString::new);
    let [Ok(service), Ok(user), Ok(answer)] = texts else {
        return Ended { code: ffi::SERVICE_ERR, answered: 0 };
    };
    let folder = login.folder.map(|folder| CString::new(folder.as_os_str().as_bytes()));
    let Ok(folder) = folder.transpose() else {
        return Ended { code: ffi::SERVICE_ERR, answered: 0 };
    };
    let person = ffi::Person::who_types(answer);
    let code = match ffi::Handle::start(&service, &user, folder.as_deref(), &person) {
        Ok(mut handle) => handle.authenticate_and_account(),
        Err(code) => code,
    };
    Ended { code, answered: person.answered() }
}

/// What libpam calls a code.
#[must_use]
pub fn describe(code: i32) -> String {
    ffi::describe(code)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tried(lines: &str) -> Ended {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("axes-test"), lines).unwrap();
        let login = Login {
            folder: Some(folder.path()),
            service: "axes-test",
            user: "nobody-at-all",
            answer: "wrong",
        };
        log_in(&login)
    }

    #[test]
    fn both_phases_decide_and_answers_are_counted() {
        let asks = "auth required pam_exec.so expose_authtok quiet /bin/true\n";
        let account = |module| format!("{asks}account required {module}\n");
        assert_eq!(tried(&account("pam_permit.so")), Ended { code: SUCCESS, answered: 1 });
        let refused = tried(&account("pam_deny.so"));
        assert!(refused.code != SUCCESS && refused.answered == 1, "{refused:?}");
        let denied = tried("auth required pam_deny.so\naccount required pam_permit.so\n");
        assert_eq!(denied, Ended { code: 7, answered: 0 });
        assert_eq!(describe(denied.code), "Authentication failure");
    }

    #[test]
    fn a_failure_delays_nobody() {
        let started = std::time::Instant::now();
        let lines = "auth optional pam_faildelay.so delay=5000000\nauth required pam_deny.so\n";
        assert_eq!(tried(lines).code, 7);
        assert!(started.elapsed().as_secs() < 3);
    }

    #[test]
    fn a_name_that_no_c_text_holds_is_no_service() {
        let login = Login { folder: None, service: "a\0b", user: "u", answer: "x" };
        assert_eq!(log_in(&login), Ended { code: ffi::SERVICE_ERR, answered: 0 });
    }
}

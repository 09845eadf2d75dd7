//! Programs that let people in.

use axes_e2e::guest::{Done, GuestError};

use crate::host::Host;

/// One try with one password; whether the user got in.
pub(crate) type Door = fn(&Host, &str, &str) -> Result<bool, GuestError>;

/// Where ssh comes from unless a trial says otherwise.
pub(crate) const CLIENT: &str = "127.0.0.7";

pub(crate) fn ssh_password(host: &Host, user: &str, password: &str) -> Result<bool, GuestError> {
    ssh(host, "password", CLIENT, user, &[password]).map(got_in)
}

pub(crate) fn ssh_keyboard(host: &Host, user: &str, password: &str) -> Result<bool, GuestError> {
    ssh(host, "keyboard-interactive", CLIENT, user, &[password]).map(got_in)
}

/// One connection in which each password is tried until one is right.
pub(crate) fn ssh(
    host: &Host,
    method: &str,
    from: &str,
    user: &str,
    passwords: &[&str],
) -> Result<Done, GuestError> {
    host.guest.run_with_input(&["ssh-with", method, from, user], &lines(passwords))
}

pub(crate) fn sudo(host: &Host, user: &str, password: &str) -> Result<bool, GuestError> {
    sudo_with(host, user, &[password]).map(got_in)
}

/// One call of sudo that may prompt several times.
pub(crate) fn sudo_with(host: &Host, user: &str, passwords: &[&str]) -> Result<Done, GuestError> {
    as_user(host, user, &["sudo", "--stdin", "true"], passwords)
}

pub(crate) fn su(host: &Host, user: &str, password: &str) -> Result<bool, GuestError> {
    su_with(host, user, password).map(got_in)
}

/// The same with what su says.
pub(crate) fn su_with(host: &Host, user: &str, password: &str) -> Result<Done, GuestError> {
    as_user(host, "asker", &["su", "--command=true", user], &[password])
}

/// login(1) on a pseudo-terminal.
pub(crate) fn login(host: &Host, user: &str, password: &str) -> Result<bool, GuestError> {
    host.guest.run(&["login-with", user, password]).map(got_in)
}

/// A program without privileges that authenticates the user who runs it.
pub(crate) fn locker(host: &Host, user: &str, password: &str) -> Result<bool, GuestError> {
    let words = ["pamtester", "locker", user, "authenticate", "acct_mgmt"];
    as_user(host, user, &words, &[password]).map(got_in)
}

pub(crate) fn got_in(done: Done) -> bool {
    done.code == Some(0)
}

fn as_user(
    host: &Host,
    user: &str,
    words: &[&str],
    passwords: &[&str],
) -> Result<Done, GuestError> {
    let [reuid, regid] = ["--reuid=", "--regid="].map(|option| format!("{option}{user}"));
    let words = [&["setpriv", &reuid, &regid, "--init-groups"], words].concat();
    host.guest.run_with_input(&words, &lines(passwords))
}

fn lines(passwords: &[&str]) -> String {
    passwords.iter().map(|password| format!("{password}\n")).collect()
}

//! What is known of the modules that a stack can name.

use std::path::Path;

use super::file::Module;
use super::stack::Step;

/// What a module can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Outcome {
    Success,
    Failure,
    Ignore,
}

/// A part that a line of pam_axes plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Role {
    /// The one line that does everything.
    Watching,
    Preauth,
    Authfail,
    Authsucc,
}

/// Modules that look at a password, a key, a code or a finger.
const VERIFIERS: [&str; 29] = [
    "pam_aad",
    "pam_duo",
    "pam_extrausers",
    "pam_fprintd",
    "pam_google_authenticator",
    "pam_himmelblau",
    "pam_howdy",
    "pam_krb5",
    "pam_ldap",
    "pam_mysql",
    "pam_oath",
    "pam_otpw",
    "pam_p11",
    "pam_pgsql",
    "pam_pkcs11",
    "pam_pwdfile",
    "pam_python",
    "pam_radius_auth",
    "pam_script",
    "pam_ssh_agent_auth",
    "pam_sss",
    "pam_systemd_home",
    "pam_tacplus",
    "pam_u2f",
    "pam_unix",
    "pam_usb",
    "pam_userdb",
    "pam_winbind",
    "pam_yubico",
];

/// Modules that take the password for something else than to look whether it is right, and ask
/// for it where nobody has.
const ASKERS: [&str; 6] =
    ["pam_ecryptfs", "pam_encfs", "pam_gnome_keyring", "pam_kwallet", "pam_kwallet5", "pam_mount"];

/// The name of a module without folder and ending.
pub(in crate::ctl) fn name(module: &Module) -> &str {
    let path = Path::new(&module.path);
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}

/// A step whose module looks at a secret.
pub(in crate::ctl) fn verifies(step: &Step) -> bool {
    step.module.as_ref().is_some_and(verifies_module)
}

/// A module that looks at a secret.
pub(in crate::ctl) fn verifies_module(module: &Module) -> bool {
    match name(module) {
        // A program that is handed the password.
        "pam_exec" => module.arguments.iter().any(|word| word == "expose_authtok"),
        name => VERIFIERS.contains(&name),
    }
}

/// A step whose module looks at a secret, or may ask for one.
pub(in crate::ctl) fn asks(step: &Step) -> bool {
    verifies(step) || step.module.as_ref().is_some_and(|module| ASKERS.contains(&name(module)))
}

/// A step that locks by itself.
pub(super) fn locks(step: &Step) -> bool {
    let names = ["pam_faillock", "pam_tally", "pam_tally2"];
    step.module.as_ref().is_some_and(|module| names.contains(&name(module)))
}

/// A line of pam_axes, if it is one.
pub(in crate::ctl) fn axes(step: &Step) -> Option<&Module> {
    step.module.as_ref().filter(|module| axes_module(module))
}

/// Whether it is pam_axes.
pub(in crate::ctl) fn axes_module(module: &Module) -> bool {
    // A freshly built one still has the prefix of a library.
    ["pam_axes", "libpam_axes"].contains(&name(module))
}

/// What a line of pam_axes does in the auth phase; the last word counts.
pub(in crate::ctl) fn role(module: &Module) -> Role {
    let roles = module.arguments.iter().rev().find_map(|word| match word.as_str() {
        "preauth" => Some(Role::Preauth),
        "authfail" => Some(Role::Authfail),
        "authsucc" => Some(Role::Authsucc),
        _ => None,
    });
    roles.unwrap_or(Role::Watching)
}

/// A step at which axesd decides whether the password is looked at.
pub(in crate::ctl) fn guards(step: &Step) -> bool {
    axes(step).is_some_and(|module| matches!(role(module), Role::Watching | Role::Preauth))
}

/// What a module can answer, as far as it is known.
pub(in crate::ctl) fn outcomes(module: &Module) -> &'static [Outcome] {
    match name(module) {
        "pam_permit" => &[Outcome::Success],
        "pam_deny" => &[Outcome::Failure],
        _ => &[Outcome::Success, Outcome::Failure, Outcome::Ignore],
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::stack;
    use super::*;

    #[test]
    fn modules_are_told_by_their_names_wherever_they_are() {
        let steps = stack(
            "auth required /usr/lib/security/pam_unix.so\nauth required pam_env.so\n\
             auth required pam_exec.so expose_authtok /bin/x\nauth required pam_exec.so /bin/x\n\
             auth required /t/libpam_axes.so\nauth required pam_axes.so quiet authfail\n\
             auth required pam_faillock.so preauth",
        );
        let all = |of: fn(&Step) -> bool| steps.iter().map(of).map(u8::from).collect::<Vec<_>>();
        assert_eq!(all(verifies), [1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(all(guards), [0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(all(locks), [0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(role(axes(&steps[5]).unwrap()), Role::Authfail);
    }
}

//! The stacks that are compared, in the folder of one host.

use std::fs;
use std::path::{Path, PathBuf};

use crate::host::{Host, RIGHT, built, find_built};

/// Where distributions put modules.
const MODULES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/security",
    "/usr/lib/aarch64-linux-gnu/security",
    "/usr/lib64/security",
];
/// Where `make bench` unpacks Debian's libpam-abl.
const UNPACKED_ABL: &str = "bench/abl/lib/x86_64-linux-gnu/security/pam_abl.so";

/// What stands around the password module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// Nothing.
    Bare,
    /// pam_faillock, with the lines of its manual.
    Faillock,
    /// pam_abl, where it can be had.
    Abl,
    /// pam_axes, with its two lines.
    Axes,
}

impl Stack {
    /// All that this machine has.
    pub fn present() -> Vec<Self> {
        let all = [Self::Bare, Self::Faillock, Self::Abl, Self::Axes];
        all.into_iter().filter(|stack| *stack != Self::Abl || abl().is_some()).collect()
    }

    /// As the report calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Faillock => "pam_faillock",
            Self::Abl => "pam_abl",
            Self::Axes => "pam_axes",
        }
    }

    fn lines(self, host: &Host) -> String {
        let password = format!("{} [{RIGHT}]", built("libaxes_password.so").display());
        let (auth, account) = match self {
            Self::Bare => (format!("auth required {password}\n"), String::new()),
            Self::Faillock => {
                let faillock = format!("conf={}", host.path("faillock.conf").display());
                let auth = format!(
                    "auth required pam_faillock.so preauth {faillock}\n\
                     auth [success=1 default=bad] {password}\n\
                     auth [default=die] pam_faillock.so authfail {faillock}\n\
                     auth required pam_faillock.so authsucc {faillock}\n"
                );
                (auth, format!("account required pam_faillock.so {faillock}\n"))
            }
            Self::Abl => {
                let abl = abl().expect("pam_abl.so");
                let config = host.path("abl.conf");
                let line = format!("auth required {} config={}\n", abl.display(), config.display());
                (format!("{line}auth required {password}\n"), String::new())
            }
            Self::Axes => {
                let axes = host.module_line();
                let auth = format!("auth requisite {axes}\nauth required {password}\n");
                (auth, format!("account required {axes}\n"))
            }
        };
        format!("{auth}{account}account required pam_permit.so\n")
    }
}

/// A host with a running daemon, and a service for each stack, of its name.
pub fn host(settings: &str) -> Host {
    let mut host = without_daemon(settings);
    host.start_daemon();
    host
}

/// The same, with the daemon not running.
pub fn without_daemon(settings: &str) -> Host {
    let host = Host::without_daemon(settings);
    write_faillock_conf(&host);
    write_abl_conf(&host);
    for stack in Stack::present() {
        host.write_stack(stack.name(), &stack.lines(&host));
    }
    // Without it libpam complains to syslog at each start.
    host.write_stack("other", "# nobody\n");
    host
}

/// Services with one line, for what it takes to load a module.
pub fn write_single_lines(host: &Host) {
    let permit = "account required pam_permit.so\n";
    host.write_stack("load-bare", permit);
    let faillock = host.path("faillock.conf");
    let lines = format!("account required pam_faillock.so conf={}\n{permit}", faillock.display());
    host.write_stack("load-pam_faillock", &lines);
    let lines = format!("account required {}\n{permit}", host.module_line());
    host.write_stack("load-pam_axes", &lines);
}

/// Whether what logs in, or its password module, maps a library that the module could share.
pub fn have_libgcc() -> bool {
    let name = b"libgcc_s.so";
    ["axes-caller", "libaxes_password.so"].into_iter().any(|file| {
        let bytes = fs::read(built(file)).expect("a file");
        bytes.windows(name.len()).any(|it| it == name)
    })
}

/// Nobody is locked, nobody waits: each failure is followed by a success.
fn write_faillock_conf(host: &Host) {
    let folder = host.path("faillock");
    fs::create_dir(&folder).expect("a folder");
    let text = format!("dir={}\ndeny=5\nnodelay\nsilent\n", folder.display());
    fs::write(host.path("faillock.conf"), text).expect("faillock.conf");
}

/// As shipped, but for limits that nobody reaches, for it forgives nothing at a success.
fn write_abl_conf(host: &Host) {
    let folder = host.path("abl");
    fs::create_dir(&folder).expect("a folder");
    let folder = folder.display();
    let text = format!(
        "db_home={folder}\nhost_db={folder}/hosts.db\nhost_purge=1d\nhost_rule=*:1000000/1h\n\
         user_db={folder}/users.db\nuser_purge=1d\nuser_rule=*:1000000/1h\nlimits=1000-1200\n"
    );
    fs::write(host.path("abl.conf"), text).expect("abl.conf");
}

fn abl() -> Option<PathBuf> {
    let installed = MODULES.iter().map(|folder| Path::new(folder).join("pam_abl.so"));
    installed.into_iter().find(|path| path.exists()).or_else(|| find_built(UNPACKED_ABL))
}

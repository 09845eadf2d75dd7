//! `axesctl check`: a tree that is not running, and a daemon that is.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, module};
use serde_json::Value;

const SHIPPED: &str = include_str!("../../packaging/axes.toml");
const UNIX: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n\
    auth\trequisite\t\t\tpam_deny.so\nauth\trequired\t\t\tpam_permit.so\n";
const AXES: &str = "auth\trequisite\tpam_axes.so\n";
const ACCOUNT: &str = "account\trequisite\tpam_axes.so\naccount\trequired\tpam_unix.so\n";

/// The tree of a host on which the package is installed, inside the folder of another host.
struct Image<'a> {
    host: &'a Host,
}

impl<'a> Image<'a> {
    fn installed(host: &'a Host) -> Self {
        let image = Self { host };
        image.write("etc/axes/axes.toml", SHIPPED);
        image.write("etc/pam.d/common-auth", &format!("{AXES}{UNIX}"));
        image.write("etc/pam.d/common-account", ACCOUNT);
        image.write(
            "etc/pam.d/sshd",
            "@include common-auth\naccount required pam_nologin.so\n@include common-account\n",
        );
        image.write("etc/pam.d/sudo", "@include common-auth\n@include common-account\n");
        image.write("etc/pam.d/other", "@include common-auth\n@include common-account\n");
        image.write("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n");
        image.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        image.write("etc/group", "sudo:x:27:\n");
        image.write("etc/shadow", "root:$y$x:1::::::\n");
        let folder = image.path("usr/lib/x86_64-linux-gnu/security");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(module(), folder.join("pam_axes.so")).unwrap();
        fs::set_permissions(folder.join("pam_axes.so"), Permissions::from_mode(0o644)).unwrap();
        let wants = image.path("etc/systemd/system/sockets.target.wants");
        fs::create_dir_all(&wants).unwrap();
        symlink("/usr/lib/systemd/system/axesd.socket", wants.join("axesd.socket")).unwrap();
        image
    }

    fn path(&self, name: &str) -> PathBuf {
        self.host.path("image").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    }

    /// The exit status, and ids with places.
    fn check(&self) -> (i32, Vec<String>) {
        let output = self.host.axesctl(&["check", "--json", "--root", "image"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let shown: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        (output.status.code().unwrap(), places(&shown))
    }
}

/// Ids, each with its place.
fn places(shown: &Value) -> Vec<String> {
    let findings = shown["findings"].as_array().unwrap().iter();
    let show = |finding: &Value| {
        let place = finding["where"].as_str().unwrap_or("-");
        format!("{} {place}", finding["id"].as_str().unwrap())
    };
    findings.map(show).collect()
}

#[test]
fn a_tree_as_the_package_leaves_it_is_good() {
    let host = Host::without_daemon("");
    let image = Image::installed(&host);
    assert_eq!(image.check(), (0, vec![]));
    let output = host.axesctl(&["check", "--root", "image"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Not checked: sockets and the daemon"), "{text}");
    assert!(text.ends_with("\n0 errors, 0 warnings, 0 notes\n"), "{text}");
}

#[test]
fn what_is_wrong_with_a_tree_is_found_with_file_and_line() {
    let host = Host::without_daemon("");
    let image = Image::installed(&host);
    image.write("etc/axes/conf.d/x.toml", "\nonly_whitelist = true\n");
    image.write("etc/pam.d/common-auth", &format!("{UNIX}{AXES}"));
    image.write(
        "etc/pam.d/login",
        &format!("{AXES}{UNIX}{ACCOUNT}").replace("requisite\tpam_axes", "optional pam_axes"),
    );
    image.write("etc/ssh/sshd_config.d/a.conf", "UsePAM no\n");
    fs::remove_file(image.path("etc/systemd/system/sockets.target.wants/axesd.socket")).unwrap();
    image.write(
        "etc/pam.d/su",
        &format!("auth requisite pam_axes.so failmode=secure colour=red\n{UNIX}{ACCOUNT}"),
    );
    let expected = [
        "axes.E003 /etc/axes/conf.d/x.toml:2",
        "axes.E005 /etc/pam.d/common-auth:1",
        "axes.E007 /etc/pam.d/login:1",
        "axes.E012 /etc/pam.d/su:1",
        "axes.E018 /etc/ssh/sshd_config.d/a.conf:1",
        "axes.W013 /etc/pam.d/login:5",
        "axes.W014 /etc/pam.d/su:1",
    ];
    let (status, found) = image.check();
    assert_eq!((status, found.iter().map(String::as_str).collect()), (1, expected.to_vec()));
}

#[test]
fn notes_alone_are_no_failure_and_a_broken_configuration_is_one() {
    let host = Host::without_daemon("");
    let image = Image::installed(&host);
    image.write("etc/axes/axes.toml", "lock_out_at_failure = false\n");
    assert_eq!(image.check(), (0, vec!["axes.N001 /etc/axes/axes.toml:1".to_owned()]));
    image.write("etc/axes/axes.toml", "failure_limit = 0\n");
    assert_eq!(image.check(), (1, vec!["axes.E001 /etc/axes/axes.toml:1".to_owned()]));
}

#[test]
fn only_services_in_which_lockouts_are_enforced_have_to_be_protected() {
    let host = Host::without_daemon("");
    let image = Image::installed(&host);
    image.write("etc/pam.d/forgotten", "auth required pam_unix.so\n");
    assert_eq!(image.check(), (1, vec!["axes.E004 /etc/pam.d/forgotten:1".to_owned()]));
    image.write("etc/axes/axes.toml", "services = [\"sshd\", \"sudo\"]\n");
    assert_eq!(image.check(), (0, vec![]));
    image.write("etc/axes/axes.toml", "services = [\"sshd\", \"sduo\"]\n");
    assert_eq!(image.check(), (1, vec!["axes.W022 /etc/axes/axes.toml:1".to_owned()]));
}

#[test]
fn what_libpam_does_is_what_check_says() {
    let host = Host::start("failure_limit = 1");
    let image = Image::installed(&host);
    for (control, code, wanted) in [
        ("requisite", MAXTRIES, vec![]),
        ("optional", SUCCESS, vec!["axes.E007 /etc/pam.d/service:1"]),
        ("[ignore=ignore default=2]", SUCCESS, vec!["axes.E007 /etc/pam.d/service:1"]),
        ("[ignore=ignore default=1]", AUTH_ERR, vec![]),
    ] {
        host.axesctl(&["reset", "--all"]);
        let lines = format!("auth {control} {}\n{}", host.module_line(), host.password_lines());
        host.write_stack("service", &lines);
        let session =
            |password| host.session_of("service", "alice").from("192.0.2.7").try_password(password);
        session(WRONG);
        assert_eq!(session(RIGHT), code, "{control}");
        image.write("etc/pam.d/service", &host.service("service"));
        let (_, mut found) = image.check();
        // The module and the socket of this test are not those of the tree.
        found.retain(|it| {
            it.starts_with("axes.E0")
                && it.contains("service")
                && !["E010", "E013"].iter().any(|id| it.contains(id))
        });
        assert_eq!(found, wanted, "{control}");
    }
}

#[test]
fn a_refusal_inside_a_substack_ends_only_that() {
    let host = Host::start("failure_limit = 1");
    let image = Image::installed(&host);
    for (word, verified, wanted) in
        [("include", 1, None), ("substack", 2, Some("axes.W011 /etc/pam.d/part:1"))]
    {
        host.axesctl(&["reset", "--all"]);
        let part = format!("auth requisite {}\n", host.module_line());
        host.write_stack("part", &part);
        image.write("etc/pam.d/part", &part);
        // libpam looks for a relative name in /etc/pam.d, wherever the service itself is.
        let service = |part: &str| format!("auth {word} {part}\n{}", host.password_lines());
        host.write_stack("service", &service(host.path("pam.d/part").to_str().unwrap()));
        image.write("etc/pam.d/service", &service("part"));
        let session =
            |password| host.session_of("service", "alice").from("192.0.2.7").try_password(password);
        let before = host.verified();
        session(WRONG);
        assert_ne!(session(RIGHT), SUCCESS, "{word}");
        assert_eq!(host.verified() - before, verified, "{word}");
        let (_, found) = image.check();
        let asked = found.iter().find(|it| it.starts_with("axes.W011"));
        assert_eq!(asked.map(String::as_str), wanted, "{word}");
    }
}

#[test]
fn a_running_daemon_is_asked_and_a_missing_one_is_found() {
    let mut host = Host::start("lockout_parameters = [\"ip_address\"]\nfailure_limit = 20");
    for user in ["ann", "ben", "cid", "dan", "eve"] {
        assert_eq!(host.login(user, "192.0.2.7", RIGHT), SUCCESS);
    }
    let config = host.path("axes.toml");
    let check = |host: &Host| {
        let shown = host.ask(&["check", "--config", config.to_str().unwrap()]);
        let of_daemon = ["axes.E014", "axes.E015", "axes.E017", "axes.W019", "axes.W020"];
        let mut found = places(&shown);
        // The rest is about the machine on which this runs.
        found.retain(|it| of_daemon.iter().any(|id| it.starts_with(id)));
        found
    };
    assert_eq!(check(&host), ["axes.W020 -"]);
    // What was listed at run time is known.
    assert!(host.axesctl(&["whitelist", "add", "192.0.2.7"]).status.success());
    assert_eq!(check(&host), [""; 0]);
    host.kill_daemon(libc::SIGKILL);
    assert_eq!(check(&host), ["axes.E014 -", "axes.E015 -"]);
}

#[test]
fn what_cannot_be_checked_is_told_from_what_is_wrong() {
    let host = Host::without_daemon("");
    for root in ["nowhere", "pam.d"] {
        let output = host.axesctl(&["check", "--root", root]);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("whole system"), "{output:?}");
    }
    let unknown = host.axesctl(&["check", "--explain", "axes.E999"]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    let known = host.axesctl(&["check", "--explain", "axes.e004"]);
    assert!(
        known.status.success() && known.stdout.starts_with(b"axes.E004 (error)\n"),
        "{known:?}"
    );
}

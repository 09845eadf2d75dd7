//! `axesctl pam enable|disable|status`: real files, real logins before and after.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{RIGHT, WRONG, built, kill, wait_until};

use crate::etc::{Etc, shown};

/// A host with one service, which no file of others protects.
fn with_door(settings: &str) -> Etc {
    let etc = Etc::of(settings);
    etc.write("door", &etc.service("auth required pam_env.so\n"));
    etc
}

fn login(etc: &Etc, password: &str) -> i32 {
    etc.host.session_of("door", "alice").from("192.0.2.7").try_password(password)
}

#[test]
fn a_service_is_protected_from_then_on_and_as_before_afterwards() {
    let etc = with_door("failure_limit = 1");
    let before = etc.files();
    assert_eq!(etc.pam(&["status"]).0, 1);

    let (status, text) = etc.pam(&["enable", "door", "--yes"]);
    assert_eq!(status, 0, "{text}");
    for part in ["+++ /etc/pam.d/door\n", "\n+auth\trequisite\t", "\n+account\trequisite\t"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.contains("door: a wrong answer"), "{text}");
    assert_eq!(etc.host.ask(&["list"])["counters"].as_array().unwrap().len(), 0);
    assert_eq!((login(&etc, WRONG), login(&etc, RIGHT)), (AUTH_ERR, MAXTRIES));
    assert_eq!(etc.pam(&["status"]).0, 0);
    let told = etc.ask(&["pam", "status", "door"]);
    assert_eq!(told["services"][0]["state"], "protected");
    assert_eq!(told["services"][0]["auth"], "/etc/pam.d/door:2");

    let (status, text) = etc.pam(&["enable", "door", "--yes"]);
    assert_eq!((status, text.contains("Nothing to do")), (0, true), "{text}");

    let (status, text) = etc.pam(&["disable", "--yes"]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(etc.files(), before);
    assert_eq!((login(&etc, WRONG), login(&etc, RIGHT)), (AUTH_ERR, SUCCESS));
    let (status, text) = etc.pam(&["disable", "--yes"]);
    assert_eq!((status, text.contains("no line of pam_axes")), (1, true), "{text}");
}

#[test]
fn what_was_there_is_kept_for_root_with_its_mode_and_owner() {
    let etc = with_door("");
    fs::set_permissions(etc.path("door"), fs::Permissions::from_mode(0o640)).unwrap();
    let (before, about) = (etc.text("door"), etc.path("door").metadata().unwrap());
    let told = etc.ask(&["pam", "enable", "--yes", "--module", &etc.host.module_line()]);
    assert_eq!(told["result"], "done", "{told}");
    let after = etc.path("door").metadata().unwrap();
    assert_eq!((after.mode(), after.uid(), after.gid()), (about.mode(), about.uid(), about.gid()));
    let [backup] = etc.backups().try_into().unwrap();
    assert_eq!(fs::read_to_string(backup.join("door")).unwrap(), before);
    assert_eq!(backup.metadata().unwrap().mode() & 0o777, 0o700);
    let named = Path::new(told["backup"].as_str().unwrap());
    assert_eq!(named.file_name(), backup.file_name());
    assert!(named.starts_with("/etc/axes/pam-backup"), "{told}");
}

#[test]
fn nothing_is_written_without_a_yes() {
    let etc = with_door("");
    let before = etc.files();
    let (status, text) = etc.pam(&["enable"]);
    assert_eq!((status, text.contains("--yes")), (2, true), "{text}");
    let (status, text) = etc.pam(&["enable", "--dry-run"]);
    assert_eq!((status, text.contains("+++ /etc/pam.d/door")), (0, true), "{text}");
    assert_eq!((etc.files(), etc.backups().len()), (before, 0));
}

#[test]
fn on_a_terminal_it_asks() {
    for (answer, status, result) in
        [("n\n", 1, "you did not say yes"), ("\n", 1, "you did not"), ("y\n", 0, "Done.")]
    {
        let etc = with_door("");
        let before = etc.files();
        let line = format!(
            "{} --color always --socket {} pam enable door --module '{}'",
            built("axesctl").display(),
            etc.host.path("control.sock").display(),
            etc.host.module_line()
        );
        let mut command = etc.command(&["script", "-qec", &line, "/dev/null"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let (code, text) = shown(&child.wait_with_output().unwrap());
        assert_eq!((code, text.contains(result)), (status, true), "{text}");
        assert!(text.contains("Write this? [y/N]") && text.contains("\u{1b}[32m+auth"), "{text}");
        assert_eq!(etc.files() == before, status == 1);
    }
}

#[test]
fn a_self_test_that_fails_leaves_everything_as_it_is() {
    let mut etc = with_door("");
    let before = etc.files();
    let missing = ["enable", "--yes", "--module", "/nowhere/pam_axes.so"];
    let (status, text) = etc.pam(&missing);
    assert_eq!((status, text.contains("WRONG")), (1, true), "{text}");
    assert!(text.contains("Nothing was written, because a test failed"), "{text}");
    etc.host.kill_daemon(9);
    let (status, text) = etc.pam(&["enable", "--yes"]);
    assert_eq!((status, text.contains("axesd is not running")), (3, true), "{text}");
    assert_eq!((etc.files(), etc.backups().len()), (before, 0));
}

/// A service in front of whose password module a program runs, which does this from the second
/// login on: the first one is before the files are written.
fn with_turn(etc: &Etc, control: &str, script: &str) -> String {
    let (program, flag) = (etc.host.path("turn"), etc.host.path("flag"));
    let text = format!("#!/bin/sh\n[ -e {0} ] || {{ : > {0}; exit 1; }}\n{script}", flag.display());
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    etc.service(&format!("auth {control} pam_exec.so quiet {}\n", program.display()))
}

#[test]
fn a_service_that_lets_in_whom_it_refused_is_put_back_to_the_byte() {
    let etc = Etc::of("");
    etc.write("door", &with_turn(&etc, "sufficient", "exit 0\n"));
    let (before, inode) = (etc.files(), etc.path("door").metadata().unwrap().ino());
    let (status, text) = etc.pam(&["enable", "--yes"]);
    assert_eq!((status, text.contains("let in without a question")), (1, true), "{text}");
    assert!(text.contains("Everything was put back"), "{text}");
    assert_eq!(etc.files(), before);
    assert_eq!(etc.path("door").metadata().unwrap().ino(), inode, "the very same file");
}

#[test]
fn a_module_that_crashes_or_a_daemon_that_dies_meanwhile_puts_everything_back() {
    for (script, status, reason) in [
        // The process of the login is the parent of the program.
        ("kill -ABRT $PPID\n", 1, "a module crashed (signal 6)"),
        ("kill -9 DAEMON\n", 3, "everything was put back as it was"),
    ] {
        let etc = Etc::of("");
        let script = script.replace("DAEMON", &etc.host.daemon_id().to_string());
        etc.write("door", &with_turn(&etc, "optional", &script));
        let before = etc.files();
        let (code, text) = etc.pam(&["enable", "--yes"]);
        assert_eq!((code, text.contains(reason)), (status, true), "{text}");
        assert_eq!(etc.files(), before);
    }
}

#[test]
fn an_interrupt_while_it_is_tried_puts_everything_back() {
    let etc = Etc::of("");
    let waits = etc.host.path("waits");
    let script = format!(": > {}\nsleep 5\n", waits.display());
    etc.write("door", &with_turn(&etc, "optional", &script));
    let before = etc.files();
    let module = etc.host.module_line();
    let mut command = etc.axesctl_command(&["pam", "enable", "--yes", "--module", &module]);
    // As on a terminal, the signal goes to all processes of the command.
    let child =
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the login waits", || waits.exists());
    assert_ne!(etc.files(), before);
    let group = -i32::try_from(child.id()).unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(group), nix::sys::signal::SIGINT).unwrap();
    let (status, text) = shown(&child.wait_with_output().unwrap());
    assert_eq!(
        (status, text.contains("interrupted; everything was put back")),
        (3, true),
        "{text}"
    );
    assert_eq!(etc.files(), before);
}

#[test]
fn a_kill_in_the_middle_leaves_the_old_file_or_the_new_one_and_the_next_run_works() {
    let etc = with_door("");
    let old = etc.text("door");
    let begun = Instant::now();
    let (status, text) = etc.pam(&["enable", "--yes"]);
    assert_eq!(status, 0, "{text}");
    let (whole, new) = (begun.elapsed(), etc.text("door"));
    let (mut left, mut written) = (0, 0);
    for round in 0..40 {
        etc.write("door", &old);
        let module = etc.host.module_line();
        let mut command = etc.axesctl_command(&["pam", "enable", "--yes", "--module", &module]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * round / 30);
        kill(&child, libc::SIGKILL);
        child.wait().unwrap();
        match etc.text("door") {
            text if text == old => left += 1,
            text if text == new => written += 1,
            text => panic!("half a file: {text}"),
        }
    }
    assert!(left > 0 && written > 0, "{left} old, {written} new: the rounds missed the moment");
    etc.write("door", &old);
    let (status, text) = etc.pam(&["enable", "--yes"]);
    assert_eq!((status, etc.text("door")), (0, new), "{text}");
    assert_eq!(etc.files().len(), 1, "no file is left behind");
}

#[test]
fn lines_are_taken_out_without_a_daemon_too() {
    let mut etc = with_door("");
    let before = etc.files();
    assert_eq!(etc.pam(&["enable", "--yes"]).0, 0);
    // Still protected afterwards, but nobody can record that.
    let twice = etc.text("door");
    etc.write("inner", &twice);
    etc.write("door", &format!("auth requisite {}\n@include inner\n", etc.host.module_line()));
    etc.host.kill_daemon(9);
    assert_eq!(etc.pam(&["disable", "door", "--yes"]).0, 0);
    assert_eq!(etc.text("door"), "@include inner\n");
    fs::remove_file(etc.path("inner")).unwrap();
    etc.write("door", &twice);
    let (status, text) = etc.pam(&["disable", "door", "--yes"]);
    assert_eq!((status, text.contains("door: a wrong answer")), (0, true), "{text}");
    assert_eq!(etc.files(), before);
}

#[test]
fn su_is_not_tried_because_it_lets_root_in() {
    let etc = Etc::of("");
    etc.write("su", &etc.service("auth sufficient pam_rootok.so\n"));
    let (status, text) = etc.pam(&["enable", "su", "--yes"]);
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains("Not tried: su; before anything was changed: let in without a question"),
        "{text}"
    );
    assert_eq!(etc.ask(&["pam", "status"])["services"][0]["state"], "protected");
}

#[test]
fn files_of_other_programs_are_left_to_them() {
    let etc = Etc::of("");
    let marked = "# this file is managed by pam-auth-update by default.\n";
    etc.write("common-auth", &format!("{marked}{}", etc.host.password_lines()));
    etc.write("sshd", "@include common-auth\naccount required pam_permit.so\n");
    let before = etc.files();
    let (status, text) = etc.pam(&["enable", "--yes"]);
    // Debian has pam-auth-update.
    assert_eq!((status, text.contains("`pam-auth-update --enable axes`")), (1, true), "{text}");
    fs::rename(etc.path("common-auth"), etc.host.path("etc/authselected")).unwrap();
    fs::create_dir(etc.host.path("etc/authselect")).unwrap();
    fs::rename(etc.host.path("etc/authselected"), etc.host.path("etc/authselect/system-auth"))
        .unwrap();
    symlink("/etc/authselect/system-auth", etc.path("common-auth")).unwrap();
    let (status, text) = etc.pam(&["enable", "--yes"]);
    assert_eq!((status, text.contains("`authselect select axes with-axes")), (1, true), "{text}");
    // The service itself is the administrator's.
    fs::remove_file(etc.path("common-auth")).unwrap();
    etc.write("common-auth", &String::from_utf8(before[0].1.clone()).unwrap());
    let (status, text) = etc.pam(&["enable", "sshd", "--yes"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("sshd: a wrong answer"), "{text}");
}

#[test]
fn what_is_no_service_or_checks_no_secrets_is_told() {
    let etc = with_door("");
    etc.write("open", "auth required pam_permit.so\n");
    let before = etc.files();
    for (words, status, reason) in [
        (["enable", "nosuch"], 2, "PAM has no service nosuch"),
        (["disable", "nosuch"], 2, "PAM has no service nosuch"),
        (["status", "nosuch"], 2, "PAM has no service nosuch"),
        (["enable", "open"], 1, "checks no secrets"),
        (["disable", "door"], 1, "no line of pam_axes"),
    ] {
        let (code, text) = etc.pam(&words);
        assert_eq!((code, text.contains(reason)), (status, true), "{words:?}: {text}");
    }
    assert_eq!(etc.files(), before);
}

#[test]
fn several_files_are_written_together_and_a_link_is_told() {
    let etc = Etc::of("failure_limit = 1");
    etc.write("real-auth", &etc.host.password_lines());
    symlink("real-auth", etc.path("common-auth")).unwrap();
    etc.write("common-account", "account required pam_permit.so\n");
    etc.write("door", "@include common-auth\n@include common-account\n");
    etc.write("door-l", "@include real-auth\n");
    etc.write("alone", &etc.service(""));
    // What it does not say, libpam reads in `other`, where nobody asks axesd.
    etc.write("bare", "@include common-account\n");
    etc.write("other", &etc.service(""));
    let before = etc.files();
    let (status, text) = etc.pam(&["enable", "--yes"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("/etc/pam.d/common-auth is a link"), "{text}");
    let bare = text.lines().find(|line| line.contains("bare: a wrong answer")).unwrap();
    assert!(bare.starts_with("ok ") && !bare.contains("recorded"), "{text}");
    assert!(text.contains("Not protected even so: alone, other"), "{text}");
    assert!(text.contains("This concerns bare, door, door-l, real-auth"), "{text}");
    assert!(etc.path("common-auth").is_symlink());
    assert!(etc.text("real-auth").starts_with("auth\trequisite\t"));
    let (status, text) = etc.pam(&["disable", "door", "--yes"]);
    assert_eq!((status, text.contains("common-auth:1")), (1, true), "{text}");
    let (status, text) = etc.pam(&["disable", "--yes"]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(etc.files(), before);
}

#[test]
fn every_sample_is_protected_and_comes_back_to_the_byte() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/pam");
    let mut tried = 0;
    for folder in fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()) {
        let etc = Etc::of("");
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_name().unwrap().to_str().unwrap();
            etc.write(name, &fs::read_to_string(&file).unwrap());
        }
        let before = etc.files();
        let status = etc.ask(&["pam", "status"]);
        let services = status["services"].as_array().unwrap().iter();
        let unprotected = services.filter(|it| it["state"] == "unprotected");
        let names: Vec<_> =
            unprotected.map(|service| service["service"].as_str().unwrap().to_owned()).collect();
        assert!(!names.is_empty(), "{}", folder.display());
        // All at once, then each in its own file.
        let each = names.iter().map(|name| vec![name.as_str()]);
        for named in [vec![], names.iter().map(String::as_str).collect()].into_iter().chain(each) {
            let (status, text) = etc.pam(&[&["enable", "--yes"], named.as_slice()].concat());
            assert_eq!(status, 0, "{}: {named:?}: {text}", folder.display());
            assert_ne!(etc.files(), before);
            let told = etc.pam(&[&["status"], named.as_slice()].concat());
            let all = !text.contains("Not protected even so") || !named.is_empty();
            assert_eq!(told.0, i32::from(!all), "{}: {named:?}: {told:?}", folder.display());
            let (status, text) = etc.pam(&[&["disable", "--yes"], named.as_slice()].concat());
            assert_eq!(status, 0, "{}: {named:?}: {text}", folder.display());
            assert_eq!(etc.files(), before, "{}: {named:?}", folder.display());
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

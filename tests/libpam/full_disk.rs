//! A full disk, on a small one of the daemon's own: who gets in, and that it ends by itself.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, wait_until};
use axes_e2e::reliability::load;

const AWAY: &str = "192.0.2.7";
const OFFICE: &str = "198.51.100.9";
/// Many users fail from one address.
const PAIRS: &str = "failure_limit = 5\nlockout_parameters = [[\"username\", \"ip_address\"]]\n";
const MOUNT: &str = "mount -t tmpfs -o size=6m tmpfs \"$0\" && exec \"$@\"";
/// Failures until the daemon has to notice that nothing more fits.
const MOST: usize = 20_000;

/// A daemon whose state is on a disk of six megabytes.
fn on_a_small_disk(on_store_error: &str, settings: &str) -> Host {
    let mut host = Host::without_daemon(settings);
    configure(&host, on_store_error, settings);
    fs::create_dir(host.path("state")).unwrap();
    let daemon = host.daemon_command();
    let mut mounted = Command::new("unshare");
    mounted.args(["--user", "--map-root-user", "--mount", "sh", "-c", MOUNT]);
    mounted.arg(host.path("state")).arg(daemon.get_program()).args(daemon.get_args());
    host.launch(logged(&host, mounted));
    wait_until("axesd listens (it takes unshare and user namespaces)", || {
        host.axesctl(&["status"]).status.success()
    });
    host
}

fn logged(host: &Host, mut command: Command) -> Command {
    let log = OpenOptions::new().create(true).append(true).open(host.path("log")).unwrap();
    command.stdout(log.try_clone().unwrap()).stderr(log);
    command
}

fn configure(host: &Host, on_store_error: &str, settings: &str) {
    host.configure(settings);
    host.configure_store(&format!("on_store_error = \"{on_store_error}\""));
}

/// A file on the disk of the daemon.
fn on_disk(host: &Host, name: &str) -> PathBuf {
    let state = host.path("state").display().to_string();
    format!("/proc/{}/root{state}/{name}", host.daemon_id()).into()
}

fn fill(host: &Host) {
    let filler = OpenOptions::new().create(true).append(true).open(on_disk(host, "filler"));
    let mut filler = filler.unwrap();
    while filler.write_all(&[1; 4096]).is_ok() {}
}

fn is_alarmed(host: &Host) -> bool {
    load::status(host).unwrap().store_alarm.is_some()
}

/// Fills the disk, and once more after the daemon has thrown its ballast out; how many users
/// failed to log in until it alarms for good.
fn fill_for_good(host: &Host) -> usize {
    let failed = fail_until_it_is_full(host, 0);
    wait_until("the ballast is thrown out", || !on_disk(host, "ballast").exists());
    wait_until("that made room", || !is_alarmed(host));
    fail_until_it_is_full(host, failed)
}

/// Fails to log in as one user after the other until the daemon alarms.
fn fail_until_it_is_full(host: &Host, from: usize) -> usize {
    for number in from..MOST {
        if number % 50 == 0 || number == from {
            fill(host);
        }
        // On disk or not: it counts.
        let _ = load::fail(&host.socket(), &load::client(&format!("user{number}")));
        if is_alarmed(host) {
            fill(host);
            return number + 1;
        }
    }
    panic!("{MOST} failures fit on a full disk");
}

/// How long it takes from there being space to the end of the alarm, while nobody logs in.
fn recovery(host: &Host) -> Duration {
    fs::remove_file(on_disk(host, "filler")).unwrap();
    let begun = Instant::now();
    wait_until("the alarm is over", || !is_alarmed(host));
    begun.elapsed()
}

#[test]
fn safe_decides_from_memory_and_recovers_while_nobody_logs_in() {
    let host = on_a_small_disk("safe", "failure_limit = 2\nlockout_parameters = [\"username\"]");
    let failed = fill_for_good(&host);
    for _ in 0..2 {
        assert_eq!(host.login("alice", AWAY, WRONG), AUTH_ERR);
    }
    assert_eq!(host.login("alice", AWAY, RIGHT), MAXTRIES, "counted and locked in memory");
    assert_eq!(host.login("bob", AWAY, RIGHT), SUCCESS);
    assert_eq!(host.ask(&["status"])["enforcement"], "on");
    assert!(host.log().contains("ALARM: attempts are not on disk"), "{}", host.log());
    let backup = host.axesctl(&["backup"]);
    let said = String::from_utf8_lossy(&backup.stderr).into_owned();
    assert!(said.contains("no backup was written") && said.contains("check free space"), "{said}");
    assert!(recovery(&host) < Duration::from_secs(3));
    assert!(host.axesctl(&["backup"]).status.success());
    assert_eq!(host.ask(&["status"])["counters_held"], failed + 1);
}

#[test]
fn secure_refuses_whoever_is_counted_until_there_is_space() {
    let settings = format!("{PAIRS}ip_whitelist = [\"{OFFICE}\"]");
    let host = on_a_small_disk("secure", &settings);
    assert_eq!(host.login("carol", AWAY, RIGHT), SUCCESS);
    fill_for_good(&host);
    let verified = host.verified();
    let mut session = host.session("carol").from(AWAY);
    assert_eq!(session.try_password(RIGHT), MAXTRIES);
    let told = session.person().messages.clone();
    assert_eq!(told, ["Logins cannot be recorded at the moment; try again later."]);
    assert_eq!(host.verified(), verified, "no password was looked at");
    let newest =
        host.ask(&["log", "--user", "carol"])["attempts"].as_array().unwrap().last().cloned();
    assert_eq!(newest.unwrap()["reason"], "attempts are not on disk (on_store_error)");

    assert_eq!(host.login("carol", OFFICE, RIGHT), SUCCESS, "on the whitelist");
    assert_eq!(host.session("root").at("tty1").try_password(RIGHT), SUCCESS, "at the console");
    assert_eq!(host.session("carol").from(AWAY).account(), SUCCESS, "with a key");

    let status = host.ask(&["status"]);
    assert_eq!(status["enforcement"], "store_fails");
    let why = host.axesctl(&["why", "carol", "--from", AWAY]);
    let said = String::from_utf8_lossy(&why.stdout).into_owned();
    assert_eq!(why.status.code(), Some(1));
    assert!(said.contains("on_store_error") && said.contains("make room"), "{said}");
    let check = host.ask(&["check", "--config", &host.path("axes.toml").display().to_string()]);
    let found = check["findings"].as_array().unwrap().iter().any(|it| it["id"] == "axes.E017");
    assert!(found, "{check}");

    // It is not on disk, and says so; but it is so.
    host.axesctl(&["panic-off", "--for", "10m"]);
    assert_eq!(host.login("carol", AWAY, RIGHT), SUCCESS, "panic-off");
    host.axesctl(&["panic-off", "--end"]);
    assert_eq!(host.login("carol", AWAY, RIGHT), MAXTRIES);

    assert!(recovery(&host) < Duration::from_secs(3));
    wait_until("logins are possible", || host.login("carol", AWAY, RIGHT) == SUCCESS);
}

#[test]
fn the_mode_follows_a_reload_also_while_the_disk_is_full() {
    let host = on_a_small_disk("safe", PAIRS);
    fill_for_good(&host);
    assert_eq!(host.login("carol", AWAY, RIGHT), SUCCESS);
    configure(&host, "secure", PAIRS);
    host.reload();
    assert_eq!(host.login("carol", AWAY, RIGHT), MAXTRIES);
    sleep(Duration::from_millis(1500));
    assert_eq!(host.login("carol", AWAY, RIGHT), MAXTRIES, "nothing ends it but space");
}

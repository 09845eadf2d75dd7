//! What the module leaves behind in a process that lives long: nothing.

use std::process::{Command, Output};
use std::thread;

use axes_e2e::application::{AUTH_ERR, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, built};
use serde_json::Value;

/// Looking takes some 28 KiB itself, whatever the number of rounds; a leak of 64 bytes an attempt
/// would be more than this.
const SLACK_KB: u64 = 60;

fn host() -> Host {
    Host::start("lock_out_at_failure = false\nip_blacklist = [\"203.0.113.0/24\"]")
}

fn marathon(host: &Host, wrapper: &[&str], rounds: u32) -> Output {
    let program = built("axes-marathon");
    let mut words = wrapper.to_vec();
    words.push(program.to_str().unwrap());
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(host.path("pam.d")).args(["login", RIGHT, &rounds.to_string()]);
    command.output().unwrap_or_else(|error| panic!("{}: {error}", words[0]))
}

#[test]
fn a_thousand_attempts_leave_the_process_as_it_was() {
    let host = host();
    let output = marathon(&host, &[], 250);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut states: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let memory: Vec<u64> =
        states.iter_mut().map(|state| state["memory_kb"].take().as_u64().unwrap()).collect();
    assert!(memory[1] <= memory[0] + SLACK_KB, "{memory:?} KiB before and after");
    assert_eq!(states[0], states[1]);
    let wrong = host.ask(&["log", "--outcome", "failure"]);
    assert_eq!(wrong["attempts"].as_array().unwrap().len(), 270, "they were real");
}

#[test]
fn nothing_is_lost_or_read_out_of_bounds() {
    let host = host();
    let checks = [
        "valgrind",
        "-q",
        "--error-exitcode=77",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
    ];
    let output = marathon(&host, &checks, 5);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn two_handles_in_two_threads_do_not_disturb_each_other() {
    let host = host();
    thread::scope(|scope| {
        for user in ["alice", "bob", "carol", "dave"] {
            let host = &host;
            scope.spawn(move || {
                for _ in 0..25 {
                    assert_eq!(host.login(user, "192.0.2.7", WRONG), AUTH_ERR);
                    assert_eq!(host.login(user, "192.0.2.7", RIGHT), SUCCESS);
                }
            });
        }
    });
    for user in ["alice", "bob", "carol", "dave"] {
        let outcomes = host.outcomes(user);
        assert_eq!(outcomes, ["failure", "success"].repeat(25), "{user}");
    }
}

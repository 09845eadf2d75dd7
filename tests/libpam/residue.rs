//! What the module leaves behind in a process that lives long: nothing.

use std::process::{Command, Output};
use std::thread;

use axes_e2e::application::{AUTH_ERR, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, built, module};
use serde_json::{Value, json};

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

/// pam_end calls dlclose. The module is unmapped by that because nothing of it keeps it:
///
/// - no thread of its own runs;
/// - it has nothing to do at the end of a thread. With a `thread_local!` that has a `Drop`, glibc
///   would keep it mapped for as long as that thread lives; with `std::thread::current()`, whom the
///   usual hook for panics asks for a name, the standard library makes a key of pthreads, and the
///   end of the thread would be a jump into what is no longer mapped. With either, this test fails;
/// - its hook for panics belongs to the standard library in the module, and goes with it; a program
///   in Rust has another.
#[test]
fn the_module_is_unmapped_when_its_handle_ends_and_can_come_again() {
    let host = host();
    let mut command = Command::new(built("axes-logins"));
    command.arg(host.path("pam.d")).args(["login", "alice", "192.0.2.7"]);
    let output = command.args([WRONG, RIGHT, "wrong,correct horse"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ends = [vec![AUTH_ERR], vec![SUCCESS], vec![AUTH_ERR, SUCCESS]];
    assert_eq!(lines.len(), ends.len(), "{text}");
    for (line, ends) in lines.iter().zip(ends) {
        assert_eq!(line["ends"]["authenticate"], json!(ends));
        assert_eq!(line["modules"], json!([[module()], []]), "while the handle lives, and after");
        assert_eq!(line["panics"], json!([1, 1]), "the program hears of its own panics");
    }
    assert_eq!(host.outcomes("alice"), ["failure", "success", "failure", "success"]);
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

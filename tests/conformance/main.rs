//! Behaviour of django-axes, scenario by scenario, through `axesctl replay`.
//!
//! `axes_scenarios.json` holds what django-axes 8.3.1 does. Each scenario becomes a configuration
//! and a list of events; what comes out is compared with what django-axes did.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use axes_e2e::host::built;
use serde_json::{Value, json};

const SCENARIOS: &str = include_str!("axes_scenarios.json");

/// Scenarios in which the default of pam_axes is another one on purpose, and the setting under
/// which it does as django-axes.
const DIFFERENT: [(&str, &str); 1] = [
    // One customer usually has a whole /64: its addresses are one client.
    ("ipv6-spellings-equal", "ipv6_prefix = 128\n"),
];

/// What a scenario expects of the answer to one event.
type Check = Box<dyn Fn(&Value) -> bool>;

#[test]
fn every_scenario_goes_as_in_django_axes() {
    let scenarios: Vec<Value> = serde_json::from_str(SCENARIOS).unwrap();
    assert!(scenarios.len() >= 36);
    let mut wrong = Vec::new();
    for scenario in &scenarios {
        let id = text(&scenario["id"]);
        let different = DIFFERENT.iter().find(|(different, _)| *different == id);
        if let Some((_, setting)) = different {
            assert!(!play(scenario, "").is_empty(), "{id} is not different any more");
            wrong.extend(play(scenario, setting));
        } else {
            wrong.extend(play(scenario, "").into_iter().map(|problem| format!("{id}: {problem}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_line_that_cannot_be_read_ends_the_replay_with_its_number() {
    let check = json!({"at": 0, "event": "check", "user": "a"}).to_string();
    let (status, answers, error) = replay("", &[check.clone(), "nonsense".to_owned(), check]);
    assert_eq!((status, answers.len()), (Some(2), 1));
    assert!(error.contains("line 2"), "{error}");
}

#[test]
fn the_example_of_the_format_answers_as_it_says() {
    let events = [
        r#"{"at": 0, "event": "attempt", "user": "alice", "address": "192.0.2.7", "service": "sshd", "tty": null, "outcome": "failure"}"#,
        r#"{"at": 1, "event": "check", "user": "alice", "address": "192.0.2.7", "service": "sshd"}"#,
        r#"{"at": 2, "event": "begin", "token": "t1", "user": "alice", "address": "192.0.2.7", "service": "sshd"}"#,
        r#"{"at": 3, "event": "verdict", "token": "t1", "outcome": "failure"}"#,
        r#"{"at": 4, "event": "reset", "user": "alice"}"#,
        r#"{"at": 5, "event": "configure", "config": "failure_limit = 5"}"#,
    ];
    let (status, answers, error) = replay("failure_limit = 3", &events.map(str::to_owned));
    assert_eq!(status, Some(0), "{error}");
    let first = json!({"line": 1, "at": 0, "admitted": true, "locked": false, "failures": 1,
        "limit": 3, "until": null, "reason": null});
    assert_eq!(answers[0], first);
    assert_eq!(answers[3]["failures"], 2);
    assert_eq!(answers[4], json!({"line": 5, "at": 4, "reset": 1}));
    assert_eq!(answers[5], json!({"line": 6, "at": 5, "configured": true}));
}

#[test]
fn calendar_times_come_out_as_calendar_times() {
    let at = "2026-01-31T12:00:00Z";
    let event = json!({"at": at, "event": "attempt", "user": "a", "outcome": "failure"});
    let (_, answers, _) = replay("failure_limit = 1", &[event.to_string()]);
    assert_eq!(answers[0]["at"], at);
    assert_eq!(answers[0]["until"], "2026-01-31T12:15:00Z");
    assert_eq!(answers[0]["reason"], "locked: user=a address=local (1/1)");
}

/// What goes otherwise than in django-axes.
fn play(scenario: &Value, setting: &str) -> Vec<String> {
    let mut config = scenario["config"].clone();
    let (mut events, mut checks) = (Vec::new(), Vec::new());
    for step in scenario["steps"].as_array().unwrap() {
        for number in 1..=step["repeat"].as_u64().unwrap_or(1) {
            let (event, check) = translate(step, number, &mut config);
            events.push(event.to_string());
            checks.push(check);
        }
    }
    let (status, answers, error) = replay(&(settings(&scenario["config"]) + setting), &events);
    assert_eq!(status, Some(0), "{}: {error}", scenario["id"]);
    let pairs = events.iter().zip(answers).zip(checks);
    let wrong = pairs.filter(|((_, answer), check)| !check(answer));
    wrong.map(|((event, answer), _)| format!("{event} gave {answer}")).collect()
}

/// One step as an event, and what to expect of the answer.
fn translate(step: &Value, number: u64, config: &mut Value) -> (Value, Check) {
    let mut event = json!({"at": step["at"]});
    for (theirs, ours) in [("user", "user"), ("ip", "address"), ("service", "service")] {
        if let Some(value) = step[theirs].as_str() {
            event[ours] = value.replace("{n}", &number.to_string()).into();
        }
    }
    let locked = step["expect"] == "locked";
    let open = step["gate"] == "open";
    match text(&step["op"]).as_str() {
        "fail" => {
            event["event"] = "attempt".into();
            event["outcome"] = "failure".into();
            let check = move |it: &Value| it["admitted"] == open && it["locked"] == locked;
            (event, Box::new(check))
        }
        "success" => {
            event["event"] = "attempt".into();
            event["outcome"] = "success".into();
            (event, Box::new(move |it| it["admitted"] == open))
        }
        "attempt_expect" => {
            event["event"] = "check".into();
            let failures = step["failures"].clone();
            let check = move |it: &Value| {
                it["locked"] == locked && (failures.is_null() || it["failures"] == failures)
            };
            (event, Box::new(check))
        }
        "reset" => {
            event["event"] = "reset".into();
            let removed = step["expect_removed"].clone();
            (event, Box::new(move |it| it["reset"] == removed))
        }
        "reconfigure" => {
            for (key, value) in step["config"].as_object().unwrap() {
                config[key] = value.clone();
            }
            event["event"] = "configure".into();
            event["config"] = settings(config).into();
            (event, Box::new(|it| it["configured"] == true))
        }
        other => panic!("no such step: {other}"),
    }
}

/// The settings of a scenario under the names of axes.toml.
fn settings(config: &Value) -> String {
    let parameters = config["lockout_parameters"].to_string();
    let parameters =
        parameters.replace("\"user\"", "\"username\"").replace("\"ip\"", "\"ip_address\"");
    let cooloff = config["cooloff_seconds"].as_u64();
    let cooloff = cooloff.map_or("never".to_owned(), |seconds| format!("{seconds}s"));
    let list = |name: &str| match &config[name] {
        Value::Null => "[]".to_owned(),
        networks => networks.to_string(),
    };
    format!(
        "failure_limit = {}\nlockout_parameters = {parameters}\ncooloff_time = \"{cooloff}\"\n\
         reset_on_success = {}\nlock_out_at_failure = {}\n\
         reset_cool_off_on_failure_during_lockout = {}\n\
         ip_whitelist = {}\nip_blacklist = {}\n",
        config["failure_limit"],
        config["reset_on_success"],
        config["lock_out_at_failure"],
        config["reset_cooloff_during_lockout"],
        list("ip_whitelist"),
        list("ip_blacklist"),
    )
}

/// Exit status, answers and standard error of `axesctl replay`.
fn replay(config: &str, events: &[String]) -> (Option<i32>, Vec<Value>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("axes.toml");
    fs::write(&path, config).unwrap();
    let mut command = Command::new(built("axesctl"));
    command.args(["replay", "--config"]).arg(&path).arg("-");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(events.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code(), answers, String::from_utf8(output.stderr).unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

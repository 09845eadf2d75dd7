//! Other modules of a stack that do unusual things. They are real modules, compiled here.

use std::path::PathBuf;
use std::process::Command;

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, module, wait_until};

const FROM: &str = "192.0.2.7";

/// Compiles a module into the folder of a host.
pub fn compiled(host: &Host, name: &str) -> PathBuf {
    compile(host, name, &["-shared", "-fPIC"])
}

fn compile(host: &Host, name: &str, options: &[&str]) -> PathBuf {
    let source = format!("{}/libpam/modules/{name}.c", env!("CARGO_MANIFEST_DIR"));
    let compiled = host.path(&format!("{name}.so"));
    let mut compiler = Command::new("cc");
    compiler.args(options).args(["-Wall", "-Wextra", "-Werror", "-pthread", "-o"]);
    let status = compiler.arg(&compiled).arg(source).arg("-lpam").status();
    assert!(status.expect("a C compiler; install gcc").success());
    compiled
}

#[test]
fn a_thread_that_is_cancelled_at_the_prompt_unwinds_through_the_gate() {
    // The unwinder of the C library does that, and the module has another one of its own.
    let host = Host::start("");
    let program = compile(&host, "cancelled", &[]);
    let ended = Command::new(program).arg(host.path("pam.d")).arg("login").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stdout), format!("cancelled, then {AUTH_ERR}\n"));
    assert!(ended.status.success(), "{ended:?}");
}

#[test]
fn the_module_maps_no_library_that_libpam_does_not() {
    let told = Command::new("readelf").arg("--dynamic").arg(module()).output().expect("readelf");
    let told = String::from_utf8(told.stdout).unwrap();
    let needed: Vec<_> = told.lines().filter(|line| line.contains("(NEEDED)")).collect();
    let known = ["libpam.so", "libc.so", "ld-linux"];
    let is_known = |line: &&str| known.iter().any(|name| line.contains(name));
    assert!(!needed.is_empty() && needed.iter().all(is_known), "{needed:?}");
}

#[test]
fn a_prompt_from_a_thread_of_a_module_passes_the_gate() {
    let host = Host::start("failure_limit = 2");
    let axes = host.module_line();
    let asking = compiled(&host, "asks_in_a_thread");
    host.write_stack(
        "face",
        &format!("auth requisite {axes}\nauth required {} right\n", asking.display()),
    );
    let try_password = |text| host.session_of("face", "alice").from(FROM).try_password(text);
    assert_eq!(try_password(WRONG), AUTH_ERR);
    assert_eq!(try_password("right"), SUCCESS);
    assert_eq!(try_password(WRONG), AUTH_ERR);
    assert_eq!(try_password(WRONG), AUTH_ERR);
    assert_eq!(try_password("right"), MAXTRIES);
    let outcomes = ["failure", "success", "failure", "failure", "refused"];
    assert_eq!(host.outcomes("alice"), outcomes);
}

#[test]
fn a_module_that_replaces_both_hooks_is_no_way_around_the_limit() {
    let host = Host::start("failure_limit = 2");
    let axes = host.module_line();
    let replacing = compiled(&host, "replaces_hooks");
    let lines = format!("auth requisite {axes}\nauth optional {}\n", replacing.display());
    host.write_stack("odd", &(lines + &host.password_lines()));
    for failures in 1..=2 {
        let mut session = host.session_of("odd", "alice").from(FROM);
        assert_eq!(session.try_password(WRONG), AUTH_ERR);
        drop(session);
        // Without a verdict it counts when the handle ends.
        wait_until("the failure counts", || host.failures("alice") == failures);
    }
    assert_eq!(host.session_of("odd", "alice").from(FROM).try_password(RIGHT), MAXTRIES);
    assert_eq!(host.verified(), 2);
}

//! preauth, authfail and authsucc in a stack of several lines.

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

const FROM: &str = "192.0.2.7";

/// A host whose service `classic` has the lines of pam_axes/src/classic.rs, with or without authsucc.
fn classic(authsucc: &str) -> Host {
    let host = Host::start("failure_limit = 2");
    let axes = host.module_line();
    let program = host.path("check-password");
    let lines = format!(
        "auth requisite {axes} preauth\n\
         auth [success=1 default=ignore] pam_exec.so expose_authtok quiet {}\n\
         auth [default=die] {axes} authfail\n\
         {authsucc}\
         auth required pam_permit.so\n\
         account required {axes}\naccount required pam_permit.so\n",
        program.display()
    );
    host.write_stack("classic", &lines.replace("AXES", &axes));
    host
}

fn try_password(host: &Host, password: &str) -> i32 {
    let mut session = host.session_of("classic", "alice").from(FROM);
    let code = session.try_password(password);
    if code == SUCCESS {
        assert_eq!(session.account(), SUCCESS);
    }
    code
}

#[test]
fn three_lines_count_lock_and_forgive() {
    let host = classic("auth required AXES authsucc\n");
    assert_eq!(try_password(&host, WRONG), AUTH_ERR);
    assert_eq!(try_password(&host, RIGHT), SUCCESS);
    assert_eq!(host.failures("alice"), 0);
    assert_eq!(try_password(&host, WRONG), AUTH_ERR);
    assert_eq!(try_password(&host, WRONG), AUTH_ERR);
    assert_eq!(try_password(&host, RIGHT), MAXTRIES);
    assert_eq!(host.verified(), 4);
}

#[test]
fn the_account_phase_completes_a_success_where_authsucc_is_left_out() {
    let host = classic("");
    assert_eq!(try_password(&host, WRONG), AUTH_ERR);
    assert_eq!(try_password(&host, RIGHT), SUCCESS);
    assert_eq!(host.outcomes("alice"), ["failure", "success"]);
}

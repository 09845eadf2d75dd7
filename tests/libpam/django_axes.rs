//! The page for users of django-axes leaves nothing out, and what it says of pam_axes is there.

use std::collections::BTreeSet;

use axes_e2e::host::Host;

use crate::documents::{DJANGO_AXES, complaint};

const SHIPPED: &str = include_str!("../../packaging/axes.toml");

/// Settings of django-axes 8.3.1, with old names that it still reads or warns of.
const SETTINGS: &str = "
    AXES_ACCESS_FAILURE_LOG_PER_USER_LIMIT AXES_ALLOWED_CORS_ORIGINS AXES_CACHE
    AXES_CLIENT_IP_CALLABLE AXES_CLIENT_STR_CALLABLE AXES_COOLOFF_MESSAGE AXES_COOLOFF_TIME
    AXES_DISABLE_ACCESS_LOG AXES_DISABLE_SUCCESS_ACCESS_LOG AXES_ENABLED
    AXES_ENABLE_ACCESS_FAILURE_LOG AXES_ENABLE_ADMIN AXES_FAILURE_LIMIT AXES_HANDLER
    AXES_HTTP_RESPONSE_CODE AXES_IPWARE_META_PRECEDENCE_ORDER AXES_IPWARE_PROXY_COUNT
    AXES_IPWARE_PROXY_ORDER AXES_IPWARE_PROXY_TRUSTED_IPS AXES_IP_BLACKLIST AXES_IP_WHITELIST
    AXES_LOCKOUT_CALLABLE AXES_LOCKOUT_PARAMETERS AXES_LOCKOUT_TEMPLATE AXES_LOCKOUT_URL
    AXES_LOCK_OUT_AT_FAILURE AXES_LOCK_OUT_BY_COMBINATION_USER_AND_IP AXES_LOCK_OUT_BY_USER_OR_IP
    AXES_LOGGER AXES_META_PRECEDENCE_ORDER AXES_NEVER_LOCKOUT_GET AXES_NEVER_LOCKOUT_WHITELIST
    AXES_ONLY_ADMIN_SITE AXES_ONLY_USER_FAILURES AXES_ONLY_WHITELIST AXES_PASSWORD_FORM_FIELD
    AXES_PERMALOCK_MESSAGE AXES_PROXY_COUNT AXES_PROXY_ORDER AXES_PROXY_TRUSTED_IPS
    AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT AXES_RESET_ON_SUCCESS AXES_SENSITIVE_PARAMETERS
    AXES_USERNAME_CALLABLE AXES_USERNAME_FORM_FIELD AXES_USE_ATTEMPT_EXPIRATION
    AXES_USE_USER_AGENT AXES_VERBOSE AXES_WHITELIST_CALLABLE";
/// Settings that its sources have gained since (July 2026).
const UNRELEASED: &str = "AXES_ENABLE_RETRY_AFTER_HEADER AXES_LOCKOUT_TIERS";
/// Management commands of django-axes 8.3.1.
const COMMANDS: &str = "
    axes_list_attempts axes_reset axes_reset_failure_logs axes_reset_ip axes_reset_ip_username
    axes_reset_logs axes_reset_username";
/// What stands in backticks outside the left column, and is no setting of pam_axes.
const NO_SETTINGS: [&str; 4] = ["username", "ip_address", "user_agent", "user_locked_out"];

/// The page without its fenced blocks.
fn prose() -> String {
    DJANGO_AXES.split("```").step_by(2).collect()
}

/// The left column of a table: what django-axes has.
fn left(line: &str) -> Option<&str> {
    line.strip_prefix("| ")?.split_once(" | ").map(|(left, _)| left)
}

/// What is said of pam_axes: all but the left columns.
fn ours(text: &str) -> String {
    let behind = |line| &line[left(line).map_or(0, str::len)..];
    text.lines().map(behind).collect::<Vec<_>>().join("\n")
}

/// What stands in backticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What stands in backticks as `key = value`, and is not for django-axes.
fn assignments(text: &str) -> Vec<&str> {
    let is_ours = |span: &&str| span.contains(" = ") && !span.starts_with("AXES_");
    spans(text).filter(is_ours).collect()
}

/// Whether a key stands in the configuration that is shipped.
fn is_shipped(key: &str) -> bool {
    let key = key.trim_start_matches("store.");
    let keys =
        SHIPPED.lines().filter_map(|line| line.trim_start_matches(['#', ' ']).split_once(" ="));
    keys.map(|(key, _)| key).any(|shipped| shipped == key)
}

/// Words that begin like this and go on.
fn words<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let words =
        text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.filter(|word| word.len() > prefix.len() && word.starts_with(prefix)).collect()
}

#[test]
fn every_setting_and_command_of_django_axes_stands_on_the_left_and_none_that_it_has_not() {
    let known = [SETTINGS, UNRELEASED].join(" ");
    let listed: String = DJANGO_AXES.lines().filter_map(left).collect();
    assert_eq!(words(&listed, "AXES_"), words(&known, "AXES_"));
    assert_eq!(&words(DJANGO_AXES, "AXES_") - &words(&known, "AXES_"), BTreeSet::new());
    assert_eq!(&words(COMMANDS, "axes_") - &words(&listed, "axes_"), BTreeSet::new());
}

#[test]
fn every_setting_with_a_value_exists_and_takes_it() {
    let host = Host::without_daemon("");
    let prose = prose();
    let settings = assignments(&prose);
    assert!(settings.len() > 30, "{settings:?}");
    for setting in settings {
        let (key, _) = setting.split_once(" = ").unwrap();
        assert!(is_shipped(key), "{setting}");
        assert_eq!(complaint(&host, setting), None, "{setting}");
    }
}

#[test]
fn every_setting_without_a_value_exists() {
    let ours = ours(&prose());
    let is_key = |span: &&str| {
        span.contains('_') && span.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
    };
    let keys: BTreeSet<_> = spans(&ours).filter(is_key).collect();
    assert!(keys.len() > 15, "{keys:?}");
    let unknown = keys.into_iter().filter(|key| !is_shipped(key) && !NO_SETTINGS.contains(key));
    assert_eq!(unknown.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn what_is_called_a_default_is_one() {
    let (_, section) = DJANGO_AXES.split_once("## Settings that both have").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let settings = assignments(section);
    assert!(settings.len() > 10, "{settings:?}");
    for setting in settings {
        let line = format!("#{}", setting.trim_start_matches("store."));
        assert!(SHIPPED.lines().any(|shipped| shipped == line), "{setting}");
    }
}

#[test]
fn every_finding_of_axesctl_check_exists() {
    let host = Host::without_daemon("");
    let ours = ours(DJANGO_AXES);
    let findings: Vec<_> = spans(&ours).filter(|span| span.starts_with("axes.")).collect();
    assert!(findings.len() > 5, "{findings:?}");
    for finding in findings {
        let output = host.axesctl(&["check", "--explain", finding]);
        assert!(output.status.success(), "{finding}: {output:?}");
    }
}

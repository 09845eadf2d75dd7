//! What is accepted, what is refused, and in which words.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use axes_policy::settings::{CounterId, CounterRule, Enforcement};

use super::*;

/// What loading makes of these files, the first of which is the main one.
fn loaded(files: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let name = folder.path().display().to_string();
    load(&folder.path().join("axes.toml")).map_err(|error| error.to_string().replace(&name, ""))
}

fn refused(text: &str) -> String {
    loaded(&[("axes.toml", text)]).unwrap_err()
}

/// The counters for everybody, as a line each.
fn counters(text: &str) -> Vec<String> {
    let settings = loaded(&[("axes.toml", text)]).unwrap().settings;
    let ids = settings.base.counters.iter();
    ids.map(|id| shown(settings.counter(*id).unwrap())).collect()
}

fn shown(counter: &CounterRule) -> String {
    let name = counter.name.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    let levels = counter.cooloff.levels.iter();
    let levels = levels.map(|level| level.map_or("never".to_owned(), |it| format!("{it:?}")));
    let levels = levels.collect::<Vec<_>>().join(" ");
    let window = counter.window.map(|it| format!(" in {it:?}")).unwrap_or_default();
    format!("{name}{}, {}{window}, {levels}", counter.attributes, counter.limit)
}

#[test]
fn an_empty_file_is_the_documented_default() {
    let default =
        ["username and ip_address, 5, 900s", "ip_address, 20, 900s", "username, 100, 900s"];
    assert_eq!(counters(""), default);
    let config = loaded(&[("axes.toml", "")]).unwrap();
    assert_eq!(format!("{:?}", config.settings), format!("{:?}", Settings::default()));
    assert_eq!(config.daemon.socket, Path::new("/run/axes/axesd.sock"));
}

#[test]
fn the_shipped_file_documents_every_key_with_its_default() {
    let shipped = include_str!("../../../packaging/axes.toml");
    let uncommented: String = shipped
        .lines()
        .map(|line| line.strip_prefix('#').filter(|key| !key.starts_with(' ')).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    let config = |text: &str| format!("{:?}", from_text(text).unwrap());
    assert_eq!(config(&uncommented), config(""));
    assert_eq!(config(shipped), config(""));
    for table in ["", "[[counter]]\n", "[[rule]]\nname = \"x\"\nuser = \"x\"\n"] {
        let all = toml::from_str::<Document>(&format!("{table}x = 1")).unwrap_err().to_string();
        let keys: Vec<_> = all.split('`').skip(3).step_by(2).collect();
        assert!(keys.len() > 3, "{all}");
        for key in keys {
            assert!(shipped.contains(key), "{key} is not documented");
            let line = |line: &str| line.trim_start_matches('#').starts_with(&format!("{key} ="));
            let documented = shipped.lines().any(line) || shipped.contains(&format!("[{key}]"));
            assert!(documented || !table.is_empty() || key == "lockout_parameters", "{key}");
        }
    }
}

#[test]
fn strings_are_or_ed_and_lists_are_and_ed() {
    let text = r#"lockout_parameters = ["ip_address", ["username", "service"]]"#;
    assert_eq!(counters(text), ["ip_address, 5, 900s", "username and service, 5, 900s"]);
}

#[test]
fn the_first_counter_follows_the_short_settings_and_the_others_their_limits() {
    let text = "failure_limit = 3\ncooloff_time = [\"1m\", \"never\"]";
    let shown = ["username and ip_address, 3", "ip_address, 20", "username, 100"];
    assert_eq!(counters(text), shown.map(|counter| format!("{counter}, 60s never")));
}

#[test]
fn counters_in_their_long_form_say_what_is_different() {
    let text = r#"
        failure_window = "10m"
        [[counter]]
        parameters = "username"
        [[counter]]
        name = "slow"
        parameters = ["username"]
        failure_limit = 30
        failure_window = "none"
        cooloff_time = "never""#;
    assert_eq!(counters(text), ["username, 5 in 600s, 900s", "slow: username, 30, never"]);
}

#[test]
fn rules_have_counters_of_their_own_where_limits_are_others() {
    let text = r#"
        [[rule]]
        name = "ssh"
        service = "sshd"
        group = ["@staff", "wheel"]
        failure_limit = 2
        [[rule]]
        name = "watch"
        user = ["carol", "1000-1999"]
        lock_out_at_failure = false"#;
    let settings = loaded(&[("axes.toml", text)]).unwrap().settings;
    let [ssh, watch] = settings.rules.as_slice() else { panic!("two rules") };
    let counter = |id: &CounterId| shown(settings.counter(*id).unwrap());
    let counters: Vec<_> = ssh.profile.counters.iter().map(counter).collect();
    let own = "ssh: username and ip_address, 2, 900s";
    assert_eq!(counters, [own, "ip_address, 20, 900s", "username, 100, 900s"]);
    assert_eq!(ssh.accounts.len(), 2);
    assert_eq!(watch.profile.counters, settings.base.counters);
    assert_eq!(watch.profile.enforcement, Enforcement::Monitor);
}

#[test]
fn what_does_not_go_together_is_shown_where_it_was_said() {
    for (text, place, words) in [
        ("a", ":1", "expected"),
        (
            "[[counter]]\nparameters = [\"tty\"]\n[[counter]]\nparameters = [\"tty\"]",
            ":3",
            "`name`",
        ),
        (
            "lockout_parameters = [\"tty\"]\n[[counter]]\nparameters = [\"tty\"]",
            ":2",
            "one of them",
        ),
        ("store_ip_address = false", ":1", "\"hash\""),
        ("\nstore_username = false", ":2", "\"hash\""),
        ("store_ip_address = \"hash\"\ntrusted_proxies = [\"192.0.2.1\"]", ":1", "trusted_proxies"),
        ("permalock_message = \"{left}\"", ":1", "for ever"),
        ("cooloff_message = \"{time}\"", ":1", "{left}"),
        ("[[rule]]\nname = \"x\"", ":1", "`group`"),
        ("[[rule]]\nname = \"a b\"\nuser = \"x\"", ":2", "letters"),
        (
            "[[rule]]\nname = \"x\"\nuser = \"x\"\n[[rule]]\nname = \"x\"\nuser = \"y\"",
            ":4",
            "two rules",
        ),
    ] {
        let error = refused(text);
        assert!(error.starts_with(&format!("/axes.toml{place}: ")), "{text}: {error}");
        assert!(error.contains(words), "{text}: {error}");
    }
    let files = [("axes.toml", ""), ("conf.d/x.toml", "\nstore_ip_address = false")];
    assert!(loaded(&files).unwrap_err().starts_with("/conf.d/x.toml:2: "));
}

#[test]
fn drop_ins_replace_key_by_key_in_the_order_of_their_names() {
    let config = loaded(&[
        ("axes.toml", "failure_limit = 7\n[store]\npath = \"/a\""),
        ("conf.d/20-b.toml", "cooloff_time = \"1h\""),
        ("conf.d/10-a.toml", "cooloff_time = \"2h\"\n[store]\nhandler = \"memory\""),
        ("conf.d/README", "not a configuration"),
    ])
    .unwrap();
    assert_eq!(shown(&config.settings.counters[0]), "username and ip_address, 7, 3600s");
    assert_eq!(config.store, StoreConfig { handler: Handler::Memory, path: "/a".into() });
}

#[test]
fn an_unknown_key_is_refused_with_file_line_and_the_nearest_valid_one() {
    let error = refused("reset_on_success = true\nfailure_limt = 3\n");
    assert_eq!(error, "/axes.toml:2: unknown key `failure_limt`; did you mean `failure_limit`?");
    let error = refused("[store]\nhandlr = \"sled\"\n");
    assert_eq!(error, "/axes.toml:2: unknown key `handlr`; did you mean `handler`?");
    let error = refused("zzzz = 1");
    assert!(error.starts_with("/axes.toml:1: unknown key `zzzz`; axes.toml as shipped"), "{error}");
    let error = refused("[store]\nzzzz = 1");
    assert!(error.ends_with("handler, path, on_store_error, max_memory, max_disk"), "{error}");
    let error = refused("[store]\npath = \"/x\"\nfailure_limit = 3");
    assert_eq!(error, "/axes.toml:3: `failure_limit` belongs above the first [table] of the file");
    let error = refused("AXES_FAILURE_LIMIT = 3");
    assert!(error.ends_with("did you mean `failure_limit`?"), "{error}");
}

#[test]
fn a_drop_in_is_named_when_it_is_wrong() {
    let files = [("axes.toml", ""), ("conf.d/x.toml", "\n\ncooloff_time = 15")];
    let error = loaded(&files).unwrap_err();
    assert!(error.starts_with("/conf.d/x.toml:3: "), "{error}");
}

#[test]
fn values_that_would_disable_protection_are_refused_in_words() {
    for (text, words) in [
        ("failure_limit = 0", "at least 1"),
        ("failure_limit = -1", "whole number"),
        ("cooloff_time = \"0s\"", "longer than nothing"),
        ("cooloff_time = \"15\"", "unit"),
        ("cooloff_time = 15", "unit"),
        ("lockout_parameters = []", "at least one"),
        ("lockout_parameters = [[]]", "at least one"),
        ("lockout_parameters = [\"user_agent\"]", "service"),
        ("lockout_parameters = [\"user\"]", "username"),
        ("ip_whitelist = [\"192.0.2.0/33\"]", "network"),
        ("ipv6_prefix = 129", "0 to 128"),
        ("gate_wait = \"2m\"", "at most"),
        ("cooloff_time = []", "one for each"),
        ("cooloff_time = [\"1m\", 5]", "unit"),
        ("failure_window = \"0s\"", "\"none\""),
        ("familiar_for = true", "\"never\""),
        ("services = []", "lock_out_at_failure"),
        ("services = [\"/etc/pam.d/sshd\"]", "name of a file in /etc/pam.d"),
        ("services = \"sshd\"", "write a list"),
        ("silent = 1", "true or false"),
        ("cooloff_time = [\"never\", \"1h\"]", "the last"),
        ("cooloff_time = \"1000000y\"", "at most 100years"),
        ("cooloff_message = \"\"", "silent"),
        ("cooloff_message = \"{left\"", "`}` is missing"),
        ("[store]\npath = \"\"", "folder"),
        ("[[counter]]\nname = \"x\"", "`parameters` is missing"),
        ("username_whitelist = [\"@\"]", "@group"),
        ("username_blacklist = [\"9-1\"]", "1000-1999"),
        ("trusted_proxies = [\"bastion\"]", "network"),
        ("store_username = \"md5\"", "\"hash\""),
        ("[store]\nhandler = \"redis\"", "sled"),
        ("access_failure_log_per_user_limit = 0", "at least 1, or false"),
        ("access_failure_log_per_user_limit = true", "or false"),
        ("access_log_entries = 0", "1 to 1000000"),
        ("access_log_bytes = 16", "unit"),
        ("access_log_bytes = \"16\"", "64KiB"),
        ("access_log_bytes = \"16 MiBs\"", "such as"),
        ("access_log_age = \"90\"", "\"never\""),
        ("access_log_age = \"0d\"", "disable_access_log"),
        ("[store]\nmax_memory = \"1MiB\"", "\"66MiB\" to"),
        ("access_log_bytes = \"1GiB\"\n[store]\nmax_memory = \"256MiB\"", "\"2113MiB\" or more"),
        ("[store]\nmax_disk = 512", "unit"),
    ] {
        let error = refused(text);
        assert!(error.contains(words), "{text}: {error}");
        assert!(error.starts_with("/axes.toml:"), "{text}: {error}");
    }
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("axes.toml");
    fs::write(&path, "").unwrap();
    for mode in [0o664, 0o646] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains("chmod go-w"), "{error}");
    }
}

#[test]
fn a_file_that_is_missing_too_large_or_broken_is_named() {
    let missing = load(Path::new("/nonexistent/axes.toml")).unwrap_err().to_string();
    assert!(missing.contains("/nonexistent/axes.toml"), "{missing}");
    assert!(refused(&"#".repeat(2_000_000)).contains("larger than"));
    assert!(refused("a = [").starts_with("/axes.toml:1: "));
}

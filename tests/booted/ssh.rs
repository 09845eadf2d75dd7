//! sshd.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::doors::{CLIENT, got_in, ssh, ssh_keyboard, ssh_password};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};
use crate::stories;

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("ssh_with_the_password_method_locks_and_opens_again", password),
        lab.trial("ssh_with_keyboard_interactive_locks_and_opens_again", keyboard),
        lab.trial("each_password_of_one_ssh_connection_is_counted", several_passwords),
        lab.trial("five_wrong_keyboard_interactive_answers_are_five_failures", five_answers),
        lab.trial("an_unknown_user_is_counted_and_locked", unknown_user),
        lab.trial("a_key_opens_a_locked_account_and_records_nothing", public_key),
        lab.trial("another_address_is_not_locked", another_address),
        lab.trial("a_blacklisted_client_is_refused_although_it_has_a_key", blacklisted),
    ]
}

fn password(host: &Host) -> Outcome {
    stories::lock_and_release(host, "ssh_password", ssh_password)
}

fn keyboard(host: &Host) -> Outcome {
    stories::lock_and_release(host, "ssh_keyboard", ssh_keyboard)
}

fn several_passwords(host: &Host) -> Outcome {
    let user = "several";
    host.account(user)?;
    let tried = ssh(host, "password", CLIENT, user, &[WRONG, WRONG, RIGHT])?;
    assert!(got_in(tried));
    assert_eq!(host.outcomes(user)?, ["failure", "failure", "success"]);
    for attempt in host.attempts(user)? {
        assert_eq!((&attempt["address"], &attempt["service"]), (&CLIENT.into(), &"sshd".into()));
    }
    assert_eq!(host.failures(user)?, 0, "a success forgives");
    Ok(())
}

fn five_answers(host: &Host) -> Outcome {
    let user = "five_answers";
    host.account(user)?;
    // What the package ships.
    host.configure("")?;
    // And an address that no other trial filled a counter of.
    let try_all = |passwords| ssh(host, "keyboard-interactive", "127.0.0.55", user, passwords);
    assert!(!got_in(try_all(&[WRONG; 5])?));
    assert_eq!(host.outcomes(user)?, ["failure"; 5]);
    assert!(host.is_locked(user)?);
    assert!(!got_in(try_all(&[RIGHT])?));
    assert_eq!(host.outcomes(user)?.last().map(String::as_str), Some("refused"));
    Ok(())
}

fn unknown_user(host: &Host) -> Outcome {
    let user = "nobody_here";
    for method in ["password", "keyboard-interactive", "password", "password"] {
        assert!(!got_in(ssh(host, method, CLIENT, user, &[WRONG])?));
    }
    assert_eq!(host.outcomes(user)?, ["failure", "failure", "failure", "refused"]);
    assert!(host.is_locked(user)?);
    Ok(())
}

fn public_key(host: &Host) -> Outcome {
    let user = "key_owner";
    host.account(user)?;
    give_key(host, user)?;
    for _ in 0..3 {
        ssh_password(host, user, WRONG)?;
    }
    assert!(!ssh_password(host, user, RIGHT)?);
    assert!(got_in(ssh(host, "publickey", CLIENT, user, &[])?), "the key was refused");
    assert_eq!(host.outcomes(user)?, ["failure", "failure", "failure", "refused"]);
    assert!(host.is_locked(user)?, "a key login forgave failures");
    Ok(())
}

fn another_address(host: &Host) -> Outcome {
    let user = "traveller";
    host.account(user)?;
    for _ in 0..3 {
        ssh_password(host, user, WRONG)?;
    }
    assert!(!ssh_password(host, user, RIGHT)?);
    assert!(got_in(ssh(host, "password", "127.0.0.8", user, &[RIGHT])?));
    Ok(())
}

fn blacklisted(host: &Host) -> Outcome {
    let (user, enemy) = ("hunted", "127.0.0.66");
    host.account(user)?;
    give_key(host, user)?;
    host.configure("ip_blacklist = [\"127.0.0.66\"]\n")?;
    assert!(got_in(ssh(host, "publickey", CLIENT, user, &[])?));
    assert!(!got_in(ssh(host, "publickey", enemy, user, &[])?));
    // pam_unix ends the account phase early when it wants a new password.
    host.guest.sh(&format!("chage --lastday 0 {user}"))?;
    ssh(host, "publickey", enemy, user, &[])?;
    assert_eq!(host.outcomes(user)?, ["refused"; 2]);
    Ok(())
}

/// Lets root's key in the guest open an account.
pub(crate) fn give_key(host: &Host, user: &str) -> Outcome {
    host.guest.sh(&format!(
        "[ -e ~/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519
         install -d -m 700 -o {user} -g {user} ~{user}/.ssh
         cp ~/.ssh/id_ed25519.pub ~{user}/.ssh/authorized_keys"
    ))?;
    Ok(())
}

//! What an administrator does over ssh: lists, questions, the log, a check.

use std::sync::Arc;

use axes_e2e::guest::{Done, GuestError};
use libtest_mimic::Trial;

use crate::doors::{CLIENT, got_in, ssh, ssh_password, su};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::{Lab, Outcome};
use crate::ssh::give_key;

const ADMIN: &str = "admin";

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("an_administrator_whitelists_an_address_over_ssh", whitelist),
        lab.trial("an_administrator_blacklists_an_address_over_ssh", blacklist),
        lab.trial("an_administrator_asks_why_over_ssh", why),
        lab.trial("a_user_asks_why_about_himself_and_nobody_else", why_me),
        lab.trial("an_administrator_follows_the_log_over_ssh", follow),
        lab.trial("a_check_over_ssh_finds_no_fault_with_a_fresh_installation", check),
        lab.trial("a_check_over_ssh_finds_a_service_that_is_not_protected", unprotected),
        lab.trial("local_users_only_leaves_accounts_of_a_directory_alone", local_users),
        lab.trial("a_rule_for_a_group_holds_for_its_members", group),
    ]
}

/// Somebody in the group axes, without any other privilege.
fn admin(host: &Host) -> Outcome {
    host.guest.sh(&format!("id {ADMIN} || useradd -m -s /bin/sh -G axes {ADMIN}"))?;
    give_key(host, ADMIN)
}

fn over_ssh(host: &Host, user: &str, command: &str) -> Result<Done, GuestError> {
    host.guest.run(&["ssh-run", user, command])
}

fn locked(host: &Host, user: &str) -> Outcome {
    host.account(user)?;
    for _ in 0..3 {
        assert!(!ssh_password(host, user, WRONG)?);
    }
    assert!(!ssh_password(host, user, RIGHT)?);
    Ok(())
}

fn whitelist(host: &Host) -> Outcome {
    admin(host)?;
    locked(host, "guest")?;
    let _restored = host.afterwards("axesctl whitelist remove 127.0.0.7");
    let added = over_ssh(host, ADMIN, "axesctl whitelist add 127.0.0.7 --for 1h --comment lab")?;
    assert!(got_in(added));
    assert!(ssh_password(host, "guest", RIGHT)?, "the address is on the whitelist");
    let listed = over_ssh(host, ADMIN, "axesctl whitelist list")?;
    assert!(listed.out.contains("127.0.0.7") && listed.out.contains("lab"), "{listed:?}");
    assert!(got_in(over_ssh(host, ADMIN, "axesctl whitelist remove 127.0.0.7")?));
    assert!(!ssh_password(host, "guest", RIGHT)?, "what was counted still counts");
    Ok(())
}

fn blacklist(host: &Host) -> Outcome {
    let (user, enemy) = ("prey", "127.0.0.99");
    admin(host)?;
    host.account(user)?;
    give_key(host, user)?;
    let _restored = host.afterwards("axesctl blacklist remove 127.0.0.96/28");
    assert!(got_in(over_ssh(host, ADMIN, "axesctl blacklist add 127.0.0.96/28")?));
    assert!(!got_in(ssh(host, "password", enemy, user, &[RIGHT])?));
    assert!(!got_in(ssh(host, "publickey", enemy, user, &[])?), "with a key as well");
    assert!(ssh_password(host, user, RIGHT)?);
    assert!(got_in(over_ssh(host, ADMIN, "axesctl blacklist remove 127.0.0.96/28")?));
    assert!(got_in(ssh(host, "publickey", enemy, user, &[])?));
    Ok(())
}

fn why(host: &Host) -> Outcome {
    admin(host)?;
    locked(host, "baffled")?;
    let refused = over_ssh(host, ADMIN, &format!("axesctl why baffled --from {CLIENT}"))?;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.out.contains("axesctl reset --user baffled"), "{refused:?}");
    let elsewhere = over_ssh(host, ADMIN, "axesctl why baffled --from 127.0.0.8")?;
    assert_eq!(elsewhere.code, Some(0), "{elsewhere:?}");
    Ok(())
}

fn why_me(host: &Host) -> Outcome {
    locked(host, "selfish")?;
    locked(host, "bystander")?;
    give_key(host, "selfish")?;
    let me = over_ssh(host, "selfish", &format!("axesctl why selfish --from {CLIENT}"))?;
    assert_eq!(me.code, Some(1), "{me:?}");
    let other = over_ssh(host, "selfish", &format!("axesctl why bystander --from {CLIENT}"))?;
    assert_eq!(other.code, Some(3), "{other:?}");
    assert!(!other.out.contains("locked"), "{other:?}");
    Ok(())
}

fn follow(host: &Host) -> Outcome {
    admin(host)?;
    let user = "watched";
    host.account(user)?;
    host.guest
        .sh("timeout 30 ssh-run admin 'axesctl log -f --user watched' > /var/tmp/followed 2>&1 &
         sleep 2")?;
    assert!(!ssh_password(host, user, WRONG)?);
    assert!(ssh_password(host, user, RIGHT)?);
    let seen = host
        .guest
        .sh("for i in $(seq 100); do grep -q success /var/tmp/followed && break; sleep 0.1; done
         cat /var/tmp/followed; pkill -f '[a]xesctl log -f'")?;
    let lines: Vec<_> = seen.lines().filter(|line| line.contains("watched")).collect();
    let [first, second] = lines.as_slice() else { panic!("{seen}") };
    assert!(first.contains("failure") && first.contains(CLIENT), "{seen}");
    assert!(second.contains("success"), "{seen}");
    Ok(())
}

fn check(host: &Host) -> Outcome {
    admin(host)?;
    // Many users come from the address of these trials, as from a bastion.
    host.configure("trusted_proxies = [\"127.0.0.0/8\"]\n")?;
    host.guest.sh("echo root:long-enough | chpasswd")?;
    let checked = host.guest.run(&["axesctl", "check"])?;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.out.contains("0 errors, 0 warnings"), "{checked:?}");
    let by_ssh = over_ssh(host, ADMIN, "axesctl check")?;
    assert_eq!(by_ssh.code, Some(0), "{by_ssh:?}");
    for user in ["shared_1", "shared_2", "shared_3", "shared_4", "shared_5"] {
        host.account(user)?;
        assert!(ssh_password(host, user, RIGHT)?);
    }
    host.configure("")?;
    let shared = over_ssh(host, ADMIN, "axesctl check")?;
    assert!(shared.out.contains("Add \"127.0.0.7\" to trusted_proxies"), "{shared:?}");
    Ok(())
}

fn unprotected(host: &Host) -> Outcome {
    admin(host)?;
    host.configure("")?;
    let _restored = host.afterwards("rm /etc/pam.d/forgotten");
    host.guest.write("/etc/pam.d/forgotten", "auth required pam_unix.so\n")?;
    let checked = over_ssh(host, ADMIN, "axesctl check")?;
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.out.contains("axes.E004") && checked.out.contains("forgotten"), "{checked:?}");
    Ok(())
}

/// `libnss-extrausers` stands for a directory: NSS knows the account, `/etc/passwd` does not.
fn local_users(host: &Host) -> Outcome {
    let _restored = host.afterwards(
        "sed -i 's/ extrausers//' /etc/nsswitch.conf; rm -f /var/lib/extrausers/*; sleep 1",
    );
    host.account("template")?;
    host.guest.sh(
        "sed -i '/^\\(passwd\\|group\\|shadow\\):/s/$/ extrausers/' /etc/nsswitch.conf
         echo 'remote:x:70000:70000::/tmp:/bin/sh' > /var/lib/extrausers/passwd
         echo 'remote:x:70000:' > /var/lib/extrausers/group
         hash=$(getent shadow template | cut -d: -f2)
         echo \"remote:$hash:20000:0:99999:7:::\" > /var/lib/extrausers/shadow
         chmod 640 /var/lib/extrausers/shadow; chgrp shadow /var/lib/extrausers/shadow
         getent passwd remote; systemctl restart axesd",
    )?;
    for (settings, gets_in) in
        [("local_users_only = true", true), ("local_users_only = false", false)]
    {
        host.configure(&format!("{}{settings}\n", Host::USUAL))?;
        for _ in 0..3 {
            assert!(!su(host, "remote", WRONG)?);
        }
        assert_eq!(su(host, "remote", RIGHT)?, gets_in, "{settings}");
    }
    Ok(())
}

fn group(host: &Host) -> Outcome {
    host.account("strict")?;
    host.account("relaxed")?;
    host.guest.sh("groupadd -f vault; usermod -aG vault strict")?;
    let rule = "[[rule]]\nname = \"vault\"\ngroup = \"vault\"\nfailure_limit = 1\n";
    host.configure(&format!("{}{rule}", Host::USUAL))?;
    for user in ["strict", "relaxed"] {
        assert!(!ssh_password(host, user, WRONG)?);
    }
    assert!(!ssh_password(host, "strict", RIGHT)?);
    assert!(ssh_password(host, "relaxed", RIGHT)?);
    let attempts = host.attempts("strict")?;
    let reason = attempts.last().and_then(|attempt| attempt["reason"].as_str()).unwrap_or("none");
    assert!(reason.contains("by rule vault"), "{reason}");
    Ok(())
}

//! Everything that can be found: the one table of ids, severities and meanings.

use std::fmt::{self, Write as _};

use super::finding::{Finding, Place};

/// How bad it is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Somebody is not protected, or nobody gets in.
    Error,
    /// It works, but not as it should.
    Warning,
    /// Worth knowing.
    Note,
}

/// One kind of finding; its number never changes and is never used again.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ctl) struct Rule {
    severity: Severity,
    number: u16,
    meaning: &'static str,
}

macro_rules! table {
    ($($severity:ident $number:literal $name:ident: $meaning:literal;)*) => {
        $(pub(super) static $name: Rule =
            Rule { severity: Severity::$severity, number: $number, meaning: $meaning };)*
        static ALL: &[&Rule] = &[$(&$name),*];
    };
}

table! {
    Error 1 CONFIG_BROKEN:
        "The configuration cannot be loaded. axesd does not start with it, and a running \
         one goes on with what it had.";
    Error 2 FOLDER_OPEN:
        "Somebody other than root can put files into the folder of the configuration, and \
         so decide who is let in.";
    Error 3 NOBODY_LISTED:
        "only_whitelist refuses everybody outside ip_whitelist, and ip_whitelist is empty: \
         every remote login is refused, with a key as well.";
    Error 4 UNPROTECTED:
        "A service checks passwords without asking axesd: they can be guessed at any speed. \
         Modules are told by their names (pam_unix, pam_sss, pam_krb5 and others); one with \
         another name is not seen.";
    Error 5 TOO_LATE:
        "pam_axes stands after a module that checks secrets. By the time it is asked, the \
         password was looked at, and a lockout comes too late.";
    Error 6 JUMPED:
        "A jump such as [success=1] leads over the line of pam_axes to a module that checks \
         secrets.";
    Error 7 REFUSED_PASSES:
        "The control of the line lets the stack go on to success after pam_axes refused. \
         `optional`, `sufficient` and [default=ignore] do that.";
    Error 8 ADMITTED_FAILS:
        "Whoever pam_axes admits is answered PAM_IGNORE, and the control of the line makes \
         a failure of that. Write `requisite`, or add ignore=ignore.";
    Error 9 CLASSIC_TORN:
        "The lines preauth, authfail and authsucc belong together: preauth begins an \
         attempt, authfail and authsucc tell how it ended. An account line of pam_axes can \
         stand in for authsucc.";
    Error 10 NO_MODULE:
        "libpam does not find the module that a line names. Without a `-` before the line \
         every login then fails; with it, nothing is protected and nothing says so.";
    Error 11 MODULE_OPEN:
        "Somebody other than root can replace the module, which runs inside sshd and sudo.";
    Error 12 NOT_ENABLED:
        "failmode=secure refuses every login while axesd cannot be asked, and systemd does \
         not start axesd with the machine.";
    Error 13 OTHER_SOCKET:
        "The module asks on one socket and axesd listens on another: every attempt is \
         decided by failmode=.";
    Error 14 PAM_SILENT:
        "Nobody answers on the socket for PAM: logins are decided by failmode=, and nothing \
         is counted.";
    Error 15 CONTROL_SILENT:
        "axesd does not answer axesctl, or not as it should.";
    Error 16 CONTROL_OPEN:
        "Whoever can connect to the control socket can lift every lockout. It is for root \
         and the group axes.";
    Error 17 STORE_ALARM:
        "axesd cannot write attempts to disk. It goes on from memory, or refuses whoever is \
         counted (on_store_error); a restart forgets what is not on disk.";
    Error 18 SSHD_WITHOUT_PAM:
        "With UsePAM off, which is the default of OpenSSH, sshd checks passwords itself: \
         axesd hears nothing of it.";
    Warning 1 DUMMY:
        "With enabled = false or the handler dummy nobody is counted and nobody is refused.";
    Warning 2 MEMORY:
        "With the handler memory a restart of axesd forgets all failures and lockouts.";
    Warning 3 OTHER_STORE:
        "axesd still runs with another store than the one that is configured: [store] is \
         read at the start only.";
    Warning 4 EVERYBODY_LISTED:
        "A whitelist that covers every address of a family turns protection off for it.";
    Warning 5 INERT_ENTRY:
        "The blacklist is stronger than the whitelist, so an address or network that lies \
         inside both is refused.";
    Warning 6 LOCKED_FOR_EVER:
        "A counter that never forgets and needs no pair of user and address can be filled \
         by a stranger; what it locks stays locked until somebody resets it.";
    Warning 7 OWNER_LOCKED:
        "A counter that looks at the user but not at the address is filled by anybody who \
         knows the name; its owner is then locked out as well. A limit of 20 or more makes \
         that an effort.";
    Warning 8 GENEROUS:
        "A counter of user and address with a limit above 50 leaves room for the commonest \
         passwords.";
    Warning 9 NO_WAY_BACK:
        "With even_deny_root the console of root can be locked as well. A way back is \
         another administrator who logs in with a key: keys are not refused by a lockout. \
         Only members of the local groups sudo, wheel and admin, and keys in \
         ~/.ssh/authorized_keys are looked at.";
    Warning 10 ONE_ADMINISTRATOR:
        "Root has no password, and the only administrator has no key: while that user is \
         locked out nobody can run axesctl. Only members of the local groups sudo, wheel \
         and admin, and keys in ~/.ssh/authorized_keys are looked at.";
    Warning 11 REFUSED_ASKED:
        "The control of the line refuses in the end but goes on first (as `required` does): \
         somebody who is locked out is still asked for a password, and it is still checked.";
    Warning 12 NO_ACCOUNT:
        "Without an account line nobody who logs in with a key is held against ip_blacklist \
         and only_whitelist, and a success is learnt of later.";
    Warning 13 ACCOUNT_AROUND:
        "There is an account line of pam_axes, but the account phase can succeed without it \
         or against it.";
    Warning 14 BAD_OPTION:
        "The module does not know an option of its line and ignores it, with a line in the \
         log at every login.";
    Warning 15 TWO_SOCKETS:
        "Lines of pam_axes name different sockets, so one service does not know what \
         another counted.";
    Warning 16 PAM_CLOSED:
        "Ordinary users may not write to the socket for PAM. Screen lockers run as ordinary \
         users: they cannot ask axesd, and go by failmode=.";
    Warning 17 RUN_OPEN:
        "Somebody other than root and axes can put a socket of his own where modules and \
         axesctl look for axesd.";
    Warning 18 STATE_OPEN:
        "The folder of attempts says who logs in when and from where; it is for the user \
         axes alone.";
    Warning 19 OTHER_RELEASE:
        "axesd is still running from another release than axesctl.";
    Warning 20 BASTION:
        "Many users log in from one address: a bastion, a proxy or a network behind NAT. A \
         counter that looks at the address alone locks all of them when one of them \
         mistypes.";
    Warning 21 USER_LISTED:
        "Whoever is on the whitelist by name is never counted, wherever the guesses come \
         from. A network on the whitelist opens that to the network alone.";
    Warning 22 NO_SUCH_SERVICE:
        "Lockouts are enforced in the services that `services` names, and in no others. A \
         name that PAM has no file for protects nothing.";
    Warning 23 STORE_DAMAGED:
        "A file of axesd was damaged or lost. What could be restored was, and what was \
         damaged is kept beside it: this is found for as long as it is there, or until axesd \
         is restarted.";
    Note 1 MONITOR:
        "With lock_out_at_failure = false everything is counted and logged, and no lockout \
         refuses anybody.";
    Note 2 FAILLOCK:
        "pam_faillock or pam_tally locks as well, by the user alone: a stranger can lock \
         out an owner whom pam_axes would let in.";
    Note 3 ONLY_KEYS:
        "sshd takes keys only, so there is no password to guess and no lockout is to be \
         expected there. ip_blacklist and only_whitelist still apply, in the account phase.";
    Note 4 NAMES_FOR_ADDRESSES:
        "With UseDNS sshd hands a host name to PAM. pam_axes takes the address from \
         SSH_CONNECTION instead, so counters and lists still work.";
}

impl Rule {
    /// The rule with this id, in whatever case it was typed.
    pub(in crate::ctl) fn parse(id: &str) -> Result<&'static Self, String> {
        let rule = ALL.iter().copied().find(|rule| rule.id().eq_ignore_ascii_case(id));
        rule.ok_or_else(|| "no finding has this id; `axesctl check --help` lists them".to_owned())
    }

    /// As it is quoted: `axes.E004`.
    pub(super) fn id(&self) -> String {
        let letter = match self.severity {
            Severity::Error => 'E',
            Severity::Warning => 'W',
            Severity::Note => 'N',
        };
        format!("axes.{letter}{:03}", self.number)
    }

    pub(super) const fn severity(&self) -> Severity {
        self.severity
    }

    pub(super) const fn meaning(&self) -> &'static str {
        self.meaning
    }

    /// That it was found, where, what exactly, and what to do.
    pub(super) fn found(
        &'static self,
        place: impl Into<Option<Place>>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding { rule: self, place: place.into(), message: message.into(), fix: fix.into() }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// Every id with the first sentence of its meaning, for the help text.
pub(in crate::ctl) fn catalogue() -> String {
    let mut text = "Findings:\n".to_owned();
    for rule in ALL {
        let sentence = rule.meaning.split_inclusive(['.', ':', ';']).next().unwrap_or_default();
        let sentence = sentence.trim_end_matches([':', ';', '.']);
        // Writing to a text does not fail.
        let _ = writeln!(text, "  {}  {sentence}.", rule.id());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_in_order_and_understood() {
        let ids: Vec<_> = ALL.iter().map(|rule| (rule.severity, rule.number)).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        for rule in ALL {
            assert_eq!(Rule::parse(&rule.id().to_lowercase()), Ok(*rule));
            assert!(rule.meaning.ends_with('.'), "{}", rule.id());
        }
        assert_eq!(CONFIG_BROKEN.id(), "axes.E001");
        assert!(Rule::parse("axes.E999").is_err());
    }

    #[test]
    fn the_help_text_names_every_finding() {
        let text = catalogue();
        assert!(text.contains("axes.W001  With enabled = false or the handler dummy"), "{text}");
        assert_eq!(text.lines().count(), ALL.len() + 1);
    }
}

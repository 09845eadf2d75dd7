//! An explanation as people read it.

use axes_proto::control::{ListEntry, Origin, Verdict, View};
use jiff::Zoned;

use super::Why;
use crate::ctl::tables::{ALERT, GOOD, attempt_table, counter_table};
use crate::ctl::text::place;
use crate::ctl::time::{later, span};

impl Why {
    /// The verdict first, what to do about it last.
    pub(in crate::ctl) fn text(&self, now: &Zoned) -> String {
        let tables = [self.counted(now), self.held(now)].into_iter().flatten();
        let tables: String = tables.map(|table| format!("\n{table}")).collect();
        let way_out = self.way_out().map(|way| format!("\n{way}\n")).unwrap_or_default();
        let background = self.background();
        format!("{}\n{}\n{background}{tables}{way_out}", self.headline(now), self.reason())
    }

    fn headline(&self, now: &Zoned) -> String {
        let who = self.who();
        if self.admits() {
            return format!("{who} would be {GOOD}let in{GOOD:#}.");
        }
        let until = match (&self.explanation.verdict, self.left_ms()) {
            (_, Some(left)) => format!(" until {}", end(left, now)),
            (Verdict::Locked(..), None) => " until an administrator lifts it".to_owned(),
            (_, None) => String::new(),
        };
        format!("{who} would be {ALERT}REFUSED{ALERT:#}{until}.")
    }

    fn who(&self) -> String {
        let client = &self.explanation.client;
        let from = client.remote.as_ref().map(|remote| format!("from {remote}"));
        let from = from.unwrap_or_else(|| "on this machine".to_owned());
        // What sshd calls its terminals says nothing.
        let tty = client.tty.as_ref().filter(|tty| tty.as_str() != "ssh");
        format!("{} {from} in {}{}", client.user, client.service, place("at", tty))
    }

    /// By what it was judged.
    fn background(&self) -> String {
        let told = &self.explanation;
        let rule = match &told.rule {
            Some(rule) => format!("Judged by rule {rule}.\n"),
            None => "Judged by the settings for everybody.\n".to_owned(),
        };
        let own = match told.view {
            View::Own => "You are told what concerns you alone; sudo shows the rest.\n",
            View::Whole => "",
        };
        format!("{rule}{}{own}", self.lane())
    }

    /// Only where counters decide.
    fn lane(&self) -> String {
        let told = &self.explanation;
        if !matches!(told.verdict, Verdict::Admitted | Verdict::Locked(..)) {
            return String::new();
        }
        let user = &told.client.user;
        let place = told.client.remote.as_ref();
        let place = place.map_or_else(|| "This machine".to_owned(), ToString::to_string);
        if told.familiar {
            format!("{place} is familiar: guesses at {user} from elsewhere do not lock it.\n")
        } else {
            format!("{place} is not familiar: {user} did not log in from there lately.\n")
        }
    }

    fn counted(&self, now: &Zoned) -> Option<String> {
        let some = !self.counters.is_empty();
        some.then(|| counter_table(&self.counters, now.timestamp()))
    }

    fn held(&self, now: &Zoned) -> Option<String> {
        if self.attempts.is_empty() {
            return None;
        }
        let title = match self.explanation.verdict {
            Verdict::Locked(..) => "The newest failures that lock it:",
            _ => "The newest failures in the one of these that is nearest to its limit:",
        };
        Some(format!("{title}\n{}", attempt_table(&self.attempts, now)))
    }

    fn way_out(&self) -> Option<String> {
        let commands: Vec<_> = self.lift().iter().map(|line| format!("sudo {line}")).collect();
        match commands.as_slice() {
            [] => self.no_command().map(|advice| format!("To lift it: {advice}")),
            [command] => Some(format!("To lift it: {command}")),
            several => Some(format!("To lift it:\n  {}", several.join("\n  "))),
        }
    }

    const fn no_command(&self) -> Option<&'static str> {
        match &self.explanation.verdict {
            Verdict::Admitted | Verdict::Exempt(_) => None,
            Verdict::Locked(..) => {
                Some("wait, or forget every failure of everybody with sudo axesctl reset --all")
            }
            Verdict::Blacklisted(ListEntry { origin: Origin::RunTime, .. }) => None,
            Verdict::Blacklisted(_) => Some(
                "take the entry out of ip_blacklist or username_blacklist in /etc/axes, then \
                 sudo axesctl reload",
            ),
            Verdict::NotWhitelisted => Some(
                "let the program pass the address (sshd: UseDNS no); the whitelist holds no \
                 names of hosts",
            ),
            Verdict::Unkept => Some(
                "make room or repair the disk, of which sudo axesctl status tells more; it then \
                 ends by itself",
            ),
        }
    }
}

/// The time of day, with the date unless it is today's, and how long it is until then.
fn end(left_ms: u64, now: &Zoned) -> String {
    // Rounded up: nobody is told to come back too early.
    let left = left_ms.div_ceil(1000);
    let end = later(now.timestamp(), left.saturating_mul(1000)).to_zoned(now.time_zone().clone());
    let format = if end.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    format!("{} (in {})", end.strftime(format), span(left))
}

#[cfg(test)]
mod tests {
    use axes_proto::control::{Counter, Enforcement, Exemption, Explanation};
    use axes_proto::text::{Host, Label, Name, Sentence};
    use jiff::tz::{TimeZone, offset};

    use super::*;
    use crate::ctl::samples::{self, NOW_MS};
    use crate::ctl::time::moment;

    fn plain(why: &Why) -> String {
        let now = moment(NOW_MS).to_zoned(TimeZone::fixed(offset(1)));
        anstream::adapter::strip_str(&why.text(&now)).to_string()
    }

    fn told(explanation: Explanation) -> String {
        plain(&Why { explanation, counters: vec![], attempts: vec![] })
    }

    fn of(verdict: Verdict) -> Explanation {
        Explanation { verdict, ..samples::explanation() }
    }

    fn listed(origin: Origin) -> ListEntry {
        ListEntry { subject: Sentence::from_typed("192.0.2.0/24"), origin, left_ms: None }
    }

    #[test]
    fn a_lockout_is_told_from_the_verdict_to_the_command() {
        let explanation = of(Verdict::Locked(samples::counter(), None));
        let (counters, attempts) = (vec![samples::counter()], vec![samples::attempt()]);
        assert_eq!(
            plain(&Why { explanation, counters, attempts }),
            "alice from 192.0.2.7 in sshd would be REFUSED until 10:44:10 (in 12m 30s).\n\
             Counter of alice from 192.0.2.7 is locked: 5 failures, and its limit is 5.\n\
             Judged by the settings for everybody.\n\
             192.0.2.7 is not familiar: alice did not log in from there lately.\n\
             \n\
             USER   ADDRESS    FAILURES  STATE   SINCE   UNTIL\n\
             alice  192.0.2.7  5/5       locked  3m ago  in 12m 30s\n\
             \n\
             The newest failures that lock it:\n\
             WHEN                 USER   ADDRESS    SERVICE  OUTCOME  REASON\n\
             2025-11-23 10:28:20  alice  192.0.2.7  sshd     refused  locked\n\
             \n\
             To lift it: sudo axesctl reset --user alice --address 192.0.2.7\n"
        );
    }

    #[test]
    fn a_single_failure_is_not_told_in_the_plural() {
        let counter = Counter { failures: 1, limit: 1, ..samples::counter() };
        let text = told(of(Verdict::Locked(counter, None)));
        assert!(text.contains(" is locked: 1 failure, and its limit is 1."), "{text}");
    }

    #[test]
    fn an_ordinary_client_hears_how_many_failures_are_left() {
        let free = |failures_left| told(Explanation { failures_left, ..of(Verdict::Admitted) });
        assert_eq!(
            free(Some(3)),
            "alice from 192.0.2.7 in sshd would be let in.\n\
             Nothing speaks against it; 3 more failures lock it.\n\
             Judged by the settings for everybody.\n\
             192.0.2.7 is not familiar: alice did not log in from there lately.\n"
        );
        assert!(free(Some(1)).contains("the next failure locks it"));
        assert!(free(None).contains("no counter counts it"));
    }

    #[test]
    fn a_local_client_and_a_terminal_are_named() {
        let mut explanation = of(Verdict::Exempt(Exemption::RootConsole));
        explanation.client.remote = None;
        explanation.client.user = Name::from_typed("root");
        explanation.client.service = Label::from_typed("login");
        explanation.client.tty = Some(Label::from_typed("tty1"));
        assert_eq!(
            told(explanation),
            "root on this machine in login at tty1 would be let in.\n\
             Root at the console of this machine is never locked (even_deny_root).\n\
             Judged by the settings for everybody.\n"
        );
    }

    #[test]
    fn a_permanent_lock_and_one_that_ends_another_day_say_so() {
        let lock = |left_ms| of(Verdict::Locked(Counter { left_ms, ..samples::counter() }, None));
        let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
        assert_eq!(
            first(told(lock(None))),
            "alice from 192.0.2.7 in sshd would be REFUSED until an administrator lifts it."
        );
        assert_eq!(
            first(told(lock(Some(86_400_000)))),
            "alice from 192.0.2.7 in sshd would be REFUSED until 2025-11-24 10:31:40 (in 1day)."
        );
    }

    #[test]
    fn lists_are_named_with_what_lifts_them() {
        let black = told(of(Verdict::Blacklisted(listed(Origin::RunTime))));
        assert!(black.contains("would be REFUSED.\nThe blacklist names 192.0.2.0/24, by an entry"));
        assert!(black.ends_with("\nTo lift it: sudo axesctl blacklist remove 192.0.2.0/24\n"));
        let configured = told(of(Verdict::Blacklisted(listed(Origin::Configured))));
        assert!(configured.contains("take the entry out of ip_blacklist"), "{configured}");
        let white = told(of(Verdict::Exempt(Exemption::Whitelisted(listed(Origin::Configured)))));
        assert!(white.contains("the whitelist names 192.0.2.0/24, in the configuration"));
        let unkept = told(of(Verdict::Unkept));
        assert!(unkept.contains("would be REFUSED.\nAttempts cannot be written"), "{unkept}");
        assert!(unkept.ends_with(
            "\nTo lift it: make room or repair the disk, of which sudo \
                                  axesctl status tells more; it then ends by itself\n"
        ));
        let mut outside = of(Verdict::NotWhitelisted);
        assert!(told(outside.clone()).contains("sudo axesctl whitelist add 192.0.2.7"));
        outside.client.remote = Some(Host::from_typed("host.example"));
        assert!(told(outside).contains("UseDNS no"));
    }

    #[test]
    fn whoever_is_only_counted_is_let_in_and_told_so() {
        let monitored = |enforcement, counters| {
            let explanation = Explanation { enforcement, ..of(Verdict::Admitted) };
            plain(&Why { explanation, counters, attempts: vec![] })
        };
        let locked = monitored(Enforcement::Monitor, vec![samples::counter()]);
        assert!(locked.contains("(lock_out_at_failure); else it would be locked."), "{locked}");
        let elsewhere = monitored(Enforcement::OtherServices, vec![]);
        assert!(elsewhere.contains("Failures in sshd are counted"), "{elsewhere}");
    }

    #[test]
    fn a_rule_a_familiar_address_and_a_narrow_view_are_told() {
        let rule = Some(Label::from_typed("strict"));
        let explanation =
            Explanation { rule, familiar: true, view: View::Own, ..of(Verdict::Admitted) };
        let text = told(explanation);
        assert!(text.contains("Judged by rule strict.\n192.0.2.7 is familiar"), "{text}");
        assert!(text.contains("what concerns you alone"), "{text}");
    }
}

//! The commands after which a client that is refused would be let in.

use axes_proto::control::{Counter, Enforcement, ListEntry, Origin, Verdict};

use super::Why;

/// Options of `axesctl reset` with their values.
type Filter<'a> = Vec<(&'static str, &'a str)>;

impl Why {
    /// One command in each line, quoted for a shell; none where no command helps, or none is
    /// needed.
    pub(super) fn lift(&self) -> Vec<String> {
        let listed = match &self.explanation.verdict {
            Verdict::Admitted | Verdict::Exempt(_) | Verdict::Unkept => return Vec::new(),
            Verdict::Locked(..) => None,
            Verdict::NotWhitelisted => return self.admit_address().into_iter().collect(),
            Verdict::Blacklisted(ListEntry { origin: Origin::Configured, .. }) => {
                return Vec::new();
            }
            Verdict::Blacklisted(listed) => Some(listed.subject.as_str()),
        };
        let removed = listed.map(|subject| line(&["blacklist", "remove", subject]));
        removed.into_iter().chain(self.resets()).collect()
    }

    /// Lists hold addresses, not the names of hosts.
    fn admit_address(&self) -> Option<String> {
        let address = self.explanation.client.remote.as_ref()?.as_str();
        let is_address = address.parse::<std::net::IpAddr>().is_ok();
        is_address.then(|| line(&["whitelist", "add", address]))
    }

    /// For each counter that is locked, unless a wider reset frees it too.
    fn resets(&self) -> impl Iterator<Item = String> {
        let enforced = self.explanation.enforcement == Enforcement::On;
        let locked = self.counters.iter().filter(|it| enforced && it.locked_ms.is_some());
        let mut filters: Vec<Filter<'_>> = Vec::new();
        for filter in locked.map(filter).filter(|filter| !filter.is_empty()) {
            if !filters.iter().any(|wider| covers(wider, &filter)) {
                filters.retain(|narrower| !covers(&filter, narrower));
                filters.push(filter);
            }
        }
        filters.into_iter().map(|filter| reset(&filter))
    }
}

/// A counter over terminals alone has none: `reset` cannot name them.
fn filter(counter: &Counter) -> Filter<'_> {
    let user = counter.username.as_ref().map(|user| ("--user", user.as_str()));
    let address = counter.address.as_ref().map(|address| ("--address", address.as_str()));
    let service = counter.service.as_ref().map(|service| ("--service", service.as_str()));
    [user, address, service].into_iter().flatten().collect()
}

fn covers(wider: &Filter<'_>, narrower: &Filter<'_>) -> bool {
    wider.iter().all(|option| narrower.contains(option))
}

fn reset(filter: &Filter<'_>) -> String {
    let mut words = vec!["reset".to_owned()];
    for (option, value) in filter {
        // A value that looks like an option stays a value.
        if value.starts_with('-') {
            words.push(format!("{option}={value}"));
        } else {
            words.extend([(*option).to_owned(), (*value).to_owned()]);
        }
    }
    line(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn line(words: &[&str]) -> String {
    // Text of the wire holds no zero byte, the only one that cannot be quoted.
    let quoted = shlex::try_join(words.iter().copied()).unwrap_or_default();
    format!("axesctl {quoted}")
}

#[cfg(test)]
mod tests {
    use axes_proto::text::{Host, Label, Name, Sentence};

    use super::*;
    use crate::ctl::samples::{address_counter, counter, explanation};

    fn locked(counters: Vec<Counter>) -> Why {
        let mut explanation = explanation();
        explanation.verdict = Verdict::Locked(counter(), None);
        Why { explanation, counters, attempts: vec![] }
    }

    fn refused(verdict: Verdict) -> Why {
        let explanation = axes_proto::control::Explanation { verdict, ..explanation() };
        Why { explanation, counters: vec![], attempts: vec![] }
    }

    #[test]
    fn every_counter_that_is_locked_is_reset_and_no_failure_twice() {
        let free = address_counter();
        let address = Counter { locked_ms: Some(1), ..free.clone() };
        let pair = "axesctl reset --user alice --address 192.0.2.7";
        assert_eq!(locked(vec![counter(), free]).lift(), [pair]);
        let only_address = ["axesctl reset --address 192.0.2.7"];
        assert_eq!(locked(vec![counter(), address.clone()]).lift(), only_address);
        assert_eq!(locked(vec![address.clone(), counter()]).lift(), only_address);
        let user = Counter { address: None, ..counter() };
        assert_eq!(
            locked(vec![address, user]).lift(),
            ["axesctl reset --address 192.0.2.7", "axesctl reset --user alice"]
        );
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let of = |user: &str| Counter { username: Some(Name::from_typed(user)), ..counter() };
        let evil = of("a'; rm -rf $HOME #");
        let [command] = locked(vec![evil]).lift().try_into().unwrap();
        let words = shlex::split(&command).unwrap();
        assert_eq!(words[3], "a'; rm -rf $HOME #");
        let dash = locked(vec![of("-all")]).lift();
        assert_eq!(dash, ["axesctl reset '--user=-all' --address 192.0.2.7"]);
        let hash = Counter { address: Some(Host::from_typed("~0f")), ..of("~1e") };
        let [command] = locked(vec![hash]).lift().try_into().unwrap();
        assert!(!command.contains(" ~"), "{command}");
    }

    #[test]
    fn a_counter_is_reset_by_all_that_reset_can_name() {
        let service = Some(Label::from_typed("sshd"));
        let narrow = Counter { username: None, service, ..counter() };
        let command = "axesctl reset --address 192.0.2.7 --service sshd";
        assert_eq!(locked(vec![narrow]).lift(), [command]);
        let tty = Some(Label::from_typed("tty1"));
        let by_tty = Counter { username: None, address: None, tty, ..counter() };
        assert!(locked(vec![by_tty]).lift().is_empty());
    }

    #[test]
    fn lists_are_changed_where_a_command_changes_them() {
        let listed = |origin| {
            let subject = Sentence::from_typed("@wheel mice");
            Verdict::Blacklisted(ListEntry { subject, origin, left_ms: None })
        };
        let [command] = refused(listed(Origin::RunTime)).lift().try_into().unwrap();
        assert_eq!(command, "axesctl blacklist remove '@wheel mice'");
        assert!(refused(listed(Origin::Configured)).lift().is_empty());
        let add = "axesctl whitelist add 192.0.2.7";
        assert_eq!(refused(Verdict::NotWhitelisted).lift(), [add]);
        let mut named = refused(Verdict::NotWhitelisted);
        named.explanation.client.remote = Some(Host::from_typed("host.example"));
        assert!(named.lift().is_empty());
        assert!(refused(Verdict::Admitted).lift().is_empty());
    }
}

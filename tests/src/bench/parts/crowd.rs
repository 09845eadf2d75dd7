//! Many callers at once.

use std::time::Duration;

use super::Part;
use crate::bench::caller::How;
use crate::bench::crowd::{self, Crowd, Users};
use crate::bench::goals::Goal;
use crate::bench::stacks::{self, Stack};
use crate::bench::table::Table;
use crate::bench::{Effort, floors};
use crate::reliability::load;

pub(super) const TITLE: &str = "Many callers at once";

const METHOD: &str = "So many processes at once, each with one login after the other, from pam_start to pam_end, all\n\
    successes. The bare stack tells what the machine can do at all. The names are those of a passwd\n\
    that nss_wrapper shows to the callers, since pam_faillock counts nobody who does not exist.";

const DURABLE: &str = "Failures, each of a user of his own, each on disk before the caller goes on; counted by user with\n\
    a limit that nobody reaches. Through the socket, the callers are threads that speak to axesd as the\n\
    module does, without libpam. One fdatasync for each failure is what the disk allows without sharing.";

/// Those of the goal for failures.
const FAILING: usize = 64;

/// Logins in a second.
struct Rates {
    users: Users,
    callers: usize,
    /// Bare, pam_faillock, pam_axes.
    each: Vec<f64>,
}

/// Failures in a second.
struct Failures {
    callers: usize,
    of_processes: f64,
    of_threads: f64,
    syncs: f64,
}

pub(super) fn measure(effort: &Effort) -> Part {
    let rates = rates(effort);
    let failures = failures(effort);
    let text = format!(
        "{METHOD}\n\n{}\n{DURABLE}\n\n{}",
        table_of(&rates).text(),
        failures.table().text()
    );
    Part { title: TITLE, text, goals: goals(&rates, &failures) }
}

fn rates(effort: &Effort) -> Vec<Rates> {
    let host = stacks::host("");
    let most = effort.callers.iter().copied().max().unwrap_or_default();
    let mut crowd = Crowd::start(&host, most);
    let stacks = [Stack::Bare, Stack::Faillock, Stack::Axes];
    let mut rates = Vec::new();
    for users in [Users::Different, Users::One] {
        for &callers in effort.callers {
            eprint!("\rcrowd: {callers} callers   ");
            let each = crowd.rates(&stacks, callers, users, How::Success, effort.crowd);
            rates.push(Rates { users, callers, each });
        }
    }
    rates
}

fn failures(effort: &Effort) -> Failures {
    let host = stacks::host(load::SETTINGS);
    let callers = FAILING.min(effort.callers.iter().copied().max().unwrap_or_default());
    let sync = floors::sync(&host.path(""), effort.floors).median();
    let mut crowd = Crowd::start(&host, callers);
    let failing =
        crowd.rates(&[Stack::Axes], callers, Users::Different, How::Failure, effort.crowd);
    Failures {
        callers,
        of_processes: failing.iter().sum(),
        of_threads: crowd::reported_failures(&host, callers, effort.crowd),
        syncs: Duration::from_secs(1).as_secs_f64() / sync.as_secs_f64(),
    }
}

fn table_of(rates: &[Rates]) -> Table {
    let heads = ["logins in a second", "bare", "pam_faillock", "pam_axes", "of pam_faillock's"];
    let mut table = Table::new(&heads);
    for it in rates {
        let who = if it.users == Users::One { "one user" } else { "different users" };
        let mut cells = vec![format!("{who}, {} callers", it.callers)];
        cells.extend(it.each.iter().map(|rate| format!("{rate:.0}")));
        cells.push(format!("{:.2}", it.ratio()));
        table.row(cells);
    }
    table
}

impl Rates {
    fn ratio(&self) -> f64 {
        match self.each.as_slice() {
            [_, faillock, axes] => axes / faillock,
            _ => f64::NAN,
        }
    }
}

impl Failures {
    fn table(&self) -> Table {
        let mut table = Table::new(&["durable failures in a second", "", "in one fdatasync each"]);
        let rows = [
            (format!("through libpam, {} processes", self.callers), self.of_processes),
            (format!("through the socket, {} threads", self.callers), self.of_threads),
            ("one fdatasync each, one after the other".to_owned(), self.syncs),
        ];
        for (what, rate) in rows {
            table.row([what, format!("{rate:.0}"), format!("{:.2}", rate / self.syncs)]);
        }
        table
    }
}

fn goals(rates: &[Rates], failures: &Failures) -> Vec<Goal> {
    let worst = |users| {
        let ratios = rates.iter().filter(|it| it.users == users).map(Rates::ratio);
        ratios.fold(f64::INFINITY, f64::min)
    };
    vec![
        Goal::at_least(
            "different users: logins in a second, in those of pam_faillock, at the worst number of callers",
            2.0,
            worst(Users::Different),
            "",
        ),
        Goal::at_least("one user: the same", 1.0, worst(Users::One), ""),
        Goal::at_least(
            "durable failures in a second of 64 callers through libpam, in one fdatasync each",
            10.0,
            failures.of_processes / failures.syncs,
            "",
        ),
        Goal::at_least(
            "the same through the socket, without libpam",
            10.0,
            failures.of_threads / failures.syncs,
            "",
        ),
    ]
}

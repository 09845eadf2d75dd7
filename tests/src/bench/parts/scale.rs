//! Many counters, many networks, many updates.

use std::time::Duration;

use super::Part;
use crate::bench::Effort;
use crate::bench::goals::Goal;
use crate::bench::keeper::{self, Decisions};
use crate::bench::space::{self, Space};
use crate::bench::table::{Series, Table, bytes, shown};
use crate::reliability::restart::{self, Counted};

pub(super) const TITLE: &str = "Scale";

const DECISIONS: &str = "Decisions are those of the policy of axesd alone, without socket and disk, in the process that\n\
    measures. Each client is a user of his own at an address of his own who failed once, which stands in\n\
    three counters. A verdict is admission and gate together, of a client chosen at random.\n\
    Memory is what the process grew by, for everything that belongs to a counter. A read is one at a\n\
    random place of as much memory, known from the read before it: a verdict looks three counters\n\
    up, each by three reads, and what these take longer among many is the machine's.";
const RESTART: &str = "A real axesd holds so many counters, is killed, and started again. Its disk is the folder of the\n\
    store with copies and ballast.";
const SPACE: &str = "An update takes the failure of a counter away and writes another one, through the store of axesd, in\n\
    commits of 50 updates, each durable. Live data is one dump, in which everything that is kept stands\n\
    once. The folder holds 2 MiB of ballast besides.";
const NETWORKS: &str =
    "One address in a list of so many networks, the mean of a thousand addresses at a time.";

/// Counters that decisions are compared at.
const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;

struct Scale {
    decisions: Vec<(u64, Option<Decisions>)>,
    restart: restart::Figures,
    counters_on_disk: u64,
    space: Space,
    networks: Vec<(u32, Series)>,
}

pub(super) fn measure(effort: &Effort) -> Part {
    let decide = |&counters| {
        eprint!("\rscale: {counters} counters   ");
        (counters, keeper::decide(counters, effort.decisions))
    };
    let networks = effort.networks.iter().map(|&it| (it, keeper::look_up(it, effort.looks)));
    let (counters_on_disk, updates, most) = effort.updates;
    let folder = tempfile::tempdir().expect("a folder");
    let scale = Scale {
        networks: networks.collect(),
        decisions: effort.counters.iter().map(decide).collect(),
        space: space::update(folder.path(), counters_on_disk, updates, most),
        counters_on_disk,
        restart: restart::with_counters(effort.restart, Counted::AsShipped, drop),
    };
    Part { title: TITLE, text: scale.text(), goals: scale.goals() }
}

impl Scale {
    fn text(&self) -> String {
        format!(
            "{DECISIONS}\n\n{}\n{RESTART}\n\n{}\n{SPACE}\n\n{}\n{NETWORKS}\n\n{}",
            self.table_of_decisions().text(),
            self.table_of_restart().text(),
            self.table_of_space().text(),
            self.table_of_networks().text()
        )
    }

    fn table_of_decisions(&self) -> Table {
        let heads = [
            "counters",
            "verdict p50",
            "p99",
            "failure counted p50",
            "p99",
            "bytes for each",
            "a read",
        ];
        let mut table = Table::new(&heads);
        for (wanted, decisions) in &self.decisions {
            let Some(it) = decisions else {
                let none = ["not measured: too little memory is free", "", "", "", "", ""];
                table.row([&[wanted.to_string()][..], &none.map(str::to_owned)].concat());
                continue;
            };
            let times =
                [(&it.verdict, 50), (&it.verdict, 99), (&it.failure, 50), (&it.failure, 99)];
            let times = times.map(|(series, percent)| shown(series.percentile(percent)));
            let each = format!("{:.0}", it.bytes_for_each());
            let read = nanos(it.read.median());
            table.row([&[it.counters.to_string()][..], &times, &[each, read]].concat());
        }
        table
    }

    fn table_of_restart(&self) -> Table {
        let it = &self.restart;
        let mut table = Table::new(&["restart", "figure"]);
        let starts: Vec<_> = it.restarts.iter().copied().map(shown).collect();
        let rows = [
            ("counters", it.counters.to_string()),
            ("time to report their failures, by 32 callers", shown(it.filled)),
            ("from start to first answer", starts.join(", ")),
            ("disk", bytes(it.disk)),
            ("disk for each counter", format!("{:.0} B", it.disk as f64 / it.counters as f64)),
            ("most memory of a daemon after its start", bytes(it.memory)),
        ];
        rows.into_iter().for_each(|(what, figure)| table.row([what.to_owned(), figure]));
        table
    }

    fn table_of_space(&self) -> Table {
        let it = &self.space;
        let mut table = Table::new(&["space", "figure"]);
        let rows = [
            ("failures, each in three counters", self.counters_on_disk.to_string()),
            ("updates", it.updates.to_string()),
            ("in", shown(it.lasted)),
            ("live data", bytes(it.live)),
            ("disk when each was written once", bytes(it.at_first)),
            ("disk at the end", bytes(it.at_last)),
        ];
        rows.into_iter().for_each(|(what, figure)| table.row([what.to_owned(), figure]));
        table
    }

    fn table_of_networks(&self) -> Table {
        let mut table =
            Table::new(&["networks", "p50", "p99", "p50, in that of the shortest list"]);
        for (networks, series) in &self.networks {
            let [p50, p99] = [50, 99].map(|percent| nanos(series.percentile(percent)));
            let ratio = self.networks.first().map_or(f64::NAN, |it| keeper::ratio(series, &it.1));
            table.row([networks.to_string(), p50, p99, format!("{ratio:.2}")]);
        }
        table
    }

    fn goals(&self) -> Vec<Goal> {
        let start = self.restart.restarts.iter().max().copied().unwrap_or_default();
        let space = self.space.at_last as f64 / self.space.live as f64;
        let updated = format!(
            "disk after {} updates of {} counters, in live data",
            self.space.updates, self.counters_on_disk
        );
        let mut goals = self.goals_of_decisions();
        goals.extend([
            Goal::at_most("longest start of axesd with a million", 1.0, start.as_secs_f64(), "s"),
            Goal::at_most(updated, 3.0, space, ""),
        ]);
        if let [few, .., many] = self.networks.as_slice() {
            let ratio = keeper::ratio(&many.1, &few.1);
            goals.push(Goal::at_most("100,000 networks: look-up, in that of ten", 1.5, ratio, ""));
        }
        goals
    }

    fn goals_of_decisions(&self) -> Vec<Goal> {
        let verdict = "a million counters: verdict, p50, in that of a thousand";
        let verdict_late = "a million counters: verdict, p99, in that of a thousand";
        let memory = "a million counters: memory for each";
        let (Some(few), Some(many)) = (self.among(FEW), self.among(MANY)) else {
            return [verdict, verdict_late, memory]
                .map(|it| Goal::open(it, "not at this effort"))
                .into();
        };
        let late = |it: &Decisions| it.verdict.percentile(99).as_secs_f64();
        vec![
            Goal::at_most(verdict, 1.2, keeper::ratio(&many.verdict, &few.verdict), ""),
            Goal::at_most(verdict_late, 1.2, late(many) / late(few), ""),
            Goal::at_most(memory, 150.0, many.bytes_for_each(), "B"),
        ]
    }

    fn among(&self, counters: u64) -> Option<&Decisions> {
        let found = self.decisions.iter().find(|(wanted, _)| *wanted == counters);
        found.and_then(|(_, decisions)| decisions.as_ref())
    }
}

impl Decisions {
    fn bytes_for_each(&self) -> f64 {
        self.memory as f64 / self.counters as f64
    }
}

fn nanos(time: Duration) -> String {
    format!("{} ns", time.as_nanos())
}

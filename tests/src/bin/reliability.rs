//! Tries the promises at full length and writes RELIABILITY.md.
//!
//! `axes-reliability [TRIAL...]` runs only these, and writes only their parts.

use std::io::Write as _;
use std::time::{Duration, Instant};

use axes_e2e::reliability::absence::{self, Sockets};
use axes_e2e::reliability::full::Mode;
use axes_e2e::reliability::report::{RELIABILITY, Section, shown};
use axes_e2e::reliability::restart::Counted;
use axes_e2e::reliability::{bounds, crash, damage, full, fuzz, idle, limit, power, restart};

const KILLS: u32 = 1000;
const CUTS: u32 = 60;
const COUNTERS: u64 = 1_000_000;
const CROWDS: u32 = 50;
const MIXED: u32 = 20;
const MISBEHAVIOUR: u32 = 10;
const ABSENCES: u32 = 10;
const FULL: u32 = 10;
const FLOOD: u64 = 10_000_000;
const IDLERS: usize = 100;
const IDLE: Duration = Duration::from_secs(60);
const DAMAGES: u32 = 1000;

/// Runs a trial to its end; panics where a promise is broken.
type Trial = fn() -> Section;

const TRIALS: [(&str, Trial); 10] = [
    ("limit", limits),
    ("kill", kills),
    ("absence", absences),
    ("idle", idlers),
    ("power", cuts),
    ("full", full_disks),
    ("damage", damages),
    ("restart", restarts),
    ("flood", floods),
    ("fuzz", made_up_inputs),
];

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|it| it == name);
    if chosen.is_empty() {
        RELIABILITY.begin_anew();
    }
    for (name, trial) in TRIALS.into_iter().filter(|(name, _)| is_chosen(name)) {
        let begun = Instant::now();
        let section = trial();
        RELIABILITY.put(section.title, &section.text());
        eprintln!("\r{name}: held, in {}", shown(begun.elapsed()));
    }
}

/// Says how far a trial is.
fn progress(what: &'static str, of: u32) -> impl FnMut(u32) {
    move |round| {
        eprint!("\r{what}: {round} of {of}   ");
        // Nobody needs to see it.
        let _ = std::io::stderr().flush();
    }
}

fn limits() -> Section {
    limit::of_wrong_passwords(CROWDS, progress("crowds", CROWDS));
    let mixed = limit::of_mixed_passwords(MIXED, progress("mixed crowds", MIXED));
    let seen = limit::misbehaviour(MISBEHAVIOUR, progress("misbehaviour", MISBEHAVIOUR));
    let (crowd, most) = (limit::CROWD, limit::LIMIT);
    Section {
        title: "The limit",
        method: format!(
            "{crowd} processes at once through libpam, one user and address, a limit of {most}, and a\n\
             program that takes 100 ms for a password and notes each one that reaches it. In mixed\n\
             crowds every second types the right one. Then attempts that hang up at the prompt, are\n\
             killed while their password is verified, or take a place and never answer, with a\n\
             `gate_wait` of {} and a `place_lease` of {}.",
            shown(limit::GATE_WAIT),
            shown(limit::LEASE)
        ),
        figures: vec![
            ("Crowds with wrong passwords", CROWDS.to_string()),
            ("Passwords verified of each", format!("exactly {most}")),
            ("Mixed crowds", MIXED.to_string()),
            ("Logins in them", mixed.right.to_string()),
            ("Wrong passwords verified in them, all of them counted", mixed.wrong.to_string()),
            ("Most wrong ones between two logins", mixed.most_between.to_string()),
            ("Hung up at the prompt, none counted", seen.hung_up.to_string()),
            ("Killed while verifying, all counted", seen.killed.to_string()),
            ("Places held without an answer, all came back and count", seen.held.to_string()),
            ("Longest wait of anybody behind them", shown(seen.longest_wait)),
            ("Longest until all places were free", shown(seen.free_again)),
        ],
    }
}

fn kills() -> Section {
    let figures = crash::rounds(KILLS, progress("kill -9", KILLS));
    Section {
        title: "kill -9",
        method: "The daemon is killed at a random moment while 32 callers report failures, each\n\
                 remembering what was acknowledged, and started again. Every 20 kills all is forgiven."
            .to_owned(),
        figures: vec![
            ("Kills", figures.rounds.to_string()),
            ("Failures acknowledged", figures.acknowledged.to_string()),
            ("Lost of them", "0".to_owned()),
            ("Kept though nobody was told yet", figures.unacknowledged.to_string()),
            ("Counters higher than the attempts made", "0".to_owned()),
            ("Places left taken", "0".to_owned()),
            ("Restart, middle", shown(figures.restart.0)),
            ("Restart, longest", shown(figures.restart.1)),
        ],
    }
}

fn absences() -> Section {
    let with = |sockets, failmode| {
        let seen = absence::during(ABSENCES, sockets, failmode);
        format!(
            "{} let in, {} turned away, longest {}",
            seen.let_in,
            seen.turned_away,
            shown(seen.longest)
        )
    };
    Section {
        title: "While the daemon is away",
        method: format!(
            "Four persons log in with the right password again and again, through libpam, while the\n\
             daemon is killed and absent for {}, {ABSENCES} times. systemd keeps the sockets of an\n\
             installed axesd, so whoever connects waits; a daemon that was started by hand has\n\
             its own, and whoever connects goes by `failmode` at once.",
            shown(absence::ABSENCE)
        ),
        figures: vec![
            ("Sockets kept, `failmode=safe`", with(Sockets::Passed, "safe")),
            ("Sockets kept, `failmode=secure`", with(Sockets::Passed, "secure")),
            ("Its own sockets, `failmode=safe`", with(Sockets::ItsOwn, "safe")),
            ("Its own sockets, `failmode=secure`", with(Sockets::ItsOwn, "secure")),
        ],
    }
}

fn idlers() -> Section {
    let figures = idle::crowd(IDLERS, IDLE);
    let [quiet, busy] = figures
        .times
        .map(|(middle, longest)| format!("middle {}, longest {}", shown(middle), shown(longest)));
    let cut_off = |kind: &idle::Kind| match kind.between {
        Some((from, to)) => format!("{} `{}` after {from:.1} to {to:.1} s", kind.cut_off, kind.how),
        None => format!("no `{}`", kind.how),
    };
    let cut_off: Vec<_> = figures.kinds.iter().map(cut_off).collect();
    let (before, most) = figures.memory_kb;
    Section {
        title: "A crowd on the public socket",
        method: format!(
            "{IDLERS} users, each a process with a uid of its own, try to hold {} connections each for\n\
             {}, and whoever is turned away or cut off tries again after a second: they say nothing\n\
             (`idle`), half a message (`half`), a byte each second (`slow`), ask again and again and\n\
             read no answer (`deaf`), stay after the answer (`done`), or sit at a prompt (`prompt`),\n\
             as a locked screen may for days. Meanwhile root logs in through libpam, with\n\
             `failmode=secure`, so that a login that does not reach the daemon fails.",
            idle::EACH,
            shown(IDLE)
        ),
        figures: vec![
            ("Connections that the crowd wants at once", (IDLERS * idle::EACH).to_string()),
            ("Tries", figures.tries.to_string()),
            ("Turned away at once", figures.turned_away.to_string()),
            ("Held at one time, at most", figures.held.to_string()),
            ("Cut off", cut_off.join(", ")),
            ("Logins of root meanwhile, all let in", figures.logins.to_string()),
            ("Time of a login", busy),
            ("The same without a crowd", quiet),
            ("Memory of the daemon before, at most", format!("{before} KiB, {most} KiB")),
            ("Until all places were free", shown(figures.free_again)),
        ],
    }
}

fn cuts() -> Section {
    let new = power::cuts_of_new_databases(CUTS, progress("cuts, new database", CUTS));
    let old = power::cuts_of_an_older_database(CUTS, progress("cuts, older database", CUTS));
    Section {
        title: "Power cuts",
        method: "The state is on an ext4 file system of its own (a loop mount). At a random moment under\n\
                 the same load `EXT4_IOC_SHUTDOWN` stops that file system without flushing its journal:\n\
                 nothing more reaches the image, and what was only in memory, data or names, is gone.\n\
                 (A copy of a live image is torn across the time it takes; this one is whole.) It is\n\
                 mounted again, which replays the journal, and a daemon is started on it. Every fourth\n\
                 new database is cut while it is made. Beside it somebody writes a file without a sync, to\n\
                 show that a cut does lose what nobody made durable. A disk that loses what it said was\n\
                 flushed, or that reorders what nobody flushed, is not part of this."
            .to_owned(),
        figures: vec![
            ("Cuts of new databases", new.cuts.to_string()),
            ("Cuts of one that grew older", old.cuts.to_string()),
            ("Failures acknowledged", (new.acknowledged + old.acknowledged).to_string()),
            ("Lost of them", "0".to_owned()),
            ("Databases that did not open, or not without an alarm", "0".to_owned()),
            (
                "Cuts that lost bytes of the file without a sync",
                (new.lost_unsynced + old.lost_unsynced).to_string(),
            ),
        ],
    }
}

fn full_disks() -> Section {
    let safe = full::rounds(Mode::Safe, FULL, progress("full disks, safe", FULL));
    let secure = full::rounds(Mode::Secure, FULL, progress("full disks, secure", FULL));
    let killed = safe.killed + secure.killed;
    let started = safe.started_full + secure.started_full;
    let recovery = safe.recovery.max(secure.recovery);
    Section {
        title: "Full disks",
        method: "The disk of the state is filled to the last byte while failures are reported, and emptied\n\
                 again. Meanwhile the daemon shows an alarm in its status. With `on_store_error = \"safe\"` it\n\
                 counts in memory, answers that it could not write, and lets the right password in; with\n\
                 `secure` it refuses both before a password is looked at. Every second time it is killed\n\
                 and started while the disk is still full, and again when it is not. Once the alarm is\n\
                 over it is killed and started again."
            .to_owned(),
        figures: vec![
            ("Times that the disk was full, with `safe` and with `secure`", FULL.to_string()),
            ("`safe`: failures reported meanwhile, all counted", safe.while_full.to_string()),
            ("Of these answered as not on disk", safe.not_on_disk.to_string()),
            ("`secure`: attempts refused meanwhile", secure.refused.to_string()),
            ("Killed while it was full", killed.to_string()),
            ("Of these, started before there was space", started.to_string()),
            ("Acknowledged as on disk, and missing after any kill", "0".to_owned()),
            ("Counted, and missing after a kill that followed the alarm", "0".to_owned()),
            ("Longest from space to the end of the alarm", shown(recovery)),
        ],
    }
}

fn damages() -> Section {
    let say = |round| {
        if round % 50 == 0 {
            eprint!("\rdamages: {round} of {DAMAGES}   ");
        }
    };
    let figures = damage::rounds(DAMAGES, say);
    Section {
        title: "Damaged files",
        method: "One file of the store after the other (database, journal, identity, copies, ballast, key) is\n\
                 deleted, cut, or changed at random places: single bits, a hundred bits, blocks of noise.\n\
                 Each time a daemon with a bounded address space is started on it, killed, and started\n\
                 again. It must start both times, have at least what the newest copy holds (or\n\
                 everything, where it says nothing), and tell of it once."
            .to_owned(),
        figures: vec![
            ("Damages", figures.damages.to_string()),
            ("Daemons that panicked, hung or did not start", "0".to_owned()),
            ("Told in status and log", figures.told.to_string()),
            ("Of these, database restored from a copy", figures.restored.to_string()),
            ("Acknowledged before the newest copy, and missing", "0".to_owned()),
            ("Longest start", shown(figures.longest)),
            ("Most memory of a daemon", format!("{} MB", figures.memory >> 20)),
        ],
    }
}

fn restarts() -> Section {
    let say = |number: u64| {
        if number.is_multiple_of(10_000) {
            eprint!("\rrestart: failure {number}   ");
        }
    };
    let shipped = restart::with_counters(COUNTERS, Counted::AsShipped, say);
    let by_user = restart::with_counters(COUNTERS, Counted::ByUser, say);
    let met = |figures: &restart::Figures| {
        let met = figures.restarts.iter().all(|time| time.as_millis() < 1000);
        if met { "met" } else { "not met" }.to_owned()
    };
    let times = |figures: &restart::Figures| {
        let times: Vec<String> = figures.restarts.iter().copied().map(shown).collect();
        times.join(", ")
    };
    Section {
        title: "Restart with many counters",
        method: "One failure of each of so many users, each from an address of his own, is reported through\n\
                 the socket by 32 callers; then the daemon is killed and started again. As shipped, a failure\n\
                 stands in three counters; where only users are counted, there is a record for each of them."
            .to_owned(),
        figures: vec![
            ("As shipped: counters, all there after each restart", shipped.counters.to_string()),
            ("Time to report their failures", shown(shipped.filled)),
            ("From start to first answer", times(&shipped)),
            ("Goal of 1 s", met(&shipped)),
            ("By user: counters, all there after each restart", by_user.counters.to_string()),
            ("Time to report their failures", shown(by_user.filled)),
            ("From start to first answer", times(&by_user)),
            ("Goal of 1 s", met(&by_user)),
        ],
    }
}

fn floods() -> Section {
    let say = |number: u64| {
        if number.is_multiple_of(10_000) {
            eprint!("\rflood: {number} of {FLOOD}   ");
        }
    };
    let caps = bounds::SHIPPED;
    let figures = bounds::flood(FLOOD, caps, say);
    let mib = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
    let (locked, listed) = (bounds::LOCKED, bounds::LISTED);
    Section {
        title: "More than there is room for",
        method: format!(
            "One failure of each of {FLOOD} random users from as many addresses, as shipped, through the\n\
             socket by 32 callers. {locked} users were locked and {listed} addresses whitelisted before; they are\n\
             there at the end, and after a kill -9."
        ),
        figures: vec![
            ("Failures", FLOOD.to_string()),
            ("In", shown(figures.lasted)),
            ("Counters held at the end", figures.counters.to_string()),
            ("Failures that were forgotten for want of room", figures.crowded_out.to_string()),
            ("Most memory, of 256 MiB", mib(figures.memory)),
            ("Most memory of a restart", mib(figures.memory_of_restart)),
            ("Most disk, of 512 MiB", mib(figures.disk)),
            ("From start to first answer", shown(figures.restart)),
        ],
    }
}

fn made_up_inputs() -> Section {
    let time = fuzz::time();
    let runs = fuzz::every_target(time, |run| eprintln!("fuzz: {run:?}"));
    let row = |run: &fuzz::Run| {
        let figure = format!("{} inputs, {} places reached", run.executions, run.coverage);
        (run.target, figure)
    };
    Section {
        title: "Inputs that a fuzzer made up",
        method: format!(
            "libFuzzer, through `cargo fuzz`, tries every target of `tests/fuzz` for {} each, and begins\n\
             with the corpus that the everyday tests run. Whatever the bytes are, what was read says the\n\
             same when it is written again, bounds hold, an error names its line, and nothing that\n\
             a terminal obeys is shown. A target that does not hold, needs more than ten seconds for an\n\
             input or too much memory, ends the run.",
            shown(time)
        ),
        figures: runs.iter().map(row).collect(),
    }
}

//! Time of the processor, to the nanosecond, and which one runs what.

use std::fs;
use std::process::Command;
use std::time::Duration;

/// One of several processors.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// The one with the least number.
    First,
    /// The one with the greatest.
    Last,
}

/// Of this process.
pub fn own_time() -> Duration {
    read(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// Of another one, all its threads.
pub fn time_of(process: u32) -> Duration {
    let id = i32::try_from(process).expect("a process id");
    let mut clock = 0;
    assert_eq!(unsafe { libc::clock_getcpuclockid(id, &raw mut clock) }, 0, "process {id}");
    read(clock)
}

/// The same command on one processor alone: the first of those that this process may have, or the
/// last.
pub fn only(place: Place, command: &Command) -> Command {
    let status = fs::read_to_string("/proc/self/status").expect("a process");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let mut numbers = list.expect("processors").split([',', '-']).map(str::trim);
    let number = match place {
        Place::First => numbers.next(),
        Place::Last => numbers.next_back(),
    };
    let mut taskset = Command::new("taskset");
    taskset.args(["-c", number.expect("a processor")]);
    taskset.arg(command.get_program()).args(command.get_args());
    taskset
}

fn read(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    assert_eq!(unsafe { libc::clock_gettime(clock, &raw mut time) }, 0, "clock {clock}");
    let seconds = u64::try_from(time.tv_sec).expect("a time");
    Duration::new(seconds, u32::try_from(time.tv_nsec).expect("a time"))
}

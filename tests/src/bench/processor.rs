//! Time of the processor, to the nanosecond.

use std::time::Duration;

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

fn read(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    assert_eq!(unsafe { libc::clock_gettime(clock, &raw mut time) }, 0, "clock {clock}");
    let seconds = u64::try_from(time.tv_sec).expect("a time");
    Duration::new(seconds, u32::try_from(time.tv_nsec).expect("a time"))
}

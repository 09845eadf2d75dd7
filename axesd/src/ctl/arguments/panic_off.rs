//! What can be typed after `axesctl panic-off`.

use axes_proto::control::{MOST_PANIC_OFF_MS, PanicSwitch, Request};
use axes_proto::text::Comment;
use clap::{ArgGroup, Args};
use jiff::Zoned;

use crate::ctl::when;

/// Refuse nobody for a while: when lockouts or lists keep the wrong people out.
///
/// No lockout, no rule and no list refuses anybody until the time is over; attempts are counted
/// and logged all the same. It survives a restart of axesd, ends by itself, and lasts 24 hours at
/// most. `axes=off` on the kernel command line does the same for as long as the host runs.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("switch").required(true))]
pub(in crate::ctl) struct PanicOffArguments {
    /// How long: `10m`, `2h`.
    #[arg(group = "switch", long = "for", value_name = "TIME", value_parser = time_ms)]
    for_ms: Option<u64>,
    /// End it now.
    #[arg(group = "switch", long)]
    end: bool,
    /// Why, for whoever reads the log: one line of at most 200 bytes.
    #[arg(long, value_name = "TEXT", conflicts_with = "end")]
    reason: Option<String>,
}

impl PanicOffArguments {
    pub(super) fn request(self) -> Request {
        let reason = self.reason.as_deref().map(Comment::from_typed);
        Request::PanicOff(match self.for_ms {
            Some(for_ms) => PanicSwitch::Begin { for_ms, reason },
            None => PanicSwitch::End,
        })
    }
}

fn time_ms(text: &str) -> Result<u64, String> {
    let time = when::time_ms(text, &Zoned::now())?;
    if time > MOST_PANIC_OFF_MS {
        return Err("at most 24h; to switch axesd off for good use `enabled = false`".to_owned());
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::ctl::arguments::{Arguments, Task};

    fn switch(line: &str) -> Option<PanicSwitch> {
        let words = ["axesctl", "panic-off"].into_iter().chain(line.split_whitespace());
        match Arguments::try_parse_from(words).ok()?.command.task() {
            Task::Ask(Request::PanicOff(switch)) => Some(switch),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_begins_with_a_time_and_perhaps_a_reason_and_ends_without() {
        let begun = |for_ms, reason| Some(PanicSwitch::Begin { for_ms, reason });
        assert_eq!(switch("--for 10m"), begun(600_000, None));
        let reason = Some(Comment::from_typed("lost%07"));
        assert_eq!(switch("--for 24h --reason lost\u{7}"), begun(MOST_PANIC_OFF_MS, reason));
        assert_eq!(switch("--end"), Some(PanicSwitch::End));
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in
            ["", "--for 25h", "--for 0s", "--for", "--for 10", "--end --for 1h", "--end --reason x"]
        {
            assert_eq!(switch(line), None, "{line}");
        }
    }
}

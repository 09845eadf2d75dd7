//! A time in which nobody is refused, as people and scripts read it.

use axes_proto::Text;
use axes_proto::control::{PanicOff, PanicSwitch};
use axes_proto::text::Comment;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use super::tables::ALERT;
use super::time::{later, rfc3339, span};

/// What a switch did.
#[derive(Debug, PartialEq)]
pub(super) struct Switched {
    pub(super) switch: PanicSwitch,
    pub(super) before: Option<PanicOff>,
    pub(super) now: Option<PanicOff>,
}

/// What scripts read of it.
pub(super) struct Members<'a> {
    /// Who said so.
    pub(super) by: Option<&'static str>,
    pub(super) seconds_left: Option<u64>,
    pub(super) reason: Option<&'a Comment>,
}

/// All `None` where it does not hold.
pub(super) fn members(held: Option<&PanicOff>) -> Members<'_> {
    let by = held.map(|held| match held.left_ms {
        Some(_) => "axesctl",
        None => "kernel_command_line",
    });
    let seconds_left = held.and_then(|held| held.left_ms).map(|left| left.div_ceil(1000));
    Members { by, seconds_left, reason: held.and_then(|held| held.reason.as_ref()) }
}

/// For the line of the status that says what is enforced.
pub(super) fn enforced(held: Option<&PanicOff>) -> String {
    let how_long = match held.and_then(|held| held.left_ms) {
        Some(left) => format!("panic-off, {} left", span(left.div_ceil(1000))),
        None => "axes=off on the kernel command line".to_owned(),
    };
    let reason = held.and_then(|held| held.reason.as_ref());
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{ALERT}nobody is refused ({how_long}){reason}{ALERT:#}")
}

impl Switched {
    /// There was nothing to end.
    pub(super) const fn is_empty(&self) -> bool {
        matches!((&self.switch, &self.before), (PanicSwitch::End, None))
    }

    pub(super) fn text(&self, now: &Zoned) -> String {
        match (&self.now, &self.before) {
            (Some(PanicOff { left_ms: Some(left), .. }), _) => {
                let end = later(now.timestamp(), *left).to_zoned(now.time_zone().clone());
                let (end, left) = (end.strftime("%Y-%m-%d %H:%M:%S"), span(left.div_ceil(1000)));
                format!("{ALERT}Nobody is refused{ALERT:#} until {end} (in {left}).\n")
            }
            (Some(_), _) => {
                "Nobody is refused until the next boot: the kernel command line says axes=off.\n"
                    .into()
            }
            (None, Some(_)) => "Panic-off is over: whoever is locked is refused again.\n".into(),
            (None, None) => "Nothing to end: there is no panic-off.\n".into(),
        }
    }

    pub(super) fn json(&self, now: Timestamp) -> Value {
        let held = members(self.now.as_ref());
        let left = self.now.as_ref().and_then(|held| held.left_ms);
        json!({
            "panic_off": held.by, "panic_off_seconds_left": held.seconds_left,
            "panic_off_reason": held.reason.map(Text::as_str),
            "until": left.map(|left| rfc3339(later(now, left))),
            "before": members(self.before.as_ref()).by,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::{TimeZone, offset};

    use super::*;
    use crate::ctl::samples::NOW_MS;
    use crate::ctl::time::moment;

    fn off(left_ms: Option<u64>) -> Option<PanicOff> {
        Some(PanicOff { left_ms, reason: Some(Comment::from_typed("locked out")) })
    }

    fn plain(before: Option<PanicOff>, now: Option<PanicOff>) -> String {
        let zoned = moment(NOW_MS).to_zoned(TimeZone::fixed(offset(1)));
        let text = Switched { switch: PanicSwitch::End, before, now }.text(&zoned);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn its_end_is_told_or_that_it_has_none() {
        let begun = plain(None, off(Some(599_500)));
        assert_eq!(begun, "Nobody is refused until 2025-11-23 10:41:39 (in 10m).\n");
        assert!(plain(None, off(None)).contains("until the next boot"));
        assert!(plain(off(Some(1)), None).starts_with("Panic-off is over"));
        assert!(plain(None, None).starts_with("Nothing to end"));
    }

    #[test]
    fn scripts_are_told_who_said_so_and_how_long() {
        let switch = PanicSwitch::Begin { for_ms: 1, reason: None };
        let begun = Switched { switch, before: None, now: off(Some(599_500)) };
        let expected = json!({
            "panic_off": "axesctl", "panic_off_seconds_left": 600,
            "panic_off_reason": "locked out", "until": "2025-11-23T09:41:39.500Z", "before": null,
        });
        assert_eq!(begun.json(moment(NOW_MS)), expected);
        let booted = members(off(None).as_ref()).by;
        assert_eq!(booted, Some("kernel_command_line"));
        assert!(!begun.is_empty());
    }

    #[test]
    fn the_status_says_why_nobody_is_refused() {
        let told = enforced(off(Some(90_000)).as_ref());
        let told = anstream::adapter::strip_str(&told).to_string();
        assert_eq!(told, "nobody is refused (panic-off, 1m 30s left): locked out");
        assert!(enforced(off(None).as_ref()).contains("axes=off"));
    }
}

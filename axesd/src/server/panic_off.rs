//! `axesctl panic-off`: begun and ended on the control socket.

use std::time::Duration;

use axes_proto::control::{PanicOff, PanicSwitch, Reply};
use axes_proto::text::Text;

use crate::engine::Held;
use crate::server::{Service, convert};

/// Begins or ends it; how it was before, and how it is now.
pub(super) async fn switch(service: &Service, switch: PanicSwitch) -> Vec<Reply> {
    let engine = &service.engine;
    let before = held(service);
    let committed = match switch {
        PanicSwitch::End => engine.panic_on().await,
        PanicSwitch::Begin { for_ms, reason } => {
            let reason = reason.map(|reason| reason.as_str().into());
            match engine.panic_off(Duration::from_millis(for_ms), reason).await {
                Ok(committed) => committed,
                Err(error) => return vec![failed(&error)],
            }
        }
    };
    // In force all the same; but a restart would not know of it.
    if let Err(error) = committed {
        return vec![failed(&format!("it is so until axesd restarts, but not on disk: {error}"))];
    }
    vec![Reply::PanicOff { before, now: held(service) }]
}

/// Whether nobody is refused, and for how long.
pub(super) fn held(service: &Service) -> Option<PanicOff> {
    service.engine.panic_held().map(|Held { left, reason }| PanicOff {
        left_ms: left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        reason: reason.as_deref().map(Text::from_typed),
    })
}

fn failed(why: &impl ToString) -> Reply {
    Reply::Failed(convert::sentence(&why.to_string()))
}

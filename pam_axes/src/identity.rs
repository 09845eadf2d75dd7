//! Who tries to log in, and from where: PAM items and the environment of the handle.

use std::ffi::CStr;
use std::net::{IpAddr, Ipv6Addr};

use axes_proto::Text;
use axes_proto::pam::Client;
use axes_proto::text::Host;
use pam::constants::PamResultCode;
use pam::items::{RHost, RUser, Service, Tty, User};
use pam::module::PamHandle;

use crate::ffi;

/// The client of this handle. Asks for the name where the application left that to PAM (login).
///
/// # Errors
///
/// The code of `pam_get_user` when nobody gave a name.
pub(crate) fn client(pamh: &mut PamHandle) -> Result<Client, PamResultCode> {
    if user(pamh).is_none() {
        // It also fails for a name that is not UTF-8; the item tells.
        let asked = pamh.get_user(None);
        if user(pamh).is_none() {
            return Err(asked.err().unwrap_or(PamResultCode::PAM_USER_UNKNOWN));
        }
    }
    Ok(known_client(pamh))
}

/// The client of this handle as far as it is known; never prompts.
pub(crate) fn known_client(pamh: &PamHandle) -> Client {
    let service = text(pamh.get_item::<Service>().ok().flatten().map(|item| item.0));
    let rhost = text(pamh.get_item::<RHost>().ok().flatten().map(|item| item.0));
    let tty = text(pamh.get_item::<Tty>().ok().flatten().map(|item| item.0));
    let ruser = text(pamh.get_item::<RUser>().ok().flatten().map(|item| item.0));
    let connection = service.starts_with(b"sshd").then(|| ffi::getenv(pamh, c"SSH_CONNECTION"));
    Client {
        user: Text::from_bytes(user(pamh).map_or(&[], CStr::to_bytes)),
        remote: remote(rhost, text(connection.flatten())),
        service: Text::from_bytes(service),
        tty: filled(tty.strip_prefix(b"/dev/").unwrap_or(tty)).map(Text::from_bytes),
        ruser: filled(ruser).map(Text::from_bytes),
    }
}

fn user(pamh: &PamHandle) -> Option<&CStr> {
    pamh.get_item::<User>().ok().flatten().map(|item| item.0)
}

fn text(item: Option<&CStr>) -> &[u8] {
    item.map_or(&[], CStr::to_bytes)
}

fn filled(bytes: &[u8]) -> Option<&[u8]> {
    (!bytes.is_empty()).then_some(bytes)
}

/// An address in `PAM_RHOST`, else the first word of `SSH_CONNECTION`, else what stands in
/// `PAM_RHOST` as a name of its own. Names are never resolved.
fn remote(rhost: &[u8], ssh_connection: &[u8]) -> Option<Host> {
    let peer = ssh_connection.split(|byte| *byte == b' ').next().unwrap_or_default();
    let named = filled(rhost);
    if named.is_some_and(is_address) {
        return named.map(Host::from_bytes);
    }
    filled(peer).filter(|peer| is_address(peer)).or(named).map(Host::from_bytes)
}

fn is_address(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    // A link-local address carries its zone behind a percent sign.
    let zoned = text.split_once('%').and_then(|(ip, _)| ip.parse::<Ipv6Addr>().ok());
    let ip = zoned.map(IpAddr::V6).or_else(|| text.parse().ok());
    ip.is_some_and(|ip| !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote_of(rhost: &str, ssh: &str) -> Option<String> {
        remote(rhost.as_bytes(), ssh.as_bytes()).map(|host| host.to_string())
    }

    #[test]
    fn an_address_in_rhost_wins() {
        let found = remote_of("192.0.2.1", "198.51.100.1 1 192.0.2.9 22");
        assert_eq!(found.as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn sshd_s_own_word_helps_where_rhost_is_no_address() {
        for rhost in ["UNKNOWN", "host.example", "0.0.0.0", "localhost", ""] {
            let found = remote_of(rhost, "2001:db8::1 40000 2001:db8::2 22");
            assert_eq!(found.as_deref(), Some("2001:db8::1"), "{rhost}");
        }
    }

    #[test]
    fn without_an_address_the_name_stands_and_nothing_is_local() {
        assert_eq!(remote_of("host.example", "").as_deref(), Some("host.example"));
        assert_eq!(remote_of("", ""), None);
        assert_eq!(remote_of("", "nonsense"), None);
    }
}

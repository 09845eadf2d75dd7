//! Whose code it is.

use super::callgrind::Place;

/// The crate that a line of the source is from, or else the library it stands in.
pub fn of(place: &Place) -> String {
    let folder = place.file.rsplit_once("/src/").map(|(folder, _)| folder);
    let name = folder.and_then(|folder| folder.rsplit('/').next()).map(without_version);
    match name {
        Some("") | None => place.object.clone(),
        Some(name @ ("policy" | "proto")) => format!("axes-{name}"),
        Some(name) => name.to_owned(),
    }
}

fn without_version(name: &str) -> &str {
    let version =
        name.rsplit_once('-').filter(|(_, it)| it.starts_with(|it: char| it.is_ascii_digit()));
    version.map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_from_the_crate_whose_folder_it_stands_in() {
        for (file, expected) in [
            ("/home/me/.cargo/registry/src/index-19/tokio-1.54.1/src/net/unix/stream.rs", "tokio"),
            (
                "/home/me/.cargo/registry/src/index-19/crossbeam-epoch-0.9.18/src/guard.rs",
                "crossbeam-epoch",
            ),
            ("/rustc/59807616/library/core/src/hash/sip.rs", "core"),
            ("/home/me/pam_axes/axesd/policy/src/key.rs", "axes-policy"),
            ("/home/me/pam_axes/axesd/src/server.rs", "axesd"),
            ("./malloc/./malloc/malloc.c", "libc.so.6"),
            ("???", "libc.so.6"),
        ] {
            let place = Place { object: "libc.so.6".into(), file: file.into(), ..Place::default() };
            assert_eq!(of(&place), expected);
        }
    }
}

//! Manual pages, completions and other documents as the package installs them.

use std::sync::Arc;

use axes_e2e::manuals::examples;
use libtest_mimic::Trial;

use crate::host::Host;
use crate::lab::{Lab, Outcome};

/// What makes a `man axesctl-list` or a TAB find something.
const PLACES: [&str; 8] = [
    "/usr/share/man/man1/axesctl.1.gz",
    "/usr/share/man/man1/axesctl-whitelist-add.1.gz",
    "/usr/share/man/man5/axes.toml.5.gz",
    "/usr/share/man/man7/axes.7.gz",
    "/usr/share/man/man8/pam_axes.8.gz",
    "/usr/share/bash-completion/completions/axesctl",
    "/usr/share/zsh/vendor-completions/_axesctl",
    "/usr/share/fish/vendor_completions.d/axesctl.fish",
];

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("manuals_and_completions_are_where_they_are_looked_for", places),
        lab.trial("changelogs_and_pages_are_beside_the_licence", documents),
        lab.trial("what_manuals_say_about_an_installed_package_works", commands),
    ]
}

fn places(host: &Host) -> Outcome {
    host.guest.sh(&format!("stat {}", PLACES.join(" ")))?;
    Ok(())
}

fn documents(host: &Host) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    let folder = "/usr/share/doc/axes";
    let debian = host.guest.sh(&format!("zcat {folder}/changelog.Debian.gz"))?;
    assert!(debian.starts_with(&format!("axes ({version}-1) ")), "{debian}");
    let changes = host.guest.sh(&format!("zcat {folder}/changelog.gz"))?;
    assert!(changes.contains(&format!("\n## [{version}] - ")), "{changes}");
    host.guest.sh(&format!("cd {folder} && stat architecture.md django-axes.md SECURITY.md"))?;
    Ok(())
}

fn commands(host: &Host) -> Outcome {
    let names = host.guest.sh("dpkg --listfiles axes | grep '^/usr/share/man/.*[.]gz$'")?;
    let mut tried = 0;
    for name in names.lines() {
        let page = host.guest.sh(&format!("zcat {name}"))?;
        for example in examples(name, &page).iter().filter(|it| it.kind == "installed") {
            let commands = example.commands();
            for (number, command) in commands.iter().enumerate() {
                let last = number + 1 == commands.len() && !example.word.is_empty();
                let wanted = if last { example.word.parse()? } else { 0 };
                let done = host.guest.run(&["sh", "-c", command])?;
                assert_eq!(done.code, Some(wanted), "{name}: {command}: {done:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 3, "{names}");
    Ok(())
}

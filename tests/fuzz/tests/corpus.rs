//! Every input that is kept, through its target, without a fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use axes_fuzz::TARGETS;

/// An input is repeated up to this length too.
const LONG: usize = 65_536;
/// Inputs are kept to be read again and again: few, and small.
const MOST_FILES: usize = 60;
const MOST_BYTES: usize = 300_000;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The files of a folder with what is in them.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

#[test]
fn every_target_stands_every_input_of_its_corpus() {
    for (name, target) in TARGETS {
        let files = files(&corpus().join(name));
        assert!(!files.is_empty(), "{name} has no corpus");
        for (path, bytes) in files {
            // Shown when the test fails.
            println!("{}", path.display());
            target(&bytes);
            let long: Vec<u8> = bytes.iter().copied().cycle().take(LONG).collect();
            target(&long);
        }
    }
}

#[test]
fn every_target_is_a_binary_of_cargo_fuzz_and_every_corpus_belongs_to_one() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let folder = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let shims = fs::read_dir(folder("targets")).unwrap();
    assert_eq!(shims.map(|entry| stem(entry.unwrap().path())).collect::<BTreeSet<_>>(), names);
    let corpora = fs::read_dir(corpus()).unwrap();
    assert_eq!(corpora.map(|entry| stem(entry.unwrap().path())).collect::<BTreeSet<_>>(), names);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in names {
        assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
    }
}

#[test]
fn the_corpus_stays_small() {
    let mut bytes = 0;
    for (name, _) in TARGETS {
        let files = files(&corpus().join(name));
        assert!(files.len() <= MOST_FILES, "{name}: {} files", files.len());
        bytes += files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    }
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

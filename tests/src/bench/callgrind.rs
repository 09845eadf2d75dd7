//! Instructions, counted by callgrind: times are never the same twice, these nearly are.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where instructions stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The name of a program or library, without its folder.
    pub object: String,
    /// The file of the source; `???` where that is not known.
    pub file: String,
    /// A function; its address where the object is stripped.
    pub function: String,
}

/// How many instructions were executed where.
#[derive(Clone, Debug, Default)]
pub struct Profile(BTreeMap<Place, f64>);

/// A command that begins with callgrind, which leaves a file in a folder for each thread of each
/// process: `ID-THREAD`.
pub fn command(folder: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["-q", "--tool=callgrind", "--separate-threads=yes", "--vgdb=no"]);
    valgrind.arg(format!("--callgrind-out-file={}/%p", folder.display()));
    valgrind
}

/// What such a command left, by process and thread.
pub fn profiles(folder: &Path) -> BTreeMap<(u32, usize), Profile> {
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let profile = |path: std::path::PathBuf| {
        // A process has a file without costs as well.
        let (process, thread) = path.file_name()?.to_str()?.split_once('-')?;
        let text = fs::read_to_string(&path).expect("a profile");
        Some(((process.parse().ok()?, thread.parse().ok()?), Profile::of(&text)))
    };
    files.filter_map(profile).collect()
}

impl Profile {
    /// As callgrind writes it: what a function executed itself, without those that it called.
    fn of(text: &str) -> Self {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.read(line));
        reader.profile
    }

    /// Both together.
    pub fn plus(self, other: &Self) -> Self {
        self.with(other, 1.0)
    }

    /// What remains without the other.
    pub fn less(self, other: &Self) -> Self {
        self.with(other, -1.0)
    }

    fn with(mut self, other: &Self, factor: f64) -> Self {
        for (place, count) in &other.0 {
            *self.0.entry(place.clone()).or_default() += factor * count;
        }
        self
    }

    /// The share of one of so many.
    pub fn each(mut self, times: u32) -> Self {
        self.0.values_mut().for_each(|count| *count /= f64::from(times.max(1)));
        self
    }

    /// All of it.
    pub fn total(&self) -> f64 {
        self.0.values().sum()
    }

    /// What stands in one object.
    pub fn only(mut self, object: &str) -> Self {
        self.0.retain(|place, _| place.object == object);
        self
    }

    /// Sums of what has the same name.
    pub fn by(&self, name: impl Fn(&Place) -> String) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for (place, count) in &self.0 {
            *sums.entry(name(place)).or_default() += count;
        }
        sums
    }
}

/// Reads a file of callgrind: a place holds until the next one, a name has a number from its first
/// time on.
#[derive(Default)]
struct Reader {
    names: HashMap<(char, String), String>,
    place: Place,
    is_of_a_call: bool,
    profile: Profile,
}

impl Reader {
    fn read(&mut self, line: &str) {
        match line.split_once('=') {
            Some(("ob", text)) => self.place.object = file_name(&self.name('o', text)),
            Some(("fl" | "fi" | "fe", text)) => self.place.file = self.name('f', text),
            Some(("fn", text)) => self.place.function = self.name('n', text),
            Some(("cob", text)) => drop(self.name('o', text)),
            Some(("cfl" | "cfi", text)) => drop(self.name('f', text)),
            Some(("cfn", text)) => drop(self.name('n', text)),
            // The next line is what was executed on the other side.
            Some(("calls", _)) => self.is_of_a_call = true,
            Some(_) => {}
            None => self.count(line),
        }
    }

    /// A line of the source, which may be relative to the one before, and a number.
    fn count(&mut self, line: &str) {
        let number = line.split_once(' ').and_then(|(_, count)| count.parse::<u64>().ok());
        let Some(number) = number.filter(|_| line.starts_with(is_line)) else { return };
        if !std::mem::take(&mut self.is_of_a_call) {
            *self.profile.0.entry(self.place.clone()).or_default() += number as f64;
        }
    }

    fn name(&mut self, kind: char, text: &str) -> String {
        let numbered = text.strip_prefix('(').and_then(|it| it.split_once(')'));
        let Some((number, name)) = numbered else { return text.to_owned() };
        let known = self.names.entry((kind, number.to_owned()));
        known.or_insert_with(|| name.trim_start().to_owned()).clone()
    }
}

fn is_line(character: char) -> bool {
    character.is_ascii_digit() || ['+', '-', '*'].contains(&character)
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "version: 1\npositions: line\nevents: Ir\nsummary: 163\n\n\
        ob=(1) /lib/libpam.so.0\nfl=(1) pam.c\nfn=(1) pam_start\n16 40\n+1 2\n\
        cob=(2) /lib/libc.so.6\ncfi=(2) malloc.c\ncfn=(2) malloc\ncalls=1 3\n* 100\n* 1\n\n\
        ob=(2)\nfl=(2)\nfn=(2)\n3 90\nfi=(3) inlined.h\n7 10\nfe=(2)\n4 20\n";

    #[test]
    fn what_a_function_calls_is_not_its_own() {
        let profile = Profile::of(TEXT);
        assert_eq!(profile.total(), 163.0);
        assert_eq!(profile.clone().only("libpam.so.0").total(), 43.0);
        let functions = profile.by(|place| place.function.clone());
        assert_eq!(functions["malloc"], 120.0);
        let files = profile.by(|place| place.file.clone());
        assert_eq!([files["malloc.c"], files["inlined.h"]], [110.0, 10.0]);
    }

    #[test]
    fn a_share_of_a_difference_is_of_each_place() {
        let profile = Profile::of(TEXT);
        let twice = profile.clone().plus(&profile).plus(&profile);
        let share = twice.less(&profile).each(4);
        assert_eq!([share.total(), share.clone().only("libc.so.6").total()], [81.5, 60.0]);
    }
}

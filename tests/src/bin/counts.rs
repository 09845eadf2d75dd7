//! Counts the instructions of a login in the release build, and keeps the figures.

use axes_e2e::bench::counts;

fn main() {
    let counts = counts::measure();
    counts::keep(&counts);
    for (name, count) in counts {
        println!("{name}: {count}");
    }
}

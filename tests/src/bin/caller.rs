//! Logs in through libpam whenever standard input says so, as `axes_e2e::bench::caller` describes.
//!
//! `axes-caller PAM.D`

use std::path::Path;
use std::process::exit;

fn main() {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("see the head of this file");
        exit(99);
    };
    axes_e2e::bench::caller::serve(Path::new(&folder));
}

//! Links the unwinder into the module: libgcc_s.so costs every login twice as long to map and set
//! up as the module itself, and libpam's other modules do without it.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_SHARED_UNWINDER").is_some() {
        return Ok(());
    }
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    // What the linker finds under the name that rustc asks for; it reads this as a script.
    fs::write(Path::new(&folder).join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n")?;
    println!("cargo:rustc-link-search=native={}", Path::new(&folder).display());
    Ok(())
}

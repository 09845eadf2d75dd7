//! Instructions of a login in the release build, against those that are kept beside the code.

use axes_e2e::bench::counts;

#[test]
fn a_login_takes_as_many_instructions_as_are_kept_for_it() {
    match counts::compare(&counts::measure(), &counts::kept()) {
        Ok(text) => println!("{text}"),
        Err(text) => panic!("{text}"),
    }
}

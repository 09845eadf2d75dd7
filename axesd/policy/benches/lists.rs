//! How long it takes to look a client up in lists of different lengths.

use std::net::{IpAddr, Ipv4Addr};

use axes_policy::client::{Address, Client};
use axes_policy::lists::List;
use axes_policy::networks::fold;
use axes_policy::subject::Subject;
use divan::{Bencher, black_box};

const NETWORKS: [u32; 4] = [10, 1_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

/// Networks of 8 to 32 bits, spread over all addresses.
fn list(networks: u32) -> List {
    let address = |number: u32| Ipv4Addr::from(number.wrapping_mul(2_654_435_761));
    let prefix = |number: u32| u8::try_from(8 + number % 25).unwrap_or(32);
    let network = |number| fold(IpAddr::V4(address(number)), prefix(number));
    // Networks that hold most addresses would end every search early.
    (0..networks).filter(|number| prefix(*number) > 20).map(network).map(Subject::Network).collect()
}

fn client(address: u32) -> Client {
    Client {
        user: "alice".into(),
        address: Address::Ip(IpAddr::V4(Ipv4Addr::from(address))),
        service: "sshd".into(),
        tty: None,
        ruser: None,
    }
}

#[divan::bench(args = NETWORKS)]
fn look_up(bencher: Bencher<'_, '_>, networks: u32) {
    let list = list(networks);
    let clients: Vec<_> = (0..1024).map(|n: u32| client(n.wrapping_mul(40_503_001))).collect();
    let mut next = clients.iter().cycle();
    bencher.bench_local(|| next.next().map(|client| list.find(black_box(client), None)));
}

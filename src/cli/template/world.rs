//! The clock, the random source and the resolver of this machine, for charts that ask for them.
#![allow(clippy::disallowed_methods)] // the one place of the command that reads the clock

use std::net::ToSocketAddrs as _;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use crate::render::outside::HostByName;
use crate::render::policy::{Policy, World};

/// The clock and the system's random source, as Helm uses them.
pub fn open_policy() -> Policy {
    let now = jiff::Zoned::now();
    Policy::Open(Box::new(World { now, random: ChaCha20Rng::from_entropy() }))
}

/// Asks the system for the addresses of a host and draws one (Sprig `getHostByName`, Go `rand.Intn`).
pub fn resolver() -> HostByName {
    let mut random = ChaCha20Rng::from_entropy();
    Box::new(move |host| {
        let found = (host, 0).to_socket_addrs().into_iter().flatten();
        let mut addresses: Vec<String> = found.map(|address| address.ip().to_string()).collect();
        match addresses.len() {
            0 => Err("invalid argument to Intn".to_owned()),
            count => Ok(addresses.swap_remove(random.next_u64() as usize % count)),
        }
    })
}

//! The clock, the random source and the resolver of this machine, for charts that ask for them.
#![allow(clippy::disallowed_methods)] // the one place of the command that reads the clock

use std::net::ToSocketAddrs as _;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use crate::render::outside::HostByName;
use crate::render::policy::{Policy, World};

/// All questions of one render to the resolver together. One that fails takes up to half a minute on a system whose
/// name servers do not answer; one that is answered takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(300);

/// The clock and the system's random source, as Helm uses them.
pub fn open_policy() -> Policy {
    let now = jiff::Zoned::now();
    Policy::Open(Box::new(World { now, random: ChaCha20Rng::from_entropy() }))
}

/// Asks the system for the addresses of a host and draws one (Sprig `getHostByName`, Go `rand.Intn`).
pub fn resolver() -> HostByName {
    let mut random = ChaCha20Rng::from_entropy();
    let mut waited = Duration::ZERO;
    Box::new(move |host| {
        if waited > PATIENCE {
            let limit = PATIENCE.as_secs();
            return Err(format!(
                "the name servers have taken more than {limit} s to answer this chart; leave out --enable-dns"
            ));
        }
        let begun = Instant::now();
        let found = (host, 0).to_socket_addrs().into_iter().flatten();
        let mut addresses: Vec<String> = found.map(|address| address.ip().to_string()).collect();
        waited += begun.elapsed();
        match addresses.len() {
            0 => Err("invalid argument to Intn".to_owned()),
            count => Ok(addresses.swap_remove(random.next_u64() as usize % count)),
        }
    })
}

//! What goes wrong around the agent on a real cluster: disks, kills, outages, lost rights, wrong access. Nothing is lost,
//! nothing is done twice, and the message names the way out.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/agent.rs"]
mod agent;
#[path = "support/api_proxy.rs"]
mod api_proxy;
#[path = "support/bed.rs"]
mod bed;
#[path = "support/resources.rs"]
mod resources;
mod support;

#[path = "faults/access.rs"]
mod access;
#[path = "faults/ahead.rs"]
mod ahead;
#[path = "faults/boundaries.rs"]
mod boundaries;
#[path = "faults/clocks.rs"]
mod clocks;
#[path = "faults/definition.rs"]
mod definition;
#[path = "faults/kills.rs"]
mod kills;
#[path = "faults/namespaces.rs"]
mod namespaces;
#[path = "faults/outage.rs"]
mod outage;
#[path = "faults/place.rs"]
mod place;
#[path = "faults/restarts.rs"]
mod restarts;
#[path = "faults/rights.rs"]
mod rights;
#[path = "faults/sameness.rs"]
mod sameness;
#[path = "faults/slow.rs"]
mod slow;
#[path = "faults/storms.rs"]
mod storms;
#[path = "faults/takeover.rs"]
mod takeover;

//! One question over HTTP turned into a whole answer, bounded in size and time: connect → send → follow redirects.

pub mod client;
pub mod connect;
pub mod fault;
pub mod proxy;
pub mod send;
pub mod tls;

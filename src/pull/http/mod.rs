//! One question over HTTP turned into a whole answer, bounded in size and time: connect → send → follow redirects.

pub mod client;
pub mod connect;
pub mod exchange;
pub mod fault;
pub mod proxy;
mod request;
pub mod send;
pub mod tls;

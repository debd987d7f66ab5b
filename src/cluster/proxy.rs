//! The address of an API server turned into the proxy that it is reached through, by Go's rules (`x/net/http/httpproxy`).
//!
//! The client's own way compares `NO_PROXY` with the address of the proxy, not of the server, and goes through a proxy to
//! loopback.

use http::Uri;

use crate::pull::address::{Address, redact};
use crate::pull::environment::Environment;

/// The proxy that a kubeconfig names for this server, else the one of the environment.
pub fn of(server: &Uri, named: Option<&str>) -> Result<Option<Uri>, String> {
    let proxy = match named {
        Some(named) => Some(named.to_owned()),
        None => {
            let server = Address::parse(&server.to_string()).map_err(|error| error.to_string())?;
            let proxy = Environment::of_process().proxies().of_address(&server);
            proxy.map_err(|cause| cause.to_string())?.map(|proxy| proxy.with_credentials())
        }
    };
    let read = |proxy: String| {
        proxy.parse::<Uri>().map_err(|error| format!("the proxy {} is no address: {error}", redact(&proxy)))
    };
    proxy.map(read).transpose()
}

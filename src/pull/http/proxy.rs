//! The environment and an address turned into the proxy to go through (Go's `golang.org/x/net/http/httpproxy`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::super::address::Address;
use super::fault::Cause;

/// What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say; the names in capitals win.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: String,
    https: String,
    bypass: Vec<String>,
}

impl Proxies {
    /// Reads the variables of this environment.
    pub fn of(environment: &BTreeMap<String, String>) -> Self {
        let either = |name: &str| {
            let read = |name: String| environment.get(&name).filter(|text| !text.is_empty()).cloned();
            read(name.to_owned()).or_else(|| read(name.to_ascii_lowercase())).unwrap_or_default()
        };
        // A CGI script's HTTP_PROXY is a header that a client sent.
        let http =
            if environment.contains_key("REQUEST_METHOD") { String::new() } else { either("HTTP_PROXY") };
        let bypass = either("NO_PROXY");
        let bypass = bypass.split(',').map(|entry| entry.trim().to_ascii_lowercase());
        Proxies {
            http,
            https: either("HTTPS_PROXY"),
            bypass: bypass.filter(|entry| !entry.is_empty()).collect(),
        }
    }

    /// Users and passwords in the addresses of proxies, which may come back in what these say.
    pub fn credentials(&self) -> Vec<(String, String)> {
        let read = |proxy: &String| {
            let with_scheme = || Address::parse(&format!("http://{proxy}")).ok()?.credentials();
            Address::parse(proxy).ok().and_then(|address| address.credentials()).or_else(with_scheme)
        };
        [&self.http, &self.https].into_iter().filter_map(read).collect()
    }

    /// The proxy for this address; none: go there directly.
    pub fn of_address(&self, address: &Address) -> Result<Option<Address>, Cause> {
        let proxy = if address.scheme == "https" { &self.https } else { &self.http };
        if proxy.is_empty() || self.bypasses(&address.hostname(), address.port()) {
            return Ok(None);
        }
        let known = |proxy: &Address| matches!(&*proxy.scheme, "http" | "https") && !proxy.host.is_empty();
        let parsed =
            Address::parse(proxy).ok().filter(|parsed| known(parsed) || parsed.scheme.starts_with("socks"));
        // Commonly written without a scheme.
        let parsed = parsed.or_else(|| Address::parse(&format!("http://{proxy}")).ok());
        match parsed {
            Some(parsed) if known(&parsed) => Ok(Some(parsed)),
            Some(parsed) => Err(Cause::ProxyScheme(parsed.without_credentials().to_string())),
            None => Err(Cause::ProxyScheme("of the environment".to_owned())),
        }
    }

    fn bypasses(&self, host: &str, port: u16) -> bool {
        let ip: Option<IpAddr> = host.parse().ok();
        if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
            return true;
        }
        self.bypass.iter().any(|entry| matches(entry, host, ip, port))
    }
}

fn matches(entry: &str, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return ip.is_some_and(|ip| in_network(ip, network, bits));
    }
    let (name, only) = match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse::<u16>().ok()),
        _ => (entry, None),
    };
    if only.is_some_and(|only| only != port) {
        return false;
    }
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(named) = name.parse::<IpAddr>() {
        return ip == Some(named);
    }
    let name = name.strip_prefix("*.").map_or_else(|| name.to_owned(), |rest| format!(".{rest}"));
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(&name),
        None => host == name || host.ends_with(&format!(".{name}")),
    }
}

fn in_network(ip: IpAddr, network: &str, bits: &str) -> bool {
    let Ok(bits) = bits.parse::<u32>() else { return false };
    match (ip, network.parse()) {
        (IpAddr::V4(ip), Ok(IpAddr::V4(network))) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            ip.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(ip), Ok(IpAddr::V6(network))) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            ip.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)], address: &str) -> Option<String> {
        let environment = variables.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
        let address = Address::parse(address).unwrap();
        let found = Proxies::of(&environment).of_address(&address).map_err(|cause| cause.to_string());
        found.map_or_else(Some, |found| found.map(|found| found.to_string()))
    }

    /// Variables, an address, and the proxy for it.
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a Option<String>);

    /// The cases of Go's own documentation of `ProxyFromEnvironment`.
    #[test]
    fn the_environment_is_read_as_go_reads_it() {
        let p = Some("http://p:3128".to_owned());
        let table: &[Row<'_>] = &[
            (&[("HTTP_PROXY", "http://p:3128")], "http://example.com", &p),
            (&[("http_proxy", "p:3128")], "http://example.com", &p),
            (&[("HTTP_PROXY", "p:3128")], "https://example.com", &None),
            (&[("HTTPS_PROXY", "p:3128")], "https://example.com", &p),
            (&[("HTTP_PROXY", "p:3128"), ("REQUEST_METHOD", "GET")], "http://example.com", &None),
            (&[("HTTP_PROXY", "p:3128")], "http://localhost:80", &None),
            (&[("HTTP_PROXY", "p:3128")], "http://127.0.0.2", &None),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", "example.com")], "http://a.example.com", &None),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", ".example.com")], "http://example.com", &p),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", "*.example.com")], "http://a.example.com", &None),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", "ample.com")], "http://example.com", &p),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", "a, example.com:81")], "http://example.com:81", &None),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", "example.com:81")], "http://example.com", &p),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", "10.0.0.0/8")], "http://10.1.2.3", &None),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", "10.0.0.0/8")], "http://11.1.2.3", &p),
            (&[("HTTP_PROXY", "p:3128"), ("NO_PROXY", "*")], "http://example.com", &None),
        ];
        for (variables, address, expected) in table {
            assert_eq!(&proxy(variables, address), *expected, "{variables:?} {address}");
        }
        let socks = proxy(&[("HTTP_PROXY", "socks5://u:secret@p:1080")], "http://example.com").unwrap();
        assert_eq!(socks, "the proxy socks5://p:1080 is not known; write http:// or https://");
    }
}

//! An address to listen on as people write it (`0.0.0.0:8080`).

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An IP address and a port; port 0 lets the system choose one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(SocketAddr);

const EXPECTED: &str =
    "an IP address and a port such as 127.0.0.1:8080, 0.0.0.0:8080 (all of IPv4) or [::]:8080 (all)";

impl Address {
    pub fn get(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Address).map_err(|_| format!("write {EXPECTED}"))
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Fails while the text is visited: only then does the error name the key.
struct Text;

impl Visitor<'_> for Text {
    type Value = Address;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Address, E> {
        text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_ip_and_a_port() {
        for good in ["0.0.0.0:8080", "127.0.0.1:0", "[::]:9090"] {
            let address: Address = serde_json::from_value(good.into()).unwrap();
            assert_eq!(serde_json::to_value(address).unwrap(), good);
        }
        for wrong in ["", "8080", ":8080", "0.0.0.0", "localhost:8080", "1.2.3.4:99999", "::8080"] {
            let text = serde_json::from_value::<Address>(wrong.into()).unwrap_err().to_string();
            assert!(text.contains("such as 127.0.0.1:8080"), "{wrong}: {text}");
        }
    }
}

//! A Secret turned into what git may know of it: its name, its keys, and a keyed digest of each value.
//!
//! The key is derived from the lock of the release, which is kept outside git: without it nobody can try values against a
//! digest. A stub is of no kind that an API server knows, so that no tool which follows the branch takes it for the Secret.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Map, Value as Json, json};
use sha2::Sha256;

use super::text::{self, TextError};

/// The folder of stubs, below a cluster's. It is listed in no kustomization.
pub const STUBS: &str = "stubs";
pub const KIND: &str = "SecretStub";
const API_VERSION: &str = "promgit.dev/v1alpha1";

/// Stands in front of each stub.
const HEAD: &str = "# No value of a Secret is kept in git. promgit delivers this one itself; a digest changes when its value does,\n\
                    # and tells nothing else (HMAC-SHA256 with a key that is not in git).\n";
/// Bytes of a digest that are shown: 128 bits tell any two values apart.
const SHOWN: usize = 16;
/// What is shown where there is no key, so that nothing can be guessed from it.
const UNKNOWN: &str = "not shown";

/// Where the notes of a render are among what is delivered and not committed.
pub const NOTES: &str = "NOTES.txt";

/// Where what the files do not say of the render is among what is delivered and not committed (`release/layout.rs`).
pub const LAYOUT: &str = "layout.json";

/// Texts of Secrets as they are delivered, by the paths of their stubs, in their order. Shared: they pass through several hands. They are
/// few, and kept for as long as the commit is the newest one: a list takes less room than a map.
#[derive(Clone, Default)]
pub struct Secrets(Arc<[(Box<str>, Box<str>)]>);

impl Secrets {
    /// The text that the stub at this path stands for.
    pub fn get(&self, path: &str) -> Option<&str> {
        let place = self.0.binary_search_by(|(at, _)| (**at).cmp(path)).ok()?;
        Some(&self.0[place].1)
    }

    /// The same, with another text that is not committed; an empty one is none.
    pub fn with(self, path: &str, text: String) -> Self {
        if text.is_empty() {
            return self;
        }
        let new = (path.into(), text.into());
        self.0.iter().cloned().chain([new]).collect::<BTreeMap<_, _>>().into()
    }

    /// These and those.
    pub fn and(self, others: &Secrets) -> Self {
        match others.0.is_empty() {
            true => self,
            // of two at a path the last one stays
            false => self.0.iter().chain(others.0.iter()).cloned().collect::<BTreeMap<_, _>>().into(),
        }
    }

    /// Those at the paths that are told.
    pub fn only(&self, is_kept: impl Fn(&str) -> bool) -> Self {
        Secrets(self.0.iter().filter(|(path, _)| is_kept(path)).cloned().collect())
    }
}

impl<T: Into<Box<str>> + Ord> From<BTreeMap<T, T>> for Secrets {
    fn from(texts: BTreeMap<T, T>) -> Self {
        Secrets(texts.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }
}

impl fmt::Debug for Secrets {
    /// Paths only: plans and reports that carry them may be printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(path, _)| path)).finish()
    }
}

/// The key of a release's digests.
#[derive(Clone)]
pub struct DigestKey(Option<[u8; 32]>);

impl DigestKey {
    /// From the secret seed of the release's lock.
    pub fn of(seed: &[u8; 32]) -> Self {
        let derived = keyed(seed).chain_update("promgit: digests of Secrets").finalize();
        DigestKey(Some(derived.into_bytes().into()))
    }

    /// For stubs that are shown and not kept.
    pub fn none() -> Self {
        DigestKey(None)
    }

    /// Lengths stand in front, so that no two inputs run into each other.
    fn digest(&self, name: &str, key: &str, value: &[u8]) -> String {
        let Some(own) = &self.0 else { return UNKNOWN.to_owned() };
        let mut mac = keyed(own);
        for part in [name.as_bytes(), key.as_bytes(), value] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        let hex: String = digest.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
        format!("hmac-sha256:{hex}")
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // A block of SHA-256; HMAC fills a shorter key up in the same way.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

/// Whether an object is a Secret with values.
pub fn has_values(object: &Json) -> bool {
    object["kind"] == "Secret" && values(object).next().is_some()
}

/// Keys and values of a Secret, decoded; a value that is no base64 as it stands. Of a key in both maps, `stringData` wins,
/// as in the API server.
pub fn decoded(object: &Json) -> BTreeMap<&str, Vec<u8>> {
    values(object).collect()
}

fn values(object: &Json) -> impl Iterator<Item = (&str, Vec<u8>)> {
    let all = |map: &'static str| object[map].as_object().into_iter().flatten();
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let data = all("data").map(move |(key, value)| {
        let text = text(value);
        (key.as_str(), STANDARD.decode(text.trim()).unwrap_or_else(|_| text.into_bytes()))
    });
    data.chain(all("stringData").map(move |(key, value)| (key.as_str(), text(value).into_bytes())))
}

/// The text of the stub of a Secret.
pub fn text(secret: &Json, key: &DigestKey) -> Result<String, TextError> {
    let name = secret["metadata"]["name"].as_str().unwrap_or_default();
    let digest = |(at, value): (&str, Vec<u8>)| (at.to_owned(), json!(key.digest(name, at, &value)));
    let digests: Map<String, Json> = decoded(secret).into_iter().map(digest).collect();
    let mut metadata = secret["metadata"].clone();
    if let Some(annotations) = metadata["annotations"].as_object_mut() {
        // It repeats the whole object.
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    let mut stub = json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": metadata,
        "secretApiVersion": secret["apiVersion"],
        "digests": digests,
    });
    for field in ["type", "immutable"] {
        if !secret[field].is_null() {
            stub[field] = secret[field].clone();
        }
    }
    Ok(HEAD.to_owned() + &text::yaml("the stub of a Secret", &stub)?)
}

/// A stub as the Secret that it stands for, with digests in the place of values: to be named and compared, never applied.
/// Everything else stays as it is.
pub fn as_secret(mut object: Json) -> Json {
    if object["kind"] != KIND || object["apiVersion"] != API_VERSION {
        return object;
    }
    let [version, digests] = ["secretApiVersion", "digests"].map(|field| object[field].take());
    object["apiVersion"] = version;
    object["kind"] = json!("Secret");
    object["data"] = digests;
    if let Some(fields) = object.as_object_mut() {
        fields.remove("secretApiVersion");
        fields.remove("digests");
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Json {
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}},
            "type": "Opaque",
            "data": {"a": "aHVudGVyMg==", "b": "eA=="},
            "stringData": {"b": "hunter2"},
        })
    }

    #[test]
    fn a_stub_names_keys_and_no_value() {
        let text = text(&secret(), &DigestKey::of(&[1; 32])).unwrap();
        assert!(text.contains("kind: SecretStub\n") && text.contains("type: Opaque\n"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"), "{text}");
        let digests: Vec<&str> = text.lines().filter(|line| line.contains("hmac-sha256:")).collect();
        assert_eq!(digests.len(), 2);
        let [a, b] = [0, 1].map(|at| digests[at].split(": ").nth(1));
        assert_ne!(a, b, "the same value below another key");
    }

    #[test]
    fn a_secret_in_hand_prints_its_path_only() {
        let secrets = Secrets::from(BTreeMap::from([("stubs/s.yaml".to_owned(), "hunter2".to_owned())]));
        assert_eq!(format!("{secrets:?}"), "{\"stubs/s.yaml\"}");
        assert_eq!(secrets.get("stubs/s.yaml"), Some("hunter2"));
    }

    #[test]
    fn a_digest_follows_the_value_and_the_key() {
        let text = |secret: &Json, seed: u8| text(secret, &DigestKey::of(&[seed; 32])).unwrap();
        assert_eq!(text(&secret(), 1), text(&secret(), 1));
        assert_ne!(text(&secret(), 1), text(&secret(), 2));
        let mut changed = secret();
        changed["stringData"]["b"] = json!("hunter3");
        assert_ne!(text(&secret(), 1), text(&changed, 1));
        changed["stringData"]["b"] = json!("hunter2");
        assert_eq!(text(&secret(), 1), text(&changed, 1));
    }

    #[test]
    fn without_a_key_nothing_is_told() {
        let text = text(&secret(), &DigestKey::none()).unwrap();
        assert!(text.contains("a: not shown\n") && !text.contains("hmac-sha256:"), "{text}");
    }

    #[test]
    fn a_stub_reads_back_as_what_it_stands_for() {
        let text = text(&secret(), &DigestKey::of(&[1; 32])).unwrap();
        let stub: Json = serde_yaml::from_str(&text).unwrap();
        let read = as_secret(stub);
        assert_eq!(
            (&read["apiVersion"], &read["kind"], &read["metadata"]["name"]),
            (&json!("v1"), &json!("Secret"), &json!("s"))
        );
        assert_eq!(read["data"].as_object().unwrap().len(), 2);
        assert_eq!(as_secret(secret()), secret());
    }
}

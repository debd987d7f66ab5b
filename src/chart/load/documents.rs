//! A YAML text cut at its `---` lines (`YAMLReader` of `k8s.io/apimachinery/pkg/util/yaml`).

/// The separator line holds more than a comment; carries the rest of the line. The text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid Yaml document separator: {0}")]
pub struct BadSeparator(pub String);

/// The documents in order, with `\n` at the end of every line. A separator before any content belongs to what follows.
pub fn split(text: &[u8]) -> Result<Vec<Vec<u8>>, BadSeparator> {
    let mut documents = Vec::new();
    let mut document = Vec::with_capacity(text.len() + 1);
    for line in text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = String::from_utf8_lossy(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(BadSeparator(rest.to_owned()));
            }
            if !document.is_empty() {
                documents.push(std::mem::take(&mut document));
                continue;
            }
        }
        document.extend_from_slice(line);
        document.push(b'\n');
    }
    if !text.is_empty() && !document.is_empty() {
        documents.push(document);
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_separators() {
        let split = |text: &str| split(text.as_bytes()).unwrap();
        assert_eq!(split("a: 1\r\n--- # two\nb: 2"), [b"a: 1\n".to_vec(), b"b: 2\n".to_vec()]);
        assert_eq!(split("---\na: 1\n---\n"), [b"---\na: 1\n".to_vec()]);
        assert!(split("").is_empty());
        assert_eq!(super::split(b"a: 1\n----\n"), Err(BadSeparator("-".to_owned())));
    }
}

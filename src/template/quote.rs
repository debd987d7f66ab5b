//! Go string literals: quoting bytes and reading them back (`strconv`).

/// `strconv.Quote`: `"a\n\xff"`.
pub fn quote(text: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(text))
}

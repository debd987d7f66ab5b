//! The order in which go-yaml writes the keys of a map (sorter.go): letters before digits are compared as
//! such, runs of digits as numbers.

use std::cmp::Ordering;

use crate::yaml::json::char_at;
use crate::yaml::resolve::Version;

/// A stable sort that only asks and never judges: go-yaml's order is not total for every set of keys, and
/// the standard library's sort panics when it notices that.
pub(in crate::yaml) fn sort<T>(mut items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering + Copy) -> Vec<T> {
    if items.len() < 2 || items.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return items;
    }
    let right = items.split_off(items.len() / 2);
    let mut right = sort(right, compare).into_iter().peekable();
    let mut out = Vec::with_capacity(items.len() + right.len());
    for left in sort(items, compare) {
        while let Some(smaller) = right.next_if(|item| compare(item, &left).is_lt()) {
            out.push(smaller);
        }
        out.push(left);
    }
    out.extend(right);
    out
}

/// go-yaml's `keyList.Less` of two strings, as an order.
pub(in crate::yaml) fn compare(version: Version, a: &[u8], b: &[u8]) -> Ordering {
    // Equal beginnings are skipped as bytes; the rest is compared as characters.
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let start = (0..=same).rev().find(|at| is_boundary(a, *at) && is_boundary(b, *at)).unwrap_or(0);
    let (Some(x), Some(y)) = (first(&a[start..]), first(&b[start..])) else {
        return (a.len() - start).cmp(&(b.len() - start));
    };
    if x == y {
        // Two different invalid bytes read as the same character: let all characters decide.
        return chars(a).cmp(chars(b));
    }
    match (is_letter(x), is_letter(y)) {
        (true, true) => x.cmp(&y),
        (false, false) => compare_numbers(a, b, start).unwrap_or(x.cmp(&y)),
        (x_is_letter, y_is_letter) => {
            let after_digit = version == Version::V3 && last(&a[..start]).is_some_and(is_digit);
            let less = if after_digit { x_is_letter } else { y_is_letter };
            if less { Ordering::Less } else { Ordering::Greater }
        }
    }
}

/// Compares the numbers that begin at `start`; `None` when they do not differ.
fn compare_numbers(a: &[u8], b: &[u8], start: usize) -> Option<Ordering> {
    let (x, y) = (&a[start..], &b[start..]);
    let mut seed = 0;
    if first(x) == Some('0') || first(y) == Some('0') {
        let digits = chars_back(&a[..start]).take_while(|c| is_digit(*c));
        seed = i64::from(digits.into_iter().any(|c| c != '0'));
    }
    let (x_value, x_length) = number(x, seed);
    let (y_value, y_length) = number(y, seed);
    Some(x_value.cmp(&y_value).then(x_length.cmp(&y_length))).filter(|order| order.is_ne())
}

fn number(text: &[u8], seed: i64) -> (i64, usize) {
    chars(text).take_while(|c| is_digit(*c)).fold((seed, 0), |(value, length), c| {
        // Go's int64 wraps around, and so must this.
        (value.wrapping_mul(10).wrapping_add(i64::from(u32::from(c)) - 48), length + 1)
    })
}

fn is_boundary(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| byte & 0xC0 != 0x80)
}

fn chars(text: &[u8]) -> impl Iterator<Item = char> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let c = first(rest)?;
        let width = char_at(rest).map_or(1, char::len_utf8);
        rest = &rest[width..];
        Some(c)
    })
}

fn chars_back(text: &[u8]) -> impl Iterator<Item = char> {
    let mut all: Vec<char> = chars(text).collect();
    std::iter::from_fn(move || all.pop())
}

fn first(text: &[u8]) -> Option<char> {
    match text.first() {
        None => None,
        Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
        Some(_) => Some(char_at(text).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
}

fn last(text: &[u8]) -> Option<char> {
    chars_back(&text[text.len().saturating_sub(4)..]).next()
}

/// Go's `unicode.IsLetter`; Rust's property also holds for letter-like numbers and marks, which are not.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic() && !c.is_numeric())
}

/// Go's `unicode.IsDigit`, category Nd.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric() && is_decimal(c))
}

/// Decimal digits of other scripts come in runs of ten; these are the ones that keys may hold in practice.
fn is_decimal(c: char) -> bool {
    const ZEROS: [u32; 12] =
        [0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xE50, 0xED0, 0xF20, 0xFF10];
    ZEROS.iter().any(|zero| (*zero..*zero + 10).contains(&u32::from(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(version: Version, keys: &str) -> String {
        let mut keys: Vec<&str> = keys.split(' ').collect();
        keys = sort(keys, |a, b| compare(version, a.as_bytes(), b.as_bytes()));
        keys.join(" ")
    }

    #[test]
    fn keys_sort_naturally() {
        assert_eq!(sorted(Version::V2, "b10 b9 b1 a B _ 1 ab a1"), "_ 1 B a a1 ab b1 b9 b10");
        assert_eq!(sorted(Version::V2, "a01 a1 a001 a10 a2"), "a1 a01 a001 a2 a10");
    }
}

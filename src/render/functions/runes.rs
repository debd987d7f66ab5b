//! Turns byte strings into Go runes and back: `unicode/utf8` decoding and the simple case mappings of `unicode`.

use unicode_general_category::{GeneralCategory, get_general_category as category};

/// The first rune and its width in bytes. An invalid byte is U+FFFD of width 1; nothing is U+FFFD of width 0.
pub fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else { return (char::REPLACEMENT_CHARACTER, 0) };
    let width = match first {
        0x00..=0x7f => return (char::from(first), 1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    let text = bytes.get(..width).and_then(|head| std::str::from_utf8(head).ok());
    match text.and_then(|text| text.chars().next()) {
        Some(rune) => (rune, width),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// The last rune and its width in bytes, as [`decode`].
pub fn decode_last(bytes: &[u8]) -> (char, usize) {
    for width in 1..=4.min(bytes.len()) {
        let (rune, size) = decode(&bytes[bytes.len() - width..]);
        if size == width && (rune != char::REPLACEMENT_CHARACTER || width == 3) {
            return (rune, width);
        }
    }
    (char::REPLACEMENT_CHARACTER, bytes.len().min(1))
}

/// All runes of a string, as Go's `for … range`.
pub fn runes(bytes: &[u8]) -> impl Iterator<Item = char> + '_ {
    pieces(bytes).map(|(rune, _)| rune)
}

/// All runes of a string, each with its bytes.
pub fn pieces(bytes: &[u8]) -> impl Iterator<Item = (char, &[u8])> + '_ {
    let mut left = bytes;
    std::iter::from_fn(move || {
        let (rune, width) = decode(left);
        if width == 0 {
            return None;
        }
        let (piece, tail) = left.split_at(width);
        left = tail;
        Some((rune, piece))
    })
}

/// Appends a rune as UTF-8.
pub fn push(out: &mut Vec<u8>, rune: char) {
    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The string with every rune replaced, as Go's `strings.Map`; invalid bytes become U+FFFD.
pub fn map(bytes: &[u8], change: impl Fn(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    runes(bytes).for_each(|rune| push(&mut out, change(rune)));
    out
}

/// `unicode.ToUpper`: one rune to one rune.
pub fn to_upper(rune: char) -> char {
    let mut upper = rune.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => single,
        _ => greek_title(rune),
    }
}

/// `unicode.ToLower`: one rune to one rune.
pub fn to_lower(rune: char) -> char {
    if rune == '\u{130}' {
        return 'i';
    }
    let mut lower = rune.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => rune,
    }
}

/// `unicode.ToTitle`: upper case but for the digraphs, which have a form of their own, and Georgian, which has none.
pub fn to_title(rune: char) -> char {
    match rune {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        '\u{10d0}'..='\u{10fa}' | '\u{10fd}'..='\u{10ff}' => rune,
        _ => to_upper(rune),
    }
}

/// `unicode.IsUpper`: category Lu.
pub fn is_upper(rune: char) -> bool {
    category(rune) == GeneralCategory::UppercaseLetter
}

/// `unicode.IsTitle`: category Lt.
pub fn is_title(rune: char) -> bool {
    category(rune) == GeneralCategory::TitlecaseLetter
}

/// `unicode.IsLower`: category Ll.
pub fn is_lower(rune: char) -> bool {
    category(rune) == GeneralCategory::LowercaseLetter
}

/// `unicode.IsLetter`: the categories L*.
pub fn is_letter(rune: char) -> bool {
    use GeneralCategory::{LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter};
    let letters = [LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter];
    letters.contains(&category(rune))
}

/// `unicode.IsNumber`: the categories N*.
pub fn is_number(rune: char) -> bool {
    use GeneralCategory::{DecimalNumber, LetterNumber, OtherNumber};
    [DecimalNumber, LetterNumber, OtherNumber].contains(&category(rune))
}

/// `unicode.IsDigit`: category Nd.
pub fn is_digit(rune: char) -> bool {
    category(rune) == GeneralCategory::DecimalNumber
}

/// `unicode.IsPunct`: the categories P*.
pub fn is_punct(rune: char) -> bool {
    use GeneralCategory::{
        ClosePunctuation, ConnectorPunctuation, DashPunctuation, FinalPunctuation, InitialPunctuation,
        OpenPunctuation, OtherPunctuation,
    };
    let marks = [
        ClosePunctuation,
        ConnectorPunctuation,
        DashPunctuation,
        FinalPunctuation,
        InitialPunctuation,
        OpenPunctuation,
        OtherPunctuation,
    ];
    marks.contains(&category(rune))
}

/// Greek letters with iota below: their upper case is two letters, but `unicode` knows the one-letter form.
fn greek_title(rune: char) -> char {
    let shift = match rune {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => 8,
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => 9,
        _ => 0,
    };
    char::from_u32(u32::from(rune) + shift).unwrap_or(rune)
}

/// The part between leading and trailing runes for which `cut` holds, as `strings.TrimFunc`.
pub fn trim(bytes: &[u8], cut: impl Fn(char) -> bool) -> &[u8] {
    let mut left = bytes;
    loop {
        let (rune, width) = decode(left);
        if width == 0 || !cut(rune) {
            break;
        }
        left = &left[width..];
    }
    loop {
        let (rune, width) = decode_last(left);
        if width == 0 || !cut(rune) {
            return left;
        }
        left = &left[..left.len() - width];
    }
}

/// `strings.TrimSpace`.
pub fn trim_space(bytes: &[u8]) -> &[u8] {
    trim(bytes, char::is_whitespace)
}

/// Where `needle` first occurs; an empty needle occurs at 0.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// `strings.SplitN`: at most `limit` parts (all when negative); an empty separator splits between runes.
pub fn split<'t>(text: &'t [u8], separator: &[u8], limit: i64) -> Vec<&'t [u8]> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut left = text;
    while parts.len() + 1 < most {
        let cut = match separator.is_empty() {
            true => Some(decode(left).1).filter(|width| *width < left.len()),
            false => find(left, separator),
        };
        let Some(cut) = cut else { break };
        parts.push(&left[..cut]);
        left = &left[cut + separator.len()..];
    }
    if most > 0 && !(separator.is_empty() && text.is_empty()) {
        parts.push(left);
    }
    parts
}

/// How often a separator stands in a text (`strings.Count`, but for invalid UTF-8): an empty one between all runes.
pub fn count(text: &[u8], separator: &[u8]) -> usize {
    if separator.is_empty() {
        return text.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
    }
    let (mut count, mut left) = (0, text);
    while let Some(at) = find(left, separator) {
        count += 1;
        left = &left[at + separator.len()..];
    }
    count
}

/// `strings.ReplaceAll`; an empty `old` matches before every rune and at the end.
pub fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if old.is_empty() {
        for (_, piece) in pieces(text) {
            out.extend_from_slice(new);
            out.extend_from_slice(piece);
        }
        out.extend_from_slice(new);
        return out;
    }
    let mut left = text;
    while let Some(at) = find(left, old) {
        out.extend_from_slice(&left[..at]);
        out.extend_from_slice(new);
        left = &left[at + old.len()..];
    }
    out.extend_from_slice(left);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_like_go() {
        assert_eq!(decode(b""), ('\u{fffd}', 0));
        assert_eq!(decode(b"\xffa"), ('\u{fffd}', 1));
        assert_eq!(decode("é!".as_bytes()), ('é', 2));
        assert_eq!(decode_last("é".as_bytes()), ('é', 2));
        assert_eq!(decode_last(b"a\xa9"), ('\u{fffd}', 1));
        assert_eq!(decode_last("\u{fffd}".as_bytes()), ('\u{fffd}', 3));
    }

    #[test]
    fn splits_like_go() {
        assert_eq!(split(b"a,b,c", b",", -1), [b"a", b"b", b"c"]);
        assert_eq!(split(b"a,b,c", b",", 2), [&b"a"[..], b"b,c"]);
        assert_eq!(split(b"a,b", b",", 0), [] as [&[u8]; 0]);
        assert_eq!(split("hé".as_bytes(), b"", -1), ["h".as_bytes(), "é".as_bytes()]);
        assert_eq!(split(b"", b"", -1), [] as [&[u8]; 0]);
        assert_eq!(split(b"", b",", -1), [b""]);
    }

    #[test]
    fn maps_case_rune_by_rune() {
        assert_eq!(to_upper('ß'), 'ß');
        assert_eq!(to_lower('İ'), 'i');
        assert_eq!(to_title('ǆ'), 'ǅ');
        assert_eq!(to_upper('ᾳ'), 'ᾼ');
    }
}

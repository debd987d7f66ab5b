//! The text of a rendered file to its YAML documents (Helm `pkg/release/v1/util/manifest.go`).

/// The documents of a file in their order, without leading white space; blank ones are left out.
///
/// A line that starts with `---` ends a document, whatever follows: `---kind: Pod` starts one (Helm's
/// `(?m)^---[ \t]*`).
pub fn documents(file: &[u8]) -> Vec<&[u8]> {
    let text = trim_start(file);
    let mut documents = Vec::new();
    let mut start = 0;
    let mut line = 0;
    loop {
        let ends_here = text[line..].starts_with(b"---");
        if ends_here {
            documents.push(&text[start..line]);
            let after = &text[line + 3..];
            start = line + 3 + after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        }
        let from = if ends_here { start } else { line };
        match text[from..].iter().position(|byte| *byte == b'\n') {
            Some(newline) => line = from + newline + 1,
            None => break,
        }
    }
    documents.push(&text[start..]);
    documents.into_iter().map(trim_start).filter(|document| !document.is_empty()).collect()
}

/// Without leading white space as Go's `unicode.IsSpace` has it; stops at bytes that are not UTF-8.
pub fn trim_start(text: &[u8]) -> &[u8] {
    let valid = valid_prefix(text);
    &text[valid.len() - valid.trim_start().len()..]
}

/// Without white space at both ends, as Go's `strings.TrimSpace`.
pub fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let mut end = text.len();
    while let Some((start, last)) = last_char(&text[..end]) {
        if !last.is_whitespace() {
            break;
        }
        end = start;
    }
    &text[..end]
}

fn valid_prefix(text: &[u8]) -> &str {
    // Enough to see past any white space that templates leave; the rest need not be checked for UTF-8.
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
    let mut end = blank;
    while let Some(character) = first_char(&text[end..]).filter(|character| character.is_whitespace()) {
        end += character.len_utf8();
    }
    std::str::from_utf8(&text[..end]).unwrap_or_default()
}

fn first_char(text: &[u8]) -> Option<char> {
    let head = &text[..text.len().min(4)];
    match std::str::from_utf8(head) {
        Ok(head) => head.chars().next(),
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?.chars().next(),
    }
}

/// The last character and where it starts; `None` at the start or after bytes that are not UTF-8.
fn last_char(text: &[u8]) -> Option<(usize, char)> {
    let starts = (1..=text.len().min(4)).map(|length| text.len() - length);
    starts.filter_map(|start| Some((start, std::str::from_utf8(&text[start..]).ok()?))).find_map(
        |(start, tail)| tail.chars().next().filter(|_| tail.chars().count() == 1).map(|last| (start, last)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        documents(text.as_bytes()).into_iter().map(|part| String::from_utf8(part.to_vec()).unwrap()).collect()
    }

    #[test]
    fn documents_end_at_lines_that_start_with_three_dashes() {
        assert_eq!(split("\n---\na: 1\n--- \t\nb: 2\n"), ["a: 1\n", "b: 2\n"]);
        assert_eq!(split("a: 1\n---kind: B\n"), ["a: 1\n", "kind: B\n"]);
        assert_eq!(split("a: |\n  ---\n ---\n"), ["a: |\n  ---\n ---\n"]);
        assert_eq!(split("---\n---\n\n--- # c\n"), ["# c\n"]);
        assert_eq!(split("a: 1\n---"), ["a: 1\n"]);
        assert_eq!(split(" \n\t"), Vec::<String>::new());
    }

    #[test]
    fn white_space_is_unicode() {
        assert_eq!(trim("\u{a0}\u{2003}\u{b}x y\u{85}\n".as_bytes()), b"x y");
        assert_eq!(trim(b"\xff \n"), b"\xff");
        assert_eq!(trim_start(b" \xffa"), b"\xffa");
    }
}

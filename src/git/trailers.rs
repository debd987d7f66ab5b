//! Turns keys and values into the trailer lines of a commit message, and a message into its trailers, by git's rules (trailer.c).

/// What `git interpret-trailers` takes for a trailer without looking at its key.
const GIT_GENERATED: [&str; 2] = ["Signed-off-by: ", "(cherry picked from commit "];
/// git's mark in a template: what follows is no part of the message.
const SCISSORS: &str = "------------------------ >8 ------------------------";

/// One `Key: value` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    pub key: String,
    /// One line: a value that git folded over several is joined by spaces.
    pub value: String,
}

/// A key that git would not read back.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{key:?} cannot be the key of a commit trailer: use letters, digits and dashes")]
pub struct KeyError {
    pub key: String,
}

/// The line of a trailer. Line breaks and control characters in the value become spaces, so that it stays one line.
pub fn line(key: &str, value: &str) -> Result<String, KeyError> {
    if key.is_empty() || !key.bytes().all(is_key_byte) {
        return Err(KeyError { key: key.to_owned() });
    }
    let value = one_line(value);
    Ok(if value.is_empty() { format!("{key}:") } else { format!("{key}: {value}") })
}

/// Text as a single line: runs of white space and control characters become one space. Marks that reverse the direction of
/// writing go as well: they make a log show something else than it says.
pub fn one_line(text: &str) -> String {
    let plain = text.replace(is_disruptive, " ");
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").replace(SCISSORS, "------ >8 ------")
}

/// Characters that change how a line is shown or where it ends.
pub fn is_disruptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// True when git may take the line for a trailer, or for the continuation of one.
pub fn looks_like_trailer(line: &str) -> bool {
    GIT_GENERATED.iter().any(|prefix| line.starts_with(prefix)) || key_of(line).is_some()
}

/// The trailers of a message: those of its last paragraph, if that consists of trailers.
pub fn parse(message: &str) -> Vec<Trailer> {
    let lines: Vec<&str> = log_lines(message);
    let mut trailers: Vec<Trailer> = Vec::new();
    let mut open = false;
    for line in &lines[block_start(&lines)..] {
        if line.starts_with([' ', '\t']) {
            if let (true, Some(last)) = (open, trailers.last_mut()) {
                // git puts one space where the line broke, and keeps what stood before it
                last.value = format!("{} {}", last.value, line.trim_start());
            }
            continue;
        }
        open = key_of(line).is_some();
        if let Some((key, value)) = key_of(line) {
            trailers.push(Trailer { key: key.to_owned(), value: value.to_owned() });
        }
    }
    for trailer in &mut trailers {
        trailer.value = trailer.value.trim().to_owned();
    }
    trailers
}

/// The value of the last trailer with that key; keys differ in more than case.
pub fn find<'t>(trailers: &'t [Trailer], key: &str) -> Option<&'t str> {
    let found = trailers.iter().rev().find(|trailer| trailer.key.eq_ignore_ascii_case(key));
    found.map(|trailer| trailer.value.as_str())
}

/// The lines of a message, without what follows a `---` line (a patch) or a scissors line, and without what trails: empty
/// lines, comments, and the list of conflicts that old versions of git left (`ignored_log_message_bytes` in commit.c).
fn log_lines(message: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = message.lines().take_while(|line| !ends_message(line)).collect();
    let (mut end, mut conflicts) = (None, false);
    for (index, line) in lines.iter().enumerate() {
        if line.is_empty() || line.starts_with('#') || *line == "Conflicts:" {
            end = end.or(Some(index));
            conflicts |= *line == "Conflicts:";
        } else if !(conflicts && line.starts_with('\t')) && end.is_some() {
            (end, conflicts) = (None, false);
        }
    }
    lines.truncate(end.unwrap_or(lines.len()));
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

fn ends_message(line: &str) -> bool {
    let patch = line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
    patch || line.strip_prefix("# ") == Some(SCISSORS)
}

/// Where the trailers start: the last paragraph, not the first one, when all its lines are trailers, or when one of them is
/// git's own and at least a quarter are trailers.
fn block_start(lines: &[&str]) -> usize {
    let is_comment = |line: &&str| line.starts_with('#');
    let title_end = lines.iter().position(|line| !is_comment(line) && line.trim().is_empty());
    let Some(title_end) = title_end else { return lines.len() };
    let (mut trailers, mut others, mut continued, mut own) = (0, 0, 0, false);
    for (index, line) in lines.iter().enumerate().skip(title_end).rev() {
        if is_comment(line) {
            others += continued;
            continued = 0;
        } else if line.trim().is_empty() {
            // Only comments and space were below (`only_spaces` in trailer.c).
            if trailers + others + continued == 0 {
                continue;
            }
            others += continued;
            let all = trailers > 0 && others == 0;
            return if all || own && trailers * 3 >= others { index + 1 } else { lines.len() };
        } else if GIT_GENERATED.iter().any(|prefix| line.starts_with(prefix)) {
            (trailers, continued, own) = (trailers + 1, 0, true);
        } else if key_of(line).is_some() {
            (trailers, continued) = (trailers + 1, 0);
        } else if line.starts_with([' ', '\t']) {
            continued += 1;
        } else {
            (others, continued) = (others + 1 + continued, 0);
        }
    }
    lines.len()
}

/// Key and value of a line: letters, digits and dashes, perhaps white space, then a colon.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let name = key.trim_end_matches([' ', '\t']);
    (!name.is_empty() && name.bytes().all(is_key_byte)).then_some((name, value))
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(message: &str) -> Vec<String> {
        parse(message).into_iter().map(|t| format!("{}={}", t.key, t.value)).collect()
    }

    #[test]
    fn only_the_last_paragraph_counts() {
        assert_eq!(keys("s\n\nA: 1\n\nB: 2\nC:\n"), ["B=2", "C="]);
        assert_eq!(keys("s\n\nA: 1\n\n#\n \n"), ["A=1"]);
        assert_eq!(keys("A: 1\n"), [""; 0]);
        assert_eq!(keys("s\n\nA: 1\nprose\n"), [""; 0]);
        assert_eq!(keys("s\n\nprose\nSigned-off-by: x\n"), ["Signed-off-by=x"]);
        assert_eq!(keys("s\n\nA: 1\n  more\n\tyet\n---\nB: 2\n"), ["A=1 more yet"]);
    }

    #[test]
    fn a_value_stays_on_its_line() {
        assert_eq!(line("A", "x\n\nB: y\u{202e}").unwrap(), "A: x B: y");
        assert_eq!(line("A", " \n").unwrap(), "A:");
        assert!(line("A B", "x").is_err());
        assert!(line("", "x").is_err());
    }
}

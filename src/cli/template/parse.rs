//! The value of a flag as Go's parsers read it: `strconv.ParseBool`, and a list in one word (`encoding/csv`).

/// Go's `strconv.ParseBool`.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Why a word is no list; the texts are Go's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    #[error("EOF")]
    Nothing,
    #[error("{}: bare \" in non-quoted-field", place(*.start, *.line, *.column))]
    Bare { start: usize, line: usize, column: usize },
    #[error("{}: extraneous or missing \" in quoted-field", place(*.start, *.line, *.column))]
    Quote { start: usize, line: usize, column: usize },
}

fn place(start: usize, line: usize, column: usize) -> String {
    match start == line {
        true => format!("parse error on line {line}, column {column}"),
        false => format!("record on line {start}; parse error on line {line}, column {column}"),
    }
}

/// The first record of comma-separated values; what follows its line is not looked at. No text is no value.
pub fn parse_csv(text: &str) -> Result<Vec<String>, CsvError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = Lines { rest: text, count: 0 };
    loop {
        match lines.next() {
            None => return Err(CsvError::Nothing),
            Some(line) if line == "\n" => {}
            Some(line) => return Record { start: lines.count, at: (lines.count, 1), lines }.read(line),
        }
    }
}

/// Lines with their ends, of which `\r\n` is `\n`.
struct Lines<'t> {
    rest: &'t str,
    count: usize,
}

impl Lines<'_> {
    fn next(&mut self) -> Option<String> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(end);
        (self.rest, self.count) = (rest, self.count + 1);
        Some(match (line.strip_suffix("\r\n"), line.strip_suffix('\r')) {
            (Some(line), _) => format!("{line}\n"),
            (None, Some(line)) => line.to_owned(),
            (None, None) => line.to_owned(),
        })
    }
}

struct Record<'t> {
    lines: Lines<'t>,
    start: usize,
    /// Line and column, for errors.
    at: (usize, usize),
}

impl Record<'_> {
    fn read(mut self, line: String) -> Result<Vec<String>, CsvError> {
        let mut fields = Vec::new();
        let mut line = line;
        loop {
            let (field, rest) = match line.strip_prefix('"') {
                Some(quoted) => {
                    self.at.1 += 1;
                    self.quoted(quoted.to_owned())?
                }
                None => self.bare(&line)?,
            };
            fields.push(field);
            match rest {
                Some(rest) => line = rest,
                None => return Ok(fields),
            }
        }
    }

    /// A field up to a comma, and what follows the comma.
    fn bare(&mut self, line: &str) -> Result<(String, Option<String>), CsvError> {
        let (field, rest) = match line.split_once(',') {
            Some((field, rest)) => (field, Some(rest.to_owned())),
            None => (line.strip_suffix('\n').unwrap_or(line), None),
        };
        if let Some(quote) = field.find('"') {
            let (line, column) = (self.lines.count, self.at.1 + quote);
            return Err(CsvError::Bare { start: self.start, line, column });
        }
        self.at.1 += field.len() + 1;
        Ok((field.to_owned(), rest))
    }

    /// The rest of a field that began with a quote; it may go over several lines.
    fn quoted(&mut self, mut line: String) -> Result<(String, Option<String>), CsvError> {
        let mut field = String::new();
        loop {
            let Some(quote) = line.find('"') else {
                let Some(next) = self.next_line(&mut field, &line) else {
                    let (line, column) = self.at;
                    return Err(CsvError::Quote { start: self.start, line, column });
                };
                line = next;
                continue;
            };
            field.push_str(&line[..quote]);
            self.at.1 += quote + 1;
            line.drain(..=quote);
            match line.chars().next() {
                Some('"') => {
                    field.push('"');
                    self.at.1 += 1;
                    line.remove(0);
                }
                Some(',') => {
                    self.at.1 += 1;
                    return Ok((field, Some(line[1..].to_owned())));
                }
                None => return Ok((field, None)),
                Some('\n') if line.len() == 1 => return Ok((field, None)),
                Some(_) => {
                    let (start, line, column) = (self.start, self.lines.count, self.at.1 - 1);
                    return Err(CsvError::Quote { start, line, column });
                }
            }
        }
    }

    fn next_line(&mut self, field: &mut String, line: &str) -> Option<String> {
        field.push_str(line);
        self.at.1 += line.len();
        let next = self.lines.next()?;
        self.at = (self.at.0 + 1, 1);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected texts are what `helm template -a …` of 4.3.1 printed.
    #[test]
    fn a_list_in_one_word_is_read_as_go_reads_it() {
        for (text, wanted) in [
            ("a,b", "a|b"),
            ("a,,b,", "a||b|"),
            ("\"a,b\",c", "a,b|c"),
            ("\"a\"\"b\"", "a\"b"),
            (" \"a\"", "parse error on line 1, column 2: bare \" in non-quoted-field"),
            ("a\"b", "parse error on line 1, column 2: bare \" in non-quoted-field"),
            ("x,\"a\"b", "parse error on line 1, column 5: extraneous or missing \" in quoted-field"),
            ("\"a", "parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            ("\"a\nb\",c", "a\nb|c"),
            (
                "\"a\nb",
                "record on line 1; parse error on line 2, column 2: extraneous or missing \" in quoted-field",
            ),
            ("a\nb", "a"),
            ("\n\na\r\n", "a"),
            ("\n", "EOF"),
        ] {
            let said = parse_csv(text).map_or_else(|error| error.to_string(), |fields| fields.join("|"));
            assert_eq!(said, wanted, "{text:?}");
        }
    }
}

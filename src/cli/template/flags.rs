//! The words of a command line turned into plain flags, as Helm's parser reads them (`spf13/pflag`, `ParseFlags`).
//!
//! What the parser of the other commands takes otherwise: `--no-hooks=false`, a flag given twice (the last wins), a value
//! that begins with a dash, `-gn NAME`, and the words for what is wrong.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, Args, Command};

use crate::template::quote::quote;

use super::arguments::Arguments;
use super::helms;
use super::parse::{CsvError, parse_bool, parse_csv};

/// What is wrong with a command line; the texts are Helm's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    #[error("unknown flag: --{0}")]
    Unknown(String),
    #[error("unknown shorthand flag: {} in -{letters}", crate::template::quote::quote_rune(*.letter, false))]
    UnknownLetter { letter: char, letters: String },
    #[error("flag needs an argument: --{0}")]
    NoValue(String),
    #[error("flag needs an argument: {} in -{letters}", crate::template::quote::quote_rune(*.letter, false))]
    NoValueOfLetter { letter: char, letters: String },
    #[error(
        "invalid argument {} for {} flag: strconv.ParseBool: parsing {}: invalid syntax",
        quote(.value.as_bytes()), quote(.flag.as_bytes()), quote(.value.as_bytes())
    )]
    NoBool { value: String, flag: String },
    #[error("invalid argument {} for {} flag: {source}", quote(.value.as_bytes()), quote(.flag.as_bytes()))]
    NoList { value: String, flag: String, source: CsvError },
}

/// Flags that take a list in one word.
const SLICES: [&str; 2] = ["values", "api-versions"];

/// A command line that was read.
pub struct Plain {
    /// In the form `--flag`, `--flag=value`, and after `--` what is no flag. Who asks for help gets `--help` alone. Errors are in
    /// the words of Helm.
    pub words: Result<Vec<String>, FlagError>,
    /// What Helm's parser says of old flags.
    pub said: Vec<String>,
}

/// Reads a command line.
pub fn plain(words: &[String]) -> Plain {
    let command = Arguments::augment_args(Command::new("template"));
    let flags = command.get_arguments().filter_map(Known::of).collect();
    let mut reader = Reader {
        flags,
        given: Vec::new(),
        last: BTreeMap::new(),
        names: Vec::new(),
        said: Vec::new(),
        help: false,
    };
    let read = reader.read(words);
    let said = std::mem::take(&mut reader.said);
    Plain { words: read.map(|()| reader.finish()), said }
}

/// A flag of the command.
#[derive(Clone)]
struct Known {
    long: String,
    short: Option<char>,
    /// The value that the flag has where none is written; a flag without one takes the next word.
    bare: Option<String>,
    is_bool: bool,
    is_list: bool,
    /// A list in one word, separated by commas.
    is_slice: bool,
}

impl Known {
    fn of(arg: &Arg) -> Option<Known> {
        let long = arg.get_long()?.to_owned();
        let is_bool = matches!(arg.get_action(), ArgAction::SetTrue);
        let bare = helms::BARE.iter().find(|(name, _)| *name == long).map(|(_, value)| (*value).to_owned());
        Some(Known {
            long,
            short: arg.get_short(),
            bare: if is_bool { Some("true".to_owned()) } else { bare },
            is_bool,
            is_list: matches!(arg.get_action(), ArgAction::Append),
            is_slice: SLICES.contains(&arg.get_long()?),
        })
    }

    /// As errors name it: `-n, --namespace`.
    fn shown(&self) -> String {
        match self.short {
            Some(letter) => format!("-{letter}, --{}", self.long),
            None => format!("--{}", self.long),
        }
    }
}

struct Reader {
    flags: Vec<Known>,
    /// Values of flags that take many, in their order.
    given: Vec<String>,
    /// Of the other flags the last one counts.
    last: BTreeMap<String, Option<String>>,
    names: Vec<String>,
    said: Vec<String>,
    help: bool,
}

impl Reader {
    fn read(&mut self, words: &[String]) -> Result<(), FlagError> {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                self.names.extend(words.by_ref().cloned());
            } else if let Some(name) = word.strip_prefix("--") {
                self.long(word, name, &mut words)?;
            } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                self.short(letters, &mut words)?;
            } else {
                self.names.push(word.clone());
            }
            if self.help {
                break;
            }
        }
        Ok(())
    }

    fn long<'w>(
        &mut self,
        word: &str,
        name: &str,
        words: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), FlagError> {
        if name.starts_with(['-', '=']) {
            return Err(FlagError::Syntax(word.to_owned()));
        }
        let (name, written) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        let Some(flag) = self.flags.iter().find(|flag| flag.long == name).cloned() else {
            self.help = name == "help";
            return if self.help { Ok(()) } else { Err(FlagError::Unknown(name.to_owned())) };
        };
        let value = written.or_else(|| flag.bare.clone()).or_else(|| words.next().cloned());
        self.set(&flag, value.ok_or_else(|| FlagError::NoValue(name.to_owned()))?)
    }

    /// Letters of flags without a value may stand together; what follows one that takes a value is its value.
    fn short<'w>(
        &mut self,
        letters: &str,
        words: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), FlagError> {
        let mut rest = letters;
        while let Some(letter) = rest.chars().next() {
            let letters = rest.to_owned();
            let after = &rest[letter.len_utf8()..];
            let Some(flag) = self.flags.iter().find(|flag| flag.short == Some(letter)).cloned() else {
                self.help = letter == 'h';
                return if self.help { Ok(()) } else { Err(FlagError::UnknownLetter { letter, letters }) };
            };
            let (value, left) = match (after.strip_prefix('='), &flag.bare) {
                (Some(value), _) if !value.is_empty() => (Some(value.to_owned()), ""),
                (_, Some(bare)) => (Some(bare.clone()), after),
                _ if !after.is_empty() => (Some(after.to_owned()), ""),
                _ => (words.next().cloned(), ""),
            };
            self.set(&flag, value.ok_or(FlagError::NoValueOfLetter { letter, letters })?)?;
            rest = left;
        }
        Ok(())
    }

    fn set(&mut self, flag: &Known, value: String) -> Result<(), FlagError> {
        if flag.is_slice {
            let items = parse_csv(&value).map_err(|source| FlagError::NoList {
                value,
                flag: flag.shown(),
                source,
            })?;
            self.given.extend(items.iter().map(|item| format!("--{}={item}", flag.long)));
        } else if flag.is_list {
            self.given.push(format!("--{}={value}", flag.long));
        } else if !flag.is_bool && value.is_empty() {
            // Nothing is what these flags are without being given.
            self.last.remove(&flag.long);
        } else if !flag.is_bool {
            self.last.insert(flag.long.clone(), Some(value));
        } else {
            match parse_bool(&value) {
                Some(true) => self.last.insert(flag.long.clone(), None),
                Some(false) => self.last.remove(&flag.long),
                None => return Err(FlagError::NoBool { value, flag: flag.shown() }),
            };
        }
        if let Some((name, words)) = helms::DEPRECATED.iter().find(|(name, _)| *name == flag.long) {
            self.said.push(format!("Flag --{name} has been deprecated, {words}"));
        }
        Ok(())
    }

    fn finish(self) -> Vec<String> {
        if self.help {
            return vec!["--help".to_owned()];
        }
        let last = self.last.into_iter().map(|(name, value)| match value {
            Some(value) => format!("--{name}={value}"),
            None => format!("--{name}"),
        });
        self.given.into_iter().chain(last).chain(["--".to_owned()]).chain(self.names).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<String, String> {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        plain(&words).words.map(|words| words.join(" ")).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_are_read_as_helm_reads_them() {
        for (words, wanted) in [
            ("r chart", "-- r chart"),
            ("r -n a chart -n b", "--namespace=b -- r chart"),
            ("--set -x=1 chart --set a=b", "--set=-x=1 --set=a=b -- chart"),
            ("-gn a chart", "--generate-name --namespace=a -- chart"),
            ("-n=a -fb chart", "--values=b --namespace=a -- chart"),
            ("--no-hooks chart --no-hooks=false", "-- chart"),
            ("chart -f - -- -x", "--values=- -- chart -x"),
            // A lone `=` behind a letter is its value.
            ("chart -f= -a ", "--values== -- chart"),
            ("chart -n a --namespace=", "-- chart"),
            ("--nope= --help", "unknown flag: --nope"),
            ("chart -h --nope", "--help"),
            ("chart --=x", "bad flag syntax: --=x"),
            ("chart -a a,\"b,c\" -f x,", "--api-versions=a --api-versions=b,c --values=x --values= -- chart"),
            (
                "chart -a a\"",
                "invalid argument \"a\\\"\" for \"-a, --api-versions\" flag: parse error on line 1, column 2: bare \" in \
                 non-quoted-field",
            ),
            ("chart -gx", "unknown shorthand flag: 'x' in -x"),
            ("chart --set", "flag needs an argument: --set"),
            ("chart -gs", "flag needs an argument: 's' in -s"),
            (
                "chart -g=maybe",
                "invalid argument \"maybe\" for \"-g, --generate-name\" flag: strconv.ParseBool: parsing \"maybe\": \
                 invalid syntax",
            ),
        ] {
            let said = read(words).unwrap_or_else(|error| error);
            assert_eq!(said, wanted, "{words}");
        }
    }
}

//! Why a regular expression is refused, in the words of Go's `regexp/syntax`.

/// Go's error: what is wrong and the part of the expression that is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {code}: `{part}`")]
pub struct RegexError {
    pub code: Code,
    pub part: String,
}

/// `syntax.ErrorCode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Code {
    #[error("regexp/syntax: internal error")]
    Internal,
    #[error("invalid character class range")]
    CharRange,
    #[error("invalid escape sequence")]
    Escape,
    #[error("invalid named capture")]
    NamedCapture,
    #[error("invalid or unsupported Perl syntax")]
    PerlOp,
    #[error("invalid nested repetition operator")]
    RepeatOp,
    #[error("invalid repeat count")]
    RepeatSize,
    #[error("invalid UTF-8")]
    Utf8,
    #[error("missing closing ]")]
    MissingBracket,
    #[error("missing closing )")]
    MissingParen,
    #[error("missing argument to repetition operator")]
    MissingArgument,
    #[error("trailing backslash at end of expression")]
    TrailingBackslash,
    #[error("unexpected )")]
    UnexpectedParen,
    #[error("expression nests too deeply")]
    Nesting,
    #[error("expression too large")]
    Large,
}

impl Code {
    /// The error about this part of the expression.
    pub fn at<T>(self, part: &str) -> Result<T, RegexError> {
        Err(RegexError { code: self, part: part.to_owned() })
    }
}

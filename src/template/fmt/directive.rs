//! A format string and its operands to text (`doPrintf` in Go's `fmt/print.go`).

use super::pad::Flags;
use super::printer::Printer;
use crate::template::quote::{Rune, decode_rune};
use crate::template::value::Value;

/// Widths and precisions above this are not believed.
const MAX_NUMBER: i64 = 1_000_000;

pub(super) fn sprintf(format: &[u8], args: &[Value]) -> Vec<u8> {
    let mut scan = Scan { format, at: 0, args, next: 0, reordered: false, good_index: true, after_index: false };
    let mut printer = Printer::new(Vec::with_capacity(format.len()));
    while scan.at < format.len() {
        let rest = &format[scan.at..];
        let text = rest.iter().position(|&byte| byte == b'%').unwrap_or(rest.len());
        printer.push(&rest[..text]);
        scan.at += text + 1;
        if text < rest.len() && !scan.directive(&mut printer) {
            break;
        }
    }
    scan.report_extra(&mut printer);
    printer.finish()
}

struct Scan<'a> {
    format: &'a [u8],
    at: usize,
    args: &'a [Value],
    /// The operand that the next verb takes.
    next: usize,
    reordered: bool,
    good_index: bool,
    /// The previous item of this directive was an index like `[3]`.
    after_index: bool,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// One directive, its percent sign already read; false at the end of the format.
    fn directive(&mut self, printer: &mut Printer) -> bool {
        self.good_index = true;
        self.after_index = false;
        printer.flags = Flags::default();
        self.flags(&mut printer.flags);
        // A plain lower-case verb needs no more looking.
        if let Some(verb @ b'a'..=b'z') = self.peek()
            && let Some(arg) = self.args.get(self.next)
        {
            self.at += 1;
            self.next += 1;
            print(printer, arg, char::from(verb));
            return true;
        }
        self.index();
        self.width(printer);
        self.precision(printer);
        if !self.after_index {
            self.index();
        }
        let Some((rune, width)) = self.format.get(self.at..).and_then(decode_rune) else {
            printer.push(b"%!(NOVERB)");
            return false;
        };
        self.at += width;
        let verb = match rune {
            Rune::Char(char) => char,
            Rune::Byte(_) => char::REPLACEMENT_CHARACTER,
        };
        match self.args.get(self.next) {
            _ if verb == '%' => printer.push(b"%"),
            _ if !self.good_index => printer.push(format!("%!{verb}(BADINDEX)").as_bytes()),
            None => printer.push(format!("%!{verb}(MISSING)").as_bytes()),
            Some(arg) => {
                self.next += 1;
                print(printer, arg, verb);
            }
        }
        true
    }

    fn flags(&mut self, flags: &mut Flags) {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    fn width(&mut self, printer: &mut Printer) {
        if self.peek() != Some(b'*') {
            printer.flags.width = self.number();
            if self.after_index && printer.flags.width.is_some() {
                self.good_index = false;
            }
            return;
        }
        self.at += 1;
        self.after_index = false;
        match self.number_from_arg() {
            Some(width) => {
                if width < 0 {
                    printer.flags.minus = true;
                    printer.flags.zero = false;
                }
                printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
            }
            None => printer.push(b"%!(BADWIDTH)"),
        }
    }

    fn precision(&mut self, printer: &mut Printer) {
        // A point at the very end is the verb, not a precision.
        if self.peek() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if self.after_index {
            self.good_index = false;
        }
        self.index();
        if self.peek() != Some(b'*') {
            printer.flags.precision = Some(self.number().unwrap_or(0));
            return;
        }
        self.at += 1;
        self.after_index = false;
        printer.flags.precision = self.number_from_arg().and_then(|precision| usize::try_from(precision).ok());
        if printer.flags.precision.is_none() {
            printer.push(b"%!(BADPREC)");
        }
    }

    /// An explicit argument index `[n]`, if one stands here.
    fn index(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = if rest.len() < 3 { None } else { rest.iter().position(|&byte| byte == b']') };
        let Some(close) = close else {
            self.at += 1;
            self.good_index = false;
            return;
        };
        self.at += close + 1;
        let number = std::str::from_utf8(&rest[1..close]).ok().filter(|text| !text.starts_with('+'));
        let number = number.and_then(|text| text.parse::<usize>().ok());
        // Go takes the index as found also where it is out of range.
        self.after_index = number.is_some();
        match number {
            Some(number @ 1..) if number <= self.args.len() => self.next = number - 1,
            _ => self.good_index = false,
        }
    }

    /// Decimal digits, if any stand here. One that is too large ends the format, as in Go.
    fn number(&mut self) -> Option<usize> {
        let mut number: i64 = 0;
        let mut found = false;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            if number > MAX_NUMBER {
                self.at = self.format.len();
                return None;
            }
            number = number * 10 + i64::from(byte - b'0');
            found = true;
            self.at += 1;
        }
        if found { usize::try_from(number).ok() } else { None }
    }

    /// The operand that `*` stands for.
    fn number_from_arg(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        let number = match arg {
            Value::Int(_, number) => Some(*number),
            Value::Uint(_, number) => i64::try_from(*number).ok(),
            _ => None,
        };
        number.filter(|number| number.abs() <= MAX_NUMBER)
    }

    /// `%!(EXTRA string=x)` for operands that no verb took.
    fn report_extra(&self, printer: &mut Printer) {
        let extra = self.args.get(self.next..).unwrap_or_default();
        if self.reordered || extra.is_empty() {
            return;
        }
        printer.flags = Flags::default();
        printer.push(b"%!(EXTRA ");
        for (index, arg) in extra.iter().enumerate() {
            if index > 0 {
                printer.push(b", ");
            }
            if arg.is_some() {
                printer.push(format!("{}=", arg.type_of()).as_bytes());
            }
            printer.print_arg(arg, 'v');
        }
        printer.push(b")");
    }
}

fn print(printer: &mut Printer, arg: &Value, verb: char) {
    if matches!(verb, 'v' | 'w') {
        let flags = &mut printer.flags;
        flags.sharp_v = std::mem::take(&mut flags.sharp);
        flags.plus_v = std::mem::take(&mut flags.plus);
    }
    printer.print_arg(arg, verb);
}

//! Values to text with Go's `fmt` verbs.
//!
//! What `fmt.Sprintf` and its relatives print for every value a template can hold, flags, widths,
//! argument indexes and the `%!d(string=x)` of a wrong verb included (Go's `fmt/print.go`, `format.go`).

mod directive;
mod duration;
mod pad;
mod printer;

pub use duration::duration_text;

use super::value::Value;
use printer::{Printer, is_pointer};

/// More text than this is not built: it is more than [`super::budgets::MAX_TEXT`], so the caller's budget refuses it.
/// Go would run out of memory.
const MAX_TEXT: usize = super::budgets::MAX_TEXT + 1;

/// Values deeper than this print as nothing: only a map that holds itself gets there (Go overflows its stack).
const MAX_NESTING: usize = 500;

/// `fmt.Sprintf`.
pub fn sprintf(format: impl AsRef<[u8]>, args: &[Value]) -> Vec<u8> {
    directive::sprintf(format.as_ref(), args)
}

/// `fmt.Sprint`: a space between operands when neither is a string.
pub fn sprint(args: &[Value]) -> Vec<u8> {
    let mut printer = Printer::new(Vec::new());
    let mut after_string = false;
    for (index, arg) in args.iter().enumerate() {
        let string = matches!(arg, Value::Str(_));
        if index > 0 && !string && !after_string {
            printer.push(b" ");
        }
        printer.print_arg(arg, 'v');
        after_string = string;
    }
    printer.finish()
}

/// `fmt.Sprintln`: a space between all operands, a newline at the end.
pub fn sprintln(args: &[Value]) -> Vec<u8> {
    let mut printer = Printer::new(Vec::new());
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.push(b" ");
        }
        printer.print_arg(arg, 'v');
    }
    printer.push(b"\n");
    printer.finish()
}

/// One value as `%v` prints it.
pub fn print_value(value: &Value) -> Vec<u8> {
    match value {
        Value::Str(text) => text.to_vec(),
        _ => sprint(std::slice::from_ref(value)),
    }
}

/// Appends one value as an action prints it: both nils are `<no value>`, a pointer to a struct shows
/// the struct unless it has a `String` method (`printableValue` in Go's exec.go).
pub(super) fn append_printable(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Invalid | Value::Nil => out.extend_from_slice(b"<no value>"),
        Value::Str(text) => out.extend_from_slice(text),
        Value::Object(object) if object.display().is_none() => match object.display_in_place() {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => append_pointee(out, value),
        },
        _ => append(out, |printer| printer.print_arg(value, 'v')),
    }
}

/// Appends a value as `%v`, a pointer as the struct it points to.
pub(super) fn append_pointee(out: &mut Vec<u8>, value: &Value) {
    append(out, |printer| match value {
        Value::Object(object) if is_pointer(object.as_ref()) => printer.print_struct(object.as_ref(), 'v', 0),
        _ => printer.print_arg(value, 'v'),
    });
}

fn append(out: &mut Vec<u8>, print: impl FnOnce(&mut Printer)) {
    let mut printer = Printer::new(std::mem::take(out));
    print(&mut printer);
    *out = printer.finish();
}

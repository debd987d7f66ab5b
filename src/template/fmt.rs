//! Values to text with Go's `fmt` verbs.

use super::value::Value;

/// `fmt.Sprintf`.
pub fn sprintf(format: impl AsRef<[u8]>, args: &[Value]) -> Vec<u8> {
    let _ = args;
    format.as_ref().to_vec()
}

/// `fmt.Sprint`: a space between operands when neither is a string.
pub fn sprint(args: &[Value]) -> Vec<u8> {
    let _ = args;
    Vec::new()
}

/// `fmt.Sprintln`: a space between all operands, a newline at the end.
pub fn sprintln(args: &[Value]) -> Vec<u8> {
    let _ = args;
    Vec::new()
}

/// One value as `%v` prints it.
pub fn print_value(value: &Value) -> Vec<u8> {
    sprint(std::slice::from_ref(value))
}

//! One value under one verb to text (the `pp` of Go's `fmt/print.go`).

use super::duration_text;
use super::pad::Flags;
use super::{MAX_NESTING, MAX_TEXT};
use crate::template::calendar;
use crate::template::value::types::Type;
use crate::template::value::{IntKind, Object, UintKind, Value};

/// Where `%p` and nested pointers would show an address: the same bytes in every run instead.
const ADDRESS: u64 = 0xc0_0000_0000;

pub(super) struct Printer {
    out: Vec<u8>,
    pub flags: Flags,
    /// Set while a wrong verb is reported: methods are not asked then.
    erroring: bool,
}

impl Printer {
    /// Prints behind `out`.
    pub fn new(out: Vec<u8>) -> Self {
        Printer { out, flags: Flags::default(), erroring: false }
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    pub fn push(&mut self, text: &[u8]) {
        if !self.full() {
            self.out.extend_from_slice(text);
        }
    }

    fn full(&self) -> bool {
        self.out.len() >= MAX_TEXT
    }

    /// An operand of `Sprintf` and its relatives (`printArg`).
    pub fn print_arg(&mut self, arg: &Value, verb: char) {
        match (arg, verb) {
            (Value::Invalid | Value::Nil, 'T' | 'v') => return self.flags.pad(b"<nil>", &mut self.out),
            (Value::Invalid | Value::Nil, _) => {
                self.push(format!("%!{verb}(<nil>)").as_bytes());
                return;
            }
            (_, 'T') => return self.flags.string(arg.type_of().to_string().as_bytes(), &mut self.out),
            (_, 'p') => return self.pointer(arg, verb),
            // A byte slice at the top is `[]byte`, further in `[]uint8`.
            (Value::Bytes(bytes), _) => return self.bytes(bytes, verb, "[]byte", arg),
            _ => {}
        }
        if !basic(arg) && self.by_method(arg, verb) {
            return;
        }
        self.print(arg, verb, 0);
    }

    /// Asks `String()` where the verb wants text (`handleMethods`); true when that settled it.
    fn by_method(&mut self, value: &Value, verb: char) -> bool {
        if self.erroring {
            return false;
        }
        if verb == 'w' && !basic(value) {
            self.wrong_verb(value, verb);
            return true;
        }
        if let (true, Value::Object(object)) = (self.flags.sharp_v, value)
            && let Some(text) = object.go_string()
        {
            self.flags.string(text.as_bytes(), &mut self.out);
            return true;
        }
        if self.flags.sharp_v || !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return false;
        }
        let text = match value {
            Value::Int(IntKind::Duration, nanoseconds) => Some(duration_text(*nanoseconds)),
            Value::Int(IntKind::Named(named), number) => calendar::text(named, *number),
            Value::Object(object) => object.display(),
            _ => None,
        };
        if let Some(text) = &text {
            self.string(text.as_bytes(), verb, value);
        }
        text.is_some()
    }

    /// A value by its kind (`printValue`); `depth` 0 is the operand itself.
    fn print(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MAX_NESTING || self.full() || depth > 0 && self.by_method(value, verb) {
            return;
        }
        match value {
            Value::Invalid | Value::Nil if self.flags.sharp_v => self.push(b"interface {}(nil)"),
            Value::Invalid | Value::Nil => self.push(b"<nil>"),
            Value::Bool(flag) => match verb {
                't' | 'v' => self.flags.pad(flag.to_string().as_bytes(), &mut self.out),
                _ => self.wrong_verb(value, verb),
            },
            Value::Int(_, number) => self.integer(number.unsigned_abs(), *number < 0, true, verb, value),
            Value::Uint(_, number) => self.integer(*number, false, false, verb, value),
            Value::Float(number) => self.float(*number, verb, value),
            Value::Str(text) => self.string(text, verb, value),
            Value::Bytes(bytes) => match verb {
                's' | 'q' | 'x' | 'X' => self.bytes(bytes, verb, "[]uint8", value),
                _ => self.byte_items(bytes, verb),
            },
            Value::List(list) if list.is_nil() && self.flags.sharp_v => {
                self.push(format!("{}(nil)", list.type_of()).as_bytes());
            }
            Value::List(list) => {
                self.open(list.type_of(), "[");
                for (index, item) in list.borrow().iter().enumerate() {
                    self.separate(index);
                    self.print(item, verb, depth + 1);
                }
                self.close("]");
            }
            Value::Map(map) if map.is_nil() && self.flags.sharp_v => {
                self.push(format!("{}(nil)", map.type_of()).as_bytes());
            }
            Value::Map(map) => {
                self.open(map.type_of(), "map[");
                for (index, (key, item)) in map.borrow().iter().enumerate() {
                    self.separate(index);
                    self.string(key, verb, &Value::Str(key.clone()));
                    self.push(b":");
                    self.print(item, verb, depth + 1);
                }
                self.close("]");
            }
            Value::Object(object) if is_pointer(object.as_ref()) => {
                if depth == 0 {
                    self.push(b"&");
                    self.print_struct(object.as_ref(), verb, depth);
                } else {
                    self.pointer(value, verb);
                }
            }
            Value::Object(object) => self.print_struct(object.as_ref(), verb, depth),
        }
    }

    /// A struct: `{a b}`, `{Name:a}` with `+v`, `pkg.Type{Name:"a"}` with `#v`.
    pub fn print_struct(&mut self, object: &dyn Object, verb: char, depth: usize) {
        if self.flags.sharp_v {
            self.push(object.named().name.trim_start_matches('*').as_bytes());
        }
        self.push(b"{");
        for (index, (name, field)) in object.printed_fields().iter().enumerate() {
            self.separate(index);
            if self.flags.plus_v || self.flags.sharp_v {
                self.push(name.as_bytes());
                self.push(b":");
            }
            self.print(field, verb, depth + 1);
        }
        self.push(b"}");
    }

    fn open(&mut self, ty: Type, plain: &str) {
        if self.flags.sharp_v {
            self.push(format!("{ty}{{").as_bytes());
        } else {
            self.push(plain.as_bytes());
        }
    }

    fn close(&mut self, plain: &str) {
        self.push(if self.flags.sharp_v { b"}" } else { plain.as_bytes() });
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.push(if self.flags.sharp_v { b", " } else { b" " });
        }
    }

    fn integer(&mut self, magnitude: u64, negative: bool, signed: bool, verb: char, value: &Value) {
        let bits = if negative { magnitude.wrapping_neg() } else { magnitude };
        match verb {
            'v' if self.flags.sharp_v && !signed => self.hex_number(magnitude, true),
            'v' | 'd' => self.flags.integer(magnitude, negative, 10, verb, &mut self.out),
            'b' => self.flags.integer(magnitude, negative, 2, verb, &mut self.out),
            'o' | 'O' => self.flags.integer(magnitude, negative, 8, verb, &mut self.out),
            'x' | 'X' => self.flags.integer(magnitude, negative, 16, verb, &mut self.out),
            'c' => self.flags.char(bits, &mut self.out),
            'q' => self.flags.quoted_char(bits, &mut self.out),
            'U' => self.flags.unicode(bits, &mut self.out),
            _ => self.wrong_verb(value, verb),
        }
    }

    fn hex_number(&mut self, number: u64, prefix: bool) {
        Flags { sharp: prefix, ..self.flags }.integer(number, false, 16, 'v', &mut self.out);
    }

    fn float(&mut self, number: f64, verb: char, value: &Value) {
        match verb {
            'v' => self.flags.float(number, 'g', None, &mut self.out),
            'b' | 'g' | 'G' | 'x' | 'X' => self.flags.float(number, verb, None, &mut self.out),
            'f' | 'e' | 'E' | 'F' => self.flags.float(number, verb, Some(6), &mut self.out),
            _ => self.wrong_verb(value, verb),
        }
    }

    /// Text under a verb; `value` is what a wrong verb shows.
    fn string(&mut self, text: &[u8], verb: char, value: &Value) {
        match verb {
            'v' if self.flags.sharp_v => self.flags.quoted(text, &mut self.out),
            'v' | 's' => self.flags.string(text, &mut self.out),
            'x' | 'X' => self.flags.hex(text, verb == 'X', &mut self.out),
            'q' => self.flags.quoted(text, &mut self.out),
            _ => self.wrong_verb(value, verb),
        }
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, ty: &str, value: &Value) {
        match verb {
            'v' | 'd' if self.flags.sharp_v => {
                self.push(format!("{ty}{{").as_bytes());
                for (index, byte) in bytes.iter().enumerate() {
                    self.separate(index);
                    self.hex_number(u64::from(*byte), true);
                }
                self.push(b"}");
            }
            'v' | 'd' => {
                self.push(b"[");
                for (index, byte) in bytes.iter().enumerate() {
                    self.separate(index);
                    self.flags.integer(u64::from(*byte), false, 10, verb, &mut self.out);
                }
                self.push(b"]");
            }
            's' | 'x' | 'X' | 'q' => self.string(bytes, verb, value),
            _ => self.byte_items(bytes, verb),
        }
    }

    fn byte_items(&mut self, bytes: &[u8], verb: char) {
        self.open(Type::Bytes, "[");
        for (index, byte) in bytes.iter().enumerate() {
            self.separate(index);
            let item = Value::Uint(UintKind::Uint8, u64::from(*byte));
            self.integer(u64::from(*byte), false, false, verb, &item);
        }
        self.close("]");
    }

    /// Maps, lists and pointers have an address; it is always the same one here.
    fn pointer(&mut self, value: &Value, verb: char) {
        let pointer = match value {
            Value::Map(_) | Value::List(_) | Value::Bytes(_) => true,
            Value::Object(object) => is_pointer(object.as_ref()),
            _ => false,
        };
        match verb {
            _ if !pointer => self.wrong_verb(value, verb),
            'v' if self.flags.sharp_v => {
                self.push(format!("({})(", value.type_of()).as_bytes());
                self.hex_number(ADDRESS, true);
                self.push(b")");
            }
            'v' | 'p' => self.hex_number(ADDRESS, !self.flags.sharp),
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(ADDRESS, false, false, verb, value),
            _ => self.wrong_verb(value, verb),
        }
    }

    /// `%!d(string=text)`.
    fn wrong_verb(&mut self, value: &Value, verb: char) {
        if self.erroring {
            return;
        }
        self.erroring = true;
        self.push(format!("%!{verb}({}=", value.type_of()).as_bytes());
        self.print_arg(value, 'v');
        self.push(b")");
        self.erroring = false;
    }
}

/// Types that `fmt` prints without looking for methods.
fn basic(value: &Value) -> bool {
    match value {
        Value::Int(kind, _) => !matches!(kind, IntKind::Duration | IntKind::Named(_)),
        Value::Bool(_) | Value::Uint(..) | Value::Float(_) | Value::Str(_) | Value::Bytes(_) => true,
        _ => false,
    }
}

pub(super) fn is_pointer(object: &dyn Object) -> bool {
    object.named().name.starts_with('*')
}

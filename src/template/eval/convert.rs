//! Arguments: evaluated, checked against the parameter's type and converted to it.

use super::{Eval, State};
use crate::template::ast::{Expr, Number};
use crate::template::operand::{Operand, assignable, can_be_nil};
use crate::template::value::types::Type;
use crate::template::value::{IntKind, UintKind, Value};
use crate::template::zero::zero;

impl<'e, 't, 'a, H> State<'e, 't, 'a, H> {
    /// The value of an argument (`evalArg`); without a type it stays as it is.
    pub(super) fn argument(&mut self, dot: &Operand, wanted: Option<Type>, arg: &'a Expr) -> Eval<Operand> {
        self.at(arg.pos(), arg);
        let value = match arg {
            Expr::Dot(_) => dot.clone(),
            Expr::Nil(_) => return self.nil(wanted),
            Expr::Field(field) => self.field_node(dot, field, (&[], None))?,
            Expr::Variable(variable) => self.variable_node(dot, variable, (&[], None))?,
            Expr::Pipe(pipe) => self.pipeline(dot, pipe)?,
            Expr::Function(function) => self.function(dot, function, (function.pos, function), &[], None)?,
            Expr::Chain(chain) => self.chain_node(dot, chain, (&[], None))?,
            Expr::Bool(..) | Expr::Number(_) | Expr::String(_) => return self.constant(wanted, arg),
        };
        self.validate(value, wanted)
    }

    fn nil(&self, wanted: Option<Type>) -> Eval<Operand> {
        match wanted {
            None => Ok(Operand::INVALID),
            Some(ty) if can_be_nil(ty) => Ok(Operand::from_slot(zero(ty), ty)),
            Some(ty) => self.fail(format!("cannot assign nil to {ty}")),
        }
    }

    /// Makes sure a value can be passed as a parameter of the type (`validateType`).
    pub(super) fn validate(&self, operand: Operand, wanted: Option<Type>) -> Eval<Operand> {
        let Some(ty) = wanted else { return Ok(operand) };
        if operand.is_invalid() {
            if can_be_nil(ty) {
                return Ok(Operand::from_slot(zero(ty), ty));
            }
            return self.fail(format!("invalid value; expected {ty}"));
        }
        // What is in an interface is looked at, unless that is nil.
        let found = operand.value.type_of();
        if matches!(ty, Type::Any) || operand.value.is_some() && assignable(found, ty) {
            return Ok(Operand { value: retyped(operand.value, ty), boxed: operand.boxed });
        }
        self.fail(format!("wrong type for value; expected {ty}; got {found}"))
    }

    /// A literal as a value of the parameter's type.
    fn constant(&mut self, wanted: Option<Type>, arg: &'a Expr) -> Eval<Operand> {
        let Some(ty) = wanted.filter(|ty| !matches!(ty, Type::Any)) else {
            return match arg {
                Expr::Bool(_, flag) => Ok(Operand::concrete(Value::Bool(*flag))),
                Expr::Number(number) => self.ideal_constant(number),
                Expr::String(literal) => Ok(Operand::concrete(Value::Str(literal.text.clone()))),
                _ => Ok(Operand::INVALID),
            };
        };
        let (value, kind) = match ty {
            Type::Bool => (as_bool(arg), "bool"),
            Type::String => (as_string(arg), "string"),
            Type::Float32 | Type::Float64 => (as_float(ty, arg), "float"),
            _ if int_kind(ty).is_some() => (as_int(ty, arg), "integer"),
            _ if uint_kind(ty).is_some() => (as_uint(ty, arg), "unsigned integer"),
            _ => {
                let text = format!("can't handle {} for arg of type {ty}", self.tree.show(arg));
                return self.fail(text);
            }
        };
        match value {
            Some(value) => Ok(Operand::concrete(value)),
            None => self.fail(format!("expected {kind}; found {}", self.tree.show(arg))),
        }
    }
}

/// A map takes the parameter's type, as Go's assignment to it does: behind a `map[string]interface {}`
/// parameter nobody sees `common.Values`.
fn retyped(value: Value, ty: Type) -> Value {
    match (&value, ty) {
        (Value::Map(map), Type::Named(named)) if map.type_of() != ty => Value::Map(map.seen_as(named)),
        (Value::Map(map), Type::Map(_)) if map.type_of() != ty => Value::Map(map.seen_as_plain()),
        _ => value,
    }
}

fn number(arg: &Expr) -> Option<&Number> {
    match arg {
        Expr::Number(number) => Some(number),
        _ => None,
    }
}

fn as_bool(arg: &Expr) -> Option<Value> {
    match arg {
        Expr::Bool(_, flag) => Some(Value::Bool(*flag)),
        _ => None,
    }
}

fn as_string(arg: &Expr) -> Option<Value> {
    match arg {
        Expr::String(literal) => Some(Value::Str(literal.text.clone())),
        _ => None,
    }
}

fn as_float(ty: Type, arg: &Expr) -> Option<Value> {
    let float = number(arg)?.float?;
    Some(Value::Float(if ty == Type::Float32 { f64::from(float as f32) } else { float }))
}

/// Go sets the value without a check, so what does not fit wraps around.
fn as_int(ty: Type, arg: &Expr) -> Option<Value> {
    let int = number(arg)?.int?;
    let kind = int_kind(ty)?;
    let wrapped = match kind {
        IntKind::Int8 => i64::from(int as i8),
        IntKind::Int16 => i64::from(int as i16),
        IntKind::Int32 => i64::from(int as i32),
        IntKind::Int | IntKind::Int64 | IntKind::Duration | IntKind::Named(_) => int,
    };
    Some(Value::Int(kind, wrapped))
}

fn as_uint(ty: Type, arg: &Expr) -> Option<Value> {
    let uint = number(arg)?.uint?;
    let kind = uint_kind(ty)?;
    let wrapped = match kind {
        UintKind::Uint8 => u64::from(uint as u8),
        UintKind::Uint16 => u64::from(uint as u16),
        UintKind::Uint32 => u64::from(uint as u32),
        UintKind::Uint | UintKind::Uint64 => uint,
    };
    Some(Value::Uint(kind, wrapped))
}

fn int_kind(ty: Type) -> Option<IntKind> {
    Some(match ty {
        Type::Int => IntKind::Int,
        Type::Int8 => IntKind::Int8,
        Type::Int16 => IntKind::Int16,
        Type::Int32 => IntKind::Int32,
        Type::Int64 => IntKind::Int64,
        Type::Duration => IntKind::Duration,
        _ => return None,
    })
}

fn uint_kind(ty: Type) -> Option<UintKind> {
    Some(match ty {
        Type::Uint => UintKind::Uint,
        Type::Uint8 => UintKind::Uint8,
        Type::Uint16 => UintKind::Uint16,
        Type::Uint32 => UintKind::Uint32,
        Type::Uint64 => UintKind::Uint64,
        _ => return None,
    })
}

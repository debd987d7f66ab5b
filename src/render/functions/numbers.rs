//! Sprig's arithmetic: every operand is cast to a 64-bit integer or float first.

use super::cast::{to_float64, to_int64};
use super::decimal;
use super::define::{
    ANY, Answer, FLOAT, INT, INT64, STRING, any, fail, float, func, int, rest, text, variadic,
};
use super::parse_number::{int_literal, int_or_nearest};
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::fmt::sprint;
use crate::template::func::{CallError, Func};
use crate::template::types::Type;
use crate::template::value::{List, Value};

/// The most numbers that `until`, `untilStep` and `seq` make: a list of this length takes 32 MB, and no
/// chart that is not hostile counts to a million.
pub const MAX_NUMBERS: usize = 1 << 20;

pub static TABLE: &[Func<Context>] = &[
    func("atoi", &[STRING], INT, |_, a| Ok(Value::int(int_or_nearest(text(a, 0)?, 10)))),
    func("int64", &[ANY], INT64, |_, a| Ok(Value::int64(to_int64(any(a, 0))))),
    func("int", &[ANY], INT, |_, a| Ok(Value::int(to_int64(any(a, 0))))),
    func("float64", &[ANY], FLOAT, |_, a| Ok(Value::Float(to_float64(any(a, 0))))),
    func("toDecimal", &[ANY], INT64, |_, a| Ok(Value::int64(int_literal(&sprint(&a[..1]), 8).unwrap_or(0)))),
    func("add1", &[ANY], INT64, |_, a| Ok(Value::int64(to_int64(any(a, 0)).wrapping_add(1)))),
    variadic("add", &[ANY], INT64, |_, a| Ok(Value::int64(fold(a, 0, i64::wrapping_add)))),
    func("sub", &[ANY, ANY], INT64, |_, a| {
        Ok(Value::int64(to_int64(any(a, 0)).wrapping_sub(to_int64(any(a, 1)))))
    }),
    variadic("mul", &[ANY, ANY], INT64, |_, a| Ok(Value::int64(fold(a, 1, i64::wrapping_mul)))),
    func("div", &[ANY, ANY], INT64, |_, a| divide(a, i64::wrapping_div)),
    func("mod", &[ANY, ANY], INT64, |_, a| divide(a, i64::wrapping_rem)),
    variadic("max", &[ANY, ANY], INT64, |_, a| Ok(Value::int64(fold(a, i64::MIN, i64::max)))),
    variadic("biggest", &[ANY, ANY], INT64, |_, a| Ok(Value::int64(fold(a, i64::MIN, i64::max)))),
    variadic("min", &[ANY, ANY], INT64, |_, a| Ok(Value::int64(fold(a, i64::MAX, i64::min)))),
    variadic("maxf", &[ANY, ANY], FLOAT, |_, a| Ok(extreme(a, larger))),
    variadic("minf", &[ANY, ANY], FLOAT, |_, a| Ok(extreme(a, smaller))),
    func("add1f", &[ANY], FLOAT, |_, a| decimal::fold(any(a, 0), &[Value::int(1)], decimal::add)),
    variadic("addf", &[ANY], FLOAT, |exec, a| {
        charge_digits(exec, a)?;
        decimal::fold(&Value::Float(0.0), a, decimal::add)
    }),
    variadic("subf", &[ANY, ANY], FLOAT, |exec, a| {
        charge_digits(exec, a)?;
        decimal::fold(any(a, 0), rest(a, 1), decimal::sub)
    }),
    variadic("mulf", &[ANY, ANY], FLOAT, |exec, a| {
        charge_digits(exec, a)?;
        decimal::fold(any(a, 0), rest(a, 1), decimal::mul)
    }),
    variadic("divf", &[ANY, ANY], FLOAT, |exec, a| {
        charge_digits(exec, a)?;
        decimal::fold(any(a, 0), rest(a, 1), decimal::div)
    }),
    func("floor", &[ANY], FLOAT, |_, a| Ok(Value::Float(to_float64(any(a, 0)).floor()))),
    func("ceil", &[ANY], FLOAT, |_, a| Ok(Value::Float(to_float64(any(a, 0)).ceil()))),
    variadic("round", &[ANY, INT, FLOAT], FLOAT, round),
    func("until", &[INT], Type::List(&Type::Int), |exec, a| {
        let count = int(a, 0)?;
        numbers(exec, 0, count, if count < 0 { -1 } else { 1 }).map(list)
    }),
    func("untilStep", &[INT, INT, INT], Type::List(&Type::Int), |exec, a| {
        numbers(exec, int(a, 0)?, int(a, 1)?, int(a, 2)?).map(list)
    }),
    variadic("seq", &[INT], STRING, seq),
];

/// Charges what grows with every operand: the digits of a product.
fn charge_digits(exec: &mut Exec<'_, Context>, operands: &[Value]) -> Result<(), CallError> {
    let count = operands.len() as u64;
    Ok(exec.budget.steps(count.saturating_mul(count) / 16)?)
}

fn fold(args: &[Value], start: i64, step: fn(i64, i64) -> i64) -> i64 {
    args.iter().map(to_int64).fold(start, step)
}

fn divide(args: &[Value], operation: fn(i64, i64) -> i64) -> Answer {
    match to_int64(any(args, 1)) {
        0 => fail("runtime error: integer divide by zero"),
        divisor => Ok(Value::int64(operation(to_int64(any(args, 0)), divisor))),
    }
}

fn extreme(args: &[Value], choose: fn(f64, f64) -> f64) -> Value {
    Value::Float(args.iter().map(to_float64).reduce(choose).unwrap_or(0.0))
}

/// `math.Max`: NaN wins unless an operand is +Inf, +0 is above -0.
fn larger(a: f64, b: f64) -> f64 {
    match () {
        () if a == f64::INFINITY || b == f64::INFINITY => f64::INFINITY,
        () if a.is_nan() || b.is_nan() => f64::NAN,
        () if a == 0.0 && b == 0.0 => {
            if a.is_sign_negative() {
                b
            } else {
                a
            }
        }
        () => {
            if a > b {
                a
            } else {
                b
            }
        }
    }
}

/// `math.Min`, the mirror of [`larger`].
fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}

/// Rounds to so many decimals; from the third argument on (0.5 by default) the fraction goes up.
fn round(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let (value, places) = (to_float64(any(args, 0)), int(args, 1)?);
    let limit = if args.len() > 2 { float(args, 2)? } else { 0.5 };
    let power = 10_f64.powf(places as f64);
    let digits = power * value;
    let fraction = if digits.is_infinite() { f64::NAN } else { digits.fract() };
    Ok(Value::Float(if fraction >= limit { digits.ceil() } else { digits.floor() } / power))
}

/// `start`, `start + step`, … as long as `stop` is not reached.
fn numbers(exec: &mut Exec<'_, Context>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, CallError> {
    let right_way = if stop < start { step < 0 } else { step > 0 };
    if !right_way {
        return Ok(Vec::new());
    }
    let count = stop.abs_diff(start).div_ceil(step.unsigned_abs());
    exec.budget.steps(count)?;
    if count > MAX_NUMBERS as u64 {
        return fail(format!("{count} numbers are more than the limit of {MAX_NUMBERS}; use smaller bounds"));
    }
    Ok((0..count as i64).map(|turn| start.wrapping_add(turn.wrapping_mul(step))).collect())
}

fn list(numbers: Vec<i64>) -> Value {
    Value::List(List::new(INT, numbers.into_iter().map(Value::int).collect()))
}

/// The numbers of a range, both ends included, with spaces between.
fn seq(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let bounds: Vec<i64> = (0..args.len()).map(|at| int(args, at)).collect::<Result<_, _>>()?;
    let toward = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, end, step) = match *bounds.as_slice() {
        [end] => (1, end, toward(1, end)),
        [start, end] => (start, end, toward(start, end)),
        [start, step, end] if end < start && step > 0 => (start, end, 0),
        [start, step, end] => (start, end, step),
        _ => return Ok(Value::str("")),
    };
    let made = numbers(exec, start, end.wrapping_add(toward(start, end)), step)?;
    exec.budget.text(made.len() * 4)?;
    Ok(Value::str(made.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")))
}

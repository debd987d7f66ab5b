//! Arithmetic on decimal fractions as `shopspring/decimal` does it: exact, but for division to 16 places.

use num_bigint::{BigInt, Sign};

use super::cast::to_float64;
use super::define::{Answer, fail};
use crate::template::func::CallError;
use crate::template::number::format_float_g;
use crate::template::value::Value;

/// Digits after the point of a quotient (`DivisionPrecision`).
const DIVISION_PLACES: i64 = 16;

/// `coefficient * 10^exponent`.
#[derive(Clone, Debug)]
pub struct Decimal {
    coefficient: BigInt,
    exponent: i64,
}

/// One of the four operations.
pub type Operation = fn(&Decimal, &Decimal) -> Result<Decimal, CallError>;

/// Casts all operands to float, then to decimals, and folds them from the left (`execDecimalOp`).
pub fn fold(first: &Value, others: &[Value], operation: Operation) -> Answer {
    let mut result = Decimal::from_float(to_float64(first))?;
    for other in others {
        result = operation(&result, &Decimal::from_float(to_float64(other))?)?;
    }
    Ok(Value::Float(result.to_float()))
}

/// `a + b`
pub fn add(a: &Decimal, b: &Decimal) -> Result<Decimal, CallError> {
    let exponent = a.exponent.min(b.exponent);
    Ok(Decimal { coefficient: a.at(exponent) + b.at(exponent), exponent })
}

/// `a - b`
pub fn sub(a: &Decimal, b: &Decimal) -> Result<Decimal, CallError> {
    let exponent = a.exponent.min(b.exponent);
    Ok(Decimal { coefficient: a.at(exponent) - b.at(exponent), exponent })
}

/// `a * b`
pub fn mul(a: &Decimal, b: &Decimal) -> Result<Decimal, CallError> {
    Ok(Decimal { coefficient: &a.coefficient * &b.coefficient, exponent: a.exponent + b.exponent })
}

/// `a / b` to 16 places, halves away from zero (`DivRound`).
pub fn div(a: &Decimal, b: &Decimal) -> Result<Decimal, CallError> {
    if b.coefficient.sign() == Sign::NoSign {
        return fail("decimal division by 0");
    }
    let shift = a.exponent - b.exponent + DIVISION_PLACES;
    let (dividend, divisor) = match shift < 0 {
        true => (a.coefficient.clone(), &b.coefficient * power_of_ten(-shift)),
        false => (&a.coefficient * power_of_ten(shift), b.coefficient.clone()),
    };
    let (quotient, remainder) = (&dividend / &divisor, &dividend % &divisor);
    let round = remainder.magnitude() * 2_u8 >= *divisor.magnitude();
    let away = match a.coefficient.sign() == b.coefficient.sign() {
        true => BigInt::from(1),
        false => BigInt::from(-1),
    };
    let coefficient = if round { quotient + away } else { quotient };
    Ok(Decimal { coefficient, exponent: -DIVISION_PLACES })
}

impl Decimal {
    /// The shortest decimal that reads back as this float.
    fn from_float(number: f64) -> Result<Self, CallError> {
        if !number.is_finite() {
            return fail(format!("Cannot create a Decimal from {}", format_float_g(number)));
        }
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i64);
        let digits: i64 = mantissa.replace('.', "").parse().unwrap_or(0);
        let exponent: i64 = exponent.parse().unwrap_or(0);
        Ok(Decimal { coefficient: BigInt::from(digits), exponent: exponent - places })
    }

    /// The nearest float.
    fn to_float(&self) -> f64 {
        format!("{}e{}", self.coefficient, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The coefficient at a smaller exponent.
    fn at(&self, exponent: i64) -> BigInt {
        &self.coefficient * power_of_ten(self.exponent - exponent)
    }
}

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

//! Calls of functions and methods.

use super::field::{Arguments, Site};
use super::{Eval, State};
use crate::template::ast::{Callee, Expr, Function};
use crate::template::builtins::{self, Builtin, Run};
use crate::template::error::CallError;
use crate::template::error::Error;
use crate::template::operand::Operand;
use crate::template::truth::truth;
use crate::template::value::Value;
use crate::template::value::types::Method;
use crate::template::value::types::Type;

/// Bytes of the text of a chain of errors. Where Helm stops, a thousand levels deep, two templates that include each
/// other take 300 kB; beyond this length a level takes the place of the one inside it.
const MAX_CHAIN_TEXT: usize = 1 << 20;

/// Steps of calling a method of a map, and for each 64 bytes in it: `.Files.Glob` goes over all names, `.Files.AsConfig`
/// over all contents.
const METHOD_STEPS: u64 = 500;
const BYTES_PER_METHOD_STEP: usize = 24;

/// What a call has to know of the callee's parameters; `None` takes any value as it is.
struct Signature<'s, P> {
    name: &'s str,
    params: &'s [P],
    variadic: bool,
}

/// A parameter of a host function, or one of a built-in.
trait Param {
    fn wanted(&self) -> Option<Type>;
}

impl Param for Type {
    fn wanted(&self) -> Option<Type> {
        Some(*self)
    }
}

impl Param for Option<Type> {
    fn wanted(&self) -> Option<Type> {
        *self
    }
}

impl<P: Param> Signature<'_, P> {
    /// The type of the parameter that takes the argument of this place.
    fn param(&self, index: usize) -> Option<Type> {
        self.params.get(index).or(self.params.last()).and_then(Param::wanted)
    }

    /// Checks the number of arguments; `piped` counts one more.
    fn check(&self, args: usize, piped: bool) -> Result<(), String> {
        let (name, given, want) = (self.name, args + usize::from(piped), self.params.len());
        if self.variadic {
            let fixed = want.saturating_sub(1);
            if given < fixed {
                return Err(format!("wrong number of args for {name}: want at least {fixed} got {args}"));
            }
        } else if given != want {
            return Err(format!("wrong number of args for {name}: want {want} got {given}"));
        }
        Ok(())
    }
}

impl<'e, 't, 'a, H> State<'e, 't, 'a, H> {
    /// Calls a function by name; `site` is where a failure of the function is reported.
    pub(super) fn function(
        &mut self,
        dot: &Operand,
        function: &'a Function,
        site: Site<'a>,
        args: &'a [Expr],
        last: Option<Operand>,
    ) -> Eval<Operand> {
        self.at(function.pos, function);
        self.step()?;
        let args = args.get(1..).unwrap_or_default();
        match function.callee {
            Callee::Builtin(builtin) => self.call_builtin(dot, builtin, site, args, last),
            Callee::Host(index) => {
                let Some(func) = self.exec.set().funcs().at(index) else {
                    return self.fail(format!("{:?} is not a defined function", function.name));
                };
                let signature = Signature { name: func.name, params: func.params, variadic: func.variadic };
                let values = self.arguments(dot, &signature, args, last, None)?;
                self.charge(&values)?;
                let result = (func.call)(self.exec, &values);
                self.finish(func.name, site, result, func.returns)
            }
        }
    }

    pub(super) fn call_method(
        &mut self,
        dot: &Operand,
        receiver: Operand,
        site: Site<'a>,
        method: &'static Method,
        (args, last): Arguments<'a>,
    ) -> Eval<Operand> {
        self.step()?;
        let args = args.get(1..).unwrap_or_default();
        let signature = Signature { name: method.name, params: method.params, variadic: method.variadic };
        let values = self.arguments(dot, &signature, args, last, Some(receiver.value))?;
        self.exec.budget.steps(method_steps(&values)).map_err(|error| self.stopped(&error))?;
        self.charge(&values)?;
        let result = (method.call)(&values);
        if let Ok(Value::List(made)) = &result {
            let items = made.borrow().iter().map(|item| 1 + reading(item)).sum();
            self.exec.budget.steps(items).map_err(|error| self.stopped(&error))?;
        }
        self.finish(method.name, site, result, method.returns)
    }

    fn call_builtin(
        &mut self,
        dot: &Operand,
        builtin: &'static Builtin,
        site: Site<'a>,
        args: &'a [Expr],
        last: Option<Operand>,
    ) -> Eval<Operand> {
        let Builtin { name, params, variadic, run } = *builtin;
        let signature = Signature { name, params, variadic };
        let result = match run {
            Run::And => return self.short_circuit(dot, &signature, args, last, false),
            Run::Or => return self.short_circuit(dot, &signature, args, last, true),
            Run::Operands(run) => {
                let operands = self.operands(dot, &signature, args, last)?;
                run(&operands)
            }
            Run::Plain(run) => {
                let values = self.arguments(dot, &signature, args, last, None)?;
                self.charge(&values)?;
                self.charge_floats(&values)?;
                run(&values)
            }
            Run::Call => {
                let callee = match args.first() {
                    Some(callee) => self.tree.show(callee),
                    None => last.as_ref().map(|last| reflect_string(&last.value)).unwrap_or_default(),
                };
                let values = self.arguments(dot, &signature, args, last, None)?;
                Err(builtins::call(&callee, &values))
            }
        };
        if let Ok(Value::Str(text)) = &result {
            self.exec.budget.text(text.len()).map_err(|error| self.stopped(&error))?;
        }
        self.finish(name, site, result, Type::Bool)
    }

    /// Charges the work of reading the arguments; a function that does more says so itself.
    fn charge(&mut self, values: &[Value]) -> Eval<()> {
        self.exec.budget.steps(values.iter().map(reading).sum()).map_err(|error| self.stopped(&error))
    }

    /// Charges the digits of floats, of which a text can ask for hundreds.
    fn charge_floats(&mut self, values: &[Value]) -> Eval<()> {
        const STEPS: u64 = 100;
        let floats = values.iter().filter(|value| matches!(value, Value::Float(_))).count() as u64;
        self.exec.budget.steps(floats * STEPS).map_err(|error| self.stopped(&error))
    }

    /// `and` and `or`: the first argument that decides, or the last.
    fn short_circuit(
        &mut self,
        dot: &Operand,
        signature: &Signature<'_, Option<Type>>,
        args: &'a [Expr],
        last: Option<Operand>,
        decides: bool,
    ) -> Eval<Operand> {
        if let Err(text) = signature.check(args.len(), last.is_some()) {
            return self.fail(text);
        }
        let mut value = Operand::INVALID;
        for arg in args {
            value = self.argument(dot, None, arg)?;
            if truth(&value.value) == decides {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// Evaluates and converts the arguments, behind the receiver if there is one.
    fn arguments<P: Param>(
        &mut self,
        dot: &Operand,
        signature: &Signature<'_, P>,
        args: &'a [Expr],
        last: Option<Operand>,
        receiver: Option<Value>,
    ) -> Eval<Vec<Value>> {
        if let Err(text) = signature.check(args.len(), last.is_some()) {
            return self.fail(text);
        }
        let mut values = Vec::with_capacity(args.len() + 2);
        values.extend(receiver);
        for (index, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, signature.param(index), arg)?.value);
        }
        if let Some(last) = last {
            values.push(self.validate(last, signature.param(args.len()))?.value);
        }
        Ok(values)
    }

    /// The same for a built-in that wants to know more of its arguments than their values.
    fn operands<P: Param>(
        &mut self,
        dot: &Operand,
        signature: &Signature<'_, P>,
        args: &'a [Expr],
        last: Option<Operand>,
    ) -> Eval<Vec<Operand>> {
        if let Err(text) = signature.check(args.len(), last.is_some()) {
            return self.fail(text);
        }
        let mut operands = Vec::with_capacity(args.len() + 1);
        for (index, arg) in args.iter().enumerate() {
            operands.push(self.argument(dot, signature.param(index), arg)?);
        }
        operands.extend(last);
        Ok(operands)
    }

    fn finish(
        &mut self,
        name: &str,
        (pos, item): Site<'a>,
        result: Result<Value, CallError>,
        returns: Type,
    ) -> Eval<Operand> {
        match result {
            Ok(value) => {
                // What was made is weighed before anything is done with it.
                self.exec.budget.memory(0).map_err(|error| self.stopped(&error))?;
                Ok(Operand::from_slot(value, returns))
            }
            Err(CallError::Unfit(text)) => self.fail(text),
            Err(error) => {
                self.at(pos, item);
                let source = Box::<Error>::from(error).cut_to(MAX_CHAIN_TEXT);
                Err(Box::new(Error::around(self.text(&format!("error calling {name}: ")), true, source)))
            }
        }
    }
}

/// The steps of calling a method of the first of these values without arguments, or with some.
fn method_steps(values: &[Value]) -> u64 {
    let Some(Value::Map(receiver)) = values.first() else { return 1 };
    let size = |value: &Value| match value {
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    // With an argument it is one file that is read, or names only.
    let bytes = if values.len() > 1 { 0 } else { receiver.borrow().values().map(size).sum::<usize>() };
    METHOD_STEPS + (bytes / BYTES_PER_METHOD_STEP) as u64
}

/// The steps that it takes to go over a value once, without what it refers to.
fn reading(value: &Value) -> u64 {
    const BYTES_PER_STEP: usize = 16;
    const ELEMENTS_PER_STEP: usize = 16;
    const ENTRIES_PER_STEP: usize = 256;
    let steps = match value {
        Value::Str(text) | Value::Bytes(text) => text.len() / BYTES_PER_STEP,
        Value::List(list) => list.len() / ELEMENTS_PER_STEP,
        // Most functions look up one key of a map; those that walk it charge that themselves.
        Value::Map(map) => map.len() / ENTRIES_PER_STEP,
        _ => 0,
    };
    steps as u64
}

/// `reflect.Value.String`: the text of a string, else the type in brackets.
fn reflect_string(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_text().into_owned(),
        Value::Invalid => "<invalid Value>".into(),
        value => format!("<{} Value>", value.type_of()),
    }
}

//! The text between `{{` and `}}` compiled, and evaluated for one resource.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

/// What an expression can name.
pub const NAMES: [&str; 5] = ["annotations", "labels", "name", "namespace", "spec"];

/// Steps of one evaluation, and about 64 bytes of new data for each: enough to work through a 1.5 MiB resource several
/// times, gone within milliseconds.
const FUEL: u64 = 200_000;

/// One for all expressions: it holds no templates and is never changed, so expressions may refer to it for good.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // `spec.storage.size` of a spec without storage is undefined, not an error.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    environment
});

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    compiled: minijinja::Expression<'static, 'static>,
    field: Option<Vec<String>>,
}

/// Why a text is not an expression, or why it has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("unknown name {0:?}; an expression sees {names}", names = NAMES.join(", "))]
    UnknownName(String),
    #[error("takes more than {FUEL} steps; make the expression simpler")]
    OutOfFuel,
    #[error("{0}")]
    Engine(String),
}

impl Expression {
    /// Compiles; names, filters, tests and functions that do not exist are errors already here.
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        let expression = ENVIRONMENT.compile_expression_owned(source.to_owned())?;
        let undeclared: BTreeSet<String> = expression.undeclared_variables(false).into_iter().collect();
        let unknown = undeclared.into_iter().find(|name| !is_known(name));
        if let Some(name) = unknown {
            return Err(ExpressionError::UnknownName(name));
        }
        // minijinja looks filters up when it comes to them: a run over nothing finds most of the misspelt ones.
        match expression.eval(Value::from_pairs([("spec", Value::UNDEFINED)])) {
            Err(error) if is_misspelling(&error) => Err(error.into()),
            _ => Ok(Expression { compiled: expression, field: field(source) }),
        }
    }

    /// The field of `spec` that it names and does nothing else with: `storage`, `size`.
    pub fn field(&self) -> Option<&[String]> {
        self.field.as_deref()
    }

    /// The value for a resource; `context` is a map of [`NAMES`].
    pub fn evaluate(&self, context: &Value) -> Result<Value, ExpressionError> {
        Ok(self.compiled.eval(context)?)
    }
}

impl From<Error> for ExpressionError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::OutOfFuel => ExpressionError::OutOfFuel,
            _ => ExpressionError::Engine(message(&error)),
        }
    }
}

/// minijinja's message without its `(in <expression>:1)`: a mapping has lines of its own.
pub fn message(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

fn field(source: &str) -> Option<Vec<String>> {
    let is_name = |step: &str| {
        step.starts_with(|first: char| first.is_ascii_alphabetic())
            && step.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let steps = source.trim().strip_prefix("spec.")?.split('.');
    steps.map(|step| is_name(step).then(|| step.to_owned())).collect()
}

fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || ENVIRONMENT.globals().any(|(global, _)| global == name)
}

fn is_misspelling(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction)
}

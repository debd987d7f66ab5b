//! The operator's texts (commit message, README, branch name) compiled as minijinja templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior};

/// Steps of one rendering; a README of 10,000 clusters needs about a tenth.
const MOST_STEPS: u64 = 10_000_000;

/// An environment that holds one template under `name`: unknown variables are errors, block lines leave
/// no blank lines, endless loops end.
pub fn compile(name: &str, text: &str, keep_last_newline: bool) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(keep_last_newline)
        .build()?;
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(MOST_STEPS));
    environment.add_template_owned(name.to_string(), text.to_string())?;
    Ok(environment)
}

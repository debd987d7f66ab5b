//! The operator's texts (commit message, README, branch name) compiled as minijinja templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// The operator's template, and the text that promgit ships: what the first fails at, the second still says.
pub struct Replaceable {
    own: Environment<'static>,
    shipped: Environment<'static>,
    name: &'static str,
}

/// A text, and why it is not the operator's.
pub struct Text {
    pub text: String,
    pub fault: Option<Error>,
}

impl Replaceable {
    /// Compiles both; the two are equal where the operator has no text.
    pub fn compile(
        name: &'static str,
        own: &str,
        shipped: &str,
        keep_last_newline: bool,
    ) -> Result<Self, Error> {
        let compile = |text| compile(name, text, keep_last_newline);
        Ok(Replaceable { own: compile(own)?, shipped: compile(shipped)?, name })
    }

    /// Lets both use a filter.
    pub fn add_filter(&mut self, name: &'static str, filter: fn(&str) -> String) {
        for environment in [&mut self.own, &mut self.shipped] {
            environment.add_filter(name, move |text: String| filter(&text));
        }
    }

    /// Renders the operator's text; where that fails or says nothing, ours.
    pub fn render(&self, context: &Value) -> Result<Text, Error> {
        let render = |environment: &Environment<'_>| environment.get_template(self.name)?.render(context);
        let spoken = |text: String| match text.trim() {
            "" => Err(Error::new(ErrorKind::InvalidOperation, "it gives no text")),
            _ => Ok(text),
        };
        match render(&self.own).and_then(spoken) {
            Ok(text) => Ok(Text { text, fault: None }),
            Err(fault) => Ok(Text { text: render(&self.shipped)?, fault: Some(fault) }),
        }
    }
}

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

//! Renders a conversation the way the model was trained to read it.
//!
//! A GGUF carries its chat template in Jinja, written for Hugging Face's
//! `transformers`. This page gives such templates what they take for granted:
//! Python's string methods, `raise_exception`, `strftime_now` and the white
//! space rules of that library.

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, context};

use crate::chat::{Message, Role};

/// Instructions a template may run; a hostile one ends instead of hanging.
const FUEL: u64 = 5_000_000;
/// Stands for a system text when a template is probed.
const PROBE: &str = "4711903175";
const NAME: &str = "chat";

/// The chat template of one model.
pub struct Template {
    environment: Environment<'static>,
    first: String,
    last: String,
    has_system: bool,
}

impl Template {
    /// Compiles `source`; `first` and `last` are the texts of the tokens that
    /// open and close a text.
    ///
    /// # Errors
    ///
    /// Says in words what the template is missing.
    pub fn new(source: &str, first: &str, last: &str) -> Result<Self, String> {
        let mut template = Self {
            environment: environment(source).map_err(|e| words(&e))?,
            first: first.to_owned(),
            last: last.to_owned(),
            has_system: true,
        };
        let user = [Message::new(Role::User, "u")];
        template.plain(&user).map_err(|e| words(&e))?;
        let both = [Message::new(Role::System, PROBE), Message::new(Role::User, "u")];
        template.has_system = template.plain(&both).is_ok_and(|text| text.contains(PROBE));
        Ok(template)
    }

    /// The conversation as one text that ends where the reply begins. A
    /// trailing assistant message is left open, to be continued.
    ///
    /// # Errors
    ///
    /// Says in words what the template would not render.
    pub fn render(&self, messages: &[Message]) -> Result<String, String> {
        let (history, begun) = match messages.split_last() {
            Some((last, history)) if last.role == Role::Assistant => (history, last.text.as_str()),
            _ => (messages, ""),
        };
        let history = if self.has_system { history.to_vec() } else { fold_system(history) };
        let mut text = match self.plain(&history) {
            Ok(text) => text,
            // Some templates insist that user and assistant take turns.
            Err(_) => self.plain(&take_turns(&history)).map_err(|e| words(&e))?,
        };
        text.push_str(begun);
        Ok(text)
    }

    /// The text that opens every text, if the template's output has it already.
    #[must_use]
    pub fn opens_with_mark(&self, text: &str) -> bool {
        !self.first.is_empty() && text.starts_with(&self.first)
    }

    fn plain(&self, messages: &[Message]) -> Result<String, Error> {
        let messages: Vec<Value> = messages
            .iter()
            .map(|message| context! { role => message.role.name(), content => &message.text })
            .collect();
        self.environment.get_template(NAME)?.render(context! {
            messages,
            bos_token => &self.first,
            eos_token => &self.last,
            add_generation_prompt => true,
        })
    }
}

fn environment(source: &str) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    let syntax = environment.syntax().to_builder().trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    environment.set_fuel(Some(FUEL));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", raise);
    environment.add_function("strftime_now", date);
    environment.add_template_owned(NAME, source.to_owned())?;
    Ok(environment)
}

fn raise(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// Templates print today's date into the prompt. The date here is always the
/// one those templates fall back to themselves, so that the same book gives the
/// same prompt tomorrow.
fn date(format: &str) -> String {
    let parts = [
        ("%d", "26"),
        ("%b", "Jul"),
        ("%B", "July"),
        ("%m", "07"),
        ("%Y", "2024"),
        ("%y", "24"),
        ("%A", "Friday"),
        ("%a", "Fri"),
        ("%H", "12"),
        ("%M", "00"),
        ("%S", "00"),
    ];
    parts.iter().fold(format.to_owned(), |text, (mark, value)| text.replace(mark, value))
}

/// Puts the system text before the first user text.
fn fold_system(messages: &[Message]) -> Vec<Message> {
    let mut rules = String::new();
    let mut rest = Vec::with_capacity(messages.len());
    for message in messages {
        if message.role == Role::System {
            rules.push_str(&message.text);
            rules.push_str("\n\n");
        } else {
            rest.push(message.clone());
        }
    }
    if rules.is_empty() {
        return rest;
    }
    match rest.iter_mut().find(|message| message.role == Role::User) {
        Some(user) => user.text.insert_str(0, &rules),
        None => rest.insert(0, Message::new(Role::User, rules.trim_end())),
    }
    rest
}

/// Joins neighbours of the same role.
fn take_turns(messages: &[Message]) -> Vec<Message> {
    let mut turns: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages {
        match turns.last_mut() {
            Some(last) if last.role == message.role => {
                last.text.push_str("\n\n");
                last.text.push_str(&message.text);
            }
            _ => turns.push(message.clone()),
        }
    }
    turns
}

/// The error in one line: minijinja's own text runs over several.
fn words(error: &Error) -> String {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) => format!("{detail} (line {line} of the template)"),
        None => detail,
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;

//! The model's own vocabulary and chat template: what a prompt is in tokens.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;

use super::gguf::{self, Header};
use super::template::Template;
use crate::chat::{Message, Tokenizer};
use crate::provider::Fault;

/// Stands for the first control token's text while a template renders; the
/// others follow. Plane 15 is for private use.
const STAND_IN: u32 = 0xF0000;
/// Private characters of that plane.
const STAND_INS: usize = 0xFFFD;

/// Text to tokens, by one model.
pub struct Vocabulary {
    model: Arc<LlamaModel>,
    template: Template,
    /// Texts that would become control tokens, and the matcher that finds them.
    controls: Vec<String>,
    finder: Option<AhoCorasick>,
}

impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vocabulary").field("controls", &self.controls.len()).finish_non_exhaustive()
    }
}

/// The handle that llama.cpp needs to be made once per process.
///
/// # Errors
///
/// Says what llama.cpp said.
pub fn backend() -> Result<&'static LlamaBackend, Fault> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    BACKEND
        .get_or_init(|| {
            let mut backend = LlamaBackend::init().map_err(|e| e.to_string())?;
            backend.void_logs();
            Ok(backend)
        })
        .as_ref()
        .map_err(|why| Fault::Model(format!("llama.cpp does not start: {why}")))
}

/// The model's file name without folder and ending.
#[must_use]
pub fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "model".to_owned(), |s| s.to_string_lossy().into_owned())
}

/// Reads and checks the file's header.
///
/// # Errors
///
/// One message that names the file, what is wrong and the way out.
pub fn header(path: &Path) -> Result<Header, Fault> {
    gguf::open(path).map_err(|what| {
        Fault::Model(format!(
            "the model file `{}` {what}; get it again (`storygen models pull`) or name another file",
            path.display()
        ))
    })
}

/// Checks the file, then has llama.cpp load it, weights and all or vocabulary only.
///
/// # Errors
///
/// One message that names the file, what is wrong and the way out.
pub fn load(path: &Path, vocabulary_only: bool) -> Result<(Header, Arc<LlamaModel>), Fault> {
    let shown = path.display();
    let header = header(path)?;
    let backend = backend()?;
    if path.to_str().is_none_or(|path| path.contains('\0')) {
        return Err(Fault::Model(format!(
            "the path of the model file `{shown}` is not UTF-8, which llama.cpp needs; rename or move it"
        )));
    }
    let params = LlamaModelParams::default().with_vocab_only(vocabulary_only);
    let model = LlamaModel::load_from_file(backend, path, &params).map_err(|_| {
        Fault::Model(format!(
            "llama.cpp cannot load the model file `{shown}` (architecture `{}`): it is damaged, or of a kind this build does not know; get it again or take another model",
            header.architecture()
        ))
    })?;
    Ok((header, Arc::new(model)))
}

impl Vocabulary {
    /// The vocabulary of a loaded model.
    ///
    /// # Errors
    ///
    /// A model without a usable chat template.
    pub fn new(path: &Path, header: &Header, model: Arc<LlamaModel>) -> Result<Self, Fault> {
        let shown = path.display();
        let source = header
            .text("tokenizer.chat_template")
            .filter(|source| !source.trim().is_empty())
            .ok_or_else(|| {
                Fault::Model(format!(
                    "the model file `{shown}` has no chat template, so it is no instruct model; take its instruct variant (often `-it` or `-Instruct` in the name)"
                ))
            })?;
        let vocabulary = model.vocab();
        let mark = |token: LlamaToken| {
            // A missing token is -1, and llama.cpp aborts when asked for its text.
            (token.0 >= 0)
                .then(|| vocabulary.text(token))
                .flatten()
                .map(|text| text.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let template = Template::new(source, &mark(vocabulary.bos()), &mark(vocabulary.eos()))
            .map_err(|why| {
                Fault::Model(format!(
                    "the chat template of the model file `{shown}` does not work: {why}; take another build of this model"
                ))
            })?;
        let controls: Vec<String> = vocabulary
            .tokens()
            .filter(|token| vocabulary.is_control(*token))
            .map(mark)
            .filter(|text| text.len() > 1)
            .take(STAND_INS)
            .collect();
        let finder = AhoCorasick::new(&controls).ok().filter(|_| !controls.is_empty());
        Ok(Self { model, template, controls, finder })
    }

    /// The tokens of a prompt, up to where the reply begins.
    ///
    /// # Errors
    ///
    /// Says what the template would not render.
    pub fn tokens(&self, messages: &[Message]) -> Result<Vec<LlamaToken>, String> {
        let is_marked =
            |finder: &&AhoCorasick| messages.iter().any(|message| finder.is_match(&message.text));
        if let Some(finder) = self.finder.as_ref().filter(is_marked) {
            return self.masked(finder, messages);
        }
        let text = self.template.render(messages)?;
        let mut tokens = Vec::with_capacity(text.len() / 3 + 8);
        let opens = !self.template.opens_with_mark(&text);
        self.model.vocab().tokenize_into(text.as_bytes(), &mut tokens, opens, true);
        Ok(tokens)
    }

    /// What the author or a model wrote never acts as a control token: such
    /// texts are hidden from the template and put into tokens as plain text.
    fn masked(
        &self,
        finder: &AhoCorasick,
        messages: &[Message],
    ) -> Result<Vec<LlamaToken>, String> {
        let stand_ins: Vec<String> = (STAND_IN..)
            .take(self.controls.len())
            .filter_map(char::from_u32)
            .map(String::from)
            .collect();
        let hidden: Vec<Message> = messages
            .iter()
            .map(|m| Message::new(m.role, finder.replace_all(&m.text, &stand_ins)))
            .collect();
        let text = self.template.render(&hidden)?;
        let vocabulary = self.model.vocab();
        let mut tokens = Vec::with_capacity(text.len() / 3 + 8);
        let mut opens = !self.template.opens_with_mark(&text);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let found = rest.char_indices().find_map(|(at, c)| {
                let index = u32::from(c).checked_sub(STAND_IN)?;
                let control = self.controls.get(usize::try_from(index).ok()?)?;
                Some((at, at + c.len_utf8(), control))
            });
            let (until, from, control) = found.unwrap_or((rest.len(), rest.len(), &EMPTY));
            if until > 0 {
                vocabulary.tokenize_into(&rest.as_bytes()[..until], &mut tokens, opens, true);
                opens = false;
            }
            if !control.is_empty() {
                vocabulary.tokenize_into(control.as_bytes(), &mut tokens, false, false);
            }
            rest = &rest[from..];
        }
        Ok(tokens)
    }

    /// Tokens that `text` takes, read as plain text.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        let mut tokens = Vec::with_capacity(text.len() / 3 + 8);
        self.model.vocab().tokenize_into(text.as_bytes(), &mut tokens, false, false);
        tokens.len()
    }

    /// The model that this vocabulary belongs to.
    #[must_use]
    pub fn model(&self) -> &LlamaModel {
        &self.model
    }
}

static EMPTY: String = String::new();

impl Tokenizer for Vocabulary {
    fn text(&self, text: &str) -> usize {
        self.count(text)
    }

    fn prompt(&self, messages: &[Message]) -> usize {
        // A conversation that the template refuses is refused again, with its
        // reason, when it is sent; until then no bound may be too low.
        let bound = || messages.iter().map(|m| m.text.len() + 16).sum::<usize>() + 16;
        self.tokens(messages).map_or_else(|_| bound(), |tokens| tokens.len())
    }
}

//! A JSON page of an endpoint: its list of models, say, or what a key may do.
//!
//! The same client fetches it as the replies: to the same origin, with the same
//! key, without redirects. It is no call to a model, so nobody is billed.

use serde_json::Value;

use super::fault::{Failure, Judge};
use super::{PAGE_LIMIT, Remote, echo, halves, refusal};
use crate::provider::Fault;
use crate::provider::sse::EVENT_LIMIT;

impl Remote {
    /// The JSON that this endpoint answers a GET of `path` with. The path, which
    /// may have a query, stands under the base URL: `/models` under `…/v1`.
    ///
    /// The key, and what else is secret, does not stand in it, whatever it repeats.
    ///
    /// It is asked for once; whether a passing fault is worth another try is
    /// for the caller to say. Dropping the future ends it.
    ///
    /// # Errors
    ///
    /// The same [`Fault`]s as for a reply; [`Fault::NotChat`] for what is no
    /// JSON and for a page of more than 16 MiB.
    pub async fn page(&self, path: &str) -> Result<Value, Fault> {
        self.fetch(path, None).await.map_err(|failure| failure.fault)
    }

    /// The JSON that this endpoint answers a POST of `body` to `path` with; else
    /// as [`Remote::page`].
    ///
    /// # Errors
    ///
    /// As for [`Remote::page`].
    pub async fn page_for(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.fetch(path, Some(body)).await.map_err(|failure| failure.fault)
    }

    pub(super) async fn fetch(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let judge = Judge { model: None, ..self.judge() };
        let mut answer =
            self.client.page(path, body).await.map_err(|broken| judge.broken(&broken))?;
        let good = (200..300).contains(&answer.status);
        let most = if good { EVENT_LIMIT } else { PAGE_LIMIT };
        let idle = self.endpoint.patience.idle;
        let (bytes, broken) = answer.rest(Vec::new(), most + 1, idle).await;
        if !good {
            // An error body that is cut still says something.
            return Err(judge.status(&answer, &refusal::of_body(&bytes)));
        }
        if let Some(broken) = broken {
            return Err(judge.broken(&broken));
        }
        if bytes.len() > most {
            return Err(judge.garbled(&format!("a page of more than {most} bytes")));
        }
        // Some servers put a mark of the byte order before it.
        let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        match halves::value(plain) {
            Ok(page) if page.get("error").is_none_or(Value::is_null) => {
                Ok(echo::page(page, &self.secrets))
            }
            _ => Err(judge.not_chat(&refusal::of_body(&bytes))),
        }
    }
}

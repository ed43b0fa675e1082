//! What the bodies of all wires have in common.
//!
//! | File | What |
//! |---|---|
//! | `settings` | the sampling vocabulary in a wire's words |
//! | `parts` | messages split where the endpoint's cache is to be told |

use serde_json::{Map, Value};

pub mod parts;
pub mod settings;

/// The fields of a body, in the order in which they are set.
#[derive(Debug, Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Sets a field. A value that has no JSON form, such as a float that is no
    /// number, leaves it to the endpoint.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) {
        let value = value.into();
        if !value.is_null() {
            self.0.insert(field.to_owned(), value);
        }
    }

    /// The fields.
    #[must_use]
    pub fn done(self) -> Map<String, Value> {
        self.0
    }
}

/// Lays a row's own fields over a body: objects are joined, anything else takes
/// the place of what stands there, and `null` takes a field out.
pub fn lay(under: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (field, value) in over {
        match (under.get_mut(field), value) {
            (_, Value::Null) => {
                under.shift_remove(field);
            }
            (Some(Value::Object(under)), Value::Object(over)) => lay(under, over),
            _ => {
                under.insert(field.clone(), value.clone());
            }
        }
    }
}

/// 0.8 as `0.8`, where widening alone would give 0.800000011920929.
#[must_use]
pub fn number(value: f32) -> Value {
    Value::from((f64::from(value) * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn own_fields_are_laid_over_a_body() {
        let mut body = json!({"a": 1, "b": {"c": 1, "d": 2}, "e": [1], "f": true});
        let over =
            json!({"a": 2, "b": {"c": null, "x": {"y": 1}}, "e": {"z": 1}, "f": null, "g": null});
        lay(body.as_object_mut().unwrap(), over.as_object().unwrap());
        assert_eq!(body, json!({"a": 2, "b": {"d": 2, "x": {"y": 1}}, "e": {"z": 1}}));
    }

    #[test]
    fn numbers_are_as_people_write_them() {
        for (value, shown) in [(0.8, json!(0.8)), (1.17, json!(1.17)), (2.0, json!(2.0))] {
            assert_eq!(number(value), shown);
        }
        assert_eq!(number(f32::NAN), Value::Null);
    }
}

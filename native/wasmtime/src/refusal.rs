//! Why a value did not cross between host and guest, with the path to what is wrong.

use crate::fault::Fault;
use crate::js::{self, Env, Kind, Value};

pub struct Refusal {
    path: String,
    why: Why,
}

enum Why {
    /// `expected u8, got 300`
    Wrong(String),
    TooLong {
        units: usize,
        limit: usize,
    },
    Fault(Fault),
    Engine(wasmtime::Error),
}

impl Refusal {
    pub fn wrong<T>(env: Env, expected: &str, value: Value) -> Result<T, Refusal> {
        Err(Refusal::plain(format!("expected {expected}, got {}", describe(env, value))))
    }

    pub fn plain(message: String) -> Refusal {
        Refusal { path: String::new(), why: Why::Wrong(message) }
    }

    pub fn too_long(units: usize, limit: usize) -> Refusal {
        Refusal { path: String::new(), why: Why::TooLong { units, limit } }
    }

    /// The same, one step further out.
    pub fn within(mut self, step: &str) -> Refusal {
        self.path.insert_str(0, step);
        self
    }

    /// As what ends the guest; `what` is the value that the path leads into.
    pub fn into_error(self, what: &str) -> wasmtime::Error {
        let Refusal { path, why } = self;
        wasmtime::Error::new(match why {
            Why::Wrong(message) => Fault::HostValue(format!("{what}{path}: {message}")),
            Why::TooLong { units, limit } => Fault::limit(
                "string",
                format!("{what}{path} has {units} UTF-16 units, more than the limit of {limit}"),
            ),
            Why::Fault(fault) => fault,
            Why::Engine(error) => return error,
        })
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        Refusal { path: String::new(), why: Why::Fault(fault) }
    }
}

impl From<wasmtime::Error> for Refusal {
    fn from(error: wasmtime::Error) -> Refusal {
        Refusal { path: String::new(), why: Why::Engine(error) }
    }
}

/// A value in a message: itself where it is short, else what it is.
fn describe(env: Env, value: Value) -> String {
    match js::kind(env, value) {
        Kind::Undefined => "undefined".into(),
        Kind::Null => "null".into(),
        Kind::Boolean | Kind::Number => js::display(env, value),
        Kind::BigInt => format!("{}n", js::display(env, value)),
        Kind::String => quoted(&js::utf16(env, value, 40)),
        Kind::Object if js::is_array(env, value) => "an array".into(),
        Kind::Object => "a object".into(),
        Kind::Function => "a function".into(),
        Kind::Symbol => "a symbol".into(),
        Kind::External => "an external".into(),
    }
}

/// As `JSON.stringify` writes a text.
fn quoted(units: &[u16]) -> String {
    let mut text = String::from('"');
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok('"') => text.push_str("\\\""),
            Ok('\\') => text.push_str("\\\\"),
            Ok('\n') => text.push_str("\\n"),
            Ok('\r') => text.push_str("\\r"),
            Ok('\t') => text.push_str("\\t"),
            Ok('\u{8}') => text.push_str("\\b"),
            Ok('\u{c}') => text.push_str("\\f"),
            Ok(letter) if letter < ' ' => text.push_str(&format!("\\u{:04x}", letter as u32)),
            Ok(letter) => text.push(letter),
            Err(lone) => text.push_str(&format!("\\u{:04x}", lone.unpaired_surrogate())),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn texts_are_written_as_json() {
        let units: Vec<u16> = "a\"\\\n\u{1}é".encode_utf16().chain([0xd83d]).collect();
        assert_eq!(quoted(&units), r#""a\"\\\n\u0001é\ud83d""#);
    }
}

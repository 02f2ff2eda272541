//! The keys and credentials among cargo's settings, as variables.
//!
//! In: tables of a `config.toml` or `credentials.toml`. Out: the tables without them, and the
//! variables by which cargo takes them. Invariant: no table that is left has a key, a credential or
//! an address with a user; what no variable can say is an error that names it and not its value.

use camino::Utf8Path;
use serde_json::{Map, Value};

use super::environment::Environment;
use super::secrets::without_credentials;

pub(super) type Tables = Map<String, Value>;

/// What a registry may have of them.
const KEYS: [&str; 5] = [
    "credential-provider",
    "global-credential-providers",
    "secret-key",
    "secret-key-subject",
    "token",
];

/// Takes them out of `tables`, whose paths start at `directory`.
pub(super) fn take(tables: &mut Tables, directory: &Utf8Path) -> Result<Environment, String> {
    let mut taken = Taken {
        directory,
        variables: Environment::new(),
    };
    if let Some(Value::Object(aliases)) = tables.remove("credential-alias") {
        for (name, value) in &aliases {
            taken.set("CARGO_CREDENTIAL_ALIAS", name, value)?;
        }
    }
    if let Some(registry) = table(tables, "registry") {
        taken.registry("CARGO_REGISTRY", registry)?;
    }
    for (name, registry) in table(tables, "registries").into_iter().flatten() {
        let prefix = variable("CARGO_REGISTRIES", name);
        if let Some(registry) = registry.as_object_mut() {
            taken.registry(&prefix, registry)?;
        }
    }
    let http = table(tables, "http");
    if let Some(proxy) = http.and_then(|http| http.remove("proxy")) {
        taken.set("CARGO_HTTP", "proxy", &proxy)?;
    }
    match tables.iter().find_map(|(name, value)| secret(name, value)) {
        None => Ok(taken.variables),
        Some(name) => Err(format!(
            "`{name}` has credentials in its address, and cargo takes it from no variable; name \
             the registry below `registries`, and give its token apart"
        )),
    }
}

fn table<'a>(tables: &'a mut Tables, name: &str) -> Option<&'a mut Tables> {
    tables.get_mut(name)?.as_object_mut()
}

struct Taken<'a> {
    directory: &'a Utf8Path,
    variables: Environment,
}

impl Taken<'_> {
    fn registry(&mut self, prefix: &str, registry: &mut Tables) -> Result<(), String> {
        for key in KEYS {
            match (key, registry.remove(key)) {
                (_, None) => {}
                ("global-credential-providers", Some(providers)) => {
                    self.providers(prefix, key, &providers)?;
                }
                (_, Some(value)) => self.set(prefix, key, &value)?,
            }
        }
        let index = registry.get("index").cloned();
        if let Some(index) = index.filter(|index| secret("", index).is_some()) {
            registry.remove("index");
            self.set(prefix, "index", &index)?;
        }
        Ok(())
    }

    /// A list of commands. The variable separates them by spaces, so one with arguments gets a
    /// name.
    fn providers(&mut self, prefix: &str, key: &str, value: &Value) -> Result<(), String> {
        let mut names = Vec::new();
        let one = std::slice::from_ref(value);
        for provider in value.as_array().map_or(one, Vec::as_slice) {
            let text = self.text(key, provider)?;
            if text.contains(char::is_whitespace) {
                let name = format!("bimetal-{}", names.len());
                self.set("CARGO_CREDENTIAL_ALIAS", &name, &Value::String(text))?;
                names.push(name);
            } else {
                names.push(text);
            }
        }
        self.set(prefix, key, &Value::String(names.join(" ")))
    }

    fn set(&mut self, prefix: &str, key: &str, value: &Value) -> Result<(), String> {
        let text = self.text(key, value)?;
        self.variables.insert(variable(prefix, key), text);
        Ok(())
    }

    /// A text, or a program with its arguments.
    fn text(&self, key: &str, value: &Value) -> Result<String, String> {
        let words = match value {
            Value::String(text) if !is_command(key) => return Ok(text.clone()),
            Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
            Value::Array(words) => words
                .iter()
                .map(|word| {
                    word.as_str()
                        .filter(|word| !word.contains(char::is_whitespace))
                })
                .map(|word| word.map(str::to_owned))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| format!("`{key}` has an argument that no variable can say"))?,
            _ => return Err(format!("`{key}` is no text")),
        };
        let mut words: Vec<String> = words;
        // Cargo takes a path from a variable for one of the directory that it runs in.
        if let Some(program) = words.first_mut().filter(|word| word.contains('/')) {
            *program = self.directory.join(&*program).into_string();
        }
        Ok(words.join(" "))
    }
}

fn is_command(key: &str) -> bool {
    !matches!(
        key,
        "index" | "proxy" | "secret-key" | "secret-key-subject" | "token"
    )
}

/// The variable of a key, as cargo names it.
fn variable(prefix: &str, key: &str) -> String {
    format!("{prefix}_{}", key.to_uppercase().replace('-', "_"))
}

/// The name of the first address with credentials.
fn secret(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (without_credentials(text) != *text).then(|| name.to_owned()),
        Value::Array(values) => values.iter().find_map(|value| secret(name, value)),
        Value::Object(table) => table
            .iter()
            .find_map(|(key, value)| secret(&format!("{name}.{key}"), value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn taken(tables: Value) -> (String, Result<Environment, String>) {
        let Value::Object(mut tables) = tables else {
            panic!("tables are a map")
        };
        let taken = take(&mut tables, Utf8Path::new("/home/me"));
        (Value::Object(tables).to_string(), taken)
    }

    #[test]
    fn keys_and_credentials_become_the_variables_that_cargo_reads() {
        let (left, variables) = taken(json!({
            "registry": {"default": "acme", "token": "s-1", "global-credential-providers":
                ["cargo:token", "cargo:token-from-stdout print s-2"]},
            "registries": {"acme-corp": {"index": "sparse+https://acme/", "token": "s-3",
                "credential-provider": ["bin/ask", "--key=s-4"]},
                "other": {"index": "https://s-5@other/git"}},
            "http": {"proxy": "me:s-6@proxy:3128", "timeout": 5},
            "credential-alias": {"mine": ["ask", "s-7"]},
        }));
        let variables: Vec<String> = variables
            .unwrap()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            variables,
            [
                "CARGO_CREDENTIAL_ALIAS_BIMETAL_1=cargo:token-from-stdout print s-2",
                "CARGO_CREDENTIAL_ALIAS_MINE=ask s-7",
                "CARGO_HTTP_PROXY=me:s-6@proxy:3128",
                "CARGO_REGISTRIES_ACME_CORP_CREDENTIAL_PROVIDER=/home/me/bin/ask --key=s-4",
                "CARGO_REGISTRIES_ACME_CORP_TOKEN=s-3",
                "CARGO_REGISTRIES_OTHER_INDEX=https://s-5@other/git",
                "CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS=cargo:token bimetal-1",
                "CARGO_REGISTRY_TOKEN=s-1",
            ]
        );
        assert!(!left.contains("s-"), "{left}");
        assert!(
            left.contains("sparse+https://acme/") && left.contains("timeout"),
            "{left}"
        );
    }

    #[test]
    fn what_no_variable_can_say_is_named_and_not_shown() {
        for (tables, name) in [
            (
                json!({"source": {"m": {"registry": "https://me:s-1@m/"}}}),
                "`source.m.registry`",
            ),
            (
                json!({"registry": {"credential-provider": ["a", "s-1 b"]}}),
                "credential-provider",
            ),
            (
                json!({"registry": {"token": ["s-1"], "secret-key": {"a": "s-1"}}}),
                "secret-key",
            ),
        ] {
            let error = taken(tables).1.unwrap_err();
            assert!(error.contains(name) && !error.contains("s-1"), "{error}");
        }
    }
}

//! What Go and Rust tell each other as JSON, as Go knows it.
//!
//! In: the Rust source that defines the structs. Out: `wire_gen.go`. Invariant: names, order and
//! words of the fields are those of the source; a type that Go has no counterpart for is an error.

use std::fmt::Write as _;

use syn::{Attribute, GenericArgument, Item, ItemStruct, PathArguments, Type};

/// Why a source has no counterpart in Go.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// It is not Rust.
    #[error("the source of the structs is not Rust")]
    Parse(#[from] syn::Error),
    /// Go has no such type.
    #[error("field `{field}` has type `{found}`, for which there is no rule")]
    Type { field: String, found: String },
}

/// The structs of `source` that are read or written as JSON, in Go, before `gofmt`.
pub(super) fn go(source: &str) -> Result<String, WireError> {
    let mut text = String::new();
    for item in syn::parse_file(source)?.items {
        if let Item::Struct(item) = item
            && crosses(&item)
        {
            text += &structure(&item)?;
        }
    }
    Ok(text)
}

fn crosses(item: &ItemStruct) -> bool {
    let derives = item
        .attrs
        .iter()
        .filter(|one| one.path().is_ident("derive"));
    derives.into_iter().any(|attribute| {
        let mut found = false;
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident("Serialize") || meta.path.is_ident("Deserialize");
            Ok(())
        });
        found
    })
}

fn structure(item: &ItemStruct) -> Result<String, WireError> {
    let name = lower(&item.ident.to_string());
    let mut text = format!("\n{}type {name} struct {{\n", comment(&item.attrs, &name));
    // What Rust has a default for may be left out.
    let suffix = if serde(&item.attrs, "default").is_some() {
        ",omitempty"
    } else {
        ""
    };
    for field in &item.fields {
        let rust = field
            .ident
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let go = go_type(&field.ty).ok_or_else(|| WireError::Type {
            field: rust.clone(),
            found: last_name(&field.ty),
        })?;
        if serde(&field.attrs, "flatten").is_some() {
            let _ = writeln!(text, "{}\n", go.trim_start_matches('*'));
            continue;
        }
        let json = serde(&field.attrs, "rename").unwrap_or(rust);
        let name = super::go_name(&json);
        text += &comment(&field.attrs, &name);
        let _ = writeln!(text, "{name} {go} `json:\"{json}{suffix}\"`");
    }
    Ok(text + "}\n")
}

fn go_type(rust: &Type) -> Option<String> {
    let path = match rust {
        Type::Reference(reference) => return go_type(&reference.elem),
        Type::Path(path) => path.path.segments.last()?,
        _ => return None,
    };
    let inner: Vec<_> = match &path.arguments {
        PathArguments::AngleBracketed(list) => list
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(go_type(inner)),
                _ => None,
            })
            .collect::<Option<_>>()?,
        _ => Vec::new(),
    };
    Some(match (path.ident.to_string().as_str(), inner.as_slice()) {
        ("String" | "str" | "Kind" | "Language" | "Utf8PathBuf" | "OnError" | "Policy", []) => {
            "string".to_owned()
        }
        ("i32", []) => "int32".to_owned(),
        ("u32", []) => "uint32".to_owned(),
        ("u64", []) => "uint64".to_owned(),
        ("bool", []) => "bool".to_owned(),
        ("Value", []) => "json.RawMessage".to_owned(),
        ("Vec", [one]) => format!("[]{one}"),
        ("BTreeMap", [key, value]) => format!("map[{key}]{value}"),
        // Only of a list does Go tell none from empty.
        ("Option", [one]) if one.starts_with("[]") => format!("*{one}"),
        ("Option", [one]) => one.clone(),
        (name, []) => lower(name),
        _ => return None,
    })
}

/// The value of a key in `#[serde(…)]`; empty for a key without one.
fn serde(attributes: &[Attribute], key: &str) -> Option<String> {
    let mut found = None;
    for attribute in attributes.iter().filter(|one| one.path().is_ident("serde")) {
        // Keys of other shapes end the parse of this attribute, and none of them is asked for.
        let _ = attribute.parse_nested_meta(|meta| {
            let value = match meta.value() {
                Ok(value) => value.parse::<syn::LitStr>()?.value(),
                Err(_) => String::new(),
            };
            if meta.path.is_ident(key) {
                found = Some(value);
            }
            Ok(())
        });
    }
    found
}

/// The doc comment, which begins with the name as Go wants it.
fn comment(attributes: &[Attribute], name: &str) -> String {
    let mut lines = attributes.iter().filter_map(|attribute| {
        let value = &attribute.meta.require_name_value().ok()?.value;
        match value {
            syn::Expr::Lit(literal) if attribute.path().is_ident("doc") => match &literal.lit {
                syn::Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        }
    });
    let Some(first) = lines.next() else {
        return String::new();
    };
    lines.fold(format!("// {name}: {first}\n"), |text, line| {
        text + "// " + &line + "\n"
    })
}

fn last_name(rust: &Type) -> String {
    let name = match rust {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    };
    name.unwrap_or_else(|| "a type without a name".to_owned())
}

/// A Go name that only this package sees, unless it is the one that the generated main fills.
fn lower(name: &str) -> String {
    if name == "Settings" {
        return name.to_owned();
    }
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
/// Kept out.
struct Inner { at: u64 }
/// A plugin.
#[derive(Debug, Serialize)]
pub(super) struct PluginFile {
    #[serde(flatten)]
    key: Option<ComponentKey>,
    /// Its digest.
    #[serde(rename = "sha256", skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    used: Option<Vec<ComponentKey>>,
}"#;

    #[test]
    fn a_struct_becomes_the_struct_that_go_reads() {
        assert_eq!(
            go(SOURCE).unwrap(),
            "\n// pluginFile: A plugin.\ntype pluginFile struct {\ncomponentKey\n\n\
             // SHA256: Its digest.\nSHA256 string `json:\"sha256\"`\n\
             Used *[]componentKey `json:\"used\"`\n}\n"
        );
    }

    #[test]
    fn a_field_that_is_renamed_in_rust_changes_what_go_has() {
        let renamed = SOURCE.replace("used:", "wanted:");
        assert_ne!(go(SOURCE).unwrap(), go(&renamed).unwrap());
        assert!(go(&renamed).unwrap().contains("`json:\"wanted\"`"));
    }

    #[test]
    fn a_type_without_a_rule_is_an_error_that_names_the_field() {
        let error = go(&SOURCE.replace("Option<String>", "Result<String, u32>")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "field `digest` has type `Result`, for which there is no rule"
        );
    }
}

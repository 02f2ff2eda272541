//! The text of `cargo:`: one line of `[dependencies]`.
//!
//! In: literal TOML. Out: [`CrateSpec`]. Invariant: pure; a path is as it was written.

use toml_edit::{DocumentMut, InlineTable, Item, TableLike};

use crate::model::CrateSpec;

/// Parses `text`. The error is a fragment that says what is wrong.
pub(super) fn parse(text: &str) -> Result<CrateSpec, String> {
    let document: DocumentMut = text
        .trim()
        .parse()
        .map_err(|error: toml_edit::TomlError| error.message().replace('\n', " "))?;
    let mut entries = document.iter();
    let (Some((key, item)), None) = (entries.next(), entries.next()) else {
        return Err("it must name exactly one crate, as in `name = \"1.0\"`".to_owned());
    };
    if !is_crate_name(key) {
        return Err(format!(
            "`{}` cannot be the name of a crate",
            key.escape_debug()
        ));
    }
    let mut table = as_table(item)?;
    for (field, why) in [
        (
            "workspace",
            "there is no workspace that it could inherit from",
        ),
        ("optional", "a component is always built"),
        ("artifact", "a component is a library"),
    ] {
        if table.contains_key(field) {
            return Err(format!("`{field}` cannot be used here: {why}"));
        }
    }
    let package = match table.get("package") {
        None => key.to_owned(),
        Some(package) => package.as_str().ok_or("`package` must be text")?.to_owned(),
    };
    let path = match table.remove("path") {
        None => None,
        Some(path) => Some(path.as_str().ok_or("`path` must be text")?.to_owned()),
    };
    if path.is_none()
        && !["version", "git"]
            .iter()
            .any(|field| table.contains_key(field))
    {
        return Err("it needs `version`, `git` or `path`".to_owned());
    }
    if path.is_some() {
        // A copy has the version that it has.
        table.remove("version");
        table.insert("path", format!("local/{package}").into());
    }
    table.fmt();
    Ok(CrateSpec {
        key: key.to_owned(),
        ident: key.replace('-', "_"),
        value: table.to_string().trim().to_owned(),
        crate_name: package,
        path,
    })
}

fn as_table(item: &Item) -> Result<InlineTable, String> {
    if let Some(version) = item.as_str() {
        let mut table = InlineTable::new();
        table.insert("version", version.into());
        return Ok(table);
    }
    let fields = item
        .as_table_like()
        .ok_or("its value must be a version or a table")?;
    inline(fields)
}

fn inline(fields: &dyn TableLike) -> Result<InlineTable, String> {
    let mut table = InlineTable::new();
    for (key, item) in fields.iter() {
        let value = item
            .as_value()
            .cloned()
            .ok_or_else(|| format!("`{key}` must be a plain value"))?;
        table.insert(key, value);
    }
    Ok(table)
}

fn is_crate_name(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well
        && text.len() <= 64
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> CrateSpec {
        parse(text).unwrap()
    }

    #[test]
    fn a_version_becomes_a_table() {
        let dependency = parsed("my-redactor = \"0.3\"");
        assert_eq!(dependency.key, "my-redactor");
        assert_eq!(dependency.value, "{ version = \"0.3\" }");
        assert_eq!(dependency.path, None);
    }

    #[test]
    fn the_path_of_the_copy_stands_in_place_of_the_crates_own() {
        let dependency =
            parsed("r = { path = \"../r\", package = \"my-redactor\", features = [\"x\"] }");
        assert_eq!(dependency.path.as_deref().unwrap(), "../r");
        assert_eq!(dependency.crate_name, "my-redactor");
        assert_eq!(
            dependency.value,
            "{ package = \"my-redactor\", features = [\"x\"], path = \"local/my-redactor\" }"
        );
    }

    #[test]
    fn dotted_keys_are_one_crate() {
        assert_eq!(
            parsed("a.version = \"1\"\na.features = []").value,
            "{ version = \"1\", features = [] }"
        );
    }

    #[test]
    fn refuses_what_is_not_one_dependency() {
        for (text, part) in [
            ("", "exactly one"),
            ("a = \"1\"\nb = \"1\"", "exactly one"),
            ("a", "expected"),
            ("a = 1", "a version or a table"),
            ("a = { features = [] }", "`version`, `git` or `path`"),
            ("a = { workspace = true }", "workspace"),
            ("a = { version = \"1\", optional = true }", "optional"),
            ("\"a b\" = \"1\"", "name of a crate"),
            ("a = { path = 1 }", "must be text"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}

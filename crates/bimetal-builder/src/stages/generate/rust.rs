//! The Cargo workspace: main's static library, for each component the program that describes it,
//! one cdylib per Rust plugin, copies of path crates.
//!
//! In: [`Plan`]. Out: texts in the tree. Invariant: every path in them stays below `rust/`.

use serde_json::json;

use super::carried;
use super::template::render;
use crate::model::carried::CARRIED;
use crate::model::{Linkage, Plan, RustComponent, RustProfile, SourceTree};

/// The carried crates that only components use; the plugin host does not.
const FOR_COMPONENTS: [&str; 2] = ["bimetal-pdata", "bimetal-sdk"];

pub(super) fn add(plan: &Plan, tree: &mut SourceTree) {
    let components = &plan.rust_components;
    let linked_in: Vec<&RustComponent> = plan.rust_with(Linkage::Static).collect();
    let mut members = vec!["main".to_owned()];
    tree.insert(
        "rust/main/Cargo.toml",
        render("rust_main.toml.j2", json!({ "components": linked_in })),
    );
    tree.insert(
        "rust/main/src/lib.rs",
        render("rust_main.rs.j2", json!({ "components": linked_in })),
    );
    for component in components {
        members.push(format!("describe/{}", component.name));
        let context = json!({ "component": component, "package": component.describer() });
        let directory = component.describer_dir();
        tree.insert(
            directory.join("Cargo.toml"),
            render("rust_describe.toml.j2", context.clone()),
        );
        tree.insert(
            directory.join("src/main.rs"),
            render("rust_describe.rs.j2", context),
        );
    }
    for component in plan.rust_with(Linkage::Plugin) {
        members.push(format!("plugin/{}", component.name));
        let context = json!({ "component": component, "kind": component.kind.as_str() });
        tree.insert(
            component.dir.join("Cargo.toml"),
            render("rust_plugin.toml.j2", context.clone()),
        );
        tree.insert(
            component.dir.join("src/lib.rs"),
            render("rust_plugin.rs.j2", context),
        );
    }
    // A patch that nothing uses would only earn a warning from cargo.
    let is_used = |name: &&&str| !components.is_empty() || !FOR_COMPONENTS.contains(name);
    let carried: Vec<_> = CARRIED.iter().filter(is_used).collect();
    let profile = plan
        .rust
        .as_ref()
        .map_or(RustProfile::Release, |rust| rust.profile);
    // What ships is compiled as a whole.
    let edited = plan.local_crates.iter().map(|local| &local.name);
    let edited: Vec<_> = edited.filter(|_| profile == RustProfile::Release).collect();
    let workspace = json!({
        "members": members,
        "components": components,
        "carried": carried,
        "edited": edited,
        "profile": profile,
    });
    tree.insert(
        "rust/Cargo.toml",
        render("rust_workspace.toml.j2", workspace),
    );
    tree.insert_seed("rust/Cargo.lock", carried::lock());
    for local in &plan.local_crates {
        let directory = format!("rust/local/{}", local.name);
        tree.insert(format!("{directory}/Cargo.toml"), local.manifest.clone());
        for (path, bytes) in &local.files {
            tree.insert(format!("{directory}/{path}"), bytes.clone());
        }
    }
}

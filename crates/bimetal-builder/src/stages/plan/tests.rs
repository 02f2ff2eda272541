use insta::assert_snapshot;

use super::Step::{Build, Describe, Generate, Lock, Modules, Package, Stamp, Verify};
use super::samples::{hosted, hosted_plan, plain, plain_plan};
use super::*;
use crate::model::RustProfile;

fn shown(plan: &Plan) -> String {
    table(plan, &crate::stages::generate::generate(plan).paths())
}

#[test]
fn the_plan_of_a_plain_distribution_is_ocbs() {
    assert_snapshot!(shown(&plain_plan()));
}

#[test]
fn the_plan_of_a_distribution_with_plugins_names_everything() {
    assert_snapshot!(shown(&hosted_plan()));
}

#[test]
fn the_plan_can_be_read_by_programs() {
    let json = serde_json::to_value(hosted_plan()).unwrap();
    assert_eq!(json["steps"][0], "generate");
    assert_eq!(json["host"]["plugins_dir"], "plugins");
    assert_eq!(json["rust_components"][0]["linkage"], "plugin");
}

#[test]
fn a_skipped_step_is_absent() {
    let steps = |change: fn(&mut crate::stages::resolve::Options)| {
        let mut resolved = hosted();
        change(&mut resolved.options);
        plan(resolved).steps
    };
    assert_eq!(
        steps(|_| ()),
        [
            Generate, Modules, Lock, Describe, Stamp, Build, Verify, Package
        ]
    );
    assert_eq!(steps(|options| options.skip_generate = true)[0], Modules);
    assert_eq!(steps(|options| options.skip_modules = true)[1], Lock);
    assert_eq!(
        steps(|options| options.skip_compilation = true),
        [Generate, Modules]
    );
}

#[test]
fn go_flags_are_ocbs() {
    let flags = |change: fn(&mut Resolved)| {
        let mut resolved = plain();
        change(&mut resolved);
        let go = plan(resolved).go;
        (go.ldflags, go.gcflags, go.tags)
    };
    let own = |text: &str| text.to_owned();
    assert_eq!(flags(|_| ()), (own("-s -w"), String::new(), String::new()));
    assert_eq!(flags(|r| r.options.ldflags = Some(String::new())).0, "");
    assert_eq!(flags(|r| r.options.gcflags = Some("-N".into())).1, "-N");
    let debug = |r: &mut Resolved| {
        r.dist.debug_compilation = true;
        r.options.ldflags = Some("-X a=b".into());
        r.options.gcflags = Some("-l".into());
    };
    assert_eq!(
        flags(debug),
        (own("-X a=b"), own("all=-N -l"), String::new())
    );
    assert_eq!(flags(|r| r.dist.debug_compilation = true).0, "");
    assert_eq!(flags(|r| r.dist.build_tags = "a,b".into()).2, "a,b");
    let detectors = flags(|r| r.dist.detectors = vec!["env".into(), "system".into()]).2;
    assert!(
        detectors.starts_with("omit_detector_akamai,") && !detectors.contains("omit_detector_env")
    );
}

#[test]
fn main_is_called_as_go_would_call_it_when_it_has_no_name() {
    let binary = |module: &str, name: &str, windows: bool| {
        let mut resolved = plain();
        resolved.dist.module = module.to_owned();
        resolved.dist.name = name.to_owned();
        resolved.windows = windows;
        plan(resolved).distribution.binary
    };
    assert_eq!(binary("example.com/otelcol", "", false), "otelcol");
    assert_eq!(binary("example.com/otelcol/v2", "", false), "otelcol");
    assert_eq!(binary("x", "acme", true), "acme.exe");
    assert_eq!(binary("x", "Acme.EXE", true), "Acme.EXE");
}

#[test]
fn plugins_stand_where_main_looks_for_them_if_that_is_inside() {
    let place = |dir: Option<&str>| {
        let mut resolved = hosted();
        resolved.dist.plugins_dir = dir.map(str::to_owned);
        let host = plan(resolved).host.unwrap();
        (host.plugins_dir.unwrap(), host.plugins_out.into_string())
    };
    assert_eq!(place(None), ("plugins".to_owned(), "plugins".to_owned()));
    assert_eq!(
        place(Some("./lib/p")),
        ("./lib/p".to_owned(), "lib/p".to_owned())
    );
    assert_eq!(
        place(Some("/usr/lib/otelcol")),
        ("/usr/lib/otelcol".to_owned(), "plugins".to_owned())
    );
    assert_eq!(
        place(Some("../p")),
        ("../p".to_owned(), "plugins".to_owned())
    );
}

#[test]
fn main_loads_plugins_of_both_languages_unless_it_has_no_directory_or_leaves_one_out() {
    let languages = |dir: Option<&str>, named: Option<&[Language]>| {
        let mut resolved = hosted();
        resolved
            .components
            .retain(|one| one.linkage == Linkage::Static);
        resolved.dist.plugins_dir = dir.map(str::to_owned);
        resolved.dist.plugin_languages = named.map(<[_]>::to_vec);
        plan(resolved).host.unwrap().plugin_languages
    };
    let both = [Language::Go, Language::Rust];
    assert_eq!(languages(Some("plugins"), None), both);
    assert_eq!(languages(None, None), [Language::Rust]);
    assert_eq!(languages(None, Some(&both)), both);
    assert_eq!(languages(Some("p"), Some(&both[1..])), [Language::Rust]);
}

#[test]
fn a_hermetic_plan_runs_the_compilers_in_a_container_and_lists_what_is_reported_about_it() {
    let mut resolved = samples::hosted();
    resolved.container = Some(crate::model::Base::Image("acme/base:4".to_owned()));
    let outside = plan(resolved.clone());
    assert_eq!(
        outside.steps,
        [
            Step::Generate,
            Step::Modules,
            Step::Fetch,
            Step::Container,
            Step::Package
        ]
    );
    let paths: Vec<_> = outside
        .artifacts
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    assert!(
        paths.contains(&"SHA256SUMS") && paths.contains(&"environment.json"),
        "{paths:?}"
    );
    let place = Again {
        out: "/bimetal/src".into(),
        ..Again::default()
    };
    // What is shipped is optimised as a whole, unless the key says otherwise.
    assert_eq!(outside.rust.as_ref().unwrap().profile, RustProfile::Dist);
    resolved.dist.rust_profile = Some(RustProfile::Release);
    let profile = plan(resolved.clone()).rust.unwrap().profile;
    assert_eq!(profile, RustProfile::Release);
    let inside = again(outside, place);
    assert_eq!(
        inside.steps,
        [
            Step::Lock,
            Step::Describe,
            Step::Stamp,
            Step::Build,
            Step::Verify,
            Step::Package
        ]
    );
    resolved.options.dockerfile_only = true;
    assert_eq!(plan(resolved).steps, [Step::Dockerfile]);
}

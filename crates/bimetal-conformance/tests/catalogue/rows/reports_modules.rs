//! What users report of Go modules that do not go together.
//!
//! In: a receiver in a directory, and modules beside it. Out: rows. Invariant: the builder says it
//! before the long part of a build.

use super::rows;
use crate::builder::{Input, configuration};
use crate::row::Finding;

rows!(
    a_component_for_another_core_is_named_with_both_versions,
    core_modules_of_several_releases_are_named_with_who_asks,
    core_modules_of_several_releases_under_strict_versioning,
    a_package_that_only_a_test_of_a_dependency_imports,
    a_package_in_two_modules_at_once,
    a_package_in_two_modules_of_which_one_is_excluded,
    lines_of_a_go_mod_that_count_in_a_main_module_only,
    a_directory_of_a_replace_that_is_not_there,
);

const RECEIVER: &str = "receivers:\n  - {gomod: example.com/r v1.0.0, path: r}\n";
const SOURCES: &str = "--skip-compilation";
const PLAIN: &str = "func NewFactory() int { return 1 }\n";
const OF_CORE: &str = "import \"go.opentelemetry.io/collector/component\"\n\n\
    func NewFactory() component.Type { return component.MustNewType(\"r\") }\n";

fn a_component_for_another_core_is_named_with_both_versions() -> Finding {
    let asks = "require go.opentelemetry.io/collector/component v1.30.0\n";
    let code = OF_CORE.replace("component.Type ", "component.Gone ");
    configuration(RECEIVER).module("r", asks, &code).fails(&[
        "the component of `gomod: example.com/r v1.0.0` does not compile",
        "asks for `go.opentelemetry.io/collector/component` v1.30.0, and v1.67.0 is selected",
        "undefined: component.Gone",
    ])
}

/// The receiver asks for a later core than the configuration.
fn of_a_later_core() -> Input {
    let asks = "require go.opentelemetry.io/collector/component v1.71.0\n";
    let input = configuration(RECEIVER).module("r", asks, OF_CORE);
    input.argument(SOURCES)
}

const SEVERAL: &str = "modules of the core Collector are of different releases";
const WHO_ASKS: &str = "asked for by `gomod: example.com/r v1.0.0`";

fn core_modules_of_several_releases_are_named_with_who_asks() -> Finding {
    of_a_later_core().passes(&["warning: ", SEVERAL, WHO_ASKS])
}

fn core_modules_of_several_releases_under_strict_versioning() -> Finding {
    let strict = of_a_later_core().argument("--skip-strict-versioning=false");
    strict.fails(&["error: ", SEVERAL, WHO_ASKS])
}

fn a_package_that_only_a_test_of_a_dependency_imports() -> Finding {
    let replaces = "replaces: [example.com/m => ../m, example.com/n => ../n]\n";
    let code = format!("import _ \"example.com/m\"\n\n{PLAIN}");
    let test = "package m\n\nimport _ \"example.com/n/gone\"\n";
    configuration(&format!("{RECEIVER}{replaces}"))
        .module("r", "require example.com/m v1.0.0\n", &code)
        .module(
            "m",
            "require example.com/n v1.0.0\n",
            "import _ \"example.com/n\"\n",
        )
        .module("n", "", "")
        .file("m/m_test.go", test)
        .variable("GOPROXY", "off")
        .argument(SOURCES)
        .passes(&["only a test of `example.com/m` imports `example.com/n/gone`"])
}

/// Two receivers, of which one uses a package that has moved out of the module of the other.
fn with_a_split_module(more: &str) -> Input {
    let lines = "  - {gomod: example.com/s v1.0.0, path: s}\nreplaces:\n  \
        - example.com/parent => ../parent\n  - example.com/parent/child => ../split\n";
    let code = format!("import _ \"example.com/parent/child\"\n\n{PLAIN}");
    configuration(&format!("{RECEIVER}{lines}{more}"))
        .module("r", "require example.com/parent v1.0.0\n", &code)
        .module("s", "require example.com/parent/child v1.1.0\n", &code)
        .module("parent", "", "")
        .file("parent/child/child.go", "package child\n")
        .file("split/go.mod", "module example.com/parent/child\n")
        .file("split/child.go", "package child\n")
        .argument(SOURCES)
}

fn a_package_in_two_modules_at_once() -> Finding {
    with_a_split_module("").fails(&[
        "`example.com/parent/child` is in several modules at once",
        "which `gomod: example.com/r v1.0.0` asks for",
        "which `gomod: example.com/s v1.0.0` asks for",
        "`example.com/parent v1.0.0` in `excludes`",
    ])
}

/// What the report advises is a cure.
fn a_package_in_two_modules_of_which_one_is_excluded() -> Finding {
    with_a_split_module("excludes: [example.com/parent v1.0.0]\n").passes(&["sources in "])
}

fn lines_of_a_go_mod_that_count_in_a_main_module_only() -> Finding {
    let lines = "require example.com/lib v1.0.0\n\nreplace example.com/lib => ../lib\n";
    configuration(RECEIVER)
        .module("r", lines, PLAIN)
        .module("lib", "", "")
        .file("r/vendor/modules.txt", "# example.com/lib v1.0.0\n")
        .module("more", "", "")
        .file("go.work", "go 1.25\n\nuse (\n\t./r\n\t./more\n)\n")
        .argument("--dry-run")
        .passes(&[
            "write `example.com/lib => ../lib` into `replaces`",
            "r/vendor`",
            "go.work`",
        ])
}

fn a_directory_of_a_replace_that_is_not_there() -> Finding {
    let replaces = "replaces: [example.com/gone => ./gone]\n";
    let code = format!("import _ \"example.com/gone\"\n\n{PLAIN}");
    configuration(&format!("{RECEIVER}{replaces}"))
        .module("r", "require example.com/gone v1.0.0\n", &code)
        .argument(SOURCES)
        .fails(&["gone", "relative to the output directory"])
}

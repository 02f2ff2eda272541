//! The table of kinds, signals, stability levels, formats, statuses and instruments, as C and Go
//! know it.
//!
//! In: the rows of `bimetal-abi`. Out: constants that cbindgen reads, and `kinds_gen.go`.
//! Invariant: no row is named here, so that a new one needs no change.

use std::fmt::Write as _;

use bimetal_abi::{Format, InstrumentKind, Kind, Signal, Stability, Status};

/// Where Go has the Collector's statuses, by the names of the rows.
const STATUS_PACKAGE: &str = "go.opentelemetry.io/collector/component/componentstatus";

/// The constants as a Rust source, because cbindgen does not look into macros.
pub(super) fn constants() -> String {
    let mut text = String::new();
    let mut put = |prefix: &str, name: &str, about: &str, number: String| {
        let name = format!("{prefix}_{name}").to_uppercase();
        let _ = writeln!(text, "/// {about}\npub const {name}: {number};");
    };
    for kind in kinds() {
        let about = format!("`Factory::kind`: {} {}.", article(kind), kind.as_str());
        put(
            "KIND",
            kind.name(),
            &about,
            format!("u32 = {}", kind.number()),
        );
    }
    for signal in Signal::ALL {
        let about = format!(
            "`Data::signal`: {0}. The bit `1 << SIGNAL_{1}` of `Factory::signals` stands for it.",
            signal.as_str(),
            signal.name().to_uppercase()
        );
        put(
            "SIGNAL",
            signal.name(),
            &about,
            format!("u32 = {}", signal.number()),
        );
    }
    for level in Stability::ALL {
        let about = format!("`Factory::stability`: {}.", level.as_str());
        put(
            "STABILITY",
            level.name(),
            &about,
            format!("u64 = {}", level.number()),
        );
    }
    for format in Format::ALL {
        let about = format!("`Data::format` and `Output::format`: {}.", format.as_str());
        put(
            "FORMAT",
            format.name(),
            &about,
            format!("u32 = {}", format.number()),
        );
    }
    for status in Status::ALL {
        let about = format!("`Host::report_status`: {}.", status.as_str());
        put(
            "COMPONENT",
            status.as_str(),
            &about,
            format!("i32 = {}", status.number()),
        );
    }
    for kind in InstrumentKind::ALL {
        let about = format!("`Instrument::kind`: {}.", kind.as_str());
        put(
            "INSTRUMENT",
            kind.as_str(),
            &about,
            format!("u32 = {}", kind.number()),
        );
    }
    text
}

/// Go's constants and lists, before `gofmt`. The map names a variable for every kind, which the
/// file of that kind defines: a kind without a file does not compile.
pub(super) fn go() -> String {
    let mut text = "package pluginhost\n\n".to_owned();
    let _ = writeln!(text, "import {STATUS_PACKAGE:?}\n\nconst (");
    for kind in kinds() {
        let _ = writeln!(text, "kind{} = {:?}", kind.name(), kind.as_str());
    }
    text += "\n";
    for signal in Signal::ALL {
        let _ = writeln!(text, "word{} = {:?}", signal.name(), signal.as_str());
    }
    text += "\n";
    for signal in Signal::ALL {
        let _ = writeln!(text, "signal{} uint32 = {}", signal.name(), signal.number());
    }
    text += "\n";
    for format in Format::ALL {
        let name = super::go_name(format.as_str());
        let _ = writeln!(text, "format{name} uint32 = {}", format.number());
    }
    text += "\n";
    for kind in InstrumentKind::ALL {
        let _ = writeln!(text, "instrument{} uint32 = {}", kind.name(), kind.number());
    }
    text += ")\n\n// formatFeatures are the bits that a component must have for a format.\n";
    text += "var formatFeatures = map[uint32]uint64{\n";
    for format in Format::ALL {
        let name = super::go_name(format.as_str());
        let _ = writeln!(text, "format{name}: {},", format.features());
    }
    text += "}\n\n// formatWords are what formats are called in the log.\n";
    text += "var formatWords = map[uint32]string{\n";
    for format in Format::ALL {
        let name = super::go_name(format.as_str());
        let _ = writeln!(text, "format{name}: {:?},", format.as_str());
    }
    text += "}\n\n// signalWords are the signals by their numbers.\n";
    text += "var signalWords = map[uint32]string{\n";
    for signal in Signal::ALL {
        let _ = writeln!(text, "signal{0}: word{0},", signal.name());
    }
    text +=
        "}\n\n// statuses are the Collector's statuses by the numbers that components report.\n";
    text += "var statuses = map[int32]componentstatus.Status{\n";
    for status in Status::ALL {
        let (number, name) = (status.number(), super::go_name(status.as_str()));
        let _ = writeln!(text, "{number}: componentstatus.Status{name},");
    }
    text += "}\n\n// statusWords are what statuses are called.\n";
    text += "var statusWords = map[componentstatus.Status]string{\n";
    for status in Status::ALL {
        let (name, word) = (super::go_name(status.as_str()), status.as_str());
        let _ = writeln!(text, "componentstatus.Status{name}: {word:?},");
    }
    text += "}\n\n// kinds holds what this package knows about each kind, by its word.\n";
    text += "var kinds = map[string]kind{\n";
    for kind in kinds() {
        let _ = writeln!(text, "kind{0}: {1}Kind,", kind.name(), kind.as_str());
    }
    text +=
        "}\n\n// sectionKinds are the component sections of a Collector's configuration, sorted.\n";
    text += "var sectionKinds = []struct{ section, kind string }{\n";
    let mut sections = Kind::ALL;
    sections.sort_by_key(|kind| kind.section());
    for kind in sections {
        let _ = writeln!(text, "{{{:?}, kind{}}},", kind.section(), kind.name());
    }
    text + "}\n"
}

/// In the order of their numbers.
pub(super) fn kinds() -> [Kind; Kind::ALL.len()] {
    let mut kinds = Kind::ALL;
    kinds.sort();
    kinds
}

fn article(kind: Kind) -> &'static str {
    if kind.as_str().starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

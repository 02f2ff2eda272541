//! A bill of materials, checked by a program that is not ours.
//!
//! In: a file. Out: nothing, or what CycloneDX's own library finds wrong with it. Invariant: it is
//! checked by the schema that the standard publishes.

use camino::Utf8Path;

use super::error::MachineError;
use crate::distribution::{run, target};

const LIBRARY: &str = "cyclonedx-python-lib[json-validation]==11.12.0";
const VALIDATOR: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
sys.exit(str(error) if error else 0)
";

/// Validates the CycloneDX file at `path`.
pub fn validate_bill(path: &Utf8Path) -> Result<(), MachineError> {
    let environment = target().join("hermetic/cyclonedx");
    let python = environment.join("bin/python");
    let ready = environment.join("ready");
    if !ready.is_file() {
        run("python3", &["-m", "venv", "--clear", environment.as_str()])?;
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        run(python.as_str(), &[&install[..], &[LIBRARY]].concat())?;
        fs_err::write(&ready, LIBRARY)?;
    }
    run(python.as_str(), &["-c", VALIDATOR, path.as_str()])?;
    Ok(())
}

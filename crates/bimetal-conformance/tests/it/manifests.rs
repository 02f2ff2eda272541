//! Every manifest that the tests build is what `docs/manifest.schema.json` says, in the sidecar and in the artifact itself.

use bimetal_conformance::distribution::{Distribution, build, repository};
use bimetal_manifest::{Artifact, ReadOptions};

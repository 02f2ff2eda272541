//! What the last build on this machine was made from: `.bimetal/plan.json`.
//!
//! In: a plan that was carried out. Out: the record that `rebuild` starts from. Invariant: written
//! only when everything is in its place.

use std::collections::BTreeMap;

use bimetal_files::FileError;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::model::Plan;
use crate::stages::stamp;
use crate::toolchain::work;

const FILE: &str = "plan.json";

/// The record. `P` is a plan or a reference to one.
#[derive(Debug, Serialize, Deserialize)]
pub struct LastBuild<P> {
    /// Version of the builder.
    pub builder: String,
    pub plan: P,
    /// When each artifact says it was built.
    #[serde(default)]
    pub times: BTreeMap<String, String>,
}

impl LastBuild<Plan> {
    /// Where the record of `out` stands.
    pub fn path(out: &Utf8Path) -> Utf8PathBuf {
        work::directory(out).join(FILE)
    }

    /// Records that `plan` was carried out.
    ///
    /// # Panics
    /// Never: a plan is always JSON.
    pub fn record(plan: &Plan) -> Result<(), FileError> {
        let path = Self::path(&plan.out);
        let record = LastBuild {
            builder: env!("CARGO_PKG_VERSION").to_owned(),
            plan,
            times: stamp::stamped_times(plan),
        };
        let text = serde_json::to_vec_pretty(&record).expect("a plan has only text keys");
        bimetal_files::write_if_changed(&path, &text)?;
        Ok(())
    }
}

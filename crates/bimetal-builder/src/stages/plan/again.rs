//! A recorded plan, to be carried out in another place or at another time.
//!
//! In: a plan, what is known where it is carried out. Out: another [`Plan`]. Invariant: pure;
//! sources are there and fixed, so no step writes or downloads them.

use std::collections::BTreeMap;

use bimetal_manifest::schema::Hermetic;
use camino::Utf8PathBuf;

use crate::model::{GoSettings, Plan, RustSettings, Step, Tools};

/// What is not in the record.
#[derive(Clone, Debug, Default)]
pub struct Again {
    /// Where the sources stand.
    pub out: Utf8PathBuf,
    /// `None` where tools are still to be looked for.
    pub tools: Option<Tools>,
    /// The environment of a hermetic build.
    pub hermetic: Option<Hermetic>,
    /// When each artifact says it was built.
    pub times: BTreeMap<String, String>,
}

/// `plan` as it is carried out again.
pub fn again(plan: Plan, again: Again) -> Plan {
    let hosted = plan.host.is_some();
    let (go, rust, cc) = match again.tools {
        None => (None, None, None),
        Some(tools) => (Some(tools.go), tools.rust, tools.cc),
    };
    Plan {
        out: again.out,
        steps: Step::in_order(|step| super::compiling(step, hosted)),
        go: GoSettings {
            tool: go,
            ..plan.go
        },
        rust: plan.rust.map(|settings| RustSettings {
            tools: rust.unwrap_or_default(),
            ..settings
        }),
        cc,
        container: None,
        hermetic: again.hermetic,
        times: again.times,
        ..plan
    }
}

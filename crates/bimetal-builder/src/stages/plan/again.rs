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

/// `plan` without tools and places of this machine: what a record of a hermetic build has, so that
/// equal inputs give equal records wherever they were collected.
pub fn portable(plan: Plan) -> Plan {
    let mut plan = again(plan, Again::default());
    for local in &mut plan.local_crates {
        local.root = Utf8PathBuf::from(format!("rust/local/{}", local.name));
    }
    // Go reads these from go.mod, which names the copies.
    let components = plan.go_components.iter_mut().map(|one| &mut one.module);
    for module in components
        .chain(plan.go_plugins.iter_mut().map(|one| &mut one.module))
        .chain(&mut plan.providers)
        .chain(&mut plan.converters)
        .chain([&mut plan.telemetry])
    {
        module.replace = None;
    }
    plan.replaces.clear();
    plan
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

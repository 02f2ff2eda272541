//! What a table of functions is made from.
//!
//! In: a component of some kind. Out: `bimetal_abi::Factory`. Invariant: the kinds differ in what
//! stands here and in nothing else.

mod shim;

use std::time::SystemTime;

use bimetal_abi::{Kind, Signal};
use serde_json::Value;

use crate::config::{HostKey, Section};
use crate::context::Context;
use crate::describe::{Identity, identity};
use crate::error::Error;
use crate::runtime::batch::{Consumed, Given, Wanted};
use crate::runtime::event::Event;
use crate::settings::Settings;

pub(crate) use shim::{consuming, factory, watching};

/// A component, as its table drives it. The trait of an author has more and other methods: a type
/// of the kind's own stands between the two.
pub(crate) trait Life: Send + Sync + Sized + 'static {
    const KIND: Kind;
    /// `FEATURE_…` bits.
    const FEATURES: u64;

    type Config: Section;

    fn new(settings: &Settings, config: Self::Config) -> Result<Self, Error>;

    fn start(&self) -> Result<(), Error>;

    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error>;

    /// What the host does by itself for such a component, as keys of the section.
    fn host_keys() -> Result<Vec<HostKey>, Error> {
        Ok(Vec::new())
    }

    /// What the component says about itself.
    fn identity(of: &Identity<'_>) -> Result<Value, Error> {
        identity::<Self::Config>(of, Self::host_keys()?)
    }
}

/// One that is given telemetry.
pub(crate) trait Consume: Life {
    fn consume(
        &self,
        signal: Signal,
        context: &Context<'_>,
        given: Given<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Consumed, Error>;
}

/// One that hears what happens around it.
pub(crate) trait Watch: Life {
    fn notify(&self, event: Event) -> Result<(), Error>;
}

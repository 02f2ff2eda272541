//! Records that a component adds to a scope of a batch that came.
//!
//! In: records, as an author gives them. Out: an edit of the scope. Invariant: what came keeps its
//! ordinals, since what is new stands behind it.

use super::encode::TableError;
use super::new::{NewScope, NewTelemetry};
use crate::message::Message;
use crate::schema::number::{ITEMS, RESOURCES};
use crate::telemetry::{ScopeItemsMut, Signal};

impl<S: Signal> ScopeItemsMut<'_, S> {
    /// Adds what `records` gives it, behind the records that it has.
    ///
    /// They go on with the batch. The handles of this call do not see them: neither
    /// [`records`](Self::records_mut) nor [`record_count`](Self::record_count).
    /// An error, and no change, if that is more than a table holds.
    ///
    /// ```
    /// use bimetal_pdata::{Logs, NewLog, Value};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // One resource, one scope, one record.
    /// let bytes = [0x0a, 0x06, 0x12, 0x04, 0x12, 0x02, 0x1a, 0x00];
    /// let mut logs = Logs::parse(&bytes)?;
    /// for mut scope in logs.resources_mut().flat_map(|resource| resource.into_scopes()) {
    ///     scope.append(|scope| {
    ///         let body = Value::from("the end");
    ///         scope.record(&NewLog { body, ..NewLog::default() });
    ///     })?;
    /// }
    /// let encoded = logs.encode();
    /// assert_eq!(Logs::parse(&encoded)?.record_count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn append(&mut self, records: impl FnOnce(&mut NewScope<'_, S>)) -> Result<(), TableError> {
        let mut new = NewTelemetry::<S>::new();
        new.resource(&[], |resource| resource.scope("", "", records));
        let encoded = new.encode()?;
        let scope = Message::of_otlp(&encoded).message(RESOURCES).message(ITEMS);
        if scope.messages(ITEMS).next().is_some() {
            self.append_encoded(&scope.encoded());
        }
        Ok(())
    }
}

//! Factories and instances behind the C ABI, as safe handles.
//!
//! In: a factory's table, checked once. Out: [`FactoryTable`], [`Component`], owned texts and
//! errors. Invariant: no field of a table is used before its size and its pointers were checked;
//! no function of an instance runs beside one that excludes it; every buffer is given back exactly
//! once.
#![expect(unsafe_code, reason = "calls functions of the C ABI")]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

use bimetal_abi::{
    Buffer, Context, Create, Data, Error, Factory, Host, LONGEST_TEXT, Output, STATUS_ERROR,
    STATUS_OK, STATUS_PANIC, STATUS_POISONED, STATUS_UNSUPPORTED, Slice, SliceError, struct_size,
};

use crate::life::{Life, LifeError};

/// A factory's table whose size and functions were checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FactoryTable(&'static Factory);

/// One instance. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct Component {
    table: FactoryTable,
    instance: NonNull<c_void>,
    life: Life,
}

// SAFETY: the C ABI demands that `consume` may be called from many threads at once, and the other
// functions from any one.
unsafe impl Send for Component {}
// SAFETY: as above; `life` keeps functions apart that exclude each other.
unsafe impl Sync for Component {}

/// What `create` is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CreateArguments<'a> {
    /// `SIGNAL_…`.
    pub(crate) signal: u32,
    /// `SIGNAL_…` that a connector makes.
    pub(crate) output: u32,
    /// Names the instance in calls to the host.
    pub(crate) component: u64,
    /// The host's table.
    pub(crate) host: &'static Host,
    /// The least `LOG_…` that is written.
    pub(crate) log_level: i32,
    /// `type/name`.
    pub(crate) id: &'a str,
    /// JSON.
    pub(crate) config: &'a str,
    /// JSON.
    pub(crate) resource: &'a str,
    /// JSON.
    pub(crate) build: &'a str,
}

/// A factory or an instance said no, or broke the contract.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComponentError {
    #[error("{message}")]
    Failed {
        status: i32,
        message: String,
        flags: u64,
    },
    #[error("the component answered status {status} and no message")]
    Silent { status: i32 },
    #[error("the component answered status {status} and a message that cannot be read")]
    Message { status: i32, source: TextError },
    #[error("the component's answer cannot be read")]
    Answer { source: TextError },
    #[error("the factory's table is null or not aligned")]
    NoTable,
    #[error("the factory's table has {found} bytes, at least {expected} are needed")]
    TooSmall { found: u32, expected: usize },
    #[error("the factory's table has no `{function}`")]
    NoFunction { function: &'static str },
    #[error("the factory's type name cannot be read")]
    TypeName { source: TextError },
    #[error("`create` succeeded and gave no instance")]
    NoInstance,
    #[error("{0}")]
    Life(LifeError),
}

/// What a component gave as text is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TextError {
    #[error("{0}")]
    Bytes(SliceError),
    #[error("the text is not UTF-8")]
    NotText,
}

impl From<LifeError> for ComponentError {
    fn from(error: LifeError) -> Self {
        Self::Life(error)
    }
}

impl ComponentError {
    /// The component panicked, now or earlier.
    pub(crate) fn is_panic(&self) -> bool {
        matches!(
            self,
            Self::Failed { status, .. } | Self::Silent { status } | Self::Message { status, .. }
                if matches!(*status, STATUS_PANIC | STATUS_POISONED)
        )
    }
}

impl FactoryTable {
    /// Checks a table that was linked in.
    pub(crate) fn of_static(factory: &'static Factory) -> Result<Self, ComponentError> {
        Self(factory).checked()
    }

    /// Checks a table that a plugin gave.
    ///
    /// # Safety
    /// `factory` is null, or points to a table that lives as long as the process and is at least as
    /// long as its first field says.
    pub(crate) unsafe fn of_plugin(factory: *const Factory) -> Result<Self, ComponentError> {
        if factory.is_null() || !factory.is_aligned() {
            return Err(ComponentError::NoTable);
        }
        // SAFETY: the caller promises that at least the size can be read, which is the first field.
        let found = unsafe { factory.cast::<u32>().read() };
        if (found as usize) < Factory::LEAST_SIZE {
            return Err(ComponentError::TooSmall {
                found,
                expected: Factory::LEAST_SIZE,
            });
        }
        if (found as usize) < size_of::<Factory>() {
            // SAFETY: the caller promises as many bytes as the table says it has.
            return Self(unsafe { extended(factory, found as usize) }).checked();
        }
        // SAFETY: the table is not null, lives for ever and is long enough, as was just read.
        Self(unsafe { &*factory }).checked()
    }

    /// `KIND_…`.
    pub(crate) fn kind(self) -> u32 {
        self.0.kind
    }

    /// `1 << SIGNAL_…` bits.
    pub(crate) fn signals(self) -> u64 {
        self.0.signals
    }

    /// `FEATURE_…` bits.
    pub(crate) fn features(self) -> u64 {
        self.0.features
    }

    /// `STABILITY_…`, four bits per signal.
    pub(crate) fn stability(self) -> u64 {
        self.0.stability
    }

    /// `STABILITY_…` of a connector's pairs.
    pub(crate) fn pairs(self) -> u64 {
        self.0.pairs
    }

    /// The component's type.
    pub(crate) fn type_name(self) -> Result<&'static str, ComponentError> {
        // SAFETY: the C ABI says that the type name lives as long as the process.
        let bytes = unsafe { self.0.type_name.bytes(LONGEST_TEXT) };
        let text = bytes.map_err(TextError::Bytes);
        text.and_then(|bytes| std::str::from_utf8(bytes).map_err(|_| TextError::NotText))
            .map_err(|source| ComponentError::TypeName { source })
    }

    /// Identity as JSON.
    pub(crate) fn describe(self) -> Result<String, ComponentError> {
        let describe = self.0.describe.ok_or(ComponentError::NoFunction {
            function: "describe",
        })?;
        let mut out = Buffer::EMPTY;
        let mut error = Error::EMPTY;
        // SAFETY: the function came with this table; both places are ours for the call.
        let status = unsafe { describe(self.0, &raw mut out, &raw mut error) };
        let text = take_text(&mut out);
        outcome(status, &mut error)?;
        text.map_err(|source| ComponentError::Answer { source })
    }

    /// Checks a configuration as `create` would.
    pub(crate) fn validate(self, config: &str) -> Result<(), ComponentError> {
        let validate = self.0.validate.ok_or(ComponentError::NoFunction {
            function: "validate",
        })?;
        let mut error = Error::EMPTY;
        // SAFETY: the text stays where it is during the call; the error record is ours.
        let status = unsafe { validate(Slice::from_bytes(config.as_bytes()), &raw mut error) };
        outcome(status, &mut error)
    }

    /// Makes an instance.
    pub(crate) fn create(
        self,
        arguments: &CreateArguments<'_>,
    ) -> Result<Component, ComponentError> {
        let create = self
            .0
            .create
            .ok_or(ComponentError::NoFunction { function: "create" })?;
        let record = Create {
            struct_size: struct_size::<Create>(),
            signal: arguments.signal,
            component: arguments.component,
            host: arguments.host,
            id: Slice::from_bytes(arguments.id.as_bytes()),
            config: Slice::from_bytes(arguments.config.as_bytes()),
            resource: Slice::from_bytes(arguments.resource.as_bytes()),
            next: &raw const arguments.component,
            next_len: 1,
            output: arguments.output,
            log_level: arguments.log_level,
            build: Slice::from_bytes(arguments.build.as_bytes()),
        };
        let mut instance = null_mut();
        let mut error = Error::EMPTY;
        // SAFETY: everything that the record points to outlives the call, the host's table outlives
        // the process.
        let status = unsafe { create(&raw const record, &raw mut instance, &raw mut error) };
        outcome(status, &mut error)?;
        let instance = NonNull::new(instance).ok_or(ComponentError::NoInstance)?;
        Ok(Component {
            table: self,
            instance,
            life: Life::default(),
        })
    }

    fn checked(self) -> Result<Self, ComponentError> {
        let Factory {
            describe,
            validate,
            create,
            shutdown,
            destroy,
            ..
        } = self.0;
        let functions = [
            ("describe", describe.is_some()),
            ("validate", validate.is_some()),
            ("create", create.is_some()),
            ("shutdown", shutdown.is_some()),
            ("destroy", destroy.is_some()),
        ];
        if let Some((function, _)) = functions.into_iter().find(|(_, present)| !present) {
            return Err(ComponentError::NoFunction { function });
        }
        self.type_name().map(|_| self)
    }
}

impl Component {
    /// Starts the instance. A second call is an error that does not reach it.
    pub(crate) fn start(&self) -> Result<(), ComponentError> {
        self.life.start(|| {
            let Some(start) = self.table.0.start else {
                return Ok(());
            };
            let mut error = Error::EMPTY;
            // SAFETY: the instance is alive as long as `self`; the error record is ours.
            let status = unsafe { start(self.instance.as_ptr(), &raw mut error) };
            outcome(status, &mut error)
        })
    }

    /// Gives telemetry to the instance. Answers `OUTCOME_…` or a negative status, with `output` or
    /// `error` filled. An instance that is not started or is shut down is not reached.
    #[inline]
    pub(crate) fn consume(
        &self,
        context: &Context,
        data: &Data,
        output: &mut Output,
        error: &mut Error,
    ) -> i32 {
        let _running = match self.life.consume() {
            Ok(running) => running,
            Err(refusal) => return refused(&refusal, error),
        };
        let Some(consume) = self.table.0.consume else {
            return STATUS_UNSUPPORTED;
        };
        // SAFETY: all records outlive the call, and `data` points to bytes that the caller borrows
        // for it.
        unsafe { consume(self.instance.as_ptr(), context, data, 0, output, error) }
    }

    /// Says what happened around the instance. One that is not started yet or is shut down hears
    /// nothing.
    pub(crate) fn notify(&self, event: u32, text: &str) -> Result<(), ComponentError> {
        let (Some(notify), Ok(_running)) = (self.table.0.notify, self.life.consume()) else {
            return Ok(());
        };
        let text = Slice::from_bytes(text.as_bytes());
        let mut error = Error::EMPTY;
        // SAFETY: the instance is alive as long as `self`, the text for the call; the error record
        // is ours.
        let status = unsafe { notify(self.instance.as_ptr(), event, text, &raw mut error) };
        outcome(status, &mut error)
    }

    /// Stops the instance, after the calls that it is in; 0 means no deadline.
    pub(crate) fn shutdown(&self, deadline_unix_ns: u64) -> Result<(), ComponentError> {
        self.life.shutdown(deadline_unix_ns, || {
            let Some(shutdown) = self.table.0.shutdown else {
                return Ok(());
            };
            let mut error = Error::EMPTY;
            // SAFETY: the instance is alive as long as `self`; the error record is ours.
            let status =
                unsafe { shutdown(self.instance.as_ptr(), deadline_unix_ns, &raw mut error) };
            outcome(status, &mut error)
        })
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        // A shutdown that was given up at its deadline is made up for; its answer has no reader.
        if self.life.is_started() {
            let _ = self.shutdown(0);
        }
        if let Some(destroy) = self.table.0.destroy {
            // SAFETY: nothing else has the instance, and nothing is called on it afterwards.
            unsafe { destroy(self.instance.as_ptr()) };
        }
    }
}

/// A table of an earlier version, with nothing in the place of what it lacks.
///
/// # Safety
/// `len` bytes of the table are readable: more than the first version has, fewer than this one.
unsafe fn extended(factory: *const Factory, len: usize) -> &'static Factory {
    let mut whole = Box::new(MaybeUninit::<Factory>::zeroed());
    let place = whole.as_mut_ptr().cast::<u8>();
    // SAFETY: the caller vouches for the bytes, and `whole` has room for more.
    unsafe { place.copy_from_nonoverlapping(factory.cast(), len) };
    // SAFETY: what was not copied is zero, which is a number or no function.
    Box::leak(unsafe { whole.assume_init() })
}

/// Answers for an instance that may not be called now.
#[cold]
fn refused(refusal: &LifeError, error: &mut Error) -> i32 {
    let text = match refusal {
        LifeError::ShutDown => "the component is shut down",
        _ => "the component is not started",
    };
    error.message.ptr = text.as_ptr().cast_mut();
    error.message.len = text.len() as u64;
    STATUS_ERROR
}

/// Gives a buffer back to the side that made it, and leaves an empty one.
pub(crate) fn release(buffer: &mut Buffer) {
    let Buffer {
        ptr,
        len,
        owner,
        release,
    } = std::mem::replace(buffer, Buffer::EMPTY);
    if let Some(release) = release {
        // SAFETY: the buffer was given to us with this function, and the empty one left behind
        // makes a second call impossible.
        unsafe { release(owner, ptr, len) };
    }
}

/// Gives the buffers of an error back.
pub(crate) fn release_error(error: &mut Error) {
    release(&mut error.message);
    release(&mut error.retry_data);
}

/// A negative status as an error, with the record's text taken over and its buffers given back.
pub(crate) fn outcome(status: i32, error: &mut Error) -> Result<(), ComponentError> {
    let message = take_text(&mut error.message);
    let flags = error.flags;
    release_error(error);
    if status == STATUS_OK {
        return Ok(());
    }
    Err(match message {
        Ok(message) if message.is_empty() => ComponentError::Silent { status },
        Ok(message) => ComponentError::Failed {
            status,
            message,
            flags,
        },
        Err(source) => ComponentError::Message { status, source },
    })
}

/// Copies a buffer's text and gives the buffer back.
fn take_text(buffer: &mut Buffer) -> Result<String, TextError> {
    let buffer = std::mem::replace(buffer, Buffer::EMPTY);
    // SAFETY: the buffer belongs to us, and the empty one left behind is nothing to give back.
    let bytes = unsafe { buffer.take(LONGEST_TEXT) };
    String::from_utf8(bytes.map_err(TextError::Bytes)?).map_err(|_| TextError::NotText)
}

#[cfg(test)]
mod tests;

//! Factories and instances behind the C ABI, as safe handles.
//!
//! In: a factory's table, checked once. Out: [`FactoryTable`], [`Component`], owned texts and
//! errors. Invariant: no field of a table is used before its size and its pointers were checked;
//! every buffer is given back exactly once.
#![expect(unsafe_code, reason = "calls functions of the C ABI")]

use std::ffi::c_void;
use std::ptr::{NonNull, null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};

use bimetal_abi::{
    Buffer, Context, Create, Data, Error, Factory, Host, Output, STATUS_OK, STATUS_POISONED,
    STATUS_UNSUPPORTED, Slice,
};

/// No text that a component returns is longer than this after it was taken over.
const LONGEST_TEXT: usize = 16 << 20;

/// A factory's table whose size and functions were checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FactoryTable(&'static Factory);

/// One instance. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct Component {
    table: FactoryTable,
    instance: NonNull<c_void>,
    started: AtomicBool,
}

// SAFETY: the C ABI demands that `consume` may be called from many threads at once, and the other
// functions from any one.
unsafe impl Send for Component {}
// SAFETY: as above; `start` is guarded by `started`.
unsafe impl Sync for Component {}

/// What `create` is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CreateArguments<'a> {
    /// `SIGNAL_…`.
    pub(crate) signal: u32,
    /// Names the instance in calls to the host.
    pub(crate) component: u64,
    /// The host's table.
    pub(crate) host: &'static Host,
    /// `type/name`.
    pub(crate) id: &'a str,
    /// JSON.
    pub(crate) config: &'a str,
    /// JSON.
    pub(crate) resource: &'a str,
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
    #[error("the factory's table is null")]
    NoTable,
    #[error("the factory's table has {found} bytes, at least {expected} are needed")]
    TooSmall { found: u32, expected: usize },
    #[error("the factory's table has no `{function}`")]
    NoFunction { function: &'static str },
    #[error("the factory's type name is not UTF-8, or is null")]
    TypeName,
    #[error("the component gave a text of {length} bytes")]
    TooLong { length: u64 },
    #[error("the component gave text that is not UTF-8")]
    NotText,
    #[error("`create` succeeded and gave no instance")]
    NoInstance,
    #[error("the component is started already")]
    StartedTwice,
}

impl ComponentError {
    /// The component panicked, now or earlier.
    pub(crate) fn is_panic(&self) -> bool {
        matches!(
            self,
            Self::Failed { status, .. } | Self::Silent { status }
                if matches!(*status, bimetal_abi::STATUS_PANIC | STATUS_POISONED)
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
        if factory.is_null() {
            return Err(ComponentError::NoTable);
        }
        // SAFETY: the caller promises that at least the size can be read, which is the first field.
        let found = unsafe { factory.cast::<u32>().read() };
        if (found as usize) < size_of::<Factory>() {
            return Err(ComponentError::TooSmall {
                found,
                expected: size_of::<Factory>(),
            });
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

    /// The component's type.
    pub(crate) fn type_name(self) -> Result<&'static str, ComponentError> {
        // SAFETY: the C ABI says that the type name lives as long as the process.
        let bytes = unsafe { bytes_of(self.0.type_name) };
        std::str::from_utf8(bytes.unwrap_or_default()).map_err(|_| ComponentError::TypeName)
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
        text
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
            struct_size: u32::try_from(size_of::<Create>()).unwrap_or(0),
            signal: arguments.signal,
            component: arguments.component,
            host: arguments.host,
            id: Slice::from_bytes(arguments.id.as_bytes()),
            config: Slice::from_bytes(arguments.config.as_bytes()),
            resource: Slice::from_bytes(arguments.resource.as_bytes()),
            next: null(),
            next_len: 0,
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
            started: AtomicBool::new(false),
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
        if self.started.swap(true, Ordering::AcqRel) {
            return Err(ComponentError::StartedTwice);
        }
        let Some(start) = self.table.0.start else {
            return Ok(());
        };
        let mut error = Error::EMPTY;
        // SAFETY: the instance is alive as long as `self`; the error record is ours.
        let status = unsafe { start(self.instance.as_ptr(), &raw mut error) };
        outcome(status, &mut error)
    }

    /// Gives telemetry to the instance. Answers `OUTCOME_…` or a negative status, with `output` or
    /// `error` filled.
    pub(crate) fn consume(
        &self,
        context: &Context,
        data: &Data,
        output: &mut Output,
        error: &mut Error,
    ) -> i32 {
        let Some(consume) = self.table.0.consume else {
            return STATUS_UNSUPPORTED;
        };
        // SAFETY: all records outlive the call, and `data` points to bytes that the caller borrows
        // for it.
        unsafe { consume(self.instance.as_ptr(), context, data, 0, output, error) }
    }

    /// Stops the instance; 0 means no deadline.
    pub(crate) fn shutdown(&self, deadline_unix_ns: u64) -> Result<(), ComponentError> {
        let Some(shutdown) = self.table.0.shutdown else {
            return Ok(());
        };
        let mut error = Error::EMPTY;
        // SAFETY: the instance is alive as long as `self`; the error record is ours.
        let status = unsafe { shutdown(self.instance.as_ptr(), deadline_unix_ns, &raw mut error) };
        outcome(status, &mut error)
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        if let Some(destroy) = self.table.0.destroy {
            // SAFETY: nothing else has the instance, and nothing is called on it afterwards.
            unsafe { destroy(self.instance.as_ptr()) };
        }
    }
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
    match message {
        Ok(message) if !message.is_empty() => Err(ComponentError::Failed {
            status,
            message,
            flags,
        }),
        _ => Err(ComponentError::Silent { status }),
    }
}

/// Copies a buffer's text and gives the buffer back.
fn take_text(buffer: &mut Buffer) -> Result<String, ComponentError> {
    let length = buffer.len;
    let text = match usize::try_from(length) {
        Ok(..=LONGEST_TEXT) => {
            // SAFETY: the buffer belongs to us until it is released below.
            let bytes = unsafe {
                bytes_of(Slice {
                    ptr: buffer.ptr,
                    len: length,
                })
            };
            String::from_utf8(bytes.unwrap_or_default().to_vec())
                .map_err(|_| ComponentError::NotText)
        }
        _ => Err(ComponentError::TooLong { length }),
    };
    release(buffer);
    text
}

/// The bytes of a slice; `None` if it is null or longer than memory.
///
/// # Safety
/// The bytes that `slice` names can be read and do not change during `'a`.
unsafe fn bytes_of<'a>(slice: Slice) -> Option<&'a [u8]> {
    if slice.ptr.is_null() {
        return None;
    }
    let length = usize::try_from(slice.len).ok()?;
    // SAFETY: the caller promises that these bytes can be read.
    Some(unsafe { std::slice::from_raw_parts(slice.ptr, length) })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use bimetal_abi::{KIND_PROCESSOR, OUTCOME_PASS_THROUGH, STATUS_ERROR, STATUS_PANIC};

    use super::*;

    static RELEASED: AtomicU32 = AtomicU32::new(0);
    static DESTROYED: AtomicU32 = AtomicU32::new(0);

    unsafe extern "C" fn count(_owner: *mut c_void, _ptr: *mut u8, _len: u64) {
        RELEASED.fetch_add(1, Ordering::SeqCst);
    }

    fn buffer(text: &'static [u8]) -> Buffer {
        Buffer {
            ptr: text.as_ptr().cast_mut(),
            len: text.len() as u64,
            owner: null_mut(),
            release: Some(count),
        }
    }

    unsafe extern "C" fn describe(
        _factory: *const Factory,
        out: *mut Buffer,
        _error: *mut Error,
    ) -> i32 {
        // SAFETY: the host gives a place for one buffer.
        unsafe { out.write(buffer(b"{}")) };
        STATUS_OK
    }

    unsafe extern "C" fn validate(config: Slice, error: *mut Error) -> i32 {
        let (status, message): (i32, &[u8]) = match config.len {
            0 => return STATUS_OK,
            1 => (STATUS_ERROR, b"keys::0: must not be empty"),
            2 => (STATUS_PANIC, b"boom"),
            3 => (STATUS_ERROR, b"\xff"),
            _ => return STATUS_ERROR,
        };
        // SAFETY: the host gives a record.
        unsafe { (*error).message = buffer(message) };
        status
    }

    unsafe extern "C" fn create(
        create: *const Create,
        out: *mut *mut c_void,
        _error: *mut Error,
    ) -> i32 {
        // SAFETY: the host gives a record.
        if unsafe { (*create).signal } == 9 {
            return STATUS_OK;
        }
        // SAFETY: the host gives a place for one address.
        unsafe { out.write(std::ptr::dangling_mut::<u8>().cast()) };
        STATUS_OK
    }

    unsafe extern "C" fn consume(
        _: *mut c_void,
        _: *const Context,
        _: *const Data,
        _: u64,
        _: *mut Output,
        _: *mut Error,
    ) -> i32 {
        OUTCOME_PASS_THROUGH
    }

    unsafe extern "C" fn start(_: *mut c_void, _: *mut Error) -> i32 {
        STATUS_OK
    }

    unsafe extern "C" fn shutdown(_: *mut c_void, _: u64, _: *mut Error) -> i32 {
        STATUS_OK
    }

    unsafe extern "C" fn destroy(_: *mut c_void) {
        DESTROYED.fetch_add(1, Ordering::SeqCst);
    }

    static HOST: Host = Host {
        struct_size: 64,
        abi_major: 1,
        abi_minor: 0,
        reserved: 0,
        features: 0,
        log: None,
        log_enabled: None,
        send: None,
        complete: None,
        report_status: None,
    };

    fn good() -> Factory {
        Factory {
            struct_size: u32::try_from(size_of::<Factory>()).unwrap(),
            kind: KIND_PROCESSOR,
            signals: 0,
            features: 0,
            type_name: Slice::from_bytes(b"good"),
            describe: Some(describe),
            validate: Some(validate),
            create: Some(create),
            start: Some(start),
            consume: Some(consume),
            cancel: None,
            shutdown: Some(shutdown),
            destroy: Some(destroy),
            stability: 0,
        }
    }

    fn table(factory: Factory) -> Result<FactoryTable, ComponentError> {
        // SAFETY: the table is leaked, so it lives as long as the process.
        unsafe { FactoryTable::of_plugin(Box::leak(Box::new(factory))) }
    }

    fn arguments(signal: u32) -> CreateArguments<'static> {
        CreateArguments {
            signal,
            component: 1,
            host: &HOST,
            id: "good",
            config: "{}",
            resource: "{}",
        }
    }

    #[test]
    fn a_table_that_is_null_short_or_lacks_a_function_is_refused() {
        // SAFETY: null is allowed.
        let none = unsafe { FactoryTable::of_plugin(null()) };
        assert!(matches!(none, Err(ComponentError::NoTable)));
        let error = table(Factory {
            struct_size: 8,
            ..good()
        })
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the factory's table has 8 bytes, at least 112 are needed"
        );
        let error = table(Factory {
            create: None,
            ..good()
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "the factory's table has no `create`");
        let error = table(Factory {
            type_name: Slice::from_bytes(b"\xff"),
            ..good()
        })
        .unwrap_err();
        assert!(matches!(error, ComponentError::TypeName));
        assert_eq!(
            table(Factory {
                struct_size: 4096,
                ..good()
            })
            .unwrap()
            .type_name()
            .unwrap(),
            "good"
        );
    }

    #[test]
    fn a_components_errors_are_its_own_words_and_its_buffers_are_given_back() {
        let table = table(good()).unwrap();
        let before = RELEASED.load(Ordering::SeqCst);
        assert_eq!(table.describe().unwrap(), "{}");
        table.validate("").unwrap();
        assert_eq!(
            table.validate("1").unwrap_err().to_string(),
            "keys::0: must not be empty"
        );
        let panic = table.validate("22").unwrap_err();
        assert!(panic.is_panic(), "{panic}");
        assert!(matches!(
            table.validate("333"),
            Err(ComponentError::Silent {
                status: STATUS_ERROR
            })
        ));
        assert!(matches!(
            table.validate("4444"),
            Err(ComponentError::Silent {
                status: STATUS_ERROR
            })
        ));
        assert_eq!(RELEASED.load(Ordering::SeqCst) - before, 4);
    }

    #[test]
    fn an_instance_starts_once_and_is_freed_once() {
        let table = table(good()).unwrap();
        assert!(matches!(
            table.create(&arguments(9)),
            Err(ComponentError::NoInstance)
        ));
        let before = DESTROYED.load(Ordering::SeqCst);
        let component = table.create(&arguments(3)).unwrap();
        component.start().unwrap();
        assert!(matches!(
            component.start(),
            Err(ComponentError::StartedTwice)
        ));
        component.shutdown(0).unwrap();
        component.shutdown(0).unwrap();
        drop(component);
        assert_eq!(DESTROYED.load(Ordering::SeqCst) - before, 1);
    }
}

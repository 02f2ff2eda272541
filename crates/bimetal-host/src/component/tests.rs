use std::ptr::null;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use bimetal_abi::{KIND_PROCESSOR, OUTCOME_PASS_THROUGH};

use super::*;

static RELEASED: AtomicU32 = AtomicU32::new(0);
static DESTROYED: AtomicU32 = AtomicU32::new(0);
static CONSUMED: AtomicU32 = AtomicU32::new(0);

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
    CONSUMED.fetch_add(1, Ordering::SeqCst);
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
    declare: None,
    record: None,
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
        notify: None,
        pairs: 0,
    }
}

/// The table as the first version has it: behind it lies what is none of its own.
fn of_the_first_version() -> Factory {
    Factory {
        struct_size: u32::try_from(Factory::LEAST_SIZE).unwrap(),
        notify: Some(beyond),
        ..good()
    }
}

unsafe extern "C" fn beyond(_: *mut c_void, _: u32, _: Slice, _: *mut Error) -> i32 {
    BEYOND.store(true, Ordering::SeqCst);
    STATUS_OK
}

static BEYOND: AtomicBool = AtomicBool::new(false);

unsafe extern "C" fn notify(_: *mut c_void, _: u32, text: Slice, _: *mut Error) -> i32 {
    NOTIFIED.fetch_add(text.len, Ordering::SeqCst);
    STATUS_OK
}

static NOTIFIED: AtomicU64 = AtomicU64::new(0);

#[test]
fn only_a_started_instance_hears_what_happens_around_it() {
    let component = table(Factory {
        notify: Some(notify),
        ..good()
    });
    let component = component.unwrap().create(&arguments(3)).unwrap();
    component.notify(1, "early").unwrap();
    component.start().unwrap();
    component.notify(1, "now").unwrap();
    component.shutdown(0).unwrap();
    component.notify(1, "late").unwrap();
    assert_eq!(NOTIFIED.load(Ordering::SeqCst), 3);
}

#[test]
fn of_a_table_of_the_first_version_nothing_behind_its_end_is_called() {
    let component = table(of_the_first_version()).unwrap();
    let component = component.create(&arguments(3)).unwrap();
    component.start().unwrap();
    component.notify(1, "text").unwrap();
    assert!(!BEYOND.load(Ordering::SeqCst));
}

fn table(factory: Factory) -> Result<FactoryTable, ComponentError> {
    // SAFETY: the table is leaked, so it lives as long as the process.
    unsafe { FactoryTable::of_plugin(Box::leak(Box::new(factory))) }
}

fn arguments(signal: u32) -> CreateArguments<'static> {
    CreateArguments {
        signal,
        output: 0,
        component: 1,
        host: &HOST,
        log_level: 0,
        id: "good",
        config: "{}",
        resource: "{}",
        build: "{}",
    }
}

fn text(error: &ComponentError) -> String {
    bimetal_verify::chain(error)
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
    assert_eq!(
        text(&error),
        "the factory's type name cannot be read: the text is not UTF-8"
    );
    for (ptr, len, cause) in [
        (null(), 5, "a null pointer to 5 bytes"),
        (
            b"good".as_ptr(),
            1 << 63,
            "a length of 9223372036854775808 bytes, at most 16777216 are allowed",
        ),
    ] {
        let type_name = Slice { ptr, len };
        let error = table(Factory {
            type_name,
            ..good()
        })
        .unwrap_err();
        let wanted = format!("the factory's type name cannot be read: {cause}");
        assert_eq!(text(&error), wanted);
    }
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
        Err(ComponentError::Message {
            status: STATUS_ERROR,
            source: TextError::NotText
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
        Err(ComponentError::Life(LifeError::StartedTwice))
    ));
    component.shutdown(0).unwrap();
    component.shutdown(0).unwrap();
    drop(component);
    assert_eq!(DESTROYED.load(Ordering::SeqCst) - before, 1);
}

#[test]
fn an_instance_that_is_not_started_or_is_shut_down_is_not_given_data() {
    let data = Data {
        struct_size: struct_size::<Data>(),
        signal: 3,
        format: 1,
        reserved: 0,
        bytes: Slice::EMPTY,
        root: 0,
    };
    let component = table(good()).unwrap().create(&arguments(3)).unwrap();
    let consume = || {
        let (mut output, mut error) = (Output::EMPTY, Error::EMPTY);
        let status = component.consume(&Context::EMPTY, &data, &mut output, &mut error);
        if status < 0 {
            assert!(error.message.release.is_none());
            return Err(text(&outcome(status, &mut error).unwrap_err()));
        }
        Ok(status)
    };
    assert_eq!(consume().unwrap_err(), "the component is not started");
    component.start().unwrap();
    assert_eq!(consume(), Ok(OUTCOME_PASS_THROUGH));
    component.shutdown(0).unwrap();
    assert_eq!(consume().unwrap_err(), "the component is shut down");
    assert_eq!(CONSUMED.load(Ordering::SeqCst), 1);
}

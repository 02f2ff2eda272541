//! What a component measures.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};

use bimetal_sdk::config::{ConfigErrors, Validate};
use bimetal_sdk::testing::{Measured, TestHost};
use bimetal_sdk::{
    Component, Counter, Error, Extension, Gauge, Histogram, Meter, Settings, Stability,
    UpDownCounter,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is wrong with the declarations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Config {
    fault: String,
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigErrors> {
        Ok(())
    }
}

struct Measuring {
    dropped: Counter<u64>,
    waited: Counter<f64>,
    open: UpDownCounter<i64>,
    level: Gauge<f64>,
    sizes: Histogram<u64>,
    own: Arc<AtomicI64>,
}

fn declare(meter: &Meter, fault: &str) -> Result<(), Error> {
    match fault {
        "twice" => meter.counter("Dropped").build().map(drop),
        "name" => meter.gauge("2nd").build().map(drop),
        "unit" => meter.gauge("unit").unit("µs").build().map(drop),
        "set" => meter
            .gauge("set")
            .attributes(json!({"a": []}))
            .build()
            .map(drop),
        "bounds" => meter
            .histogram("bounds")
            .bounds(&[2.0, 1.0])
            .build()
            .map(drop),
        "sets" => (0..2000)
            .fold(meter.gauge("sets"), |sets, at| {
                sets.attributes(json!({"at": at}))
            })
            .build()
            .map(drop),
        _ => Ok(()),
    }
}

impl Extension for Measuring {
    type Config = Config;

    fn new(settings: &Settings, config: Config) -> Result<Self, Error> {
        let meter = &settings.meter;
        let own = Arc::new(AtomicI64::new(0));
        let dropped = meter
            .counter("dropped")
            .unit("{records}")
            .description("Records that were dropped.")
            .attributes(json!({"reason": "old"}))
            .attributes(json!({"reason": "large"}))
            .build()?;
        let observed: Weak<AtomicI64> = Arc::downgrade(&own);
        let logger = settings.logger.clone();
        meter.gauge("own").observe(move |_| {
            logger.debug("asked");
            let own = observed.upgrade()?.load(Ordering::Relaxed);
            assert!(own < 100, "too much");
            Some(own)
        })?;
        let made = Self {
            dropped,
            waited: meter.counter_f64("waited").unit("s").build()?,
            open: meter.up_down_counter("open").build()?,
            level: meter.gauge_f64("level").build()?,
            sizes: meter
                .histogram("sizes")
                .unit("By")
                .bounds(&[1.0, 10.0])
                .build()?,
            own,
        };
        declare(meter, &config.fault)?;
        Ok(made)
    }

    fn start(&self) -> Result<(), Error> {
        self.dropped.add(2);
        self.dropped.add_to(1, 3);
        self.dropped.add_to(2, 5);
        self.waited.add(0.5);
        self.waited.add(-1.0);
        self.waited.add(f64::NAN);
        self.open.add(1);
        self.open.add(-3);
        self.level.set(0.0);
        (0..100).for_each(|size| self.sizes.record(size));
        self.sizes.record_in(1, 1);
        self.own.store(7, Ordering::Relaxed);
        Ok(())
    }

    fn ready(&self) -> Result<(), Error> {
        self.level.clear(0);
        self.own.store(100, Ordering::Relaxed);
        Ok(())
    }
}

pub(crate) fn component() -> &'static Component {
    static COMPONENT: Component = Component::extension::<Measuring>("measuring", Stability::Beta);
    &COMPONENT
}

fn shown(metrics: Vec<Measured>) -> Vec<(String, Value, Vec<f64>)> {
    let shown = |one: Measured| (one.name, one.attributes, one.values);
    metrics.into_iter().map(shown).collect()
}

#[test]
fn what_is_measured_is_seen_when_it_is_collected() {
    let host = TestHost::new(component());
    let extension = host.extension(&json!({})).unwrap();
    assert_eq!(
        shown(host.metrics()),
        [("own".to_owned(), json!({}), vec![0.0])]
    );
    extension.start().unwrap();
    let all = host.metrics();
    assert_eq!(
        (all[0].unit.as_str(), all[0].kind.as_str()),
        ("{records}", "counter")
    );
    let expected = [
        ("dropped", json!({"reason": "old"}), vec![2.0]),
        ("dropped", json!({"reason": "large"}), vec![3.0]),
        ("own", json!({}), vec![7.0]),
        ("waited", json!({}), vec![0.5]),
        ("open", json!({}), vec![-2.0]),
        ("level", json!({}), vec![0.0]),
        ("sizes", json!({}), (0..100).map(f64::from).collect()),
    ];
    assert_eq!(
        shown(all),
        expected.map(|(name, set, values)| (name.to_owned(), set, values))
    );
}

#[test]
fn a_closure_that_panics_is_not_asked_again_and_the_rest_goes_on() {
    let host = TestHost::new(component());
    let extension = host.extension(&json!({})).unwrap();
    extension.start().unwrap();
    extension.ready().unwrap();
    host.metrics();
    let names: Vec<_> = host.metrics().into_iter().map(|one| one.name).collect();
    assert!(names.contains(&"waited".to_owned()));
    assert!(!names.contains(&"level".to_owned()));
    let logs = host.logs();
    let asked = logs
        .iter()
        .filter(|record| record.message == "asked")
        .count();
    assert_eq!(asked, 1);
    let said = &logs.last().unwrap().message;
    assert!(said.starts_with("a metric is no longer observed: the component panicked: too much"));
}

#[test]
fn what_the_collector_would_not_take_is_an_error_that_names_the_metric() {
    let host = TestHost::new(component());
    let refused = |fault: &str| {
        host.extension(&json!({"fault": fault}))
            .unwrap_err()
            .message
    };
    let faults = ["twice", "name", "unit", "set", "bounds", "sets"];
    insta::assert_snapshot!(faults.map(refused).join("\n"), @"
    metric `Dropped`: it is declared twice
    metric `2nd`: a name is a letter, then at most 254 letters, digits or `_.-/`
    metric `unit`: a unit is at most 63 characters of ASCII
    metric `set`: a set of attributes is an object of texts, numbers and booleans
    metric `bounds`: the bounds of a histogram rise
    metric `sets`: the component declares 2007 sets of attributes, at most 2000 are allowed
    ");
}

#[test]
fn the_last_values_are_read_when_the_instance_is_gone() {
    let host = TestHost::new(component());
    let extension = host.extension(&json!({})).unwrap();
    extension.start().unwrap();
    drop(extension);
    let left: Vec<_> = host.metrics().into_iter().map(|one| one.name).collect();
    assert_eq!(
        left,
        ["dropped", "dropped", "waited", "open", "level", "sizes"]
    );
}

#[test]
fn many_threads_count_and_record_and_nothing_is_lost() {
    struct Busy(Counter<u64>, UpDownCounter<f64>, Histogram<u64>);
    impl Extension for Busy {
        type Config = bimetal_sdk::config::Empty;
        fn new(settings: &Settings, _: Self::Config) -> Result<Self, Error> {
            let meter = &settings.meter;
            let (counter, sum) = (
                meter.counter("a").build()?,
                meter.up_down_counter_f64("b").build()?,
            );
            Ok(Self(counter, sum, meter.histogram("c").build()?))
        }
        fn ready(&self) -> Result<(), Error> {
            for at in 0..1000 {
                self.0.add(1);
                self.1.add(0.5);
                self.2.record(at);
            }
            Ok(())
        }
    }
    static BUSY: Component = Component::extension::<Busy>("busy", Stability::Beta);
    let host = TestHost::new(&BUSY);
    let extension = host.extension(&json!({})).unwrap();
    extension.start().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| extension.ready().unwrap());
        }
    });
    let all = host.metrics();
    assert_eq!(
        (&all[0].values[..], &all[1].values[..]),
        (&[4000.0][..], &[2000.0][..])
    );
    assert_eq!(all[2].values.len(), 4000);
    let mut recorded = all[2].values.clone();
    recorded.sort_by(f64::total_cmp);
    assert!(
        recorded
            .chunks(4)
            .zip(0..)
            .all(|(four, at)| four == [f64::from(at); 4])
    );
}

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, names};

#[test]
fn a_directory_that_is_not_there_is_reported() {
    let answer = Sandbox::new().bimetal(&["rebuild", "--compare", "nowhere"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
    assert_snapshot!(answer.stderr, @"
    error: there is no directory `nowhere`
      caused by: No such file or directory (os error 2)
      help: name the output directory of a build
    ");
}

#[test]
fn a_directory_without_a_record_is_reported_and_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.put("out/go.mod", "module m\n");
    let answer = sandbox.bimetal(&["rebuild", "--compare", "out"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
    assert_snapshot!(answer.stderr, @"
    error: cannot read `/sandbox/out/.bimetal/plan.json`, which a finished build leaves
      caused by: failed to open file `/sandbox/out/.bimetal/plan.json`: No such file or directory (os error 2)
      help: name the output directory of a build; if its work directory `.bimetal` was removed, build it once more
    ");
    assert_eq!(names(&sandbox.path("out")), ["go.mod"]);
}

#[test]
fn a_record_that_is_no_json_is_reported() {
    let sandbox = Sandbox::new();
    sandbox.put("out/.bimetal/plan.json", "{");
    let answer = sandbox.bimetal(&["rebuild", "--compare", "out"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
    assert_snapshot!(answer.stderr, @"
    error: cannot read `/sandbox/out/.bimetal/plan.json`: EOF while parsing an object at line 1 column 1
      help: restore it, or build the distribution once more
    ");
}

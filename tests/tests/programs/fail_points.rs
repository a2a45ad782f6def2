//! The places where the chaos run lets the logic server die are not in the program that people get.

use end_to_end::Which;

#[test]
fn flt01_fail_points_are_only_in_the_build_for_chaos() {
    let program = std::fs::read(Which::LogicServer.program().unwrap()).unwrap();
    let program = String::from_utf8_lossy(&program);
    let has = |word: &str| program.contains(word);
    // A word that must be found, so that this is known to look into the right file.
    assert!(has("TALKHUB_COMMIT_QUEUE"));
    for word in ["CHAOS_FAIL_POINT_FILE", "before-commit", "after-settle"] {
        assert!(!has(word), "{word} is in the program");
    }
}

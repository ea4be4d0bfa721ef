//! Thousands of histories on the simulator; see `holdfast_tests::sim`.

use holdfast_tests::sim::{Options, run};

#[test]
fn one() {
    for seed in 0..20 {
        let outcome = run(&Options::new(seed));
        assert_eq!(outcome.failure, None, "seed {seed}");
    }
}

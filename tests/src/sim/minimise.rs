//! Makes a history that breaks an invariant shorter, so that a person can read it.

use super::Options;
use super::run::run;

/// The shortest history of this seed that was found to break an invariant too. What it breaks may be
/// another invariant. A history that breaks none is left as it is.
pub fn minimise(options: &Options) -> Options {
    let whole = Options { steps: Some(run(options).steps), ..options.clone() };
    shortest(whole, |options| run(options).failure.is_some())
}

/// Fewer steps, then steps left out, in ever smaller groups.
fn shortest(mut best: Options, fails: impl Fn(&Options) -> bool) -> Options {
    if !fails(&best) {
        return best;
    }
    // The fewest first steps that are enough.
    let (mut too_few, mut enough) = (0, best.steps.unwrap_or_default());
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        if fails(&Options { steps: Some(middle), ..best.clone() }) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    best.steps = Some(enough);
    let mut group = enough.div_ceil(2);
    while group > 0 {
        let kept: Vec<usize> = (0..enough).filter(|step| !best.skip.contains(step)).collect();
        for steps in kept.chunks(group) {
            let mut shorter = best.clone();
            shorter.skip.extend(steps);
            if fails(&shorter) {
                best = shorter;
            }
        }
        group /= 2;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// What is left is what the failure needs, wherever those steps are.
        #[test]
        fn only_the_steps_that_matter_are_left(
            needed in proptest::collection::btree_set(0..120_usize, 1..6),
            steps in 120..200_usize,
        ) {
            let whole = Options { steps: Some(steps), ..Options::new(1) };
            let short = shortest(whole, |options| {
                needed.iter().all(|step| {
                    *step < options.steps.unwrap() && !options.skip.contains(step)
                })
            });
            let left: BTreeSet<usize> =
                (0..short.steps.unwrap()).filter(|step| !short.skip.contains(step)).collect();
            prop_assert_eq!(left, needed);
        }
    }

    #[test]
    fn what_does_not_fail_is_left_as_it_is() {
        let whole = Options { steps: Some(40), ..Options::new(1) };
        let short = shortest(whole, |_| false);
        assert_eq!((short.steps, short.skip.len()), (Some(40), 0));
    }
}

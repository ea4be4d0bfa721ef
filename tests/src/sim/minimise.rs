//! Makes a history that breaks an invariant shorter, so that a person can read it.

use super::Options;
use super::run::run;

/// The shortest history of this seed that was found to break an invariant too: fewer steps, then
/// steps left out, in ever smaller groups. What it breaks may be another invariant.
pub fn minimise(options: &Options) -> Options {
    let mut best = options.clone();
    let steps = run(options).steps;
    best.steps = Some(steps);
    let fails = |options: &Options| run(options).failure.is_some();
    if !fails(&best) {
        return best;
    }
    // The fewest first steps that are enough.
    let (mut too_few, mut enough) = (0, steps);
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        let shorter = Options { steps: Some(middle), ..best.clone() };
        if fails(&shorter) {
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

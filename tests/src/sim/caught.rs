//! A history that breaks an invariant panics; here that becomes words with the place, and nothing is printed:
//! where many histories break on purpose, what the runner says of a real failure would be lost among them.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}
static HOOKED: Once = Once::new();

/// What `work` gave, or what it broke, in words, and where.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    HOOKED.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if QUIET.get() {
                PLACE.set(panic.location().map(ToString::to_string));
            } else {
                before(panic);
            }
        }));
    });
    let outer = QUIET.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(outer);
    done.map_err(|panic| {
        let place = PLACE.take().unwrap_or_else(|| "an unknown place".into());
        format!("{} (at {place})", words(panic.as_ref()))
    })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn what_broke_is_told_with_its_place() {
        assert_eq!(caught(|| 7), Ok(7));
        let broken = caught(|| assert_eq!(1 + 1, 3, "sums differ")).unwrap_err();
        assert!(broken.contains("sums differ") && broken.contains("caught.rs:"), "{broken}");
        let outer = caught(|| caught(|| panic!("inside")).is_err());
        assert_eq!(outer, Ok(true));
    }
}

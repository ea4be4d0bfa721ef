use crate::memory_tests::{add, device, patch};
use crate::{App, view};

fn planned(app: &App, id: &str) -> Option<String> {
    app.task(id).unwrap().task.when
}

/// What the window sends for any day: the date, and that it is not for the evening.
#[test]
fn a_date_with_no_evening_beside_it_is_that_date() {
    let app = device(1);
    let id = add(&app, "Buy oak");
    for day in ["2026-12-24", "2026-12-25T09:00"] {
        let when = Some(Some(day.to_owned()));
        patch(&app, &id, &view::TaskPatch { when, evening: Some(false), ..Default::default() });
        assert_eq!(planned(&app, &id).as_deref(), Some(day));
    }
    let none =
        view::TaskPatch { when: Some(None), evening: Some(false), ..view::TaskPatch::default() };
    patch(&app, &id, &none);
    assert_eq!(planned(&app, &id), None);
}

#[test]
fn an_evening_is_that_of_the_date_beside_it_or_of_today() {
    let app = device(1);
    let id = add(&app, "Buy oak");
    let today = app.clock().today();
    let of = |when: Option<Option<&str>>, evening: bool| {
        let when = when.map(|when| when.map(str::to_owned));
        let asked = view::TaskPatch { when, evening: Some(evening), ..Default::default() };
        patch(&app, &id, &asked);
        planned(&app, &id).unwrap()
    };
    assert_eq!(of(Some(Some("2026-12-24")), true), "2026-12-24T18:00");
    assert_eq!(of(None, true), format!("{today}T18:00"));
    assert!(app.task(&id).unwrap().task.evening);
    assert_eq!(of(Some(None), true), format!("{today}T18:00"));
    assert_eq!(of(None, false), today);
}

//! People's stories, told through the real window: the first day with the app, two devices that
//! carry files between them, and a command line at work beside the open window.
//!
//! Every screen is kept as a picture in both themes under `target/screenshots/`.

mod alongside;
mod first_day;
mod paired;
mod reviewing;
mod steps;
mod two_devices;

//! The app opens its window with the built interface in it.

use anyhow::Result;
use holdfast_tests::{
    Device,
    window::{App, By},
};

#[tokio::test]
async fn the_window_shows_the_interface() -> Result<()> {
    let laptop = Device::new("laptop")?;
    let app = App::open(&laptop).await?;
    app.find(&By::AnyOf("heading")).await?;
    app.screenshot("opens").await?;
    app.close().await
}

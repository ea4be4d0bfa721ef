//! Laptop and phone on one network: the laptop shows a code, the phone joins with it, and what is
//! written on one appears in the window of the other. Stories that run at once share the loopback
//! network: their laptops have names of their own.

use anyhow::{Context, Result};
use holdfast_tests::{
    Device,
    window::{App, By},
};

use crate::steps::{command, contains, go, go_to_list, quick_add, row, start_fresh};

/// Opens "Add a device", turns Nearby on and hands back the code and the address.
async fn show_code(laptop: &App, pictures: bool) -> Result<(String, String)> {
    go(laptop, "devices").await?;
    laptop.click(&By::button("Add a device…")).await?;
    laptop.find(&By::role("dialog", "Add a device")).await?;
    if pictures {
        laptop.picture("pair-turn-on").await?;
    }
    laptop.click(&By::button("Turn on and show a code")).await?;
    let code = laptop.text(&By::css("[role=dialog] .digits")).await?;
    let address = laptop.text(&By::css("[role=dialog] .addresses code")).await?;
    Ok((code, address))
}

/// The first run of a device that joins by a code.
async fn begin_to_join(phone: &App) -> Result<()> {
    phone.click(&By::role_like("button", "Join my other device")).await?;
    phone.fill(&By::label("Name of this device"), "Phone").await?;
    phone.click(&By::role_like("radio", "In a file beside the data")).await
}

/// Says that the words match, and waits for the app.
async fn agree(phone: &App) -> Result<()> {
    let pair =
        if phone.all(&By::button("Pair")).await?.is_empty() { "They match: pair" } else { "Pair" };
    phone.click(&By::button(pair)).await?;
    phone.find(&By::role("heading", "Today")).await?;
    Ok(())
}

/// A phone at its first start joins by the code that the laptop called `name` shows.
pub(crate) async fn join(laptop: &App, name: &str, phone: &App) -> Result<()> {
    let (code, _) = show_code(laptop, false).await?;
    begin_to_join(phone).await?;
    phone.click(&By::role("radio", name)).await?;
    phone.fill(&By::label(&format!("Code shown on {name}")), &code).await?;
    phone.click(&By::button("Continue")).await?;
    phone.find(&By::css(".four")).await?;
    agree(phone).await?;
    laptop.find(&By::text("Paired with Phone.")).await?;
    laptop.click(&By::button("Done")).await
}

#[tokio::test]
async fn a_code_brings_two_windows_together_and_what_is_typed_in_one_appears_in_the_other()
-> Result<()> {
    let (laptop_device, phone_device) = (Device::new("laptop")?, Device::new("phone")?);
    let laptop = App::open(&laptop_device).await?;
    start_fresh(&laptop, "Oak").await?;
    laptop.press("Ctrl+3").await?;
    quick_add(&laptop, "Buy oak").await?;
    laptop.find(&row("Buy oak")).await?;

    // A wrong code is burned on both, and both say what to do.
    let (code, address) = show_code(&laptop, true).await?;
    laptop.picture("pair-code").await?;
    let digits: u32 = code.replace(' ', "").parse().context("the code is not a number")?;
    let phone = App::open(&phone_device).await?;
    begin_to_join(&phone).await?;
    // The laptop is found by its name.
    phone.find(&By::role("radio", "Oak")).await?;
    phone.picture("pair-join").await?;
    let wrong = format!("{:08}", (digits + 1) % 100_000_000);
    phone.fill(&By::label("Code shown on Oak"), &wrong).await?;
    phone.click(&By::button("Continue")).await?;
    phone.find(&By::text("That code isn't right.")).await?;
    phone.picture("pair-wrong-code").await?;
    laptop.click(&By::button("New code")).await?;
    laptop.find(&By::css("[role=dialog] .digits")).await?;
    let code = laptop.text(&By::css("[role=dialog] .digits")).await?;

    // With the right one, at the address that was typed, the person sees what will move.
    phone.click(&By::role_like("radio", "by the address that it shows")).await?;
    phone.fill(&By::label("Address"), &address).await?;
    phone.fill(&By::label("Code shown on the other device"), &code).await?;
    phone.click(&By::button("Continue")).await?;
    phone.find(&By::text("Pair with Oak (Linux)?")).await?;
    phone.find(&By::text("1 task from Oak")).await?;
    laptop.find(&By::text("Phone (Linux) typed the code.")).await?;
    let words = phone.text(&By::css(".four")).await?;
    assert_eq!(laptop.text(&By::css(".four")).await?, words);
    phone.picture("pair-preview").await?;
    laptop.picture("pair-words").await?;
    agree(&phone).await?;
    laptop.find(&By::text("Paired with Phone.")).await?;
    laptop.picture("pair-paired").await?;
    laptop.click(&By::button("Done")).await?;

    // Both ways, without a press of anything.
    phone.press("Ctrl+3").await?;
    phone.find(&row("Buy oak")).await?;
    quick_add(&phone, "Sharpen the plane").await?;
    laptop.press("Ctrl+3").await?;
    laptop.find(&row("Sharpen the plane")).await?;
    quick_add(&laptop, "Oil the saw").await?;
    phone.find(&row("Oil the saw")).await?;

    // Each device says of the other how it stands.
    go(&laptop, "devices").await?;
    laptop.find(&By::text("Connected now at")).await?;
    contains(&laptop.text(&By::css("[role=region]")).await?, "Verified by code")?;
    laptop.picture("pair-devices").await?;
    command(&laptop, "Sync map").await?;
    laptop.find(&By::role("heading", "Sync map")).await?;
    contains(&laptop.text(&By::css("tbody")).await?, "Phone")?;
    laptop.find(&By::text("Same network · on launch, on change, every 15 min")).await?;
    laptop.picture("sync-map").await?;
    phone.close().await?;
    laptop.close().await
}

#[tokio::test]
async fn a_device_with_data_of_its_own_joins_and_lists_of_one_name_become_one() -> Result<()> {
    let (laptop_device, tablet_device) = (Device::new("laptop")?, Device::new("tablet")?);
    let laptop = App::open(&laptop_device).await?;
    start_fresh(&laptop, "Ash").await?;
    laptop_device.ctl(&["add", "Buy oak #Workshop"])?;
    let tablet = App::open(&tablet_device).await?;
    start_fresh(&tablet, "Tablet").await?;
    tablet_device.ctl(&["add", "Sharpen the plane #Workshop"])?;
    go_to_list(&tablet, "Workshop").await?;
    tablet.find(&row("Sharpen the plane")).await?;

    let (code, _) = show_code(&laptop, false).await?;
    // As at 200% in a window of usual size.
    laptop.resize(720, 520).await?;
    laptop.picture("pair-code-small").await?;
    laptop.resize(1180, 780).await?;
    go(&tablet, "devices").await?;
    tablet.click(&By::button("Join another device’s vault…")).await?;
    tablet.find(&By::role("radio", "Ash")).await?;
    tablet.fill(&By::label("Code shown on Ash"), &code).await?;
    tablet.picture("join-vault").await?;
    tablet.click(&By::button("Continue")).await?;
    tablet.find(&By::text("Both have ‘Workshop’")).await?;
    let dialog = tablet.text(&By::AnyOf("dialog")).await?;
    for part in ["1 task, 1 list from Ash", "1 task to Ash", "kept as a backup"] {
        contains(&dialog, part)?;
    }
    tablet.picture("join-vault-preview").await?;
    tablet.click(&By::button("Pair")).await?;
    tablet.find(&By::text("Paired with Ash.")).await?;
    tablet.picture("join-vault-paired").await?;
    tablet.click(&By::button("Done")).await?;
    laptop.click(&By::button("Done")).await?;
    for app in [&laptop, &tablet] {
        go_to_list(app, "Workshop").await?;
        app.find(&row("Buy oak")).await?;
        app.find(&row("Sharpen the plane")).await?;
        app.counts(&By::role_like("treeitem", "Workshop"), 1).await?;
    }
    tablet.close().await?;
    laptop.close().await
}

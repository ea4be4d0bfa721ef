//! What happens on one device while a person reviews on the other: nothing that was not looked at is
//! removed, and a conflict that ends elsewhere says how and can be opened again.

use anyhow::Result;
use holdfast_tests::window::{App, By};

use crate::steps::{editor_shows, go, row, tab};
use crate::two_devices::{Pair, export, import, pair, rename, rewrite, to_decide};

const LATER: &str = "Order beeswax.";

/// Carries what changed on one device to the other.
async fn carry(from: &App, to: &App) -> Result<()> {
    export(from, false).await?;
    import(to, false).await?;
    to.press("Esc").await?;
    to.gone(&By::role("dialog", "Import changes")).await
}

async fn end(pair: Pair) -> Result<()> {
    let Pair { laptop, phone, laptop_device, phone_device, .. } = pair;
    laptop.close().await?;
    phone.close().await?;
    let digest = |status: serde_json::Value| status.get("digest").cloned();
    assert_eq!(
        digest(laptop_device.json(&["status"])?),
        digest(phone_device.json(&["status"])?),
        "both devices hold the same"
    );
    Ok(())
}

#[tokio::test]
async fn what_the_other_device_types_while_a_note_is_reviewed_is_shown_and_stays() -> Result<()> {
    let pair = pair(false).await?;
    let (laptop, phone) = (&pair.laptop, &pair.phone);
    rewrite(laptop, "Workbench", "ash").await?;
    laptop.press("Ctrl+1").await?;
    rewrite(phone, "Workbench", "walnut").await?;
    phone.press("Ctrl+1").await?;
    carry(phone, laptop).await?;
    carry(laptop, phone).await?;
    to_decide(laptop, 1).await?;
    laptop.click(&By::role_like("option", "Workbench")).await?;
    laptop.find(&By::css("[data-difference='1']:focus")).await?;
    laptop.press("1").await?;
    laptop.gone(&By::text("1 of 1 left")).await?;

    // The phone goes on writing below.
    go(phone, "notes").await?;
    phone.click(&By::role_like("option", "Workbench")).await?;
    phone.click(&By::css(".cm-content")).await?;
    phone.press("Ctrl+End").await?;
    phone.press("Enter").await?;
    phone.type_text(LATER).await?;
    editor_shows(phone, LATER).await?;
    phone.press("Ctrl+1").await?;
    carry(phone, laptop).await?;
    laptop.find(&By::text("Your choices are kept; 1 new difference.")).await?;
    laptop.find(&By::text(LATER)).await?;
    laptop.picture("review-news").await?;
    laptop.click(&By::button("Show")).await?;
    laptop.click(&By::role_like("button", "Resolve and next")).await?;
    laptop.find(&By::text("No conflicts.")).await?;
    carry(laptop, phone).await?;
    for app in [laptop, phone] {
        go(app, "notes").await?;
        app.click(&By::role_like("option", "Workbench")).await?;
        editor_shows(app, "The bench is made of ash.").await?;
        editor_shows(app, LATER).await?;
        app.press("Ctrl+1").await?;
    }
    end(pair).await
}

#[tokio::test]
async fn a_title_that_is_edited_elsewhere_says_who_and_when_and_is_opened_again() -> Result<()> {
    let pair = pair(false).await?;
    let (laptop, phone) = (&pair.laptop, &pair.phone);
    rename(laptop, "Buy oak", "Buy oak boards").await?;
    rename(phone, "Buy oak", "Buy oak planks").await?;
    carry(phone, laptop).await?;
    carry(laptop, phone).await?;
    to_decide(laptop, 1).await?;
    laptop.click(&By::role_like("option", "Buy oak")).await?;
    laptop.find(&By::css("[data-difference='1']:focus")).await?;
    laptop.press("1").await?;
    laptop.gone(&By::text("1 of 1 left")).await?;

    // The phone edits the title in the ordinary way.
    phone.press("Ctrl+3").await?;
    phone.find(&By::button("2 versions")).await?;
    let boards = !phone.all(&row("Buy oak boards")).await?.is_empty();
    let shown = if boards { "Buy oak boards" } else { "Buy oak planks" };
    rename(phone, shown, "Buy beech").await?;
    carry(phone, laptop).await?;
    laptop.find(&By::text("Resolved on Phone")).await?;
    laptop.find(&By::text("Title 'Buy beech'")).await?;
    laptop.picture("review-ended-elsewhere").await?;
    laptop.click(&By::button("Reopen with my choices")).await?;
    laptop.find(&By::text("From this laptop")).await?;
    laptop.find(&By::text("Buy oak planks")).await?;
    laptop.gone(&By::text("1 of 1 left")).await?;
    laptop.picture("review-opened-again").await?;
    laptop.click(&By::role_like("button", "Resolve and next")).await?;
    laptop.find(&By::text("No conflicts.")).await?;
    tab(laptop, "Resolved").await?;
    laptop.find(&By::role_like("button", "Reopen")).await?;
    laptop.picture("conflicts-resolved-after").await?;
    tab(laptop, "Set aside").await?;
    laptop.find(&By::text("Buy beech")).await?;
    laptop.picture("set-aside").await?;
    carry(laptop, phone).await?;
    phone.press("Ctrl+3").await?;
    phone.find(&row("Buy oak boards")).await?;
    end(pair).await
}

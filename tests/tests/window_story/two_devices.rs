//! Laptop and phone: an invitation, edits on both, conflicts decided side by side, and the same
//! data on both in the end. What travels is one folder that both windows take files from.

use anyhow::Result;
use holdfast_tests::{
    Device,
    window::{App, By},
};
use tempfile::TempDir;

use crate::steps::{
    choose_task, command, contains, editor_shows, go, quick_add, row, start_fresh, write_note,
};

const PASSPHRASE: &str = "four quiet oak boards";
const SENTENCE: &str = "The bench is made of oak.";

/// The windows of two devices of one vault, and what they carry files in.
struct Pair {
    laptop: App,
    phone: App,
    // Dropped after the windows.
    laptop_device: Device,
    phone_device: Device,
    _stick: TempDir,
}

/// A laptop with a task and a note, and a phone that joined it by an invitation.
async fn pair(pictures: bool) -> Result<Pair> {
    let stick = TempDir::with_prefix("holdfast-stick-")?;
    let laptop_device = Device::new("laptop")?.with_files(stick.path());
    let phone_device = Device::new("phone")?.with_files(stick.path());

    let laptop = App::open(&laptop_device).await?;
    start_fresh(&laptop, "Laptop").await?;
    laptop.press("Ctrl+3").await?;
    quick_add(&laptop, "Buy oak").await?;
    laptop.find(&row("Buy oak")).await?;
    let more = "It stands by the window.\n\n## To do\n- [ ] Sharpen the plane\nOil the saw";
    write_note(&laptop, "Workbench", &format!("{SENTENCE}\n\n{more}")).await?;
    editor_shows(&laptop, "Oil the saw").await?;

    go(&laptop, "devices").await?;
    laptop.click(&By::button("Invite another device by a file…")).await?;
    laptop.fill(&By::label("Passphrase of the invitation"), PASSPHRASE).await?;
    laptop.fill(&By::label("Passphrase again"), PASSPHRASE).await?;
    if pictures {
        laptop.picture("invite").await?;
    }
    laptop.click(&By::button("Choose where to save…")).await?;
    laptop.find(&By::text("On the new device choose")).await?;
    if pictures {
        laptop.picture("invite-done").await?;
    }
    laptop.click(&By::button("Done")).await?;

    let phone = App::open(&phone_device).await?;
    phone.click(&By::role_like("button", "Join my other device")).await?;
    phone.click(&By::role("radio", "With an invitation file")).await?;
    phone.click(&By::button("Choose the invitation file…")).await?;
    phone.find(&By::button("Choose another file…")).await?;
    phone.fill(&By::label("Passphrase of the invitation"), PASSPHRASE).await?;
    phone.fill(&By::label("Name of this device"), "Phone").await?;
    phone.click(&By::role_like("radio", "In a file beside the data")).await?;
    if pictures {
        phone.picture("join").await?;
    }
    phone.click(&By::button("Join")).await?;
    phone.find(&By::role("heading", "Today")).await?;
    Ok(Pair { laptop, phone, laptop_device, phone_device, _stick: stick })
}

/// Writes what changed since the last export.
async fn export(app: &App, pictures: bool) -> Result<()> {
    command(app, "Export changes…").await?;
    app.find(&By::role("dialog", "Export changes")).await?;
    if pictures {
        app.picture("export").await?;
    }
    app.click(&By::button("Choose where to save…")).await?;
    app.find(&By::text("Open it there with Import.")).await?;
    app.click(&By::button("Done")).await
}

/// Looks into the newest bundle, hands back what the preview said, and takes it.
async fn import(app: &App, pictures: bool) -> Result<String> {
    command(app, "Import changes…").await?;
    app.find(&By::role("dialog", "Import changes")).await?;
    app.find(&By::button("Import")).await?;
    let preview = app.text(&By::role("dialog", "Import changes")).await?;
    if pictures {
        app.picture("import-preview").await?;
    }
    app.click(&By::button("Import")).await?;
    app.find(&By::text("You can take this import back in Activity.")).await?;
    if pictures {
        app.picture("import-done").await?;
    }
    Ok(preview)
}

/// Renames the task that has the keyboard.
async fn rename(app: &App, from: &str, to: &str) -> Result<()> {
    app.press("Ctrl+3").await?;
    choose_task(app, from).await?;
    app.press("F2").await?;
    app.find(&By::css("[role=row] input[aria-label=Title]:focus")).await?;
    app.press("Ctrl+A").await?;
    app.type_text(to).await?;
    app.press("Enter").await?;
    app.find(&row(to)).await?;
    Ok(())
}

/// Calls the note `title`, and puts `wood` in the place of "oak" at the end of its first sentence.
async fn rewrite(app: &App, title: &str, wood: &str) -> Result<()> {
    go(app, "notes").await?;
    app.click(&By::role_like("option", "Workbench")).await?;
    app.click(&By::css("textarea[aria-label=Title]")).await?;
    app.press("Ctrl+A").await?;
    app.type_text(title).await?;
    app.press("Enter").await?;
    app.find(&By::role_like("option", title)).await?;
    app.press("Ctrl+Home").await?;
    app.press("End").await?;
    app.press("Left").await?;
    for _ in "oak".chars() {
        app.press("Backspace").await?;
    }
    app.type_text(wood).await?;
    editor_shows(app, &format!("made of {wood}.")).await
}

/// Both devices change the same titles and the same sentence, and each a part of its own.
async fn diverge(pair: &Pair) -> Result<()> {
    rename(&pair.laptop, "Buy oak", "Buy oak boards").await?;
    command(&pair.laptop, "High priority").await?;
    rewrite(&pair.laptop, "Workbench plan", "ash").await?;
    rename(&pair.phone, "Buy oak", "Buy oak planks").await?;
    pair.phone.press("T").await?;
    rewrite(&pair.phone, "Plan of the bench", "walnut").await?;
    // What was typed last is stored when the text is left.
    for app in [&pair.laptop, &pair.phone] {
        app.press("Ctrl+1").await?;
    }
    pair.phone.find(&row("Buy oak planks")).await?;
    Ok(())
}

/// Waits until this many conflicts are to be decided.
async fn to_decide(app: &App, count: usize) -> Result<()> {
    app.press("Ctrl+5").await?;
    app.find(&By::role("tab", &format!("Needs you ({count})"))).await?;
    app.counts(&By::css("[role=listbox][aria-label='Needs you'] [role=option]"), count).await
}

/// Decides with the keyboard alone: the titles of this device, the sentence of the other.
async fn decide(app: &App) -> Result<()> {
    to_decide(app, 2).await?;
    app.click(&By::role_like("option", "Buy oak")).await?;
    app.find(&By::css("[data-difference='1']:focus")).await?;
    app.press("1").await?;
    app.press("Ctrl+Enter").await?;
    app.find(&By::text("1 passage of the text")).await?;
    choose_in_the_note(app).await?;
    app.press("Ctrl+Enter").await?;
    app.find(&By::text("No conflicts.")).await?;
    Ok(())
}

fn digests(device: &Device) -> Result<serde_json::Value> {
    let status = device.json(&["status"])?;
    Ok(serde_json::json!([status.get("digest"), status.pointer("/digests/everywhere")]))
}

#[tokio::test]
async fn a_phone_joins_by_an_invitation_and_has_everything() -> Result<()> {
    let Pair { laptop, phone, laptop_device, phone_device, _stick } = pair(true).await?;
    phone.press("Ctrl+3").await?;
    phone.find(&row("Buy oak")).await?;
    go(&phone, "notes").await?;
    phone.click(&By::role_like("option", "Workbench")).await?;
    editor_shows(&phone, SENTENCE).await?;
    editor_shows(&phone, "It stands by the window.").await?;
    go(&phone, "devices").await?;
    phone.find(&By::label("Name of Laptop")).await?;
    phone.find(&By::label("Name of Phone")).await?;
    phone.picture("devices").await?;
    laptop.close().await?;
    phone.close().await?;
    assert_eq!(digests(&laptop_device)?, digests(&phone_device)?);
    Ok(())
}

#[tokio::test]
async fn conflicts_are_carried_shown_decided_taken_back_and_decided_again() -> Result<()> {
    let pair = pair(false).await?;
    diverge(&pair).await?;
    export(&pair.phone, true).await?;
    let preview = import(&pair.laptop, true).await?;
    contains(&preview, "Updates 2, 2 conflicts.")?;
    contains(&preview, "From Phone")?;
    let laptop = &pair.laptop;
    laptop.click(&By::button("Review 2 conflicts")).await?;
    to_decide(laptop, 2).await?;
    laptop.picture("conflicts").await?;
    look_at_the_title(laptop).await?;
    decide(laptop).await?;

    // Both decisions are taken back, and both versions of both are there again.
    laptop.find(&By::css("[role=group][aria-label=Message]")).await?;
    laptop.picture("resolved-toast").await?;
    laptop.press("Ctrl+Z").await?;
    to_decide(laptop, 1).await?;
    laptop.press("Ctrl+Z").await?;
    to_decide(laptop, 2).await?;
    laptop.press("Ctrl+3").await?;
    laptop.find(&By::button("2 versions")).await?;
    laptop.picture("two-versions").await?;
    decide(laptop).await?;
    laptop.click(&By::role("tab", "Resolved")).await?;
    laptop.find(&By::role_like("button", "Reopen")).await?;
    laptop.picture("conflicts-resolved").await?;

    // Own parts of both are merged, and what was decided stands.
    laptop.press("Ctrl+1").await?;
    laptop.find(&row("Buy oak boards")).await?;
    export(laptop, false).await?;
    let phone = &pair.phone;
    import(phone, false).await?;
    phone.click(&By::button("Done")).await?;
    phone.press("Ctrl+5").await?;
    phone.find(&By::text("No conflicts.")).await?;
    phone.press("Ctrl+1").await?;
    phone.find(&row("Buy oak boards")).await?;
    go(phone, "notes").await?;
    phone.click(&By::role_like("option", "Workbench plan")).await?;
    editor_shows(phone, "The bench is made of walnut.").await?;
    go(phone, "activity").await?;
    phone.find(&By::css("[role=region][aria-label=Entries] li")).await?;
    phone.picture("activity").await?;

    let Pair { laptop, phone, laptop_device, phone_device, _stick } = pair;
    laptop.close().await?;
    phone.close().await?;
    assert_eq!(digests(&laptop_device)?, digests(&phone_device)?);
    assert_eq!(phone_device.json(&["conflicts"])?, serde_json::json!([]));
    Ok(())
}

/// The side-by-side screen: both versions with their devices, the original on demand, an edited
/// result. Leaves the title undecided.
async fn look_at_the_title(app: &App) -> Result<()> {
    app.click(&By::role_like("option", "Buy oak")).await?;
    app.find(&By::css("[data-difference='1']:focus")).await?;
    for shown in ["Buy oak boards", "Buy oak planks", "this device", "Merged result", "1 of 1 left"]
    {
        app.find(&By::text(shown)).await?;
    }
    app.find(&By::role_like("heading", "Phone")).await?;
    app.press("O").await?;
    app.find(&By::text("Before both edits")).await?;
    app.picture("review-original").await?;
    app.press("O").await?;
    app.gone(&By::text("Before both edits")).await?;
    app.press("E").await?;
    app.find(&By::label("title in the result")).await?;
    app.press("Ctrl+A").await?;
    app.type_text("Buy oak boards and planks").await?;
    app.find(&By::text("Edited by you")).await?;
    app.picture("review-edited").await?;
    app.press("Esc").await?;
    app.press("0").await?;
    app.find(&By::text("1 of 1 left")).await?;
    app.press("1").await?;
    app.gone(&By::text("1 of 1 left")).await?;
    app.picture("review-task").await?;
    // The note, whose title and sentence differ.
    app.press("Esc").await?;
    app.click(&By::role_like("option", "1 passage of the text")).await?;
    app.find(&By::text("2 of 2 left")).await?;
    choose_in_the_note(app).await?;
    app.picture("review").await?;
    app.resize(1000, 720).await?;
    app.picture("review-two").await?;
    app.resize(720, 620).await?;
    app.picture("review-one").await?;
    app.resize(1180, 780).await?;
    app.press("0").await?;
    app.find(&By::text("1 of 2 left")).await?;
    app.press("Shift+F7").await?;
    app.find(&By::css("[data-difference='1']:focus")).await?;
    app.press("0").await?;
    app.find(&By::text("2 of 2 left")).await?;
    app.press("Esc").await
}

/// From one difference of the note to the next: this device's title, the other's sentence. After
/// an undo the choices of before are still there, and chosen anew.
async fn choose_in_the_note(app: &App) -> Result<()> {
    app.find(&By::css("[data-difference='1']:focus")).await?;
    app.press("1").await?;
    app.find(&By::text("From this laptop")).await?;
    app.press("F7").await?;
    app.find(&By::css("[data-difference='2']:focus")).await?;
    app.press("2").await?;
    app.find(&By::text("From Phone")).await?;
    app.gone(&By::text("of 2 left")).await
}

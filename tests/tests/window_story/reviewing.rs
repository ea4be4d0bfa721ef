//! What happens on one device while a person reviews on the other, in two windows that are connected:
//! nothing that was not looked at is removed, a conflict that ends elsewhere says how and can be opened
//! again, and lines that were typed apart stay lines.

use anyhow::Result;
use holdfast_tests::{
    Device,
    nearby::in_step,
    window::{App, By},
};

use crate::paired::join;
use crate::steps::{
    choose_task, command, contains, editor_shows, editor_text, go, quick_add, row, start_fresh,
    tab, write_note,
};

const SENTENCE: &str = "The bench is made of oak.";
const SEEN: &str = "Order beeswax.";
const UNSEEN: &str = "Sand it first.";

/// Two paired windows.
struct Two {
    laptop: App,
    phone: App,
    // Dropped after the windows.
    laptop_device: Device,
    phone_device: Device,
}

impl Two {
    /// A laptop, called `name` on the network, with a task and a note, and a phone that has both.
    async fn paired(name: &str) -> Result<Self> {
        let (laptop_device, phone_device) = (Device::new("laptop")?, Device::new("phone")?);
        let laptop = App::open(&laptop_device).await?;
        start_fresh(&laptop, name).await?;
        laptop.press("Ctrl+3").await?;
        quick_add(&laptop, "Buy oak").await?;
        laptop.find(&row("Buy oak")).await?;
        write_note(&laptop, "Workbench", &format!("{SENTENCE}\n\nIt stands by the window."))
            .await?;
        let phone = App::open(&phone_device).await?;
        join(&laptop, name, &phone).await?;
        phone.press("Ctrl+3").await?;
        phone.find(&row("Buy oak")).await?;
        open_note(&phone).await?;
        editor_shows(&phone, "It stands by the window.").await?;
        Ok(Self { laptop, phone, laptop_device, phone_device })
    }

    /// The phone hears nothing and says nothing.
    async fn apart(&self) -> Result<()> {
        self.in_step()?;
        command(&self.phone, "Pause syncing for 1 hour").await?;
        self.phone.find(&By::button("Resume")).await?;
        Ok(())
    }

    /// The phone hears and is heard again, and both have everything.
    async fn together(&self) -> Result<()> {
        self.phone.click(&By::button("Resume")).await?;
        self.phone.gone(&By::button("Resume")).await?;
        self.in_step()
    }

    fn in_step(&self) -> Result<()> {
        in_step(&[&self.laptop_device, &self.phone_device])
    }

    async fn close(self) -> Result<()> {
        self.in_step()?;
        self.laptop.close().await?;
        self.phone.close().await
    }
}

/// Opens the note, with its text as it is stored.
async fn open_note(app: &App) -> Result<()> {
    go(app, "notes").await?;
    app.click(&By::role_like("option", "Workbench")).await?;
    editor_shows(app, "The bench is made of").await
}

/// Puts `wood` in the place of the last word of the first sentence, and leaves the note.
async fn rewrite(app: &App, wood: &str) -> Result<()> {
    open_note(app).await?;
    app.click(&By::css(".cm-content")).await?;
    app.press("Ctrl+Home").await?;
    app.press("End").await?;
    app.press("Left").await?;
    for _ in "oak".chars() {
        app.press("Backspace").await?;
    }
    app.type_text(wood).await?;
    editor_shows(app, &format!("made of {wood}.")).await?;
    app.press("Ctrl+1").await
}

/// Writes a line below the text, and leaves the note.
async fn write_below(app: &App, line: &str) -> Result<()> {
    open_note(app).await?;
    app.click(&By::css(".cm-content")).await?;
    app.press("Ctrl+End").await?;
    app.press("Enter").await?;
    app.type_text(line).await?;
    editor_shows(app, line).await?;
    app.press("Ctrl+1").await
}

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

/// Opens the one conflict, and chooses the version of this device.
async fn review_and_choose(app: &App, title: &str) -> Result<()> {
    app.press("Ctrl+5").await?;
    app.find(&By::role("tab", "Needs you (1)")).await?;
    app.click(&By::role_like("option", title)).await?;
    app.find(&By::css("[data-difference='1']:focus")).await?;
    app.press("1").await?;
    app.gone(&By::text("1 of 1 left")).await
}

/// What stands in the columns of the difference that says `part`: this device, the other, the result.
async fn columns(app: &App, part: &str) -> Result<Vec<String>> {
    const CELLS: &str = "const one = [...document.querySelectorAll('.difference')] \
         .find((one) => one.textContent.includes(arguments[0])); \
         return [...(one?.querySelectorAll('.cells > .cell') ?? [])].map((cell) => cell.innerText)";
    let cells = app.script(CELLS, vec![part.into()]).await?;
    Ok(serde_json::from_value(cells)?)
}

#[tokio::test]
async fn what_is_typed_during_a_review_is_in_its_column_and_resolving_removes_what_was_seen()
-> Result<()> {
    let two = Two::paired("Elm").await?;
    let (laptop, phone) = (&two.laptop, &two.phone);
    two.apart().await?;
    rewrite(laptop, "ash").await?;
    rewrite(phone, "walnut").await?;
    two.together().await?;
    review_and_choose(laptop, "Workbench").await?;

    // The phone goes on writing below. The laptop hears of it while it looks.
    write_below(phone, SEEN).await?;
    laptop.find(&By::text("Your choices are kept; 1 new difference.")).await?;
    let [here, other, result] = &columns(laptop, SEEN).await?[..] else {
        anyhow::bail!("not three columns");
    };
    assert!(!here.contains(SEEN), "{here}");
    contains(other, SEEN)?;
    contains(result, "From Phone")?;
    laptop.picture("review-news").await?;
    laptop.click(&By::button("Show")).await?;
    // What was chosen is chosen still.
    laptop.gone(&By::text("of 1 left")).await?;
    contains(&columns(laptop, "walnut").await?.join("\n"), "From this device")?;

    // What the laptop has not heard of when it decides, it does not decide.
    two.apart().await?;
    write_below(phone, UNSEEN).await?;
    laptop.click(&By::role_like("button", "Resolve and next")).await?;
    laptop.find(&By::text("No conflicts.")).await?;
    two.together().await?;
    for app in [laptop, phone] {
        open_note(app).await?;
        for part in ["The bench is made of ash.", SEEN, UNSEEN] {
            editor_shows(app, part).await?;
        }
        let lines = ["The bench is made of ash.", "", "It stands by the window.", SEEN, UNSEEN];
        assert_eq!(editor_text(app).await?, lines.join("\n"));
    }
    phone.picture("review-news-phone").await?;
    two.close().await
}

#[tokio::test]
async fn a_title_edited_elsewhere_says_who_and_when_and_is_opened_again_with_the_choices()
-> Result<()> {
    let two = Two::paired("Fir").await?;
    let (laptop, phone) = (&two.laptop, &two.phone);
    two.apart().await?;
    rename(laptop, "Buy oak", "Buy oak boards").await?;
    rename(phone, "Buy oak", "Buy oak planks").await?;
    two.together().await?;
    review_and_choose(laptop, "Buy oak").await?;

    // The phone edits the title in the ordinary way.
    phone.press("Ctrl+3").await?;
    phone.find(&By::button("2 versions")).await?;
    let boards = !phone.all(&row("Buy oak boards")).await?.is_empty();
    rename(phone, if boards { "Buy oak boards" } else { "Buy oak planks" }, "Buy beech").await?;
    laptop.find(&By::text("Resolved on Phone at ")).await?;
    laptop.find(&By::text("Title 'Buy beech'")).await?;
    laptop.find(&By::button("Reopen with my choices")).await?;
    laptop.picture("review-ended-elsewhere").await?;
    laptop.press("Esc").await?;

    // It is listed, and neither of the other titles is lost.
    tab(laptop, "Set aside").await?;
    for title in ["Buy oak boards", "Buy oak planks"] {
        laptop.find(&By::text(title)).await?;
    }
    laptop.picture("set-aside").await?;
    tab(laptop, "Resolved").await?;
    let resolved = By::css("ul[aria-label=Resolved] li");
    laptop.counts(&resolved, 1).await?;
    let listed = laptop.text(&resolved).await?;
    for part in ["Buy beech", "Resolved on Phone at "] {
        contains(&listed, part)?;
    }
    laptop.picture("conflicts-resolved-elsewhere").await?;

    // The way back: all titles stand again, and the choice counts.
    laptop.click(&By::role_like("button", "Reopen Buy beech")).await?;
    tab(laptop, "Needs you (1)").await?;
    laptop.click(&By::role_like("option", "Buy")).await?;
    laptop.find(&By::css("[data-difference='1']")).await?;
    let versions = columns(laptop, "Buy oak boards").await?.join("\n");
    for part in ["Buy oak boards", "Buy oak planks", "Buy beech", "From this device"] {
        contains(&versions, part)?;
    }
    laptop.gone(&By::text("1 of 1 left")).await?;
    laptop.picture("review-opened-again").await?;
    laptop.click(&By::role_like("button", "Resolve and next")).await?;
    laptop.find(&By::text("No conflicts.")).await?;
    for app in [laptop, phone] {
        app.press("Ctrl+3").await?;
        app.find(&row("Buy oak boards")).await?;
        app.gone(&By::button("2 versions")).await?;
    }
    two.close().await
}

#[tokio::test]
async fn lines_that_are_typed_apart_stay_lines_in_the_note() -> Result<()> {
    let two = Two::paired("Yew").await?;
    let (laptop, phone) = (&two.laptop, &two.phone);
    // Below the last line; then both go on in one empty line.
    two.apart().await?;
    write_below(laptop, "Glue from the laptop").await?;
    write_below(phone, "Nails from the phone").await?;
    two.together().await?;
    let expected = [SENTENCE, "", "It stands by the window."];
    for app in [laptop, phone] {
        open_note(app).await?;
        editor_shows(app, "Glue from the laptop").await?;
        editor_shows(app, "Nails from the phone").await?;
        let text = editor_text(app).await?;
        let mut lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.drain(..3).collect::<Vec<_>>(), expected);
        lines.sort_unstable();
        assert_eq!(lines, ["Glue from the laptop", "Nails from the phone"]);
    }
    laptop.picture("lines-apart").await?;
    two.close().await
}

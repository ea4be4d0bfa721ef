import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { fakeId } from "../../backend/fake/world";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
const open = (scene: "off" | "watching" | "approve" = "watching") => startApp({ route: { screen: "settings", tab: "travel" }, scene });
const row = (name: string) => screen.findByRole("radiogroup", { name });
const space = (fake: { world: { lists: { id: string; space: string }[] } }, n: number) => fake.world.lists.find((one) => one.id === fakeId(n))?.space;

describe("what travels where", () => {
  it("shows every list with its space, and what never travels and why", async () => {
    await open();
    expect(within(await row("Private")).getByRole("radio", { name: "Never leaves this device" })).toBeChecked();
    expect(within(await row("House › Garden")).getByRole("radio", { name: "Everywhere" })).toBeChecked();
    expect(screen.getByRole("row", { name: /Your passphrase It is not stored anywhere/ })).toBeVisible();
    await clean();
  });

  it("asks with a preview before it narrows, leaves copies by default, and can be undone", async () => {
    const { user, fake } = await open();
    await user.click(within(await row("Work")).getByRole("radio", { name: "Nearby only" }));
    const dialog = within(await screen.findByRole("dialog", { name: "‘Work’: Nearby only" }));
    expect(await dialog.findByRole("status")).toHaveTextContent(/Everywhere → Nearby only\. 2 tasks in it go along\..*Desktop and Phone already have copies\./);
    expect(dialog.getByRole("radio", { name: /Leave their copies/ })).toBeChecked();
    await clean();
    // Nothing is changed by looking.
    expect(space(fake, 5)).toBe("everywhere");
    expect(within(await row("Work")).getByRole("radio", { name: "Everywhere", hidden: true })).toBeChecked();
    await user.click(dialog.getByRole("radio", { name: /Ask them to remove theirs/ }));
    await user.click(dialog.getByRole("button", { name: "Change" }));
    expect(await screen.findByText(/‘Work’ travels to nearby devices only now · Desktop, Phone asked to remove theirs/)).toBeVisible();
    expect(fake.calls.find((call) => call.method === "setSpace")?.args.slice(0, 3)).toEqual([fakeId(5), "nearby", "remove"]);
    expect(within(await row("Work")).getByRole("radio", { name: "Nearby only" })).toBeChecked();
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(space(fake, 5)).toBe("everywhere"));
    await waitFor(async () => expect(within(await row("Work")).getByRole("radio", { name: "Everywhere" })).toBeChecked());
  });

  it("is driven by the keyboard: arrows move, Space asks, Escape leaves all as it was", async () => {
    const { user, fake } = await open();
    within(await row("House")).getByRole("radio", { name: "Everywhere" }).focus();
    await user.keyboard("{ArrowRight}{ArrowRight}");
    expect(document.activeElement).toBe(within(await row("House")).getByRole("radio", { name: "Ask first" }));
    await user.keyboard("{ArrowDown}");
    expect(document.activeElement).toBe(within(await row("House › Garden")).getByRole("radio", { name: "Ask first" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    await user.keyboard(" ");
    expect(await screen.findByRole("dialog", { name: "‘Garden’: Ask first" })).toBeVisible();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(space(fake, 3)).toBe("everywhere");
    expect(within(await row("House › Garden")).getByRole("radio", { name: "Everywhere" })).toBeChecked();
  });

  it("does not speak of copies when a list may go further than before", async () => {
    const { user, fake } = await open();
    await user.click(within(await row("Private")).getByRole("radio", { name: "Everywhere" }));
    const dialog = within(await screen.findByRole("dialog"));
    await dialog.findByText(/1 task in it goes along/);
    expect(dialog.queryByRole("radiogroup")).toBeNull();
    expect(dialog.queryByText(/copies/)).toBeNull();
    await user.click(dialog.getByRole("button", { name: "Change" }));
    // The list and its task travel now, so they wait to be sent.
    await waitFor(() => expect(fake.world.pending).toMatchObject({ [fakeId(6)]: 1, [fakeId(36)]: 1 }));
  });

  it("says when copies went out to nobody in particular, and what moves along", async () => {
    const { user, fake } = await open();
    const preview = fake.previewSpace.bind(fake);
    fake.previewSpace = async (list, to) => ({ ...(await preview(list, to)), holders: [], wentOut: true, along: 2 });
    await user.click(within(await row("Work")).getByRole("radio", { name: "Ask first" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText(/also left this device in a file or folder before/)).toBeVisible();
    expect(dialog.getByText("2 tags and attachments that only it uses move along.")).toBeVisible();
    expect(dialog.getByRole("radio", { name: /Leave their copies/ })).toBeChecked();
  });

  it("says why it could not be changed", async () => {
    const { user, fake } = await open();
    fake.failNext("previewSpace", { code: "not_found", message: "This list no longer exists.", remedy: "It may have been removed on another device." });
    await user.click(within(await row("Work")).getByRole("radio", { name: "Ask first" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByRole("alert")).toHaveTextContent("It may have been removed on another device.");
    await user.click(dialog.getByRole("button", { name: "Try again" }));
    expect(await dialog.findByRole("button", { name: "Change" })).toBeVisible();
  });

  it("approves what waits, by name; then it travels", async () => {
    const { user, fake } = await open("approve");
    const waiting = within(await screen.findByRole("group", { name: "Work, 3 changes" }));
    expect(waiting.getByRole("button", { name: "Quarterly report" })).toBeVisible();
    await clean();
    expect((await fake.status()).approvals).toBe(3);
    await fake.syncNow();
    expect(fake.world.pending[fakeId(35)]).toBe(1);
    await user.click(screen.getByRole("button", { name: "Approve 3 changes" }));
    expect(await screen.findByText("3 changes may travel now")).toBeVisible();
    await waitFor(() => expect(screen.queryByRole("group", { name: /^Work/ })).toBeNull());
    await fake.syncNow();
    expect(fake.world.pending).toEqual({});
    // A later change waits again.
    await fake.editTasks([fakeId(35)], { priority: 3 });
    expect(await screen.findByRole("group", { name: "Work, 1 change" })).toBeVisible();
  });
});

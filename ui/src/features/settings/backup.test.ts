import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { DESKTOP, fakeId, PHONE } from "../../backend/fake/world";
import { act } from "../../state/actions.svelte";
import { router } from "../../state/router.svelte";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
const at = (tab: string, scene: "off" | "watching" | "removed" | "waiting" = "watching") => startApp({ route: { screen: "settings", tab }, scene });
const titles = (fake: { world: { tasks: { title: string; deleted: number | null }[] } }) => fake.world.tasks.filter((one) => !one.deleted).map((one) => one.title);

describe("backups", () => {
  it("lists them with time, kind and size, and makes one", async () => {
    const { user, fake } = await at("backup");
    expect(await screen.findAllByRole("row", { name: /Automatic/ })).toHaveLength(3);
    await clean();
    await user.click(screen.getByRole("button", { name: "Back up now" }));
    expect(await screen.findByRole("row", { name: /14:32.*Made by you.* KB/ })).toBeVisible();
    expect(await screen.findByText(/^Backed up: .* KB, opened and compared$/)).toBeVisible();
    expect((await fake.backups()).backups).toHaveLength(4);
  });

  it("can be made from anywhere with the palette's action, and says why it failed", async () => {
    const { fake } = await startApp();
    await screen.findByText("Buy oak boards");
    fake.failNext("backUpNow", { code: "disk_full", message: "The disk is full.", remedy: "Free 200 MB." });
    expect(act("backup.now")).toBe(true);
    expect(await screen.findByText("Free 200 MB.")).toBeVisible();
    act("go.backup");
    expect(router.route).toEqual({ screen: "settings", tab: "backup" });
  });

  it("says when the last automatic one failed", async () => {
    const { fake } = await startApp();
    fake.saved.failure = { code: "disk_full", message: "The disk is full.", remedy: "Free 200 MB." };
    act("go.backup");
    expect(await screen.findByRole("alert")).toHaveTextContent(/The last automatic backup failed: The disk is full\.\s*Free 200 MB\./);
  });

  it("previews a restore, makes a restore point, and restores for all devices as one change that can be undone", async () => {
    const { user, fake } = await at("backup");
    await fake.editTasks([fakeId(33)], { title: "Changed since" });
    await fake.quickAdd("Added since", [], { list: null, when: null, parent: null });
    await fake.deleteItems([fakeId(34)]);
    await user.click((await screen.findAllByRole("button", { name: /^Restore the backup of yesterday/ }))[0]!);
    const dialog = within(await screen.findByRole("dialog", { name: /^Restore the backup of yesterday/ }));
    expect(await dialog.findByText("Brings back 1, changes 1 back, moves 1 to the trash.")).toBeVisible();
    expect(dialog.getByRole("list", { name: "Goes to the trash" })).toHaveTextContent("Added since");
    expect(dialog.getByRole("radio", { name: /For all devices.*Desktop and Phone get it too/ })).toBeChecked();
    expect(dialog.getByText(/A restore point of now is made first/)).toBeVisible();
    await clean();
    expect(titles(fake)).toContain("Added since");
    await user.click(dialog.getByRole("button", { name: "Restore" }));
    expect(await dialog.findByText(/You can take it back with Undo/)).toBeVisible();
    expect(titles(fake)).toEqual(expect.arrayContaining(["Look at the new phone contract", "Idea: a map of all trees in the street"]));
    expect(titles(fake)).not.toContain("Added since");
    expect((await fake.backups()).backups[0]?.kind).toBe("point");
    await user.click(dialog.getByRole("button", { name: "Done" }));
    await user.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(titles(fake)).toEqual(expect.arrayContaining(["Added since", "Changed since"])));
  });

  it("restores only here: what the others have comes back, what had not left is in the restore point", async () => {
    const { user, fake } = await at("backup");
    await fake.editTasks([fakeId(33)], { title: "Sent since" });
    await fake.syncNow();
    await fake.editTasks([fakeId(20)], { title: "Not sent" });
    await user.click((await screen.findAllByRole("button", { name: /^Restore the backup/ }))[0]!);
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(await dialog.findByRole("radio", { name: /Only here.*catches up again with Desktop and Phone/ }));
    await user.click(dialog.getByRole("button", { name: "Restore" }));
    expect(await dialog.findByText(/writes under a new identity/)).toBeVisible();
    expect(titles(fake)).toEqual(expect.arrayContaining(["Sent since", "Renew the passport"]));
    expect((await fake.activity(5)).map((one) => one.kind)).toEqual(expect.arrayContaining(["identity", "restore"]));
  });

  it("leaves everything as it was when restoring fails", async () => {
    const { user, fake } = await at("backup");
    await fake.editTasks([fakeId(33)], { title: "Changed since" });
    fake.failNext("restoreBackup", { code: "damaged", message: "The backup is damaged.", remedy: "Choose an older one." });
    await user.click((await screen.findAllByRole("button", { name: /^Restore the backup/ }))[0]!);
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(await dialog.findByRole("button", { name: "Restore" }));
    expect(await dialog.findByRole("alert")).toHaveTextContent("Choose an older one.");
    expect(dialog.getByText("Your data is as it was.")).toBeVisible();
    expect(titles(fake)).toContain("Changed since");
  });

  it("says when nothing differs", async () => {
    const { user } = await at("backup");
    await user.click(await screen.findByRole("button", { name: "Back up now" }));
    await user.click(await screen.findByRole("button", { name: /^Restore the backup of 14:32/ }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("Nothing differs from now.")).toBeVisible();
    expect(dialog.queryByRole("button", { name: "Restore" })).toBeNull();
  });
});

describe("storage", () => {
  it("tells sizes, keeps history as long as was chosen, and names who holds pruning back", async () => {
    const { user, fake } = await at("data", "waiting");
    expect(await screen.findByText("Your lists, tasks and notes")).toBeVisible();
    expect(screen.getByText(/^Desktop has not confirmed .* \(7 old changes\)/)).toBeVisible();
    await clean();
    await user.click(screen.getByRole("radio", { name: "90 days" }));
    await waitFor(async () => expect((await fake.storage()).historyDays).toBe(90));
    await user.click(screen.getByRole("radio", { name: "For ever" }));
    await waitFor(() => expect(screen.queryByText(/^Desktop has not confirmed/)).toBeNull());
  });
});

describe("a check", () => {
  it("shows what is damaged, repairs it, and says what will be fetched again", async () => {
    const { user, fake } = await at("data");
    fake.damage = { changes: 3, device: "Phone" };
    await user.click(await screen.findByRole("button", { name: "Check now" }));
    expect(await screen.findByText("Something is not in order.")).toBeVisible();
    expect(screen.getByText("Log: 3 changes of Phone do not match their hash")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Repair" }));
    expect(await screen.findByText(/^3 changes will be fetched again from other devices/)).toBeVisible();
    expect(screen.queryByRole("button", { name: "Repair" })).toBeNull();
    await clean();
  });
});

describe("removing a device", () => {
  it("says what it does and what it cannot do, and does it", async () => {
    const { user, fake } = await at("devices", "waiting");
    await user.click(await screen.findByRole("button", { name: "Remove Desktop…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Remove Desktop?" }));
    expect(dialog.getByText(/Desktop gets nothing new\..*new keys/)).toBeVisible();
    expect(dialog.getByText("7 changes of yours have not reached it and will not.")).toBeVisible();
    expect(dialog.getByText(/Holdfast cannot erase that from here/)).toBeVisible();
    await clean();
    // Enter at once must not remove anything.
    await waitFor(() => expect(dialog.getByRole("button", { name: "Cancel" })).toHaveFocus());
    await user.keyboard("{Escape}");
    expect(fake.world.devices.find((one) => one.id === DESKTOP.id)?.removed).toBe(false);
    await user.click(await screen.findByRole("button", { name: "Remove Desktop…" }));
    await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Remove Desktop" }));
    expect(await screen.findByText(/^Removed .*14:32/)).toBeInTheDocument();
    expect(fake.world.devices.find((one) => one.id === DESKTOP.id)?.removed).toBe(true);
    expect(screen.queryByRole("button", { name: "Remove Laptop…" })).toBeNull();
  });

  it("shows what a removed device wrote afterwards as set aside, and applies none of it", async () => {
    const { fake } = await at("devices", "removed");
    expect(await screen.findByText(/3 later changes set aside, not applied/)).toBeVisible();
    expect(fake.world.devices.find((one) => one.id === PHONE.id)?.quarantined).toBe(3);
    expect(titles(fake)).not.toContain("Return the library books");
  });

  it("says why it did not work", async () => {
    const { user, fake } = await at("devices");
    fake.failNext("removeDevice", { code: "not_found", message: "This device is not a member any more.", remedy: "It may have been removed on another device." });
    await user.click(await screen.findByRole("button", { name: "Remove Phone…" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByRole("button", { name: "Remove Phone" }));
    expect(await dialog.findByRole("alert")).toHaveTextContent("It may have been removed on another device.");
  });
});

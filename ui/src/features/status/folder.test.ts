import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { DESKTOP, fakeId, PHONE } from "../../backend/fake/world";
import type { Scene } from "../../backend/fake/scenes";
import { fromPhone } from "../../backend/fake/scenes";
import { TEST_NOW } from "../../backend/fake";
import { act, handlerOf } from "../../state/actions.svelte";
import { router } from "../../state/router.svelte";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
const row = async () => within(await screen.findByRole("contentinfo", { name: "Sync status" }));
async function popover(scene: Scene) {
  const app = await startApp({ scene });
  await screen.findByText("Renew the passport");
  await app.user.keyboard("{Control>}{Shift>}y{/Shift}{/Control}");
  return { ...app, panel: within((await screen.findByText("Destinations")).closest<HTMLElement>(".popover")!) };
}

describe("the status row with a folder", () => {
  it.each([
    ["watching", "Up to date · 14:32", null],
    ["waiting", "7 changes waiting for Desktop and Phone", "See items"],
    ["ask", "3 changes from Phone wait for you to look", "Review what waits for you to look"],
    ["deletions", "5 changes from Phone wait for you to look", "Review what waits for you to look"],
    ["approve", "3 changes wait for your approval", "Review what waits for your approval"],
    ["missing", "Can't sync: folder missing", "Choose folder…"],
    ["emptied", "Can't sync: folder emptied", "Decide…"],
  ] satisfies [Scene, string, string | null][])("says in scene %s: %s", async (scene, words, action) => {
    await startApp({ width: 720, scene });
    expect((await (await row()).findByRole("button", { name: words })).querySelector("svg")).not.toBeNull();
    if (action) expect((await row()).getByRole("button", { name: action })).toBeVisible();
    else expect((await row()).queryByRole("button", { name: /Review what|folder|items/ })).toBeNull();
  });

  it("offers Sync now only where there is somewhere to sync with", async () => {
    const { fake, user } = await startApp();
    await screen.findByText("Buy oak boards");
    expect(handlerOf("sync.now")).toBeNull();
    await user.keyboard("{Control>}s{/Control}");
    expect(fake.calls.map((call) => call.method)).not.toContain("syncNow");
  });

  it("syncs with Mod+S: says that it does, and reads the end aloud", async () => {
    const { fake, user } = await startApp({ scene: "watching" });
    await screen.findByText("Buy oak boards");
    fake.folders.takes = 300;
    fake.folders.disk.batches.push(fromPhone(TEST_NOW));
    await user.keyboard("{Control>}s{/Control}");
    expect(await (await row()).findByRole("button", { name: "Syncing 0 of 3" })).toBeVisible();
    expect(await (await row()).findByRole("button", { name: "Up to date · 14:32" })).toBeVisible();
    await waitFor(async () => expect((await row()).getByRole("status")).toHaveTextContent("Up to date · 14:32"));
    expect(fake.world.tasks.some((one) => one.title === "Return the library books")).toBe(true);
  });

  it("never says Up to date while a device has not confirmed", async () => {
    const { fake } = await startApp({ scene: "waiting" });
    await (await row()).findByRole("button", { name: "7 changes waiting for Desktop and Phone" });
    fake.acknowledge(DESKTOP.id);
    expect(await (await row()).findByRole("button", { name: "7 changes waiting for Phone" })).toBeVisible();
    fake.acknowledge(PHONE.id);
    expect(await (await row()).findByRole("button", { name: "Up to date · 14:32" })).toBeVisible();
  });

  it("pauses for an hour, until tomorrow or until resumed, and resumes", async () => {
    const { fake, user, panel } = await popover("watching");
    await clean();
    await user.click(panel.getByLabelText("Pause: Until I resume"));
    expect(await (await row()).findByRole("button", { name: "Paused · 0 not sent" })).toBeVisible();
    await fake.editTasks([fakeId(33)], { priority: 1 });
    expect(await (await row()).findByRole("button", { name: "Paused · 1 not sent" })).toBeVisible();
    expect(handlerOf("sync.pause")).toBeNull();
    await user.click((await row()).getByRole("button", { name: "Resume" }));
    expect(await (await row()).findByRole("button", { name: "1 change waiting for Desktop and Phone" })).toBeVisible();
    act("sync.pause");
    expect(await (await row()).findByRole("button", { name: /^Paused until 1[5-6]:32 · 0 not sent|^Paused until/ })).toBeVisible();
    expect(fake.calls.findLast((call) => call.method === "pauseSync")?.args).toEqual(["hour"]);
  });

  it("chooses the folder again from the row", async () => {
    const { user } = await startApp({ scene: "missing" });
    await user.click(await (await row()).findByRole("button", { name: "Choose folder…" }));
    expect(await screen.findByRole("dialog", { name: "Use an exchange folder" })).toBeVisible();
  });

  it("leads from an emptied folder to where it is decided", async () => {
    const { user } = await startApp({ scene: "emptied" });
    await user.click(await (await row()).findByRole("button", { name: "Decide…" }));
    expect(router.route).toEqual({ screen: "settings", tab: "sync" });
  });

  it("says why syncing now failed", async () => {
    const { fake, user } = await startApp({ scene: "watching" });
    await screen.findByText("Buy oak boards");
    fake.failNext("syncNow", { code: "disk_full", message: "The disk is full.", remedy: "Free 200 MB." });
    await user.keyboard("{Control>}s{/Control}");
    expect(await screen.findByText("Free 200 MB.")).toBeVisible();
  });
});

describe("the popover with a folder", () => {
  it("has no row for a device that left, whatever still counts for it", async () => {
    const { fake, panel } = await popover("waiting");
    const known = structuredClone(fake.world.sync.destinations);
    expect(known.map((one) => one.name)).toContain("Phone");
    await fake.removeDevice(PHONE.id);
    // The backend may still know what it lacked.
    fake.elsewhere((world) => (world.sync.destinations = known));
    await waitFor(() => expect(panel.queryByText("Phone", { selector: "strong" })).toBeNull());
    expect(panel.getByText("Desktop", { selector: "strong" })).toBeInTheDocument();
  });

  it("has a row for the folder and names what waits for the others", async () => {
    const { panel } = await popover("waiting");
    expect(panel.getByText("Exchange folder")).toBeInTheDocument();
    expect(panel.getByText("Watching · last looked 14:32")).toBeInTheDocument();
    expect((await panel.findByText("Shelf plan")).closest("button")).toHaveTextContent(/Shelf plan\s*2 changes/);
    await clean();
  });

  it("leads to approvals", async () => {
    const { user, panel } = await popover("approve");
    await user.click(panel.getByLabelText("Review what waits for your approval"));
    expect(router.route).toEqual({ screen: "settings", tab: "travel" });
  });

  it("shows an error with its fix", async () => {
    const { user, panel, fake } = await popover("missing");
    expect(panel.getByRole("alert", { hidden: true })).toHaveTextContent("The exchange folder cannot be found.");
    expect(panel.getByText("Folder is missing: choose it again")).toBeInTheDocument();
    expect(panel.getByText("Connect the drive that it is on, or choose the folder again.")).toBeInTheDocument();
    fake.folders.disk.present = true;
    await user.click(panel.getByText("Look again"));
    expect(await (await row()).findByRole("button", { name: "Up to date · 14:32" })).toBeVisible();
  });
});

import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { disk } from "../../backend/fake/folder";
import { DESKTOP, PHONE } from "../../backend/fake/world";
import { fromPhone } from "../../backend/fake/scenes";
import { TEST_NOW } from "../../backend/fake";
import { act } from "../../state/actions.svelte";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
const section = async () => within((await screen.findByRole("heading", { level: 2, name: "Exchange folder" })).closest("section")!);
const at = (scene: NonNullable<Parameters<typeof startApp>[0]>["scene"]) => startApp({ route: { screen: "settings", tab: "sync" }, ...(scene ? { scene } : {}) });

describe("choosing an exchange folder", () => {
  it("says what will happen, writes nothing before, then sends what may travel", async () => {
    const { user, fake } = await at("off");
    await user.click(await (await section()).findByRole("button", { name: "Choose a folder…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Use an exchange folder" }));
    expect(await dialog.findByText("/home/ann/Sync/Holdfast")).toBeVisible();
    const happens = dialog.getByRole("status");
    expect(happens).toHaveTextContent("Sends 16 tasks and 4 notes in 20 changes to this folder. The folder’s host sees only sealed files, their sizes and times.");
    expect(happens).toHaveTextContent("‘Private’ does not go into it.");
    await clean();
    expect(fake.calls.map((call) => call.method)).not.toContain("useFolder");
    expect(Object.keys(fake.world.pending)).toHaveLength(4);
    await user.click(dialog.getByRole("radio", { name: /Ask me first/ }));
    await user.click(dialog.getByRole("checkbox", { name: /When Holdfast starts/ }));
    await user.click(dialog.getByRole("button", { name: "Use this folder" }));
    expect(await (await section()).findByText(/^Watching · last looked .*14:32$/)).toBeVisible();
    expect(await fake.folder()).toMatchObject({ arriving: "askFirst", triggers: { onLaunch: false, onChange: true, everyMinutes: 15 } });
    expect(fake.world.pending).toEqual({});
  });

  it("refuses the folder of the live database with the reason, and goes on with another", async () => {
    const { user, fake } = await at("database");
    await user.click(await (await section()).findByRole("button", { name: "Choose a folder…" }));
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByRole("alert")).toHaveTextContent(/keeps its own database in this folder.*damage it.*Choose an empty folder/);
    expect(dialog.getByText("Nothing was written.")).toBeVisible();
    expect(dialog.queryByRole("button", { name: "Use this folder" })).toBeNull();
    await clean();
    await user.click(dialog.getByRole("button", { name: "Choose another folder…" }));
    expect(await dialog.findByRole("button", { name: "Use this folder" })).toBeEnabled();
    expect(await fake.folder()).toBeNull();
  });

  it("closes when the folder dialog is cancelled, and keeps what was set when another is picked", async () => {
    const { user, fake } = await at("ask");
    fake.folders.picks = [null];
    await user.click(await (await section()).findByRole("button", { name: "Choose another folder…" }));
    await waitFor(() => expect(fake.calls.filter((call) => call.method === "pickFolder")).toHaveLength(2));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    fake.folders.picks = [disk("/media/stick", { batches: [{ ...fromPhone(TEST_NOW), id: "other" }] })];
    act("sync.folder");
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("/media/stick")).toBeVisible();
    expect(dialog.getByRole("status")).toHaveTextContent("Phone uses it already: 3 changes are there for you.");
    expect(dialog.getByRole("radio", { name: /Ask me first/ })).toBeChecked();
  });
});

describe("an exchange folder in use", () => {
  it("changes how it is used", async () => {
    const { user, fake } = await at("watching");
    const folder = await section();
    await user.click(await folder.findByRole("radio", { name: /Ask me first/ }));
    await waitFor(async () => expect(await fake.folder()).toMatchObject({ arriving: "askFirst" }));
    await user.click(folder.getByRole("checkbox", { name: /When something changes/ }));
    folder.getByRole("combobox", { name: /On a timer/ }).focus();
    await user.keyboard("{Enter}");
    await user.keyboard("{ArrowDown}{Enter}");
    await waitFor(async () => expect(await fake.folder()).toMatchObject({ arriving: "askFirst", triggers: { onLaunch: true, onChange: false, everyMinutes: 60 } }));
  });

  it("stops without deleting anything", async () => {
    const { user, fake } = await at("watching");
    const tasks = fake.world.tasks.length;
    await user.click(await (await section()).findByRole("button", { name: "Stop using it" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Stop using the folder?" }));
    expect(dialog.getByText(/Nothing is deleted, neither here nor in the folder/)).toBeVisible();
    await clean();
    const place = fake.folders.disk;
    await user.click(dialog.getByRole("button", { name: "Stop using it" }));
    expect(await (await section()).findByRole("button", { name: "Choose a folder…" })).toBeVisible();
    expect(fake.world.tasks).toHaveLength(tasks);
    expect(place.mine).toBe(true);
  });

  it("says when the folder is missing, and finds it again", async () => {
    const { user, fake } = await at("missing");
    const folder = await section();
    expect(await folder.findByRole("alert")).toHaveTextContent("The folder is missing.");
    expect(folder.getByRole("button", { name: "Choose it again…" })).toBeVisible();
    await clean();
    fake.folders.disk.present = true;
    await user.click(folder.getByRole("button", { name: "Look again" }));
    expect(await folder.findByText(/^Watching · last looked/)).toBeVisible();
    expect(folder.queryByRole("alert")).toBeNull();
  });

  it("asks before it publishes again into an emptied folder; nothing was deleted here", async () => {
    const { user, fake } = await at("emptied");
    const folder = await section();
    expect(await folder.findByRole("alert")).toHaveTextContent("The folder was emptied or replaced. Nothing was deleted here.");
    expect(["Publish again", "Choose another folder…", "Stop using it"].map((name) => folder.getByRole("button", { name }))).toHaveLength(3);
    await clean();
    expect(fake.folders.disk.mine).toBe(false);
    expect(fake.world.tasks.filter((one) => one.deleted)).toHaveLength(1);
    await user.click(folder.getByRole("button", { name: "Publish again" }));
    expect(await folder.findByText(/^Watching/)).toBeVisible();
    expect(fake.folders.disk.mine).toBe(true);
  });

  it("publishes again where another device found files of this one damaged", async () => {
    const { user } = await at("watching");
    const folder = await section();
    await user.click(await folder.findByRole("button", { name: "Publish again" }));
    expect(await screen.findByText("Published again: the folder has everything of this device")).toBeVisible();
    expect(await folder.findByText(/^Watching/)).toBeVisible();
  });

  it("shows why it fails and what to do", async () => {
    await at("failing");
    expect(await (await section()).findByRole("alert")).toHaveTextContent(/may not write into the exchange folder.*Allow writing/);
  });

  it("says why setting it did not work", async () => {
    const { user, fake } = await at("watching");
    fake.failNext("setFolder", { code: "disk_full", message: "The disk is full.", remedy: "Free 200 MB." });
    await user.click(await (await section()).findByRole("radio", { name: /Ask me first/ }));
    expect(await screen.findByText("Free 200 MB.")).toBeVisible();
    expect(await (await section()).findByRole("radio", { name: /Import at once/ })).toBeChecked();
  });
});

it("brings what another device put into the folder, and sends what is changed here", async () => {
  const { fake } = await at("watching");
  fake.folders.disk.batches.push(fromPhone(TEST_NOW));
  await fake.editTasks(["00000000-0000-7000-8000-00000000001c"], { priority: 1 });
  await fake.syncNow();
  expect(fake.world.tasks.some((one) => one.title === "Return the library books")).toBe(true);
  expect((await fake.status()).text).toBe("1 change waiting for Desktop and Phone");
  fake.acknowledge(DESKTOP.id);
  fake.acknowledge(PHONE.id);
  expect((await fake.status()).text).toBe("Up to date · 14:32");
  // Undoing what was done here takes back nothing that came from elsewhere.
  await fake.undo();
  expect(fake.world.tasks.some((one) => one.title === "Return the library books")).toBe(true);
});

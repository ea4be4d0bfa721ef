import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { act } from "$state/actions.svelte";
import { router } from "$state/router.svelte";
import { startApp } from "../../../tests/app";
import { byWhat, sayBytes, sayPreview, sayResult } from "$shared/changes/words";
import { staysHere } from "./words";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
async function opened(action: string, prepare: (fake: Awaited<ReturnType<typeof startApp>>["fake"]) => void = () => {}) {
  const app = await startApp();
  await screen.findByText("Buy oak boards");
  prepare(app.fake);
  act(action);
  return { ...app, dialog: await screen.findByRole("dialog") };
}

describe("exporting", () => {
  it("shows what will be in it, what stays here, and where it went", async () => {
    const { user, fake, dialog } = await opened("sync.export");
    expect(await within(dialog).findByText("4 items changed since the last export")).toBeInTheDocument();
    expect(within(dialog).getByText(/‘Private’ stays on this device and is not in it/)).toBeVisible();
    await clean();
    await user.click(await within(dialog).findByRole("radio", { name: /An update for Desktop/ }));
    await user.click(within(dialog).getByRole("button", { name: "Choose where to save…" }));
    expect(await within(dialog).findByText(/^holdfast-.*\.holdfast$/)).toBeVisible();
    expect(fake.calls.find((call) => call.method === "exportBundle")?.args[0]).toEqual({ kind: "update", device: "00000000-0000-7000-8000-0000000000d2" });
  });

  it("makes an invitation only with a passphrase typed twice", async () => {
    const { user, fake, dialog } = await opened("sync.invite");
    await user.type(within(dialog).getByLabelText("Passphrase of the invitation"), "short");
    await user.click(within(dialog).getByRole("button", { name: "Choose where to save…" }));
    expect(within(dialog).getByText("Use at least 8 characters.")).toBeVisible();
    await clean();
    await user.type(within(dialog).getByLabelText("Passphrase of the invitation"), " but longer");
    await user.type(within(dialog).getByLabelText("Passphrase again"), "short but longer");
    await user.click(within(dialog).getByRole("button", { name: "Choose where to save…" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "exportBundle")?.args[0]).toEqual({ kind: "invite", passphrase: "short but longer" }));
    expect(await within(dialog).findByText(/Join my other device/)).toBeVisible();
  });

  it("says that nothing was written when it fails, and stays as it is when a file dialog is cancelled", async () => {
    const { user, fake, dialog } = await opened("sync.export");
    fake.failNext("exportBundle", { code: "disk-full", message: "The disk is full.", remedy: "Free 200 MB." });
    await user.click(within(dialog).getByRole("button", { name: "Choose where to save…" }));
    expect(await within(dialog).findByText("Free 200 MB.")).toBeVisible();
    expect(within(dialog).getByText("Nothing was written, and nothing counts as exported.")).toBeVisible();
  });
});

describe("importing", () => {
  it("shows the items by name before anything happens, then the result", async () => {
    const { user, fake, dialog } = await opened("sync.import");
    expect(await within(dialog).findByText("Adds 1, updates 1.")).toBeVisible();
    expect(within(dialog).getByText("4 changes of it are here already.")).toBeVisible();
    expect(within(dialog).getByText("Paint the fence")).toBeVisible();
    expect(fake.world.tasks.some((one) => one.title === "Paint the fence")).toBe(false);
    await clean();
    await user.click(within(dialog).getByRole("button", { name: "Import" }));
    expect(await within(dialog).findByText("Added 1, updated 1.")).toBeVisible();
    expect(fake.world.tasks.some((one) => one.title === "Paint the fence")).toBe(true);
  });

  it("leads to the conflicts that came of it", async () => {
    const { user, dialog } = await opened("sync.import", (fake) => {
      fake.importBundle = async () => ({ exchange: "x", adds: 0, updates: 3, deletes: 0, conflicts: 2, merged: 1 });
    });
    await user.click(await within(dialog).findByRole("button", { name: "Import" }));
    await user.click(await within(dialog).findByRole("button", { name: "Review 2 conflicts" }));
    expect(router.route).toMatchObject({ screen: "conflicts", tab: "open" });
  });

  it("says that nothing was changed when a file cannot be read", async () => {
    const { dialog } = await opened("sync.import", (fake) => fake.failNext("inspectBundle", { code: "damaged", message: "The file is damaged.", remedy: "Export it again on Desktop." }));
    expect(await within(dialog).findByText("Export it again on Desktop.")).toBeVisible();
    expect(within(dialog).getByText("Nothing on this device was changed.")).toBeVisible();
    expect(within(dialog).queryByRole("button", { name: "Import" })).toBeNull();
    await clean();
  });

  it("closes when no file was chosen", async () => {
    const { fake } = await startApp();
    await screen.findByText("Buy oak boards");
    fake.inspectBundle = async () => null as never;
    act("sync.import");
    await waitFor(() => expect(fake.calls.map((call) => call.method)).toContain("inspectBundle"));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("previews a folder of Markdown and imports it as one action", async () => {
    const { user, dialog } = await opened("data.markdown");
    expect(await within(dialog).findByText("Old notes: 12 notes, 2 lists, 3 attachments.")).toBeVisible();
    expect(within(dialog).getByText("Hidden file")).toBeVisible();
    await clean();
    await user.click(within(dialog).getByRole("button", { name: "Import 12 notes" }));
    expect(await screen.findByText("Imported 12 notes")).toBeVisible();
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("writes everything as plain files", async () => {
    const { user, fake, dialog } = await opened("data.export");
    await user.click(within(dialog).getByRole("radio", { name: /JSON/ }));
    await clean();
    await user.click(within(dialog).getByRole("button", { name: "Choose a folder…" }));
    expect(await within(dialog).findByText("Holdfast export")).toBeVisible();
    expect(fake.calls.find((call) => call.method === "exportAll")?.args).toEqual(["json"]);
  });

  it("says what an export could not write, what it left out, and where the earlier one is", async () => {
    const { user, fake, dialog } = await opened("data.export");
    fake.exported = { leftOut: 2, earlier: "Documents/Holdfast 2026-11-18", failed: [{ title: "Diary", reason: "the text cannot be read" }] };
    await user.click(within(dialog).getByRole("button", { name: "Choose a folder…" }));
    expect(await within(dialog).findByText("2 items marked never to leave this device were left out.")).toBeVisible();
    expect(within(dialog).getByText("Documents/Holdfast 2026-11-18")).toBeVisible();
    expect(within(dialog).getByRole("list", { name: "Not written" })).toHaveTextContent("Diary: the text cannot be read");
    await clean();
  });
});

describe("words", () => {
  it("says what an import does", () => {
    const counts = { adds: 12, updates: 30, deletes: 0, conflicts: 2 };
    expect(sayPreview(counts)).toBe("Adds 12, updates 30, 2 conflicts.");
    expect(sayResult({ adds: 0, updates: 1, deletes: 3, conflicts: 1 })).toBe("Updated 1, deleted 3, 1 conflict.");
    expect(sayPreview({ adds: 0, updates: 0, deletes: 0, conflicts: 0 })).toMatch(/^Nothing new/);
  });
  it("puts conflicts first", () => {
    const item = (id: string, what: "added" | "conflict") => ({ id, kind: "task", title: id, what });
    expect(byWhat([item("a", "added"), item("b", "conflict")]).map((group) => group.what)).toEqual(["conflict", "added"]);
  });
  it("says sizes and what stays", () => {
    expect([640, 12_300, 3_600_000].map(sayBytes)).toEqual(["640 bytes", "12 KB", "3.4 MB"]);
    expect(staysHere([])).toBeNull();
  });
});

import { screen, waitFor, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { fakeId } from "../../backend/fake/world";
import { act } from "../../state/actions.svelte";
import { router } from "../../state/router.svelte";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
async function opened(scene: "ask" | "deletions") {
  const app = await startApp({ scene });
  await screen.findByText("Buy oak boards");
  act("sync.review");
  return { ...app, dialog: within(await screen.findByRole("dialog", { name: "Changes from Phone" })) };
}
const deleted = (fake: { world: { tasks: { list: string | null; deleted: number | null }[] } }) => fake.world.tasks.filter((one) => one.list === fakeId(2) && one.deleted).length;

describe("changes that wait for a look", () => {
  it("are shown by name, applied only when the person says so, and taken back in Activity", async () => {
    const { user, fake, dialog } = await opened("ask");
    expect(await dialog.findByText("Adds 1, updates 2.")).toBeVisible();
    expect(dialog.getByRole("list", { name: "New" })).toHaveTextContent("Return the library books");
    expect(fake.world.tasks.some((one) => one.title === "Return the library books")).toBe(false);
    await clean();
    await user.click(dialog.getByRole("button", { name: "Not now" }));
    expect((await fake.status()).held).toHaveLength(1);
    act("sync.review");
    const again = within(await screen.findByRole("dialog"));
    await user.click(await again.findByRole("button", { name: "Import" }));
    expect(await again.findByText("Added 1, updated 2.")).toBeVisible();
    expect(fake.world.tasks.find((one) => one.id === fakeId(31))?.title).toBe("Dentist, Dr Lind");
    expect((await fake.status()).held).toEqual([]);
    await user.click(again.getByRole("button", { name: "Done" }));
    router.go({ screen: "activity" });
    await user.click(await screen.findByRole("button", { name: "Undo: Received changes from Phone" }));
    await waitFor(() => expect(fake.world.tasks.some((one) => one.title === "Return the library books")).toBe(false));
    expect(fake.world.tasks.find((one) => one.id === fakeId(31))?.title).toBe("Dentist");
  });

  it("become a conflict where both changed the same", async () => {
    const { user, fake, dialog } = await opened("ask");
    await dialog.findByText("Adds 1, updates 2.");
    await user.click(dialog.getByRole("button", { name: "Not now" }));
    await fake.editTasks([fakeId(31)], { title: "Dentist at nine" });
    act("sync.review");
    const again = within(await screen.findByRole("dialog"));
    expect(await again.findByText("Adds 1, updates 1, 1 conflict.")).toBeVisible();
    await user.click(again.getByRole("button", { name: "Import" }));
    await user.click(await again.findByRole("button", { name: "Review 1 conflict" }));
    expect(router.route).toMatchObject({ screen: "conflicts" });
    expect(fake.world.tasks.find((one) => one.id === fakeId(31))?.title).toBe("Dentist at nine");
  });

  it("that delete most of a list ask what to do; nothing is chosen before", async () => {
    const { user, fake, dialog } = await opened("deletions");
    expect(await dialog.findByText("Deletes 5.")).toBeVisible();
    expect(dialog.getByText(/deleted more than half of a list/)).toBeVisible();
    await clean();
    expect(dialog.getAllByRole("radio").filter((one) => (one as HTMLInputElement).checked)).toEqual([]);
    await user.click(dialog.getByRole("button", { name: "Import" }));
    expect(deleted(fake)).toBe(0);
    await user.click(dialog.getByRole("radio", { name: /Keep them/ }));
    await user.click(dialog.getByRole("button", { name: "Import" }));
    expect(await dialog.findByText(/^Kept everything that Phone deleted/)).toBeVisible();
    expect(deleted(fake)).toBe(0);
    // The others get them back.
    expect(fake.world.pending[fakeId(28)]).toBe(1);
  });

  it("are deleted here too when the person wants it", async () => {
    const { user, fake, dialog } = await opened("deletions");
    await user.click(await dialog.findByRole("radio", { name: /Delete them here too/ }));
    await user.click(dialog.getByRole("button", { name: "Import" }));
    expect(await dialog.findByText("Deleted 5.")).toBeVisible();
    expect(deleted(fake)).toBe(5);
  });

  it.each([
    ["deletions", /what was deleted came back/],
    ["ask", /answered elsewhere/],
  ] as const)("close when they wait no more, and say so: %s", async (scene, why) => {
    const { fake, dialog } = await opened(scene);
    await dialog.findByRole("button", { name: "Import" });
    fake.folders.settledElsewhere();
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(await screen.findByText("Nothing from Phone waits for you any more.")).toBeInTheDocument();
    expect(screen.getByText(why)).toBeInTheDocument();
    expect(fake.calls.map((call) => call.method)).not.toContain("acceptHeld");
  });

  it("are looked at again when others take their place, and nothing stays chosen", async () => {
    const { user, fake, dialog } = await opened("deletions");
    await user.click(await dialog.findByRole("radio", { name: /Delete them here too/ }));
    fake.folders.disk.batches[0]?.ops.pop();
    fake.elsewhere(() => {});
    expect(await dialog.findByText("Deletes 4.")).toBeVisible();
    expect(dialog.getAllByRole("radio").filter((one) => (one as HTMLInputElement).checked)).toEqual([]);
    await user.click(dialog.getByRole("button", { name: "Import" }));
    expect(deleted(fake)).toBe(0);
  });

  it("stay as they are when looking fails", async () => {
    const app = await startApp({ scene: "ask" });
    await screen.findByText("Buy oak boards");
    app.fake.failNext("inspectHeld", { code: "damaged", message: "A file of Phone is not complete yet.", remedy: "Wait until the folder has synced." });
    act("sync.review");
    const dialog = within(await screen.findByRole("dialog"));
    expect(await dialog.findByText("Wait until the folder has synced.")).toBeVisible();
    await app.user.click(dialog.getByRole("button", { name: "Try again" }));
    expect(await dialog.findByRole("button", { name: "Import" })).toBeVisible();
  });
});

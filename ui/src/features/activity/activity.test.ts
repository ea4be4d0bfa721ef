import { screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";

describe("activity", () => {
  it("lists what happened and takes an import back", async () => {
    const { user, fake } = await startApp({ route: { screen: "activity" } });
    expect(await screen.findByText("Imported changes from Desktop")).toBeVisible();
    expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Undo: Imported changes from Desktop" }));
    await waitFor(() => expect(fake.calls.find((call) => call.method === "undoExchange")?.args).toEqual(["a1"]));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Undo: Imported changes from Desktop" })).toBeNull());
  });

  it("filters by kind", async () => {
    const { user } = await startApp({ route: { screen: "activity" } });
    (await screen.findByRole("combobox", { name: /Show/ })).focus();
    await user.keyboard("{Enter}");
    await user.keyboard("{ArrowDown}{Enter}");
    expect(screen.getByText("Exported 12 changes for Desktop")).toBeVisible();
    expect(screen.queryByText("Imported changes from Desktop")).toBeNull();
  });

  it("says when nothing has synced", async () => {
    await startApp({ route: { screen: "activity" }, world: "empty" });
    expect(await screen.findByText("Nothing has synced yet.")).toBeVisible();
  });
});

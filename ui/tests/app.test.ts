import { screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { startApp } from "./app";

describe("the app", () => {
  it("shows today's tasks at start", async () => {
    await startApp();
    expect(await screen.findByRole("heading", { level: 1, name: "Today" })).toBeVisible();
    expect(await screen.findByText("Buy oak boards")).toBeVisible();
  });

  it("shows a change of another device", async () => {
    const { fake } = await startApp();
    await screen.findByText("Buy oak boards");
    fake.elsewhere((world) => {
      for (const task of world.tasks) if (task.title === "Buy oak boards") task.title = "Buy ash boards";
    });
    expect(await screen.findByText("Buy ash boards")).toBeVisible();
  });

  it("asks for the passphrase while locked", async () => {
    const { fake } = await startApp({ state: "locked" });
    expect(await screen.findByRole("heading", { name: /locked|unlock/i })).toBeVisible();
    expect(fake.calls.map((call) => call.method)).toContain("boot");
  });
});

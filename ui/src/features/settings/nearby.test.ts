import { screen, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { startApp } from "../../../tests/app";

const clean = async () => expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);

async function settings() {
  const started = await startApp({ route: { screen: "settings", tab: "sync" } });
  await started.fake.setMode("nearby");
  const heading = await screen.findByRole("heading", { level: 2, name: "Nearby" });
  return { ...started, section: within(heading.closest("section") as HTMLElement) };
}

describe("Nearby in the settings", () => {
  it("says when this device tells the others, and keeps what is chosen", async () => {
    const { user, fake, section } = await settings();
    const onChange = await section.findByRole("checkbox", { name: /When something changes/ });
    expect(onChange).toBeChecked();
    await clean();
    await user.click(onChange);
    await user.click(section.getByRole("checkbox", { name: /Also over metered networks/ }));
    expect(await fake.nearby()).toMatchObject({ triggers: { onLaunch: true, onChange: false, everyMinutes: 15 }, onMetered: true });
    expect(onChange).not.toBeChecked();
  });

  it("is not there in Manual mode", async () => {
    await startApp({ route: { screen: "settings", tab: "sync" } });
    await screen.findByRole("heading", { level: 2, name: "Exchange folder" });
    expect(screen.queryByRole("heading", { level: 2, name: "Nearby" })).toBeNull();
  });
});

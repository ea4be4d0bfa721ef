import { mount } from "svelte";
import "$shared/tokens.css";
import "$shared/base.css";
import App from "./App.svelte";
import { chooseBackend } from "$backend";
import { session } from "$state/session.svelte";

const target = document.getElementById("app");
if (target) {
  await chooseBackend();
  await session.start();
  mount(App, { target });
}

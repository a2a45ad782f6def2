// The chat page: reads the data island and starts everything.
import "./styles.dom";
import { render } from "preact";
import { decoded, json } from "../kit/fields.std";
import { watchUse } from "../kit/idle.dom";
import { begin as beginIdle } from "../presence/idle.actions.dom";
import { island as readIsland } from "../relay/codec.std";
import { begin as beginDispatch } from "./dispatch.dom";
import { begin as beginFrame } from "./frame.dom";
import { begin as beginPlace } from "./place.dom";
import { Shell } from "./shell.dom";

const root = document.getElementById("app");
const island = decoded(readIsland, json(document.getElementById("island")?.textContent ?? ""));

if (root && island) {
  watchUse(island.idle_after_s * 1_000);
  beginDispatch(island);
  beginIdle();
  beginPlace();
  render(<Shell />, root);
  beginFrame();
} else {
  // Without its island the page is from another version: once more from the server.
  window.location.replace("/login");
}

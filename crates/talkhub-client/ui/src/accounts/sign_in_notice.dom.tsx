// The notice of a new sign-in: which device, from where, when; it was me, or a look at the devices.
import { ShieldAlert } from "lucide";
import { serverNow } from "../kit/http.dom";
import { Icon } from "../kit/icon.dom";
import { brief, clock, nearDay } from "../kit/time.std";
import { say } from "../kit/words.std";
import type { SignIn } from "./sign_ins.std";
import { signIns, wasMe } from "./sign_ins.actions.dom";

export function SignInNotices() {
  return (
    <>
      {signIns.value.map((one) => (
        <Notice key={`${one.device} ${one.address}`} of={one} />
      ))}
    </>
  );
}

function Notice({ of }: { of: SignIn }) {
  const time = nearDay(of.at, serverNow()) === "today" ? clock(of.at) : brief(of.at);
  const device = of.device === "" ? say("devices-unknown") : of.device;
  return (
    <div class="hint hint--sign-in" role="alert">
      <Icon of={ShieldAlert} size={18} />
      <p class="hint__words">
        <strong>{say("new-sign-in")}</strong> {say("new-sign-in-from", { device, address: of.address, time })}
      </p>
      <span class="hint__buttons">
        <button type="button" class="button button--small" onClick={() => wasMe(of)}>
          {say("new-sign-in-me")}
        </button>
        <a class="button button--small" href="/settings/security">
          {say("new-sign-in-look")}
        </a>
      </span>
    </div>
  );
}

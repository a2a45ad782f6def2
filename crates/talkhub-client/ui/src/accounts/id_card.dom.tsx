// The own user ID as a card one wants to share: big digits, copying, a QR code.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Check, Copy, QrCode } from "lucide";
import { encode } from "uqr";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { say } from "../kit/words.std";
import { grouped } from "../relay/ids.std";
import type { Me } from "../relay/wire.gen.std";
import { copy } from "./actions.dom";
import { remember } from "../kit/keep.dom";

export function IdCard({ me, link, onShared }: { me: Me; link: string; onShared?: () => void }) {
  const copied = useSignal<"no" | "yes" | "failed">("no");
  const showQr = useSignal(false);
  const onCopy = async (): Promise<void> => {
    const done = await copy(grouped(me.user_id));
    copied.value = done ? "yes" : "failed";
    if (done) {
      remember(`talkhub-shared:${me.user_id}`, "yes");
      onShared?.();
    }
    setTimeout(() => (copied.value = "no"), 2_500);
  };
  return (
    <section class="id-card" aria-label={say("your-id")}>
      <div class="id-card__top">
        <Avatar person={me} size="large" />
        <div class="id-card__who">
          <p class="id-card__name" dir="auto">
            {me.display_name}
          </p>
          <p class="id-card__label">{say("your-id")}</p>
        </div>
      </div>
      <p class="id-card__digits user-id" aria-label={`${say("your-id")}: ${grouped(me.user_id)}`}>
        {grouped(me.user_id)}
      </p>
      <p class="id-card__hint">{say("home-share")}</p>
      <div class="id-card__buttons">
        <button type="button" class="button button--accent" onClick={() => void onCopy()}>
          <Icon of={copied.value === "yes" ? Check : Copy} size={18} />
          <span aria-live="polite">{say(copied.value === "yes" ? "copied" : "copy-id")}</span>
        </button>
        <button type="button" class="button" aria-expanded={showQr.value} onClick={() => (showQr.value = !showQr.value)}>
          <Icon of={QrCode} size={18} />
          <span>{say(showQr.value ? "home-qr-hide" : "home-qr-show")}</span>
        </button>
      </div>
      {copied.value === "failed" && (
        <p class="id-card__hint" role="alert">
          {say("copy-failed")}
        </p>
      )}
      {showQr.value && <Qr text={link} />}
    </section>
  );
}

function Qr({ text }: { text: string }) {
  const code = useMemo(() => encode(text, { ecc: "M", border: 2 }), [text]);
  const path = code.data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <figure class="qr">
      <svg viewBox={`0 0 ${code.size} ${code.size}`} role="img" aria-label={say("home-qr")} shape-rendering="crispEdges">
        <path class="qr__light" d={`M0 0h${code.size}v${code.size}H0z`} />
        <path class="qr__dark" d={path} />
      </svg>
      <figcaption>{say("home-qr")}</figcaption>
    </figure>
  );
}
